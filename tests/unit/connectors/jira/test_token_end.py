"""The end of a token, which Jira does not tell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors.tracker.jira.config import JiraConfig
from contracts.tracker import NOW
from fakes.jira.world import jira_world


def test_the_day_on_which_the_token_ends_is_a_concern() -> None:
    with jira_world(is_cloud=True, token_expires_on=date(2027, 8, 1)) as world:
        [concern] = world.tracker.concerns()
    assert concern.ends_at == datetime(2027, 8, 1, tzinfo=UTC)
    assert "token_expires_on" in concern.remedy


@pytest.mark.parametrize(
    "days, is_ok, said",
    [(30, True, "ends on"), (13, False, "ends on"), (0, False, "ends on"), (-1, False, "ended on")],
)
def test_a_check_says_when_the_token_ends_and_is_red_where_that_is_soon(
    days: int, is_ok: bool, said: str
) -> None:
    ends_on = NOW.date() + timedelta(days=days)
    with jira_world(is_cloud=True, token_expires_on=ends_on) as world:
        checked = world.tracker.check()
    assert (checked.ok, checked.details["token"]) == (is_ok, f"{said} {ends_on}")
    assert (f"the token {said} {ends_on}" in checked.message, "token_expires_on" in checked.remedy) == (
        not is_ok,
        not is_ok,
    )


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
