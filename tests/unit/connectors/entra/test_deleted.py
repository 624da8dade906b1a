"""Users who were deleted before the first pass: who may still be in a group is known."""

from __future__ import annotations

from contracts.directory_world import read_pass
from fakes.graph import faults
from fakes.graph.setup import Lab

DELETED = "*/deletedItems/microsoft.graph.user"


def test_a_first_pass_lists_the_deleted_of_whom_something_is_left(lab: Lab) -> None:
    ann = lab.tenant.add(displayName="Ann", mobilePhone="07700 900101", department="Ward 4")
    ben = lab.tenant.add(mail=None, employeeId=None, displayName="Ben")
    guest = lab.tenant.add(userType="Guest", mail="guest@elsewhere.example")
    cy = lab.tenant.add()
    for gone in (ann, ben, guest):
        lab.tenant.delete(gone)

    directory, first = lab.first()

    assert {cy, ann} == {key for key, facts in first.people.items() if facts.is_in_scope}
    said = first.people[ann]
    assert (said.is_deleted, said.phones, said.department) == (True, ("+447700900101",), "Ward 4")
    assert not (said.username or "").startswith(ann.replace("-", ""))
    assert ann not in read_pass(directory, first.end.cursor, full=True).people


def test_a_list_of_the_deleted_that_is_refused_spoils_no_first_pass(lab: Lab) -> None:
    ann, ben = lab.tenant.add(mobilePhone="07700 900101"), lab.tenant.add()
    lab.tenant.delete(ann)
    lab.entra.graph.faults.add(faults.server_error(), path=DELETED)

    _, first = lab.first()

    assert set(first.people) == {ben}
