"""Compare two plays of the same history: which tickets and messages are more, fewer, earlier, later, or held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from worker.domain.replay.fates import Become, Fate


class PlayEffect(StrEnum):
    """What is different about a ticket or a message."""

    SAME = "same"
    MORE = "more"
    FEWER = "fewer"
    EARLIER = "earlier"
    LATER = "later"
    HELD = "held"


def difference(was: Fate, would: Fate) -> PlayEffect:
    """Compare what becomes of a ticket.

    | was / would  | opened                                           | held | absent |
    | opened       | earlier, later or same: by opening, then by due  | held | fewer  |
    | held, absent | more                                             | same | same   |
    """
    if was.become is not Become.OPENED:
        return PlayEffect.MORE if would.become is Become.OPENED else PlayEffect.SAME
    if would.become is not Become.OPENED:
        return PlayEffect.HELD if would.become is Become.HELD else PlayEffect.FEWER
    before, after = _when(was), _when(would)
    if before == after:
        return PlayEffect.SAME
    return PlayEffect.EARLIER if after < before else PlayEffect.LATER


def _when(opened: Fate) -> list[datetime]:
    return [at for at in (opened.opened_at, opened.due_at) if at is not None]


class Notice(NamedTuple):
    """Somebody is told something at an instant (aware UTC)."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class ToldOtherwise:
    """A telling that is different: when it was, and when it would be; None: not at all."""

    who: str
    what: str
    was: datetime | None
    would: datetime | None

    @property
    def difference(self) -> PlayEffect:
        if self.was is None or self.would is None:
            return PlayEffect.MORE if self.was is None else PlayEffect.FEWER
        if self.was == self.would:
            return PlayEffect.SAME
        return PlayEffect.EARLIER if self.would < self.was else PlayEffect.LATER


def tellings_compared(
    was: Iterable[Notice], would: Iterable[Notice], tolerance: timedelta = timedelta(0)
) -> list[ToldOtherwise]:
    """Match what one reader is told of one ticket and thing, in order of time. Within `tolerance`, it is the same."""
    before, after = _by_reader(was), _by_reader(would)
    found = []
    for who, what in sorted(before.keys() | after.keys()):
        those, these = before.get((who, what), []), after.get((who, what), [])
        for number in range(max(len(those), len(these))):
            one, other = _at(those, number), _at(these, number)
            if one is not None and other is not None and abs(other - one) <= tolerance:
                other = one
            found.append(ToldOtherwise(who, what, one, other))
    return found


def _by_reader(tellings: Iterable[Notice]) -> dict[tuple[str, str], list[datetime]]:
    found: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for one in sorted(tellings):
        found[one.who, one.what].append(one.at)
    return found


def _at(instants: Sequence[datetime], number: int) -> datetime | None:
    return instants[number] if number < len(instants) else None
