"""`whosleft check`: what is reached, what is missing, and the command that mends it."""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from connectors.directory.active_directory import SPEC
from connectors.directory.active_directory.wire.rights import trustee
from fakes.ldap.server import PASSWORD, USER, LdapServer
from fakes.ldap.setup import BASE, NOW, STAFF, config, context, directory, read
from worker.ports import CheckResult, PermissionDenied


@pytest.fixture(autouse=True)
def _people(dc: LdapServer) -> None:
    dc.put(f"CN=Ann,{STAFF}", mobile="07700 900101")
    dc.put(f"CN=Ben,{STAFF}", userAccountControl=514, mobile="ask the desk")
    dc.put(f"CN=Svc,{STAFF}", sAMAccountName="svc-backup")


def check(dc: LdapServer, **changes: Any) -> CheckResult:
    return directory(dc, **({"scope": {"exclude": ["svc-*"]}} | changes)).check()


def test_a_good_domain_is_counted(dc: LdapServer) -> None:
    said = check(dc)

    assert (said.ok, said.remedy) == (True, "")
    assert said.message == f"127.0.0.1:{dc.port}: 2 people in scope, 1 of them disabled"
    assert said.counts == {
        "people": 2, "disabled": 1, "moved_out": 0, "out_of_scope": 1, "unknown_state": 0, "malformed": 0,
        "unreadable_phones": 1,
    }  # fmt: skip
    assert said.details["account"] == "u:CORP\\svc-whosleft"
    assert said.details["changes_by"] == "DirSync: the account may replicate directory changes"
    assert said.details["with_a_phone_number"] == "1 of 2"
    assert said.details["deleted_objects"] == "can be read"
    assert said.details["tls"].startswith("NONE: THE PASSWORD")
    assert said.details["clock_difference"] == "none"


def test_the_right_that_is_missing_comes_with_its_command(dc: LdapServer) -> None:
    dc.sees_deleted = False
    said = check(dc)

    assert not said.ok
    assert "the account lacks List Contents and Read on the container of deleted objects" in said.message
    assert 'dsacls "CN=Deleted Objects,DC=corp,DC=example" /G "CORP\\svc-whosleft:LCRP"' in said.remedy


def test_dsacls_gets_a_name_that_it_takes(dc: LdapServer) -> None:
    account = "CN=svc-low,CN=Users,DC=corp,DC=example"  # of a DN, dsacls can make nothing
    dc.users[account] = PASSWORD
    dc.sees_deleted = dc.can_replicate = False
    with closing(directory(dc, bind={"user": account, "password": PASSWORD})) as source:
        read(source)
        with pytest.raises(PermissionDenied) as caught:
            source.look_up(str(uuid.uuid4()))
        said = source.check()
        (concern,) = source.concerns()

    for remedy in (said.remedy, concern.remedy, caught.value.remedy):
        assert '/G "CORP\\svc-low:LCRP"' in remedy
    assert '/G "CORP\\svc-low:CA;' in said.details["not_granted_and_not_needed"]


@pytest.mark.parametrize("said", ["dn:cn=svc,dc=corp,dc=example", "nobody", ""])
def test_a_name_that_dsacls_would_not_take_is_left_to_the_reader(said: str) -> None:
    assert trustee(said) == "DOMAIN\\account"


def test_a_right_that_is_not_needed_is_no_fault(dc: LdapServer) -> None:
    dc.can_replicate = False
    said = check(dc)

    assert said.ok
    assert "with object security" in said.details["changes_by"]
    assert "Replicating Directory Changes" in said.details["not_granted_and_not_needed"]


@pytest.mark.parametrize("minutes, is_fault", [(0, False), (4, False), (6, True), (-6, True)])
def test_clocks_that_differ_too_much_are_a_fault(dc: LdapServer, minutes: int, is_fault: bool) -> None:
    dc.tree.now = NOW + timedelta(minutes=minutes)
    said = check(dc)
    assert said.ok is not is_fault
    assert ("NTP" in said.remedy) is is_fault


