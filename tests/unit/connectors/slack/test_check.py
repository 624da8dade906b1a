"""What `check` says of a token, its scopes and the channels."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.slack.server import TOKEN, Fault, SlackServer, rate_limited
from fakes.slack.workspace import Channel
from slack_notifiers import notifier


def test_check_says_who_it_is_and_where_it_posts(slack: SlackServer) -> None:
    result = notifier(slack).check()
    assert result.ok
    assert result.message == "as @whosleft in workspace St Mary's, posts to #leavers"
    assert result.details["channel"] == "#leavers (C0LEAVERS01)"
    assert "chat:write" in result.details["scopes"]


def test_check_without_a_channel_says_so(slack: SlackServer) -> None:
    result = notifier(slack, channel=None).check()
    assert result.ok
    assert "no channel is set" in result.message


@pytest.mark.parametrize(
    "scope", ["chat:write", "users:read.email", "im:write", "im:history", "channels:history", "channels:read"]
)
def test_check_names_a_missing_scope_and_where_to_add_it(slack: SlackServer, scope: str) -> None:
    slack.scopes.discard(scope)
    result = notifier(slack, channel="C0LEAVERS01").check()
    assert not result.ok
    assert scope in result.message + result.remedy
    assert "OAuth & Permissions" in result.remedy


def test_a_private_channel_needs_the_scopes_of_private_ones(slack: SlackServer) -> None:
    slack.channels["C0LEAVERS01"].is_private = True
    slack.scopes -= {"groups:history", "channels:history"}
    result = notifier(slack, channel="C0LEAVERS01").check()
    assert "groups:history" in result.message
    assert "channels:history" not in result.message


@pytest.mark.parametrize(
    "change, message, remedy",
    [
        ({"is_member": False}, "not in #leavers", "/invite @whosleft"),
        ({"is_archived": True}, "#leavers is archived", "Unarchive"),
    ],
)
def test_check_is_red_for_a_channel_that_cannot_be_posted_to(
    slack: SlackServer, change: dict[str, Any], message: str, remedy: str
) -> None:
    slack.channels["C0LEAVERS01"] = Channel("C0LEAVERS01", "leavers", **change)
    result = notifier(slack, channel="C0LEAVERS01").check()
    assert not result.ok
    assert message in result.message
    assert remedy in result.remedy


@pytest.mark.parametrize("channel", ["#leaver", "C0NOTTHERE1"])
def test_check_is_red_for_a_channel_that_is_not_there(slack: SlackServer, channel: str) -> None:
    result = notifier(slack, channel=channel).check()
    assert not result.ok
    assert "/invite @" in result.remedy


@pytest.mark.parametrize(
    "token, error", [("xoxb-another", "invalid_auth"), (TOKEN, "token_revoked")], ids=["wrong", "revoked"]
)
def test_check_is_red_for_a_token_that_is_not_accepted(slack: SlackServer, token: str, error: str) -> None:
    slack.is_revoked = True
    result = notifier(slack, token=token).check()
    assert not result.ok
    assert error in result.message
    assert token not in result.message + result.remedy
    assert "OAuth & Permissions" in result.remedy


@pytest.mark.parametrize(
    "fault", [Fault(503), Fault(drop_before=True), Fault(body=b"<html>"), rate_limited(9)]
)
def test_check_never_raises(slack: SlackServer, fault: Fault) -> None:
    slack.fail("auth.test", fault)
    result = notifier(slack).check()
    assert not result.ok
    assert result.remedy


def test_check_looks_at_every_channel(slack: SlackServer) -> None:
    slack.add_channel("C0WARDS0001", "wards", is_member=False)
    result = notifier(slack, channels={"wards": "C0WARDS0001"}).check()
    assert not result.ok
    assert "the app is not in #wards" in result.message
