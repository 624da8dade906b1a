"""Trackers: other people's ticket systems, in which our tickets have copies.

One call is one page, or one write with its proof. Nothing repeats a write: after an unclear answer, look first.
Every write is read back; what the other side took without doing it raises Rejected, with the field in its message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from worker.domain.mirror.outside import (
    CopyGone,
    CopyStanding,
    CopyUnread,
    Draft,
    Goal,
    LastMove,
    Seen,
    TrackerSaid,
)
from worker.ports.connectors.base import CheckResult, Connector

__all__ = [
    "PUBLIC",
    "PUBLIC_REMEDY",
    "CopyGone",
    "CopyStanding",
    "CopyUnread",
    "Draft",
    "Goal",
    "LastMove",
    "Seen",
    "TellingTracker",
    "Tracker",
    "TrackerAbilities",
    "TrackerSaid",
    "is_public",
    "says_who_reads",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrackerAbilities:
    """What a tracker can do.

    `goals`: where `move` can lead; anything else is only noted. `lag`: for how long after a create it may not be found
    though it is there. `creates_once`: a create with the same identity is taken once, so an unclear one is just
    repeated. `tells`: it calls us instead of being read, and gets each change by `update`. `shows_identity`: what is
    read has its identity. `refs_recur`: once it was put back from a backup, or made anew, a `ref` may be another's.
    """

    goals: frozenset[Goal] = frozenset({Goal.OPEN, Goal.DONE})
    notes: bool = True
    assigns: bool = True
    attaches: bool = True
    lag: timedelta = timedelta(0)
    creates_once: bool = False
    tells: bool = False
    shows_identity: bool = True
    refs_recur: bool = True


class Tracker(Connector, Protocol):
    """One project, queue or table of a tracker.

    Every method raises ConnectorError. Of a write, NotDone and Permanent mean that nothing was written, Transient that
    it may have been. A write to something that was changed since it was seen raises Changed, where the tracker can.
    """

    @property
    def place(self) -> str:
        """What it is configured to talk to, for people: server, and project, queue, table or repository; no secret.

        What a `ref` means there, it means nowhere else. Never raises, and asks nobody.
        """

    @property
    def can(self) -> TrackerAbilities:
        """What it can do."""

    def mark(self) -> str:
        """Return a mark of how far the tracker is now; it is stored before a create, and given to `find`."""

    def create(self, draft: Draft, mark: str, /) -> Seen:
        """Make the copy, and read it back. Who it is assigned to is set by `assign` alone."""

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        """Return every ticket with this identity, in any state, oldest first. The identity of each hit is compared.

        One that others were merged into, and that may have it from these, is said to be so.
        """

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone | CopyUnread]:
        """Yield what each copy is now, in any order; in as few calls as the tracker allows.

        What keeps one copy alone from being read is yielded for it; what keeps all of them is raised.
        """

    def last_move(self, seen: Seen, /) -> LastMove:
        """Return who gave the copy its status. Raises Changed if it has another one by now."""

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        """Bring the copy where we want it, with a note, and read it back. Only for `can.goals`.

        What is there already gets the note, unless it has it from this move: after an unclear answer it is asked for
        again, with the same goal and note, until one is clear.
        Raises Rejected if no way leads there for us now; then nothing was noted either.
        """

    def note(self, seen: Seen, text: str, /) -> None:
        """Add a comment, which calls nobody. Only where `can.notes`."""

    def assign(self, seen: Seen, email: str, /) -> Seen:
        """Give the copy to the person with this address, and read it back. Only where `can.assigns`.

        Raises Rejected if it is not exactly one account that may have it; then it stays as it was.
        """

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        """Add a file, unless it is there: after an unclear answer it is asked for again. Only where `can.attaches`."""

    def update(self, seen: Seen, draft: Draft, /) -> Seen:
        """Tell what the ticket is now. Only where `can.tells`; repeating it with one version does nothing more."""

    def news(self) -> frozenset[str]:
        """Return the copies that calls from outside named since the last time, in words of the tracker; empty if none.

        Never blocks, never raises. May be called from any thread.
        """


class Keep(Protocol):
    """Stores what was told. It raises if it can't; a call that is known already has no effect."""

    def __call__(self, told: TrackerSaid, /) -> None: ...


class TellingTracker(Tracker, Protocol):
    """A tracker with `can.tells`."""

    def keep_by(self, keep: Keep, /) -> None:
        """Give the tracker the function that stores what it is told.

        It stores first, and acknowledges the call then.
        """


PUBLIC = "Everybody can read it, and copies have names in them"
PUBLIC_REMEDY = "Make it private, or set content: minimal."


def is_public(result: CheckResult) -> bool:
    """Whether a tracker's check found that everybody can read it."""
    return result.details.get("is_public") == "yes"


def says_who_reads(result: CheckResult) -> bool:
    """Whether a check came so far as to find out if everybody can read a tracker, or that it can't be told."""
    return "is_public" in result.details
