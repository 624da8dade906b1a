"""A tracker on a project of its own in a real Redmine, behind a wire that can be cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.tracker.redmine.config import RedmineConfig
from connectors.tracker.redmine.connector import RedmineTracker
from contracts.tracker import tracker_context
from redmine import US, Project, RedmineServer
from wires import Wire, wire_to
from worker.domain.mirror.outside import Seen

STATES: dict[str, Any] = {
    "done": ["Closed", "Resolved"],
    "open": ["In Progress", "New"],
    "declined": ["Rejected"],
}
Start = Callable[..., RedmineTracker]


@pytest.fixture
def server(redmine_server: RedmineServer) -> RedmineServer:
    return redmine_server


@pytest.fixture
def wire(server: RedmineServer) -> Iterator[Wire]:
    with wire_to(server.port) as wire:
        yield wire


@pytest.fixture
def project(server: RedmineServer) -> Iterator[Project]:
    project = server.project()
    yield project
    server.retire(project)


@pytest.fixture
def start(server: RedmineServer, wire: Wire, project: Project) -> Iterator[Start]:
    """Return what makes a tracker on the test's project; keys of the configuration can be given."""
    made: list[RedmineTracker] = []

    def start(**more: Any) -> RedmineTracker:
        keys = {
            "url": wire.url,
            "api_key": server.people[US].key,
            "project": project.identifier,
            "tracker": "Task",
            "states": STATES,
            "requests_per_minute": 6000,
            **more,
        }
        made.append(RedmineTracker(RedmineConfig.model_validate(keys), tracker_context()))
        return made[-1]

    yield start
    for tracker in made:
        tracker.close()


def one_read(tracker: RedmineTracker, ref: str) -> Seen:
    [found] = tracker.read([ref])
    assert isinstance(found, Seen)
    return found
