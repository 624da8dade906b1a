"""Silences: for a while nobody is told about some tickets, or some people are told nothing; by whom, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.text.globs import fits
from worker.domain.tickets.ticket import Ticket, TicketKind

LIFE_MAX = timedelta(days=30)
CLOCK_CHANGE = timedelta(hours=1)  # thirty days by the clock have it more when summer time ends in them
AGAIN = timedelta(minutes=1)  # what says the same within it was sent twice
_LABEL = re.compile(r"S-([0-9]{1,18})", re.ASCII | re.IGNORECASE)


class SilenceState(StrEnum):
    """Whether a silence holds anything at an instant."""

    TO_COME = "to come"
    ON = "on"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Silence:
    """What is silenced, from and until when (aware UTC, the end excluded), by whom and why.

    A ticket is covered if it fits every field that is not empty: `groups` (globs of names or ids), `people` (whom it
    is about, by id or e-mail address), `sources` (the inventory) and `kinds`. Messages to `people` are covered, too.
    `id` is S-000001, or the place in the configuration. Raises ValueError for one that covers nothing, that never
    ends, or that lasts longer than `LIFE_MAX` by the clock.
    """

    id: str
    from_at: datetime
    until_at: datetime
    by: str
    reason: str
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kinds: tuple[TicketKind, ...] = ()
    ended_at: datetime | None = None  # somebody ended it before its time
    fired: int = 0  # tickets that somebody would have been told about

    def __post_init__(self) -> None:
        """Refuse values that make no silence."""
        if not (self.groups or self.people or self.sources or self.kinds):
            raise ValueError("A silence of everything is none; name groups, people, sources or kinds.")
        if self.until_at <= self.from_at:
            raise ValueError("A silence ends after it begins; name a later instant.")
        if self.until_at - self.from_at > LIFE_MAX + CLOCK_CHANGE:
            raise ValueError(f"A silence lasts {LIFE_MAX.days} days at most; name an earlier instant.")
        if not self.reason.strip():
            raise ValueError("Say why: a reason is required to silence.")

    def repeats(self, other: Silence) -> bool:
        """Whether it says what another one said just before, as when a form is sent twice."""
        said = replace(other, id=self.id, from_at=self.from_at, until_at=self.until_at, fired=self.fired)
        apart = self.from_at - other.from_at, self.until_at - other.until_at
        return said == self and all(abs(one) < AGAIN for one in apart)

    @property
    def over_at(self) -> datetime:
        """When it is over: at its end, or when somebody ended it before."""
        return min(self.until_at, self.ended_at or self.until_at)

    def state(self, at: datetime) -> SilenceState:
        if at >= self.over_at:
            return SilenceState.OVER
        return SilenceState.ON if self.from_at <= at else SilenceState.TO_COME

    def is_on(self, at: datetime) -> bool:
        return self.state(at) is SilenceState.ON

    def covers(self, ticket: Ticket, known_as: Iterable[str]) -> bool:
        """True if it is about this ticket; `known_as` are the ids and addresses of the person whom it is about."""
        group = (ticket.group_name, ticket.group.group_id if ticket.group else "")
        source = ticket.group.source if ticket.group else ""
        return (
            (not self.groups or any(fits(name, self.groups) for name in group))
            and (not self.people or self.is_for(known_as))
            and (not self.sources or source in self.sources)
            and (not self.kinds or ticket.kind in self.kinds)
        )

    def is_for(self, known_as: Iterable[str]) -> bool:
        """True if it covers messages to somebody with one of these ids and addresses."""
        wanted = {one.casefold() for one in self.people}
        return any(one.casefold() in wanted for one in known_as)


def silence_label(number: int) -> str:
    """`S-000001`."""
    return f"S-{number:06d}"


def id_of_silence(written: str) -> str:
    """The id that somebody wrote: `S-000001` for `s-1`. Other texts, such as a configured one's name, stay."""
    found = _LABEL.fullmatch(written.strip())
    return silence_label(int(found[1])) if found else written
