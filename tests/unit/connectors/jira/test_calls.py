"""Jira's webhooks: what is genuine, what is a replay, and what is no copy of ours."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.tracker import NOW
from fakes.jira.world import JiraWorld, jira_world
from worker.ports import InboundCall

SECRET = "It's a Secret to Everybody"
CALLS = {"listen": "127.0.0.1:8091", "path": "/desk", "secret": SECRET}
NOW_MS = round(NOW.timestamp() * 1000)
BODY = {
    "timestamp": NOW_MS,
    "webhookEvent": "jira:issue_updated",
    "issue": {"id": "20001", "key": "SEC-1", "fields": {"labels": ["whosleft-3f9a1c-t-000123"]}},
}


@pytest.fixture
def called() -> Iterator[JiraWorld]:
    with jira_world(is_cloud=True, calls=CALLS) as world:
        yield world


def call(
    body: Any, *, call_id: str = "c1", secret: str = SECRET, path: str = "/desk", **headers: str
) -> InboundCall:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = "sha256=" + hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
    given = {"x-hub-signature": signature, "x-atlassian-webhook-identifier": call_id, **headers}
    return InboundCall("POST", path, {}, given, data)


def test_atlassians_example_is_genuine(called: JiraWorld) -> None:
    signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    [calls] = called.tracker.calls
    hello = call(b"Hello World!", **{"x-hub-signature": signature})
    assert calls.receive(hello)[0] == 400, "it is genuine, and says nothing"


def test_a_genuine_call_makes_the_next_read_due(called: JiraWorld) -> None:
    [calls] = called.tracker.calls
    assert (calls.name, calls.caller, calls.listen) == ("desk", "Jira", "127.0.0.1:8091")
    assert calls.receive(call(BODY)) == (202, "")
    assert called.tracker.news() == {"20001"}
    assert called.tracker.news() == frozenset()


def test_a_wrong_signature_is_refused(called: JiraWorld) -> None:
    [calls] = called.tracker.calls
    assert calls.receive(call(BODY, secret="another"))[0] == 401
    assert calls.receive(call(BODY, **{"x-hub-signature": ""}))[0] == 401
    assert called.tracker.news() == frozenset()


def test_a_replay_has_no_effect(called: JiraWorld) -> None:
    [calls] = called.tracker.calls
    assert calls.receive(call(BODY))[0] == 202
    assert called.tracker.news()
    assert calls.receive(call(BODY))[0] == 200
    assert called.tracker.news() == frozenset()
    assert calls.receive(call(BODY, call_id="c2"))[0] == 202
    assert called.tracker.news()


def test_an_old_call_has_no_effect(called: JiraWorld) -> None:
    [calls] = called.tracker.calls
    assert calls.receive(call({**BODY, "timestamp": NOW_MS - 601_000}))[0] == 200
    assert called.tracker.news() == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "issue": {"id": "7", "fields": {"labels": ["printer"]}}},
        {**BODY, "webhookEvent": "sprint_started"},
    ],
)
def test_what_is_no_copy_is_no_news(called: JiraWorld, body: Any) -> None:
    [calls] = called.tracker.calls
    assert calls.receive(call(body))[0] == 200
    assert called.tracker.news() == frozenset()


def test_an_issue_that_shows_no_labels_may_be_a_copy(called: JiraWorld) -> None:
    [calls] = called.tracker.calls
    assert (
        calls.receive(call({**BODY, "webhookEvent": "comment_created", "issue": {"id": "20001"}}))[0] == 202
    )
    assert called.tracker.news()


@pytest.mark.parametrize(
    "body", [[], {}, {"webhookEvent": "jira:issue_updated"}, {**BODY, "issue": None}, b"{"]
)
def test_what_is_no_event_is_refused(called: JiraWorld, body: Any) -> None:
    [calls] = called.tracker.calls
    assert calls.receive(call(body))[0] == 400
    assert called.tracker.news() == frozenset()


def test_another_path_is_not_ours(called: JiraWorld) -> None:
    [calls] = called.tracker.calls
    assert calls.receive(call(BODY, path="/other"))[0] == 404


def test_without_calls_there_is_never_news(cloud: JiraWorld) -> None:
    assert (list(cloud.tracker.calls), cloud.tracker.news()) == ([], frozenset())
