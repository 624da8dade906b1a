"""A language as the rest of the code uses it: sentences, plural forms, numbers, dates.

The English text is the key of its translation. Here are the port and plain English; `worker.languages` has the
others. `N_` marks a text that is declared as data and said later. `make messages` collects the texts inside `say`,
`count` and `N_`, and those of reasons (`reason`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from worker.domain.text.direction import isolated

_SHORT = {"day": "d", "hour": "h", "minute": "min"}
_PLACE = re.compile(r"\{(\w+)\}")


class Tongue(Protocol):
    """One language, in one region's way of writing numbers and dates."""

    @property
    def code(self) -> str:
        """BCP 47, for the `lang` of a page."""

    @property
    def is_rtl(self) -> bool:
        """True if it is written from right to left."""

    def say(self, text: str, **values: object) -> str:
        """The translation of an English text with its {named} values filled in.

        A value is plain text and never a template; one that runs the other way is isolated. Whole numbers are
        written by `number`. Raises KeyError for a name without a value.
        """

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """As `say`, in the language's plural form for `n`; {n} is the number."""

    def number(self, n: int) -> str:
        """A whole number with the language's digits and grouping."""

    def percent(self, share: float) -> str:
        """A share (1 is all) as a percentage, with as many decimals as it has."""

    def instant(self, at: datetime, timezone: str) -> str:
        """Weekday, date, time and zone of an aware instant, in an IANA time zone."""

    def moment(self, at: datetime, timezone: str, now: datetime) -> str:
        """Weekday, date and time of an aware instant in an IANA time zone that is named elsewhere.

        The year is left out if it is that of `now`.
        """

    def day(self, on: date, today: date | None = None) -> str:
        """A date without its weekday; without its year if it is that of `today`."""

    def span(self, length: timedelta) -> str:
        """A length of time in its two largest units of days, hours and minutes, rounded down; one minute at least."""


class Languages(Protocol):
    """All languages that there are."""

    def of(self, code: str | None) -> Tongue:
        """The language for a directory's or browser's code; the organisation's if the code means none."""

    def best(self, wanted: Sequence[str]) -> Tongue:
        """The language of the first known code, else the organisation's."""


def parts_of(length: timedelta) -> list[tuple[str, int]]:
    """The two largest units of a length of time (day, hour, minute) with their numbers; those that are 0 are left out.

    Rounded down, and one minute at least.
    """
    minutes = max(int(length / timedelta(minutes=1)), 1)
    days, rest = divmod(minutes, 24 * 60)
    parts = [("day", days), ("hour", rest // 60), ("minute", rest % 60)]
    first = next(at for at, (_, number) in enumerate(parts) if number)
    return [(unit, number) for unit, number in parts[first : first + 2] if number]


def N_(text: str) -> str:  # noqa: N802  gettext's name for it, which translators' tools know
    """Mark a text that is translated later, when it is said."""
    return text


def fill(template: str, values: Mapping[str, object], tongue: Tongue) -> str:
    """The template with its {named} values, filled in one pass: braces inside a value are plain text."""
    return _PLACE.sub(lambda place: _written(values[place[1]], tongue), template)


def _written(value: object, tongue: Tongue) -> str:
    if isinstance(value, int):
        return tongue.number(value)
    return isolated(str(value), is_rtl=tongue.is_rtl)


class _English:
    """English without a region: days before months, and a clock of 24 hours."""

    code = "en"
    is_rtl = False

    def say(self, text: str, **values: object) -> str:
        return fill(text, values, self)

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        return fill(one if n == 1 else many, {"n": n, **values}, self)

    def number(self, n: int) -> str:
        return f"{n:,}"

    def percent(self, share: float) -> str:
        return f"{100 * share:g}%"

    def instant(self, at: datetime, timezone: str) -> str:
        return at.astimezone(ZoneInfo(timezone)).strftime("%a %d %b %Y %H:%M %Z")

    def moment(self, at: datetime, timezone: str, now: datetime) -> str:
        zone = ZoneInfo(timezone)
        local, year = at.astimezone(zone), now.astimezone(zone).year
        return local.strftime("%a %d %b %H:%M" if local.year == year else "%a %d %b %Y %H:%M")

    def day(self, on: date, today: date | None = None) -> str:
        return on.strftime("%d %b" if today and on.year == today.year else "%d %b %Y")

    def span(self, length: timedelta) -> str:
        return " ".join(f"{number} {_SHORT[unit]}" for unit, number in parts_of(length))


class _EnglishOnly:
    def of(self, code: str | None) -> Tongue:
        del code
        return ENGLISH

    def best(self, wanted: Sequence[str]) -> Tongue:
        del wanted
        return ENGLISH


ENGLISH: Tongue = _English()
ENGLISH_ONLY: Languages = _EnglishOnly()
