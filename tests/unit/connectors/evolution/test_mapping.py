from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from connectors.inventory.evolution import mapping
from contracts.inventory import NOW
from worker.domain.model import Allowed, GroupFacts, Role

GROUP = "120363000000000007@g.us"
NUMBER, NUMBER_ID = "+447700900101", "447700900101@s.whatsapp.net"
LID, LOOKS_BRITISH = "90000000000101@lid", "447700900101@lid"
CODE = "AbCdEfGhIjKlMnOpQrStUv"
HASH = hashlib.sha256(CODE.encode()).hexdigest()


@pytest.mark.parametrize(
    "row, facts",
    [
        (
            {"desc": "Rules", "restrict": True, "announce": False, "joinApprovalMode": True, "memberAddMode": False,
             "inviteCode": CODE},
            GroupFacts("Rules", None, HASH, True, Allowed.ADMINS, Allowed.MEMBERS, Allowed.ADMINS),
        ),
        ({"desc": ""}, GroupFacts("")),
        ({"desc": None, "restrict": None, "announce": "x"}, GroupFacts()),
        ({}, GroupFacts()),
    ],
)  # fmt: skip
def test_what_a_group_does_not_show_is_unknown(row: dict[str, Any], facts: GroupFacts) -> None:
    found = mapping.listed({"id": GROUP, "subject": "Ward 7", **row}, NOW)
    assert (found.group_id, found.name, found.facts.read_at) == (GROUP, "Ward 7", NOW)
    assert replace(found.facts, read_at=None) == facts
    assert CODE not in repr(found)


@pytest.mark.parametrize(
    "row", [None, 7, [], {}, {"id": ""}, {"id": NUMBER_ID}, {"id": ["x"]}, {"JID": GROUP}]
)
def test_a_row_without_a_group_s_id_is_no_group(row: Any) -> None:
    with pytest.raises(ValueError, match="it "):
        mapping.listed(row, NOW)


@pytest.mark.parametrize(
    "row, handle, phone, lid",
    [
        ({"id": NUMBER_ID}, NUMBER, NUMBER, None),
        ({"id": NUMBER_ID, "lid": LID}, NUMBER, NUMBER, LID),
        ({"id": LID, "phoneNumber": NUMBER_ID}, NUMBER, NUMBER, LID),
        ({"id": LID, "jid": NUMBER_ID}, NUMBER, NUMBER, LID),
        ({"id": LID, "phoneNumber": None}, LID, None, LID),
        ({"id": LID, "phoneNumber": "447700900101"}, LID, None, LID),
        ({"id": LOOKS_BRITISH}, LOOKS_BRITISH, None, LOOKS_BRITISH),
        ({"id": LOOKS_BRITISH, "phoneNumber": NUMBER_ID}, LOOKS_BRITISH, None, LOOKS_BRITISH),
    ],
)
def test_the_digits_of_a_lid_are_never_a_number(
    row: dict[str, Any], handle: str, phone: str | None, lid: str | None
) -> None:
    found = mapping.member({"name": "~ Sam", "admin": None, **row}, "GB")
    assert (found.handle, found.phone, found.lid, found.display_name) == (handle, phone, lid, "Sam")


@pytest.mark.parametrize(
    "row, role",
    [
        ({"admin": None}, Role.MEMBER),
        ({"admin": "admin"}, Role.ADMIN),
        ({"admin": "superadmin"}, Role.CREATOR),
        ({"admin": "owner"}, Role.UNKNOWN),
        ({"admin": True}, Role.UNKNOWN),
        ({"admin": {}}, Role.UNKNOWN),
        ({}, Role.UNKNOWN),
    ],
)
def test_a_role_that_is_not_said_is_unknown(row: dict[str, Any], role: Role) -> None:
    assert mapping.member({"id": NUMBER_ID, **row}, "GB").role is role


@pytest.mark.parametrize("row", [None, "x", {}, {"id": None}, {"id": GROUP}, {"id": "447700900101"}])
def test_a_row_that_shows_nobody_is_set_aside(row: Any) -> None:
    with pytest.raises(ValueError, match="it "):
        mapping.member(row, "GB")


@pytest.mark.parametrize(
    "answer, status",
    [
        ({"updateParticipants": [{"status": "200"}]}, "200"),
        ({"updateParticipants": [{"status": "403", "jid": "x"}]}, "403"),
        ({"updateParticipants": [{}]}, None),
        ({"updateParticipants": [{"status": "200"}, {"status": "403"}]}, None),
        ({"updateParticipants": []}, None),
        ({"updateParticipants": None}, None),
        ([{"status": "200"}], None),
        (None, None),
    ],
)
def test_the_one_member_s_own_status_is_read(answer: Any, status: str | None) -> None:
    assert mapping.status_of(answer) == status
