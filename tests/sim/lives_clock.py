"""Clocks of the slow reference: every question is answered by reading the clock on the wall, five minutes at a time.

An instant is a number of units since START, a day a number of days since START's, a reading a number of minutes since
START's midnight as the wall shows it. Nothing here is the worker's: zones come from zoneinfo, holidays from `holidays`.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

START = datetime(2026, 1, 1, tzinfo=UTC)
YEARS = 10
UNIT = timedelta(minutes=5)
HOUR = 12  # in units
DAY = 24 * HOUR
END = int((START.replace(year=START.year + YEARS) - START) / UNIT)

_MARGIN = 60 * DAY  # what is asked of the time around the ten years
_FLAT = 6  # units: no zone of the simulation changes its offset more often
_NEARBY = 3 * HOUR  # no clock is moved by more
_UNKNOWN = -32768
_MINUTES_A_DAY = 24 * 60
_NO, _YES = 1, 2


def instant(unit: int) -> datetime:
    """The instant (aware UTC) of a unit."""
    return START + unit * UNIT


def unit_of(moment: datetime) -> int:
    """The unit of an aware instant. Raises ValueError for an instant between two units."""
    units, rest = divmod(moment - START, UNIT)
    if rest:
        raise ValueError(f"{moment} lies between two units")
    return units


def day_of(text: str) -> int:
    """The number of a day, such as 2026-03-29."""
    return (date.fromisoformat(text) - START.date()).days


class Wall:
    """The clock on the wall of one zone (IANA)."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._offsets = array("h", [_UNKNOWN]) * ((END + 2 * _MARGIN) // _FLAT)

    def _offset(self, unit: int) -> int:
        """Minutes east of UTC."""
        place = (unit + _MARGIN) // _FLAT
        if self._offsets[place] == _UNKNOWN:
            ahead = instant(unit).astimezone(self._zone).utcoffset() or timedelta()
            self._offsets[place] = int(ahead / timedelta(minutes=1))
        return self._offsets[place]

    def reading(self, unit: int) -> int:
        """What it shows."""
        return unit * 5 + self._offset(unit)

    def highest(self, unit: int) -> int:
        """The furthest that it has shown so far: what it would show if it never went back."""
        if self._offset(unit) == self._offset(unit - _NEARBY):
            return self.reading(unit)
        return max(self.reading(one) for one in range(unit - _NEARBY, unit + 1))

    def lowest(self, unit: int) -> int:
        """The least that it will show from now on."""
        if self._offset(unit) == self._offset(unit + _NEARBY):
            return self.reading(unit)
        return min(self.reading(one) for one in range(unit, unit + _NEARBY + 1))

    def is_within(self, unit: int, since: int, until: int) -> bool:
        """Whether the time from the first showing of one reading to the last of another has this unit."""
        return self.highest(unit) >= since and self.lowest(unit) < until

    def day(self, unit: int) -> int:
        return self.reading(unit) // _MINUTES_A_DAY


@cache
def wall(zone: str) -> Wall:
    """One clock for each zone, which remembers what it was asked."""
    return Wall(zone)


@cache
def _holidays(country: str) -> frozenset[int]:
    years = range(START.year - 1, START.year + YEARS + 2)
    known = holidays.country_holidays(country, years=years)
    return frozenset((day - START.date()).days for day in known)


def is_holiday(country: str, day: int) -> bool:
    return day in _holidays(country)


def weekday(day: int) -> int:
    """Monday 0."""
    return (START.weekday() + day) % 7


def minutes(text: str) -> int:
    """`18:30`, in minutes since midnight."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


class Hours(NamedTuple):
    """From one time of day to another, which is on the next day if it isn't later; on these days (Monday 0)."""

    opens: str
    closes: str
    days: frozenset[int] = frozenset(range(7))

    def on(self, day: int) -> tuple[int, int]:
        """The readings of the beginning and the end on a day."""
        opens, closes = minutes(self.opens), minutes(self.closes)
        midnight = day * _MINUTES_A_DAY
        return midnight + opens, midnight + closes + (0 if opens < closes else _MINUTES_A_DAY)


