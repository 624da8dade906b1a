"""Messages that wait for the night's end, or for a channel: what is false in the morning is not said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from by_link import token_of
from harness import ACCOUNTABLE, Harness
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.policy import Taken
from worker.domain.escalation.quiet import QuietHours
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.messages.overtaken import is_overtaken, passed_key, step_message_key
from worker.domain.model import Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import NotDone

Start = Callable[..., Harness]
SAM = Actor("sam")
DEE = "dee@corp.example"
EVE = "eve@corp.example"
NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "Europe/London", "GB")


@pytest.fixture
def night(start: Start) -> Harness:
    """It is 22:00 in London."""
    h = start()
    h.start(replace(h.app.rules, holding=Holding(quiet=NIGHT)))
    h.later(hours=22 - h.now.hour)
    return h


def morning(h: Harness) -> list[tuple[str, str]]:
    h.later(hours=10)
    before = len(h.soc.sent)
    h.deliver()
    return [(m.to.address, p.headline) for m in h.soc.sent[before:] for p in m.paragraphs]


@pytest.fixture
def late(start: Start) -> Harness:
    """Dee was told by day; at 22:00 half of her time is over, and the step for her waits for the morning."""
    h = start(has_links=True)
    h.start(replace(h.app.rules, holding=Holding(quiet=NIGHT)))
    h.later(hours=9 - h.now.hour)
    h.leave("ann")
    h.settle()
    h.deliver()
    assert [message.to.address for message in h.soc.sent] == [DEE]
    h.later(hours=13)
    h.escalate()
    h.deliver()
    assert len(h.soc.sent) == 1, "it waits"
    return h


def opened(h: Harness, who: str = "ann") -> None:
    h.leave(who)
    h.settle()
    h.deliver()
    assert not h.soc.sent, "it waits"
    h.later(hours=1)


def test_an_assignee_who_left_in_the_night_is_not_told_in_the_morning(night: Harness) -> None:
    opened(night)
    night.wards.set_role("ward-7", night.number("ben"), Role.ADMIN)
    opened(night, "dee")
    said = morning(night)
    assert DEE not in [to for to, _ in said], said


def test_nor_one_whose_ticket_was_given_to_somebody_else(night: Harness) -> None:
    opened(night)
    night.desk.assign(1, "ben@corp.example", SAM, night.now)
    said = morning(night)
    assert DEE not in [to for to, _ in said], said


def test_nobody_is_told_to_remove_the_last_admin(night: Harness) -> None:
    """The invariant that a group never loses its last admin by our doing."""
    night.wards.set_role("ward-7", night.number("ben"), Role.ADMIN)
    night.settle()
    opened(night, "dee")
    night.wards.set_role("ward-7", night.number("ben"), Role.MEMBER)
    night.settle()
    [ticket] = night.tickets(TicketKind.REMOVE_MEMBER)
    assert ticket.state is TicketState.BLOCKED
    said = morning(night)
    assert not [headline for _, headline in said if "Remove Dee" in headline], said


def test_what_was_marked_as_done_in_the_night_is_not_asked_for(night: Harness) -> None:
    opened(night)
    night.desk.done(1, SAM, night.now)
    said = morning(night)
    assert not [headline for _, headline in said if "Remove Ann" in headline], said


def test_whoever_did_it_while_the_channel_was_away_is_not_called(start: Start) -> None:
    h = start()
    h.leave("ann")
    h.settle()
    h.deliver()
    h.soc.down = NotDone("away")
    h.later(hours=12)
    h.escalate()
    h.deliver()
    h.later(minutes=10)
    h.assigned.done(h.link().rpartition("/")[2], h.now)
    h.soc.down = None
    before = len(h.soc.sent)
    h.later(hours=1)
    h.deliver()
    assert h.soc.sent[before:] == []


def test_a_step_that_waited_tells_who_still_has_the_ticket(late: Harness) -> None:
    assert morning(late) == [(DEE, "Still open: Remove Ann from Ward 7")]


def test_nor_is_a_former_assignee_told_by_a_step_what_is_somebody_else_s_now(late: Harness) -> None:
    late.desk.assign(1, "ben@corp.example", SAM, late.now)
    assert morning(late) == [("ben@corp.example", "Now with you: Remove Ann from Ward 7")]


def test_nor_one_who_said_in_the_night_that_it_is_not_their_group(late: Harness) -> None:
    late.assigned.answer(token_of(late), Answer.NOT_MY_GROUP, "", late.now)
    assert morning(late) == [(ACCOUNTABLE, "Now with you: Remove Ann from Ward 7")]


def test_nor_is_somebody_asked_to_pass_a_step_on_to_a_former_assignee(late: Harness) -> None:
    ticket = late.ticket()
    step, to = Taken(2, 0, late.now), Recipient(RecipientKind.PERSON, DEE)
    key = passed_key(step_message_key(ticket, step, to), DEE)
    manager = Recipient(RecipientKind.PERSON, EVE)
    assert not is_overtaken(key, manager, ticket)
    assert is_overtaken(key, manager, replace(ticket, assignee=None))
    others = step_message_key(ticket, step, manager)
    assert not is_overtaken(others, manager, replace(ticket, assignee=None)), "told for another part in it"


@pytest.fixture
def passing(night: Harness) -> Harness:
    """Dee has no mailbox: Eve is asked in the morning to pass the new ticket on to her."""
    night.corp.change("dee", email=None, manager_id="eve")
    night.settle()
    opened(night)
    return night


def test_what_is_passed_on_waits_for_the_morning(passing: Harness) -> None:
    assert morning(passing) == [(EVE, "Please pass this on to Dee")]


def test_nor_is_somebody_asked_to_pass_on_what_is_somebody_else_s_now(passing: Harness) -> None:
    passing.desk.assign(1, "ben@corp.example", SAM, passing.now)
    assert morning(passing) == [("ben@corp.example", "Now with you: Remove Ann from Ward 7")]


def test_nor_what_waits_by_an_approver_s_word(passing: Harness) -> None:
    """Nor is Dee asked in that way to do what is held."""
    passing.app.holds.hold(1, SAM, "export", passing.now + timedelta(hours=24), passing.now)
    assert EVE not in [to for to, _ in morning(passing)]


def test_what_an_earlier_release_wanted_passed_on_goes_out_while_its_ticket_is_open(late: Harness) -> None:
    ticket, eve = late.ticket(), Recipient(RecipientKind.PERSON, EVE)
    earlier = f"{ticket.label}:open:{late.now.isoformat()}:passed"
    assert not is_overtaken(earlier, eve, ticket)
    assert is_overtaken(earlier, eve, replace(ticket, state=TicketState.DONE))
