"""WAHA's webhooks: which are believed, and what they make due."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.kit.calls import WHOLE
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import NOW
from fakes.gateways.server import Make
from fakes.waha.server import WahaServer
from openapi import OpenApi
from worker.domain.model import Roster
from worker.ports import InboundCall

SECRET = "hmac-secret-0001"
WARD = "120363000000000007@g.us"
CALLS = {"calls": {"listen": "127.0.0.1:8071", "path": "/phones", "secret": SECRET}}
MS = int(NOW.timestamp() * 1000)


@pytest.fixture
def inventory(make: Make) -> LinkedPhone:
    return make(CALLS)


def event(name: str = "group.v2.participants", **more: Any) -> dict[str, Any]:
    payload = {
        "type": "demote",
        "timestamp": MS,
        "group": {"id": WARD},
        "participants": [{"id": "447700900102@c.us", "role": "admin"}],
        "_data": {},
    }
    return {
        "id": "evt_01aaaaaaaaaaaaaaaaaaaaaaaa",
        "timestamp": MS,
        "session": "default",
        "engine": "NOWEB",
        "event": name,
        "payload": payload,
        "environment": {"version": "2026.7.1"},
        **more,
    }


def call(body: Any, secret: str = SECRET, **headers: str) -> InboundCall:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = hmac.new(secret.encode(), data, hashlib.sha512).hexdigest()
    return InboundCall("POST", "/phones", headers={"x-webhook-hmac": signature, **headers}, body=data)


def test_the_event_that_is_told_is_as_it_is_published(contract_data: Path) -> None:
    description = OpenApi(contract_data / "waha-openapi.json")
    description.check_schema("GroupV2ParticipantsEvent", event()["payload"])


@pytest.mark.parametrize(
    "name", ["group.v2.participants", "group.v2.join", "group.v2.leave", "group.v2.update"]
)
def test_a_group_s_event_makes_that_group_due(inventory: LinkedPhone, name: str) -> None:
    assert inventory.calls[0].receive(call(event(name)))[0] == 202
    assert inventory.news() == {WARD}
    assert inventory.news() == frozenset()


def test_a_change_of_the_session_makes_all_of_the_source_due(inventory: LinkedPhone) -> None:
    told = event("session.status", payload={"name": "default", "status": "SCAN_QR_CODE"})
    assert inventory.calls[0].receive(call(told))[0] == 202
    assert inventory.news() == {WHOLE}


def test_a_removal_that_is_told_is_seen_when_the_news_is_read(
    waha: WahaServer, inventory: LinkedPhone
) -> None:
    list(inventory.changes(None))
    room = waha.rooms[WARD]
    room.remove(room.people[1])

    inventory.calls[0].receive(call(event()))
    ward, _end = inventory.changes(None, inventory.news())

    assert isinstance(ward, Roster)
    assert "+447700900102" not in {member.handle for member in ward.members}


@pytest.mark.parametrize(
    "wrong",
    [
        call(event(), "another secret"),
        InboundCall("POST", "/phones", body=json.dumps(event()).encode()),
        call(event(), **{"x-webhook-hmac": ""}),
        call(event(), **{"x-webhook-hmac": "ü"}),
        InboundCall("POST", "/phones", headers=call(b"{}").headers, body=json.dumps(event()).encode()),
        InboundCall(
            "POST",
            "/phones",
            headers={"x-webhook-hmac": hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()},
            body=b"{}",
        ),
    ],
    ids=["secret", "none", "empty", "no-ascii", "another-body", "sha256"],
)
def test_a_call_without_the_right_signature_is_refused_and_says_nothing(
    inventory: LinkedPhone, wrong: InboundCall
) -> None:
    assert inventory.calls[0].receive(wrong) == (401, "")
    assert inventory.news() == frozenset()


def test_a_replay_is_answered_and_has_no_effect(inventory: LinkedPhone) -> None:
    inventory.calls[0].receive(call(event()))
    inventory.news()
    assert inventory.calls[0].receive(call(event()))[0] == 200
    assert inventory.news() == frozenset()


@pytest.mark.parametrize("at", [MS, MS // 1000, str(MS // 1000)], ids=["ms", "s", "text"])
def test_time_stamps_are_read_in_both_units(inventory: LinkedPhone, at: Any) -> None:
    assert inventory.calls[0].receive(call(event(timestamp=at)))[0] == 202


@pytest.mark.parametrize("at", [MS - 660_000, (MS - 660_000) // 1000], ids=["ms", "s"])
def test_a_call_older_than_ten_minutes_has_no_effect(inventory: LinkedPhone, at: int) -> None:
    assert inventory.calls[0].receive(call(event(timestamp=at)))[0] == 200
    assert inventory.news() == frozenset()


def test_without_a_time_of_the_envelope_the_event_s_own_counts(inventory: LinkedPhone) -> None:
    told = event()
    del told["timestamp"]
    told["payload"]["timestamp"] = MS - 660_000
    assert inventory.calls[0].receive(call(told))[0] == 200


@pytest.mark.parametrize(
    "told",
    [event("message.any"), event("group.join"), event(session="another")],
    ids=["message", "v1", "session"],
)
def test_what_means_nothing_to_us_is_answered_without_effect(
    inventory: LinkedPhone, told: dict[str, Any]
) -> None:
    assert inventory.calls[0].receive(call(told))[0] == 200
    assert inventory.news() == frozenset()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b"{", b"{}", json.dumps(event(payload=None)).encode(), json.dumps(event(payload={})).encode(),
     json.dumps(event(payload={"group": {"id": "x@c.us"}})).encode(), b"[" * 100_000],
)  # fmt: skip
def test_a_signed_call_that_cannot_be_understood_is_400(inventory: LinkedPhone, body: bytes) -> None:
    assert inventory.calls[0].receive(call(body))[0] == 400
    assert inventory.news() == frozenset()


def test_without_the_key_calls_there_are_none(make: Make) -> None:
    inventory = make()
    assert (inventory.calls, inventory.news()) == ((), frozenset())
