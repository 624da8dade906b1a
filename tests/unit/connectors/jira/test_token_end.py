"""The end of a token, which Jira does not tell."""

from __future__ import annotations

from datetime import UTC, date, datetime

from fakes.jira.world import jira_world


def test_the_day_on_which_the_token_ends_is_a_concern() -> None:
    with jira_world(is_cloud=True, token_expires_on=date(2027, 8, 1)) as world:
        [concern] = world.tracker.concerns()
    assert concern.ends_at == datetime(2027, 8, 1, tzinfo=UTC)
    assert "token_expires_on" in concern.remedy


def test_without_that_day_nothing_is_said_of_it() -> None:
    with jira_world(is_cloud=True) as world:
        assert list(world.tracker.concerns()) == []
