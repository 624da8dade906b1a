"""What Synapse shows of a room to who looks closely: the picture's hash, and when the newest event was."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from connectors.inventory.matrix.connector import MatrixInventory
from connectors.inventory.matrix.mapping import event_at, picture_of
from contracts.inventory import NOW
from fakes.graph.http import Reply
from fakes.matrix.server import FakeRoom, MatrixServer, json_reply
from worker.domain.model import Fact, GroupFacts
from worker.ports import AuthFailed, ConnectorError, Incomplete, PermissionDenied, Transient

WARD = "!ward:corp.example"
PNG = b"a ward"


@pytest.fixture
def room(server: MatrixServer) -> FakeRoom:
    amina = server.person("Amina Yusuf")
    room = server.room(WARD, amina, [amina], name="Ward 7")
    room.set("m.room.avatar", {"url": "mxc://corp.example/abc"})
    server.media["corp.example/abc"] = PNG
    room.last_ms = int((NOW - timedelta(days=3)).timestamp() * 1000)
    return room


def look(inventory: MatrixInventory, *facts: Fact) -> GroupFacts:
    return dict(inventory.look_closely({WARD: facts or inventory.can.costly}))[WARD]


def asked(facts: GroupFacts) -> set[Fact]:
    return {fact for fact, at in facts.read_apart if at is not None}


def test_picture_and_last_activity_are_shown(room: FakeRoom, inventory: MatrixInventory) -> None:
    assert room.last_ms is not None
    seen = look(inventory)
    assert seen.picture_sha256 == hashlib.sha256(PNG).hexdigest()
    assert seen.last_activity_at == NOW - timedelta(days=3)


def test_a_room_without_a_picture_has_none(room: FakeRoom, inventory: MatrixInventory) -> None:
    room.set("m.room.avatar", {})
    seen = look(inventory, Fact.PICTURE)
    assert (seen.picture_sha256, asked(seen)) == ("", {Fact.PICTURE})


def test_a_room_without_any_event_shows_no_activity(room: FakeRoom, inventory: MatrixInventory) -> None:
    room.last_ms = None
    seen = look(inventory, Fact.LAST_ACTIVITY)
    assert (seen.last_activity_at, asked(seen)) == (None, {Fact.LAST_ACTIVITY})


def test_a_room_that_is_gone_shows_nothing(
    server: MatrixServer, room: FakeRoom, inventory: MatrixInventory
) -> None:
    del server.rooms[room.room_id]
    seen = look(inventory)
    assert (seen.picture_sha256, seen.last_activity_at) == (None, None)


def test_a_picture_that_is_not_there_any_more_is_not_shown(
    server: MatrixServer, room: FakeRoom, inventory: MatrixInventory
) -> None:
    assert room.content("m.room.avatar")
    server.media.clear()
    seen = look(inventory, Fact.PICTURE)
    assert (seen.picture_sha256, asked(seen)) == (None, {Fact.PICTURE})


@pytest.mark.parametrize(
    "reply, error",
    [
        (Reply(is_dropped=True), Transient),
        (json_reply({"errcode": "M_UNKNOWN_TOKEN", "error": "no"}, 401), AuthFailed),
    ],
)
def test_a_server_that_is_away_ends_the_look(
    server: MatrixServer,
    room: FakeRoom,
    inventory: MatrixInventory,
    reply: Reply,
    error: type[ConnectorError],
) -> None:
    server.faults["/media/"] = reply
    with pytest.raises(error):
        look(inventory)
    assert room.last_ms is not None


def test_trouble_with_one_answer_leaves_that_fact_as_it_was(
    server: MatrixServer, room: FakeRoom, inventory: MatrixInventory
) -> None:
    server.faults["/media/"] = json_reply({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 5}, 429)
    assert asked(look(inventory)) == {Fact.LAST_ACTIVITY}
    room.set("m.room.avatar", {"url": "https://example.org/p.png"})
    assert asked(look(inventory)) == {Fact.LAST_ACTIVITY}


def test_who_may_not_ask_is_shown_nothing(
    server: MatrixServer, room: FakeRoom, inventory: MatrixInventory
) -> None:
    server.is_admin = False
    seen = look(inventory, Fact.LAST_ACTIVITY)
    assert (seen.last_activity_at, asked(seen)) == (None, {Fact.LAST_ACTIVITY})
    assert issubclass(PermissionDenied, ConnectorError)
    assert room.last_ms is not None


@pytest.mark.parametrize(
    "details", [{"avatar": 7}, {"avatar": "mxc://corp.example"}, {"avatar": "mxc://corp.example/../x"}]
)
def test_an_address_that_is_none_is_no_answer(details: Any) -> None:
    with pytest.raises(Incomplete):
        picture_of(details)


@pytest.mark.parametrize("details", [{}, [], {"avatar": None}, {"avatar": ""}])
def test_no_address_is_no_picture(details: Any) -> None:
    assert picture_of(details) is None


@pytest.mark.parametrize("answer", [None, {}, {"origin_server_ts": True}, {"origin_server_ts": "yesterday"}])
def test_an_event_without_a_time_was_at_no_time(answer: Any) -> None:
    assert event_at(answer) is None
