"""What if: a ticket's recorded life, replayed against another policy. Pure; nothing here sends or stores.

The rules are those of the job that takes steps (`policy.due_steps`), asked at each instant at which one may be due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from worker.domain.escalation.calendar import add, elapsed
from worker.domain.escalation.policy import Policy, Taken, due_steps, explain, next_unreached
from worker.domain.evidence.explained import as_left_by
from worker.domain.evidence.journal import Entry, stated_at
from worker.domain.tickets.ticket import Ticket, TicketState

STEPS_MAX = 200  # of one ticket: a repeat of a minute would fill hours with nothing new


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of a ticket's life, from one event up to the next; `until` (excluded) is None while it lasts.

    `done_at` is what a claim states, which may be heard of later.
    """

    begins: datetime
    until: datetime | None
    state: TicketState
    clock_from: datetime
    acknowledged_until: datetime | None = None
    snoozed_until: datetime | None = None
    done_at: datetime | None = None


def life_of(ticket: Ticket, entries: Iterable[Entry]) -> tuple[Spell, ...]:
    """The spells that a ticket's journal tells, in order; as it is now, from its opening, if that tells none.

    An entry that keeps no facts of the ticket, such as a step's, changes nothing. What came before the first one that
    does counts as open from the opening on.
    """
    known = [
        (stated_at(entry), after) for entry in entries if (after := as_left_by(ticket, entry)) is not None
    ]
    found = sorted(known, key=lambda one: one[0]) or [(ticket.opened_at, ticket)]
    if found[0][0] > ticket.opened_at:
        found.insert(0, (ticket.opened_at, _as_opened(ticket)))
    ends = [*(at for at, _ in found[1:]), None]
    return tuple(
        Spell(at, until, one.state, one.clock_from, one.acknowledged_until, one.snoozed_until, one.done_at)
        for (at, one), until in zip(found, ends, strict=True)
    )


def _as_opened(ticket: Ticket) -> Ticket:
    return replace(
        ticket,
        state=TicketState.OPEN,
        clock_from=ticket.opened_at,
        acknowledged_until=None,
        snoozed_until=None,
    )


def _somebody(_taken: Taken) -> bool:
    return True


def _at_once(at: datetime) -> datetime:
    return at


def replay(
    ticket: Ticket,
    life: Sequence[Spell],
    policy: Policy,
    allowed: timedelta,
    now: datetime,
    reaches: Callable[[Taken], bool] = _somebody,
    pass_at: Callable[[datetime], datetime] = _at_once,
) -> tuple[Taken, ...]:
    """The steps that a policy would have taken by `now`, in order; at most `STEPS_MAX`.

    `allowed` is the ticket's time from a start of its clock to due. A step is taken at the job's first pass from the
    instant on at which it is due (`pass_at`; at once, unless told otherwise), or at the end of what holds it: a claim,
    an acknowledgement or a snooze, for as long as it in fact lasted. After one that `reaches` nobody who is there, the
    next comes at once. Silences and quiet hours are not replayed. All instants are aware UTC.
    """
    taken: list[Taken] = []
    clock_from, waited, claimed_at = None, timedelta(0), None
    for spell in life:
        if spell.clock_from != clock_from:
            clock_from, waited, claimed_at = spell.clock_from, timedelta(0), None
        if spell.state is TicketState.DONE:
            claimed_at = claimed_at or max(spell.clock_from, spell.done_at or spell.begins)
        if spell.state is not TicketState.OPEN:
            continue
        if claimed_at is not None:  # a claim that was not true: the clock goes on where it was
            waited, claimed_at = waited + elapsed(policy.calendar, claimed_at, spell.begins), None
        in_spell = _in_spell(ticket, spell, policy, allowed, waited)
        _take(taken, in_spell, policy, allowed, _stretch(spell, now), reaches, pass_at)
    return tuple(taken)


class _Stretch(NamedTuple):
    begins: datetime
    until: datetime


def _stretch(spell: Spell, now: datetime) -> _Stretch:
    """The part of a spell that is over, with the present instant."""
    past_now = now + timedelta(microseconds=1)
    return _Stretch(spell.begins, past_now if spell.until is None else min(spell.until, past_now))


def _in_spell(ticket: Ticket, spell: Spell, policy: Policy, allowed: timedelta, waited: timedelta) -> Ticket:
    """The ticket as it was in a spell, due by this policy."""
    return replace(
        ticket,
        state=spell.state,
        clock_from=spell.clock_from,
        due_at=add(policy.calendar, spell.clock_from, allowed + waited),
        waited_us=waited // timedelta(microseconds=1),
        acknowledged_until=spell.acknowledged_until,
        snoozed_until=spell.snoozed_until,
    )


def _take(
    taken: list[Taken],
    ticket: Ticket,
    policy: Policy,
    allowed: timedelta,
    stretch: _Stretch,
    reaches: Callable[[Taken], bool],
    pass_at: Callable[[datetime], datetime],
) -> None:
    """Add the steps that come in this stretch."""
    at: datetime | None = pass_at(stretch.begins)
    while at is not None and at < stretch.until and len(taken) < STEPS_MAX:
        for one in due_steps(ticket, policy, tuple(taken), allowed, at):
            step = Taken(one.step, one.repeat, at)
            if step in taken:
                continue  # it came as the next one after a step that reached nobody
            taken.append(step)
            if not reaches(step):
                _take_next(taken, ticket, policy, at, reaches)
        coming = [one.at for one in explain(ticket, policy, tuple(taken), allowed) if not one.is_taken]
        ends = [end for end in (ticket.acknowledged_until, ticket.snoozed_until) if end is not None]
        later = min((instant for instant in (*coming, *ends) if instant > at), default=None)
        at = None if later is None else pass_at(later)


def _take_next(
    taken: list[Taken], ticket: Ticket, policy: Policy, at: datetime, reaches: Callable[[Taken], bool]
) -> None:
    """Go on to the first step that reaches somebody who is there, as the job does."""
    while (number := next_unreached(policy, tuple(taken), ticket.clock_from)) is not None:
        step = Taken(number, sum(one.step == number for one in taken), at)
        taken.append(step)
        if reaches(step):
            return


class Change(StrEnum):
    """What another policy changes about one ticket."""

    MORE = "more"
    FEWER = "fewer"
    EARLIER = "earlier"
    LATER = "later"
    SAME = "same"


class Telling(NamedTuple):
    """Somebody is told at an instant."""

    at: datetime
    who: str


def change(was: Sequence[Telling], would: Sequence[Telling]) -> Change:
    """Compare who is told, and when.

    | how often  | whom               | first instant that differs | change  |
    | more often |                    |                            | more    |
    | less often |                    |                            | fewer   |
    | as often   | somebody new       |                            | more    |
    | as often   | somebody no longer |                            | fewer   |
    | as often   | the same           | is sooner                  | earlier |
    | as often   | the same           | is later                   | later   |
    | as often   | the same           | none                       | same    |
    """
    if len(was) != len(would):
        return Change.MORE if len(would) > len(was) else Change.FEWER
    before, after = {one.who for one in was}, {one.who for one in would}
    if before != after:
        return Change.MORE if after - before else Change.FEWER
    differing = ((a, b) for a, b in zip(sorted(was), sorted(would), strict=True) if a.at != b.at)
    if (first := next(differing, None)) is None:
        return Change.SAME
    return Change.EARLIER if first[1].at < first[0].at else Change.LATER
