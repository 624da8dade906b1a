"""Dates as exports write them: ISO, generalized time, FILETIME, and the forms of many locales.

    text -> parts (day and month still in written order) -> Stamp in UTC, or Unreadable

The text alone does not show whether 03/04/2026 is in March or April: `DateOrder` is decided from a whole column
(survey.py) and passed in. A wrong guess here would remove somebody on the wrong day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum

from connectors.kit.text import quoted

# Regions that write the month first. Source: CLDR short date patterns, read 2026-11.
MONTH_FIRST_REGIONS = frozenset({"US", "PH", "PW", "FM", "MH", "GU", "AS", "MP", "PR", "VI", "UM"})
FILETIME_NEVER = 0x7FFFFFFFFFFFFFFF  # accountExpires: 0 and this are "never" (MS-ADA1 2.1)
FILETIME_PER_SECOND = 10_000_000
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER_UNTIL_YEAR = 1601  # [datetime]::FromFileTime(0) is how scripts print "never"
_NEVER_FROM_YEAR = 9999
_CENTURY = 2000
_NOON = 12
_AFTER_NOON = frozenset("pمμ")  # how PM begins in Latin, Arabic and Greek letters; AM: a, ص, π


class DateOrder(StrEnum):
    """The order of day and month in a column; a MIXED one has both, so each value has to be clear by itself."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    MIXED = "mixed"


class Unreadable(ValueError):
    """The text is not certainly a date; the message says why."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date as it was written: an instant (aware UTC), or a local day, which is midnight in that zone.

    `is_day` is true for a date without a time, and for one at midnight without a zone, which is
    how PowerShell and Excel print a day. `written_in` is the zone that was written beside a time.
    """

    at: datetime
    is_day: bool
    zone: tzinfo
    written_in: tzinfo = UTC

    @property
    def day_end_at(self) -> datetime:
        """The instant itself, or the local midnight that ends the day."""
        return self._end_of_day_in(self.zone) if self.is_day else self.at

    @property
    def last_day_end_at(self) -> datetime:
        """The instant at which a last working day is over.

        HR feeds write a day into attributes that are instants: as midnight in the feed's zone, in UTC, or in the
        local zone. Nobody must be removed at the beginning of their last day.
        """
        midnights = (z for z in (self.written_in, UTC, self.zone) if self.at.astimezone(z).time() == time())
        return next((self._end_of_day_in(zone) for zone in midnights), self.at)

    def _end_of_day_in(self, zone: tzinfo) -> datetime:
        """The local midnight that ends the day of `at` in a given zone."""
        return _local(self.at.astimezone(zone).date() + timedelta(days=1), time(), self.zone)


_TIME = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s?(?P<half>[ap]\.?\s?m\.?|[صم]|[πμ]\.?\s?μ\.?)?"
)
_ZONE = r"\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<first>\d{{1,2}})[-/.](?P<second_part>\d{{1,2}})\.?(?:(?:T|,?\s){_TIME}{_ZONE})?",
    re.IGNORECASE,
)
_YEAR_LAST = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<mark>[-/.])\s?(?P<second_part>\d{{1,2}})(?P=mark)\s?(?P<year>\d{{4}}|\d{{2}})\.?"
    rf"(?:,?\s{_TIME}{_ZONE})?",
    re.IGNORECASE,
)
_GENERALIZED = re.compile(
    r"(?P<year>\d{4})(?P<first>\d{2})(?P<second_part>\d{2})"
    r"(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?:[.,]\d+)?(?P<zone>Z|[+-]\d{4})?)?"
)
_FILETIME = re.compile(r"-?\d{15,19}|0|-1")
_EXCEL_NEVER = re.compile(r"9[.,]22\d*E\+?18", re.IGNORECASE)
_EXCEL_ROUNDED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)


def written_order(text: str) -> DateOrder | None:
    """The order that this value proves for its column; None if both of its numbers could be the month."""
    match = _YEAR_LAST.fullmatch(_tidy(text))
    if match is None:
        return None
    if match["mark"] == ".":
        return DateOrder.DAY_FIRST  # no locale writes month.day.year
    first, second = int(match["first"]), int(match["second_part"])
    if first > _NOON >= second:
        return DateOrder.DAY_FIRST
    if second > _NOON >= first:
        return DateOrder.MONTH_FIRST
    return None


