"""Who is away, and who stands in. Somebody absent is told nevertheless; the next step is for when nobody is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """A person is away from `from_at` until `until_at`, exclusive (aware UTC). `deputy` stands in; None: nobody."""

    person: str
    from_at: datetime
    until_at: datetime
    deputy: str | None = None


def absence_of(absences: tuple[Absence, ...], person: str, instant: datetime) -> Absence | None:
    """Return the person's absence at an instant, the longest of several; None if they are here, for all we know.

    People are e-mail addresses, in which upper and lower case are alike.
    """
    away = [one for one in absences if _is_same(one.person, person) and one.from_at <= instant < one.until_at]
    return max(away, key=lambda one: one.until_at, default=None)


def stand_in(absences: tuple[Absence, ...], person: str, instant: datetime) -> str | None:
    """Return who stands in for somebody absent: the deputy, or a deputy's own who is away too.

    None if the person is not absent, or everybody down the line is away or has no deputy.
    """
    asked = [person]
    while (away := absence_of(absences, asked[-1], instant)) is not None:
        if away.deputy is None or any(_is_same(away.deputy, one) for one in asked):
            return None
        asked.append(away.deputy)
    return asked[-1] if len(asked) > 1 else None


def _is_same(one: str, other: str) -> bool:
    """Whether two e-mail addresses are one person's."""
    return one.casefold() == other.casefold()
