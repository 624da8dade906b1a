"""The data of the console's first page, read at once, and shared by all readers within a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic

from worker.domain.reconcile.guard import HeldPlan
from worker.domain.tickets.ticket import LIVE, Ticket, TicketState
from worker.ports.state.deliveries import PostState
from worker.ports.state.overview import Exposed, Exposure, TicketFilter
from worker.ports.state.store import Store

SHOWN = 50  # rows of each list
COUNTED_MAX = 1000  # overdue, disputed or unmatched rows that are counted; more is "1000+"
LIVE_MAX = 100_000
KEEP_S = 1.0


@dataclass(frozen=True, slots=True)
class Situation:
    """The situation at `at`. The lists are the first rows of those that are counted, tickets by when they are due."""

    at: datetime
    exposure: Exposure
    longest: tuple[Exposed, ...]
    overdue: tuple[Ticket, ...]
    overdue_count: int
    disputed: tuple[Ticket, ...]
    disputed_count: int
    plans: tuple[HeldPlan, ...]
    questions: int
    live: int
    dead: int  # messages that reached nobody


def situation(store: Store, now: datetime) -> Situation:
    """Read the situation at `now`."""
    late = TicketFilter(states=(TicketState.OPEN,), overdue_at=now)
    disputed = TicketFilter(states=tuple(LIVE), is_disputed=True)
    with store.reading() as uow:
        see = uow.overview
        plans = [uow.episodes.plan(number) for number in see.waiting_plans()]
        return Situation(
            at=now,
            exposure=see.exposure(),
            longest=tuple(see.exposed(None, 0, SHOWN)),
            overdue=tuple(see.tickets_by_due(late, None, SHOWN)),
            overdue_count=see.how_many(late, COUNTED_MAX),
            disputed=tuple(see.tickets_by_due(disputed, None, SHOWN)),
            disputed_count=see.how_many(disputed, COUNTED_MAX),
            plans=tuple(plan for plan in plans if plan is not None),
            questions=see.questions(COUNTED_MAX),
            live=see.how_many(TicketFilter(states=tuple(LIVE)), LIVE_MAX),
            dead=uow.deliveries.count(PostState.DEAD, now),
        )


class SharedSituation:
    """One reading for all callers within a second; a call during the reading waits for it."""

    def __init__(self, read: Callable[[], Situation], clock_s: Callable[[], float] = monotonic) -> None:
        self._read = read
        self._clock_s = clock_s
        self._lock = Lock()
        self._kept: tuple[float, Situation] | None = None

    def __call__(self) -> Situation:
        """Return the situation, at most a second old."""
        with self._lock:
            now_s = self._clock_s()
            if self._kept is None or now_s - self._kept[0] >= KEEP_S:
                self._kept = now_s, self._read()
            return self._kept[1]
