"""The whole path over real trackers: a copy is made, people close it, the roster contradicts it and then proves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from contracts.tracker import TrackerWorld
from harness import Harness
from memory import memory_engine
from redmine import RedmineServer
from redmine_world import RedmineWorld
from request_tracker import RequestTrackerServer
from request_tracker_world import RequestTrackerWorld
from roundup_server import RoundupServer
from roundup_world import roundup_world
from wires import wire_to
from worker.domain.mirror.copy import Copy
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import Grade, TicketState
from worker.running.mirroring import TrackerRules

CLOSER = "closer@example.org"


@pytest.fixture
def request_tracker_desk(request_tracker_server: RequestTrackerServer) -> Iterator[TrackerWorld]:
    with wire_to(request_tracker_server.port) as wire:
        world = RequestTrackerWorld(request_tracker_server, wire, request_tracker_server.queue())
        yield world
        world.end()


@pytest.fixture
def redmine_desk(redmine_server: RedmineServer) -> Iterator[TrackerWorld]:
    with wire_to(redmine_server.port) as wire:
        world = RedmineWorld(redmine_server, wire, redmine_server.project())
        yield world
        world.end()


@pytest.fixture
def roundup_desk(roundup_server: RoundupServer) -> Iterator[TrackerWorld]:
    with roundup_world(roundup_server) as world:
        yield world


@contextmanager
def ward_with(world: TrackerWorld) -> Iterator[Harness]:
    """A ward's group of three; somebody has left, and their removal is open."""
    harness = Harness(engine=memory_engine())
    harness.hire("ann", "ben", "joe")
    harness.group("ward-7", "ann", "ben", admins=["joe"], name="Ward 7 nights")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.trackers = [world.tracker]  # type: ignore[list-item]  # it is used as any tracker
    harness.start(replace(harness.app.rules, trackers={"desk": TrackerRules()}, has_told_links=True))
    yield harness
    harness.close()


def run(ward: Harness) -> Copy:
    ward.later(minutes=5)
    report = ward.mirror()
    assert report.is_ok, report.troubles
    with ward.store.reading() as uow:
        return uow.mirrors.get("desk", 1).copy


def close_by_people(ward: Harness, world: TrackerWorld) -> None:
    copy = run(ward)
    assert "Ward 7 nights" in world.text(copy.ref)
    assert "Ann" not in world.text(copy.ref)
    said = len(world.comments(copy.ref))
    run(ward)
    assert len(world.comments(copy.ref)) == said, "where nothing changed, nothing is written"

    world.close(copy.ref)
    run(ward)
    assert (ward.ticket().state, ward.ticket().done_by, ward.ticket().grade) == (
        TicketState.DONE,
        CLOSER,
        Grade.C,
    )

    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    assert ward.ticket().state is TicketState.OPEN, "they are still listed"
    assert run(ward).standing is CopyStanding.OPEN
    assert any("still to be done" in text for text in world.comments(copy.ref))
    run(ward)
    assert ward.ticket().state is TicketState.OPEN, "our own reopening is no news"

    world.close(copy.ref)
    run(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.inventory()
    ward.verify()
    assert ward.ticket().state is TicketState.VERIFIED
    assert run(ward).shown == "closed"
    assert sum("Verified on" in text for text in world.comments(copy.ref)) == 1
    assert world.copies() == 1


def reopen_by_people(ward: Harness, world: TrackerWorld) -> None:
    copy = run(ward)
    world.close(copy.ref)
    run(ward)
    assert ward.ticket().state is TicketState.DONE

    world.reopen(copy.ref)
    assert run(ward).shown == "open"
    assert ward.ticket().state is TicketState.OPEN
    said = len(world.comments(copy.ref))
    run(ward)
    assert (ward.ticket().state, len(world.comments(copy.ref))) == (TicketState.OPEN, said)


def lose_the_first_answer(ward: Harness, world: TrackerWorld) -> None:
    world.lose_answers(1)
    ward.later(minutes=5)
    ward.mirror()
    assert world.copies() == 1
    for _ in range(3):
        ward.later(minutes=5)
        ward.mirror()
    with ward.store.reading() as uow:
        assert uow.mirrors.get("desk", 1).copy.shown == "open"
    assert world.copies() == 1


Story = Callable[[Harness, TrackerWorld], None]
STORIES: list[Story] = [close_by_people, reopen_by_people, lose_the_first_answer]


@pytest.mark.parametrize("story", STORIES)
def test_in_request_tracker(request_tracker_desk: TrackerWorld, story: Story) -> None:
    with ward_with(request_tracker_desk) as ward:
        story(ward, request_tracker_desk)


@pytest.mark.parametrize("story", STORIES)
def test_in_redmine(redmine_desk: TrackerWorld, story: Story) -> None:
    with ward_with(redmine_desk) as ward:
        story(ward, redmine_desk)


@pytest.mark.parametrize("story", STORIES)
def test_in_roundup_over_the_recipe_s_bridge(roundup_desk: TrackerWorld, story: Story) -> None:
    with ward_with(roundup_desk) as ward:
        story(ward, roundup_desk)
