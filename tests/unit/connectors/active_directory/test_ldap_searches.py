"""The domain controller on loopback answers searches as the real ones do; ldap3's own client is the judge."""

from __future__ import annotations

import socket
import uuid
from typing import Any

import ldap3
import pytest

from connectors.directory.active_directory.wire.ber import (
    Done,
    Entry,
    Message,
    Replies,
    decode,
    read_paged_cookie,
)
from connectors.directory.active_directory.wire.ldap_controls import paged, search_request
from fakes.ldap.controller import PAGED
from fakes.ldap.judge import AMY, PEOPLE, ROOT, USERS, connect, found, put_people
from fakes.ldap.server import PASSWORD, USER, LdapServer
from fakes.ldap.wire import tlv

BIND = tlv(0x30, tlv(2, b"\1"), tlv(0x60, tlv(2, b"\3"), tlv(4, USER.encode()), tlv(0x80, PASSWORD.encode())))


# --- searches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "filter_text, names",
    [
        ("(cn=amy)", "Amy"),
        ("(!(cn=Amy))", "Ben Zoë"),
        ("(title=*)", "Amy Ben"),
        ("(!(title=*))", "Zoë"),
        ("(!(title=Nurse))", "Ben Zoë"),
        ("(&(title=*)(!(cn=Ben)))", "Amy"),
        ("(|(cn=Amy)(cn=Zoë))", "Amy Zoë"),
        ("(title=N*)", "Amy"),
        ("(title=*e)", "Amy"),
        ("(title=*urs*)", "Amy"),
        ("(title=c*n*t)", "Ben"),
        ("(title=c*x*t)", ""),
        ("(employeeID>=10)", "Ben"),
        ("(employeeID<=9)", "Amy"),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", "Ben"),
        ("(userAccountControl:1.2.840.113556.1.4.803:=514)", "Ben"),
        ("(!(userAccountControl:1.2.840.113556.1.4.803:=2))", "Amy Zoë"),
        ("(userAccountControl:1.2.840.113556.1.4.804:=514)", "Amy Ben Zoë"),
        ("(objectCategory=person)", "Amy Ben Zoë"),
        ("(objectClass=computer)", ""),
        (r"(objectGUID=\00\11\22\33\44\55\66\77\88\99\aa\bb\cc\dd\ee\ff)", "Zoë"),
        (r"(description=a\2ab)", "Zoë"),
    ],
)
def test_filters_find_whom_they_name(dc: LdapServer, judge: Any, filter_text: str, names: str) -> None:
    dc.put(AMY, title="Nurse", employeeID="9")
    dc.put(f"CN=Ben,{PEOPLE}", title="Consultant", employeeID="10", userAccountControl=514)
    dc.put(
        f"CN=Zoë,{PEOPLE}", objectGUID=bytes.fromhex("00112233445566778899aabbccddeeff"), description="a*b"
    )

    assert [dn[3:6] for dn in found(judge, f"(&{USERS}{filter_text})")] == names.split()
    assert dc.searches()[-1].filter.casefold() == f"(&{USERS}{filter_text})".casefold()


@pytest.mark.parametrize(
    "base, scope, names",
    [
        (PEOPLE, ldap3.BASE, "People"),
        (PEOPLE, ldap3.LEVEL, "Amy Old"),
        (PEOPLE.lower(), ldap3.SUBTREE, "People Amy Old Zoë"),
        (f"OU=Old,{PEOPLE}", ldap3.LEVEL, "Zoë"),
    ],
)
def test_scopes_reach_as_far_as_they_say(
    dc: LdapServer, judge: Any, base: str, scope: str, names: str
) -> None:
    dc.put(AMY)
    dc.put(f"CN=Zoë,OU=Old,{PEOPLE}")
    entries = found(judge, "(objectClass=*)", base=base, search_scope=scope)

    assert [dn.partition(",")[0][3:] for dn in entries] == names.split()


