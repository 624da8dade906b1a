"""Answers of Graph about Teams that are none, refused or damaged: none of them is a clean list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.inventory.teams.connector import TeamsInventory
from connectors.inventory.teams.mapping import REFUSED
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.lab import FakeEntra
from fakes.graph.tokens import CLIENT_ID
from teams_reading import AMINA, CHAT, NOOR, PRIVATE, SAM, SHARED, WARD, read, roles
from worker.domain.model import Coverage, Member
from worker.ports import (
    AuthFailed,
    ConnectorError,
    Incomplete,
    Malformed,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)

EIGHT = "10000000-0000-4000-8000-000000000002"
ELSEWHERE = "19:elsewhere@thread.v2"
PATHS = ["*/groups", "*/members/*", "*/owners/*", "*/channels", "*/channels/*/members", "*/users", "*/chats"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "fault, kind",
    [
        (Fault(status=200, body=b"<html>Sign in</html>"), Incomplete),
        (Fault(keep=0.5), Incomplete),
        (Fault(status=200, body=b'{"value": null}'), Incomplete),
        (Fault(status=200, body=b"[]"), Incomplete),
        (Fault(status=200, body=b'{"value": [], "@odata.nextLink": 7}'), Incomplete),
        (Fault(cut_at=0.5), Transient),
        (Fault(is_dropped=True), Transient),
        (Fault(status=503, code="serviceUnavailable", message="Not now."), Transient),
        (faults.throttled(3), NotDone),
        (faults.denied(), PermissionDenied),
        (faults.foreign_links(), None),
    ],
)
def test_an_answer_that_is_none_proves_nothing(
    entra: FakeEntra,
    inventory: TeamsInventory,
    ward: str,
    path: str,
    fault: Fault,
    kind: type[ConnectorError] | None,
) -> None:
    entra.graph.teams.add_room(PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"]})
    entra.graph.teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"]})
    entra.graph.faults.add(fault, path=path, method="GET", times=None if kind is PermissionDenied else 1)
    if kind is None:
        read(inventory)  # there is no link to a further page
        return
    with pytest.raises(kind) as raised:
        read(inventory)
    assert type(raised.value) is kind
    assert raised.value.remedy
    assert entra.credentials["secret"] not in str(raised.value)


def test_pages_that_go_in_circles_end(entra: FakeEntra, inventory: TeamsInventory) -> None:
    link = f"{entra.graph_url}/v1.0/groups?$skiptoken=x"
    page = f'{{"value": [], "@odata.nextLink": "{link}"}}'.encode()
    entra.graph.faults.add(Fault(status=200, body=page), path="*/groups", times=None)
    with pytest.raises(Incomplete, match="circles"):
        read(inventory)


def test_a_wrong_secret_is_said(made: Callable[..., TeamsInventory]) -> None:
    inventory = made(credential={"secret": "wrong-drama"})
    with pytest.raises(AuthFailed):
        read(inventory)
    result = inventory.check()
    assert (result.ok, "wrong-drama" in f"{result.message}{result.remedy}") == (False, False)


@pytest.mark.parametrize(
    "role",
    [
        "ChannelMember.ReadWrite.All",
        "Channel.ReadBasic.All",
        "Chat.ReadBasic.All",
        "ChatMember.ReadWrite.All",
    ],
)
def test_the_missing_permission_is_named(
    entra: FakeEntra, inventory: TeamsInventory, ward: str, role: str
) -> None:
    entra.graph.teams.add_room(PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"]})
    entra.graph.teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"]})
    entra.tokens.apps[CLIENT_ID].roles.discard(role)
    with pytest.raises(PermissionDenied) as raised:
        read(inventory)
    assert raised.value.missing == role.replace("ReadWrite", "Read")


@pytest.fixture
def elsewhere(entra: FakeEntra, ward: str) -> str:
    """The chat of two, beside one of others: such as one that another company's tenant hosts."""
    entra.graph.teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"], NOOR: []})
    entra.graph.teams.add_room(ELSEWHERE, "With the vendor", "group", seats={SAM: ["owner"]})
    return ELSEWHERE


@pytest.mark.parametrize(
    "visibility, members, owners, coverage",
    [
        ("hiddenMembership", [AMINA, SAM], [AMINA], Coverage.FULL),
        ("hiddenMembership", [], [], Coverage.PARTIAL),
        ("hiddenMembership", [], [AMINA], Coverage.PARTIAL),
        ("HiddenMembership", [AMINA], [AMINA], Coverage.PARTIAL),
        ("private", [], [AMINA], Coverage.FULL),
        ("private", [], [], Coverage.FULL),
        ("", [], [], Coverage.PARTIAL),
        ("", [AMINA], [], Coverage.FULL),
    ],
)
def test_a_team_whose_members_may_be_hidden_proves_nothing_of_who_is_not_shown(
    entra: FakeEntra,
    inventory: TeamsInventory,
    visibility: str,
    members: list[str],
    owners: list[str],
    coverage: Coverage,
) -> None:
    entra.graph.teams.add_team("Ward 7", *members, owners=tuple(owners), group_id=WARD)
    entra.graph.teams.visibility[WARD] = visibility
    ((roster,), end) = read(inventory)
    assert (roster.coverage, end.malformed) == (coverage, ())
    assert ["Member.Read.Hidden" in text for text in roster.warnings] == [True] * (
        coverage is Coverage.PARTIAL
    )


