"""What changed since somebody looked at the console: visits are kept for each person, whatever their session or tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain.evidence import events
from worker.ports.state.access import Visit
from worker.ports.state.overview import JournalFilter, Period, TicketFilter
from worker.ports.state.store import Store, UnitOfWork

AWAY = timedelta(hours=1)  # without a look: the next one is a new visit
KEPT_EVERY = timedelta(minutes=1)  # a page that renews itself does not write each time
COUNTED_MAX = 1000  # more is "1000+"
FAILURES_MAX = 100


@dataclass(frozen=True, slots=True)
class Since:
    """Tickets since `at`: opened, verified, and fallen due and still open; and the sources that a read failed of."""

    at: datetime
    opened: int
    verified: int
    overdue: int
    failed: tuple[str, ...]

    @property
    def is_quiet(self) -> bool:
        """True if there was none of it."""
        return not (self.opened or self.verified or self.overdue or self.failed)


def with_look(kept: Visit | None, now: datetime) -> Visit:
    """Return the visit in which a person looks at `now`: the one that is kept, or a new one to keep in its place."""
    if kept is None:
        return Visit(now)
    if now - kept.last_at < KEPT_EVERY:
        return kept
    return Visit(now, kept.before_at if now - kept.last_at < AWAY else kept.last_at)


def keep_visit(store: Store, who: str, visit: Visit) -> None:
    """Keep when a person looked."""
    with store.begin() as uow:
        uow.access.keep_visit(who, visit)


def since(uow: UnitOfWork, at: datetime, now: datetime) -> Since:
    """What changed from `at` to `now`."""
    see, period = uow.overview, Period(at)
    failures = see.journal(JournalFilter(kind=events.SOURCE_FAILED, from_at=at), None, FAILURES_MAX)
    return Since(
        at,
        opened=see.how_many(TicketFilter(opened=period), COUNTED_MAX),
        verified=see.how_many(TicketFilter(verified=period), COUNTED_MAX),
        overdue=see.how_many(TicketFilter(overdue_at=now, due=period), COUNTED_MAX),
        failed=tuple(sorted({sealed.entry.subject.removeprefix("source:") for sealed in failures})),
    )
