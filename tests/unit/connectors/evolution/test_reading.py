"""What Evolution shows, over the wire, and what came of acts."""

from __future__ import annotations

import json
import traceback
from contextlib import closing

import pytest
from pydantic import SecretStr

from connectors.inventory.evolution.client import EvolutionClient
from connectors.inventory.evolution.config import EvolutionConfig
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import context, read_to_the_error
from fakes.evolution.server import INSTANCE, KEY, EvolutionServer, failed, refused
from fakes.gateways.server import Make, Person, answered
from fakes.graph.http import Reply
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
STATE, GROUPS, MEMBERS, ACT = "/connectionState/", "/fetchAllGroups/", "/participants/", "/updateParticipant/"
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
        shows=frozenset(
            {Fact.DESCRIPTION, Fact.APPROVAL, Fact.EDIT, Fact.WRITE, Fact.ADD, Fact.PICTURE, Fact.LINK}
        ),
        costly=frozenset({Fact.PICTURE, Fact.LINK}),
    )


def test_members_facts_and_names_are_read(make: Make) -> None:
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
    assert (rota.facts.description, rota.facts.approval) == (None, None)
    assert (end.groups_total, end.is_full) == (2, True)


def test_members_are_asked_for_group_by_group(evolution: EvolutionServer, make: Make) -> None:
    read(make())
    assert evolution.seen(GROUPS)[0].query == {"getparticipants": "false"}
    assert len(evolution.seen(MEMBERS)) == 2


def test_the_members_that_come_with_a_group_are_not_held(evolution: EvolutionServer) -> None:
    config = EvolutionConfig(
        url=evolution.url, api_key=SecretStr(KEY), instance=INSTANCE, accept_terms_risk=True
    )
    with closing(EvolutionClient(config, context())) as client:
        one = client.group(WARD)
    assert one is not None
    assert "participants" not in one


@pytest.mark.parametrize("groups", [None, {WARD, ROTA}])
def test_a_list_shorter_than_the_group_was_listed_with_is_partial(
    evolution: EvolutionServer, make: Make, groups: set[str] | None
) -> None:
    evolution.rooms[WARD].facts["size"] = 4
    (ward, rota), _ = read(make(), groups)
    assert (ward.coverage, rota.coverage) == (Coverage.PARTIAL, Coverage.FULL)
    assert ward.warnings == ("the gateway shows 3 of 4 members",)


@pytest.mark.parametrize("size", [2, True, "4", None])
def test_no_other_size_says_anything(evolution: EvolutionServer, make: Make, size: object) -> None:
    evolution.rooms[WARD].facts["size"] = size
    assert read(make())[0][0].coverage is Coverage.FULL


@pytest.mark.parametrize("shown", ["isCommunity", "isCommunityAnnounce"])
@pytest.mark.parametrize(
    "owner, coverage",
    [
        ("447700900101@s.whatsapp.net", Coverage.FULL),
        ("447700900102:7@s.whatsapp.net", Coverage.FULL),
        ("447700900103@s.whatsapp.net", Coverage.PARTIAL),
        (None, Coverage.PARTIAL),
    ],
    ids=["creator", "admin", "perhaps-a-member", "unknown"],
)
def test_of_a_community_only_an_admin_is_shown_all(
    evolution: EvolutionServer, make: Make, shown: str, owner: str | None, coverage: Coverage
) -> None:
    evolution.owner = owner
    evolution.rooms[WARD].facts[shown] = True
    evolution.rooms[ROTA].facts[shown] = False
    evolution.rooms[ROTA].people.append(Person(None, lid="90000000000109"))  # may be the phone
    (ward, rota), _ = read(make())
    assert (ward.coverage, rota.coverage) == (coverage, Coverage.FULL)
    assert read(make(), {WARD})[0][0].coverage is coverage
    assert len(evolution.seen("/fetchInstances")) == 2


@pytest.mark.parametrize(
    "owner, ward, rota",
    [
        ("447700900102:7@s.whatsapp.net", Coverage.FULL, Coverage.FULL),
        ("447700900101@s.whatsapp.net", Coverage.FULL, Coverage.STALE),
        # A member of the ward is shown by a LID alone, which may be the phone's
        ("447700900199@s.whatsapp.net", Coverage.FULL, Coverage.STALE),
        ("90000000000199@lid", Coverage.FULL, Coverage.FULL),
        (None, Coverage.FULL, Coverage.FULL),
    ],
    ids=["inside", "left-one", "perhaps", "lid-alone", "unknown"],
)
def test_a_list_without_the_phone_itself_is_stale(
    evolution: EvolutionServer, make: Make, owner: str | None, ward: Coverage, rota: Coverage
) -> None:
    evolution.owner = owner
    rosters, _ = read(make())
    assert [each.coverage for each in rosters] == [ward, rota]
    assert len(evolution.seen("/fetchInstances")) == 1, "once a read"
    assert read(make(), {ROTA})[0][0].coverage is rota


