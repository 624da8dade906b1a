"""What GOWA shows, over the wire."""

from __future__ import annotations

import json
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.inventory.gowa.client import GowaClient
from connectors.inventory.gowa.config import GowaConfig
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import context, read_to_the_error
from fakes.gateways.server import Make, Person, Room, answered
from fakes.gowa.server import LISTED_MAX, PASSWORD, USER, GowaServer, refused, success
from fakes.graph.http import Reply
from openapi import OpenApi
from worker.domain.model import Allowed, Coverage, Fact, Member, Role, Roster
from worker.ports import (
    AuthFailed,
    BadConfig,
    Capabilities,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
    Transient,
)
from worker.ports.connectors.remover import ActOutcome, Effect

WARD, ROTA = "120363000000000007@g.us", "120363000000000009@g.us"
STATUS, GROUPS, MEMBERS = "/app/status", "/user/my/groups", "/group/participants?"
SAM = Member("+447700900102", phone="+447700900102", role=Role.ADMIN)
AMINA = Member("+447700900101", phone="+447700900101", lid="90000000000101@lid")
HIDDEN = Member("90000000000103@lid", lid="90000000000103@lid")


def read(inventory: LinkedPhone, groups: set[str] | None = None) -> tuple[list[Roster], SnapshotEnd]:
    *rosters, end = inventory.changes(None, groups)
    assert isinstance(end, SnapshotEnd)
    return [each for each in rosters if isinstance(each, Roster)], end


def test_it_says_what_a_linked_phone_can_see_and_do(make: Make) -> None:
    assert make().can == Capabilities(
        sees_roles=True,
        can_remove=True,
        can_change_admin=True,
        breaks_terms=True,
        shows=frozenset({Fact.DESCRIPTION, Fact.APPROVAL, Fact.EDIT, Fact.WRITE, Fact.ADD, Fact.LINK}),
        costly=frozenset({Fact.LINK}),
    )


@pytest.mark.usefixtures("phone")
def test_the_published_description_holds_for_a_whole_read_and_both_acts(
    contract_data: Path, gowa: GowaServer, make: Make
) -> None:
    gowa.contract = OpenApi(contract_data / "gowa-openapi.yaml")
    gowa.devices = {"org_2"}
    inventory = make({"device": "org_2"})
    read(inventory)
    inventory.make_admin(WARD, SAM)
    inventory.remove(WARD, SAM)
    read(inventory, {WARD})
    assert gowa.judged() >= 8


@pytest.mark.parametrize("has_hosts", [False, True])
def test_members_facts_and_names_are_read(gowa: GowaServer, make: Make, has_hosts: bool) -> None:
    gowa.has_hosts = has_hosts
    (ward, rota), end = read(make())
    assert [(m.handle, m.display_name, m.role, m.lid) for m in ward.members] == [
        ("+447700900101", "Amina Yusuf", Role.CREATOR, "90000000000101@lid"),
        ("+447700900102", "", Role.ADMIN, None),
        ("90000000000103@lid", "", Role.MEMBER, "90000000000103@lid"),
    ]
    assert (ward.facts.description, ward.facts.edit, ward.facts.write) == (
        "Rules",
        Allowed.ADMINS,
        Allowed.MEMBERS,
    )
    assert rota.facts.description is None
    assert (end.groups_total, end.is_full) == (2, True)


def test_at_the_protocol_s_limit_the_list_may_be_cut_and_says_so(gowa: GowaServer, make: Make) -> None:
    gowa.rooms = {
        f"1203630000{n:08}@g.us": Room(f"Group {n}", [Person("447700900101")]) for n in range(LISTED_MAX + 7)
    }
    inventory = make(takes=lambda _group_id, name: name == "Group 3")
    (shown,), _ = read(inventory)
    assert "500" in shown.warnings[0]
    assert "500" in inventory.check().details["warnings"]
    gowa.rooms = dict(list(gowa.rooms.items())[: LISTED_MAX - 1])
    assert read(inventory)[0][0].warnings == ()


