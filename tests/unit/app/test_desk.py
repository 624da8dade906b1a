"""What people do with tickets and questions, and what they are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import facts, key
from harness import Harness
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import IdentityState
from worker.domain.model import HandleKey, Member
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState

Start = Callable[..., Harness]


def test_done_is_a_claim_of_grade_c(desk: Harness) -> None:
    ticket = desk.desk.done(1, Actor("dee"), desk.now)

    assert (ticket.state, ticket.grade, ticket.done_by) == (TicketState.DONE, Grade.C, "dee")
    assert desk.ticket() == ticket


def test_saying_it_twice_changes_nothing(desk: Harness) -> None:
    first = desk.desk.done(1, Actor("dee"), desk.now)
    before = len(desk.journal())

    assert desk.desk.done(1, Actor("dee"), desk.later()) == first
    assert len(desk.journal()) == before


def test_a_second_person_s_claim_is_grade_b(desk: Harness) -> None:
    desk.desk.done(1, Actor("dee"), desk.now)

    ticket = desk.desk.done(1, Actor("ben"), desk.later())

    assert (ticket.grade, ticket.done_by, ticket.reason) == (Grade.B, "dee", "confirmed by ben")


def test_reopening_tells_the_assignee_why(desk: Harness) -> None:
    desk.desk.done(1, Actor("dee"), desk.now)
    desk.desk.reopen(1, Actor("sam"), "she is still there", desk.now)

    assert desk.ticket().state is TicketState.OPEN
    assert desk.titles() == ["Reopened: Remove Ann from Ward 7"]
    assert (
        desk.soc.sent[-1].paragraphs[0].text
        == "sam: she is still there. Ann has left: the account was disabled on 24 Nov 2026."
    )


def test_a_waiver_until_a_day_ends_then(desk: Harness) -> None:
    desk.desk.waive(1, Actor("sam"), "on call until Friday", desk.now, until=desk.now.replace(day=27))
    desk.settle(full=True)
    assert desk.ticket().state is TicketState.WAIVED

    desk.now = desk.now.replace(day=27) - timedelta(minutes=1)
    desk.settle()
    assert desk.ticket().state is TicketState.WAIVED
    desk.later(minutes=1)
    desk.settle()
    assert desk.ticket().state is TicketState.OPEN
    assert desk.ticket().reason == "the waiver is over"


def test_a_waiver_of_somebody_who_is_out_ends_without_more_work(desk: Harness) -> None:
    """Its ticket stays as it is, and its group is looked at once."""
    desk.desk.waive(1, Actor("sam"), "on call until Friday", desk.now, until=desk.now + timedelta(days=3))
    desk.drop("ward-7", "ann")
    desk.settle()
    desk.later(hours=73)
    desk.settle()
    assert desk.ticket().state is TicketState.WAIVED

    assert desk.reconcile().counts["groups"] == 0


def test_a_waiver_until_an_instant_that_is_over_is_refused(desk: Harness) -> None:
    with pytest.raises(Refused, match="over already"):
        desk.desk.waive(1, Actor("sam"), "until yesterday", desk.now, until=desk.now)


def test_a_waiver_for_good_stays(desk: Harness) -> None:
    desk.desk.waive(1, Actor("sam"), "an honorary member", desk.now)
    desk.later(days=200)
    desk.settle(full=True)

    assert desk.ticket().state is TicketState.WAIVED
    assert len(desk.tickets()) == 1


def test_a_ticket_is_handed_to_a_person_who_is_told(desk: Harness) -> None:
    ticket = desk.desk.assign(1, "Ben@corp.example", Actor("sam"), desk.now)

    assert ticket.assignee is not None
    assert (ticket.assignee.name, ticket.assignee.person) == ("Ben", key("ben"))
    assert desk.titles() == ["Now with you: Remove Ann from Ward 7"]
    assert desk.soc.sent[-1].to.address == "ben@corp.example"


def test_a_ticket_can_be_handed_to_somebody_outside_of_the_directory(desk: Harness) -> None:
    ticket = desk.desk.assign(1, "agency@example.org", Actor("sam"), desk.now)

    assert ticket.assignee is not None
    assert (ticket.assignee.name, ticket.assignee.person) == ("", None)


def test_it_goes_to_the_address_that_was_said_and_no_like_one(desk: Harness) -> None:
    desk.desk.assign(1, "agency@straße.example", Actor("sam"), desk.now)

    desk.deliver()
    assert desk.soc.sent[-1].to.address == "agency@xn--strae-oqa.example", (
        "strasse.example is somebody else's"
    )


@pytest.mark.parametrize(
    "email, why",
    [
        ("agency@_straße.example", "'agency@_straße.example' is no e-mail address."),
        ("ann@corp.example", "Ann has left: choose somebody else."),
        ("the ward", "'the ward' is no e-mail address."),
        ("una@corp.example, tom@corp.example", "is no e-mail address."),
        ("Una <una@corp.example>", "is no e-mail address."),
        ("una@corp\u200b.example", "is no e-mail address."),
    ],
)
def test_a_ticket_is_given_to_nobody_who_has_left_and_to_no_address_that_is_none(
    desk: Harness, email: str, why: str
) -> None:
    with pytest.raises(Refused, match=re.escape(why)):
        desk.desk.assign(1, email, Actor("sam"), desk.now)
    assert desk.ticket().handed == 0


@pytest.mark.parametrize(
    "email, named", [("Ben@corp.example", "corp/ben"), ("agency@else.example", "agency@else.example")]
)
def test_the_event_of_an_assignment_says_to_whom_by_id_or_where_nobody_is_known_by_address(
    desk: Harness, email: str, named: str
) -> None:
    desk.desk.assign(1, email, Actor("sam"), desk.now)

    entry = desk.journal()[-1].entry
    assert (entry.kind, entry.data["assignee"]) == ("ticket.assigned", named)


def test_the_journal_says_who_did_what_and_why(desk: Harness) -> None:
    desk.desk.waive(1, Actor("sam"), "an honorary member", desk.now)

    with desk.store.begin() as uow:
        [*_, last] = uow.journal.of("ticket:T-000001")
    assert (last.entry.kind, last.entry.actor, last.entry.reason) == (
        "ticket.waived",
        "sam",
        "an honorary member",
    )


@pytest.mark.parametrize(
    "act, says",
    [
        (lambda d: d.desk.done(9, Actor("sam"), d.now), "no ticket T-000009"),
        (lambda d: d.desk.reopen(1, Actor("sam"), " ", d.now), "Say why: a reason"),
        (
            lambda d: d.desk.reopen(1, Actor("sam"), "again", d.now),
            "Reopen: not while the ticket is open. Possible: Mark as done, Waive",
        ),
        (lambda d: d.desk.waive(1, Actor("sam"), "", d.now), "why: a reason is required"),
        (lambda d: d.identifying.reject("x", Actor("sam"), "", d.now), "a reason is required"),
        (lambda d: d.identifying.reject("x", Actor("sam"), "no", d.now), "no link 'x'"),
        (lambda d: d.desk.erase("una", Actor("sam"), "asked", d.now), "Only somebody who has left"),
        (lambda d: d.desk.erase("ann", Actor("sam"), "asked", d.now), "live tickets: T-000001"),
        (lambda d: d.desk.erase("nobody", Actor("sam"), "asked", d.now), "Nobody in the directory"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    desk: Harness, act: Callable[[Harness], object], says: str
) -> None:
    before = len(desk.journal())

    with pytest.raises(Refused, match=says):
        act(desk)
    assert len(desk.journal()) == before


def test_only_an_open_ticket_is_acknowledged_and_only_a_live_one_handed_on(desk: Harness) -> None:
    desk.desk.done(1, Actor("dee"), desk.now)
    with pytest.raises(Refused, match="T-000001 is done: nothing is escalated"):
        desk.desk.acknowledge(1, Actor("dee"), desk.now)
    desk.desk.waive(1, Actor("sam"), "an honorary member", desk.now)
    with pytest.raises(Refused, match="T-000001 is waived: there is nothing to do"):
        desk.desk.assign(1, "ben@corp.example", Actor("sam"), desk.now)


def test_a_blocked_ticket_is_refused_with_what_it_waits_for(company: Harness) -> None:
    company.leave("dee")
    company.settle()

    with pytest.raises(Refused, match="T-000002 waits for T-000001: "):
        company.desk.done(2, Actor("dee"), company.now)


# --- identity ---------------------------------------------------------------------------------------------

STRANGER = "+447700900777"


@pytest.fixture
def asked(company: Harness) -> Harness:
    """A member whom nobody knows is asked about."""
    company.wards.add_member("ward-7", Member(STRANGER, "Uma", phone=STRANGER))
    company.settle()
    company.later()
    return company


def link_state(harness: Harness, handle: str = STRANGER) -> IdentityState:
    with harness.store.begin() as uow:
        link = uow.identities.get(HandleKey("wards", handle))
    assert link is not None
    return link.state


@pytest.mark.parametrize("link", [STRANGER, f"wards/{STRANGER}", "T-000001"])
def test_a_confirmed_link_answers_the_question_for_good(asked: Harness, link: str) -> None:
    where, who = asked.identifying.confirm(link, "una", Actor("sam"), asked.now, "asked her")
    asked.settle(full=True)

    assert (where.handle, who.key) == (STRANGER, key("una"))
    assert asked.ticket().state in {TicketState.VERIFIED, TicketState.CANCELLED}
    assert link_state(asked) is IdentityState.LINKED
    asked.later()
    asked.leave("una")
    asked.settle()
    assert [t.person_name for t in asked.tickets(TicketKind.REMOVE_MEMBER)] == ["Una"]


def test_a_question_that_is_rejected_says_that_it_is_nobody_of_the_directory(asked: Harness) -> None:
    _, person = asked.identifying.reject("T-000001", Actor("sam"), "an agency nurse", asked.now)
    asked.settle(full=True)

    assert person is None
    assert link_state(asked) is IdentityState.NOBODY
    assert not asked.ticket().is_live
    assert len(asked.tickets()) == 1


def test_a_link_that_is_rejected_is_never_made_again(company: Harness) -> None:
    _, person = company.identifying.reject(company.number("ben"), Actor("sam"), "a shared phone", company.now)
    company.corp.change("ben", title="Matron")
    company.settle(full=True)

    assert person == key("ben")
    assert link_state(company, company.number("ben")) is IdentityState.UNMATCHED
    assert [ticket.kind for ticket in company.tickets()] == [TicketKind.IDENTIFY_MEMBER]


def test_a_handle_in_several_inventories_must_be_named_with_its_inventory(start: Start) -> None:
    harness = start(inventories=("wards", "clinics"))
    harness.group("clinic-1", "ann", at=1)
    harness.settle()

    with pytest.raises(Refused, match=r"several inventories; say which: clinics/\S+, wards/"):
        harness.identifying.confirm(harness.number("ann"), "ann", Actor("sam"), harness.now)


def test_an_address_of_two_people_must_be_told_apart(asked: Harness) -> None:
    asked.corp.put(facts("una-b", email="una@corp.example"))
    asked.poll()

    with pytest.raises(Refused, match="several people; say which: corp/una, corp/una-b"):
        asked.identifying.confirm(STRANGER, "una@corp.example", Actor("sam"), asked.now)


def test_only_open_questions_are_answered_with_nobody(company: Harness) -> None:
    company.wards.add_member("ward-7", Member("+447700900555", "Guest", phone="+447700900555"))
    company.settle()
    guest, ann = (HandleKey("wards", one) for one in ("+447700900555", company.number("ann")))
    unknown = HandleKey("wards", "+440")

    with pytest.raises(Refused, match="Say why"):
        company.identifying.say_nobody([guest], Actor("sam"), " ", company.now)
    assert company.identifying.say_nobody([guest, ann, unknown], Actor("sam"), "a visitor", company.now) == 1

    with company.store.reading() as uow:
        states = [one.state for key in (guest, ann) if (one := uow.identities.get(key))]
    assert states == [IdentityState.NOBODY, IdentityState.LINKED]
    assert company.identifying.say_nobody([guest], Actor("kim"), "again", company.now) == 0


def test_an_answer_is_taken_back_as_it_was_shown_and_no_other(company: Harness) -> None:
    company.wards.add_member("ward-7", Member("+447700900555", "Guest", phone="+447700900555"))
    company.settle()
    link, acts, sam = "wards/+447700900555", company.identifying, Actor("sam")

    def state() -> IdentityState | None:
        company.settle()
        with company.store.reading() as uow:
            found = uow.identities.get(HandleKey("wards", "+447700900555"))
        return found.state if found else None

    acts.say_nobody([HandleKey("wards", "+447700900555")], sam, "a visitor", company.now)
    with pytest.raises(Refused, match="answered this already"):
        acts.confirm(link, "ben", sam, company.now, is_asked=True)
    with pytest.raises(Refused, match="answered this already"):
        acts.reject(link, sam, "not ben", company.now, "ben")
    acts.ask_again(link, sam, "it is one of ours", company.now)
    assert state() is IdentityState.UNMATCHED
    with pytest.raises(Refused, match="answered this already"):
        acts.ask_again(link, sam, "it is one of ours", company.now)
    acts.confirm(link, "ben", sam, company.now, is_asked=True)
    acts.reject(link, sam, "not ben", company.now, "corp/ben")
    assert state() is IdentityState.UNMATCHED
