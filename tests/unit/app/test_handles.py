"""One human's handles over time: who somebody is under another handle."""

from __future__ import annotations

import pytest

from handles import LID, NEW, OTHER_LID, behind, questions, show, shown
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import How, IdentityState
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketKind, TicketState


def test_a_number_that_is_hidden_later_is_still_the_same_person(company: Harness) -> None:
    show(company, "ann", lid=LID)
    hidden = show(company, "ann", phone=None, lid=LID)

    found = behind(company, hidden)
    assert (found.person, found.how) == (company.person("ann").key, How.HANDLE)
    assert questions(company) == []


def test_an_answer_about_a_hidden_member_holds_when_the_number_is_shown(company: Harness) -> None:
    company.wards.add_member("ward-7", Member(LID, "A.", lid=LID))
    company.settle()
    company.identifying.confirm(LID, "eve", Actor("sam"), company.now)
    company.settle()
    company.wards.replace_member("ward-7", LID, Member(NEW, "A.", phone=NEW, lid=LID))
    company.later()
    company.settle()

    assert behind(company, NEW).person == company.person("eve").key
    assert questions(company) == [LID]


def test_a_member_whose_number_one_group_shows_and_another_hides_is_one_person(company: Harness) -> None:
    company.group("ward-8", admins=["dee"])
    company.wards.add_member("ward-8", Member(LID, "A.", lid=LID))
    hidden = show(company, "ann", lid=LID)

    assert behind(company, hidden).person == behind(company, LID).person == company.person("ann").key
    assert questions(company) == []


@pytest.mark.parametrize("kind", ["lid", "business_id"])
@pytest.mark.parametrize("hidden_in, shown_in", [("ward-8", "ward-9"), ("ward-9", "ward-8")])
def test_of_one_read_that_shows_and_hides_the_number_it_is_one_person_too(
    company: Harness, kind: str, hidden_in: str, shown_in: str
) -> None:
    for name in ("ward-8", "ward-9"):
        company.group(name, admins=["dee"])
    hidden = shown(company, "eve", phone=None, **{kind: LID})
    company.wards.add_member(hidden_in, hidden)
    company.wards.add_member(shown_in, shown(company, "eve", **{kind: LID}))
    company.settle()

    found = behind(company, LID)
    assert (found.person, found.how, questions(company)) == (company.person("eve").key, How.HANDLE, [])
    company.later()
    company.leave("eve")
    company.settle()
    assert {(one.home.group_id, one.handle) for one in company.tickets(TicketKind.REMOVE_MEMBER)} == {
        (hidden_in, LID),
        (shown_in, company.number("eve")),
    }


def test_two_handles_of_one_read_that_say_nobody_are_asked_about_and_left_in_peace(company: Harness) -> None:
    company.group("ward-8", admins=["dee"])
    company.wards.add_member("ward-8", Member(LID, "A.", lid=LID))
    company.wards.add_member("ward-7", Member(NEW, "A.", phone=NEW, lid=LID))
    company.settle()

    assert sorted(questions(company)) == sorted([NEW, LID])
    assert company.reconcile().counts["matched"] == 0


def test_an_answer_about_one_handle_settles_the_other_at_once(company: Harness) -> None:
    company.group("ward-8", admins=["dee"])
    company.wards.add_member("ward-8", Member(LID, "A.", lid=LID))
    company.wards.add_member("ward-7", Member(NEW, "A.", phone=NEW, lid=LID))
    company.settle()
    company.identifying.confirm(NEW, "eve", Actor("sam"), company.now)
    company.later()
    company.settle()

    assert behind(company, LID).person == company.person("eve").key


def test_an_answer_that_it_is_nobody_holds_too(company: Harness) -> None:
    company.wards.add_member("ward-7", Member(LID, "A.", lid=LID))
    company.settle()
    company.identifying.reject(LID, Actor("sam"), "an agency nurse", company.now)
    company.settle()
    company.wards.replace_member("ward-7", LID, Member(NEW, "A.", phone=NEW, lid=LID))
    company.later()
    company.settle()

    assert behind(company, NEW).state is IdentityState.NOBODY
    assert questions(company) == [LID]


def test_a_lid_that_is_shown_beside_a_number_takes_no_answer_away(company: Harness) -> None:
    company.wards.add_member("ward-7", Member(NEW, "A.", phone=NEW))
    company.settle()
    company.identifying.confirm(NEW, "eve", Actor("sam"), company.now)
    company.settle()
    company.wards.replace_member("ward-7", NEW, Member(NEW, "A.", phone=NEW, lid=LID, username="eve"))
    company.later()
    company.settle()

    assert (behind(company, NEW).how, behind(company, NEW).decided_by) == (How.CONFIRMED, "sam")
    assert questions(company) == [NEW]


