"""A replay takes the steps that the job would have taken, and says what another policy changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, HOUR, NOW, ticket
from worker.domain.escalation.calendar import BusinessCalendar, CalendarClock, add
from worker.domain.escalation.policy import After, Policy, Step, Taken, Target, due_steps
from worker.domain.escalation.replay import (
    STEPS_MAX,
    Change,
    Spell,
    Telling,
    change,
    life_of,
    replay,
)
from worker.domain.evidence import events
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import STATED_AT, Entry, stamp
from worker.domain.tickets.ticket import Ticket, TicketState

ALLOWED = 24 * HOUR
OPENED = ticket(opened_at=NOW, clock_from=NOW, due_at=NOW + ALLOWED)
TWO = Policy(
    "two",
    (
        Step(After(share=0.5), (Target.ASSIGNEE,)),
        Step(After(share=1.0), (Target.CHANNEL,), repeat=6 * HOUR),
    ),
)


def spell(
    begins: float, until: float | None, state: TicketState = TicketState.OPEN, **changes: datetime
) -> Spell:
    ends = None if until is None else NOW + until * HOUR
    return Spell(NOW + begins * HOUR, ends, state, **({"clock_from": NOW} | changes))


def taken(life: list[Spell], hours: float = 48, policy: Policy = TWO) -> list[tuple[int, int, float]]:
    """(step, repeat, hours since the opening) by an instant."""
    found = replay(OPENED, life, policy, ALLOWED, NOW + hours * HOUR)
    return [(one.step, one.repeat, (one.at - NOW) / HOUR) for one in found]


def test_steps_are_taken_the_instant_they_are_due_and_repeated_until_now() -> None:
    assert taken([spell(0, None)], 36) == [(1, 0, 12), (2, 0, 24), (2, 1, 30), (2, 2, 36)]
    assert taken([spell(0, None)], 11.9) == []


def test_nothing_is_taken_after_the_end_or_while_it_is_blocked() -> None:
    assert taken([spell(0, 24), spell(24, None, TicketState.VERIFIED)]) == [(1, 0, 12)]
    blocked = spell(0, 20, TicketState.BLOCKED)
    assert taken([blocked, spell(20, None, clock_from=NOW + 20 * HOUR)], 40) == [(1, 0, 32)]


@pytest.mark.parametrize("name", ["acknowledged_until", "snoozed_until"])
def test_an_acknowledgement_and_a_snooze_hold_steps_for_as_long_as_they_lasted(name: str) -> None:
    rest: dict[str, Any] = {name: NOW + 15 * HOUR}
    held = replace(spell(10, None), **rest)
    assert taken([spell(0, 10), held], 24) == [(1, 0, 15), (2, 0, 24)]


def test_a_step_until_done_is_held_by_a_snooze_alone() -> None:
    steps = (replace(TWO.steps[0], is_until_done=True),)
    known = spell(10, None, acknowledged_until=NOW + 15 * HOUR)
    assert taken([spell(0, 10), known], 24, Policy("p", steps)) == [(1, 0, 12)]


def test_the_time_of_a_claim_that_was_not_true_does_not_count() -> None:
    claimed = [spell(0, 6), spell(6, 16, TicketState.DONE), spell(16, None)]
    assert taken(claimed, 34) == [(1, 0, 22), (2, 0, 34)]
    told_twice = [
        spell(0, 6),
        spell(6, 10, TicketState.DONE),
        spell(10, 16, TicketState.DONE),
        spell(16, None),
    ]
    assert taken(told_twice, 34) == taken(claimed, 34)


def test_a_claim_that_was_heard_later_counts_from_its_own_instant() -> None:
    heard = spell(9, 16, TicketState.DONE, done_at=NOW + 6 * HOUR)
    assert taken([spell(0, 9), heard, spell(16, None)], 34) == [(1, 0, 22), (2, 0, 34)]
    before = spell(9, 16, TicketState.DONE, done_at=NOW - HOUR)
    assert taken([spell(0, 9), before, spell(16, None)], 34) == [(1, 0, 28)], "never from before the clock"


def test_a_new_start_of_the_clock_is_a_new_round() -> None:
    again = [spell(0, 13), spell(13, 20, TicketState.VERIFIED), spell(20, None, clock_from=NOW + 20 * HOUR)]
    assert taken(again, 40) == [(1, 0, 12), (1, 1, 32)]
    proven = [spell(0, 13), spell(13, 20, TicketState.DONE), spell(20, None, clock_from=NOW + 20 * HOUR)]
    assert taken(proven, 40) == [(1, 0, 12), (1, 1, 32)], "the claim belongs to the round before"


def test_a_replay_is_bounded() -> None:
    restless = Policy("p", (Step(After(), (Target.CHANNEL,), repeat=timedelta(minutes=1)),))
    assert len(taken([spell(0, None)], 1000, restless)) == STEPS_MAX


# --- the life ---------------------------------------------------------------------------------------------


def entry(at: datetime, one: Ticket, kind: str = events.TICKET_OPENED, **data: str) -> Entry:
    return Entry(at, "whosleft", kind, f"ticket:{one.label}", data={**ticket_facts(one), **data})


def test_a_life_tells_since_when_a_claim_says_that_it_was_done() -> None:
    claimed = replace(OPENED, state=TicketState.DONE, done_at=NOW + HOUR)
    said = [entry(NOW, OPENED), entry(NOW + 3 * HOUR, claimed), entry(NOW + 4 * HOUR, OPENED)]
    assert [one.done_at for one in life_of(claimed, said)] == [None, NOW + HOUR, None]


def test_a_life_is_what_the_journal_tells() -> None:
    held = replace(OPENED, acknowledged_until=NOW + 5 * HOUR, snoozed_until=NOW + 3 * HOUR)
    entries = [
        entry(NOW + DAY, OPENED, **{STATED_AT: stamp(NOW)}),
        Entry(NOW + HOUR, "whosleft", events.TICKET_ESCALATED, "ticket:T-000001", data={"step": 1}),
        entry(NOW + 2 * HOUR, held, events.TICKET_ACKNOWLEDGED),
    ]
    assert life_of(OPENED, entries) == (
        spell(0, 2),
        spell(2, None, acknowledged_until=NOW + 5 * HOUR, snoozed_until=NOW + 3 * HOUR),
    )


def test_what_the_journal_does_not_tell_of_its_beginning_counts_as_open() -> None:
    work = replace(OPENED, clock_from=NOW + 5 * HOUR, acknowledged_until=NOW + 9 * HOUR)
    assert life_of(work, [entry(NOW + 6 * HOUR, work)]) == (
        spell(0, 6),
        spell(6, None, clock_from=NOW + 5 * HOUR, acknowledged_until=NOW + 9 * HOUR),
    )


def test_a_ticket_whose_journal_tells_nothing_is_taken_as_it_is() -> None:
    assert life_of(OPENED, [Entry(NOW, "x", events.TICKET_OPENED, "y", data={"state": "open"})]) == (
        spell(0, None),
    )


# --- the comparison ---------------------------------------------------------------------------------------


def told(*tellings: tuple[float, str]) -> list[Telling]:
    return [Telling(NOW + hours * HOUR, who) for hours, who in tellings]


@pytest.mark.parametrize("was, would, expected", [
    ([], [(1, "a")], Change.MORE),
    ([(1, "a")], [], Change.FEWER),
    ([(1, "a")], [(9, "a"), (9, "b")], Change.MORE),
    ([(1, "a"), (2, "a")], [(1, "a"), (2, "b")], Change.MORE),
    ([(1, "a"), (2, "b")], [(1, "a"), (2, "a")], Change.FEWER),
    ([(1, "a"), (5, "b")], [(1, "a"), (4, "b")], Change.EARLIER),
    ([(1, "a"), (5, "b")], [(2, "a"), (4, "b")], Change.LATER),
    ([(1, "a"), (1, "b")], [(1, "b"), (1, "a")], Change.SAME),
    ([], [], Change.SAME),
])  # fmt: skip
def test_what_a_policy_changes(
    was: list[tuple[float, str]], would: list[tuple[float, str]], expected: Change
) -> None:
    assert change(told(*was), told(*would)) is expected


# --- properties -------------------------------------------------------------------------------------------

HOURS = st.integers(0, 96)
CALENDARS = st.sampled_from([
    CalendarClock(), BusinessCalendar((time(9), time(17)), frozenset(range(5)), "Europe/London"),
])  # fmt: skip
STEPS = st.builds(
    Step,
    st.builds(
        After, st.sampled_from([0.0, 0.5, 1.0]), st.builds(lambda hours: hours * HOUR, st.integers(0, 30))
    ),
    st.just((Target.ASSIGNEE,)),
    st.one_of(st.none(), st.builds(lambda hours: hours * HOUR, st.integers(3, 30))),
    is_until_done=st.booleans(),
)
POLICIES = st.builds(
    lambda steps, calendar: Policy("p", tuple(steps), calendar=calendar),
    st.lists(STEPS, max_size=3),
    CALENDARS,
)


@st.composite
def lives(draw: st.DrawFn) -> list[Spell]:
    """Spells that follow each other, on whole hours, with a start of the clock now and then."""
    begins = sorted(draw(st.sets(HOURS, min_size=1, max_size=5)))
    found: list[Spell] = []
    clock_from = NOW + begins[0] * HOUR
    for place, at in enumerate(begins):
        if draw(st.booleans()):
            clock_from = NOW + at * HOUR
        until = begins[place + 1] if place + 1 < len(begins) else None
        rests = [draw(st.one_of(st.none(), HOURS)) for _ in range(2)]
        held, snoozed = (None if rest is None else NOW + rest * HOUR for rest in rests)
        found.append(replace(spell(at, until, draw(st.sampled_from(TicketState))), clock_from=clock_from,
                             acknowledged_until=held, snoozed_until=snoozed))  # fmt: skip
    return found


@given(lives(), POLICIES, HOURS)
def test_the_same_policy_replays_to_the_same(life: list[Spell], policy: Policy, hours: int) -> None:
    once, again = (
        [Telling(one.at, "a") for one in replay(OPENED, life, policy, ALLOWED, NOW + hours * HOUR)]
        for _ in range(2)
    )
    assert change(once, again) is Change.SAME


@given(lives(), POLICIES, HOURS)
def test_steps_come_in_order_each_once_only_while_it_is_open(
    life: list[Spell], policy: Policy, hours: int
) -> None:
    found = replay(OPENED, life, policy, ALLOWED, NOW + hours * HOUR)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert len({(one.step, one.repeat) for one in found}) == len(found)
    assert all(_is_open(life, one.at) and one.at <= NOW + hours * HOUR for one in found)


def _is_open(life: list[Spell], at: datetime) -> bool:
    return any(
        one.state is TicketState.OPEN and one.begins <= at and (one.until is None or at < one.until)
        for one in life
    )


@given(POLICIES, HOURS, st.one_of(st.none(), HOURS))
def test_the_replay_is_what_a_job_takes_that_is_never_late(
    policy: Policy, hours: int, rest: int | None
) -> None:
    """Every instant here is on a whole quarter of an hour, so that a job that runs then is never late."""
    held = None if rest is None else NOW + rest * HOUR
    work = replace(OPENED, acknowledged_until=held)
    due_at = add(policy.calendar, NOW, ALLOWED)
    by_job: list[Taken] = []
    for tick in range(hours * 4 + 1):
        at = NOW + tick * timedelta(minutes=15)
        by_job += [
            Taken(one.step, one.repeat, at)
            for one in due_steps(replace(work, due_at=due_at), policy, tuple(by_job), ALLOWED, at)
        ]
    life = [Spell(NOW, None, TicketState.OPEN, NOW, held)]
    assert list(replay(work, life, policy, ALLOWED, NOW + hours * HOUR)) == by_job


THREE = replace(TWO, steps=(*TWO.steps, Step(After(share=2.0), (Target.ACCOUNTABLE,))))


def test_after_a_step_that_reaches_nobody_the_next_one_comes_at_once() -> None:
    def reached_by(*steps: int) -> list[tuple[int, float]]:
        found = replay(
            OPENED, [spell(0, None)], THREE, ALLOWED, NOW + 35 * HOUR, lambda one: one.step in steps
        )
        return [(one.step, (one.at - NOW) / HOUR) for one in found]

    assert reached_by(1, 2, 3) == [(1, 12), (2, 24), (3, 24), (2, 30)]
    assert reached_by(2, 3) == [(1, 12), (2, 12), (2, 24), (3, 24), (2, 30)]
    assert reached_by(3)[:4] == [(1, 12), (2, 12), (3, 12), (2, 24)]
    assert reached_by()[:3] == [(1, 12), (2, 12), (3, 12)]


def test_a_step_that_came_at_once_is_not_taken_twice() -> None:
    both = replace(TWO, steps=(TWO.steps[0], replace(TWO.steps[1], after=After(share=0.5))))
    found = replay(OPENED, [spell(0, None)], both, ALLOWED, NOW + 13 * HOUR, lambda one: one.step != 1)

    assert found == (Taken(1, 0, NOW + 12 * HOUR), Taken(2, 0, NOW + 12 * HOUR))


def test_steps_wait_for_the_job_s_next_pass() -> None:
    def at_seven(at: datetime) -> datetime:
        """Passes are an hour after noon, and each seventh hour after that."""
        since = at - NOW - HOUR
        return NOW + HOUR + -(-since // (7 * HOUR)) * 7 * HOUR

    found = replay(OPENED, [spell(0, None)], TWO, ALLOWED, NOW + 40 * HOUR, pass_at=at_seven)

    assert [(one.step, (one.at - NOW) / HOUR) for one in found] == [(1, 15), (2, 29), (2, 36)]
    assert replay(OPENED, [spell(0, 14)], TWO, ALLOWED, NOW + 40 * HOUR, pass_at=at_seven) == ()
