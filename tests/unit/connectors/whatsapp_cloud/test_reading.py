from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from contracts.inventory import NOW, context
from fakes.whatsapp_cloud.server import CloudServer, Raw, Refused
from worker.domain.model import Coverage, Role, Roster
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
    Transient,
)

AMINA, SAM = "447700900101", "447700900102"
GB = "GB.13491208655302741918"


def rosters(inventory: WhatsappCloudInventory) -> list[Roster]:
    return [item for item in inventory.changes(None) if isinstance(item, Roster)]


def test_a_list_is_dated_before_it_is_asked_for(make: Any, server: CloudServer) -> None:
    """Somebody may be removed, and it be said, while the request waits for its turn."""
    server.add("g0", "Ward 7", AMINA)
    clock = [NOW]

    def again(call: Any, /) -> Any:
        clock[0] += timedelta(seconds=30)
        return call()

    [ward] = rosters(make(replace(context(), now=lambda: clock[0], again=again)))
    assert ward.taken_at == clock[0] - timedelta(seconds=30)


def only(inventory: WhatsappCloudInventory) -> tuple[Roster, SnapshotEnd]:
    shown, end = inventory.changes(None)
    assert isinstance(shown, Roster)
    assert isinstance(end, SnapshotEnd)
    return shown, end


