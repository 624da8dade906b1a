"""What WAHA shows, over the wire."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.inventory.waha.client import PAGE
from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import NOW
from fakes.gateways.server import Make, Person, Room, answered
from fakes.graph.http import Reply
from fakes.waha.server import WahaServer
from openapi import OpenApi
from worker.domain.model import Coverage, Fact, Role, Roster
from worker.ports import AuthFailed, BadConfig, Capabilities, Incomplete, Rejected, SnapshotEnd, Transient

WARD, ROTA = "120363000000000007@g.us", "120363000000000009@g.us"
HIDDEN = "90000000000103"


def read(inventory: LinkedPhone, groups: set[str] | None = None) -> tuple[list[Roster], SnapshotEnd]:
    *rosters, end = inventory.changes(None, groups)
    assert isinstance(end, SnapshotEnd)
    return [each for each in rosters if isinstance(each, Roster)], end


def many(count: int) -> dict[str, Room]:
    return {f"1203630000{number:08}@g.us": Room(f"Group {number}") for number in range(count)}


def test_a_gateway_on_this_machine_is_not_asked_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, make: Make
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert len(read(make())[0]) == 2


def test_it_says_what_a_linked_phone_can_see_and_do(make: Make) -> None:
    assert make().can == Capabilities(
        breaks_terms=True,
        sees_all_groups=False,
        sees_roles=True,
        can_remove=True,
        can_change_admin=True,
        creator_is_removable=False,
        shows=frozenset(
            {
                Fact.DESCRIPTION,
                Fact.APPROVAL,
                Fact.EDIT,
                Fact.WRITE,
                Fact.ADD,
                Fact.PICTURE,
                Fact.LINK,
                Fact.LAST_ACTIVITY,
            }
        ),
        costly=frozenset({Fact.PICTURE, Fact.LINK, Fact.EDIT, Fact.WRITE, Fact.LAST_ACTIVITY}),
    )


@pytest.mark.usefixtures("phone")
def test_the_published_description_holds_for_a_whole_read_and_both_acts(
    contract_data: Path, waha: WahaServer, make: Make
) -> None:
    waha.contract = OpenApi(contract_data / "waha-openapi.json")
    waha.numbers[HIDDEN] = "447700900103"
    inventory = make()
    (ward, _), _ = read(inventory)
    inventory.make_admin(WARD, ward.members[2])
    inventory.remove(WARD, ward.members[2])
    read(inventory, {WARD})
    assert waha.judged() >= 9


def test_a_request_that_is_not_described_is_noticed(contract_data: Path) -> None:
    description = OpenApi(contract_data / "waha-openapi.json")
    headers = {"x-api-key": "k"}
    groups = "/api/default/groups"
    description.check_request("GET", groups, {"limit": "5", "exclude": "participants"}, headers, b"")
    wrong: list[tuple[str, str, dict[str, str], dict[str, str], bytes]] = [
        ("GET", groups, {"limit": "5", "page": "1"}, headers, b""),
        ("GET", groups, {"sortBy": "name"}, headers, b""),
        ("GET", groups, {}, {}, b""),
        ("PATCH", groups, {}, headers, b""),
        ("GET", "/api/default/rooms", {}, headers, b""),
        (
            "POST",
            f"{groups}/{WARD}/participants/remove",
            {},
            {**headers, "content-type": "application/json"},
            b'{"participants": ["447700900101@c.us"]}',
        ),
    ]
    for request in wrong:
        with pytest.raises(AssertionError):
            description.check_request(*request)


def test_a_lid_is_resolved_where_waha_knows_its_number_and_stays_beside_it(
    waha: WahaServer, make: Make
) -> None:
    waha.numbers[HIDDEN] = "447700900103"
    ward = read(make())[0][0]
    found = ward.members[2]
    assert (found.handle, found.phone, found.lid) == ("+447700900103", "+447700900103", f"{HIDDEN}@lid")


def test_a_lid_without_a_number_is_its_own_handle_and_the_roster_is_full(make: Make) -> None:
    ward = read(make())[0][0]
    found = ward.members[2]
    assert (found.handle, found.phone, found.lid) == (f"{HIDDEN}@lid", None, f"{HIDDEN}@lid")
    assert ward.coverage is Coverage.FULL


def test_a_lid_is_asked_for_once_a_read_and_only_where_no_number_is_shown(
    waha: WahaServer, make: Make
) -> None:
    waha.rooms[ROTA].people.append(Person(None, Role.MEMBER, HIDDEN))
    inventory = make()
    read(inventory)
    assert [line.path for line in waha.seen("/lids/")] == [f"/api/default/lids/{HIDDEN}@lid"]
    read(inventory)
    assert len(waha.seen("/lids/")) == 2


@pytest.mark.parametrize(
    "answer",
    [
        answered({"lid": f"{HIDDEN}@lid", "pn": None}),
        answered({"lid": f"{HIDDEN}@lid", "pn": f"{HIDDEN}@c.us"}),
        answered({"lid": f"{HIDDEN}@lid", "pn": f"{HIDDEN}@lid"}),
        answered({"lid": f"{HIDDEN}@lid", "pn": 447700900103}),
        answered({"lid": "90000000000999@lid", "pn": "447700900103@c.us"}),
        answered({"message": "Enable NOWEB store"}, 400),
        answered({"message": "no such lid"}, 404),
        answered({"statusCode": 422, "message": "The method is not implemented by the engine."}, 422),
    ],
    ids=["null", "lid-as-number", "lid-again", "no-text", "somebody-else", "no-store", "unknown", "engine"],
)
def test_an_answer_without_the_lid_s_number_leaves_it_unknown(
    waha: WahaServer, make: Make, answer: Reply
) -> None:
    waha.tell("/lids/", answer)
    found = read(make())[0][0].members[2]
    assert (found.handle, found.phone) == (f"{HIDDEN}@lid", None)


def test_two_rows_of_one_person_are_one_member_with_the_higher_role(waha: WahaServer, make: Make) -> None:
    waha.numbers[HIDDEN] = "447700900102"
    ward = read(make())[0][0]
    assert [(each.handle, each.role, each.lid) for each in ward.members] == [
        ("+447700900101", Role.CREATOR, "90000000000101@lid"),
        ("+447700900102", Role.ADMIN, f"{HIDDEN}@lid"),
    ]


def test_who_has_left_is_not_listed(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].bad_rows.append({"id": "447700900109@c.us", "role": "left"})
    rota = read(make())[0][1]
    assert [each.handle for each in rota.members] == ["+447700900102"]
    assert rota.coverage is Coverage.FULL


def test_a_group_without_a_name_keeps_its_id(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].name = ""
    assert read(make())[0][1].group.group_id == ROTA


@pytest.mark.parametrize("engine", ["WAHA", "NOWEB", "GOWS", "WEBJS"])
@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 3])
def test_every_group_is_found_on_every_number_of_pages(
    waha: WahaServer, make: Make, engine: str, count: int
) -> None:
    waha.engine, waha.rooms = engine, many(count)
    rosters, end = read(make())
    assert [each.group.group_id for each in rosters] == sorted(waha.rooms)
    assert end.groups_total == count


@pytest.mark.parametrize("count", [3, PAGE + 7])
def test_a_waha_that_knows_no_pages_is_read_once(waha: WahaServer, make: Make, count: int) -> None:
    waha.knows_pages, waha.rooms = False, many(count)
    assert read(make())[1].groups_total == count
    assert len(waha.seen("/groups", "GET")) == 1 + count


def test_the_same_page_again_is_no_end(waha: WahaServer, make: Make) -> None:
    waha.knows_pages, waha.rooms = False, many(PAGE)
    with pytest.raises(Incomplete, match="same page again"):
        read(make())


def test_a_group_that_slipped_between_two_pages_makes_the_read_incomplete(
    waha: WahaServer, make: Make
) -> None:
    waha.rooms = many(PAGE + 2)
    first = [{"id": key, "subject": "x"} for key in sorted(waha.rooms)[:PAGE]]
    waha.tell("offset=0", answered(first))
    waha.tell(f"offset={PAGE}", answered([{"id": max(waha.rooms), "subject": "x"}]))
    with pytest.raises(Incomplete) as raised:
        read(make())
    assert (raised.value.got, raised.value.expected) == (PAGE + 1, PAGE + 2)


def test_groups_that_are_not_wanted_are_left_out_before_their_members_are_asked_for(
    waha: WahaServer, make: Make
) -> None:
    inventory = make(takes=lambda _group_id, name: name != "Rota")
    assert [each.group.name for each in read(inventory)[0]] == ["Ward 7 nights"]
    assert [each.group.name for each in read(inventory, {WARD, ROTA})[0]] == ["Ward 7 nights"]
    assert waha.seen(f"{ROTA}/participants") == []


def test_only_what_is_asked_for_is_read_and_what_is_not_there_is_left_out(
    waha: WahaServer, make: Make
) -> None:
    rosters, end = read(make(), {ROTA, "120363000000000001@g.us", "../sessions", ""})
    assert [each.group.group_id for each in rosters] == [ROTA]
    assert (end.groups_total, end.is_full, end.cursor) == (1, False, None)
    assert not [line for line in waha.log if line.path.endswith("/groups")]


@pytest.mark.parametrize(
    "text",
    [
        "item-not-found",
        "forbidden",
        "not-authorized",
        "that group does not exist",
        "you're not participating in that group",
    ],
)
def test_a_group_that_vanishes_meanwhile_is_left_out_and_the_rest_is_read(
    waha: WahaServer, make: Make, text: str
) -> None:
    waha.tell(f"{WARD}/participants", answered({"statusCode": 500, "exception": {"message": text}}, 500))
    rosters, end = read(make())
    assert [each.group.group_id for each in rosters] == [ROTA]
    assert (end.groups_total, end.is_full) == (1, True)


@pytest.mark.parametrize(
    "reply",
    [
        answered(
            {"message": f"Cannot GET /api/default/groups/{WARD}/participants/v2", "statusCode": 404}, 404
        ),
        Reply(404),
        Reply(404, b"<html>Not found</html>", "text/html"),
    ],
    ids=["an older WAHA", "a proxy that says nothing", "a proxy's page"],
)
def test_a_path_that_is_not_known_is_no_vanished_group(waha: WahaServer, make: Make, reply: Reply) -> None:
    waha.tell("/participants/v2", reply)
    with pytest.raises(Rejected) as raised:
        read(make())
    assert "Update WAHA" in raised.value.remedy
    assert not make().check().ok


def test_a_session_that_vanishes_meanwhile_is_no_vanished_group(waha: WahaServer, make: Make) -> None:
    waha.tell("/participants", answered({"statusCode": 404, "message": "We didn't find a session"}, 404))
    waha.tell("/api/sessions/", answered({"name": "default", "status": "WORKING"}), times=1)
    waha.tell("/api/sessions/", answered({"message": "Session not found"}, 404))
    with pytest.raises(BadConfig, match="no session"):
        read(make())


def test_what_passes_is_asked_again_within_the_read(waha: WahaServer, make: Make) -> None:
    waha.tell(f"{WARD}/participants", answered({"exception": {"message": "rate-overlimit"}}, 500), times=1)

    def again(call: Any, /) -> Any:
        try:
            return call()
        except Transient:
            return call()

    assert len(read(make(again=again))[0]) == 2


def test_every_roster_has_the_time_of_its_own_reading(make: Make) -> None:
    ticks = iter(range(1, 1000))
    inventory = make(now=lambda: NOW + timedelta(seconds=next(ticks)))
    (ward, rota), end = read(inventory)
    assert ward.taken_at < rota.taken_at < end.taken_at
    assert ward.facts.read_at is not None
    assert ward.facts.read_at < ward.taken_at


@pytest.mark.parametrize(
    "status, part",
    [
        ("SCAN_QR_CODE", "scan the QR code"),
        ("STOPPED", "Start the session"),
        ("FAILED", "Restart the session"),
        ("PASSKEY_REQUIRED", "passkey"),
        ("PASSKEY_CONFIRMATION_REQUIRED", "passkey"),
    ],
)
def test_a_phone_that_is_not_linked_is_an_alarm_with_its_remedy(
    waha: WahaServer, make: Make, status: str, part: str
) -> None:
    waha.status = status
    with pytest.raises(AuthFailed) as whole:
        read(make())
    with pytest.raises(AuthFailed) as one:
        read(make(), {WARD})
    for error in (whole.value, one.value):
        assert status in error.message
        assert part in error.remedy
    result = make().check()
    assert (result.ok, part in result.remedy) == (False, True)


def test_a_phone_that_is_unlinked_in_the_middle_ends_the_read(waha: WahaServer, make: Make) -> None:
    items = make().changes(None)
    assert isinstance(next(items), Roster)
    waha.status = "SCAN_QR_CODE"
    with pytest.raises(AuthFailed):
        next(items)


def test_a_session_that_starts_is_waited_for(waha: WahaServer, make: Make) -> None:
    waha.status = "STARTING"
    with pytest.raises(Transient, match="starting"):
        read(make())


def test_a_wrong_key_says_which_key(make: Make) -> None:
    with pytest.raises(AuthFailed) as raised:
        read(make({"api_key": "wrong"}))
    assert "api_key" in raised.value.remedy


def test_a_session_that_is_not_there_names_the_setting(make: Make) -> None:
    with pytest.raises(BadConfig) as raised:
        read(make({"session": "other"}))
    assert "session" in raised.value.remedy


def test_a_session_s_name_stays_one_segment_of_the_path(waha: WahaServer, make: Make) -> None:
    waha.contract = None
    with pytest.raises(BadConfig):
        read(make({"session": "../../admin"}))
    assert "..%2F..%2Fadmin" in waha.log[-1].request.target


def test_check_counts_and_says_what_a_linked_phone_costs(waha: WahaServer, make: Make) -> None:
    result = make().check()
    assert result.ok
    assert result.counts == {"groups": 2, "members": 4, "admins": 3, "without_phone": 1, "malformed": 0}
    assert "terms of service" in result.details["terms"]
    assert "admin" in result.details["numbers"]


def test_check_reads_the_members_of_the_first_groups_only(waha: WahaServer, make: Make) -> None:
    waha.rooms = many(30)
    result = make().check()
    assert result.counts["groups"] == 30
    assert "first 20" in result.details["members"]
    assert len(waha.seen("/participants")) == 20
