"""The Matrix inventory against a real Synapse."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.inventory.matrix.config import MatrixConfig
from connectors.inventory.matrix.connector import MatrixInventory
from fakes.matrix.server import TOKEN, MatrixServer
from synapse import Person, Refused, Synapse
from worker.domain.model import Allowed, Coverage, Member, Role, Roster
from worker.ops.clock import system_now
from worker.ports import AuthFailed, ConnectorContext, PermissionDenied, SnapshotEnd
from worker.ports.connectors.remover import Effect

ANY_TIME = datetime(2026, 11, 24, tzinfo=UTC)


def inventory_of(server: Synapse | MatrixServer, token: str) -> MatrixInventory:
    config = MatrixConfig(url=server.url, token=SecretStr(token), requests_per_minute=6000)
    return MatrixInventory(config, ConnectorContext(
        name="rooms", base_dir=Path(), default_region="GB", timezone="Europe/London", language="en", now=system_now,
    ))  # fmt: skip


@pytest.fixture
def inventory(synapse_server: Synapse) -> Iterator[MatrixInventory]:
    inventory = inventory_of(synapse_server, synapse_server.admin.token)
    yield inventory
    inventory.close()


@pytest.fixture
def amina(synapse_server: Synapse) -> Person:
    return synapse_server.person(unique("Amina"), phone="+447700900101", email="amina@example.org")


@pytest.fixture
def sam(synapse_server: Synapse) -> Person:
    return synapse_server.person(unique("Sam"), phone="+447700900102")


@pytest.fixture
def noor(synapse_server: Synapse) -> Person:
    return synapse_server.person(unique("Noor"))


def unique(name: str) -> str:
    return f"{name} {uuid.uuid4().hex[:8]}"


def read(inventory: MatrixInventory, room_id: str) -> Roster:
    roster, end = inventory.changes(None, [room_id])
    assert isinstance(end, SnapshotEnd)
    assert end.malformed == ()
    assert isinstance(roster, Roster)
    return roster


def roles(inventory: MatrixInventory, room_id: str) -> dict[str, Role]:
    return {member.handle: member.role for member in read(inventory, room_id).members}


def named(person: Person) -> Member:
    return Member(person.user_id, native_id=person.user_id)


def test_every_page_of_the_rooms_is_read_and_each_room_is_listed_once(
    synapse_server: Synapse, amina: Person, sam: Person, inventory: MatrixInventory
) -> None:
    rooms = [synapse_server.room(amina, version=version, name="Ward") for version in ("11", "12") * 3]
    rooms.append(synapse_server.room(sam, version="12", name="Ward"))
    synapse_server.wait_until_listed(*rooms)
    inventory._client.page_size = 3

    items = list(inventory.changes(None))

    listed = [item.group.group_id for item in items[:-1] if isinstance(item, Roster)]
    assert listed == sorted(set(listed))
    assert set(rooms) <= set(listed)
    assert isinstance(items[-1], SnapshotEnd)
    assert (items[-1].groups_total, items[-1].is_full) == (len(listed), True)


def test_members_have_names_and_what_their_accounts_have(
    synapse_server: Synapse, amina: Person, sam: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, sam, version="12", name="Ward 7", topic="Nights")

    roster = read(inventory, room)

    assert (roster.group.name, roster.group.messenger, roster.coverage) == ("Ward 7", "matrix", Coverage.FULL)
    first = next(member for member in roster.members if member.handle == amina.user_id)
    assert first.display_name.startswith("Amina")
    assert (first.phone, first.email, first.native_id) == (
        "+447700900101",
        "amina@example.org",
        amina.user_id,
    )


def test_facts_are_those_of_the_room(
    synapse_server: Synapse, amina: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, version="12", name="Ward 7", topic="Nights")
    facts = read(inventory, room).facts
    assert (facts.description, facts.picture_sha256, facts.approval) == ("Nights", "", True)
    assert (facts.edit, facts.write, facts.add) == (Allowed.ADMINS, Allowed.MEMBERS, Allowed.MEMBERS)
    assert (facts.is_archived, facts.last_activity_at) == (False, None)

    synapse_server.put_state(
        amina, room, "m.room.tombstone", {"body": "Moved", "replacement_room": "!x:corp.example"}
    )
    synapse_server.put_state(amina, room, "m.room.join_rules", {"join_rule": "public"})
    synapse_server.put_state(amina, room, "m.room.avatar", {"url": "mxc://corp.example/abc"})

    facts = read(inventory, room).facts
    assert (facts.is_archived, facts.approval, facts.picture_sha256) == (True, False, None)


def test_a_closer_look_shows_the_picture_s_hash_and_when_the_newest_event_was(
    synapse_server: Synapse, amina: Person, inventory: MatrixInventory
) -> None:
    began_at = datetime.now(UTC) - timedelta(seconds=1)
    room = synapse_server.room(amina, version="12", name="Ward 7")
    bare = dict(inventory.look_closely({room: inventory.can.costly}))[room]
    assert bare.picture_sha256 == ""

    picture = synapse_server.upload(amina, b"a ward")
    synapse_server.put_state(amina, room, "m.room.avatar", {"url": picture})
    seen = dict(inventory.look_closely({room: inventory.can.costly}))[room]

    assert seen.picture_sha256 == hashlib.sha256(b"a ward").hexdigest()
    assert seen.last_activity_at is not None
    assert began_at <= seen.last_activity_at <= datetime.now(UTC) + timedelta(seconds=1)
    nobody = dict(inventory.look_closely({"!nobody:corp.example": inventory.can.costly}))
    assert [(one.picture_sha256, one.last_activity_at) for one in nobody.values()] == [(None, None)]


def test_in_version_12_the_creator_stands_above_an_admin_of_100(
    synapse_server: Synapse, amina: Person, sam: Person, noor: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, sam, noor, version="12", name="Ward 7")
    synapse_server.empower(amina, room, {sam: 100})

    assert roles(inventory, room) == {
        amina.user_id: Role.CREATOR, sam.user_id: Role.ADMIN, noor.user_id: Role.MEMBER,
    }  # fmt: skip


def test_an_additional_creator_is_a_creator(
    synapse_server: Synapse, amina: Person, sam: Person, inventory: MatrixInventory
) -> None:
    content = {"additional_creators": [sam.user_id]}
    room = synapse_server.room(amina, sam, version="12", name="Ward 7", creation_content=content)
    assert set(roles(inventory, room).values()) == {Role.CREATOR}


def test_in_version_11_admins_of_equal_power_are_creators_to_each_other(
    synapse_server: Synapse, amina: Person, sam: Person, noor: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, sam, noor, version="11", name="Ward 7")
    synapse_server.empower(amina, room, {sam: 100, noor: 50})

    assert roles(inventory, room) == {
        amina.user_id: Role.CREATOR, sam.user_id: Role.CREATOR, noor.user_id: Role.MEMBER,
    }  # fmt: skip
    with pytest.raises(Refused, match="You cannot kick user"):
        synapse_server.do(amina, room, "kick", user_id=sam.user_id)


@pytest.mark.parametrize("version", ["11", "12"])
def test_a_member_is_removed_and_a_later_read_shows_it(
    synapse_server: Synapse, amina: Person, noor: Person, inventory: MatrixInventory, version: str
) -> None:
    room = synapse_server.room(amina, noor, version=version, name="Ward 7")

    assert inventory.remove(room, named(noor)).effect is Effect.DONE

    assert [member.handle for member in read(inventory, room).members] == [amina.user_id]
    assert inventory.remove(room, named(noor)).effect is Effect.NOT_NEEDED


@pytest.mark.parametrize("version", ["11", "12"])
def test_the_creator_is_refused_by_us_as_by_the_server(
    synapse_server: Synapse, amina: Person, noor: Person, inventory: MatrixInventory, version: str
) -> None:
    room = synapse_server.room(amina, noor, version=version, name="Ward 7")

    outcome = inventory.remove(room, named(amina))

    assert outcome.effect is Effect.REFUSED
    assert "nobody in this room has more power" in outcome.said
    path = f"/_synapse/admin/v1/rooms/{room}/make_room_admin"
    synapse_server.asked(synapse_server.admin, "POST", path, {"user_id": synapse_server.admin.user_id})
    synapse_server.do(synapse_server.admin, room, "join")
    with pytest.raises(Refused, match="You cannot kick user"):
        synapse_server.do(synapse_server.admin, room, "kick", user_id=amina.user_id)


def test_somebody_is_promoted_and_then_the_admin_who_left_is_removed(
    synapse_server: Synapse, amina: Person, sam: Person, noor: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, sam, noor, version="11", name="Ward 7")
    # An admin of 60, where 50 is enough to rule: an admin of 100 can remove them
    levels = synapse_server.state(amina, room, "m.room.power_levels")
    levels["events"]["m.room.power_levels"] = 50
    levels["users"][noor.user_id] = 60
    synapse_server.put_state(amina, room, "m.room.power_levels", levels)
    assert roles(inventory, room)[noor.user_id] is Role.ADMIN

    assert inventory.make_admin(room, named(sam)).effect is Effect.DONE
    assert inventory.make_admin(room, named(sam)).effect is Effect.NOT_NEEDED
    assert inventory.remove(room, named(noor)).effect is Effect.DONE

    assert roles(inventory, room) == {amina.user_id: Role.CREATOR, sam.user_id: Role.CREATOR}


def test_in_version_12_the_promoted_are_not_above_the_creator(
    synapse_server: Synapse, amina: Person, sam: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, sam, version="12", name="Ward 7")
    assert inventory.make_admin(room, named(sam)).effect is Effect.DONE
    assert roles(inventory, room) == {amina.user_id: Role.CREATOR, sam.user_id: Role.ADMIN}

    outcome = inventory.remove(room, named(sam))

    assert outcome.effect is Effect.REFUSED, "our account has 100 as well"


def test_our_account_leaves_the_room_again(
    synapse_server: Synapse, amina: Person, noor: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, noor, version="12", name="Ward 7")
    inventory.remove(room, named(noor))
    assert synapse_server.members(room) == {amina.user_id}


def test_who_was_killed_in_the_middle_of_an_act_leaves_with_the_next(
    synapse_server: Synapse,
    amina: Person,
    noor: Person,
    inventory: MatrixInventory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That Synapse keeps why we entered is what tells a visit from a membership."""
    room = synapse_server.room(amina, noor, version="12", name="Ward 7")
    with monkeypatch.context() as killed:
        killed.setattr(inventory._client, "leave", lambda _room_id: None)
        inventory.remove(room, named(noor))
    assert len(synapse_server.members(room)) == 2

    assert inventory.remove(room, named(noor)).effect is Effect.NOT_NEEDED

    assert synapse_server.members(room) == {amina.user_id}


