"""Calls count once, signed by Slack and in time; others are refused and what is not kept is not acknowledged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import NOW
from fakes.slack.server import SlackServer
from slack_calls import AMINA, Caller, Desk
from worker.ports import Noted
from worker.ports.connectors.conversing import Interaction


def test_an_address_is_proved_to_slack_only_after_its_signature_was(caller: Caller) -> None:
    challenge = {"type": "url_verification", "challenge": "3eZbrw1a"}
    assert caller.send(challenge, kind="events_api") == (200, "3eZbrw1a")
    assert caller.send(challenge, kind="events_api", secret="another") == (401, "")


@pytest.mark.parametrize("seconds, status", [(-301, 401), (-299, 200), (299, 200), (301, 401)])
def test_a_call_is_good_for_five_minutes_around_its_time(
    workspace: SlackServer, caller: Caller, posted: Any, seconds: int, status: int
) -> None:
    caller.at = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    assert caller.send(workspace.click(AMINA, posted, "done"))[0] == status


@pytest.mark.parametrize(
    "headers",
    [
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0=é"},
        {"x-slack-signature": "v1=" + "0" * 64},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "now"},
        {"x-slack-request-timestamp": "9" * 5000},
    ],
)
def test_hostile_proofs_are_refused_and_noted(
    workspace: SlackServer,
    caller: Caller,
    desk: Desk,
    posted: Any,
    notes: list[Noted],
    headers: dict[str, str],
) -> None:
    assert caller.send(workspace.click(AMINA, posted, "done"), headers=headers) == (401, "")
    assert [note.name for note in notes] == ["slack.call_refused"]
    assert desk.kept == []


@pytest.mark.parametrize("body", [b"payload=%7B%7D", b"\xff\xfe", b""])
def test_a_changed_body_is_refused(workspace: SlackServer, caller: Caller, posted: Any, body: bytes) -> None:
    assert caller.send(workspace.click(AMINA, posted, "done"), body=body)[0] == 401


def test_a_replayed_call_has_no_effect_for_ten_minutes(
    workspace: SlackServer, caller: Caller, desk: Desk, posted: Any
) -> None:
    payload = workspace.click(AMINA, posted, "done")
    for _ in range(3):
        assert caller.send(payload) == (200, "")
    assert len(desk.kept) == 1


@pytest.mark.parametrize(
    "payload, kind",
    [
        ({"type": "block_actions"}, "interactive"),
        ({"type": "block_actions", "actions": []}, "interactive"),
        ([], "interactive"),
        ({"command": "/whosleft"}, "slash_commands"),
        ({"type": "view_submission", "view": []}, "interactive"),
    ],
)
def test_what_is_not_slack_s_is_400(caller: Caller, desk: Desk, payload: Any, kind: str) -> None:
    assert caller.send(payload, kind=kind) == (400, "")
    assert desk.kept == []


def test_other_paths_and_methods_are_nothing_to_us(caller: Caller) -> None:
    assert caller.send({}, path="/other")[0] == 404
    assert caller.send({}, method="GET")[0] == 405


def test_what_cannot_be_kept_is_not_acknowledged_and_can_be_sent_again(
    workspace: SlackServer, soc: SlackNotifier, caller: Caller, desk: Desk, posted: Any
) -> None:
    payload = workspace.click(AMINA, posted, "done")
    desk.is_broken = True
    assert caller.send(payload) == (500, "")
    desk.is_broken = False
    assert caller.send(payload) == (200, "")
    assert len(desk.kept) == 1


def test_a_call_that_comes_again_while_it_is_being_kept_is_not_acknowledged(
    workspace: SlackServer, soc: SlackNotifier, posted: Any
) -> None:
    payload, caller = workspace.click(AMINA, posted, "done"), Caller(soc)
    meanwhile = []

    def keep(_: Interaction) -> None:
        meanwhile.append(caller.send(payload))
        raise OSError("the database is away, after all")

    with soc.listen(keep):
        assert caller.send(payload) == (500, "")
    assert meanwhile == [(500, "")]


def test_while_nobody_listens_nothing_is_acknowledged(
    workspace: SlackServer, soc: SlackNotifier, posted: Any
) -> None:
    assert Caller(soc).send(workspace.click(AMINA, posted, "done")) == (500, "")
