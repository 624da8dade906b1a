from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.inventory.gowa import mapping
from contracts.inventory import NOW
from worker.domain.model import Allowed, GroupFacts, Role

GROUP = "120363000000000007@g.us"
NUMBER, NUMBER_ID = "+447700900101", "447700900101@s.whatsapp.net"
LID, LOOKS_BRITISH = "90000000000101@lid", "447700900101@lid"
TRUNK = "4606481902518@lid"  # as a number, it would lose the 0 after Sweden's 46


@pytest.mark.parametrize(
    "row, facts",
    [
        (
            {"Topic": "Rules", "IsLocked": True, "IsAnnounce": False, "MemberAddMode": "all_member_add",
             "IsJoinApprovalRequired": True},
            GroupFacts("Rules", None, None, True, Allowed.ADMINS, Allowed.MEMBERS, Allowed.MEMBERS),
        ),
        ({"Topic": ""}, GroupFacts("")),
        ({"Topic": "old", "TopicDeleted": True}, GroupFacts("")),
        ({"Topic": 7, "IsLocked": "yes", "MemberAddMode": 1, "IsJoinApprovalRequired": None}, GroupFacts()),
        ({}, GroupFacts()),
    ],
)  # fmt: skip
def test_what_a_group_does_not_show_is_unknown(row: dict[str, Any], facts: GroupFacts) -> None:
    found = mapping.listed({"JID": GROUP, "Name": "Ward 7", **row}, NOW)
    assert (found.group_id, found.name, found.facts.read_at) == (GROUP, "Ward 7", NOW)
    assert replace(found.facts, read_at=None) == facts


def test_a_suspended_group_says_so() -> None:
    assert mapping.listed({"JID": GROUP, "Suspended": True}, NOW).warnings == (mapping.SUSPENDED,)


@pytest.mark.parametrize(
    "row", [None, 7, [], {}, {"JID": ""}, {"JID": "447700900101@s.whatsapp.net"}, {"id": GROUP}]
)
def test_a_row_without_a_group_s_id_is_no_group(row: Any) -> None:
    with pytest.raises(ValueError, match="it "):
        mapping.listed(row, NOW)


@pytest.mark.parametrize(
    "row, handle, phone, lid",
    [
        ({"jid": NUMBER_ID, "phone_number": NUMBER_ID, "lid": None}, NUMBER, NUMBER, None),
        ({"jid": LID, "phone_number": NUMBER_ID, "lid": LID}, NUMBER, NUMBER, LID),
        ({"jid": LID, "phone_number": "", "lid": LID}, LID, None, LID),
        ({"jid": LID, "phone_number": "90000000000101@s.whatsapp.net", "lid": LID}, LID, None, LID),
        ({"jid": LOOKS_BRITISH, "phone_number": NUMBER_ID, "lid": ""}, LOOKS_BRITISH, None, LOOKS_BRITISH),
        ({"jid": LID, "phone_number": "447700900101", "lid": LID}, NUMBER, NUMBER, LID),
        ({"jid": NUMBER_ID, "phone_number": "447700900101", "lid": ""}, NUMBER, NUMBER, None),
        ({"jid": LID, "phone_number": "90000000000101", "lid": LID}, LID, None, LID),
        ({"jid": LID, "phone_number": "90000000000101", "lid": ""}, LID, None, LID),
        ({"jid": TRUNK, "phone_number": "4606481902518", "lid": TRUNK}, TRUNK, None, TRUNK),
        ({"jid": LID, "phone_number": "07700 900101", "lid": LID}, LID, None, LID),
        ({"jid": LID, "phone_number": 447700900101, "lid": LID}, LID, None, LID),
    ],
)
def test_a_number_comes_with_its_host_or_as_digits_but_a_lid_s_digits_are_none(
    row: dict[str, Any], handle: str, phone: str | None, lid: str | None
) -> None:
    found = mapping.member({"display_name": "Sam", **row}, "GB")
    assert (found.handle, found.phone, found.lid, found.display_name) == (handle, phone, lid, "Sam")


@pytest.mark.parametrize(
    "row, role",
    [
        ({"is_admin": False, "is_super_admin": False}, Role.MEMBER),
        ({"is_admin": True, "is_super_admin": False}, Role.ADMIN),
        ({"is_admin": True, "is_super_admin": True}, Role.CREATOR),
        ({"is_admin": False, "is_super_admin": True}, Role.CREATOR),
        ({}, Role.UNKNOWN),
        ({"is_admin": "true"}, Role.UNKNOWN),
        ({"is_admin": None}, Role.UNKNOWN),
    ],
)
def test_a_role_that_is_not_said_is_unknown(row: dict[str, Any], role: Role) -> None:
    assert mapping.member({"jid": NUMBER_ID, **row}, "GB").role is role


@pytest.mark.parametrize("row", [None, "x", {}, {"jid": "", "phone_number": "", "lid": ""}, {"jid": GROUP}])
def test_a_row_that_shows_nobody_is_set_aside(row: Any) -> None:
    with pytest.raises(ValueError, match="it "):
        mapping.member(row, "GB")


@pytest.mark.parametrize(
    "results, status",
    [
        ([{"status": "success", "message": "Action success"}], 200),
        ([{"status": "error", "message": "Action remove failed (code 404)"}], 404),
        ([{"status": "error", "message": "Failed"}], 400),
        ([{"status": "error"}], 400),
        ([{"status": "soon"}], None),
        ([{}], None),
        ([], None),
        (None, None),
        ({"status": "success"}, None),
        ([{"status": "success"}, {"status": "success"}], None),
        ([7], None),
    ],
)
def test_the_one_member_s_own_result_is_read(results: Any, status: int | None) -> None:
    assert mapping.status_of(results) == status