def test_where_people_let_our_account_in_it_stays(
    synapse_server: Synapse, amina: Person, noor: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, noor, version="12", name="Ward 7")
    synapse_server.do(amina, room, "invite", user_id=synapse_server.admin.user_id)
    synapse_server.do(synapse_server.admin, room, "join")

    assert inventory.remove(room, named(noor)).effect is Effect.DONE

    assert synapse_server.members(room) == {amina.user_id, synapse_server.admin.user_id}


def test_an_invitation_is_taken_back(
    synapse_server: Synapse, amina: Person, noor: Person, inventory: MatrixInventory
) -> None:
    room = synapse_server.room(amina, version="12", name="Ward 7")
    synapse_server.do(amina, room, "invite", user_id=noor.user_id)

    assert inventory.remove(room, named(noor)).effect is Effect.DONE

    with pytest.raises(Refused):
        synapse_server.do(noor, room, "join")


def test_a_direct_chat_and_a_room_that_everybody_left_are_no_groups(
    synapse_server: Synapse, amina: Person, sam: Person, inventory: MatrixInventory
) -> None:
    direct = synapse_server.room(amina, sam, version="12", is_direct=True)
    left = synapse_server.room(amina, version="12", name="Closed ward")
    synapse_server.wait_until_listed(direct, left)
    synapse_server.do(amina, left, "leave")

    (end,) = inventory.changes(None, [direct, left, "!nowhere:corp.example"])

    assert isinstance(end, SnapshotEnd)
    assert (end.groups_total, end.malformed, end.is_full) == (0, (), False)


