"""People who were deleted before we came, in a first pass over a domain controller."""

from __future__ import annotations

import pytest

from connectors.directory.active_directory.wire.ldap_controls import SHOW_DELETED
from fakes.ldap.server import LdapServer
from fakes.ldap.setup import STAFF, directory, put_people, read


def test_a_first_pass_lists_the_deleted_of_whom_something_is_left(dc: LdapServer) -> None:
    dc.tree.has_recycle_bin = True
    put_people(dc, 1)
    dc.put(f"CN=Gone,{STAFF}", sAMAccountName="gone", mobile="07700 900199", displayName="Gone Person")
    dc.put(f"CN=Nobody,{STAFF}", sAMAccountName="nobody", displayName="No Traces")
    dc.delete(f"CN=Gone,{STAFF}")
    dc.delete(f"CN=Nobody,{STAFF}")

    people, end = read(directory(dc))

    assert set(people) == {"P0000", "Gone Person"}
    gone = people["Gone Person"]
    assert (gone.is_deleted, gone.phones, gone.is_in_scope, gone.org_unit) == (
        True, ("+447700900199",), True, STAFF,
    )  # fmt: skip
    assert end.is_full
    asked = [request for request in dc.searches() if "(isDeleted=TRUE)" in request.filter]
    assert [SHOW_DELETED in request.controls for request in asked] == [True]
    assert "(|(mobile=*)(otherMobile=*)(mail=*)(employeeID=*))" in asked[0].filter


@pytest.mark.parametrize("wanted, is_listed", [
    ("(employeeID=*)", False),
    ("(&(objectCategory=person)(employeeID=*))", True),  # deletion takes it from everybody
])  # fmt: skip
def test_a_first_pass_lists_no_deleted_who_do_not_fit_the_filter(
    dc: LdapServer, wanted: str, *, is_listed: bool
) -> None:
    dc.tree.has_recycle_bin = True
    dc.put(f"CN=Amy,{STAFF}", displayName="Amy", employeeID="E-1")
    dc.put(f"CN=Old,{STAFF}", displayName="Old Amy", employeeID="E-2", mobile="07700 900198")
    dc.put(f"CN=Second,{STAFF}", displayName="Second Amy", mobile="07700 900199")
    dc.delete(f"CN=Old,{STAFF}")
    dc.delete(f"CN=Second,{STAFF}")

    people, _ = read(directory(dc, scope={"filter": wanted}))

    assert {name for name, facts in people.items() if facts.is_in_scope} == {
        "Amy", "Old Amy", *(["Second Amy"] if is_listed else [])
    }  # fmt: skip


def test_later_full_passes_do_not_list_the_deleted_again(dc: LdapServer) -> None:
    dc.tree.has_recycle_bin = True
    put_people(dc, 1)
    dc.put(f"CN=Gone,{STAFF}", mobile="07700 900199")
    dc.delete(f"CN=Gone,{STAFF}")
    source = directory(dc)
    _, end = read(source)

    people, _ = read(source, end.cursor, full=True)

    assert set(people) == {"P0000"}


def test_an_account_that_sees_no_deleted_objects_reads_the_living_and_says_so(dc: LdapServer) -> None:
    put_people(dc, 1)
    dc.sees_deleted = False
    source = directory(dc)
    people, end = read(source)
    assert (set(people), end.is_full) == ({"P0000"}, True)
    (concern,) = source.concerns()
    assert concern.about == "deleted objects"
    assert "dsacls" in concern.remedy

    dc.sees_deleted = True
    read(source, end.cursor, full=True)
    assert source.concerns() == ()

    dc.sees_deleted = False  # taken away again
    read(source, end.cursor, full=True)
    assert len(source.concerns()) == 1
