"""Calls in from trackers that have no signature of their own, and where their keys may be sent."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.tracker.redmine.config import RedmineConfig
from connectors.tracker.redmine.connector import RedmineTracker
from connectors.tracker.request_tracker.config import RequestTrackerConfig
from connectors.tracker.request_tracker.connector import RequestTracker
from contracts.tracker import tracker_context
from worker.ports import InboundCall

SECRET = "c29tZXRoaW5nIGVsc2U"
STATES = {"done": ["resolved"], "open": ["new"]}
CALLS = {"listen": "127.0.0.1:8091", "path": "/desk", "secret": SECRET}


def request_tracker(**more: Any) -> RequestTracker:
    keys = {
        "url": "https://rt.example.org/rt/",
        "token": "1-2-3",
        "queue": "Security",
        "states": STATES,
        **more,
    }
    return RequestTracker(RequestTrackerConfig.model_validate(keys), tracker_context())


def redmine(**more: Any) -> RedmineTracker:
    keys = {
        "url": "https://redmine.example.org",
        "api_key": "a1b2",
        "project": "security",
        "tracker": "Task",
        "states": STATES,
        **more,
    }
    return RedmineTracker(RedmineConfig.model_validate(keys), tracker_context())


both = pytest.mark.parametrize("make", [request_tracker, redmine])


def call(token: str) -> InboundCall:
    return InboundCall("POST", "/desk", {}, {"x-whosleft-token": token}, b"{}")


@both
def test_a_call_with_the_token_is_news_and_no_other_is(make: Any) -> None:
    tracker = make(calls=CALLS)
    [calls] = tracker.calls

    assert calls.receive(call("wrong"))[0] == 401
    assert tracker.news() == frozenset()
    assert calls.receive(call(SECRET))[0] == 202
    assert tracker.news()
    assert tracker.news() == frozenset()


@both
def test_without_calls_it_is_read_alone(make: Any) -> None:
    tracker = make()

    assert (tuple(tracker.calls), tracker.news()) == ((), frozenset())


@both
def test_a_key_is_not_sent_to_a_public_address_in_plain_text(make: Any) -> None:
    with pytest.raises(ValidationError, match="in the clear"):
        make(url="http://1.1.1.1")


@both
@pytest.mark.parametrize(
    "keys", [{"url": "rt.example.org"}, {"url": "https://a:b@rt.example.org"}, {"states": {}}]
)
def test_keys_that_can_t_work_are_refused(make: Any, keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make(**keys)


@both
def test_what_is_configured_is_never_shown(make: Any) -> None:
    tracker = make(calls=CALLS)

    assert not {"1-2-3", "a1b2", SECRET} & set(repr(tracker._config).replace("'", " ").split())
