"""Exposed member-hours: how long people who have left stay in groups, month by month. Pure.

    stays -> the part of each that lies in a month -> sums by department, messenger and sensitivity

A stay is one leaving and one group. It counts from the leaving to the proof that the person is out, or to now. A stay
that somebody only says has ended counts apart, up to that claim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import NamedTuple

from worker.domain.escalation.wall_clock import first_showing, local_day
from worker.domain.model import AccountKey, GroupKey

_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)
_TENTHS, _NINE = 10, 9


class Month(NamedTuple):
    """A month of the organisation's calendar: `name` is YYYY-MM, from its first instant to that of the next one."""

    name: str
    starts_at: datetime
    ends_at: datetime


def month_of(timezone: str, day: date) -> Month:
    """The month that a local day lies in; `timezone` is IANA."""
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    starts, ends = (first_showing(timezone, one, time()) for one in (first, following))
    return Month(f"{first:%Y-%m}", starts, ends)


def months_until(timezone: str, day: date, count: int) -> list[Month]:
    """The last `count` months up to that of a local day, the oldest first."""
    found = [month_of(timezone, day)]
    while len(found) < count:
        found.insert(0, month_of(timezone, local_day(timezone, found[0].starts_at) - timedelta(days=1)))
    return found


@dataclass(frozen=True, slots=True)
class Stay:
    """One leaving, and one group that the person was still in, or is.

    `department` is the person's, empty if unknown. `is_sensitive` is None if no ticket says. `is_first_sight`: the
    directory gives no date, so that `left_at` is when its state was first seen. `ended_at`: None while it lasts.
    `is_claimed`: somebody says that it has ended, and nothing else shows it.
    """

    person: AccountKey
    group: GroupKey
    department: str
    messenger: str
    left_at: datetime
    is_sensitive: bool | None = False
    is_first_sight: bool = False
    ended_at: datetime | None = None
    is_claimed: bool = False


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """What was exposed in one month, of one department, messenger and sensitivity.

    `department` is empty if unknown, and None for several small ones together. `claimed` is no part of `exposed`.
    `still_open`: stays that went on at the month's end, or go on now. `median` and `p90` are the times from leaving to
    proof of what was proven in the month; None if nothing was. `first_sight`: stays that count from first sight.
    """

    department: str | None
    messenger: str
    is_sensitive: bool
    exposed: timedelta
    claimed: timedelta
    still_open: int
    median: timedelta | None
    p90: timedelta | None
    first_sight: int


@dataclass(frozen=True, slots=True)
class ExposedMonth:
    """One month with its rows, the most hours first, and all of them together.

    `is_recorded` is false if it ended before the journal began: then nothing is known of it but what rows say.
    """

    month: Month
    rows: Sequence[ExposureRow]
    total: ExposureRow
    is_recorded: bool = True


@dataclass(slots=True)
class _Sum:
    exposed: timedelta = _NOTHING
    claimed: timedelta = _NOTHING
    still_open: int = 0
    first_sight: int = 0
    took: list[timedelta] = field(default_factory=list)

    def add(self, stay: Stay, month: Month, now: datetime) -> None:
        until = min(stay.ended_at or now, now, month.ends_at)
        within = max(until - max(stay.left_at, month.starts_at), _NOTHING)
        if stay.is_claimed:
            self.claimed += within
        else:
            self.exposed += within
        self.first_sight += stay.is_first_sight
        last = min(now, month.ends_at)
        self.still_open += stay.ended_at is None or stay.ended_at > last
        if stay.ended_at and not stay.is_claimed and month.starts_at <= stay.ended_at < month.ends_at:
            self.took.append(max(stay.ended_at - stay.left_at, _NOTHING))

    def merge(self, other: _Sum) -> None:
        self.exposed += other.exposed
        self.claimed += other.claimed
        self.still_open += other.still_open
        self.first_sight += other.first_sight
        self.took += other.took


class _Kept(NamedTuple):
    """What hours are summed by."""

    department: str | None
    messenger: str
    is_sensitive: bool


class ExposedHours:
    """Sums stays, one after the other, for several months at once. Keeps sums, and no stay."""

    def __init__(self, months: Sequence[Month], now: datetime) -> None:
        self._now = now
        self._months = {month: dict[_Kept, _Sum]() for month in months if month.starts_at <= now}

    def add(self, stays: Iterable[Stay]) -> None:
        """Count stays; what lies in none of the months adds nothing."""
        for stay in stays:
            where = _Kept(stay.department, stay.messenger, bool(stay.is_sensitive))
            for month, sums in self._months.items():
                begins_before = stay.left_at < min(month.ends_at, self._now)
                if begins_before and (stay.ended_at is None or stay.ended_at >= month.starts_at):
                    sums.setdefault(where, _Sum()).add(stay, month, self._now)

    @property
    def departments(self) -> set[str]:
        """The departments of all months, without the unknown one."""
        return {where.department for sums in self._months.values() for where in sums if where.department}

    def rows(self, month: Month, small: Collection[str] = ()) -> list[ExposureRow]:
        """The sums of a month, the most hours first; the `small` departments are one."""
        merged: dict[_Kept, _Sum] = {}
        for where, one in self._months.get(month, {}).items():
            kept = where._replace(department=None) if where.department in small else where
            merged.setdefault(kept, _Sum()).merge(one)
        rows = [_row(where, one) for where, one in merged.items()]
        return sorted(
            rows, key=lambda row: (-row.exposed, row.department or "", row.messenger, row.is_sensitive)
        )

    def total(self, month: Month) -> ExposureRow:
        """All of a month together; its department is None, and its messenger empty."""
        everything = _Sum()
        for one in self._months.get(month, {}).values():
            everything.merge(one)
        return _row(_Kept(None, "", is_sensitive=False), everything)


def _row(where: _Kept, one: _Sum) -> ExposureRow:
    took = sorted(one.took)
    return ExposureRow(
        *where, one.exposed, one.claimed, one.still_open, _median(took), _p90(took), one.first_sight
    )


def _median(took: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(one.total_seconds() for one in took)) if took else None


def _p90(took: Sequence[timedelta]) -> timedelta | None:
    """The shortest time that nine in ten did not exceed."""
    return took[-(-len(took) * _NINE // _TENTHS) - 1] if took else None


def hours(span: timedelta) -> float:
    """A time in hours, to a hundredth."""
    return round(span / _HOUR, 2)
