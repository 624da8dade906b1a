"""Jira, of both kinds, is held to the port's suite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from contracts.tracker import TrackerContract
from fakes.jira.world import JiraWorld, jira_world


class TestJira(TrackerContract):
    kind = "jira"
    closer: ClassVar[str] = "sam.closer@example.org"

    @pytest.fixture(params=["cloud", "data_center"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[JiraWorld]:
        with jira_world(is_cloud=request.param == "cloud") as world:
            yield world