def test_only_the_attributes_that_were_asked_for_come(dc: LdapServer, judge: Any) -> None:
    guid = dc.put(AMY, title="Nurse", mail="amy@corp.example")

    assert found(judge, attributes=["TITLE", "objectguid", "mobile"]) == {
        AMY: {"title": [b"Nurse"], "objectGUID": [guid.bytes_le]}
    }
    assert found(judge, attributes="1.1") == {AMY: {}}
    assert {"mail", "cn", "objectClass", "uSNChanged", "distinguishedName"} <= set(
        found(judge, attributes="*")[AMY]
    )


def test_an_attribute_that_the_account_may_not_read_is_not_there(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY, employeeID="7")
    dc.unreadable.add("employeeID")

    assert found(judge, attributes="employeeID") == {AMY: {}}
    assert found(judge, "(employeeID=7)") == {}


@pytest.mark.parametrize("form", ["<GUID={}>", "<GUID={.hex}>"])
def test_an_object_is_found_by_its_guid(dc: LdapServer, judge: Any, form: str) -> None:
    guid = dc.put(AMY)
    base = form.format(guid) if "hex" not in form else f"<GUID={guid.bytes_le.hex()}>"

    assert list(found(judge, base=base, search_scope=ldap3.BASE)) == [AMY]


