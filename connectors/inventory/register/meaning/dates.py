"""Days and instants as registers write them, and the instant that a register is true for. Pure.

A day without a time begins at local midnight. A register's day means the earliest instant that it can mean: the
roster may later prove that somebody was removed, so it must not claim to be younger than it is.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

from connectors.inventory.register.formats.table import Table, Unreadable, Value, is_blank
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.headings import HEADER_ROWS_MAX, label_before
from connectors.inventory.register.meaning.words import plain
from connectors.kit.dates import MONTH_FIRST_REGIONS

LANGUAGES = ("en", "ar", "de", "fr", "es", "pt", "ar_LB")  # the last one for the Levant's names of months
EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(20_000, 80_000)  # 1954 to 2119: other numbers in a column of days are no days
YEARS = range(1970, 2200)  # a date outside is a slip of the keyboard
LABEL_REACH = 4  # how many cells to the right of its label a date may stand

_NUMERIC = re.compile(
    r"(\d{1,4})\s*([./\-])\s*(\d{1,2})\s*\2\s*(\d{2,4})\b[,\s]*+(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?(.*)"
)
_WORDED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+|of\s+)?([^\W\d]+)\.?,?\s+(?:de\s+)?(\d{4})"
)
_ZONE = re.compile(r"(?<!\s)\s*(?:UTC|GMT)$")
_WORDED_US = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")


@dataclass(frozen=True, slots=True)
class AsOf:
    """The date cell of a table: its place, its text, and its meaning; `at` is None if it can't be understood."""

    place: str
    at: date | datetime | None


def day_or_instant(value: Value, region: str) -> date | datetime | None:
    """Return a date cell's value: a date, or a datetime (aware if it names a zone); None if it is neither.

    ISO, ``24.11.2026``, ``24/11/2026`` (month first where `region` writes it so), ``24 November 2026`` in six
    languages, digits of any script, and Excel's serial numbers.
    """
    said = _said(value, region)
    return said if said and said.year in YEARS else None


def is_never(value: Value, region: str) -> bool:
    """True of a day in the year 9999, which people write for a day that never comes."""
    said = _said(value, region)
    return said is not None and said.year == date.max.year


def instant(day: date | datetime, timezone: str) -> datetime:
    """Return the aware UTC instant: a day begins at local midnight, a time without zone is local."""
    zone = ZoneInfo(timezone)
    if not isinstance(day, datetime):
        return datetime.combine(day, time(), zone).astimezone(UTC)
    return (day if day.tzinfo else day.replace(tzinfo=zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Dating:
    """Works out the instant that a register's date means. `modified_at` is the file's, `now` the clock's; aware UTC."""

    modified_at: datetime
    now: datetime
    timezone: str

    @property
    def file_at(self) -> datetime:
        """The file's own time, which counts if the register has no date; never later than now."""
        return min(self.modified_at, self.now)

    def taken_at(self, said: date | datetime) -> datetime | None:
        """Return the instant (aware UTC) that a register with this date is true for; None if it is in the future.

        The day on which the file was last written means the moment of writing, so that a correction on the same
        afternoon counts. Any other day means its beginning.
        """
        local_day = self.file_at.astimezone(ZoneInfo(self.timezone)).date()
        if not isinstance(said, datetime) and said == local_day:
            return self.file_at
        at = instant(said, self.timezone)
        return at if at <= self.now else None


def find_as_of(table: Table, header_row: int, region: str) -> AsOf | None:
    """Return the date beside a label ("as of", "Stand", "بتاريخ"…) above the header, or in the text
    above it.
    """
    for text in table.lead:
        if found := _inline(text, f"the text above {table.name}", region):
            return found
    for number, row in enumerate(table.rows[: min(header_row, HEADER_ROWS_MAX)]):
        for column, value in enumerate(row):
            if not isinstance(value, str):
                continue
            if found := _inline(value, table.place(number, column), region):
                return found
            if label_before(value, words.AS_OF_LABELS) == "" and (
                found := _beside(table, number, column, region)
            ):
                return found
    return None


def _inline(text: str, place: str, region: str) -> AsOf | None:
    """Return the date of "Stand: 24.11.2026". Without a colon a title may begin with the same word
    ("Data protection").
    """
    rest = label_before(text, words.AS_OF_LABELS)
    if not rest:
        return None
    said = day_or_instant(rest, region)
    return AsOf(place, said) if said or ":" in text[: len(text) - len(rest)] else None


def _beside(table: Table, number: int, column: int, region: str) -> AsOf | None:
    cells = table.rows[number][column + 1 : column + 1 + LABEL_REACH]
    for at, value in enumerate(cells, start=column + 1):
        if isinstance(value, Unreadable) or not is_blank(value):
            return AsOf(table.place(number, at), day_or_instant(value, region))
    return None


def _said(value: Value, region: str) -> date | datetime | None:
    if isinstance(value, date):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return EXCEL_EPOCH + timedelta(days=int(value)) if int(value) in EXCEL_DAYS else None
    if not isinstance(value, str):
        return None
    text = _latin_digits(value).strip()
    return _iso(text) or _numeric(text, region) or _worded(text)


def _latin_digits(text: str) -> str:
    if text.isascii():
        return text
    kept = (c for c in text if unicodedata.category(c) != "Cf")
    return "".join(str(unicodedata.decimal(c, c)) for c in kept)


def _iso(text: str) -> date | datetime | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(_ZONE.sub("+00:00", text))
    except ValueError:
        return None


def _numeric(text: str, region: str) -> date | datetime | None:
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    first, mark, second, third, hour, minute, seconds, rest = match.groups()
    if plain(rest):
        return None
    year, month, day = (first, second, third) if len(first) == len("2026") else (third, second, first)
    if mark == "/" and region in MONTH_FIRST_REGIONS and year is third:
        month, day = day, month
    if len(year) not in {2, 4}:
        return None
    found = _date(int(year) + (2000 if len(year) == len("26") else 0), int(month), int(day))
    if found is None or hour is None:
        return found
    try:
        return datetime.combine(found, time(int(hour), int(minute), int(seconds or 0)))
    except ValueError:
        return None


def _worded(text: str) -> date | None:
    if match := _WORDED.fullmatch(text):
        day, month, year = match.groups()
    elif match := _WORDED_US.fullmatch(text):
        month, day, year = match.groups()
    else:
        return None
    number = _months().get(plain(month))
    return _date(int(year), number, int(day)) if number else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    return {
        plain(name): number
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, locale=language).items()
    }
