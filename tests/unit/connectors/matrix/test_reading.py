"""What the inventory makes of a Synapse's answers: rooms, members and facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.inventory.matrix.config import MatrixConfig
from connectors.inventory.matrix.connector import MatrixInventory
from contracts.inventory import NOW, context
from fakes.matrix.server import OWN, TOKEN, MatrixServer, json_reply
from matrix_reading import WARD, ids, read, rooms
from worker.domain.model import Allowed, Coverage, Fact, Role
from worker.ports import Incomplete

# --- The list of rooms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number, size", [(1, 2), (2, 2), (3, 2), (5, 2), (7, 3), (10, 10)])
def test_each_room_of_each_page_is_listed_once(
    server: MatrixServer, amina: str, inventory: MatrixInventory, number: int, size: int
) -> None:
    rooms(server, amina, number)
    inventory._client.page_size = size
    rosters, end = read(inventory)
    assert ids(rosters) == [f"!{at:03}" for at in range(number)]
    assert end.groups_total == number


def test_a_room_that_slipped_to_a_page_already_read_is_not_lost(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    """One goes and one comes between two pages: the count is the same, and one room moves to the page before."""
    rooms(server, amina, 6)
    inventory._client.page_size = 3
    late = server.rooms.pop("!005")

    def change(start: int) -> None:
        if start and late.room_id not in server.rooms:
            del server.rooms["!000"]
            server.rooms[late.room_id] = late

    server.on_page = change
    rosters, _ = read(inventory)
    assert ids(rosters) == [f"!{at:03}" for at in range(1, 6)]


def test_a_list_that_never_holds_still_proves_nothing(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    rooms(server, amina, 6)
    inventory._client.page_size = 3
    server.on_page = lambda start: server.rooms.pop(min(server.rooms)) if start else None  # type: ignore[assignment]
    with pytest.raises(Incomplete, match="changed each of the 3 times"):
        read(inventory)


@pytest.mark.parametrize("total", [1, 2])
def test_a_room_that_is_listed_twice_or_not_counted_makes_no_list(
    server: MatrixServer, inventory: MatrixInventory, total: int
) -> None:
    row = {"room_id": "!a", "name": "Ward", "joined_members": 1}
    server.faults["/v1/rooms"] = json_reply({"rooms": [row, row], "total_rooms": total})
    with pytest.raises(Incomplete, match="changed each"):
        read(inventory)


def test_rooms_that_are_not_wanted_are_not_asked_for(server: MatrixServer, amina: str) -> None:
    server.room("!a", amina, [amina], name="Ward 7")
    server.room("!b", amina, [amina], name="Choir")
    wanted = replace(context(Path()), takes=lambda _id, name: name != "Choir")
    inventory = MatrixInventory(MatrixConfig(url=server.url, token=SecretStr(TOKEN)), wanted)

    assert ids(read(inventory)[0]) == ["!a"]
    assert ids(read(inventory, ["!a", "!b"])[0]) == ["!a"]
    assert server.seen("!b/members") == []
    inventory.close()


def test_only_the_groups_that_are_asked_for_are_read(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    rooms(server, amina, 3)
    rosters, end = read(inventory, ["!002", "!nowhere", "!001"])
    assert (ids(rosters), end.groups_total, end.is_full) == (["!001", "!002"], 2, False)
    assert server.seen("/v1/rooms")[0].path != "/_synapse/admin/v1/rooms"


@pytest.mark.parametrize(
    "name, alias, members, is_group",
    [
        ("Ward 7", "", 1, True),
        ("Ward 7", "", 0, True),
        ("", "#ward7:corp.example", 2, True),
        ("", "", 3, True),
        ("", "", 2, False),
        ("", "", 1, False),
        ("", "", 0, False),
    ],
)
def test_two_people_in_a_room_without_a_name_are_no_group(
    server: MatrixServer, inventory: MatrixInventory, name: str, alias: str, members: int, is_group: bool
) -> None:
    people = [server.person(f"Person {at}") for at in range(members)]
    room = server.room(WARD, people[0] if people else OWN, people, name=name)
    if alias:
        room.set("m.room.canonical_alias", {"alias": alias})
    for groups in (None, [WARD]):
        rosters, _ = read(inventory, groups)
        assert [roster.group.name for roster in rosters] == ([name or alias or WARD] if is_group else [])


@pytest.mark.parametrize("members, is_listed_yet", [(2, True), (1, True), (2, False)])
def test_a_room_that_became_a_direct_chat_is_out_of_sight_and_not_gone(
    server: MatrixServer, inventory: MatrixInventory, members: int, is_listed_yet: bool
) -> None:
    """Who watched it before doesn't take its removals for done."""
    people = [server.person(f"Person {at}") for at in range(3)]
    room = server.room(WARD, people[0], people)
    assert ids(read(inventory)[0]) == [WARD]
    server.faults["/members"] = json_reply({"members": people[:members], "total": members})
    for user_id in people[members:] if is_listed_yet else []:
        room.set("m.room.member", {"membership": "leave"}, user_id)
    rosters, end = read(inventory)
    assert (rosters, end.out_of_sight(WARD), end.out_of_sight("!other")) == ([], True, False)


