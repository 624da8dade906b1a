"""Directories: they say who works here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from worker.domain.model import AccountFacts
from worker.ports.connectors.base import Connector, Unshown
from worker.ports.errors import Malformed


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """At most some thousand records, each person at most once; between pages, the last one wins.

    Whose record is `malformed` is listed all the same, if it shows their id: nothing is concluded of them. With a date
    that can't be read (`AccountFacts.unread`), a record is in both.
    `unshown` are the facts that the source shows for nobody, as when an export lacks their column (fields of
    `AccountFacts`, or names of its `attributes`): whatever was known of them stays.
    `unsure` are dates that it shows for nobody either, as when the last one was taken back, and the export can't say
    so: one that was known is unread from then on.
    `unreadable_phones` counts numbers that could not be understood (they are left out of the facts).
    """

    records: tuple[AccountFacts, ...]
    malformed: tuple[Malformed, ...] = ()
    unreadable_phones: int = 0
    unshown: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PassEnd:
    """The proof that a pass was complete: always the last item, and only of a complete pass.

    `cursor` is opaque to the worker. `taken_at` is the instant that the pass is true for (a file's own date), never
    ahead of now.
    A full pass lists everybody; a delta only what changed. `has_more`: another pass is ready now (the next
    dated file). `total` is the least number of records, each counted once, that the source itself says it has.
    `is_unchanged`: the source has nothing newer than the cursor, and no page came before.
    `unshown`: facts without which no pass may be believed, if a rule needs them, and which this one showed for nobody.
    `may_be_behind`: it came from another copy of the source than an earlier pass, and that copy may not have heard yet
    of what the other one knew.
    """

    cursor: str
    is_full: bool
    taken_at: datetime
    total: int | None = None
    has_more: bool = False
    is_unchanged: bool = False
    unshown: tuple[Unshown, ...] = ()
    may_be_behind: bool = False


class Directory(Connector, Protocol):
    """A source that says who works here."""

    @property
    def can_look_up(self) -> bool:
        """True if the source can be asked about one person."""

    @property
    def has_delta(self) -> bool:
        """True if a pass with a cursor lists only what changed; otherwise every pass is full."""

    @property
    def can_tell_away(self) -> bool:
        """True if it is an `AwayTeller`."""

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        """Yield pages, then exactly one `PassEnd`.

        With `cursor=None` or `full` the pass lists everybody. An iterator that ends or raises
        before `PassEnd` proves nothing. Reading again with the same cursor yields the same or newer facts.
        Raises CursorExpired (foreign or too old cursor), Incomplete, Transient or Permanent. One with a history, which
        begins at its oldest state by `cursor=None`, takes any cursor with `full`, for its newest.
        """

    def look_up(self, person_id: str) -> AccountFacts | None:
        """Ask about one person. Return facts, or None if the source says for certain that there is none.

        Only called if `can_look_up`. Raises PermissionDenied for a person who may just be hidden from us, and
        Transient or Permanent if there was no answer.
        """


class AwayTeller(Directory, Protocol):
    """A directory with `can_tell_away`: it knows who does not read their messages now."""

    def is_away(self, person_id: str) -> bool | None:
        """Whether the person is away now; None if it can't be known, which counts as present.

        Raises PermissionDenied, Transient or another Permanent if there was no answer.
        """
