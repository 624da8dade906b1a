"""What the inventory makes of Graph's answers about Teams."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from connectors.inventory.teams.config import TeamsConfig
from connectors.inventory.teams.connector import TeamsInventory
from connectors.kit.graph import client
from contracts.inventory import NOW
from fakes.graph.faults import Fault
from fakes.graph.lab import FakeEntra
from fakes.graph.tokens import CLIENT_ID
from teams_reading import AMINA, CHAT, NOOR, OPEN, PRIVATE, SAM, SHARED, WARD, read, roles
from worker.domain.model import Allowed, Coverage, Fact, GroupFacts, Role, Roster


def ids(rosters: list[Roster]) -> list[str]:
    return [roster.group.group_id for roster in rosters]


def test_it_signs_in_as_a_directory_does_and_takes_one_key_more() -> None:
    given = {"tenant_id": "corp.example", "client_id": "app", "credential": {"secret": "drama"}}
    config = TeamsConfig.model_validate(given)
    assert (config.chats, config.graph) == (False, "https://graph.microsoft.com")
    with pytest.raises(ValidationError) as raised:
        TeamsConfig.model_validate(given | {"scope": {}})
    assert "drama" not in str(raised.value)


def test_members_have_what_their_accounts_have(inventory: TeamsInventory, ward: str) -> None:
    ((roster,), end) = read(inventory)
    assert (roster.group.group_id, roster.group.name, roster.group.messenger) == (WARD, "Ward 7", "teams")
    amina = roster.members[0]
    assert (amina.handle, amina.native_id, amina.display_name) == (AMINA, AMINA, "Amina Yusuf")
    assert (amina.email, amina.phone) == ("amina@example.org", "+447700900101")
    assert (end.groups_total, end.is_full, end.malformed) == (1, True, ())


def test_owners_are_admins_whether_or_not_they_are_members(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.tenant.leave(WARD, AMINA)
    ((roster,), _) = read(inventory)
    assert roles(roster) == {SAM: Role.MEMBER, NOOR: Role.MEMBER, AMINA: Role.ADMIN}


def test_a_group_that_is_no_team_is_left_out(entra: FakeEntra, inventory: TeamsInventory, ward: str) -> None:
    entra.tenant.add_group("Everybody", AMINA)
    assert ids(read(inventory)[0]) == [WARD]


def test_every_page_is_read(entra: FakeEntra, made: Callable[..., TeamsInventory]) -> None:
    """Graph gives fewer than were asked for: the link decides."""
    teams = [entra.graph.teams.add_team(f"Ward {number}", AMINA, owners=(AMINA,)) for number in range(5)]
    for number in range(7):
        entra.graph.teams.add_room(
            f"19:{number}@thread.tacv2", f"P{number}", "private", teams[0], seats={AMINA: ["owner"]}
        )
    entra.graph.teams.page_size = 3
    rosters, _ = read(made())
    assert len(rosters) == len(set(ids(rosters))) == 12
    assert [one for one in ids(rosters) if one in teams] == sorted(teams)


def test_the_facts_of_a_team(entra: FakeEntra, inventory: TeamsInventory, ward: str) -> None:
    ((before,), _) = read(inventory)
    assert (before.facts.description, before.facts.is_archived) == ("", False)
    entra.tenant.groups[WARD].description = "Nights"
    entra.graph.teams.archived.add(WARD)
    ((after,), _) = read(inventory)
    assert (after.facts.description, after.facts.is_archived, after.facts.last_activity_at) == (
        "Nights",
        True,
        None,
    )


@pytest.mark.parametrize(
    "visibility, add",
    [
        ("private", Allowed.ADMINS),
        ("Public", Allowed.MEMBERS),
        ("hiddenMembership", Allowed.ADMINS),
        ("", None),
    ],
)
def test_owners_edit_a_team_and_members_of_a_public_one_may_add_others(
    entra: FakeEntra, inventory: TeamsInventory, ward: str, visibility: str, add: Allowed | None
) -> None:
    entra.graph.teams.visibility[WARD] = visibility
    ((roster,), _) = read(inventory)
    assert (roster.facts.edit, roster.facts.add, roster.facts.write) == (Allowed.ADMINS, add, None)


def look(inventory: TeamsInventory, group_id: str = WARD) -> GroupFacts:
    return dict(inventory.look_closely({group_id: inventory.can.costly}))[group_id]


def test_a_team_s_picture_is_shown_by_its_hash_to_who_looks_closely(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    assert (look(inventory).picture_sha256, look(inventory).read_apart) == ("", ((Fact.PICTURE, NOW),))
    entra.graph.teams.pictures[WARD] = b"a ward"
    assert look(inventory).picture_sha256 == hashlib.sha256(b"a ward").hexdigest()


def test_a_picture_that_the_app_may_not_see_is_not_shown(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.tokens.apps[CLIENT_ID].roles.discard("ProfilePhoto.Read.All")
    assert (look(inventory).picture_sha256, look(inventory).read_apart) == (None, ((Fact.PICTURE, NOW),))


def test_a_team_that_graph_does_not_know_may_have_a_picture(inventory: TeamsInventory, ward: str) -> None:
    assert look(inventory, "00000000-0000-4000-8000-0000000000ff").picture_sha256 is None


def test_a_picture_that_is_too_large_is_left_as_it_was_known(
    entra: FakeEntra, inventory: TeamsInventory, ward: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PICTURE_MAX", 4)
    entra.graph.teams.pictures[WARD] = b"a ward"
    assert look(inventory).read_apart == ()


def test_channels_and_chats_have_no_picture_to_ask_for(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    before = len(entra.graph.log)
    assert look(inventory, PRIVATE).read_apart == look(inventory, "19:1@thread.v2").read_apart == ()
    assert len(entra.graph.log) == before


def test_archived_is_unknown_where_the_app_may_not_see_it(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.tokens.apps[CLIENT_ID].roles.discard("TeamSettings.Read.All")
    ((roster,), _) = read(inventory)
    assert roster.facts.is_archived is None


def test_channels_with_members_of_their_own_are_groups(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    teams = entra.graph.teams
    teams.add_room(PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"], SAM: []})
    teams.add_room(SHARED, "Suppliers", "shared", WARD, seats={NOOR: ["owner"]})
    teams.add_room(OPEN, "Rota", "standard", WARD, seats={})
    rosters, _ = read(inventory)
    assert [one.group.name for one in rosters] == ["Ward 7", "Ward 7 / Pay", "Ward 7 / Suppliers"]
    assert roles(rosters[1]) == {AMINA: Role.ADMIN, SAM: Role.MEMBER}
    assert rosters[1].members[1].phone == "+447700900102", "known from the team"


def test_a_channel_of_a_type_that_is_new_to_us_has_members_of_its_own(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.graph.teams.add_room(SHARED, "Suppliers", "federated", WARD, seats={NOOR: ["owner"]})
    rosters, _ = read(inventory)
    assert [one.group.name for one in rosters] == ["Ward 7", "Ward 7 / Suppliers"]


def test_who_is_in_a_shared_channel_through_a_team_is_a_member(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.graph.teams.add_room(
        SHARED, "Suppliers", "shared", WARD, seats={NOOR: ["owner"]}, through_teams=(NOOR, SAM)
    )
    ((roster,), _) = read(inventory, [SHARED])
    assert (roles(roster), roster.coverage) == ({NOOR: Role.ADMIN, SAM: Role.MEMBER}, Coverage.FULL)


def test_an_account_is_the_same_in_each_group_and_each_read(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    """Channels and chats show no numbers, and identity rests on them."""
    entra.graph.teams.add_room(PRIVATE, "Pay", "private", WARD, seats={SAM: []})
    entra.graph.teams.add_room(CHAT, "On call", "group", seats={SAM: []})
    whole, _ = read(inventory)
    (sam,) = {one for roster in whole for one in roster.members if one.handle == SAM}
    assert sam.phone == "+447700900102"
    assert entra.graph.seen(f"/users/{SAM}", "GET") == entra.graph.seen(f"/users/{SAM}/chats")

    for group_id in (PRIVATE, CHAT):
        ((roster,), _) = read(inventory, [group_id])
        assert roster.members == (sam,)


def test_somebody_of_another_tenant_is_known_by_what_the_channel_shows(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.graph.teams.add_room(SHARED, "Suppliers", "shared", WARD, seats={SAM: []})
    entra.graph.faults.add(
        Fault(status=404, code="Request_ResourceNotFound", message="no"), path=f"*/users/{SAM}"
    )
    ((roster,), _) = read(inventory, [SHARED])
    assert [(one.handle, one.display_name, one.email, one.phone) for one in roster.members] == [
        (SAM, "Sam Okafor", "sam@example.org", None)
    ]


def test_group_chats_are_read_where_that_is_wanted(
    entra: FakeEntra, made: Callable[..., TeamsInventory]
) -> None:
    teams = entra.graph.teams
    teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"], SAM: ["owner"], NOOR: ["guest"]})
    teams.add_room("19:two@unq.gbl.spaces", "", "oneOnOne", seats={AMINA: ["owner"], SAM: ["owner"]})
    teams.add_room("19:meeting@thread.v2", "Round", "meeting", seats={AMINA: ["owner"]})
    ((roster,), _) = read(made(chats=True))
    assert (roster.group.group_id, roster.group.name) == (CHAT, "On call")
    assert roles(roster) == {AMINA: Role.ADMIN, SAM: Role.ADMIN, NOOR: Role.MEMBER}
    assert read(made())[0] == []


def test_chats_that_are_switched_off_are_left_out(made: Callable[..., TeamsInventory]) -> None:
    for chats in (True, False):
        end = read(made(chats=chats))[1]
        assert [end.left_out(one) for one in (CHAT, PRIVATE, WARD)] == [not chats, False, False]


def test_only_the_groups_that_are_asked_for_are_read(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.graph.teams.add_team("Ward 8", SAM, owners=(SAM,))
    entra.graph.teams.add_room(PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"]})
    entra.graph.teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"]})
    rosters, end = read(inventory, [WARD])
    assert (ids(rosters), end.is_full) == ([WARD], False)
    assert entra.graph.seen("/channels") == entra.graph.seen("/chats") == []
    assert ids(read(inventory, [PRIVATE, CHAT, "19:gone@thread.v2"])[0]) == [PRIVATE, CHAT]


def test_groups_that_are_not_wanted_are_not_asked_for(
    entra: FakeEntra, made: Callable[..., TeamsInventory], ward: str
) -> None:
    assert read(made({"takes": lambda _id, name: name != "Ward 7"}))[0] == []
    assert entra.graph.seen("/members") == []


def test_check_counts_teams(inventory: TeamsInventory, ward: str) -> None:
    result = inventory.check()
    assert result.ok
    assert result.counts == {"groups": 1, "members": 3, "admins": 1}