def test_a_channel_without_anybody_proves_nothing(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.graph.teams.add_room(PRIVATE, "Nights", "private", WARD, seats={})
    rosters, _ = read(inventory)
    assert {one.group.group_id: one.coverage for one in rosters}[PRIVATE] is Coverage.PARTIAL


def test_a_chat_whose_members_graph_refuses_to_show_is_partial_and_the_others_are_read(
    entra: FakeEntra, inventory: TeamsInventory, elsewhere: str
) -> None:
    entra.graph.faults.add(faults.denied(), path=f"*/chats/{elsewhere}/members", times=None)
    for asked in (None, [WARD, CHAT, elsewhere]):
        rosters, end = read(inventory, asked)
        assert {one.group.group_id: one.coverage for one in rosters} == {
            WARD: Coverage.FULL,
            CHAT: Coverage.FULL,
            elsewhere: Coverage.PARTIAL,
        }
        (refused,) = [one for one in rosters if one.group.group_id == elsewhere]
        assert (refused.members, refused.warnings) == ((), (REFUSED,))
        assert [(one.record_id, "ChatMember.Read.All" in one.remedy) for one in end.malformed] == [
            (elsewhere, True)
        ]
        assert not end.out_of_sight(elsewhere)


def test_no_chat_is_gone_because_graph_refuses_an_account_s_chats_and_teams_may_be(
    entra: FakeEntra, inventory: TeamsInventory, elsewhere: str
) -> None:
    entra.graph.faults.add(faults.denied(), path=f"*/users/{SAM}/chats", times=None)
    rosters, end = read(inventory)
    assert [one.group.group_id for one in rosters] == [WARD, CHAT]
    assert (end.is_full, [one.record_id for one in end.malformed]) == (True, [SAM])
    assert [end.out_of_sight(one) for one in (elsewhere, PRIVATE, WARD)] == [True, False, False]


MISSING = Fault(status=404, code="UnknownError", message="404 page not found")
BACKEND = Fault(status=400, code="BadRequest", message="Failed to execute Skype backend request.")


@pytest.fixture
def eight(entra: FakeEntra, ward: str) -> str:
    """Another team with a channel, beside the ward with one."""
    entra.graph.teams.add_room(PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"]})
    team = entra.graph.teams.add_team("Ward 8", SAM, owners=(SAM,), group_id=EIGHT)
    entra.graph.teams.add_room(SHARED, "Suppliers", "private", team, seats={SAM: ["owner"]})
    return team


@pytest.mark.parametrize("fault", [MISSING, BACKEND])
@pytest.mark.parametrize("path, named", [("groups/{}/owners/*", EIGHT), (f"*/channels/{SHARED}/*", SHARED)])
def test_a_group_that_graph_lists_and_does_not_show_is_partial_and_named(
    entra: FakeEntra, inventory: TeamsInventory, eight: str, fault: Fault, path: str, named: str
) -> None:
    entra.graph.faults.add(fault, path=f"*/{path.format(eight)}", times=None)
    rosters, end = read(inventory)
    shown = {one.group.group_id: one.coverage for one in rosters}
    assert shown == dict.fromkeys((WARD, PRIVATE, EIGHT, SHARED), Coverage.FULL) | {named: Coverage.PARTIAL}
    assert [(one.record_id, named in one.message) for one in end.malformed] == [(named, True)]
    assert not end.out_of_sight(named), "the next list tells whether it is gone"
    result = inventory.check()
    assert (result.ok, named in str(result.details)) == (True, named == EIGHT), "channels are not looked into"


@pytest.mark.parametrize("fault", [MISSING, BACKEND, faults.denied()])
def test_no_channel_is_gone_because_graph_does_not_list_those_of_one_team(
    entra: FakeEntra, inventory: TeamsInventory, eight: str, fault: Fault
) -> None:
    entra.graph.faults.add(fault, path=f"*/teams/{eight}/channels", times=None)
    rosters, end = read(inventory)
    assert [one.group.group_id for one in rosters] == [WARD, PRIVATE, EIGHT]
    assert [one.record_id for one in end.malformed] == [EIGHT]
    assert [end.out_of_sight(one) for one in (SHARED, EIGHT, CHAT)] == [True, False, False]
    with pytest.raises(Malformed):
        inventory.remove(SHARED, Member(SAM))


@pytest.mark.parametrize("fault", [MISSING, BACKEND])
def test_a_team_whose_settings_are_not_told_may_hide_members(
    entra: FakeEntra, inventory: TeamsInventory, ward: str, fault: Fault
) -> None:
    entra.graph.faults.add(fault, path=f"*/teams/{WARD}", times=None)
    assert [one.coverage for one in read(inventory)[0]] == [Coverage.FULL]
    for user_id in (SAM, NOOR):
        entra.tenant.leave(WARD, user_id)
    assert [one.coverage for one in read(inventory)[0]] == [Coverage.PARTIAL], "owners alone"


def test_the_chats_of_one_account_that_are_not_told_end_no_read(
    entra: FakeEntra, inventory: TeamsInventory, elsewhere: str
) -> None:
    entra.graph.faults.add(BACKEND, path=f"*/users/{SAM}/chats", times=None)
    rosters, end = read(inventory)
    assert ([one.group.group_id for one in rosters], end.out_of_sight(elsewhere)) == ([WARD, CHAT], True)


def test_where_graph_shows_none_of_its_groups_the_read_fails(
    entra: FakeEntra, made: Callable[..., TeamsInventory], eight: str
) -> None:
    entra.graph.faults.add(BACKEND, path="*/owners/*", times=None)
    entra.graph.faults.add(BACKEND, path="*/channels", times=None)
    with pytest.raises(Rejected, match=f"Skype backend.*{WARD}"):
        read(made())
    assert not made().check().ok


def test_an_error_that_ends_the_read_names_the_team(
    entra: FakeEntra, inventory: TeamsInventory, eight: str
) -> None:
    entra.graph.faults.add(
        Fault(status=502, code="BadGateway", message="no"), path=f"*/teams/{eight}/channels", times=None
    )
    with pytest.raises(Transient, match=eight):
        read(inventory)


def test_a_chat_that_is_asked_for_and_refused_is_left_out(
    entra: FakeEntra, inventory: TeamsInventory, elsewhere: str
) -> None:
    entra.graph.faults.add(faults.denied(), path=f"*/chats/{elsewhere}", times=None)
    rosters, end = read(inventory, [CHAT, elsewhere])
    assert ([one.group.group_id for one in rosters], end.groups_total) == ([CHAT], 1)


def test_accounts_without_teams_do_not_hide_that_the_permission_for_chats_is_missing(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    missing = Fault(status=404, code="Request_ResourceNotFound", message="no")
    entra.graph.faults.add(missing, path=f"*/users/{SAM}/chats", times=None)
    entra.graph.faults.add(faults.denied(), path="*/chats", times=None)
    with pytest.raises(PermissionDenied, match="chats"):
        read(inventory)


@pytest.fixture
def guest(entra: FakeEntra, ward: str) -> str:
    """Somebody in a channel and a chat, and in no team; Graph refuses to show their account."""
    entra.tenant.leave(WARD, SAM)
    entra.graph.teams.add_room(SHARED, "Suppliers", "shared", WARD, seats={NOOR: ["owner"], SAM: []})
    entra.graph.teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"], SAM: []})
    entra.graph.faults.add(faults.denied(), path=f"*/users/{SAM}", times=None)
    return SAM


@pytest.mark.parametrize("asked", [None, [WARD, SHARED, CHAT]])
def test_a_member_whose_account_graph_refuses_to_show_makes_the_group_partial_and_ends_no_read(
    entra: FakeEntra, inventory: TeamsInventory, guest: str, asked: list[str] | None
) -> None:
    rosters, end = read(inventory, asked)
    assert {one.group.group_id: (sorted(roles(one)), one.coverage, one.warnings) for one in rosters} == {
        WARD: ([AMINA, NOOR], Coverage.FULL, ()),
        SHARED: ([NOOR], Coverage.PARTIAL, ()),
        CHAT: ([AMINA], Coverage.PARTIAL, ()),
    }
    assert [(one.record_id, "User.Read.All" in one.remedy) for one in end.malformed] == [
        (f"{SHARED} member 1", False),
        (f"{CHAT} member 1", False),
        (guest, True),
    ]
    assert len([one for one in entra.graph.seen(f"/users/{guest}") if one.path.endswith(guest)]) == 1


def test_where_no_account_is_shown_the_missing_permission_is_named(
    entra: FakeEntra, inventory: TeamsInventory, guest: str
) -> None:
    """Without the permission for accounts, a team shows the ids of its members alone."""

    def strip(answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"value": [{"id": row["id"], "displayName": None} for row in answer["value"]]}

    for role in ("members", "owners"):
        entra.graph.faults.add(Fault(edit=strip), path=f"*/{role}/*", times=None)
    with pytest.raises(PermissionDenied) as raised:
        read(inventory)
    assert raised.value.missing == "User.Read.All"


def test_a_member_without_an_id_is_set_aside(entra: FakeEntra, inventory: TeamsInventory, ward: str) -> None:
    def damage(answer: dict[str, Any]) -> dict[str, Any]:
        del answer["value"][1]["id"]
        return answer

    entra.graph.faults.add(Fault(edit=damage), path="*/members/*")
    ((roster,), end) = read(inventory)
    assert (sorted(roles(roster)), roster.coverage) == ([AMINA, NOOR], Coverage.PARTIAL)
    (problem,) = end.malformed
    assert problem.record_id.startswith(WARD)
    assert "Sam" not in str(problem)