# --- The list ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lists_plainly", [False, True])
@pytest.mark.parametrize("page_size", [1, 2, 3, 100])
def test_all_pages_of_both_shapes_are_read(
    lists_plainly: bool, page_size: int, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.lists_plainly, server.page_size = lists_plainly, page_size
    for number in range(5):
        server.add(f"g{number}", f"Group {number}", AMINA)

    *shown, end = inventory.changes(None)

    assert [item.group.group_id for item in shown if isinstance(item, Roster)] == [
        "g0",
        "g1",
        "g2",
        "g3",
        "g4",
    ]
    assert isinstance(end, SnapshotEnd)
    assert (end.groups_total, end.is_full, end.malformed) == (5, True, ())


def test_no_address_of_an_answer_is_followed(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    server.page_size = 1
    server.add("a", "A", AMINA)
    server.add("b", "B", AMINA)
    assert len(rosters(inventory)) == 2  # although `next` leads to elsewhere.example


def test_an_expired_cursor_begins_the_list_anew_once(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.page_size, server.expires_cursors = 1, 1
    for number in range(3):
        server.add(f"g{number}", "G", AMINA)
    assert len(rosters(inventory)) == 3

    server.expires_cursors = 2
    with pytest.raises(Incomplete, match="cursors expire"):
        list(inventory.changes(None))


def test_a_page_in_part_is_read_row_by_row(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    for number in range(4):
        server.add(f"g{number}", "G", AMINA)
    server.partial_ids = {"g2"}

    assert [one.group.group_id for one in rosters(inventory)] == ["g0", "g1", "g2", "g3"]
    limits = [query["limit"] for _m, path, query, _b in server.asked if path.endswith("/groups")]
    assert limits == ["100", *["1"] * 5]  # a full last page may not be the last


def test_a_list_whose_cursors_go_in_a_circle_ends(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    page = b'{"data": {"groups": [{"id": "a"}]}, "paging": {"cursors": {"after": "x"}, "next": "y"}}'
    server.hook = lambda _m, path, _q: Raw(200, page) if path.endswith("/groups") else None
    with pytest.raises(Incomplete, match="no end"):
        list(inventory.changes(None))


def test_a_group_that_is_not_wanted_is_not_asked_for(server: CloudServer, make: Any) -> None:
    server.add("a", "Ward", AMINA)
    server.add("b", "Canteen", AMINA)
    inventory = make(replace(context(), takes=lambda _id, name: name == "Ward"))
    assert [one.group.name for one in rosters(inventory)] == ["Ward"]
    assert not any(path.endswith("/b") for _m, path, _q, _b in server.asked)


def test_only_the_groups_asked_for_are_read_and_the_list_is_not(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA)
    shown, end = inventory.changes(None, {"a", "gone", "../x"})
    assert isinstance(shown, Roster)
    assert isinstance(end, SnapshotEnd)
    assert not end.is_full
    assert [path.rpartition("/")[2] for _m, path, _q, _b in server.asked] == ["a", "gone"]


def test_a_group_that_vanished_meanwhile_is_left_out(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA)
    server.add("b", "B", AMINA).error = Refused(400, 131041)
    assert [one.group.group_id for one in rosters(inventory)] == ["a"]


def test_a_row_without_an_id_is_set_aside_and_nothing_but_such_rows_is_an_error(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA)
    page = b'{"data": [{"id": "a"}, {"id": ""}, 7]}'
    server.hook = lambda _m, path, _q: Raw(200, page) if path.endswith("/groups") else None
    _roster, end = only(inventory)
    assert [one.record_id for one in end.malformed] == ["groups row 2", "groups row 3"]

    server.hook = lambda _m, path, _q: Raw(200, b'{"data": [{}]}') if path.endswith("/groups") else None
    with pytest.raises(Incomplete, match="another shape"):
        list(inventory.changes(None))


# --- A group ----------------------------------------------------------------------------------------------


def test_a_number_is_the_handle_and_the_bsuid_stays_beside_it(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A").participants = [
        {"wa_id": AMINA, "user_id": GB, "username": "amina", "country_code": "GB"},
        {"wa_id": "", "user_id": "US.ENT.11815799212886844830", "username": "sam"},
        {"user_id": "DE.1"},
        {"wa_id": f"+{SAM}"},
        {"wa_id": "76699677012110@lid", "user_id": "GB.2"},
        {"wa_id": "447700900103", "user_id": "x y"},
    ]
    shown, _end = only(inventory)
    assert [(m.handle, m.phone, m.business_id, m.username, m.role) for m in shown.members] == [
        ("+447700900101", "+447700900101", GB, "amina", Role.UNKNOWN),
        ("US.ENT.11815799212886844830", None, "US.ENT.11815799212886844830", "sam", Role.UNKNOWN),
        ("DE.1", None, "DE.1", None, Role.UNKNOWN),
        ("+447700900102", "+447700900102", None, None, Role.UNKNOWN),
        ("GB.2", None, "GB.2", None, Role.UNKNOWN),
        ("+447700900103", "+447700900103", None, None, Role.UNKNOWN),
    ]
    assert shown.coverage is Coverage.FULL


@pytest.mark.parametrize(
    "row",
    [
        {}, 7, None, "447700900101", {"wa_id": ""}, {"username": "amina"}, {"wa_id": "76699677012110@lid"},
        {"wa_id": "12"}, {"wa_id": "x"}, {"user_id": "x y"}, {"user_id": "../x"}, {"wa_id": True},
        {"wa_id": "999999999999999"}, {"wa_id": [AMINA]}, {"user_id": {"id": GB}},
    ],
)  # fmt: skip
def test_a_member_who_cannot_be_understood_is_set_aside_and_the_group_is_partial(
    row: Any, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA).participants.append(row)
    shown, end = only(inventory)
    assert [m.handle for m in shown.members] == ["+447700900101"]
    assert shown.coverage is Coverage.PARTIAL
    assert [one.record_id for one in end.malformed] == ["a participant 2"]
    assert "4477" not in str(end.malformed[0])


@pytest.mark.parametrize(
    "extra, coverage",
    [
        ({"total_participant_count": 2}, Coverage.PARTIAL),
        ({"total_participant_count": "1"}, Coverage.PARTIAL),
        ({"total_participant_count": None}, Coverage.FULL),
        ({"participants": {"data": [{"wa_id": AMINA}]}}, Coverage.FULL),
        ({"participants": [], "total_participant_count": 0}, Coverage.FULL),
        ({"participants": None, "total_participant_count": 0}, Coverage.FULL),
        ({"participants": [], "total_participant_count": None}, Coverage.PARTIAL),  # which may be anything
        ({"participants": [], "total_participant_count": 1}, Coverage.PARTIAL),
        ({"participants": [{"wa_id": AMINA}] * 2, "total_participant_count": 2}, Coverage.PARTIAL),
        ({"participants": [{"wa_id": AMINA}] * 2, "total_participant_count": 1}, Coverage.FULL),
    ],
)
def test_a_group_is_whole_where_meta_counts_as_many_as_it_shows(
    extra: dict[str, Any], coverage: Coverage, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA, **extra)
    shown, _end = only(inventory)
    assert shown.coverage is coverage
    assert len({m.handle for m in shown.members}) == len(shown.members)


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "a"}',  # as Meta answers without fields
        b'{"id": "b", "participants": []}',
        b'{"id": "a", "participants": "x"}',
        b'{"id": "a", "participants": {"data": [], "paging": {"next": "x"}}}',
        b'{"id": "a", "participants": {"data": [], "paging": "x"}}',
        b'{"id": "a", "participants": {"data": [], "paging": [7]}}',
        b"[]", b"null", b"7", b'""', b"<html>hello</html>", b'{"id": "a", "partici', b"", b"[" * 100_000,
    ],
    ids=range(14),
)  # fmt: skip
def test_an_answer_of_another_shape_is_no_empty_group(
    body: bytes, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA)
    server.hook = lambda _m, path, _q: Raw(200, body) if path.endswith("/a") else None
    if body in {b"", b"null"}:
        server.hook = lambda _m, _p, _q: Raw(200, body)
    with pytest.raises(Incomplete):
        list(inventory.changes(None))


def test_members_whose_paging_is_null_are_all_of_them(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA, participants={"data": [{"wa_id": AMINA}], "paging": None})
    (roster,) = rosters(inventory)
    assert (len(roster.members), roster.coverage) == (1, Coverage.FULL)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"data": {}}', b'{"data": {"groups": {}}}', b'{"data": [], "paging": []}',
             b'{"data": [], "paging": {"next": "x"}}', b"<html>", b'{"data": ['],
    ids=range(8),
)  # fmt: skip
def test_a_list_of_another_shape_is_no_empty_list(
    body: bytes, server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.hook = lambda _m, _p, _q: Raw(200, body)
    with pytest.raises(Incomplete):
        list(inventory.changes(None))
    assert not inventory.check().ok


def test_facts_are_what_meta_shows_and_the_link_is_never_fetched(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA, description="Rules", join_approval_mode="approval_required")
    server.add("b", "B", AMINA, description="", join_approval_mode=None)
    first, second = rosters(inventory)
    assert (first.facts.description, first.facts.approval) == ("Rules", True)
    assert (second.facts.description, second.facts.approval) == ("", None)
    assert first.facts.link_sha256 is None
    assert not any("invite" in path for _m, path, _q, _b in server.asked)


def test_a_suspended_group_is_shown_with_a_warning(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.add("a", "A", AMINA, suspended=True)
    server.add("b", "B", AMINA).error = Refused(403, 131207)
    first, second = rosters(inventory)
    assert (first.coverage, len(first.members)) == (Coverage.FULL, 1)
    assert "suspended" in first.warnings[0]
    assert (second.group.name, second.coverage, second.members) == ("B", Coverage.PARTIAL, ())
    assert "suspended" in second.warnings[0]
    assert "suspended" in inventory.check().details["warnings"]


def test_the_token_is_in_the_header_alone(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    server.add("a", "A", AMINA)
    rosters(inventory)
    assert "EAAG" not in repr(server.asked) + repr(inventory.__dict__["_client"])


# --- Errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refused, kind",
    [
        (Refused(401, 190), AuthFailed),
        (Refused(400, 190), AuthFailed),
        (Refused(403, 10), PermissionDenied),
        (Refused(400, 200), PermissionDenied),
        (Refused(400, 131215), PermissionDenied),
        (Refused(429, 131208), NotDone),
        (Refused(400, 131208), NotDone),
        (Refused(400, 80007), NotDone),
        (Refused(403, 4), NotDone),
        (Refused(400, 100, 33), BadConfig),
        (Refused(400, 131000), Rejected),
        (Refused(400, 131059), Incomplete),  # without a cursor
        (Refused(500, 1), Transient),
        (Refused(503, 2), Transient),
    ],
)
def test_meta_s_codes_are_errors_that_say_what_to_do_and_name_nobody(
    refused: Refused, kind: type[ConnectorError], server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    server.error = refused
    with pytest.raises(kind) as raised:
        list(inventory.changes(None))
    assert type(raised.value) is kind
    assert raised.value.remedy
    assert refused.code == 131059 or str(refused.code) in raised.value.message
    told = str(raised.value) + repr(raised.value) + "".join(traceback.format_exception(raised.value)[-1:])
    assert not {"447700900101", "Amina", "EAAG"} & {
        word for word in ("447700900101", "Amina", "EAAG") if word in told
    }
    result = inventory.check()
    assert not result.ok
    assert result.remedy


def test_a_rate_limit_waits_as_long_as_it_is_asked_to(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    body = b'{"error": {"code": 131208}}'
    server.hook = lambda _m, _p, _q: Raw(429, body, {"retry-after": "7"})
    with pytest.raises(NotDone) as raised:
        list(inventory.changes(None))
    assert raised.value.retry_after_s == 7


def test_a_wrong_token_is_refused(make: Any) -> None:
    with pytest.raises(AuthFailed, match="190"):
        list(make(token="EAAG-other").changes(None))


def test_check_counts(server: CloudServer, inventory: WhatsappCloudInventory) -> None:
    server.add("a", "A", AMINA, SAM).participants.append({"user_id": GB})
    server.add("b", "B", AMINA).participants.append({})
    result = inventory.check()
    assert result.ok
    assert result.counts == {"groups": 2, "members": 4, "without_phone": 1, "partial": 1, "malformed": 1}
    assert "made itself" in result.details["sees"]
