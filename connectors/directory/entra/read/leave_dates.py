"""Leave dates that Graph shows of nobody: whether they are gone, or may not be read any more, can't be told."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

from worker.ports import DirectoryPage

HELD_MAX = 10  # pages of a thousand people in memory; where none of so many has a date, no more wait


def marked(pages: Iterable[DirectoryPage], *, is_shown: bool = False) -> Generator[DirectoryPage, None, bool]:
    """Yield the pages; those of a pass that has shown nobody's leave date yet say that it is unsure.

    Pages wait for the first date, `HELD_MAX` at most. `is_shown`: a pass before has shown one, so nothing waits.
    Returns whether one was shown.
    """
    waiting: list[DirectoryPage] = []
    for page in pages:
        is_shown = is_shown or any(one.leave_at or "leave_at" in one.unread for one in page.records)
        waiting.append(page)
        if is_shown or len(waiting) >= HELD_MAX:
            yield from (_told(one, is_shown=is_shown) for one in waiting)
            waiting.clear()
    yield from (_told(one, is_shown=is_shown) for one in waiting)
    return is_shown


def _told(page: DirectoryPage, *, is_shown: bool) -> DirectoryPage:
    return page if is_shown else replace(page, unsure=frozenset({"leave_at"}))
