from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.inventory.waha import mapping
from contracts.inventory import NOW
from worker.domain.model import Allowed, GroupFacts, Role

GROUP = "120363000000000007@g.us"
CODE = "AbCdEfGhIjKlMnOpQrStUv"
HASH = hashlib.sha256(CODE.encode()).hexdigest()
WAHA_ROW = {
    "id": GROUP,
    "subject": "Ward 7",
    "description": "Rules",
    "invite": f"https://chat.whatsapp.com/{CODE}",
    "membersCanAddNewMember": False,
    "membersCanSendMessages": True,
    "newMembersApprovalRequired": True,
}
NOWEB_ROW = {
    "id": GROUP,
    "subject": "Ward 7",
    "desc": "Rules",
    "inviteCode": CODE,
    "restrict": True,
    "announce": False,
    "memberAddMode": True,
    "joinApprovalMode": False,
}
GOWS_ROW = {
    "JID": GROUP,
    "Name": "Ward 7",
    "Topic": "",
    "IsLocked": False,
    "IsAnnounce": True,
    "MemberAddMode": "admin_add",
    "IsJoinApprovalRequired": True,
}
NEVER = "0001-01-01T00:00:00Z"  # an empty time of Go's
GOWS_STUB = {
    "JID": GROUP,
    "Name": "",
    "NameSetAt": NEVER,
    "Topic": "",
    "IsLocked": False,
    "IsAnnounce": False,
    "IsJoinApprovalRequired": False,
    "GroupCreated": NEVER,
    "MemberAddMode": "",
    "ParticipantCount": 952,
}
NOWEB_STUB = {
    "id": GROUP,
    "subjectTime": None,
    "size": 1795,
    "creation": None,
    "restrict": False,
    "announce": False,
    "joinApprovalMode": False,
    "memberAddMode": False,
}
WEBJS_ROW = {
    "id": {"server": "g.us", "_serialized": GROUP},
    "name": "Ward 7",
    "lastMessage": {"timestamp": 1795510800},
    "groupMetadata": {
        "id": {"_serialized": GROUP},
        "desc": "Rules",
        "restrict": True,
        "announce": True,
        "memberAddMode": "all_member_add",
        "membershipApprovalMode": 1,
    },
}


@pytest.mark.parametrize(
    "row, facts",
    [
        (WAHA_ROW, GroupFacts("Rules", None, HASH, True, None, None, Allowed.ADMINS)),
        (NOWEB_ROW, GroupFacts("Rules", None, HASH, False, Allowed.ADMINS, Allowed.MEMBERS, Allowed.MEMBERS)),
        (GOWS_ROW, GroupFacts("", None, None, True, Allowed.MEMBERS, Allowed.ADMINS, Allowed.ADMINS)),
        (
            WEBJS_ROW,
            GroupFacts(
                "Rules",
                None,
                None,
                True,
                Allowed.ADMINS,
                Allowed.ADMINS,
                Allowed.MEMBERS,
                datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
            ),
        ),
        ({"id": GROUP, "subject": "Ward 7"}, GroupFacts()),
    ],
    ids=["waha", "noweb", "gows", "webjs", "bare"],
)
def test_each_engine_s_row_is_the_same_group_and_what_it_does_not_show_is_unknown(
    row: dict[str, Any], facts: GroupFacts
) -> None:
    found = mapping.listed(row, NOW)
    assert (found.group_id, found.name) == (GROUP, "Ward 7")
    assert replace(found.facts, read_at=None) == facts
    assert found.facts.read_at == NOW


@pytest.mark.parametrize(
    "row", [GOWS_STUB, NOWEB_STUB, {"id": GROUP, "creation": 0}, {"id": GROUP, "name": " ", "creation": None}]
)
def test_a_row_of_which_the_store_has_the_id_alone_shows_nothing(row: dict[str, Any]) -> None:
    assert mapping.is_stub(row)
    with pytest.raises(ValueError, match="neither a name nor"):
        mapping.listed(row, NOW)


@pytest.mark.parametrize(
    "row",
    [
        GOWS_STUB | {"GroupCreated": "2025-11-22T00:00:34+07:00"},
        GOWS_STUB | {"Name": "Ward 7"},
        NOWEB_STUB | {"creation": 1668339135},
        {"id": {"_serialized": GROUP}, "groupMetadata": {"creation": 1668339135}},
        {"id": GROUP, "subject": ""},
    ],
    ids=["no name", "no time", "noweb", "webjs", "waha's own form"],
)
def test_a_group_without_a_name_is_one_if_it_was_made_some_time(row: dict[str, Any]) -> None:
    assert mapping.listed(row, NOW).group_id == GROUP


def test_a_description_that_was_deleted_is_none() -> None:
    assert mapping.listed(GOWS_ROW | {"Topic": "old", "TopicDeleted": True}, NOW).facts.description == ""