@pytest.mark.parametrize(
    "reply",
    [
        refused(403, "Forbidden", "Missing global api key"),
        refused(404, "Not Found", "Cannot GET /instance/fetchInstances"),
        answered({}),
        answered(None),
        answered([7, {"name": "another", "ownerJid": "447700900101@s.whatsapp.net"}]),
        answered([{"name": INSTANCE, "ownerJid": {}}]),
    ],
)
def test_where_it_is_not_said_whose_phone_it_is_a_community_is_partial(
    evolution: EvolutionServer, make: Make, reply: Reply
) -> None:
    evolution.rooms[WARD].facts["isCommunityAnnounce"] = True
    evolution.tell("/fetchInstances", reply)
    (ward,), _ = read(make(), {WARD})
    assert (ward.coverage, "community" in ward.warnings[0]) == (Coverage.PARTIAL, True)


@pytest.mark.parametrize(
    "state, kind", [("close", AuthFailed), ("connecting", Transient), ("dancing", Incomplete)]
)
def test_an_instance_that_is_not_open_is_an_alarm(
    evolution: EvolutionServer, make: Make, state: str, kind: type[ConnectorError]
) -> None:
    evolution.state = state
    with pytest.raises(kind) as raised:
        read(make())
    assert raised.value.remedy
    assert ("QR code" in raised.value.remedy) == (state == "close")
    result = make().check()
    assert not result.ok
    assert result.remedy


def test_an_instance_that_closes_meanwhile_is_no_vanished_group(
    evolution: EvolutionServer, make: Make
) -> None:
    evolution.tell(MEMBERS, failed("No participants", "Error: forbidden"))
    evolution.tell(STATE, answered({"instance": {"state": "open"}}), times=1)
    evolution.tell(STATE, answered({"instance": {"state": "close"}}))
    with pytest.raises(AuthFailed):
        read(make())


def test_a_wrong_key_and_a_wrong_instance_name_their_setting(make: Make) -> None:
    with pytest.raises(AuthFailed) as key:
        read(make({"api_key": "wrong"}))
    assert "api_key" in key.value.remedy
    with pytest.raises(BadConfig) as instance:
        read(make({"instance": "../../other"}))
    assert "in instance" in instance.value.remedy


@pytest.mark.parametrize("words", ["Error: item-not-found", "Error: forbidden", "Error: not-authorized"])
def test_a_group_that_vanishes_is_left_out_and_the_rest_is_read(
    evolution: EvolutionServer, make: Make, words: str
) -> None:
    evolution.tell(f"{MEMBERS}ward?groupJid={WARD.replace('@', '%40')}", failed("No participants", words))
    assert [each.group.name for each in read(make())[0]] == ["Rota"]
    assert read(make(), {"120363000000000001@g.us", "x/../y"})[0] == []


def test_one_group_is_read_alone(evolution: EvolutionServer, make: Make) -> None:
    (ward,), end = read(make(), {WARD})
    assert (ward.group.name, len(ward.members), end.is_full) == ("Ward 7 nights", 3, False)
    assert evolution.seen(GROUPS) == []


# --- Hostile answers ------------------------------------------------------------------------------------------

HTML = Reply(body=b"<html>447700900101</html>", content_type="text/html")
CASES: list[tuple[str, Reply, type[ConnectorError]]] = [
    (STATE, HTML, Incomplete),
    (STATE, answered([]), Incomplete),
    (STATE, answered({"instance": None}), Incomplete),
    (STATE, answered({"instance": {"state": None}}), Incomplete),
    (GROUPS, HTML, Incomplete),
    (GROUPS, Reply(), Incomplete),
    (GROUPS, answered({}), Incomplete),
    (GROUPS, answered({"groups": []}), Incomplete),
    (GROUPS, answered([{"id": "447700900101@s.whatsapp.net"}, 7]), Incomplete),
    (GROUPS, Reply(body=b'[{"id": "1203'), Incomplete),
    (GROUPS, Reply(body=b"x" * 99, cut_after=9), Transient),
    (GROUPS, failed("Error fetching group", "Error: rate-overlimit"), Transient),
    (GROUPS, failed("Error fetching group", "Error: Connection Closed"), Transient),
    (GROUPS, failed("Error fetching group", "Error: forbidden"), Transient),
    (GROUPS, failed("Cannot GET /group/fetchAllGroups/ward"), Rejected),
    (GROUPS, Reply(404, b"<html>", "text/html"), Rejected),
    (GROUPS, failed('The "ward" instance does not exist'), BadConfig),
    (GROUPS, refused(429, "x", "x").with_headers(**{"Retry-After": "7"}), NotDone),
    (GROUPS, refused(500, "x", "x"), Transient),
    (GROUPS, refused(403, "447700900101", "x"), PermissionDenied),
    (MEMBERS, HTML, Incomplete),
    (MEMBERS, answered(None), Incomplete),
    (MEMBERS, answered([]), Incomplete),
    (MEMBERS, answered({}), Incomplete),
    (MEMBERS, answered({"participants": None}), Incomplete),
    (MEMBERS, answered({"participants": {}}), Incomplete),
    (MEMBERS, failed("No participants", "Error: Timed Out for 447700900101"), Transient),
    (MEMBERS, failed("No participants", "Error: rate-overlimit"), Transient),
    (MEMBERS, refused(401, "Unauthorized", "Unauthorized"), AuthFailed),
    (MEMBERS, Reply(is_dropped=True), Transient),
]