def test_a_room_without_a_name_that_was_a_group_is_read_until_everybody_left(
    server: MatrixServer, inventory: MatrixInventory
) -> None:
    people = [server.person(f"Person {at}") for at in range(3)]
    room = server.room(WARD, people[0], people)
    server.room("!two", people[0], people[:2])
    cursor = read(inventory)[1].cursor
    for left in (2, 1, 0):
        room.set("m.room.member", {"membership": "leave"}, people[left])
        ((roster,), asked) = read(inventory, [WARD], cursor)
        assert (len(roster.members), asked.cursor) == (left, cursor)
        rosters, end = read(inventory, None, cursor)
        assert [len(one.members) for one in rosters] == ([left] if left else [])
        assert end.out_of_sight("!two")
        cursor = end.cursor
    assert not end.out_of_sight(WARD)


# --- Members and facts ---------------------------------------------------------------------------------------


def test_somebody_in_many_rooms_is_asked_for_once_a_read(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    rooms(server, amina, 4)
    read(inventory)
    assert len(server.seen("/v2/users/")) == 1
    read(inventory)
    assert len(server.seen("/v2/users/")) == 2


def test_somebody_of_another_server_is_known_by_the_name_that_the_room_shows(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    guest = "@lee:elsewhere.example"
    room = server.room(WARD, amina, [amina, guest], name="Ward 7")
    room.set("m.room.member", {"membership": "join", "displayname": "Lee"}, guest)
    ((roster,), _) = read(inventory)
    (_, lee) = roster.members
    assert (lee.handle, lee.native_id, lee.display_name, lee.phone) == (guest, guest, "Lee", None)
    assert server.seen(guest) == []


def test_a_room_that_this_server_has_left_is_stale(server: MatrixServer, inventory: MatrixInventory) -> None:
    server.room(WARD, "@lee:elsewhere.example", ["@lee:elsewhere.example"], name="Their ward")
    ((roster,), _) = read(inventory)
    assert roster.coverage is Coverage.STALE


def test_an_account_that_is_not_there_any_more_is_still_a_member(
    server: MatrixServer, amina: str, inventory: MatrixInventory
) -> None:
    server.room(WARD, amina, [amina, "@ghost:corp.example"], name="Ward 7")
    ((roster,), end) = read(inventory)
    assert [one.handle for one in roster.members] == [amina, "@ghost:corp.example"]
    assert (roster.coverage, end.malformed) == (Coverage.FULL, ())


@pytest.mark.parametrize(
    "threepids, phone, email",
    [
        ([], None, None),
        ([{"medium": "msisdn", "address": "447700900101"}], "+447700900101", None),
        ([{"medium": "msisdn", "address": "+447700900101"}], "+447700900101", None),
        (
            [{"medium": "msisdn", "address": "1"}, {"medium": "msisdn", "address": "447700900102"}],
            "+447700900102",
            None,
        ),
        ([{"medium": "email", "address": "a@example.org"}], None, "a@example.org"),
        ([{"medium": "email", "address": "a@straße.example"}], None, "a@xn--strae-oqa.example"),
        ([{"medium": "pager", "address": "447700900101"}], None, None),
        ([{"medium": "email"}], None, None),
    ],
)
def test_numbers_and_addresses_come_from_threepids(
    server: MatrixServer, amina: str, inventory: MatrixInventory, threepids: Any, phone: str, email: str
) -> None:
    server.room(WARD, amina, [amina], name="Ward 7")
    server.users[amina]["threepids"] = threepids
    ((roster,), end) = read(inventory)
    assert [(one.phone, one.email) for one in roster.members] == [(phone, email)]
    assert end.malformed == ()


def test_a_member_who_can_not_be_understood_is_set_aside_and_the_roster_is_partial(
    server: MatrixServer, amina: str, sam: str, inventory: MatrixInventory
) -> None:
    server.room(WARD, amina, [amina, sam], name="Ward 7")
    server.users[sam]["threepids"] = {"msisdn": "447700900102"}
    ((roster,), end) = read(inventory)
    assert ([one.handle for one in roster.members], roster.coverage) == ([amina], Coverage.PARTIAL)
    (problem,) = end.malformed
    assert problem.record_id == sam
    assert "7700" not in str(problem)


@pytest.mark.parametrize(
    "damage",
    [
        {"m.room.power_levels": {"users": {"@sam.okafor:corp.example": "all"}}},
        {"m.room.create": {"room_version": "org.example.dream"}},
    ],
)
def test_without_understandable_levels_roles_are_unknown(
    server: MatrixServer, amina: str, sam: str, inventory: MatrixInventory, damage: dict[str, Any]
) -> None:
    room = server.room(WARD, amina, [amina, sam], name="Ward 7")
    for kind, content in damage.items():
        room.set(kind, content)
    ((roster,), end) = read(inventory)
    assert {one.role for one in roster.members} == {Role.UNKNOWN}
    assert (roster.coverage, [one.record_id for one in end.malformed]) == (Coverage.PARTIAL, [WARD])
    assert (roster.facts.edit, roster.facts.write, roster.facts.add) == (None, None, None)


@pytest.mark.parametrize(
    "rule, approval",
    [("invite", True), ("knock", True), ("public", False), ("restricted", False), ("knock_restricted", False),
     ("private", None), ("", None)],
)  # fmt: skip
def test_approval_is_whether_somebody_has_to_let_one_in(
    server: MatrixServer, amina: str, inventory: MatrixInventory, rule: str, approval: bool | None
) -> None:
    server.room(WARD, amina, [amina], name="Ward 7").set("m.room.join_rules", {"join_rule": rule})
    ((roster,), _) = read(inventory)
    assert roster.facts.approval is approval


def test_the_facts_of_a_room(server: MatrixServer, amina: str, inventory: MatrixInventory) -> None:
    room = server.room(WARD, amina, [amina], name="Ward 7")
    ((before,), _) = read(inventory)
    assert (before.facts.description, before.facts.picture_sha256, before.facts.is_archived) == (
        "",
        "",
        False,
    )
    assert (before.facts.link_sha256, before.facts.last_activity_at, before.facts.read_at) == (
        None,
        None,
        NOW,
    )

    room.set("m.room.topic", {"topic": "Nights only"})
    room.set("m.room.avatar", {"url": "mxc://corp.example/abc"})
    room.set("m.room.tombstone", {"body": "moved"})
    room.set("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    room.content("m.room.power_levels")["events"]["m.room.encrypted"] = 50
    ((after,), _) = read(inventory)

    assert (after.facts.description, after.facts.is_archived) == ("Nights only", True)
    assert (after.facts.picture_sha256, (Fact.PICTURE, None) in after.facts.read_apart) == (None, True)
    assert after.facts.write is Allowed.ADMINS


def test_check_counts_admins_of_few_rooms_and_members_of_many(
    server: MatrixServer, amina: str, sam: str, inventory: MatrixInventory
) -> None:
    server.room(WARD, amina, [amina, sam], name="Ward 7", powers={sam: 100})
    assert inventory.check().counts == {"groups": 1, "members": 2, "admins": 2}
    rooms(server, amina, 25)
    assert inventory.check().counts == {"groups": 26, "members": 27}
