"""Full passes of which a domain controller does not show something: an attribute, an OU, or anybody's state."""

from __future__ import annotations

import pytest

from fakes.ldap.server import LdapServer
from fakes.ldap.setup import BASE, STAFF, directory, failure, put_people, read
from worker.ports import DirectoryPage, PermissionDenied


@pytest.mark.parametrize(
    "shown, unshown",
    [
        ({}, {"leave_at", "is_on_long_leave"}),
        ({"x2": "maternity"}, {"leave_at"}),
        ({"x2": "FALSE"}, {"leave_at"}),
    ],
    ids=["nobody", "somebody", "who is not on leave"],
)
def test_long_leave_that_is_seen_of_nobody_is_not_shown(
    dc: LdapServer, shown: dict[str, str], unshown: set[str]
) -> None:
    put_people(dc, 3)
    for number in range(3):
        dc.change(f"CN=P000{number},{STAFF}", userAccountControl=514)
    dc.change(f"CN=P0002,{STAFF}", **shown)
    *pages, _ = directory(dc, page_size=2, attributes={"long_leave": "x2"}).changes(None)
    assert [page.unshown for page in pages if isinstance(page, DirectoryPage)] == [unshown, unshown]


@pytest.mark.parametrize("shown, unsure", [({}, {"leave_at"}), ({"x1": "2027-01-31"}, set())])
def test_a_last_day_that_is_seen_of_nobody_may_have_been_hidden(
    dc: LdapServer, shown: dict[str, str], unsure: set[str]
) -> None:
    put_people(dc, 3)
    dc.change(f"CN=P0002,{STAFF}", **shown)
    *pages, _ = directory(dc, page_size=2, attributes={"leave_date": "x1"}).changes(None)
    found = [one for one in pages if isinstance(one, DirectoryPage)]
    assert [one.unsure for one in found] == [unsure, unsure]
    assert not any(one.unshown for one in found)


def test_an_expiry_that_is_seen_of_nobody_is_not_shown(dc: LdapServer) -> None:
    put_people(dc, 3)
    for number in range(3):
        dc.change(f"CN=P000{number},{STAFF}", accountExpires=None)
    source = directory(dc)
    page, _ = source.changes(None)
    assert isinstance(page, DirectoryPage)
    assert page.unshown == {"expires_at", "leave_at"}
    said = source.check()
    assert (said.ok, "accountExpires of nobody can be read" in said.message) == (False, True)


def test_when_nobodys_state_is_to_be_seen_the_pass_proves_nothing(dc: LdapServer) -> None:
    put_people(dc, 3)
    dc.unreadable = {"userAccountControl"}
    error = failure(dc, PermissionDenied)
    assert isinstance(error, PermissionDenied)
    assert error.missing == "Read userAccountControl"
    assert "does not show userAccountControl of anybody" in error.message


def test_a_hidden_ou_is_a_pass_without_its_people(dc: LdapServer) -> None:
    put_people(dc, 2)
    dc.put(f"CN=Chair,OU=Board,{BASE}")
    dc.hide(f"OU=Board,{BASE}")
    people, _ = read(directory(dc))
    assert set(people) == {"P0000", "P0001"}


def test_an_ou_of_the_scope_that_is_hidden_is_an_error(dc: LdapServer) -> None:
    put_people(dc, 1)
    dc.hide(STAFF)
    error = failure(dc, PermissionDenied, scope={"ous": [STAFF]})
    assert f"does not show the people in {STAFF}" in error.message
