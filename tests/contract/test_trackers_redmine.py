"""Redmine is held to the port's suite, on a real one, with an account that may do only what it has to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.tracker import TrackerContract
from redmine import RedmineServer
from redmine_world import RedmineWorld
from wires import Wire, wire_to


@pytest.fixture
def wire(redmine_server: RedmineServer) -> Iterator[Wire]:
    with wire_to(redmine_server.port) as wire:
        yield wire


class TestRedmine(TrackerContract):
    kind = "redmine"
    closer = "closer@example.org"

    @pytest.fixture
    def world(self, redmine_server: RedmineServer, wire: Wire) -> Iterator[RedmineWorld]:
        world = RedmineWorld(redmine_server, wire, redmine_server.project())
        yield world
        world.end()