def test_a_list_shorter_than_the_group_is_partial(gowa: GowaServer, make: Make) -> None:
    gowa.rooms[WARD].facts["ParticipantCount"] = 300
    (ward, rota), _ = read(make())
    assert (ward.coverage, rota.coverage) == (Coverage.PARTIAL, Coverage.FULL)
    assert "3 of 300" in ward.warnings[0]


def test_somebody_who_is_listed_twice_stands_for_nobody_else(gowa: GowaServer, make: Make) -> None:
    people = gowa.rooms[WARD].people
    people.append(people[0])
    ward = read(make())[0][0]
    assert (ward.coverage, ward.warnings) == (Coverage.PARTIAL, ("the gateway shows 3 of 4 members",))


@pytest.mark.parametrize("shown", ["IsParent", "IsDefaultSubGroup"])
@pytest.mark.parametrize("size, coverage", [(3, Coverage.FULL), (0, Coverage.PARTIAL)])
def test_a_community_of_an_unknown_size_is_partial(
    gowa: GowaServer, make: Make, shown: str, size: int, coverage: Coverage
) -> None:
    gowa.rooms[WARD].facts |= {shown: True, "ParticipantCount": size}
    (ward, rota), _ = read(make())
    assert (ward.coverage, rota.coverage) == (coverage, Coverage.FULL)


def test_the_device_is_named_in_every_request(gowa: GowaServer, make: Make) -> None:
    gowa.devices = {"org_2"}
    read(make({"device": "org_2"}))
    assert {line.headers["x-device-id"] for line in gowa.log} == {"org_2"}
    for device in ("org_3", None):
        with pytest.raises(BadConfig) as raised:
            read(make({"device": device}))
        assert "device" in raised.value.remedy


def test_no_linked_phone_is_an_alarm_with_its_remedy(gowa: GowaServer, make: Make) -> None:
    gowa.is_linked = False
    for groups in (None, {WARD}):
        with pytest.raises(AuthFailed) as raised:
            read(make(), groups)
        assert "QR code" in raised.value.remedy
    assert not make().check().ok


def test_a_phone_that_is_not_connected_is_waited_for(gowa: GowaServer, make: Make) -> None:
    gowa.is_connected = False
    with pytest.raises(Transient, match="not connected"):
        read(make())


def test_a_wrong_password_says_which_keys(make: Make) -> None:
    with pytest.raises(AuthFailed) as raised:
        read(make({"password": "wrong"}))
    assert "password" in raised.value.remedy


def test_a_group_that_vanishes_is_left_out_and_the_rest_is_read(gowa: GowaServer, make: Make) -> None:
    gowa.tell(f"{MEMBERS}group_id={WARD.replace('@', '%40')}", refused(500, "X", "that group does not exist"))
    assert [each.group.name for each in read(make())[0]] == ["Rota"]
    assert read(make(), {"120363000000000001@g.us", "x/../y"})[0] == []


def test_a_phone_that_is_unlinked_meanwhile_is_no_vanished_group(gowa: GowaServer, make: Make) -> None:
    gowa.tell(MEMBERS, refused(500, "X", "you're not participating in that group"))
    gowa.tell(STATUS, success({"is_logged_in": True, "is_connected": True}), times=1)
    gowa.tell(STATUS, success({"is_logged_in": False, "is_connected": False}))
    with pytest.raises(AuthFailed):
        read(make())


def test_the_members_that_come_with_the_list_are_not_held(gowa: GowaServer) -> None:
    config = GowaConfig(url=gowa.url, user=USER, password=SecretStr(PASSWORD), accept_terms_risk=True)
    with closing(GowaClient(config, context())) as client:
        rows = client.groups()
        one = client.group(WARD)
    assert one is not None
    assert [row for row in (*rows, one) if "Participants" in row] == []


def test_one_group_is_read_alone_whatever_the_shape_of_its_facts(gowa: GowaServer, make: Make) -> None:
    gowa.tell("/group/info", success({"Data": {"JID": WARD, "Name": "Ward 7"}}))
    (ward,), end = read(make(), {WARD})
    assert (ward.group.name, len(ward.members), end.is_full) == ("Ward 7", 3, False)
    assert gowa.seen(GROUPS) == []