@pytest.mark.parametrize(
    "part, reply, kind", CASES, ids=[f"{part}{at}" for at, (part, _, _) in enumerate(CASES)]
)
def test_a_hostile_answer_raises_with_a_remedy_ends_nothing_and_shows_nobody(
    evolution: EvolutionServer, make: Make, part: str, reply: Reply, kind: type[ConnectorError]
) -> None:
    evolution.tell(part, reply)
    inventory = make()
    seen, error = read_to_the_error(inventory)
    assert type(error) is kind
    assert error.remedy
    assert "Evolution" in error.message
    assert not any(isinstance(item, SnapshotEnd) for item in seen)
    assert "447700900101" not in "".join(traceback.format_exception(error)) + repr(error)
    evolution.mend()
    assert inventory.check().ok


def test_an_empty_list_of_members_proves_nothing(evolution: EvolutionServer, make: Make) -> None:
    evolution.tell(MEMBERS, answered({"participants": []}))
    assert {each.coverage for each in read(make())[0]} == {Coverage.PARTIAL}


def test_one_bad_member_is_set_aside_and_the_group_is_partial(evolution: EvolutionServer, make: Make) -> None:
    evolution.rooms[ROTA].bad_rows.append({"id": "x"})
    (_, rota), end = read(make())
    assert rota.coverage is Coverage.PARTIAL
    assert [problem.record_id for problem in end.malformed] == [f"{ROTA} row 2"]


# --- Acts -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "member, participant",
    [(SAM, "447700900102"), (AMINA, "90000000000101@lid"), (HIDDEN, "90000000000103@lid")],
    ids=["number", "both", "lid"],
)
def test_a_member_is_removed_by_the_id_that_the_group_knows(
    evolution: EvolutionServer, make: Make, member: Member, participant: str
) -> None:
    inventory = make()
    assert inventory.remove(WARD, member) == ActOutcome(Effect.DONE)
    asked = evolution.log[-1]
    assert json.loads(asked.request.body) == {"action": "remove", "participants": [participant]}
    assert asked.query == {"groupjid": WARD}
    (ward,), _ = read(inventory, {WARD})
    assert member.handle not in {each.handle for each in ward.members}


def test_a_member_is_made_an_admin(evolution: EvolutionServer, make: Make) -> None:
    evolution.rooms[WARD].people[1] = Person("447700900102")
    inventory = make()
    assert inventory.make_admin(WARD, SAM) == ActOutcome(Effect.DONE)
    (ward,), _ = read(inventory, {WARD})
    assert {each.role for each in ward.members if each.handle == SAM.handle} == {Role.ADMIN}


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "status, effect", [(403, Effect.REFUSED), (406, Effect.REFUSED), (404, Effect.NOT_NEEDED)]
)
def test_the_inner_status_decides_although_the_answer_is_201(
    evolution: EvolutionServer, make: Make, status: int, effect: Effect
) -> None:
    evolution.refused_acts["447700900102"] = status
    outcome = make().remove(WARD, SAM)
    assert outcome.effect is effect
    assert evolution.log[-1].status == 201


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize("words", ["Error: not-authorized", "Error: forbidden", "Error: bad-request"])
def test_what_whatsapp_refused_as_a_whole_is_refused(
    evolution: EvolutionServer, make: Make, words: str
) -> None:
    evolution.tell(ACT, refused(400, "Bad Request", "Error updating participants", words))
    assert make().remove(WARD, SAM).effect is Effect.REFUSED


@pytest.mark.usefixtures("phone")
def test_a_request_that_is_wrong_is_refused_and_shows_nobody(evolution: EvolutionServer, make: Make) -> None:
    evolution.tell(ACT, refused(400, "447700900102 is wrong", "participants[0] is wrong"))
    outcome = make().remove(WARD, SAM)
    assert outcome.effect is Effect.REFUSED
    assert "447700900102" not in outcome.said


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "reply, kind",
    [
        (refused(400, "Bad Request", "Error updating participants", "Error: Connection Closed"), Transient),
        (refused(400, "Bad Request", "Error updating participants", "Error: Timed Out"), Transient),
        (answered({"updateParticipants": []}, 201), Transient),
        (answered({"updateParticipants": [{"status": "500"}]}, 201), Transient),
        (answered({"updateParticipants": [{"status": "200"}, {"status": "403"}]}, 201), Transient),
        (answered(None, 201), Transient),
        (refused(500, "x", "x"), Transient),
        (refused(429, "x", "x"), NotDone),
        (refused(401, "x", "x"), AuthFailed),
        (Reply(is_dropped=True), Transient),
    ],
)
def test_what_is_unclear_raises(
    evolution: EvolutionServer, make: Make, reply: Reply, kind: type[Exception]
) -> None:
    evolution.tell(ACT, reply)
    with pytest.raises(kind) as raised:
        make().remove(WARD, SAM)
    assert raised.type is kind
