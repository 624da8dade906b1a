"""Pages of a pass that has shown nobody's leave date say that it is unsure, and wait for one within bounds."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from connectors.directory.entra.read.leave_dates import HELD_MAX, marked
from worker.domain.model import AccountFacts
from worker.ports import DirectoryPage

DAY = datetime(2026, 12, 31, tzinfo=UTC)


def page(number: int, leave_at: datetime | None = None, unread: tuple[str, ...] = ()) -> DirectoryPage:
    return DirectoryPage((AccountFacts(str(number), "Ann", leave_at=leave_at, unread=unread),))


def read(pages: Sequence[DirectoryPage], *, is_shown: bool = False) -> tuple[list[bool], bool]:
    """Which of the pages are unsure, and whether a date was shown."""
    result: list[bool] = []

    def take() -> Iterator[DirectoryPage]:
        result.append((yield from marked(pages, is_shown=is_shown)))

    return [bool(one.unsure) for one in take()], result[0]


@pytest.mark.parametrize(
    "pages, expected",
    [
        ([], ([], False)),
        ([page(1), page(2)], ([True, True], False)),
        ([page(1), page(2, DAY), page(3)], ([False, False, False], True)),
        ([page(1), page(2, unread=("leave_at",))], ([False, False], True)),
    ],
)
def test_a_date_on_any_page_is_enough(pages: list[DirectoryPage], expected: tuple[list[bool], bool]) -> None:
    assert read(pages) == expected


def test_whoever_a_pass_before_showed_a_date_of_is_enough() -> None:
    assert read([page(1)], is_shown=True) == ([False], True)


def test_no_more_pages_wait_than_memory_is_meant_for() -> None:
    pages = [page(number) for number in range(HELD_MAX + 1)]
    waiting = marked([*pages, page(99, DAY)])
    assert [bool(next(waiting).unsure) for _ in range(HELD_MAX)] == [True] * HELD_MAX
    assert [bool(one.unsure) for one in waiting] == [False, False]
