"""Read the recorded past for a replay: leavings, groups, people, and each ticket with its life."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from worker.domain.escalation.replay import life_of
from worker.domain.evidence import events
from worker.domain.evidence.journal import Sealed
from worker.domain.replay.history import GuardedLeaving, History, Passes, RecordedStep, RecordedTicket
from worker.ports.state.store import UnitOfWork

PAGE = 500
LOOKS_WITHIN = timedelta(days=1)  # of a release, the job that opens tickets surely came

Progressed = Callable[[str, int], None]  # of what, and how many more are done


def read_history(
    uow: UnitOfWork,
    begins: datetime,
    ends: datetime,
    before: timedelta,
    every: timedelta,
    progressed: Progressed,
) -> History:
    """All that is known of the time from `begins` up to `ends` (excluded).

    `before`: so much earlier begins what the guard counts, its window. Of the people in tickets, it is all that the
    guard ever did. `every` is the interval of the job that takes steps. `progressed` hears of each page of tickets and
    of each pass over the record.
    """
    tickets = tuple(_tickets(uow, begins, ends, progressed))
    leavers = {one.leaving.person for one in tickets if one.leaving}
    judgements = uow.past.judgements(begins - before, ends, leavers)
    progressed("history", len(judgements))
    groups = {one.group for judged in judgements for one in judged.memberships}
    groups |= {one.ticket.group for one in tickets if one.ticket.group}
    known_groups = uow.past.groups(groups)
    progressed("history", len(known_groups))
    humans = uow.past.humans({one.departure.person for one in judgements})
    progressed("history", len(humans))
    populations, newcomers = uow.past.populations(), uow.past.newcomers(begins - before)
    progressed("history", len(populations))
    escalations = Passes((step.taken.at for one in tickets for step in one.steps), every)
    looks = [*(one.at for one in judgements), *(one.ticket.opened_at for one in tickets)]
    return History(
        begins,
        ends,
        tuple(judgements),
        populations,
        known_groups,
        humans,
        tickets,
        escalations,
        Passes(looks, LOOKS_WITHIN),
        newcomers,
    )


def _tickets(
    uow: UnitOfWork, begins: datetime, ends: datetime, progressed: Progressed
) -> Iterator[RecordedTicket]:
    after = 0
    while page := uow.past.tickets(begins, ends, after, PAGE):
        after = page[-1].id
        numbers = [one.id for one in page]
        told, steps = uow.past.told(numbers), uow.tickets.steps_of(numbers)
        sealed = uow.explained.events_of([f"ticket:{one.label}" for one in page])
        for one in page:
            theirs = sealed.get(f"ticket:{one.label}", [])
            yield RecordedTicket(
                one,
                life_of(one, (each.entry for each in theirs)),
                _due_at_first(theirs),
                tuple(RecordedStep(each.taken, each.policy, each.told) for each in steps[one.id]),
                tuple(told[one.id]),
            )
        progressed("tickets", len(page))


def _due_at_first(sealed: Sequence[Sealed]) -> datetime | None:
    """What a ticket was due at when it was opened; None if its opening does not say so."""
    first = next((one.entry for one in sealed if one.entry.event == events.TICKET_OPENED), None)
    said = first.data.get("due_at") if first else None
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def never_passed(history: History) -> Iterator[GuardedLeaving]:
    """The departures that the guard held and nobody released within the history: they have no tickets in it."""
    for one in history.judgements:
        is_held = one.passed_at is None or one.passed_at >= history.ends
        if is_held and one.at >= history.begins:
            yield one