# --- Hostile answers ------------------------------------------------------------------------------------------

HTML = Reply(body=b"<html>447700900101</html>", content_type="text/html")
CASES: list[tuple[str, Reply, type[ConnectorError]]] = [
    (STATUS, HTML, Incomplete),
    (STATUS, success(None), Incomplete),
    (STATUS, success({"is_logged_in": "yes", "is_connected": True}), Incomplete),
    (
        STATUS,
        answered({"code": "ERROR", "results": {"is_logged_in": True, "is_connected": True}}),
        Incomplete,
    ),
    (STATUS, refused(401, "AUTHENTICATION_ERROR", "you are not loggin"), AuthFailed),
    (GROUPS, HTML, Incomplete),
    (GROUPS, Reply(), Incomplete),
    (GROUPS, answered([]), Incomplete),
    (GROUPS, success(None), Incomplete),
    (GROUPS, success([]), Incomplete),
    (GROUPS, success({}), Incomplete),
    (GROUPS, success({"data": {"x": 1}}), Incomplete),
    (GROUPS, success({"data": [1, {"JID": "447700900101@c.us"}]}), Incomplete),
    (GROUPS, Reply(body=b'{"code": "SUCCESS", "results": {"data": ['), Incomplete),
    (GROUPS, Reply(body=b"x" * 99, cut_after=9), Transient),
    (GROUPS, refused(429, "X", "slow").with_headers(**{"Retry-After": "7"}), NotDone),
    (GROUPS, refused(500, "X", "info query returned status 429: rate-overlimit"), Transient),
    (GROUPS, refused(400, "X", "bad"), Rejected),
    (GROUPS, refused(403, "X", "447700900101 may not"), PermissionDenied),
    (MEMBERS, HTML, Incomplete),
    (MEMBERS, success(None), Incomplete),
    (MEMBERS, success([]), Incomplete),
    (MEMBERS, success({"group_id": ROTA[::-1], "participants": []}), Incomplete),
    (MEMBERS, success({"group_id": "120363000000000001@g.us", "participants": []}), Incomplete),
    (MEMBERS, success({"participants": {}}), Incomplete),
    (MEMBERS, refused(500, "INTERNAL_SERVER_ERROR", "you are not loggin"), AuthFailed),
    (MEMBERS, refused(500, "INTERNAL_SERVER_ERROR", "447700900101 timed out"), Transient),
    (MEMBERS, Reply(is_dropped=True), Transient),
]


@pytest.mark.parametrize(
    "part, reply, kind", CASES, ids=[f"{part}{at}" for at, (part, _, _) in enumerate(CASES)]
)
def test_a_hostile_answer_raises_with_a_remedy_ends_nothing_and_shows_nobody(
    gowa: GowaServer, make: Make, part: str, reply: Reply, kind: type[ConnectorError]
) -> None:
    gowa.tell(part, reply)
    inventory = make()
    seen, error = read_to_the_error(inventory)
    assert type(error) is kind
    assert error.remedy
    assert "GOWA" in error.message
    assert not any(isinstance(item, SnapshotEnd) for item in seen)
    assert "447700900101" not in "".join(traceback.format_exception(error)) + repr(error)
    gowa.mend()
    assert inventory.check().ok


@pytest.mark.parametrize("answer", [success({"participants": None}), success({"participants": []})])
def test_an_empty_list_of_members_proves_nothing(gowa: GowaServer, make: Make, answer: Reply) -> None:
    gowa.tell(MEMBERS, answer)
    assert {each.coverage for each in read(make())[0]} == {Coverage.PARTIAL}


def test_another_group_s_members_are_not_taken_for_those_of_the_one_that_was_asked_for(
    gowa: GowaServer, make: Make
) -> None:
    at = f"{MEMBERS}group_id={ROTA.replace('@', '%40')}"
    gowa.tell(at, success({"group_id": WARD, "participants": [{"jid": "447700900101@s.whatsapp.net"}]}))
    (ward, rota), _end = read(make())
    assert (ward.coverage, rota.coverage, rota.members) == (Coverage.FULL, Coverage.PARTIAL, ())


