"""Full passes of which a domain controller does not show something: an attribute, an OU, or anybody's state."""

from __future__ import annotations

import pytest

from connectors.directory.active_directory.connector import ActiveDirectory
from fakes.ldap.server import LdapServer
from fakes.ldap.setup import BASE, PLACES, STAFF, directory, failure, put_people, read
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
    found = [page.unshown - PLACES for page in pages if isinstance(page, DirectoryPage)]
    assert found == [unshown, unshown]


@pytest.mark.parametrize("shown, unsure", [({}, {"leave_at"}), ({"x1": "2027-01-31"}, set())])
def test_a_last_day_that_is_seen_of_nobody_may_have_been_hidden(
    dc: LdapServer, shown: dict[str, str], unsure: set[str]
) -> None:
    put_people(dc, 3)
    dc.change(f"CN=P0002,{STAFF}", **shown)
    *pages, _ = directory(dc, page_size=2, attributes={"leave_date": "x1"}).changes(None)
    found = [one for one in pages if isinstance(one, DirectoryPage)]
    assert [one.unsure for one in found] == [unsure, unsure]
    assert not any(one.unshown - PLACES for one in found)


def test_an_expiry_that_is_seen_of_nobody_is_not_shown(dc: LdapServer) -> None:
    put_people(dc, 3)
    for number in range(3):
        dc.change(f"CN=P000{number},{STAFF}", accountExpires=None)
    source = directory(dc)
    page, _ = source.changes(None)
    assert isinstance(page, DirectoryPage)
    assert page.unshown - PLACES == {"expires_at", "leave_at"}
    said = source.check()
    assert (said.ok, "accountExpires of nobody can be read" in said.message) == (False, True)


def units(
    dc: LdapServer, source: ActiveDirectory, cursor: str | None, *, full: bool = False
) -> list[set[str]]:
    """Of each page, the facts of a place that it does not show, but for those that nobody ever had."""
    pages = [one for one in source.changes(cursor, full=full) if isinstance(one, DirectoryPage)]
    return [set(page.unshown) & {"department", "office"} for page in pages]


def test_where_people_belong_is_not_shown_once_it_is_seen_of_nobody(dc: LdapServer) -> None:
    """The account may have lost the right to read it; who had a department then would seem to have moved."""
    put_people(dc, 3)
    dc.change(f"CN=P0001,{STAFF}", department="Nursing", physicalDeliveryOfficeName="North")
    source = directory(dc, page_size=1)
    assert units(dc, source, None) == [{"department", "office"}, set(), set()]
    _, end = read(source)
    dc.unreadable = {"department"}
    dc.change(f"CN=P0000,{STAFF}", title="Nurse")
    dc.change(f"CN=P0001,{STAFF}", title="Nurse")
    assert units(dc, source, end.cursor) == [{"department"}]
    assert units(dc, source, end.cursor, full=True) == [
        {"department", "office"},
        {"department"},
        {"department"},
    ]

    _, end = read(source, end.cursor, full=True)
    dc.change(f"CN=P0001,{STAFF}", title="Sister")
    asked = len(dc.requests)
    assert units(dc, source, end.cursor) == [{"department"}]
    before, asked = len(dc.requests) - asked, len(dc.requests)
    dc.unreadable = set()
    assert units(dc, source, end.cursor) == [{"department"}], "the next full pass sees it"
    assert len(dc.requests) - asked == before, "nobody is asked about what the full pass saw of nobody"


def test_somebody_who_is_deleted_says_nothing_of_where_people_belong(dc: LdapServer) -> None:
    put_people(dc, 2)
    dc.change(f"CN=P0001,{STAFF}", department="Nursing")
    source = directory(dc)
    _, end = read(source)
    dc.delete(f"CN=P0001,{STAFF}")
    assert units(dc, source, end.cursor) == [{"office"}]


def test_when_the_state_of_some_is_hidden_it_is_an_alarm(dc: LdapServer) -> None:
    """One of them who is disabled is not seen to be."""
    put_people(dc, 3)
    dc.put(f"CN=Amy,OU=Nights,{STAFF}", userAccountControl=None)
    dc.put(f"CN=Ben,OU=Days,{STAFF}", userAccountControl=None)
    source = directory(dc)
    read(source)
    [concern] = source.concerns()
    assert concern.about == "account states"
    assert f"does not show userAccountControl of 2 of 5 people, below {STAFF}." in concern.message
    assert STAFF in concern.remedy

    for unit in ("CN=Amy,OU=Nights", "CN=Ben,OU=Days"):
        dc.change(f"{unit},{STAFF}", userAccountControl=512)
    read(source, full=True)
    assert source.concerns() == ()


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
