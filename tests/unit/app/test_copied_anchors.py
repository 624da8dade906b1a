"""An immutable id that was copied to a colleague's account in the same directory: each is who they are."""

from __future__ import annotations

from typing import Any

import pytest

from builders import facts
from harness import Harness
from hybrid import CORP, OPEN, Start, leave, states
from worker.domain.model import AccountKey
from worker.domain.tickets.ticket import TicketKind

REMOVAL = TicketKind.REMOVE_MEMBER
JOHN = {"display_name": "John Smithson", "immutable_id": "guid-john"}
JANE = {"display_name": "Jane Doherty", "immutable_id": "guid-john", "phones": ("+447700900777",)}


def ward(found: Start, john: dict[str, Any], other: dict[str, Any], *directories: str) -> Harness:
    """John is in the ward's group; the other account of his directory is in none."""
    harness = found(directories=("corp", *directories))
    harness.hire("ben", "dee")
    harness.hire("john", **(JOHN | john))
    harness.corp.put(facts("other", **(JANE | other)))
    for directory in harness.directories[1:]:
        directory.put(facts("cloud-zoe", email=None))
    harness.group("ward-8", "ben", "john", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


@pytest.mark.parametrize("directories", [(), ("tenant",)])
@pytest.mark.parametrize(
    "john, jane",
    [
        ({"employee_id": "E0015"}, {"employee_id": "E0040"}),
        ({}, {}),
        ({"employee_id": "E15", "display_name": "John"}, {"employee_id": "E40", "display_name": "Jane"}),
    ],
)
def test_a_copy_of_the_immutable_id_keeps_no_leaver_here(
    found: Start, john: dict[str, Any], jane: dict[str, Any], directories: tuple[str, ...]
) -> None:
    harness = ward(found, john, jane, *directories)

    leave(harness, CORP, "john")

    assert states(harness, REMOVAL) == [OPEN]


@pytest.mark.parametrize("directories", [(), ("tenant",)])
@pytest.mark.parametrize(
    "again",
    [
        {"display_name": "Smithson, John", "employee_id": "E0015"},
        {"display_name": "John Smithson-Doherty"},
        {"display_name": "J. S."},
    ],
)
def test_whose_account_was_made_anew_is_a_rehire(
    found: Start, again: dict[str, Any], directories: tuple[str, ...]
) -> None:
    harness = ward(found, {"employee_id": "E0015"}, again, *directories)

    leave(harness, CORP, "john")

    assert harness.tickets() == []


@pytest.mark.parametrize("known_by, humans", [({}, 3), ({"employee_id": "E0015"}, 2)])
def test_an_account_elsewhere_is_of_neither_unless_something_else_says_so(
    found: Start, known_by: dict[str, Any], humans: int
) -> None:
    harness = ward(found, {"employee_id": "E0015"}, {"employee_id": "E0040"}, "tenant")
    harness.directories[1].put(facts("cloud-john", email=None, **(JOHN | known_by)))
    harness.settle()

    keys = [AccountKey("corp", "john"), AccountKey("corp", "other"), AccountKey("tenant", "cloud-john")]
    with harness.store.begin() as uow:
        assert len({frozenset(group) for group in uow.people.accounts(keys).values()}) == humans
