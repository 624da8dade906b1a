"""GitLab is held to the port's suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from contracts.tracker import TrackerContract, TrackerWorld
from fakes.gitlab.server import GitlabServer
from fakes.gitlab.world import GitlabWorld


class TestGitlab(TrackerContract):
    kind = "gitlab"
    closer = "sam-doe"

    @pytest.fixture
    def world(self) -> Iterator[TrackerWorld]:
        with GitlabServer() as server:
            world = GitlabWorld(server)
            with closing(world.tracker):
                yield world
            server.judged()