def test_what_is_not_there_is_named_with_the_nearest_that_is(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    found(judge, base=f"CN=Ben,{PEOPLE}")

    assert (judge.result["result"], judge.result["dn"]) == (32, PEOPLE)
    assert "NO_OBJECT" in judge.result["message"]


def test_another_domain_is_a_referral(judge: Any) -> None:
    found(judge, base="DC=other,DC=example")

    assert judge.result["result"] == 10
    assert judge.result["referrals"] == ["ldap://other.example/DC=other,DC=example"]


def test_a_search_from_the_root_ends_with_references(dc: LdapServer, judge: Any) -> None:
    dc.references = (f"ldap://corp.example/CN=Configuration,{ROOT}",)
    dc.put(AMY)
    judge.search(ROOT, USERS)

    assert [each["type"] for each in judge.response] == ["searchResEntry", "searchResRef"]
    assert judge.response[1]["uri"] == list(dc.references)


def test_an_ou_that_is_hidden_does_not_exist(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    dc.put(f"CN=Zoë,OU=Board,{ROOT}")
    dc.hide(f"OU=Board,{ROOT}")

    assert list(found(judge)) == [AMY]
    assert found(judge, base=f"OU=Board,{ROOT}") == {}
    assert judge.result["result"] == 32
    dc.show(f"OU=Board,{ROOT}")
    assert len(found(judge)) == 2


def test_configuration_is_a_naming_context_of_its_own(dc: LdapServer, judge: Any) -> None:
    settings = str(dc.root_dse["dsServiceName"])

    assert all("Configuration" not in dn for dn in found(judge, "(objectClass=*)"))
    before = found(judge, "(objectClass=*)", "invocationId", base=settings, search_scope=ldap3.BASE)
    dc.set_invocation_id(uuid.UUID(int=8))
    after = found(judge, "(objectClass=*)", "invocationId", base=settings, search_scope=ldap3.BASE)
    assert before == {settings: {"invocationId": [uuid.UUID(int=7).bytes_le]}}
    assert after == {settings: {"invocationId": [uuid.UUID(int=8).bytes_le]}}


def test_a_critical_control_that_is_unknown_is_refused_and_another_ignored(judge: Any) -> None:
    judge.search(ROOT, USERS, controls=[("1.2.3", True, None)])
    assert judge.result["result"] == 12
    judge.search(ROOT, USERS, controls=[("1.2.3", False, None)])
    assert judge.result["result"] == 0


def test_a_matching_rule_that_is_unknown_is_refused(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY)
    judge.search(ROOT, "(manager:1.2.3:=x)")

    assert judge.result["result"] == 18


# --- sizes -----------------------------------------------------------------------------------------------------------


def test_pages_hold_everybody_once(dc: LdapServer, judge: Any) -> None:
    put_people(dc, 7)
    entries = list(
        judge.extend.standard.paged_search(ROOT, USERS, attributes="cn", paged_size=3, generator=True)
    )

    assert len({each["dn"] for each in entries}) == len(entries) == 7
    assert [request.page for request in dc.searches()] == [1, 2, 3]


def test_a_page_is_never_larger_than_the_server_allows(dc: LdapServer, judge: Any) -> None:
    dc.max_page_size = 2
    put_people(dc, 3)

    assert len(found(judge, paged_size=1000)) == 2


def test_whoever_goes_while_pages_are_read_is_missing_and_nobody_shifts(dc: LdapServer, judge: Any) -> None:
    put_people(dc, 6)
    first = found(judge, paged_size=3)
    cookie = judge.result["controls"][PAGED]["value"]["cookie"]
    dc.delete(next(iter(first)))
    dc.delete(f"CN=P0004,{PEOPLE}")
    second = found(judge, paged_size=3, paged_cookie=cookie)

    assert {dn[3:8] for dn in (*first, *second)} == {"P0000", "P0001", "P0002", "P0003", "P0005"}


def test_the_cookie_of_another_connection_is_refused(dc: LdapServer, judge: Any) -> None:
    put_people(dc, 3)
    found(judge, paged_size=2)
    cookie = judge.result["controls"][PAGED]["value"]["cookie"]
    other = connect(dc)
    found(other, paged_size=2, paged_cookie=cookie)

    assert other.result["result"] == 53
    other.unbind()


@pytest.mark.parametrize("limit, got", [(0, 4), (3, 3), (9, 4)])
def test_a_search_without_pages_ends_at_the_size_limit(
    dc: LdapServer, judge: Any, limit: int, got: int
) -> None:
    dc.max_page_size = 4
    put_people(dc, 5)

    assert len(found(judge, size_limit=limit)) == got
    assert judge.result["result"] == 4


def test_many_values_come_in_ranges(dc: LdapServer, judge: Any) -> None:
    dc.max_val_range = 3
    members = [f"CN=P{number},{ROOT}" for number in range(8)]
    group = f"CN=Ward 7,{ROOT}"
    dc.put(group, objectClass=["top", "group"], member=members)
    ranges = {}
    for asked in ("member", "member;range=3-*", "member;range=6-*", "member;range=0-1"):
        values = found(judge, "(objectClass=group)", asked)[group]
        ranges[asked] = {name: len(each or ()) for name, each in values.items() if each}

    assert ranges == {
        "member": {"member;range=0-2": 3},
        "member;range=3-*": {"member;range=3-5": 3},
        "member;range=6-*": {"member;range=6-*": 2},
        "member;range=0-1": {"member;range=0-1": 2},
    }


def test_ldap3_puts_the_ranges_together(dc: LdapServer) -> None:
    dc.max_val_range = 3
    members = [f"CN=P{number},{ROOT}" for number in range(8)]
    dc.put(f"CN=Ward 7,{ROOT}", objectClass=["top", "group"], member=members)
    connection = connect(dc, auto_range=True)

    values = found(connection, "(objectClass=group)", "member")[f"CN=Ward 7,{ROOT}"]["member"]

    assert values == [member.encode() for member in members]
    connection.unbind()


def test_our_own_requests_and_replies_find_what_ldap3_finds(dc: LdapServer, judge: Any) -> None:
    dc.put(AMY, title="Nurse", mobile=["+447700900123", "+447700900124"])
    dc.put(f"CN=Zoë,{PEOPLE}", title="Ärztin")
    attributes = ["title", "mobile", "objectGUID"]
    expected = [
        Entry(dn, {name.lower(): values or [] for name, values in each.items()})
        for dn, each in found(judge, USERS, attributes).items()
    ]
    replies = Replies()
    with socket.create_connection(("127.0.0.1", dc.port), 5) as plain:
        plain.sendall(BIND + search_request(2, ROOT, "sub", USERS, attributes, [paged(9)]))
        messages: list[tuple[int, Message]] = []
        while not messages or messages[-1][0] != 2 or isinstance(messages[-1][1], Entry):
            replies.feed(plain.recv(7))  # cut anywhere
            messages += map(decode, replies.take())

    bound, *entries, end = messages
    assert bound == (1, Done(0, "", "", (), {}))
    assert entries == [(2, each) for each in expected]
    assert isinstance(end[1], Done)
    assert read_paged_cookie(end[1].controls[PAGED]) == b""
