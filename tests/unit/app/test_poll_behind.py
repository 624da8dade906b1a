"""A full pass of another copy of a directory, which may not have heard yet of what the one before knew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from harness import Harness
from scripted import Scripted, end, scripted
from worker.domain.model import AccountFacts, Standing
from worker.domain.tickets.ticket import TicketState
from worker.ports import DirectoryPage, PermissionDenied

Start = Callable[..., Harness]


def people(harness: Harness) -> tuple[AccountFacts, ...]:
    return tuple(harness.corp.people())


def test_a_copy_that_may_be_behind_brings_nobody_back_who_left_lately(start: Start) -> None:
    harness = start(directory_type=Scripted)
    for gone in ("ann", "ben"):
        harness.leave(gone)
        harness.settle()
        harness.later(days=2)
    older = tuple(
        replace(one, enabled=True) if one.person_id in {"ann", "ben"} else one for one in people(harness)
    )
    harness.later(days=-1.5)  # so ben left half a day ago, and ann before that
    scripted(harness, DirectoryPage(older), end(harness, may_be_behind=True))

    (trouble,) = harness.poll().troubles

    assert "says otherwise of 1 person who left or came lately" in trouble
    assert harness.leavers() == ["ben"]
    assert harness.source().trouble is None
    harness.later()
    scripted(harness, DirectoryPage(older), end(harness))
    assert harness.poll().is_ok
    assert harness.leavers() == []


@pytest.mark.parametrize("way", ["enabled", "restored", "moved back", "later date"])
def test_a_copy_that_may_be_behind_takes_nobody_out_who_came_back_lately(start: Start, way: str) -> None:
    harness = start(directory_type=Scripted)
    ways: dict[str, dict[str, Any]] = {
        "enabled": {"enabled": False},
        "restored": {"is_deleted": True},
        "moved back": {"is_moved_out": True},
        "later date": {"leave_at": harness.now - timedelta(days=1)},
    }
    gone = ways[way]
    before = people(harness)
    harness.corp.change("ann", **gone)
    harness.settle()
    harness.later(days=3)
    older = tuple(replace(one, **gone) if one.person_id == "ann" else one for one in before)
    harness.corp.put(*before)
    harness.settle()
    assert harness.leavers() == []
    harness.later(minutes=10)
    scripted(harness, DirectoryPage(older), end(harness, may_be_behind=True))

    (trouble,) = harness.poll().troubles
    harness.reconcile()

    assert "says otherwise of 1 person who left or came lately" in trouble
    assert harness.leavers() == []
    assert {ticket.state for ticket in harness.tickets()} == {TicketState.CANCELLED}
    harness.later()
    scripted(harness, DirectoryPage(older), end(harness))
    assert harness.poll().is_ok
    assert harness.leavers() == ["ann"]


def test_a_copy_that_may_be_behind_takes_nobody_out_who_came_for_the_first_time(start: Start) -> None:
    harness = start(directory_type=Scripted)
    harness.hire("zoe")
    harness.settle()
    older = tuple(replace(one, enabled=one.person_id != "zoe") for one in people(harness))
    for hours, standing in ((1, Standing.ACTIVE), (24, Standing.LEFT)):
        harness.later(hours=hours)
        scripted(harness, DirectoryPage(older), end(harness, may_be_behind=True))
        harness.poll()
        assert harness.standing("zoe") is standing


@pytest.mark.parametrize("is_changed_lately", [True, False])
def test_a_leaver_who_was_here_all_the_time_has_left_by_any_copy(
    start: Start, *, is_changed_lately: bool
) -> None:
    harness = start(directory_type=Scripted)
    harness.later(minutes=1)
    if is_changed_lately:
        harness.corp.change("ann", department="Ward 9")
        harness.settle()
    newer = tuple(replace(one, enabled=one.person_id != "ann") for one in people(harness))
    scripted(harness, DirectoryPage(newer), end(harness, may_be_behind=True))

    assert harness.poll().is_ok
    assert harness.leavers() == ["ann"]


class Denies(Scripted):
    """Sees nobody beyond its lists."""

    def look_up(self, person_id: str) -> AccountFacts | None:
        raise PermissionDenied(f"{person_id} is not to be seen", missing="a right", remedy="Grant it.")


def test_a_copy_that_has_not_heard_of_a_joiner_yet_hides_nobody(start: Start) -> None:
    harness = start(directory_type=Denies)
    before = people(harness)
    harness.hire("zoe")
    harness.settle()
    harness.later(minutes=5)
    scripted(harness, DirectoryPage(before), end(harness, may_be_behind=True))
    assert harness.poll().is_ok
    assert harness.source().trouble is None
    scripted(harness, DirectoryPage(before[1:]), end(harness, may_be_behind=True))
    assert "1 person whom corp listed before" in harness.poll().troubles[0]

    harness.later(days=1)
    scripted(harness, DirectoryPage(before), end(harness, may_be_behind=True))
    assert "1 person whom corp listed before" in harness.poll().troubles[0]
    assert harness.leavers() == []
