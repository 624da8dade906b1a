"""The hash-chained log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.evidence.journal import Entry, EntryRow, Sealed


class Head(NamedTuple):
    """The end of the chain: the last entry's number and hash; (0, GENESIS) for an empty chain."""

    seq: int
    hash: str


class Journal(Protocol):
    """The hash-chained log."""

    def append(self, entries: Iterable[Entry]) -> None:
        """Seal and store entries at the chain's end."""

    def of(self, subject: str) -> list[Sealed]:
        """Entries about one subject, in order."""

    def last(
        self, subjects: Collection[str], kinds: Collection[str], before: datetime | None = None
    ) -> Mapping[str, datetime]:
        """When each of these subjects last had an event of these kinds, before an instant; only those that had one.

        A kind stands for all the names that it ever had.
        """

    def chain(self) -> Iterator[Sealed]:
        """The whole chain, in order."""

    def page(self, after: int, limit: int) -> list[Sealed]:
        """The next entries with a seq above `after`, in order."""

    def written(self, after: int, limit: int) -> list[EntryRow]:
        """As `page`, as texts as they are stored: unchecked, and several times quicker."""

    def head(self) -> Head:
        """The end of the chain now."""
