"""A look, every few seconds, whether a directory has something new: then the next poll is due at once.

The mark of a source (`Directory.watermark`) costs about a millisecond, a poll some database work; so a disabled
account becomes a ticket in seconds, and a quiet directory costs nothing. What is overlooked is polled in time anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Marked(Protocol):
    """A source that shows whether it has changed."""

    @property
    def name(self) -> str: ...

    def watermark(self) -> str | None: ...


class Lookout:
    """Remembers the mark of each source."""

    def __init__(self, sources: Sequence[Marked]) -> None:
        self._sources = sources
        self._marks: dict[str, str] = {}
        self._has_news = False

    @property
    def has_sources(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self._sources)

    def look(self) -> bool:
        """Whether a source has changed since it was last looked at, or did before and nobody `went` yet.

        The first look at a source only remembers; one that can't be told (None) is left as it was.
        """
        for source in self._sources:
            mark = source.watermark()
            if mark is None:
                continue
            self._has_news |= self._marks.get(source.name, mark) != mark
            self._marks[source.name] = mark
        return self._has_news

    def went(self) -> None:
        """The news was acted upon."""
        self._has_news = False