def is_order_open(text: str) -> bool:
    """True if the value can only be read with the column's order."""
    match = _YEAR_LAST.fullmatch(_tidy(text))
    return match is not None and match["first"] != match["second_part"] and written_order(text) is None


def parse(text: str, zone: tzinfo, order: DateOrder) -> Stamp | None:
    """Read one value; None means "never" (FILETIME 0 and maximum, the years 1601 and 9999).

    A value without a zone is local to `zone`. Raises Unreadable.
    """
    tidy = _tidy(text)
    if _EXCEL_NEVER.fullmatch(tidy):
        return None  # Excel rounds 9223372036854775807 to 9.22337E+18
    if _EXCEL_ROUNDED.fullmatch(tidy):
        raise Unreadable(
            f"{quoted(text)} was rounded by Excel; export again and do not save the file in Excel"
        )
    if _FILETIME.fullmatch(tidy):
        if tidy.startswith("-"):
            raise Unreadable(f"{quoted(text)} is not a FILETIME")
        return filetime(int(tidy), zone)
    match = _YEAR_FIRST.fullmatch(tidy) or _GENERALIZED.fullmatch(tidy)
    if match is not None:
        return _stamp(match, int(match["first"]), int(match["second_part"]), text, zone)
    match = _YEAR_LAST.fullmatch(tidy)
    if match is None:
        raise Unreadable(f"{quoted(text)} is not a date that we know")
    month, day = _month_and_day(match, text, order)
    return _stamp(match, month, day, text, zone)


def filetime(ticks: int, zone: tzinfo) -> Stamp | None:
    """Read a count of 100 ns since 1601 (0 or more); None means "never": 0, the maximum, the years from 9999."""
    if ticks in {0, FILETIME_NEVER}:
        return None
    try:
        at = _FILETIME_EPOCH + timedelta(seconds=ticks // FILETIME_PER_SECOND)
    except OverflowError:
        return None
    return Stamp(at, is_day=False, zone=zone) if at.year < _NEVER_FROM_YEAR else None


def _tidy(text: str) -> str:
    # .NET on ICU puts U+202F before AM and PM; Windows puts U+200E and U+200F into dates of some locales.
    return re.sub(r"\s+", " ", re.sub("[\u200e\u200f]", "", text)).strip()


def _month_and_day(match: re.Match[str], text: str, order: DateOrder) -> tuple[int, int]:
    first, second = int(match["first"]), int(match["second_part"])
    own = written_order(text)
    if own is None and first != second and order is DateOrder.MIXED:
        raise Unreadable(
            f"{quoted(text)} can be two days: nothing beside it says whether the day or the month comes first"
        )
    if own is not None and order is not DateOrder.MIXED and match["mark"] != "." and own is not order:
        raise Unreadable(f"{quoted(text)} does not have its {order.value}, as the column has")
    return (first, second) if (own or order) is DateOrder.MONTH_FIRST else (second, first)


def _stamp(match: re.Match[str], month: int, day: int, text: str, zone: tzinfo) -> Stamp | None:
    year = int(match["year"])
    if len(match["year"]) == len("26"):  # but not 0001, which is .NET's DateTime.MinValue
        year += _CENTURY
    if year <= _NEVER_UNTIL_YEAR or year >= _NEVER_FROM_YEAR:
        return None
    try:
        on = date(year, month, day)
        clock = _clock(match)
        own_zone = _zone(match["zone"]) if clock is not None else None
    except ValueError as error:
        raise Unreadable(f"{quoted(text)} is not a date that exists") from error
    is_day = own_zone is None and clock in {None, time()}
    written_in = own_zone or zone
    return Stamp(_local(on, clock or time(), written_in), is_day=is_day, zone=zone, written_in=written_in)


def _clock(match: re.Match[str]) -> time | None:
    if match["hour"] is None:
        return None
    hour = int(match["hour"])
    half = (match.groupdict().get("half") or "")[:1].lower()
    if half:
        if not 1 <= hour <= _NOON:
            raise ValueError(hour)
        hour = hour % _NOON + (_NOON if half in _AFTER_NOON else 0)
    return time(hour, int(match["minute"]), int(match["second"] or 0))


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    away = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-away if text[0] == "-" else away)


def _local(on: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(on, at, tzinfo=zone).astimezone(UTC)