def test_a_space_is_a_group(synapse_server: Synapse, amina: Person, inventory: MatrixInventory) -> None:
    space = synapse_server.room(amina, version="12", name="Hospital", creation_content={"type": "m.space"})
    assert read(inventory, space).group.name == "Hospital"


def test_a_wrong_token_is_said(synapse_server: Synapse) -> None:
    inventory = inventory_of(synapse_server, "syt_wrong")
    with pytest.raises(AuthFailed, match="set token"):
        next(inventory.changes(None))
    result = inventory.check()
    assert (result.ok, "401" in result.message) == (False, True)
    assert "syt_wrong" not in f"{result.message}{result.remedy}"
    inventory.close()


def test_an_account_that_is_no_administrator_is_told_what_it_lacks(
    synapse_server: Synapse, amina: Person
) -> None:
    inventory = inventory_of(synapse_server, amina.token)
    with pytest.raises(PermissionDenied) as raised:
        next(inventory.changes(None))
    assert raised.value.missing == "server administrator"
    inventory.close()


def test_check_counts_on_a_real_server(
    synapse_server: Synapse, amina: Person, inventory: MatrixInventory
) -> None:
    synapse_server.wait_until_listed(synapse_server.room(amina, version="12", name="Ward 7"))
    result = inventory.check()
    assert result.ok
    assert result.counts["groups"] >= 1
    assert result.counts["members"] >= 1