def test_a_changed_number_of_the_same_account_is_the_same_person(company: Harness) -> None:
    show(company, "ann", lid=LID)
    show(company, "ann", phone=NEW, lid=LID)

    assert behind(company, NEW).person == company.person("ann").key
    assert questions(company) == []


def test_a_recorded_change_of_number_is_the_same_person(company: Harness) -> None:
    company.wards.record_change("ward-7", company.number("ann"), NEW)
    show(company, "ann", phone=NEW)

    assert (behind(company, NEW).person, behind(company, NEW).how) == (company.person("ann").key, How.HANDLE)
    assert questions(company) == []


def test_a_record_that_comes_after_the_question_answers_it(company: Harness) -> None:
    changed_at = company.later()
    show(company, "ann", phone=NEW)
    assert questions(company) == [NEW]
    company.now, later = changed_at, company.now
    company.wards.record_change("ward-7", company.number("ann"), NEW)
    company.now = later
    company.later()
    company.settle()

    assert behind(company, NEW).person == company.person("ann").key
    assert [one.state for one in company.tickets(TicketKind.IDENTIFY_MEMBER)] == [TicketState.VERIFIED]


def test_several_changes_lead_back_to_the_first_number(company: Harness) -> None:
    between = "+447700900901"
    company.wards.record_change("ward-7", company.number("ann"), between)
    company.later()
    company.wards.record_change("ward-7", between, NEW)
    show(company, "ann", phone=NEW)

    assert behind(company, NEW).person == company.person("ann").key


def test_a_number_that_was_somebody_elses_before_the_record_leads_nowhere(company: Harness) -> None:
    """The directory gave the old number to somebody after the change: what is known of it now is about them."""
    old = "+447700900950"
    company.wards.record_change("ward-7", old, NEW)
    company.later()
    company.hire("zoe", phones=(old,))
    company.group("ward-8", "zoe", admins=["dee"])
    company.wards.add_member("ward-8", Member(old, "Zoe", phone=old))
    company.wards.add_member("ward-7", Member(NEW, "A.", phone=NEW))
    company.settle()

    assert behind(company, old).person == company.person("zoe").key
    assert behind(company, NEW).state is IdentityState.UNMATCHED


def test_a_number_with_another_account_is_another_human(company: Harness) -> None:
    show(company, "ann", lid=LID)
    company.drop("ward-7", "ann")
    company.leave("ann")
    company.later()
    company.settle()
    company.wards.add_member("ward-7", shown(company, "ann", lid=OTHER_LID))
    company.later()
    company.settle()

    found = behind(company, company.number("ann"))
    assert (found.state, "recycled" in found.why) == (IdentityState.AMBIGUOUS, True)
    assert company.tickets(TicketKind.REMOVE_MEMBER) == []


def test_nothing_is_followed_from_a_number_to_its_next_account(company: Harness) -> None:
    show(company, "ann", lid=LID)
    number = show(company, "ann", phone=NEW, lid=LID)
    company.wards.add_member("ward-7", shown(company, "ann", lid=OTHER_LID))
    company.later()
    company.settle()
    company.leave("ann")
    company.settle()

    assert [one.handle for one in company.tickets(TicketKind.REMOVE_MEMBER)] == [number]
    assert behind(company, company.number("ann")).state is IdentityState.AMBIGUOUS


def test_an_active_persons_number_that_shows_another_account_is_in_question(company: Harness) -> None:
    show(company, "ann", lid=LID)
    number = show(company, "ann", lid=OTHER_LID)

    found = behind(company, number)
    assert (found.state, [one.name for one in found.suggestions]) == (IdentityState.AMBIGUOUS, ["Ann"])
    company.identifying.confirm(number, "ann", Actor("sam"), company.now)
    company.later()
    company.settle()
    assert behind(company, number).how is How.CONFIRMED


def test_an_account_is_known_by_who_it_was_when_its_number_is_somebody_elses(company: Harness) -> None:
    number = show(company, "ann", lid=LID)
    show(company, "ann", lid=OTHER_LID)
    company.identifying.confirm(number, "eve", Actor("sam"), company.now)
    company.wards.add_member("ward-7", Member(LID, "A.", lid=LID))
    company.wards.add_member("ward-7", Member(NEW, "A.", phone=NEW, lid=LID))
    company.later()
    company.settle()

    assert behind(company, NEW).person == company.person("ann").key


