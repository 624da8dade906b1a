"""Steps are taken when they are due, once, by somebody who can be reached; and it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import ACCOUNTABLE, TIMEZONE, Harness
from worker.app.jobs import escalate
from worker.app.jobs.escalate import Escalate
from worker.app.tell.teller import Teller
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.escalation.silences import Silence
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.leases import Lease
from worker.ports.state.tickets import WatchedTicket
from worker.storage.store import SqlStore, SqlUnitOfWork
from worker.storage.tickets import SqlTickets

Start = Callable[..., Harness]


def policy(*steps: tuple[float, tuple[Target, ...]]) -> Policy:
    return Policy("test", tuple(Step(After(share=share), to) for share, to in steps))


def late(start: Start, *steps: tuple[float, tuple[Target, ...]], **wishes: object) -> Harness:
    """Ann has left, her manager is Eve, and a whole day went by."""
    made = rules(policies=(policy(*steps),) if steps else ())
    harness = start(rules=made, **wishes)
    harness.corp.change("ann", manager_id="eve")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    return harness


def told(harness: Harness) -> list[str]:
    """Whom deliveries reach from here on."""
    before = len(harness.soc.sent)
    harness.deliver()
    return sorted(message.to.address or "channel" for message in harness.soc.sent[before:])


def steps(harness: Harness, number: int = 1) -> list[tuple[int, int]]:
    with harness.store.begin() as uow:
        return [(taken.step, taken.repeat) for taken, _, _ in uow.tickets.steps(number)]


def test_the_built_in_policy_tells_more_people_the_later_it_gets(start: Start) -> None:
    harness = late(start)
    rounds = []
    for hours in (11.9, 0.1, 12, 4, 23.9, 0.1):
        harness.later(hours=hours)
        harness.escalate()
        rounds.append(told(harness))

    assert rounds == [
        [],
        ["dee@corp.example"],
        ["dee@corp.example", "it-security@example.org"],
        ["channel"],
        [],
        ["channel"],
    ]
    assert steps(harness) == [(1, 0), (2, 0), (3, 0), (3, 1)]


@pytest.mark.parametrize("page", [1, 2, 3])
def test_tickets_are_watched_page_by_page_to_the_last(
    start: Start, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(escalate, "PAGE", page)
    harness = late(start)
    harness.leave("ben")
    harness.settle()
    harness.later(hours=12)

    assert harness.escalate().counts["watched"] == 2
    assert steps(harness, 1) == steps(harness, 2) == [(1, 0)]


def test_steps_missed_while_the_worker_was_down_are_taken_late_and_once(start: Start) -> None:
    harness = late(start)
    harness.later(days=5)

    assert harness.escalate().counts == {"watched": 1, "steps": 3, "messages": 4, "silenced": 0}
    assert harness.escalate().counts["steps"] == 0


def test_a_ticket_that_is_done_is_not_escalated(start: Start) -> None:
    harness = late(start)
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.later(days=5)

    assert harness.escalate().counts == {"watched": 0, "steps": 0, "messages": 0, "silenced": 0}


def test_two_steps_that_come_together_say_the_same_once(start: Start) -> None:
    harness = late(start, (0.5, (Target.ASSIGNEE,)), (1.0, (Target.ASSIGNEE, Target.ADMINS)))
    harness.later(hours=25)
    harness.escalate()
    before = len(harness.soc.sent)

    harness.deliver()

    [message] = harness.soc.sent[before:]
    assert [part.headline for part in message.paragraphs] == ["Overdue: Remove Ann from Ward 7"]
    assert message.title == "Overdue: Remove Ann from Ward 7"
    assert steps(harness) == [(1, 0), (2, 0)]


def test_the_manager_of_who_left_is_told(start: Start) -> None:
    harness = late(start, (0.5, (Target.MANAGER,)))
    harness.later(hours=12)
    harness.escalate()

    assert told(harness) == ["eve@corp.example"]


@pytest.mark.parametrize("changes", [{"manager_id": None}, {"manager_id": "nobody"}])
def test_a_step_without_anybody_to_tell_makes_the_next_one_due_at_once(
    start: Start, changes: dict[str, str | None]
) -> None:
    harness = late(start, (0.5, (Target.MANAGER,)), (1.0, (Target.CHANNEL,)))
    harness.corp.change("ann", **changes)
    harness.poll()
    harness.later(hours=12)

    assert harness.escalate().counts["steps"] == 2
    harness.deliver()
    assert (
        "Nobody could be reached before, so this comes to you." in harness.soc.to("")[-1].paragraphs[0].text
    )

    harness.later(hours=12)
    assert harness.escalate().counts["steps"] == 0, "a step that was taken early is not taken again"


def test_a_manager_without_an_address_cannot_be_told(start: Start) -> None:
    harness = late(start, (0.5, (Target.MANAGER,)), (1.0, (Target.CHANNEL,)))
    harness.corp.change("eve", email=None)
    harness.poll()
    harness.later(hours=12)
    harness.escalate()

    assert told(harness) == ["channel"]


def test_a_question_has_no_person_and_so_no_manager(start: Start) -> None:
    harness = start(rules=rules(policies=(policy((0.5, (Target.MANAGER, Target.CHANNEL))),)))
    harness.group("ward-8", "stranger")
    harness.settle()
    harness.deliver()
    harness.later(hours=12)
    harness.escalate()

    assert told(harness) == ["channel"]


def test_steps_due_at_once_of_which_the_first_reaches_nobody_are_each_taken_once(start: Start) -> None:
    nobody = ((Target.ACCOUNTABLE,), (Target.ASSIGNEE,))
    harness = start(
        rules=replace(
            rules(policies=(policy((0.25, nobody[0]), (0.5, nobody[0]), (0.75, (Target.CHANNEL,))),)),
            accountable="",
        )
    )
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.later(hours=20)
    harness.escalate()

    assert steps(harness) == [(1, 0), (2, 0), (3, 0)]
    assert told(harness) == ["channel"]


def test_a_second_round_after_a_reopening_reaches_somebody_too(start: Start) -> None:
    harness = late(start, (0.5, (Target.MANAGER,)), (1.0, (Target.CHANNEL,)))
    harness.corp.change("ann", manager_id=None)
    harness.poll()
    harness.later(hours=12)
    harness.escalate()
    told(harness)
    harness.later()
    harness.desk.waive(1, Actor("dee"), "we live with it", harness.now)
    harness.desk.reopen(1, Actor("sam"), "we do not", harness.now)
    told(harness)
    harness.later(hours=12)
    harness.escalate()

    assert steps(harness) == [(1, 0), (2, 0), (1, 1), (2, 1)]
    assert told(harness) == ["channel"]


def test_steps_that_became_fewer_come_on_open_tickets_by_a_policy_with_a_new_name(start: Start) -> None:
    """As docs/escalation.md has it for a step that is taken out."""
    before = policy((0.25, (Target.ASSIGNEE,)), (1.0, (Target.ACCOUNTABLE,)))
    harness = start(rules=rules(policies=(before,)))
    harness.leave("ann")
    harness.settle()
    harness.later(hours=7)
    harness.escalate()
    harness.deliver()

    shorter = replace(before, name="shorter", steps=before.steps[1:])
    harness.start(replace(harness.app.rules, tickets=rules(policies=(shorter, before))))
    harness.later(hours=16)
    harness.escalate()
    assert told(harness) == []
    harness.later(hours=1)
    harness.escalate()
    assert told(harness) == [ACCOUNTABLE]


# --- nobody reachable -------------------------------------------------------------------------------------


def test_an_unreachable_assignee_makes_the_next_step_due_at_once_and_says_so(start: Start) -> None:
    harness = start()
    harness.soc.unreachable |= {"dee@corp.example"}
    harness.leave("ann")
    harness.settle()
    harness.deliver()

    assert harness.escalate().counts["steps"] == 1, "step 1 tells the same person, but it was said"
    harness.deliver()
    assert harness.escalate().counts["steps"] == 1
    harness.deliver()
    [message] = harness.soc.to("it-security@example.org")
    assert "An earlier message reached nobody, so this comes to you." in message.paragraphs[0].text


@pytest.mark.parametrize("rest", ["acknowledge", "snooze", "silence"])
def test_while_a_ticket_rests_no_step_comes_for_a_message_that_reached_nobody(
    start: Start, rest: str
) -> None:
    harness = start()
    harness.soc.unreachable |= {"dee@corp.example"}
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    hour, sam = timedelta(hours=1), Actor("sam")
    match rest:
        case "acknowledge":
            harness.desk.acknowledge(1, sam, harness.now, "", hour)
        case "snooze":
            harness.desk.snooze(1, sam, hour, harness.now)
        case _:
            wanted = Silence("", harness.now, harness.now + hour, "sam", "Fire drill", groups=("*",))
            harness.app.silencing.silence(wanted, sam, harness.now)

    assert harness.escalate().counts["steps"] == 0
    harness.later(hours=1)
    assert harness.escalate().counts["steps"] == 1


def test_an_unreachable_assignee_of_a_ticket_that_is_done_is_nothing(start: Start) -> None:
    harness = start()
    harness.soc.unreachable |= {"dee@corp.example"}
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.desk.done(1, Actor("ben"), harness.now)

    assert harness.escalate().counts["steps"] == 0
    with harness.store.begin() as uow:
        assert uow.tickets.unreachable() == []


def test_the_next_channel_is_tried_before_the_next_step(start: Start) -> None:
    harness = start(notifiers=[FakeNotifier("soc"), FakeNotifier("mail")])
    harness.soc.unreachable |= {"dee@corp.example"}
    harness.leave("ann")
    harness.settle()
    harness.deliver()

    assert len(harness.notifiers[1].sent) == 1
    assert harness.escalate().counts["steps"] == 0


# --- acknowledging ----------------------------------------------------------------------------------------


def test_an_acknowledgement_holds_escalation_and_expires(start: Start) -> None:
    harness = late(start)
    harness.later(hours=11)
    harness.desk.acknowledge(1, Actor("dee"), harness.now)
    harness.later(hours=3.9)
    assert harness.escalate().counts["steps"] == 0
    harness.later(hours=0.1)
    assert harness.escalate().counts["steps"] == 1


# --- two workers ------------------------------------------------------------------------------------------


class _Behind(SqlTickets):
    def to_escalate(self, after: int, limit: int) -> list[WatchedTicket]:
        return [WatchedTicket(ticket, ()) for ticket, _ in super().to_escalate(after, limit)]


class StoreBehind(SqlStore):
    """What a worker sees that read the steps before another one took them."""

    @contextmanager
    def begin(self, lease: Lease | None = None) -> Iterator[SqlUnitOfWork]:
        with super().begin(lease) as uow:
            uow.tickets = _Behind(uow.tickets._c, uow.tickets._rule)
            yield uow


def test_a_step_that_another_worker_took_meanwhile_is_not_taken_again(start: Start) -> None:
    harness = late(start)
    harness.later(days=2)
    harness.escalate()
    told(harness)

    other = Escalate(StoreBehind(harness.engine), rules(), Teller(TIMEZONE, ENGLISH_ONLY))

    assert other.run_once(harness.now + timedelta(seconds=1)).counts["steps"] == 0
    assert told(harness) == []
    assert harness.ticket().state is TicketState.OPEN


def test_the_preview_names_those_who_are_told_when_the_time_comes(start: Start) -> None:
    every = (Target.ASSIGNEE, Target.ADMINS, Target.MANAGER, Target.ACCOUNTABLE, Target.CHANNEL)
    harness = late(start, (0.5, every), (1.0, (Target.CHANNEL,)))
    asked = harness.ticket()
    with harness.store.reading() as uow:
        first, last = harness.app.explainer.explain(uow, asked).steps

    assert first.named[-1] == (Target.CHANNEL, ["channel"])
    harness.later(hours=12)
    harness.escalate()
    named = {name for _, names in first.named for name in names}
    with harness.store.reading() as uow:
        [(_, _, told_by_name)] = uow.tickets.steps(1)
        again = harness.app.explainer.explain(uow, asked).steps
    assert set(told_by_name) <= named
    assert [one.coming.is_taken for one in (first, last)] == [False, False]
    assert [one.coming.is_taken for one in again] == [True, False]


def test_the_preview_says_which_target_means_nobody(start: Start) -> None:
    harness = late(start, (0.5, (Target.ADMINS, Target.MANAGER)))
    asked = replace(harness.ticket(), group=GroupKey("wards", "nowhere"), person=None)
    with harness.store.reading() as uow:
        [only] = harness.app.explainer.explain(uow, asked).steps

    assert only.named[:2] == [(Target.ADMINS, []), (Target.MANAGER, [])]
    assert only.named[2:] == [(Target.ACCOUNTABLE, [ACCOUNTABLE]), (Target.CHANNEL, ["channel"])]
