"""What no event explains, and the events that are looked at for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from worker.domain.evidence import events
from worker.domain.evidence.actor import is_signed_in
from worker.domain.evidence.explained import ERASED, person_in
from worker.domain.evidence.journal import Entry, Sealed
from worker.ports.state.explained import Unreadable
from worker.ports.state.store import UnitOfWork

PAGE = 500
TICKET_LABEL = "ticket:"
_T = TypeVar("_T")
_ELSEWHERE = re.compile(r"[a-z0-9_-]+:(?!//)")  # desk:Ann Larsen, tracker:desk/ann larsen, by:ann larsen


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A row, by the name that people use for it, and the part that no event explains."""

    row: str
    why: str


@dataclass(slots=True)
class Compared:
    """How many rows were compared, by sort, and how many have old events that lack some values."""

    rows: Counter[str] = field(default_factory=Counter)
    not_comparable: int = 0


def apart(rows: Sequence[_T | Unreadable]) -> tuple[list[_T], list[Unexplained]]:
    """The rows that could be read, and the others as problems."""
    broken = [Unexplained(one.row, one.why) for one in rows if isinstance(one, Unreadable)]
    return [one for one in rows if not isinstance(one, Unreadable)], broken


def was_erased(uow: UnitOfWork, who: str, event: Sealed) -> bool:
    """True if the person was erased since.

    An address, a full name, or an account in a tracker, matches the erasure of anybody, since it names no person.
    """
    if person_in(who) is not None:
        return any(one.entry.event == events.PERSON_ERASED for one in uow.journal.of(f"person:{who}"))
    return any(
        "@" in who or _is_full_name(who) or _ELSEWHERE.match(who) or entry.subject.endswith(f"/{who}")
        for entry in entries_of(uow, events.PERSON_ERASED, after=event.seq)
    )


def is_by(uow: UnitOfWork, now: str | None, said: str, event: Sealed) -> bool:
    """True if a row names who its event names, or nobody any more because they were erased since."""
    return now == said or (now == ERASED and was_erased(uow, said, event))


def _is_full_name(who: str) -> bool:
    return " " in who and not is_signed_in(who)


def entries_of(uow: UnitOfWork, *kinds: str, after: int = 0) -> Iterator[Entry]:
    return (one.entry for one in sealed_of(uow, *kinds, after=after))


def sealed_of(uow: UnitOfWork, *kinds: str, after: int = 0) -> Iterator[Sealed]:
    while page := uow.explained.events(kinds, after, PAGE):
        yield from page
        after = page[-1].seq
