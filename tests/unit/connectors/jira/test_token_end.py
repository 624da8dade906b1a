"""The end of a token, which Jira does not tell."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from connectors.tracker.jira.config import JiraConfig
from fakes.jira.world import jira_world


def test_the_day_on_which_the_token_ends_is_a_concern() -> None:
    with jira_world(is_cloud=True, token_expires_on=date(2027, 8, 1)) as world:
        [concern] = world.tracker.concerns()
    assert concern.ends_at == datetime(2027, 8, 1, tzinfo=UTC)
    assert "token_expires_on" in concern.remedy


def test_without_that_day_nothing_is_said_of_it() -> None:
    with jira_world(is_cloud=True) as world:
        assert list(world.tracker.concerns()) == []


def test_what_is_no_day_is_refused_with_an_example() -> None:
    keys = {"url": "https://x.example.org", "token": "t", "project": "SEC"}
    assert JiraConfig.model_validate({**keys, "token_expires_on": "2027-08-01"}).token_expires_on == date(
        2027, 8, 1
    )
    with pytest.raises(ValidationError, match="write the day, such as 2027-08-01"):
        JiraConfig.model_validate({**keys, "token_expires_on": "soon"})
