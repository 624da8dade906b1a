"""A look, every few seconds, whether a source has something new: then the job that reads it is due at once.

The mark of a source (`Connector.watermark`) costs about a millisecond, a poll some database work; so a disabled
account becomes a ticket in seconds, and a quiet directory costs nothing. What is overlooked is read in time anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Marked(Protocol):
    """A source that shows whether it has changed."""

    @property
    def name(self) -> str: ...

    def watermark(self) -> str | None: ...


class Lookout:
    """Remembers the mark of each source. `sources` are given by the job that reads them."""

    def __init__(self, sources: Mapping[str, Sequence[Marked]]) -> None:
        self._sources = sources
        self._marks: dict[tuple[str, str], str] = {}
        self._due: set[str] = set()

    @property
    def has_sources(self) -> bool:
        """Whether there is anything to look at."""
        return any(self._sources.values())

    def look(self) -> frozenset[str]:
        """The jobs of which a source has changed since it was last looked at, or did before and nobody `went` yet.

        The first look at a source only remembers; one that can't be told (None) is left as it was.
        """
        for job, sources in self._sources.items():
            for source in sources:
                mark = source.watermark()
                if mark is None:
                    continue
                if self._marks.setdefault((job, source.name), mark) != mark:
                    self._due.add(job)
                self._marks[job, source.name] = mark
        return frozenset(self._due)

    def went(self, job: str) -> None:
        """The job's news was acted upon."""
        self._due.discard(job)
