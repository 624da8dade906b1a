"""Answers of a Synapse that prove nothing, hide something or fail, and a token that nobody else sees."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.inventory.matrix.config import MatrixConfig
from connectors.inventory.matrix.connector import MatrixInventory
from contracts.inventory import context
from fakes.graph.http import Reply
from fakes.matrix.server import TOKEN, MatrixServer, json_reply
from matrix_reading import WARD, ids, read, rooms
from worker.domain.model import Coverage, Role
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Transient,
)

HTML = Reply(body=b"<html>Sign in</html>", content_type="text/html")


@pytest.mark.parametrize("part", ["/whoami", "/v1/rooms", "/state", "/members", "/v2/users/"])
@pytest.mark.parametrize(
    "reply, kind",
    [
        (HTML, Incomplete),
        (Reply(body=b'{"rooms": [{"room_id"', content_type="application/json"), Incomplete),
        (Reply(), Incomplete),
        (Reply(body=b"null", content_type="application/json"), Incomplete),
        (Reply(body=b'{"rooms": []}', cut_after=5), Transient),
        (Reply(is_dropped=True), Transient),
        (Reply(status=302, headers={"Location": "https://elsewhere.example/"}), BadConfig),
        (json_reply({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token passed."}, 401), AuthFailed),
        (json_reply({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": 1500}, 429), NotDone),
        (json_reply({"errcode": "M_UNKNOWN", "error": "Internal server error"}, 500), Transient),
        (Reply(body=b"Bad gateway", status=502, content_type="text/plain"), Transient),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_proves_nothing(
    server: MatrixServer,
    amina: str,
    inventory: MatrixInventory,
    part: str,
    reply: Reply,
    kind: type[ConnectorError],
) -> None:
    server.room(WARD, amina, [amina], name="Ward 7")
    server.faults[part] = reply
    with pytest.raises(kind) as raised:
        read(inventory)
    assert raised.value.remedy
    assert TOKEN not in f"{raised.value}{raised.value.__cause__!r}"
    assert not inventory.check().ok or part in {"/members", "/v2/users/"}


@pytest.mark.parametrize("part", ["/state", "/members"])
def test_a_room_that_is_listed_and_not_there_when_asked_for_is_partial_and_named(
    server: MatrixServer, amina: str, inventory: MatrixInventory, part: str
) -> None:
    rooms(server, amina, 2)
    server.room(WARD, amina, [amina], name="Ward 7")
    server.faults[f"{WARD}{part}"] = json_reply({"errcode": "M_NOT_FOUND", "error": "Room not found"}, 404)
    rosters, end = read(inventory)
    assert [(one.group.name, one.coverage, one.members == ()) for one in rosters] == [
        ("Ward 0", Coverage.FULL, False),
        ("Ward 1", Coverage.FULL, False),
        ("Ward 7", Coverage.PARTIAL, True),
    ]
    assert [one.record_id for one in end.malformed] == [WARD]
    assert not end.out_of_sight(WARD), "the next list tells whether it is gone"
    assert ids(read(inventory, [WARD])[0]) == []


@pytest.mark.parametrize(
    "part, answer",
    [
        ("/whoami", {}),
        ("/whoami", []),
        ("/v1/rooms", {}),
        ("/v1/rooms", {"rooms": [], "total_rooms": 3}),
        ("/v1/rooms", {"rooms": [{"name": "Ward"}], "total_rooms": 1}),
        ("/v1/rooms", {"rooms": {}, "total_rooms": 0}),
        ("/v1/rooms", {"rooms": [], "total_rooms": False}),
        ("/members", {"members": [], "total": 2}),
        ("/members", {"members": [1], "total": 1}),
        ("/members", {"members": ["@a:x", "@a:x", "@b:x"], "total": 3}),
        ("/members", {"total": 0}),
        ("/members", ["@amina.yusuf:corp.example"]),
        ("/state", {"state": None}),
        ("/state", {}),
        ("/state", []),
    ],
)
def test_an_answer_of_another_shape_is_never_an_empty_roster(
    server: MatrixServer, amina: str, inventory: MatrixInventory, part: str, answer: Any
) -> None:
    server.room(WARD, amina, [amina], name="Ward 7")
    server.faults[part] = json_reply(answer)
    with pytest.raises(Incomplete) as raised:
        read(inventory)
    assert raised.value.remedy


@pytest.mark.parametrize("state", [[None], [{"type": "m.room.create"}], [{"content": 1}], []])
def test_a_state_without_its_beginning_is_partial(
    server: MatrixServer, amina: str, inventory: MatrixInventory, state: Any
) -> None:
    room = server.room(WARD, amina, [amina, server.person("Sam"), server.person("Noor")], name="Ward 7")
    server.faults["/state"] = json_reply({"state": state})
    ((roster,), end) = read(inventory)
    assert roster.coverage is Coverage.PARTIAL
    assert {one.role for one in roster.members} == {Role.UNKNOWN}
    assert [one.handle for one in roster.members] == sorted(room.joined())
    assert {one.record_id for one in end.malformed} == {WARD}


def test_a_wait_that_the_server_asks_for_is_told_to_who_repeats(
    server: MatrixServer, inventory: MatrixInventory
) -> None:
    limited = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 2500}
    server.faults["/whoami"] = json_reply(limited, 429)
    with pytest.raises(NotDone) as raised:
        read(inventory)
    assert raised.value.retry_after_s == 2.5

    server.faults["/whoami"] = json_reply(limited, 429, **{"Retry-After": "7"})
    with pytest.raises(NotDone) as raised:
        read(inventory)
    assert raised.value.retry_after_s == 7


@pytest.mark.parametrize(
    "said, waits", [("NaN", None), ("-1", None), ('"2500"', None), ("1e400", 3600), ("9e15", 3600)]
)
def test_a_wait_that_is_none_or_without_end_is_not_waited_for(
    server: MatrixServer, inventory: MatrixInventory, said: str, waits: float | None
) -> None:
    body = f'{{"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": {said}}}'.encode()
    server.faults["/whoami"] = Reply(body=body, status=429, content_type="application/json")
    with pytest.raises(NotDone) as raised:
        read(inventory)
    assert raised.value.retry_after_s == waits


def test_an_account_without_the_right_is_told_which(server: MatrixServer, inventory: MatrixInventory) -> None:
    server.is_admin = False
    with pytest.raises(PermissionDenied) as raised:
        read(inventory)
    assert raised.value.missing == "server administrator"
    result = inventory.check()
    assert not result.ok
    assert '"admin": true' in result.remedy


@pytest.mark.parametrize("body", [{"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}, {}])
def test_a_proxy_that_hides_the_admin_api_is_named(
    server: MatrixServer, inventory: MatrixInventory, body: dict[str, str]
) -> None:
    server.faults["/_synapse"] = json_reply(body, 404)
    with pytest.raises(BadConfig, match="/_synapse/admin"):
        read(inventory)
    assert "proxy" in inventory.check().remedy


def test_plain_http_never_carries_the_token_to_another_machine() -> None:
    there = "http://192.0.2.7:8008"
    with pytest.raises(ValidationError, match="in the clear"):
        MatrixConfig(url=there, token=SecretStr(TOKEN))
    config = MatrixConfig(url="http://127.0.0.1", token=SecretStr(TOKEN)).model_copy(update={"url": there})
    inventory = MatrixInventory(config, context(Path()))
    with pytest.raises(BadConfig, match="Plain http"):
        read(inventory)
    assert not inventory.check().ok


def test_a_read_that_fails_once_in_its_middle_is_repeated_there(server: MatrixServer, amina: str) -> None:
    rooms(server, amina, 2)
    server.faults["!001/state"] = Reply(status=503)
    tries = []

    def again(call: Any, /) -> Any:
        try:
            return call()
        except Transient:
            tries.append(1)
            server.faults.clear()
            return call()

    inventory = MatrixInventory(
        MatrixConfig(url=server.url, token=SecretStr(TOKEN)), replace(context(Path()), again=again)
    )
    rosters, _ = read(inventory)
    assert (ids(rosters), len(tries)) == (["!000", "!001"], 1)
    inventory.close()


def test_the_token_is_in_no_address(server: MatrixServer, amina: str, inventory: MatrixInventory) -> None:
    server.room(WARD, amina, [amina], name="Ward 7")
    read(inventory)
    assert [line for line in server.log if TOKEN in json.dumps([line.path, dict(line.query)])] == []