def test_who_comes_with_a_number_that_was_given_up_is_in_question(company: Harness) -> None:
    """The directory still says that it is Ann's; the messenger says that she has another one."""
    company.wards.record_change("ward-7", company.number("ann"), NEW)
    show(company, "ann", phone=NEW)
    company.wards.add_member("ward-7", company.member("ann"))
    company.later()
    company.settle()

    found = behind(company, company.number("ann"))
    assert (found.state, "has another number now" in found.why) == (IdentityState.AMBIGUOUS, True)


def test_a_number_that_another_record_takes_is_in_question_where_the_account_is_known(
    company: Harness,
) -> None:
    show(company, "ann", lid=LID)
    show(company, "ann", phone=None, lid=LID)
    company.hire("ann", phones=())
    company.hire("zoe", phones=(company.number("ann"),))
    show(company, "ann", LID, lid=LID)

    found = behind(company, company.number("ann"))
    assert (found.state, found.why) == (
        IdentityState.AMBIGUOUS,
        "its handles are known as different people: Ann, Zoe",
    )


@pytest.mark.parametrize("days, state", [(10, IdentityState.LINKED), (50, IdentityState.AMBIGUOUS)])
def test_a_leavers_number_that_rested_long_enough_may_be_somebody_elses(
    company: Harness, days: int, state: IdentityState
) -> None:
    company.drop("ward-7", "ann")
    company.leave("ann")
    company.settle()
    company.later(days=days)
    company.wards.add_member("ward-7", company.member("ann"))
    company.settle()

    assert behind(company, company.number("ann")).state is state


def test_a_new_handle_with_a_number_of_somebody_who_is_here_is_not_a_leavers(company: Harness) -> None:
    """A directory mixes up the numbers of Ann and of a leaver as the messenger shows Ann by a LID, too."""
    company.hire("ann", phones=(company.number("ben"),))
    company.hire("ben", phones=(company.number("ann"),))
    company.leave("ben")
    company.wards.add_member("ward-7", Member(LID, "Ann", phone=company.number("ann")))
    company.settle()

    assert behind(company, LID).why == "Ben left, and so far this was Ann, who is here"
    assert sorted(questions(company)) == sorted([company.number("ann"), LID])
    assert company.tickets(TicketKind.REMOVE_MEMBER) == []


def test_a_number_that_rested_and_has_its_account_still_is_the_same_persons(company: Harness) -> None:
    show(company, "ann", lid=LID)
    company.drop("ward-7", "ann")
    company.leave("ann")
    company.settle()
    company.later(days=50)
    company.wards.add_member("ward-7", shown(company, "ann", lid=LID))
    company.settle()

    assert behind(company, company.number("ann")).state is IdentityState.LINKED


def test_a_group_that_is_gone_and_back_lets_its_numbers_rest_too(company: Harness) -> None:
    company.group("ward-8", "eve", admins=["fay"])
    company.settle()
    company.wards.remove_group("ward-8")
    company.leave("eve")
    company.later()
    company.settle()
    company.later(days=50)
    company.group("ward-8", "eve", admins=["fay"])
    company.settle()

    assert behind(company, company.number("eve")).state is IdentityState.AMBIGUOUS
    assert behind(company, company.number("fay")).state is IdentityState.LINKED


def test_a_username_links_nobody(company: Harness) -> None:
    company.wards.add_member("ward-7", Member("GB.1", "A.", username="ann", business_id="GB.1"))
    company.settle()
    company.identifying.confirm("GB.1", "eve", Actor("sam"), company.now)
    company.settle()
    company.wards.replace_member("ward-7", "GB.1", Member("GB.2", "A.", username="ann", business_id="GB.2"))
    company.later()
    company.settle()

    assert behind(company, "GB.2").state is IdentityState.UNMATCHED


def test_a_business_scoped_id_and_its_number_are_one_member(company: Harness) -> None:
    show(company, "ann", business_id="GB.1")
    hidden = show(company, "ann", phone=None, business_id="GB.1")

    assert behind(company, hidden).person == company.person("ann").key


def test_a_recorded_change_of_the_id_is_the_same_member(company: Harness) -> None:
    show(company, "ann", business_id="GB.1")
    company.wards.record_change("ward-7", "GB.1", "GB.2")
    company.later()
    hidden = show(company, "ann", phone=None, business_id="GB.2")

    assert (behind(company, hidden).person, questions(company)) == (company.person("ann").key, [])


def test_a_lid_with_two_numbers_at_once_says_nothing(company: Harness) -> None:
    company.group("ward-8", admins=["dee"])
    company.wards.replace_member("ward-7", company.number("ann"), shown(company, "ann", lid=LID))
    company.wards.add_member("ward-8", Member(NEW, "A.", phone=NEW, lid=LID))
    company.later()
    company.settle()

    assert behind(company, NEW).state is IdentityState.UNMATCHED