# --- The fake tells the truth -----------------------------------------------------------------------------------


def shape(value: Any, wanted: Any) -> Any:
    """The part of a real answer that the fake has too, as types."""
    if isinstance(wanted, dict):
        return {key: shape(value.get(key), inner) for key, inner in wanted.items()}
    if isinstance(wanted, list):
        return [shape(value[0], wanted[0])] if wanted and value else []
    return type(value).__name__


def only(listed: Mapping[str, Any], room: str) -> dict[str, Any]:
    """A list of rooms with this room alone: other tests' rooms have no name, say."""
    return {**listed, "rooms": [one for one in listed["rooms"] if one["room_id"] == room]}


@pytest.mark.parametrize("version", ["11", "12"])
def test_the_fake_refuses_what_the_server_refuses(
    synapse_server: Synapse, amina: Person, noor: Person, inventory: MatrixInventory, version: str
) -> None:
    with MatrixServer() as fake:
        first, third = fake.person("Amina"), fake.person("Noor")
        fake.room("!ward:corp.example", first, [first, third], name="Ward 7", version=version)
        faked = inventory_of(fake, TOKEN)
        room = synapse_server.room(amina, noor, version=version, name="Ward 7")
        promoted, removed = ("make_admin", noor, third), ("remove", noor, third)
        story = [("remove", amina, first), promoted, removed, removed, promoted]
        for act, real_person, fake_person in story:
            real = getattr(inventory, act)(room, named(real_person))
            ours = getattr(faked, act)("!ward:corp.example", Member(fake_person, native_id=fake_person))
            assert real == ours
        assert list(roles(inventory, room).values()) == list(roles(faked, "!ward:corp.example").values())
        faked.close()


def test_the_fakes_answers_have_the_shape_of_the_servers(synapse_server: Synapse, amina: Person) -> None:
    room = synapse_server.room(amina, version="12", name="Ward 7")
    synapse_server.wait_until_listed(room)
    with MatrixServer() as fake:
        first = fake.person("Amina", "+447700900101", "amina@example.org")
        fake.room("!ward", first, [first], name="Ward 7")
        client = inventory_of(fake, TOKEN)._client
        real = inventory_of(synapse_server, synapse_server.admin.token)._client
        for ours, theirs in (
            (client.whoami(), real.whoami()),
            (only(client.rooms(0), "!ward"), only(real.rooms(0), room)),
            (client.members("!ward"), real.members(room)),
            (client.state("!ward"), real.state(room)),
            (client.user(first), real.user(amina.user_id)),
        ):
            assert shape(theirs, ours) == shape(ours, ours)
        client.close()
        real.close()
