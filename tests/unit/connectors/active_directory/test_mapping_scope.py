"""Who is a person at all, and entries that somebody wrote to do harm: they give a person or are set aside, no more."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.directory.active_directory.read.mapping import attributes_of, map_entry
from connectors.directory.active_directory.wire.ber import Entry
from connectors.kit.mapped import Mapped
from fakes.ldap.setup import AMY, BASE, LEAVERS, STAFF, config, entry, reading
from worker.domain.model import AccountFacts
from worker.ports import Malformed

SERVICES = f"OU=Service Accounts,{BASE}"
DELETED = f"CN=Deleted Objects,{BASE}"
OUTSIDE = "OU=Leavers,DC=archive,DC=example"
EVERYTHING: dict[str, Any] = {
    "scope": {"ous": [STAFF], "exclude": [SERVICES, "svc-*"]},
    "leavers_ou": LEAVERS,
    "attributes": {"leave_date": "x1", "long_leave": "x2"},
}


def facts(_how: Any, _dn: str, *, _fits: bool = True, **attributes: Any) -> AccountFacts:
    mapped = map_entry(entry(_dn, **attributes), _how, fits=_fits)
    assert isinstance(mapped, Mapped), mapped
    return mapped.facts


# --- where -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scope, dn, is_in_scope",
    [
        ({}, f"CN=Amy,{STAFF}", True),
        ({}, f"CN=Amy,CN=Users,{BASE}", True),
        ({}, "CN=Amy,DC=other,DC=example", False),
        ({"ous": [STAFF]}, f"CN=Amy,{STAFF}", True),
        ({"ous": [STAFF]}, f"CN=Amy,OU=Nights,{STAFF}", True),
        ({"ous": ["ou=STAFF, dc=corp, dc=example"]}, f"CN=Amy,{STAFF}", True),
        ({"ous": [STAFF]}, f"CN=Amy,CN=Users,{BASE}", False),
        ({"ous": [STAFF]}, f"CN=Amy,OU=Old Staff,{BASE}", False),
        ({"ous": [STAFF, SERVICES]}, f"CN=Amy,{SERVICES}", True),
        ({"exclude": [SERVICES]}, f"CN=Amy,{SERVICES}", False),
        ({"exclude": [SERVICES]}, f"CN=Amy,OU=Nested,{SERVICES}", False),
        ({"exclude": [SERVICES]}, f"CN=Amy,{STAFF}", True),
        ({"exclude": [f"OU=Nights,{STAFF}"], "ous": [STAFF]}, f"CN=Amy,OU=Nights,{STAFF}", False),
    ],
)
def test_scope_is_ous_without_those_that_are_excluded(
    scope: dict[str, Any], dn: str, is_in_scope: bool
) -> None:
    assert facts(reading(scope=scope), dn).is_in_scope is is_in_scope


@pytest.mark.parametrize(
    "attributes, is_in_scope",
    [
        ({"sAMAccountName": "amy"}, True),
        ({"sAMAccountName": "svc-backup"}, False),
        ({"sAMAccountName": "SVC-Backup"}, False),
        ({"sAMAccountName": "backup", "userPrincipalName": "svc-backup@corp.example"}, False),
        ({"sAMAccountName": "room7", "userPrincipalName": "room7@rooms.example.org"}, False),
        ({"sAMAccountName": "notsvc-backup"}, True),
        ({"sAMAccountName": "PC17$"}, False),
        ({"sAMAccountName": "gmsa-sql$", "userPrincipalName": "gmsa@corp.example"}, False),
        ({}, True),
    ],
)
def test_patterns_of_names_and_accounts_with_a_dollar_are_no_people(
    attributes: dict[str, Any], is_in_scope: bool
) -> None:
    how = reading(scope={"exclude": ["svc-*", "*@rooms.example.org"]})
    assert facts(how, f"CN=Amy,{STAFF}", **attributes).is_in_scope is is_in_scope


@pytest.mark.parametrize(
    "leavers_ou, dn, is_moved_out, is_in_scope",
    [
        (LEAVERS, f"CN=Amy,{LEAVERS}", True, True),
        (LEAVERS, f"CN=Amy,OU=2026,{LEAVERS}", True, True),
        (LEAVERS, f"CN=Amy,{STAFF}", False, True),
        (OUTSIDE, f"CN=Amy,{OUTSIDE}", True, True),  # it lies in no OU of the scope, nor in base
        (None, f"CN=Amy,{LEAVERS}", False, False),
    ],
)
def test_the_leavers_ou_is_in_scope_wherever_it_lies(
    leavers_ou: str | None, dn: str, is_moved_out: bool, is_in_scope: bool
) -> None:
    said = facts(reading(scope={"ous": [STAFF]}, leavers_ou=leavers_ou), dn)
    assert (said.is_moved_out, said.is_in_scope) == (is_moved_out, is_in_scope)


def test_a_service_account_in_the_leavers_ou_is_no_person_all_the_same() -> None:
    how = reading(scope={"exclude": ["svc-*"]}, leavers_ou=LEAVERS)
    assert not facts(how, f"CN=x,{LEAVERS}", sAMAccountName="svc-old").is_in_scope


@pytest.mark.parametrize("fits, is_deleted, mobile, is_in_scope", [
    (True, "FALSE", [], True),
    (False, "FALSE", [], False),
    (False, "TRUE", [], True),  # a tombstone has lost what the filter asks for
    (False, "TRUE", [b"07700 900199"], False),  # in the recycle bin all of it is kept
])  # fmt: skip
def test_whoever_does_not_fit_the_filter_is_no_person(
    fits: bool, is_deleted: str, mobile: list[bytes], is_in_scope: bool
) -> None:
    said = facts(
        reading(), f"CN=Amy,{STAFF}", _fits=fits, isDeleted=is_deleted, lastKnownParent=STAFF, mobile=mobile
    )  # fmt: skip
    assert said.is_in_scope is is_in_scope


@pytest.mark.parametrize(
    "attributes, is_in_scope",
    [
        ({"lastKnownParent": STAFF}, True),
        ({"lastKnownParent": SERVICES}, False),
        ({"lastKnownParent": f"CN=Users,{BASE}"}, False),
        # the OU was deleted together with its people, and is now named like this
        ({"lastKnownParent": f"OU=Ward 7\\0ADEL:{AMY},{DELETED}"}, True),
        ({}, True),  # we may not read where it was
        ({"sAMAccountName": "svc-backup"}, False),
        ({"lastKnownParent": f"OU=Ward 7\\0ADEL:{AMY},{DELETED}", "sAMAccountName": "PC7$"}, False),
    ],
)
def test_of_the_deleted_those_count_that_may_have_been_in_scope(
    attributes: dict[str, Any], is_in_scope: bool
) -> None:
    how = reading(scope={"ous": [STAFF], "exclude": [SERVICES, "svc-*"]})
    said = facts(how, f"CN=Amy\\0ADEL:{AMY},{DELETED}", isDeleted="TRUE", **attributes)
    assert (said.is_deleted, said.is_in_scope) == (True, is_in_scope)


# --- hostile ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"Amy\x00Adeyemi",
        b"Amy\x1b[2J\x07",
        b"\xff\xfe\xfd",
        b"\xed\xa0\x80",  # half of a surrogate pair
        "\u202eimeyedA ymA".encode(),
        b"\x00" * 50,
        b"Amy\r\n\x85\xe2\x80\xa8Adeyemi",
        b"A" * 100_000,
        b"<script>alert(1)</script>",
        b"DEL:",
        b"\nDEL:\nDEL:",
    ],
)
@pytest.mark.parametrize(
    "name", ["displayName", "cn", "mail", "department", "mobile", "manager", "employeeID"]
)
def test_a_hostile_value_is_a_value(name: str, raw: bytes) -> None:
    mapped = map_entry(entry(f"CN=Amy,{STAFF}", **{name: raw}), reading())
    assert isinstance(mapped, Mapped)
    assert mapped.facts.person_id == str(AMY)
    assert mapped.facts.display_name
    mapped.facts.display_name.encode()  # what can't be stored or sent would fail here


@pytest.mark.parametrize(
    "dn", ["", ",", "=", "CN=\\", "CN=Amy\x00", "<GUID=", "<GUID=x>;<SID=y>", "\n", "\ufffd"]
)
def test_a_hostile_name_of_an_entry_is_a_name(dn: str) -> None:
    assert isinstance(map_entry(entry(dn, isDeleted="TRUE"), reading(**EVERYTHING)), Mapped | Malformed)


NAMES = [name.lower() for name in attributes_of(config(**EVERYTHING))]
numbers = st.integers(-(2**64), 2**70).map(lambda number: str(number).encode())
dates = st.from_regex(rb"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ][0-9]{2}:[0-9]{2})?", fullmatch=True)
raw_values = st.binary(max_size=40) | st.text(max_size=20).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)
any_values = st.lists(raw_values | numbers | dates | st.just(AMY.bytes_le), max_size=3)


@given(
    st.text(max_size=60) | st.just(f"CN=Amy,{STAFF}"),
    st.dictionaries(st.sampled_from(NAMES), any_values, max_size=8),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=200)
def test_any_bytes_give_a_person_or_are_set_aside(
    dn: str, values: dict[str, list[bytes]], fits: bool, has_id: bool
) -> None:
    given_values = values | ({"objectguid": [uuid.UUID(int=9).bytes_le]} if has_id else {})

    mapped = map_entry(Entry(dn, given_values), reading(**EVERYTHING), fits=fits)

    if isinstance(mapped, Mapped):
        assert mapped.facts.display_name
        assert mapped.unreadable_phones >= 0
    else:
        assert isinstance(mapped, Malformed)
        assert mapped.message


@given(st.sampled_from(["accountexpires", "x1", "useraccountcontrol"]), st.binary() | numbers | dates)
@settings(max_examples=200)
def test_any_date_or_number_is_read_or_set_aside(name: str, raw: bytes) -> None:
    values = {"objectguid": [AMY.bytes_le], name: [raw]}
    assert isinstance(map_entry(Entry(f"CN=Amy,{STAFF}", values), reading(**EVERYTHING)), Mapped | Malformed)
