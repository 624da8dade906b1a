"""A ward with a tracker: what the tests of the mirror share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.mirror.copy import Copy
from worker.running.mirroring import TrackerRules

Found = Callable[..., Harness]
ME = Actor("sam", "os:sam")
NURSE = "ben@corp.example"
CREW = ("ann", "ben", "eve", "joe")


@pytest.fixture
def ward(found: Found) -> Harness:
    """A ward's group whose admin stays, a member who has left with an open ticket, and a tracker."""
    harness = found()
    harness.hire(*CREW)
    harness.group("ward-7", *CREW[:-1], admins=["joe"], name="Ward 7 nights")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    begin(harness)
    return harness


def begin(harness: Harness, rules: TrackerRules = TrackerRules()) -> FakeTracker:  # noqa: B008  it is frozen
    tracker = FakeTracker(now=harness.clock, people={f"{one}@corp.example" for one in CREW})
    harness.trackers = [tracker]
    harness.start(replace(harness.app.rules, trackers={"desk": rules}, has_told_links=True))
    return tracker


def desk(harness: Harness) -> FakeTracker:
    return harness.trackers[0]


def copy(harness: Harness, number: int = 1) -> Copy:
    with harness.store.reading() as uow:
        found = uow.mirrors.find("desk", number)
    assert found is not None
    return found


def run(harness: Harness, *, minutes: float = 5) -> dict[str, int]:
    harness.later(minutes=minutes)
    return dict(harness.mirror().counts)


def texts(harness: Harness) -> list[str]:
    """What all messages say."""
    harness.deliver()
    return [part.text for message in harness.soc.sent for part in message.paragraphs]


def settled(harness: Harness) -> FakeTracker:
    """The tracker when both sides agree."""
    run(harness)
    run(harness)
    desk(harness).writes.clear()
    return desk(harness)


def four_more_leave(ward: Harness) -> None:
    ward.hire("kim", "lee", "max", "zoe")
    ward.group("ward-8", "kim", "lee", "max", "zoe", admins=["joe"])
    ward.settle()
    ward.leave("kim", "lee", "max", "zoe")
    ward.settle()
    ward.decide("c1")
    ward.settle()
