"""Who is in a group, or may come back into one, is not erased before their tickets are over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from by_link import look, token_of
from handles import behind, questions
from harness import Harness
from worker.app.acts.tickets import Erased
from worker.app.jobs.retention import Retention
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import IdentityState
from worker.domain.model import HandleKey, Member
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.identities import HandleIdentity

ME = Actor("sam", "os:sam")
UNKNOWN = "+447700900777"


def removed_once(h: Harness) -> None:
    """Ann has left, was taken out of her group, and that was verified."""
    h.leave("ann")
    h.settle()
    h.drop("ward-7", "ann")
    h.later()
    h.settle()
    assert h.ticket().state is TicketState.VERIFIED


def test_a_rehire_who_leaves_again_is_not_erased_before_their_second_ticket(company: Harness) -> None:
    removed_once(company)
    company.corp.change("ann", enabled=True)
    company.wards.add_member("ward-7", company.member("ann"))
    company.later()
    company.settle()
    company.later()
    company.corp.delete("ann")
    company.poll()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_a_leaver_who_was_added_again_is_not_erased_before_their_ticket_is_open_again(
    company: Harness,
) -> None:
    removed_once(company)
    company.corp.delete("ann")
    company.settle(full=True)
    company.later()
    company.wards.add_member("ward-7", company.member("ann"))
    company.inventory()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)
    company.reconcile()
    with pytest.raises(Refused, match="live tickets"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_who_may_stay_in_a_group_by_somebody_s_word_is_erased(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "The group is kept for its pictures", company.now)
    ann = company.person("ann").key
    assert company.desk.erase("ann", ME, "she asked", company.now) == Erased([ann], [])


def test_but_not_while_the_ticket_comes_back_when_its_waiver_is_over(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "She hands over", company.now, company.now + timedelta(days=7))
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)


def test_nor_is_a_waiver_for_an_earlier_leaving_one_for_the_next(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.desk.waive(1, ME, "The group is kept for its pictures", company.now)
    company.corp.change("ann", enabled=True)
    company.later()
    company.settle()
    company.later()
    company.leave("ann")
    company.poll()
    with pytest.raises(Refused, match="in a group and nobody was asked to remove them: Ward 7"):
        company.desk.erase("ann", ME, "she asked", company.now)


def maybe_recycled(h: Harness) -> str:
    """Ann left, and is gone from the directory; then her number comes into a group. Whether it is she is asked."""
    removed_once(h)
    h.corp.delete("ann")
    h.settle(full=True)
    h.later(days=400)
    h.group("ward-8", "ben", admins=["dee"])
    h.wards.add_member("ward-8", h.member("ann"))
    h.settle()
    assert questions(h) == [h.number("ann")]
    return h.number("ann")


def test_who_may_be_a_member_is_not_erased_before_somebody_said_who_it_is(company: Harness) -> None:
    number = maybe_recycled(company)
    with pytest.raises(Refused, match=rf"nobody has said whether they are wards/\{number}, who is in"):
        company.desk.erase("ann", ME, "she asked", company.now)
    assert Retention(company.store, timedelta(days=365)).run_once(company.now).counts["erased"] == 0

    company.identifying.reject(number, ME, "an agency nurse", company.now)
    company.desk.erase("ann", ME, "she asked", company.now)


def test_nor_does_a_question_about_somebody_who_is_in_no_group_keep_anybody(company: Harness) -> None:
    number = maybe_recycled(company)
    company.wards.remove_member("ward-8", number)
    company.inventory()
    assert Retention(company.store, timedelta(days=365)).run_once(company.now).counts["erased"] == 1
    company.reconcile()
    known = behind(company, number)
    assert (known.state, known.suggestions) == (IdentityState.UNMATCHED, ())
    assert "Ann" not in known.why


@pytest.fixture
def asked(company: Harness) -> Harness:
    """It is asked who a member is; Una left since then."""
    company.wards.add_member("ward-7", Member(UNKNOWN, "Una", phone=UNKNOWN))
    company.settle()
    company.leave("una")
    company.later()
    company.poll()
    assert [one.name for one in look(company, token_of(company)).suggestions] == ["Una"]
    return company


def test_nobody_can_say_that_a_member_is_somebody_who_was_erased(asked: Harness) -> None:
    asked.desk.erase("una", ME, "she asked", asked.now)  # a name alone keeps nobody
    assert look(asked, token_of(asked)).suggestions == ()
    assert behind(asked, UNKNOWN).suggestions == ()
    with pytest.raises(Refused, match="Choose one of the people"):
        asked.assigned.done(token_of(asked), asked.now, "corp/una")


def test_nor_by_a_question_that_names_them_from_before(asked: Harness) -> None:
    question = behind(asked, UNKNOWN)
    asked.desk.erase("una", ME, "she asked", asked.now)
    with asked.store.begin() as uow:
        uow.identities.answer([HandleIdentity(HandleKey("wards", UNKNOWN), question)], asked.now)

    assert look(asked, token_of(asked)).suggestions == ()
    with pytest.raises(Refused, match="Choose one of the people"):
        asked.assigned.done(token_of(asked), asked.now, "corp/una")