def test_a_state_that_can_not_be_read_is_a_fault(dc: LdapServer) -> None:
    dc.unreadable = {"userAccountControl"}
    said = check(dc)
    assert not said.ok
    assert "does not show userAccountControl of anybody" in said.message
    assert f'dsacls "{BASE}" /I:S /G "CORP\\svc-whosleft:RP;userAccountControl;user"' in said.remedy


def test_some_whose_state_can_not_be_read_are_counted(dc: LdapServer) -> None:
    for person in (f"CN=Hidden,OU=Nights,{STAFF}", f"CN=Boss,OU=Board,{STAFF}"):
        dc.put(person)
        dc.change(person, userAccountControl=None)
    said = check(dc)
    assert not said.ok
    assert "userAccountControl of 2 people can't be read" in said.message
    assert f'dsacls "{STAFF}" /I:S /G "CORP\\svc-whosleft:RP;userAccountControl;user"' in said.remedy


def test_an_expiry_that_nobody_shows_comes_with_the_commands_for_each_place(dc: LdapServer) -> None:
    dc.unreadable = {"accountExpires"}
    places = (STAFF, f"OU=Board,{BASE}")
    dc.put(f"OU=Board,{BASE}")
    said = check(dc, scope={"ous": list(places)})
    assert "accountExpires of nobody can be read" in said.message
    for place in places:
        assert f'dsacls "{place}" /I:S /G "CORP\\svc-whosleft:RP;accountExpires;user"' in said.remedy


def test_a_refused_dirsync_that_is_wanted_comes_with_its_command(dc: LdapServer) -> None:
    dc.answer(50, on="dirsync", times=2)
    said = check(dc, mode="dirsync")
    assert "refuses DirSync" in said.message
    assert f'dsacls "{BASE}" /G "CORP\\svc-whosleft:CA;Replicating Directory Changes"' in said.remedy
    assert "mode: auto" in said.remedy


def test_nobody_in_scope_is_a_fault(dc: LdapServer) -> None:
    said = check(dc, scope={"filter": "(employeeID=*)"})
    assert not said.ok
    assert "nobody is in scope" in said.message


def test_leave_dates_and_long_leaves_are_counted_where_they_are_read(dc: LdapServer) -> None:
    dc.change(f"CN=Ann,{STAFF}", x1="2026-12-31", x2="maternity")
    said = check(dc, attributes={"leave_date": "x1", "long_leave": "x2"})
    assert said.details["with_a_leave_date"] == "1 of 2"
    assert said.details["on_long_leave"] == "1 of 2"


def test_the_first_record_that_is_set_aside_is_named(dc: LdapServer) -> None:
    attributes = {"leave_date": "x1"}
    assert "first record set aside" not in check(dc, attributes=attributes).details
    dc.change(f"CN=Ann,{STAFF}", x1="03/04/2026")
    said = check(dc, attributes=attributes)
    assert said.counts["malformed"] == 1
    assert said.details["first record set aside"].startswith(f"CN=Ann,{STAFF}: x1: ")
    assert said.details["first record set aside"].endswith("Write dates like 2026-11-24.")


@pytest.mark.parametrize("data, says", [("52e", "its password is wrong"), ("775", "is locked out")])
def test_an_account_that_is_refused_is_the_message(dc: LdapServer, data: str, says: str) -> None:
    dc.refused[USER] = data
    said = check(dc)
    assert not said.ok
    assert says in said.message
    assert said.remedy


def test_a_server_that_is_not_there_is_the_message() -> None:
    with LdapServer() as gone:
        url = gone.url
    said = SPEC.build(config(url), context()).check()
    assert not said.ok
    assert "can't be reached (Connection refused)" in said.message
    assert said.remedy


def test_a_ca_file_that_is_none_is_the_message(dc: LdapServer) -> None:
    said = check(dc, tls={"ca_file": "no-such.pem", "allow_plain_text_on_the_network": True})
    assert not said.ok
    assert "tls.ca_file no-such.pem can't be read" in said.message


def test_check_writes_nothing(dc: LdapServer) -> None:
    check(dc)
    assert {request.kind for request in dc.requests} <= {"bind", "search", "extended"}
