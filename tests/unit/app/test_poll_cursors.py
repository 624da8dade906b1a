"""What a directory is asked after its cursor has expired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

import pytest

from harness import Harness
from scripted import Scripted, end, scripted
from worker.ports import CursorExpired, DirectoryPage, PassEnd, Port

Start = Callable[..., Harness]


def test_a_cursor_that_expired_starts_a_full_pass(company: Harness) -> None:
    company.corp.forget_cursors()
    company.leave("ann")

    assert company.poll().is_ok
    assert company.corp.reads[-1] == "full"
    assert company.leavers() == ["ann"]


def test_who_says_that_no_cursor_has_expired_is_in_trouble(start: Start) -> None:
    harness = start(directory_type=Scripted)
    with harness.store.begin() as uow:
        uow.sources.put(uow.sources.get("fresh", Port.DIRECTORY))
    scripted(harness, CursorExpired("once"), CursorExpired("and again"))
    harness.corp.name = "fresh"

    assert not harness.poll().is_ok


@pytest.mark.parametrize(
    "has_delta, answers, asked",
    [
        (True, 1, [("c", False), (None, True)]),
        (False, 1, [("c", False), ("c", True)]),
        (False, 2, [("c", False), ("c", True), (None, True)]),
    ],
    ids=["with deltas", "a folder of files", "without a history"],
)
def test_a_directory_with_a_history_is_not_asked_for_it_again(
    start: Start, has_delta: bool, answers: int, asked: list[tuple[str | None, bool]]
) -> None:
    class Asked(Scripted):
        was: ClassVar[list[tuple[str | None, bool]]] = []

        def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
            self.was.append((cursor, full))
            return super().changes(cursor, full=full)

    harness = start(directory_type=Asked, has_delta=has_delta)
    with harness.store.begin() as uow:
        uow.sources.put(replace(uow.sources.get("corp", Port.DIRECTORY), cursor="c"))
    Asked.was.clear()
    for _ in range(answers):
        scripted(harness, CursorExpired("foreign"))
    scripted(harness, DirectoryPage(tuple(harness.corp.people())), end(harness))

    assert harness.poll().is_ok
    assert Asked.was == asked
