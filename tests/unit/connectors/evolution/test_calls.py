"""Evolution's webhooks: which are believed, and what they make due."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import NOW
from fakes.evolution.server import INSTANCE, EvolutionServer
from fakes.gateways.server import Make
from worker.domain.model import Roster
from worker.ports import InboundCall

SECRET = "header-secret-0001"
WARD, ROTA = "120363000000000007@g.us", "120363000000000009@g.us"


@pytest.fixture
def inventory(make: Make) -> LinkedPhone:
    return make({"calls": {"listen": "127.0.0.1:8071", "path": "/phones", "secret": SECRET}})


def event(name: str = "group-participants.update", data: Any = None, **more: Any) -> dict[str, Any]:
    told = {"id": WARD, "action": "remove", "participants": ["447700900102@s.whatsapp.net"]}
    return {
        "event": name,
        "instance": INSTANCE,
        "data": told if data is None else data,
        "date_time": NOW.isoformat(),
        **more,
    }


def call(body: Any, secret: str | None = SECRET) -> InboundCall:
    headers = {} if secret is None else {"apikey": secret}
    return InboundCall(
        "POST",
        "/phones",
        headers=headers,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def test_a_removal_that_is_told_is_seen_when_the_news_is_read(
    evolution: EvolutionServer, inventory: LinkedPhone
) -> None:
    evolution.rooms[WARD].people.pop(1)
    assert inventory.calls[0].receive(call(event()))[0] == 202
    ward, _end = inventory.changes(None, inventory.news())
    assert isinstance(ward, Roster)
    assert "+447700900102" not in {member.handle for member in ward.members}


@pytest.mark.parametrize("name", ["groups.upsert", "groups.update"])
def test_each_group_that_a_call_speaks_of_is_due(inventory: LinkedPhone, name: str) -> None:
    told = event(name, [{"id": WARD, "subject": "x"}, {"id": ROTA}])
    assert inventory.calls[0].receive(call(told))[0] == 202
    assert inventory.news() == {WARD, ROTA}


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "ü"])
def test_a_call_without_the_secret_is_refused(inventory: LinkedPhone, secret: str | None) -> None:
    assert inventory.calls[0].receive(call(event(), secret)) == (401, "")
    assert inventory.news() == frozenset()


def test_the_key_in_the_body_proves_nothing(inventory: LinkedPhone) -> None:
    assert inventory.calls[0].receive(call(event(apikey=SECRET), None))[0] == 401


def test_a_replay_has_no_effect(inventory: LinkedPhone) -> None:
    assert inventory.calls[0].receive(call(event()))[0] == 202
    inventory.news()
    assert inventory.calls[0].receive(call(event()))[0] == 200
    assert inventory.news() == frozenset()


@pytest.mark.parametrize("hours, status", [(0, 202), (-12, 202), (14, 202), (-13, 200)])
def test_its_wall_clock_is_not_taken_for_utc(inventory: LinkedPhone, hours: int, status: int) -> None:
    told = event(date_time=(NOW + timedelta(hours=hours)).isoformat())
    assert inventory.calls[0].receive(call(told))[0] == status


@pytest.mark.parametrize(
    "told", [event("messages.upsert"), event(instance="another")], ids=["message", "instance"]
)
def test_what_means_nothing_to_us_is_answered_without_effect(
    inventory: LinkedPhone, told: dict[str, Any]
) -> None:
    assert inventory.calls[0].receive(call(told))[0] == 200
    assert inventory.news() == frozenset()


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b"{", json.dumps(event(data=7)).encode(), json.dumps(event(data=[])).encode(),
     json.dumps(event(data={"id": "x@c.us"})).encode()],
)  # fmt: skip
def test_a_proven_call_that_cannot_be_understood_is_400(inventory: LinkedPhone, body: bytes) -> None:
    assert inventory.calls[0].receive(call(body))[0] == 400