def test_no_groups_are_an_empty_list_of_go_s(gowa: GowaServer, make: Make) -> None:
    gowa.tell(GROUPS, success({"data": None}))
    assert read(make())[1].groups_total == 0


def test_one_bad_member_is_set_aside_and_the_group_is_partial(gowa: GowaServer, make: Make) -> None:
    gowa.rooms[ROTA].bad_rows.append({"jid": "x"})
    (_, rota), end = read(make())
    assert rota.coverage is Coverage.PARTIAL
    assert [problem.record_id for problem in end.malformed] == [f"{ROTA} row 2"]


# --- Acts -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "member, digits", [(SAM, "447700900102"), (AMINA, "447700900101")], ids=["number", "both"]
)
def test_a_member_is_removed_by_the_digits_of_their_number(
    gowa: GowaServer, make: Make, member: Member, digits: str
) -> None:
    inventory = make()
    assert inventory.remove(WARD, member) == ActOutcome(Effect.DONE)
    assert json.loads(gowa.log[-1].request.body) == {"group_id": WARD, "participants": [digits]}
    (ward,), _ = read(inventory, {WARD})
    assert member.handle not in {each.handle for each in ward.members}


@pytest.mark.usefixtures("phone")
def test_a_lid_s_digits_are_never_sent_as_a_number(gowa: GowaServer, make: Make) -> None:
    outcome = make().remove(WARD, HIDDEN)
    assert outcome.effect is Effect.REFUSED
    assert json.loads(gowa.log[-1].request.body)["participants"] == [HIDDEN.lid]
    assert "90000000000103" not in outcome.said


def test_a_member_is_made_an_admin(gowa: GowaServer, make: Make) -> None:
    gowa.rooms[WARD].people[1] = Person("447700900102")
    inventory = make()
    assert inventory.make_admin(WARD, SAM) == ActOutcome(Effect.DONE)
    (ward,), _ = read(inventory, {WARD})
    assert {each.role for each in ward.members if each.handle == SAM.handle} == {Role.ADMIN}


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "reply, effect",
    [
        (success([{"status": "error", "message": "Failed to remove 447700900102"}]), Effect.REFUSED),
        (success([{"status": "error", "message": "Action remove failed (code 403)"}]), Effect.REFUSED),
        (success([{"status": "error", "message": "Action remove failed (code 404)"}]), Effect.NOT_NEEDED),
        (refused(500, "X", "info query returned status 403: forbidden"), Effect.REFUSED),
        (refused(500, "X", "info query returned status 404: item-not-found"), Effect.REFUSED),
        (refused(400, "INVALID_JID", "user 447700900102 is not registered"), Effect.REFUSED),
    ],
)
def test_what_whatsapp_refused_is_said_and_shows_nobody(
    gowa: GowaServer, make: Make, reply: Reply, effect: Effect
) -> None:
    gowa.tell("/remove", reply)
    outcome = make().remove(WARD, SAM)
    assert outcome.effect is effect
    assert outcome.said
    assert "447700900102" not in outcome.said


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "reply, kind",
    [
        (success([]), Transient),
        (success(None), Transient),
        (success([{"status": "success"}, {"status": "error"}]), Transient),
        (success([{"status": "error", "message": "(code 503)"}]), Transient),
        (refused(500, "X", "timed out"), Transient),
        (refused(500, "X", "info query returned status 429: rate-overlimit"), Transient),
        (refused(500, "X", "you are not loggin"), AuthFailed),
        (refused(429, "X", "x"), NotDone),
        (Reply(is_dropped=True), Transient),
        (HTML, Incomplete),
    ],
)
def test_what_is_unclear_raises(gowa: GowaServer, make: Make, reply: Reply, kind: type[Exception]) -> None:
    gowa.tell("/remove", reply)
    with pytest.raises(kind) as raised:
        make().remove(WARD, SAM)
    assert raised.type is kind
