"""Which of two numbers is the month: decided over the whole file, or not at all. Pure.

03/04/2026 alone may be in March or April. A wrong guess would date a removal before or after a claim of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from connectors.kit.dates import DateOrder
from connectors.kit.whatsapp_export.heads import Head

YEAR_MIN, YEAR_MAX = 2009, 2100  # WhatsApp began in 2009
SLACK = timedelta(days=1)  # lines are in order, but for clocks that were set
AHEAD = timedelta(days=2)  # clocks go wrong, too


def written_at(head: Head, order: DateOrder) -> datetime | None:
    """Return the local time without a zone; None if there is no such day, or its calendar is not known."""
    month, day = head.first, head.second
    if not head.shape.is_year_first and order is DateOrder.DAY_FIRST:
        month, day = day, month
    if not YEAR_MIN <= head.year <= YEAR_MAX:
        return None
    try:
        return datetime(head.year, month, day, head.hour, head.minute, head.second_of)  # noqa: DTZ001  local
    except ValueError:
        return None


def is_possible(head: Head) -> bool:
    """Whether there is such a day, in one order or the other."""
    return any(written_at(head, order) for order in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST))


def instant(local: datetime, zone: tzinfo) -> datetime:
    """Return a local time of a zone as aware UTC."""
    return local.replace(tzinfo=zone).astimezone(UTC)


@dataclass(slots=True)
class _Side:
    """How a file reads under one order: lines without such a day, steps back in time, and times to come."""

    impossible: int = 0
    backwards: int = 0
    last: datetime | None = None

    def add(self, at: datetime | None, limit: datetime) -> None:
        if at is None or at > limit:
            self.impossible += 1
            return
        if self.last is not None and at < self.last - SLACK:
            self.backwards += 1
        self.last = at

    @property
    def faults(self) -> int:
        return self.impossible + self.backwards


@dataclass(slots=True)
class Orders:
    """Sees every head of a file, and decides between day first and month first."""

    now: datetime
    is_certain: bool = False  # the year comes first, or dots divide: no locale writes month.day.year
    _day: _Side = field(default_factory=_Side)
    _month: _Side = field(default_factory=_Side)

    def add(self, head: Head) -> None:
        """Take the next head of the file."""
        self.is_certain = head.shape.is_year_first or head.shape.mark == "."
        if self.is_certain:
            return
        self._day.add(written_at(head, DateOrder.DAY_FIRST), self.limit)
        self._month.add(written_at(head, DateOrder.MONTH_FIRST), self.limit)

    @property
    def limit(self) -> datetime:
        """The local time after which a line is surely of a wrong clock, or forged."""
        return self.now.replace(tzinfo=None) + AHEAD

    def is_past(self, head: Head) -> bool:
        """Whether a line may have been written by now, in one order or the other."""
        both = (written_at(head, order) for order in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST))
        return any(at is not None and at <= self.limit for at in both)

    def decided(self) -> DateOrder | None:
        """Return the file's order: the one that fits, while the other does not; None if both can be.

        A message that quotes a head may spoil the right one a little, so less than half of the other's faults will do.
        """
        day, month = self._day.faults, self._month.faults
        if self.is_certain or day * 2 < month:
            return DateOrder.DAY_FIRST
        return DateOrder.MONTH_FIRST if month * 2 < day else None