def test_what_engines_fill_in_upside_down_decides_nothing() -> None:
    for value in (True, False):
        assert mapping.listed({**WAHA_ROW, "membersCanSendMessages": value}, NOW).facts.write is None


def test_a_join_link_is_kept_as_its_hash_alone() -> None:
    assert CODE not in repr(mapping.listed(WAHA_ROW, NOW))


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "x",
        {},
        {"id": None},
        {"id": 7},
        {"id": ""},
        {"id": "447700900101@c.us"},
        {"id": "status@broadcast"},
        {"id": "../sessions"},
        {"id": ".."},
        {"id": {"_serialized": None}},
        {"id": {}},
    ],
)
def test_a_row_without_a_group_s_id_is_no_group(row: Any) -> None:
    with pytest.raises(ValueError, match="it "):
        mapping.listed(row, NOW)


@pytest.mark.parametrize(
    "wrong", [{"description": 7}, {"invite": ["x"]}, {"newMembersApprovalRequired": "yes"}, {"restrict": 1},
              {"membersCanAddNewMember": "x"}, {"memberAddMode": {}}, {"groupMetadata": "x"}, {"lastMessage": "x"}]
)  # fmt: skip
def test_a_fact_of_another_type_is_not_shown(wrong: dict[str, Any]) -> None:
    assert mapping.listed({"id": GROUP, "subject": "Ward 7", **wrong}, NOW).facts == GroupFacts(read_at=NOW)


NUMBER, NUMBER_ID = "+447700900101", "447700900101@c.us"
LID, LOOKS_BRITISH = "90000000000101@lid", "447700900101@lid"


@pytest.mark.parametrize(
    "row, handle, phone, lid, role",
    [
        ({"id": NUMBER_ID, "role": "participant"}, NUMBER, NUMBER, None, Role.MEMBER),
        ({"id": "447700900101@s.whatsapp.net", "role": "admin"}, NUMBER, NUMBER, None, Role.ADMIN),
        ({"id": "447700900101:7@c.us", "role": "superadmin"}, NUMBER, NUMBER, None, Role.CREATOR),
        ({"id": LID, "pn": NUMBER_ID, "role": "admin"}, NUMBER, NUMBER, LID, Role.ADMIN),
        ({"id": LID, "role": "admin"}, LID, None, LID, Role.ADMIN),
        ({"id": "90000000000101:2@lid", "pn": None, "role": "admin"}, LID, None, LID, Role.ADMIN),
        ({"id": LOOKS_BRITISH, "role": "participant"}, LOOKS_BRITISH, None, LOOKS_BRITISH, Role.MEMBER),
        (
            {"id": LOOKS_BRITISH, "pn": NUMBER_ID, "role": "admin"},
            LOOKS_BRITISH,
            None,
            LOOKS_BRITISH,
            Role.ADMIN,
        ),
        ({"id": LID, "pn": LID, "role": "admin"}, LID, None, LID, Role.ADMIN),
        ({"id": {"_serialized": NUMBER_ID}, "role": "owner"}, NUMBER, NUMBER, None, Role.UNKNOWN),
        ({"id": NUMBER_ID}, NUMBER, NUMBER, None, Role.UNKNOWN),
        ({"id": NUMBER_ID, "role": ["admin"]}, NUMBER, NUMBER, None, Role.UNKNOWN),
    ],
)
def test_a_member_is_known_by_number_or_else_by_lid(
    row: dict[str, Any], handle: str, phone: str | None, lid: str | None, role: Role
) -> None:
    found = mapping.member(row, "GB")
    assert found is not None
    assert (found.handle, found.phone, found.lid, found.role) == (handle, phone, lid, role)


def test_who_has_left_is_no_member() -> None:
    assert mapping.member({"id": "447700900101@c.us", "role": "left"}, "GB") is None


@pytest.mark.parametrize(
    "row",
    [
        None,
        "447700900101@c.us",
        {"role": "participant"},
        {"id": "", "role": "participant"},
        {"id": "447700900101", "role": "participant"},
        {"id": "0@c.us", "role": "participant"},
        {"id": "120363000000000007@g.us", "role": "participant"},
        {"id": "x@lid", "role": "participant"},
        {"id": 447700900101, "role": "participant"},
    ],
)
def test_a_row_that_shows_nobody_is_set_aside(row: Any) -> None:
    with pytest.raises(ValueError, match="it "):
        mapping.member(row, "GB")


@pytest.mark.parametrize(
    "answer, status",
    [
        (None, 200),
        (True, 200),
        ({"status": 200}, 200),
        ([{"status": "403", "jid": "x"}], "403"),
        ([{"JID": "x", "Error": 403}], 403),
        ([{"JID": "x", "Error": 0}], 200),
        ({"success": True}, 200),
        ([], None),
        ([{"status": "200"}, {"status": "200"}], None),
        (False, None),
        ("ok", None),
    ],
)
def test_an_act_s_answer_has_the_status_of_its_one_participant(answer: Any, status: Any) -> None:
    assert mapping.status_of(answer) == status
