"""Users who were deleted before the first pass: who may still be in a group is known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.directory_world import read_pass
from fakes.graph import faults
from fakes.graph.setup import Lab

HOUR = timedelta(hours=1)
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

    directory, first = lab.first()

    assert set(first.people) == {ben}
    (concern,) = directory.concerns()
    assert "deleted before the first pass" in concern.message


@pytest.mark.parametrize("full", [False, True])
def test_the_deleted_that_a_first_pass_could_not_read_are_read_by_the_next_that_can(
    lab: Lab, *, full: bool
) -> None:
    ann, ben = lab.tenant.add(mobilePhone="07700 900101"), lab.tenant.add()
    stripped = lab.tenant.add(mail=None, employeeId=None)
    for gone in (ann, stripped):
        lab.tenant.delete(gone)
    lab.entra.graph.faults.add(faults.server_error(), path=DELETED, times=2)
    directory, first = lab.first()
    second = read_pass(directory, first.end.cursor, full=full)
    assert set(second.people) <= {ben}
    assert len(directory.concerns()) == 1

    third = read_pass(directory, second.end.cursor, full=full)

    assert third.people[ann].is_deleted
    assert not third.end.is_unchanged
    assert stripped not in third.people
    assert directory.concerns() == ()
    assert ann not in read_pass(directory, third.end.cursor, full=full).people, "they are read once"

    lab.tenant.restore(ann)
    lab.tenant.advance(HOUR)
    assert not read_pass(directory, third.end.cursor).people[ann].is_deleted


@pytest.mark.parametrize("is_looked_at", [False, True])
def test_an_old_record_of_somebody_purged_brings_nobody_back(lab: Lab, *, is_looked_at: bool) -> None:
    """A round may be replayed, and no list knows a purged user: two 404s are the answer, whatever the round says."""
    ann = lab.tenant.add(displayName="Ann")
    directory, first = lab.first()
    lab.tenant.delete(ann)
    drained = read_pass(directory, first.end.cursor)
    lab.tenant.purge(ann)
    if is_looked_at:
        lab.tenant.advance(HOUR)
    drained = read_pass(directory, drained.end.cursor)
    old = {"id": ann, "displayName": "Ann", "userType": "Member", "accountEnabled": True}
    lab.entra.graph.faults.add(
        faults.Fault(edit=lambda answer: answer | {"value": [old, *answer["value"]]}), path="*/users/delta"
    )

    replayed = read_pass(directory, drained.end.cursor)

    assert replayed.people[ann].is_deleted


def test_a_purged_user_is_looked_at_once_after_the_round_that_says_so(lab: Lab) -> None:
    ann = lab.tenant.add()
    directory, drained = lab.first()
    lab.tenant.delete(ann)
    drained = read_pass(directory, drained.end.cursor)
    lab.tenant.purge(ann)
    for _ in range(3):
        lab.tenant.advance(HOUR)
        drained = read_pass(directory, drained.end.cursor)

    looks = [one for one in lab.entra.graph.log if one.path.endswith(f"/users/{ann}")]
    assert len(looks) == 2
