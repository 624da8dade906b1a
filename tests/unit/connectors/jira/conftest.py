"""A Jira of its own for each test: of either kind, a Cloud, or a Data Center."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.jira.world import JiraWorld, jira_world


@pytest.fixture(params=["cloud", "data_center"])
def either(request: pytest.FixtureRequest) -> Iterator[JiraWorld]:
    with jira_world(is_cloud=request.param == "cloud") as world:
        yield world


@pytest.fixture
def cloud() -> Iterator[JiraWorld]:
    with jira_world(is_cloud=True) as world:
        yield world


@pytest.fixture
def center() -> Iterator[JiraWorld]:
    with jira_world(is_cloud=False) as world:
        yield world
