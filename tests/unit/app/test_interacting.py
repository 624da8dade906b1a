"""What people do in channels: taken once, with the rights of who did it, and never on an old state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import ACCOUNTABLE, Harness
from worker.app.acts.interacting import ATTEMPTS_MAX, CLAIM_LIFE
from worker.domain.escalation.policy import STANDARD
from worker.domain.messages.message import ReaderAct
from worker.domain.tickets.ticket import Grade, Ticket, TicketState
from worker.languages import BabelLanguages
from worker.ports import AuthFailed, ConnectorError, Rejected, Transient, Unreachable
from worker.ports.connectors.conversing import Clicker, Interaction

Found = Callable[..., Harness]
DEE = Clicker("Dee@corp.example", "Dee", "slack:T1 U-DEE")  # the admin of the ward, who has the ticket
EVE = Clicker("eve@corp.example", "Eve", "slack:T1 U-EVE")
BOSS = Clicker(ACCOUNTABLE, "Boss", "slack:T1 U-BOSS")
SOC = Clicker("ann@corp.example", "Ann", "slack:T1 U-SOC", is_operator=True)
STRANGER = Clicker("op@elsewhere.example", "Op", "slack:T1 U-OP", is_operator=True)
DOWN = Transient("Fake: down.", remedy="Wait.")


@pytest.fixture
def ward(start: Found) -> Harness:
    """A company in which Ben has left, and Dee is asked to remove him."""
    soc = FakeNotifier("soc", is_conversing=True)
    soc.people = {"dee": DEE, "eve": EVE, "boss": BOSS, "soc": SOC, "op": STRANGER}
    harness = start(notifiers=[soc])
    harness.leave("ben")
    harness.settle()
    return harness


def click(harness: Harness, user: str, act: ReaderAct | None, **changes: object) -> str:
    """Somebody clicks; return the answer."""
    soc = harness.soc
    before = len(soc.answers)
    one = Interaction(
        f"{user}/{act}/{before}/{len(soc.forms)}", user, harness.now, act, 1, harness.ticket().version
    )
    harness.app.interacting.keep("soc", replace(one, **changes), harness.now)  # type: ignore[arg-type]
    assert harness.app.interacting.take(harness.now)
    assert len(soc.answers) <= before + 1
    return "" if len(soc.answers) == before else soc.answers[-1].paragraphs[0].text


def test_the_assignee_has_it_and_the_ticket_says_until_when(ward: Harness) -> None:
    assert "Somebody has it until" in click(ward, "dee", ReaderAct.ACKNOWLEDGE)
    assert ward.ticket().acknowledged_until == ward.now + timedelta(hours=4)


def test_done_is_a_claim_of_who_clicked_by_account(ward: Harness) -> None:
    assert "dee@corp.example marked it as done" in click(ward, "dee", ReaderAct.DONE)
    ticket = ward.ticket()
    assert (ticket.state, ticket.done_by, ticket.grade) == (TicketState.DONE, "dee@corp.example", Grade.C)
    entry = ward.journal()[-1].entry
    assert (entry.kind, entry.data["actor_id"], entry.data["via"]) == ("ticket.done", DEE.id, "channel")


@pytest.mark.parametrize("user", ["boss", "soc", "op"])
def test_the_accountable_person_and_operators_may_waive(ward: Harness, user: str) -> None:
    assert "waived for good" in click(ward, user, ReaderAct.WAIVE, given={"reason": "moved  on\nFriday"})
    assert ward.ticket().reason.endswith(": moved on Friday")


def test_the_assignee_may_put_it_off_for_one_of_the_offered_spans(ward: Harness) -> None:
    click(ward, "dee", ReaderAct.SNOOZE, is_asking=True)
    [form] = ward.soc.forms
    assert form.field.choices == (("1", "1 hour"), ("4", "4 hours"), ("24", "24 hours"), ("72", "72 hours"))
    assert "put off until" in click(ward, "dee", ReaderAct.SNOOZE, given={"span": "4"})
    assert ward.ticket().snoozed_until == ward.now + timedelta(hours=4)


@pytest.mark.parametrize("span", ["", "5", "99999999999", "1 week"])
def test_another_span_is_refused(ward: Harness, span: str) -> None:
    assert click(ward, "dee", ReaderAct.SNOOZE, given={"span": span}) == "Say for how long."
    assert ward.ticket().snoozed_until is None


def test_a_waiver_without_a_reason_is_refused(ward: Harness) -> None:
    assert "a reason is required" in click(ward, "soc", ReaderAct.WAIVE, given={"reason": " "})
    assert ward.ticket().state is TicketState.OPEN


def test_what_is_refused_is_said_in_the_language_of_whoever_clicked(start: Found) -> None:
    soc = FakeNotifier("soc", is_conversing=True)
    soc.people = {"soc": SOC}
    harness = start(notifiers=[soc], languages=BabelLanguages("de"))
    harness.leave("ben")
    harness.settle()

    said = click(harness, "soc", ReaderAct.WAIVE, given={"reason": " "})

    assert said == "Sagen Sie, warum: Ein Grund ist nötig."


def test_reassigning_gives_it_to_the_person_who_was_chosen(ward: Harness) -> None:
    assert "with Eve" in click(ward, "boss", ReaderAct.ASSIGN, given={"person": "eve"})
    assert _assignee(ward.ticket()) == EVE.email


def test_a_ticket_goes_to_nobody_from_outside(ward: Harness) -> None:
    assert "Only people of this workspace" in click(ward, "boss", ReaderAct.ASSIGN, given={"person": "guest"})
    assert _assignee(ward.ticket()) == "dee@corp.example"


@pytest.mark.parametrize(
    "user, act, said",
    [
        ("dee", ReaderAct.WAIVE, "Only the accountable person and the operators"),
        ("dee", ReaderAct.ASSIGN, "Only the accountable person and the operators"),
        ("eve", ReaderAct.DONE, "Only Dee, the accountable person and the operators"),
        ("guest", ReaderAct.DONE, "Only people of this workspace"),
    ],
)
def test_who_has_no_right_changes_nothing_and_is_told_who_has(
    ward: Harness, user: str, act: ReaderAct, said: str
) -> None:
    for is_asking in (False, True):
        assert said in click(ward, user, act, given={"reason": "x", "person": "eve"}, is_asking=is_asking)
    assert ward.ticket().state is TicketState.OPEN
    assert ward.soc.forms == []


def test_of_a_ticket_that_is_nobody_s_only_those_who_watch_may_act(ward: Harness) -> None:
    unassigned = replace(ward.ticket(), assignee=None)
    with ward.store.begin() as uow:
        uow.tickets.update([unassigned])
    assert "Only the accountable person" in click(ward, "dee", ReaderAct.DONE)
    assert "marked it as done" in click(ward, "boss", ReaderAct.DONE)


def test_who_has_left_may_do_nothing_even_as_an_operator(ward: Harness) -> None:
    ward.leave("ann")
    ward.settle()
    assert "not active" in click(ward, "soc", ReaderAct.DONE)


def test_a_right_that_was_lost_between_the_form_and_its_answer_counts_no_more(ward: Harness) -> None:
    click(ward, "soc", ReaderAct.WAIVE, is_asking=True)
    [form] = ward.soc.forms
    assert (form.title, form.field.name, form.field.is_person) == ("Waive", "reason", False)

    ward.soc.people["soc"] = replace(SOC, is_operator=False)

    assert "Only Dee" in click(ward, "soc", ReaderAct.WAIVE, given={"reason": "x"})
    assert ward.ticket().state is TicketState.OPEN


def test_the_form_of_reassigning_asks_for_a_person(ward: Harness) -> None:
    click(ward, "boss", ReaderAct.ASSIGN, is_asking=True)
    assert ward.soc.forms[0].field.is_person


def test_a_click_on_an_old_message_says_what_happened_meanwhile(ward: Harness) -> None:
    seen = ward.ticket().version
    click(ward, "boss", ReaderAct.DONE)
    for act in (ReaderAct.DONE, ReaderAct.ACKNOWLEDGE):
        said = click(ward, "dee", act, version=seen)
        assert said.startswith(f"This has changed meanwhile. {ACCOUNTABLE} marked it as done on")
    assert ward.ticket().grade is Grade.C  # a late second click confirms nothing


def test_the_same_click_twice_is_one(ward: Harness) -> None:
    one = Interaction("dee/done/1", "dee", ward.now, ReaderAct.DONE, 1, ward.ticket().version)
    assert ward.app.interacting.keep("soc", one, ward.now)
    assert not ward.app.interacting.keep("soc", one, ward.now)
    assert ward.app.interacting.take(ward.now)
    assert not ward.app.interacting.keep("soc", one, ward.now)
    assert not ward.app.interacting.take(ward.now)
    assert ward.kinds().count("ticket.done") == 1


def test_only_channels_in_which_people_act_are_listened_to(start: Found) -> None:
    soc, mail = FakeNotifier("soc", is_conversing=True), FakeNotifier("mail")
    assert [one.name for one in start(notifiers=[soc, mail]).app.interacting.notifiers] == ["soc"]


def test_of_an_unknown_ticket_nothing_is_said(ward: Harness) -> None:
    assert click(ward, "boss", ReaderAct.DONE, ticket=99) == "There is no such ticket."


def test_who_asks_for_a_form_too_late_is_asked_to_click_again(ward: Harness) -> None:
    ward.soc.is_late = True
    assert "click once more" in click(ward, "soc", ReaderAct.WAIVE, is_asking=True)


def again(harness: Harness) -> bool:
    """What waits is taken once more when its claim is over; False if nothing is."""
    harness.now += CLAIM_LIFE
    return harness.app.interacting.take(harness.now)


def given_up(harness: Harness) -> list[str]:
    """What the security team is told of clicks that were lost."""
    harness.soc.down = None
    harness.deliver()
    return [message.paragraphs[0].text for message in harness.soc.to("") if "was lost" in message.title]


def test_an_interaction_whose_channel_is_out_of_order_waits(ward: Harness) -> None:
    ward.soc.down = DOWN
    assert click(ward, "dee", ReaderAct.DONE) == ""
    assert not ward.app.interacting.take(ward.now)  # it waits
    ward.soc.down = None
    assert again(ward)
    assert ward.ticket().state is TicketState.DONE


@pytest.mark.parametrize("error", [DOWN, AuthFailed("Fake: token revoked.", remedy="Renew it.")])
def test_a_click_that_fails_whatever_the_failure_is_given_up_in_the_end_and_said_once_a_day(
    ward: Harness, error: ConnectorError
) -> None:
    said = f"{error.message} They saw no answer. Look at the ticket, and ask them."
    for hours, told in ((0, [said]), (1, [said]), (24, [said, said])):
        ward.later(hours=hours)
        ward.soc.down = error
        click(ward, "dee", ReaderAct.DONE, key=f"after {hours}")
        assert [again(ward) for _ in range(ATTEMPTS_MAX)] == [*[True] * (ATTEMPTS_MAX - 1), False]
        assert given_up(ward) == told
    assert ward.ticket().state is TicketState.OPEN
    assert ward.soc.to("")[-1].paragraphs[0].facts == (("Ticket", "T-000001"),)


def test_a_click_that_ends_the_process_each_time_is_given_up_without_another_look(ward: Harness) -> None:
    ward.soc.down = _DiedError()  # type: ignore[assignment]
    with pytest.raises(_DiedError):
        click(ward, "dee", ReaderAct.DONE)
    for _ in range(ATTEMPTS_MAX - 1):
        with pytest.raises(_DiedError):
            again(ward)
    assert [again(ward), again(ward)] == [True, False]
    assert given_up(ward) == ["They saw no answer. Look at the ticket, and ask them."]


def test_what_was_done_in_the_last_attempt_is_not_called_lost(ward: Harness) -> None:
    ward.soc.down = DOWN
    click(ward, "dee", ReaderAct.DONE)
    for _ in range(ATTEMPTS_MAX - 2):
        again(ward)
    ward.soc.down, ward.soc.answering = None, DOWN
    assert [again(ward), again(ward)] == [True, False]
    assert ward.ticket().state is TicketState.DONE
    assert given_up(ward) == []


def test_of_a_look_that_fails_nothing_is_lost(ward: Harness) -> None:
    ward.soc.down = DOWN
    click(ward, "dee", None)
    assert [again(ward) for _ in range(ATTEMPTS_MAX)][-2:] == [True, False]
    assert given_up(ward) == []


def test_an_answer_that_does_not_arrive_undoes_nothing_and_repeats_nothing(ward: Harness) -> None:
    ward.soc.answering = Rejected("Fake: no.", remedy="None.")
    click(ward, "dee", ReaderAct.DONE)
    assert ward.ticket().state is TicketState.DONE
    ward.later(hours=1)
    assert not ward.app.interacting.take(ward.now)


def test_what_came_over_a_notifier_that_is_no_more_is_told_as_lost(ward: Harness) -> None:
    one = Interaction("k", "dee", ward.now, ReaderAct.DONE, 1, 0)
    ward.app.interacting.keep("gone", one, ward.now)
    assert ward.app.interacting.take(ward.now)
    assert ward.ticket().state is TicketState.OPEN
    assert not ward.app.interacting.take(ward.now)
    assert given_up(ward) == ["They saw no answer. Look at the ticket, and ask them."]


def test_where_nothing_is_put_off_for_an_hour_there_is_no_form_without_choices(start: Found) -> None:
    soc = FakeNotifier("soc", is_conversing=True)
    soc.people = {"dee": DEE}
    short = replace(STANDARD, snooze_max=timedelta(minutes=30))
    harness = start(notifiers=[soc], rules=rules(policies=(short,)))
    harness.leave("ben")
    harness.settle()
    said = click(harness, "dee", ReaderAct.SNOOZE, is_asking=True)
    assert said.startswith("That is too long or too short; at most 30 min")
    assert not soc.forms


def test_a_crash_after_the_act_repeats_nothing(ward: Harness) -> None:
    """The act and its mark are one transaction, so what follows can be lost, and nothing is done twice."""
    ward.soc.answering = _DiedError()
    with pytest.raises(_DiedError):
        click(ward, "dee", ReaderAct.DONE)
    ward.later(seconds=CLAIM_LIFE.total_seconds())
    assert not ward.app.interacting.take(ward.now)
    assert ward.kinds().count("ticket.done") == 1


@pytest.mark.parametrize("error", [DOWN, AuthFailed("Fake: token revoked.", remedy="Renew it.")])
def test_who_was_refused_and_not_told_is_told_when_it_can_be(ward: Harness, error: ConnectorError) -> None:
    ward.soc.answering = error
    click(ward, "eve", ReaderAct.DONE)
    ward.soc.answering = None
    assert [again(ward), again(ward)] == [True, False]
    [answer] = ward.soc.answers
    assert "Only Dee" in answer.paragraphs[0].text


def test_who_was_refused_is_told_though_the_process_ends_before(ward: Harness) -> None:
    ward.soc.answering = _DiedError()
    with pytest.raises(_DiedError):
        click(ward, "eve", ReaderAct.DONE)
    ward.soc.answering = None
    assert [again(ward), again(ward)] == [True, False]
    assert len(ward.soc.answers) == 1


@pytest.mark.parametrize(
    "error", [Rejected("Fake: no.", remedy="None."), Unreachable("Fake: gone.", remedy="None.")]
)
def test_who_was_refused_and_cannot_be_told_is_let_be(ward: Harness, error: ConnectorError) -> None:
    ward.soc.answering = error
    click(ward, "eve", ReaderAct.DONE)
    assert not again(ward)
    assert given_up(ward) == []


def test_a_process_that_slept_for_longer_than_its_claim_says_nothing_of_what_another_did(
    ward: Harness,
) -> None:
    soc, looked_up = ward.soc, ward.soc.who

    def who(user: str) -> Clicker:
        soc.who = looked_up  # type: ignore[method-assign]
        assert again(ward)
        return looked_up(user)

    soc.who = who  # type: ignore[method-assign]
    assert "marked it as done" in click(ward, "dee", ReaderAct.DONE)
    assert ward.kinds().count("ticket.done") == 1
    assert len(soc.answers) == 1


def test_at_a_glance_people_see_their_open_tickets_with_what_they_may_do(ward: Harness) -> None:
    click(ward, "dee", None)
    message = ward.soc.answers[-1]
    assert message.title == "1 open ticket is with you"
    [mine] = message.paragraphs
    assert (mine.headline, mine.ticket, mine.version) == (
        "Remove Ben from Ward 7",
        "T-000001",
        ward.ticket().version,
    )
    assert [offer.act for offer in mine.offers] == [ReaderAct.ACKNOWLEDGE, ReaderAct.DONE, ReaderAct.SNOOZE]


def test_at_a_glance_those_who_watch_see_the_situation_too(ward: Harness) -> None:
    click(ward, "boss", None)
    situation, none = ward.soc.answers[-1].paragraphs
    assert ("Live tickets", "1") in situation.facts
    assert none.text == "You have no open tickets."


def test_at_a_glance_a_ticket_that_somebody_has_says_so(ward: Harness) -> None:
    click(ward, "dee", ReaderAct.ACKNOWLEDGE)
    click(ward, "dee", None)
    assert "Somebody has it until" in ward.soc.answers[-1].paragraphs[0].text


class _DiedError(BaseException):
    """The process dies."""


def _assignee(ticket: Ticket) -> str:
    assert ticket.assignee is not None
    return ticket.assignee.email
