"""GOWA's webhooks: which are believed, and what they make due."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.kit.calls import WHOLE
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import NOW
from fakes.gateways.server import Make
from fakes.gowa.server import GowaServer
from worker.domain.model import Roster
from worker.ports import InboundCall

SECRET = "hmac-secret-0001"
WARD = "120363000000000007@g.us"


@pytest.fixture
def inventory(make: Make) -> LinkedPhone:
    return make({"calls": {"listen": "127.0.0.1:8071", "path": "/phones", "secret": SECRET}})


def event(name: str = "group.participants", **payload: Any) -> dict[str, Any]:
    told = {"chat_id": WARD, "type": "leave", "jids": ["447700900102@s.whatsapp.net"], **payload}
    return {
        "event": name,
        "device_id": "447700900100@s.whatsapp.net",
        "timestamp": NOW.isoformat(),
        "payload": told,
    }


def call(body: Any, secret: str = SECRET, prefix: str = "sha256=") -> InboundCall:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = prefix + hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
    return InboundCall("POST", "/phones", headers={"x-hub-signature-256": signature}, body=data)


def test_a_removal_that_is_told_is_seen_when_the_news_is_read(
    gowa: GowaServer, inventory: LinkedPhone
) -> None:
    gowa.rooms[WARD].people.pop(1)
    assert inventory.calls[0].receive(call(event()))[0] == 202
    news = inventory.news()
    assert news == {WARD}
    ward, _end = inventory.changes(None, news)
    assert isinstance(ward, Roster)
    assert "+447700900102" not in {member.handle for member in ward.members}


@pytest.mark.parametrize("payload, news", [({}, WARD), ({"chat_id": None}, WHOLE)], ids=["named", "unnamed"])
def test_a_group_that_the_phone_joined_is_due(
    inventory: LinkedPhone, payload: dict[str, Any], news: str
) -> None:
    assert inventory.calls[0].receive(call(event("group.joined", **payload)))[0] == 202
    assert inventory.news() == {news}


@pytest.mark.parametrize(
    "wrong", [call(event(), "secret"), call(event(), prefix=""), InboundCall("POST", "/phones", body=b"{}")],
    ids=["secret", "prefix", "none"],
)  # fmt: skip
def test_a_call_without_the_right_signature_is_refused(inventory: LinkedPhone, wrong: InboundCall) -> None:
    assert inventory.calls[0].receive(wrong) == (401, "")
    assert inventory.news() == frozenset()


def test_a_replay_has_no_effect_and_another_event_has(inventory: LinkedPhone) -> None:
    assert inventory.calls[0].receive(call(event()))[0] == 202
    inventory.news()
    assert inventory.calls[0].receive(call(event()))[0] == 200
    assert inventory.news() == frozenset()
    assert inventory.calls[0].receive(call(event(type="join")))[0] == 202


def test_a_call_older_than_ten_minutes_has_no_effect(inventory: LinkedPhone) -> None:
    old = event() | {"timestamp": (NOW - timedelta(minutes=11)).isoformat()}
    assert inventory.calls[0].receive(call(old))[0] == 200
    assert inventory.news() == frozenset()


def test_a_call_with_a_date_beyond_all_calendars_makes_its_group_due(inventory: LinkedPhone) -> None:
    told = event() | {"timestamp": "0001-01-01T00:00:00+23:59"}
    assert inventory.calls[0].receive(call(told))[0] == 202


def test_what_means_nothing_to_us_is_answered_without_effect(inventory: LinkedPhone) -> None:
    assert inventory.calls[0].receive(call(event("message")))[0] == 200
    assert inventory.news() == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        json.dumps(event(chat_id="x@c.us")).encode(),
        b'{"event": "group.participants", "payload": 7}',
    ],
)
def test_a_signed_call_that_cannot_be_understood_is_400(inventory: LinkedPhone, body: bytes) -> None:
    assert inventory.calls[0].receive(call(body))[0] == 400
