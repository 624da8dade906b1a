"""Look every few seconds whether a source has something new; then the job that reads it is due at once.

The mark of a source (`Connector.watermark`) costs about a millisecond, a poll some database work. So a disabled
account becomes a ticket in seconds, and a quiet directory costs nothing. The next scheduled run reads anything that
was missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol


class Marked(Protocol):
    """A source that shows whether it has changed."""

    @property
    def name(self) -> str: ...

    def watermark(self) -> str | None: ...


class Lookout:
    """Remembers the mark of each source. `sources` are keyed by the job that reads them.

    `paced` are asked whether they are due, by the job that runs them.
    """

    def __init__(
        self,
        sources: Mapping[str, Sequence[Marked]],
        paced: Mapping[str, Callable[[], bool]] | None = None,
    ) -> None:
        self._sources = sources
        self._paced = paced or {}
        self._marks: dict[tuple[str, str], str] = {}
        self._due: set[str] = set()

    @property
    def has_sources(self) -> bool:
        """True if there is anything to look at."""
        return any(self._sources.values()) or bool(self._paced)

    def look(self) -> frozenset[str]:
        """The jobs with a source that changed, since the last look or since an earlier one, until `went` is called.

        The first look at a source only remembers its mark. An unknown mark (None) changes nothing.
        """
        for job, sources in self._sources.items():
            for source in sources:
                mark = source.watermark()
                if mark is None:
                    continue
                if self._marks.setdefault((job, source.name), mark) != mark:
                    self._due.add(job)
                self._marks[job, source.name] = mark
        self._due |= {job for job, is_due in self._paced.items() if is_due()}
        return frozenset(self._due)

    def went(self, job: str) -> None:
        """Record that the job has run for its news."""
        self._due.discard(job)
