"""Requests and controls are what ldap3 would send, but for the flags of DirSync, which Windows wants in 4 bytes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3 import BASE, DEREF_NEVER, LEVEL, SUBTREE
from ldap3.operation.search import search_operation
from ldap3.protocol.convert import build_controls_list
from ldap3.protocol.microsoft import DirSyncControlRequestValue, extended_dn_control, show_deleted_control
from ldap3.protocol.rfc2696 import paged_search_control
from ldap3.utils.asn1 import decoder, encode  # type: ignore[attr-defined]
from ldap3.utils.conv import escape_bytes

from connectors.directory.active_directory.wire.ldap3_session import encode_filter
from connectors.directory.active_directory.wire.ldap_controls import (
    DIRSYNC,
    DIRSYNC_OBJECT_SECURITY,
    Control,
    dirsync,
    extended_dn,
    guid_filter,
    paged,
    search_request,
    show_deleted,
)
from fakes.ldap.wire import message

BASE_DN = "OU=Zoë\\, and Ben,DC=corp,DC=example"
NUMBERS = st.integers(0, 2**31 - 1)
USERS = "(&(objectClass=user)(!(objectClass=computer)))"


def as_sent(control: Any) -> bytes:
    built = build_controls_list([control])
    encoded: bytes = encode(built)
    return encoded


def ldap3_request(
    number: int,
    base: str,
    scope: str,
    text: str,
    attributes: list[str],
    controls: list[Control],
    size: int,
    time: int,
) -> bytes:
    make: Callable[..., Any] = search_operation
    operation = make(base, text, scope, DEREF_NEVER, attributes, size, time, False, False, False)
    return message(number, "searchRequest", operation, controls)


@given(NUMBERS, st.binary(max_size=300))
def test_the_paged_control_is_ldap3s(size: int, cookie: bytes) -> None:
    assert as_sent(paged(size, cookie)) == as_sent(paged_search_control(True, size, cookie))


def test_the_controls_for_tombstones_and_guids_are_ldap3s() -> None:
    assert as_sent(show_deleted()) == as_sent(show_deleted_control(criticality=True))
    theirs = extended_dn_control(criticality=False, hex_format=False)
    assert as_sent(extended_dn()) == as_sent(theirs)
    assert not extended_dn().is_critical


@given(st.integers(-(2**31), 2**31 - 1), NUMBERS, st.binary(max_size=300))
def test_the_value_of_dirsync_is_what_its_types_decode(flags: int, size: int, cookie: bytes) -> None:
    control = dirsync(flags, size, cookie)
    value, rest = decoder.decode(control.value, asn1Spec=DirSyncControlRequestValue())

    assert (control.oid, control.is_critical, rest) == (DIRSYNC, True, b"")
    assert (int(value["Flags"]), int(value["MaxBytes"]), bytes(value["Cookie"])) == (flags, size, cookie)


@pytest.mark.parametrize(
    "flags, sent",
    [
        (0, "02 01 00"),
        (DIRSYNC_OBJECT_SECURITY, "02 01 01"),
        (0x800, "02 02 08 00"),
        (-0x80000000, "02 04 80 00 00 00"),
        (-0x80000000 | DIRSYNC_OBJECT_SECURITY, "02 04 80 00 00 01"),
        (0x80000000, "02 04 80 00 00 00"),
        (0x80000000 | DIRSYNC_OBJECT_SECURITY, "02 04 80 00 00 01"),
        (0xFFFFFFFF, "02 01 ff"),
    ],
)
def test_the_flags_of_dirsync_are_a_signed_number_of_4_bytes_at_most(flags: int, sent: str) -> None:
    value = dirsync(flags, 0).value

    assert value is not None
    assert value[2:-5] == bytes.fromhex(sent)


@pytest.mark.parametrize("flags", [2**32, -(2**31) - 1])
def test_flags_of_more_than_32_bits_are_refused(flags: int) -> None:
    with pytest.raises(ValueError, match="is no number from"):
        dirsync(flags, 0)


@given(
    st.integers(1, 2**31 - 1),
    st.sampled_from([("base", BASE), ("one", LEVEL), ("sub", SUBTREE)]),
    st.lists(st.sampled_from(["cn", "objectGUID", "member;range=0-*", "*", "1.1"]), min_size=1, max_size=4),
    st.lists(
        st.sampled_from([paged(1000, b"\0\xff"), show_deleted(), extended_dn(), dirsync(1, 9)]), max_size=3
    ),
)
def test_a_request_is_ldap3s_byte_by_byte(
    number: int,
    scope: tuple[str, str],
    attributes: list[str],
    controls: list[Control],
) -> None:
    ours = search_request(number, BASE_DN, scope[0], USERS, attributes, controls)

    assert ours == ldap3_request(number, BASE_DN, scope[1], USERS, attributes, controls, 0, 0)


@pytest.mark.parametrize("size", [120, 127, 128, 255, 256, 300, 70_000])
def test_lengths_of_every_form_are_right(size: int) -> None:
    base = "OU=" + "x" * size

    assert search_request(1, base, "sub", "(a=b)", ["c"]) == ldap3_request(
        1, base, SUBTREE, "(a=b)", ["c"], [], 0, 0
    )


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValueError, match="'tree' is no scope of a search; it is one of base, one, sub"):
        search_request(1, "", "tree", USERS, [])


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1])
def test_numbers_that_ldap_has_no_room_for_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="is no number from"):
        search_request(number, "", "sub", USERS, [])


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, encoded",
    [
        ("(cn=Amy)", "a3 09 04 02 636e 04 03 416d79"),
        ("(cn=Zoë)", "a3 0a 04 02 636e 04 04 5a6fc3ab"),
        ("(cn=*)", "87 02 636e"),
        ("(a>=1)", "a5 06 04 01 61 04 01 31"),
        ("(a<=1)", "a6 06 04 01 61 04 01 31"),
        ("(a~=1)", "a8 06 04 01 61 04 01 31"),
        ("(!(a=1))", "a2 08 a3 06 04 01 61 04 01 31"),
        ("(&(a=1)(b=*))", "a0 0b a3 06 04 01 61 04 01 31 87 01 62"),
        ("(| (a=1) (b=*) )", "a1 0b a3 06 04 01 61 04 01 31 87 01 62"),
        ("(a=i*m*n*f)", "a4 11 04 01 61 30 0c 80 01 69 81 01 6d 81 01 6e 82 01 66"),
        ("(a=*m*)", "a4 08 04 01 61 30 03 81 01 6d"),
        (r"(a=\2a\5C)", "a3 07 04 01 61 04 02 2a5c"),
        (r"(a=x\, y)", "a3 0a 04 01 61 04 05 785c2c2079"),
        ("(u:1.2.3:=2)", "a9 0d 81 05 312e322e33 82 01 75 83 01 32"),
        ("(u:dn:1.2.3:=2)", "a9 10 81 05 312e322e33 82 01 75 83 01 32 84 01 ff"),
        ("(:1.2.3:=2)", "a9 0a 81 05 312e322e33 83 01 32"),
    ],
)
def test_a_filter_is_encoded_as_rfc_4511_says(text: str, encoded: str) -> None:
    assert encode_filter(text) == bytes.fromhex(encoded)


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "invalid filter"),
        ("employeeID=*", "invalid filter"),
        ("(employeeID=*", "invalid filter"),
        ("(employeeID)", "invalid matching assertion"),
        ("(&)", "malformed filter"),
        ("((a=b))", "malformed filter"),
        ("(a=b)(c=d)", "missing boolean operator"),
        ("(!(a=b)(c=d))", "cannot be multiple"),
        ("(=x)", "'' is no name of an attribute"),
        ("(&(a=b)(|(employee ID=x)))", "'employee ID' is no name of an attribute"),
        ("(straße=x)", "is no name of an attribute"),
        ("(a=**)", "malformed"),
        ("(a:b:c:d:=e)", "invalid|malformed"),
        ("(!" * 2000 + "(a=b)" + ")" * 2000, "malformed"),
    ],
)
def test_a_filter_that_cannot_be_parsed_is_quoted_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as raised:
        search_request(1, "", "sub", text, [])

    assert text[:50] in str(raised.value)
    assert "Compare it with" in str(raised.value)
    assert len(str(raised.value)) < 400


@given(
    st.text(st.characters(codec="utf-8"), max_size=30).map(lambda text: f"({text})") | st.text(max_size=30)
)
def test_any_text_is_encoded_or_refused(text: str) -> None:
    try:
        encoded = encode_filter(text)
    except ValueError:
        return
    assert encoded[0] in range(0xA0, 0xAA) or encoded[0] == 0x87


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=2, max_size=20))
def test_a_filter_by_guids_is_the_one_that_its_text_would_make(guids: list[bytes]) -> None:
    text = "".join(f"(objectGUID={escape_bytes(guid)})" for guid in guids)

    assert guid_filter(guids) == encode_filter(f"(|{text})")
    assert search_request(1, "", "sub", guid_filter(guids), []) == search_request(
        1, "", "sub", f"(|{text})", []
    )


@pytest.mark.parametrize("guids", [[], [b""], [bytes(15)], [bytes(16), bytes(17)]])
def test_a_filter_by_guids_of_another_length_is_refused(guids: list[bytes]) -> None:
    with pytest.raises(ValueError, match="GUIDs of 16 bytes"):
        guid_filter(guids)


def test_a_guid_is_sent_as_ad_stores_it() -> None:
    guid = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")

    assert guid_filter([guid.bytes_le])[-16:] == bytes.fromhex("33221100 5544 7766 8899 aabbccddeeff")
