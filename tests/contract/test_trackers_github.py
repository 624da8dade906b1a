"""GitHub is held to the port's suite, and its fake to GitHub's own description."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from contracts.tracker import TrackerContract, TrackerWorld
from fakes.github.server import GithubServer, description
from fakes.github.world import GithubWorld


class TestGithub(TrackerContract):
    kind = "github"
    closer = "sam-doe"

    @pytest.fixture
    def world(self) -> Iterator[TrackerWorld]:
        with GithubServer(description()) as server:
            world = GithubWorld(server)
            with closing(world.tracker):
                yield world
            server.judged()
