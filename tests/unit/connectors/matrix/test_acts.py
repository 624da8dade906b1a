"""Removing and promoting, on the fake; tests/integration/test_matrix_server.py has the same on a real Synapse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.inventory.matrix.connector import MatrixInventory
from fakes.graph.http import Reply
from fakes.matrix.server import OWN, FakeRoom, MatrixServer, json_reply
from unwanted import is_ended
from worker.domain.model import Member
from worker.ports import AuthFailed, NotDone, PermissionDenied, Transient
from worker.ports.connectors.remover import Effect

WARD = "!ward:corp.example"


@pytest.fixture
def amina(server: MatrixServer) -> str:
    return server.person("Amina Yusuf")


@pytest.fixture
def noor(server: MatrixServer) -> str:
    return server.person("Noor Haddad")


@pytest.fixture
def ward(server: MatrixServer, amina: str, noor: str) -> FakeRoom:
    return server.room(WARD, amina, [amina, noor], name="Ward 7")


def named(user_id: str) -> Member:
    return Member("+447700900103", native_id=user_id)


def test_who_is_not_in_the_room_needs_no_removal(inventory: MatrixInventory, ward: FakeRoom) -> None:
    assert inventory.remove(WARD, named("@lee:corp.example")).effect is Effect.NOT_NEEDED
    assert inventory.remove("!nowhere", named("@lee:corp.example")).effect is Effect.NOT_NEEDED


def test_nothing_is_sent_for_whom_nobody_can_remove(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, amina: str
) -> None:
    assert inventory.remove(WARD, named(amina)).effect is Effect.REFUSED
    assert [line for line in server.log if line.method != "GET"] == []


def test_where_our_account_has_the_power_already_it_takes_none(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    ward.content("m.room.power_levels")["users"][OWN] = 100
    ward.set("m.room.member", {"membership": "join"}, OWN)
    assert inventory.remove(WARD, named(noor)).effect is Effect.DONE
    assert [line.path.rpartition("/")[2] for line in server.log if line.method == "POST"] == ["kick"]
    assert OWN in ward.joined(), "it was there before"


def test_we_come_and_go_for_the_act_alone(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    assert inventory.remove(WARD, named(noor)).effect is Effect.DONE
    steps = [line.path.rpartition("/")[2] for line in server.log if line.method == "POST"]
    assert steps == ["make_room_admin", "join", "kick", "leave"]
    assert OWN not in ward.joined()


@pytest.mark.parametrize("act", ["make_room_admin", "/join", "/kick"])
def test_a_refusal_of_the_room_is_an_outcome_with_its_words(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str, act: str
) -> None:
    status = 400 if act == "make_room_admin" else 403
    server.faults[act] = json_reply({"errcode": "M_FORBIDDEN", "error": "Not here\n, not now"}, status)
    outcome = inventory.remove(WARD, named(noor))
    assert (outcome.effect, outcome.said) == (Effect.REFUSED, "Not here , not now")
    assert OWN not in ward.joined()


class AfterJoin(dict[str, Reply]):
    """Lets something happen in the room as soon as we are in it."""

    def __init__(self, server: MatrixServer, happen: Callable[[], Any]) -> None:
        super().__init__()
        self._server = server
        self._happen = happen

    def items(self) -> Any:
        if self._server.seen("/join"):
            self._happen()
        return super().items()


def test_who_left_while_we_came_needs_no_removal(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    server.faults = AfterJoin(server, lambda: ward.set("m.room.member", {"membership": "leave"}, noor))
    assert inventory.remove(WARD, named(noor)).effect is Effect.NOT_NEEDED


@pytest.mark.parametrize(
    "reply, kind",
    [
        (Reply(status=503), Transient),
        (Reply(is_dropped=True), Transient),
        (json_reply({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 900}, 429), NotDone),
        (json_reply({"errcode": "M_UNKNOWN_TOKEN"}, 401), AuthFailed),
    ],
)
def test_an_unclear_answer_to_a_kick_is_never_an_outcome(
    server: MatrixServer,
    inventory: MatrixInventory,
    ward: FakeRoom,
    noor: str,
    reply: Reply,
    kind: type[Exception],
) -> None:
    server.faults["/kick"] = reply
    with pytest.raises(kind) as raised:
        inventory.remove(WARD, named(noor))
    assert type(raised.value) is kind
    assert len(server.seen("/kick")) == 1


def test_a_failure_to_leave_does_not_hide_that_it_was_done(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    server.faults["/leave"] = Reply(status=500)
    assert inventory.remove(WARD, named(noor)).effect is Effect.DONE
    assert noor not in ward.joined()


def test_a_leave_that_fails_once_is_tried_again(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    server.faults = OnceFailing(server, "/leave")
    assert inventory.remove(WARD, named(noor)).effect is Effect.DONE
    assert OWN not in ward.joined()


class OnceFailing(dict[str, Reply]):
    """Answers the first request to a path with 502."""

    def __init__(self, server: MatrixServer, part: str) -> None:
        super().__init__({part: Reply(status=502)})
        self._server, self._part = server, part

    def items(self) -> Any:
        return super().items() if len(self._server.seen(self._part)) < 2 else ()


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("act", ["remove", "make_admin"])
def test_who_was_killed_in_the_middle_of_an_act_leaves_with_the_next(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str, act: str, is_done: bool
) -> None:
    server.faults["/leave"] = Reply(is_dropped=True)
    assert getattr(inventory, act)(WARD, named(noor)).effect is Effect.DONE
    assert OWN in ward.joined()
    server.faults.clear()
    if not is_done:
        noor = server.person("Lee Wong")
        ward.set("m.room.member", {"membership": "join"}, noor)

    assert getattr(inventory, act)(WARD, named(noor)).effect is (
        Effect.NOT_NEEDED if is_done else Effect.DONE
    )

    assert OWN not in ward.joined()


@pytest.mark.parametrize("act", ["remove", "make_admin"])
def test_where_people_let_our_account_in_it_stays(
    inventory: MatrixInventory, ward: FakeRoom, noor: str, act: str
) -> None:
    ward.set("m.room.member", {"membership": "join", "reason": "The ward's manager asked for it"}, OWN, OWN)
    for _ in range(2):
        getattr(inventory, act)(WARD, named(noor))
    assert OWN in ward.joined()


def test_without_the_right_it_is_the_source_that_fails(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    server.is_admin = False
    with pytest.raises(PermissionDenied):
        inventory.remove(WARD, named(noor))


def test_a_new_admin_has_the_level_that_ruling_needs_and_the_others_keep_theirs(
    inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    ward.content("m.room.power_levels")["users"]["@lee:corp.example"] = 42
    assert inventory.make_admin(WARD, named(noor)).effect is Effect.DONE
    users = ward.content("m.room.power_levels")["users"]
    assert (users[noor], users["@lee:corp.example"]) == (100, 42)
    assert ward.content("m.room.power_levels")["events"]["m.room.power_levels"] == 100


def test_a_level_that_another_admin_gave_while_we_came_is_kept(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    server.faults = AfterJoin(
        server, lambda: ward.content("m.room.power_levels")["users"].setdefault("@lee:corp.example", 42)
    )
    assert inventory.make_admin(WARD, named(noor)).effect is Effect.DONE
    assert ward.content("m.room.power_levels")["users"]["@lee:corp.example"] == 42


@pytest.mark.parametrize("membership", ["invite", "knock"])
def test_who_waits_before_the_door_is_sent_away(
    inventory: MatrixInventory, ward: FakeRoom, noor: str, membership: str
) -> None:
    ward.set("m.room.member", {"membership": membership}, noor)
    assert inventory.remove(WARD, named(noor)).effect is Effect.DONE


def test_an_admin_and_a_creator_are_admins_already(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, amina: str, noor: str
) -> None:
    ward.content("m.room.power_levels")["users"][noor] = 100
    assert inventory.make_admin(WARD, named(noor)).effect is Effect.NOT_NEEDED
    assert inventory.make_admin(WARD, named(amina)).effect is Effect.NOT_NEEDED
    assert [line for line in server.log if line.method == "PUT"] == []


@pytest.mark.parametrize("membership", ["leave", "invite", "ban"])
def test_only_who_is_in_the_room_can_be_made_an_admin(
    inventory: MatrixInventory, ward: FakeRoom, noor: str, membership: str
) -> None:
    ward.set("m.room.member", {"membership": membership}, noor)
    outcome = inventory.make_admin(WARD, named(noor))
    assert (outcome.effect, outcome.said) == (Effect.REFUSED, "not in the room")


def test_where_ruling_needs_more_than_we_can_have_it_is_refused(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str
) -> None:
    ward.content("m.room.power_levels")["events"]["m.room.power_levels"] = 150
    assert inventory.make_admin(WARD, named(noor)).effect is Effect.REFUSED
    assert OWN not in ward.joined()


@pytest.mark.parametrize("act", ["remove", "make_admin"])
def test_levels_that_can_not_be_understood_are_left_alone(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, noor: str, act: str
) -> None:
    ward.set("m.room.power_levels", {"users": {noor: "all"}})
    assert getattr(inventory, act)(WARD, named(noor)).effect is Effect.REFUSED
    assert [line for line in server.log if line.method != "GET"] == []


def test_an_act_that_is_not_wanted_any_more_is_not_asked_for(
    server: MatrixServer, inventory: MatrixInventory, ward: FakeRoom, amina: str, noor: str
) -> None:
    for deed in (inventory.remove, inventory.make_admin):
        is_ended(deed, WARD, named(noor))
    assert sorted(ward.joined()) == sorted([amina, noor]), "our account has left again"
    assert not [line for line in server.log if line.path.endswith(("/kick", "/m.room.power_levels"))]
