"""The head of a line: when it was written, in which shape, and what comes after it. Pure.

    12/03/2026, 10:15 - Amina removed Bob          Android
    [12.03.26, 10:15:02] Ward 7: ...               iOS; a mark of direction may come before the bracket
    [14:56:01, 3/18/22]  [3/18/2565 BE, 14:56:01]  [12.3.2022 klo 14.08.18]  2026/03/12, 10:15 a.m. -

All lines of one export have one shape, since the phone's settings at the time of the export make it. A line of
another shape is the continuation of a message that quotes an export.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from connectors.kit.whatsapp_export.events import Platform
from connectors.kit.whatsapp_export.text import MARKS, plain

HEAD_MAX = 64  # letters
MARKS_MAX = 4  # before a head
_YEAR_DIGITS, _HALF_DAY, _NIGHT = 4, 12, 24
_ERAS = {"BE": -543, "B.E.": -543, "พ.ศ.": -543, "AD": 0, "R": 2018, "Reiwa": 2018, "令和": 2018,
         "H": 1988, "Heisei": 1988, "平成": 1988}  # fmt: skip


def _words(text: str) -> list[str]:
    return text.split()


# Twelve-hour clocks, without dots and spaces (CLDR's day periods); `klo` and the like only mean "at"
_HALVES = {
    **dict.fromkeys(_words("am ص صباحا صباحًا vorm fm ap öö 午前 上午 오전 पूर्वाह्न dop πμ sa pg de"), 0),
    **dict.fromkeys(_words("pm م مساء مساءً nachm em ip ös 午後 下午 오후 अपराह्न odp μμ ch ptg du"), 12),
}
_AT = frozenset(_words("klo kl um at à às om alle"))

_ERA = "|".join(map(re.escape, sorted(_ERAS, key=len, reverse=True)))
_DATE = (
    rf"(?:(?P<era1>{_ERA})\s?)?(?P<a>[0-9]{{1,4}})(?P<mark>[./-])\s?(?P<b>[0-9]{{1,2}})(?P=mark)\s?"
    rf"(?P<c>[0-9]{{1,4}})\.?(?:\s?(?P<era2>{_ERA}))?"
)
_HALF = r"[^\W0-9_][^0-9\[\]:,/]{0,13}"
_TIME = (
    rf"(?:(?P<half1>{_HALF}))?(?P<hour>[0-9]{{1,2}})[:.](?P<minute>[0-9]{{2}})(?:[:.](?P<second>[0-9]{{2}}))?"
    rf"(?:\s?(?P<half2>{_HALF}))?"
)
_DATE_FIRST = re.compile(rf"{_DATE}(?P<comma>,?)\s{_TIME}")
_TIME_FIRST = re.compile(rf"{_TIME}(?P<comma>,?)\s{_DATE}")


class Shape(NamedTuple):
    """What all heads of one file have in common."""

    platform: Platform
    mark: str
    is_year_first: bool
    is_year_long: bool
    has_comma: bool
    has_seconds: bool
    has_half: bool
    is_time_first: bool
    has_era: bool


class Head(NamedTuple):
    """A time as it was written. `first` and `second` are day and month in an order that only the file shows.

    Of a year that is written first, they are month and day. `year` is of the Gregorian calendar, or as it was
    written if that is not known.
    """

    shape: Shape
    year: int
    first: int
    second: int
    hour: int
    minute: int
    second_of: int


def split(line: str) -> tuple[Head, str] | None:
    """Return a line's head and what comes after it; None for a line that goes on with a message."""
    at = 0
    while at < MARKS_MAX and line[at : at + 1] in MARKS:
        at += 1
    start = line[at : at + 1]
    if start == "[":
        end, after, platform = line.find("]", at, at + HEAD_MAX), 1, Platform.IOS
    elif start.isdecimal():
        end, after, platform = line.find(" - ", at, at + HEAD_MAX), 3, Platform.ANDROID
    else:
        return None
    if end < 0:
        return None
    head = _head(line[at + (platform is Platform.IOS) : end], platform)
    return head and (head, line[end + after :].removeprefix(" " if after == 1 else ""))


@lru_cache(maxsize=4096)
def _head(written: str, platform: Platform) -> Head | None:
    text = plain(written).strip()
    match = _DATE_FIRST.fullmatch(text)
    is_time_first = match is None
    match = match or _TIME_FIRST.fullmatch(text)
    if match is None:
        return None
    half = _half(match["half1"], match["half2"])
    year, first, second = match["a"], match["b"], match["c"]
    is_year_first = len(year) == _YEAR_DIGITS or bool(match["era1"])
    if not is_year_first:
        first, second, year = year, first, second
    hour = _hour(int(match["hour"]), half)
    if half is _UNKNOWN or hour is None or len(first) > 2 or len(second) > 2:  # noqa: PLR2004  two digits
        return None
    era = match["era1"] or match["era2"] or ""
    shape = Shape(
        platform,
        match["mark"],
        is_year_first,
        len(year) == _YEAR_DIGITS,
        bool(match["comma"]),
        match["second"] is not None,
        half is not None,
        is_time_first,
        bool(era),
    )
    return Head(
        shape,
        _year(int(year), era),
        int(first),
        int(second),
        hour,
        int(match["minute"]),
        int(match["second"] or 0),
    )


_UNKNOWN = -1
_BUDDHIST, _BUDDHIST_END, _CENTURY = 2400, 2800, 2000


def _half(before: str | None, after: str | None) -> int | None:
    """Return 0 or 12 for a half of the day, None for none, `_UNKNOWN` for another word."""
    words = ["".join(word.casefold().replace(".", " ").split()) for word in (before, after) if word]
    words = [word for word in words if word not in _AT]
    if not words:
        return None
    return _HALVES.get(words[0], _UNKNOWN) if len(words) == 1 else _UNKNOWN


def _hour(hour: int, half: int | None) -> int | None:
    if half is None:
        return hour if hour < _NIGHT else None
    return hour % _HALF_DAY + half if hour <= _HALF_DAY else None


def _year(year: int, era: str) -> int:
    """Return the Gregorian year. A Thai phone writes 2569 without an era; Persian and Islamic years stay."""
    if era:
        return year + _ERAS[era]
    if year < 100:  # noqa: PLR2004  two digits
        return _CENTURY + year
    return year - 543 if _BUDDHIST <= year < _BUDDHIST_END else year