class Nights:
    """When one person may not be told: by the wall clock of their zone, and the holidays of their country."""

    def __init__(self, zone: str, country: str, quiet: Hours) -> None:
        self._wall, self._country, self._quiet = wall(zone), country, quiet
        self._known = bytearray(END + 2 * _MARGIN)

    def has(self, unit: int) -> bool:
        place = unit + _MARGIN
        if not self._known[place]:
            self._known[place] = _YES if self._look(unit) else _NO
        return self._known[place] == _YES

    def _look(self, unit: int) -> bool:
        today = self._wall.day(unit)
        for day in (today - 1, today, today + 1):
            if weekday(day) in self._quiet.days and self._wall.is_within(unit, *self._quiet.on(day)):
                return True
            midnight = day * _MINUTES_A_DAY
            is_off = is_holiday(self._country, day)
            if is_off and self._wall.is_within(unit, midnight, midnight + _MINUTES_A_DAY):
                return True
        return False


@cache
def nights(zone: str, country: str, quiet: Hours) -> Nights:
    """One for each sort of person; it remembers."""
    return Nights(zone, country, quiet)


class Business:
    """Business time: it counts while the wall clock shows an open time of a working day. No hours: all time counts."""

    def __init__(self, hours: Hours | None, zone: str, country: str) -> None:
        self._wall, self._country, self._hours = wall(zone), country, hours
        self._known = bytearray(END + 2 * _MARGIN)
        self.after = lru_cache(maxsize=4096)(self._after)

    def is_open(self, unit: int) -> bool:
        if self._hours is None:
            return True
        place = unit + _MARGIN
        if not self._known[place]:
            self._known[place] = _YES if self._look(unit, self._hours) else _NO
        return self._known[place] == _YES

    def _look(self, unit: int, hours: Hours) -> bool:
        shown, day = self._wall.reading(unit), self._wall.day(unit)
        opens, closes = hours.on(day)
        return opens <= shown < closes and weekday(day) in hours.days and not is_holiday(self._country, day)

    def _after(self, unit: int, amount: int) -> int:
        """The first open unit at which so many open units have gone by."""
        if self._hours is None:
            return unit + amount
        while amount or not self.is_open(unit):
            amount -= self.is_open(unit)
            unit += 1
        return unit

    def between(self, since: int, until: int) -> int:
        """How many open units lie between."""
        if self._hours is None:
            return until - since
        return sum(self.is_open(unit) for unit in range(since, until))


@cache
def business(hours: Hours | None, zone: str, country: str) -> Business:
    """One for each calendar; it remembers."""
    return Business(hours, zone, country)


@dataclass(frozen=True)
class Turns:
    """People who take turns of whole days at a time of day, from a first day on; within hours of each day, if given."""

    people: tuple[str, ...]
    days: int
    handover: str
    first: str
    hours: Hours | None = None

    def on_call(self, clock: Wall, unit: int) -> set[str]:
        """Whose turn it is by this clock: two while an hour is repeated in which turns change; nobody outside hours."""
        today = clock.day(unit)
        hours = self.hours or Hours(self.handover, self.handover)
        if not any(
            weekday(day) in hours.days and clock.is_within(unit, *hours.on(day))
            for day in (today - 1, today, today + 1)
        ):
            return set()
        begin = day_of(self.first) * _MINUTES_A_DAY + minutes(self.handover)
        length = self.days * _MINUTES_A_DAY
        near = (clock.reading(unit) - begin) // length
        return {
            self.people[turn % len(self.people)]
            for turn in (near - 1, near, near + 1)
            if turn >= 0 and clock.is_within(unit, begin + turn * length, begin + (turn + 1) * length)
        }
