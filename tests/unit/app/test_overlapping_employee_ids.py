"""Two directories that give the same employee ids to different people: strangers stay two people."""

from __future__ import annotations

import pytest

from builders import facts
from harness import Harness
from hybrid import CORP, OPEN, TENANT, Start, in_tenant, leave, states
from worker.domain.identity.humans import NAME_SHARED_MAX
from worker.domain.model import AccountFacts, AccountKey
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Port
from worker.ports.state.sources import SourceState

REMOVAL = TicketKind.REMOVE_MEMBER


def ann(**changes: object) -> AccountFacts:
    stated = {"display_name": "Ann Larsen", "employee_id": "1001", "immutable_id": "guid-a"}
    return facts("ann", **(stated | changes))


def bob(harness: Harness, **changes: object) -> AccountFacts:
    """Bob's account in the other hospital's directory."""
    stated = {"display_name": "Moss, Bob", "employee_id": "1001", "immutable_id": "guid-b"}
    return in_tenant(harness, "bob", **(stated | changes))


@pytest.fixture
def merged(found: Start) -> Start:
    """A hospital whose Ann is in a group of her own; another one's Bob, who has her number, is in the ward's."""

    def make(**wishes: object) -> Harness:
        harness = found(directories=("corp", "tenant"), **wishes)
        harness.hire("ben", "dee", "eve", "fay", "gus")
        harness.corp.put(ann(phones=(harness.number("ann"),)))
        harness.directories[TENANT].put(facts("cloud-zoe", email=None))
        harness.group("ward-7", "ben", "bob", admins=["dee"])
        harness.group("ward-8", "ann", "eve", admins=["fay"])
        harness.settle()
        harness.later()
        return harness

    return make


@pytest.mark.parametrize("is_new", [True, False])
def test_nobody_is_asked_out_for_a_stranger_who_left_with_the_same_employee_id(
    merged: Start, is_new: bool
) -> None:
    harness = merged()
    leave(harness, CORP, "ann")
    assert [one.handle for one in harness.tickets(REMOVAL)] == [harness.number("ann")]
    before = states(harness, REMOVAL)

    if is_new:  # as if the other directory were read for the first time now
        with harness.store.begin() as uow:
            uow.sources.put(SourceState("tenant", Port.DIRECTORY, first_pass_at=harness.now))
    harness.directories[TENANT].put(bob(harness))
    harness.settle(full=True)
    harness.later()
    harness.settle(full=True)

    assert states(harness, REMOVAL) == before
    with harness.store.begin() as uow:
        human = uow.people.human(AccountKey("tenant", "cloud-bob"))
    assert human is not None
    assert human.leaving is None


def test_with_all_a_stranger_who_is_here_keeps_nobody_here(merged: Start) -> None:
    harness = merged(accounts=AccountsRule.ALL)
    harness.directories[TENANT].put(bob(harness))
    harness.settle()

    leave(harness, CORP, "ann")

    assert [(one.handle, one.state) for one in harness.tickets(REMOVAL)] == [(harness.number("ann"), OPEN)]


def test_a_first_runs_leaver_is_in_no_group_of_a_stranger(found: Start) -> None:
    harness = found(directories=("corp", "tenant"))
    harness.hire("ben", "dee")
    harness.corp.put(ann(enabled=False))
    harness.directories[TENANT].put(bob(harness))
    harness.group("ward-7", "bob", "ben", admins=["dee"])

    harness.settle()
    harness.later()
    harness.settle(full=True)

    assert (harness.plans(), harness.tickets()) == ([], [])


@pytest.mark.parametrize(
    "of_ann, of_bob",
    [
        ({}, {"display_name": "Ann Moss"}),  # a first name stays
        ({}, {"display_name": "Bob"}),  # a nickname
        ({"display_name": "آن لارسن"}, {}),  # in another script
        ({"email": "b@x.example"}, {"email": "B@x.example"}),
        ({}, {"immutable_id": "guid-a"}),
        ({"phones": ("+447700900555",)}, {"phones": ("+447700900555",)}),
    ],
)
def test_whoever_may_be_one_is_one_by_the_employee_id(
    found: Start, of_ann: dict[str, object], of_bob: dict[str, object]
) -> None:
    harness = found(directories=("corp", "tenant"))
    harness.corp.put(ann(**of_ann))
    harness.directories[TENANT].put(bob(harness, **of_bob))
    harness.settle()

    with harness.store.begin() as uow:
        accounts = uow.people.accounts([AccountKey("corp", "ann")])
    assert accounts[AccountKey("corp", "ann")] == {
        AccountKey("corp", "ann"),
        AccountKey("tenant", "cloud-bob"),
    }


def test_a_name_that_a_directory_shows_for_everybody_tells_nobody_apart(found: Start) -> None:
    harness = found(directories=("corp", "tenant"))
    harness.corp.put(ann())
    harness.directories[TENANT].put(bob(harness, display_name="Unknown User"))
    for number in range(NAME_SHARED_MAX):
        harness.directories[TENANT].put(facts(f"p{number}", display_name="Unknown User"))
    harness.settle()

    with harness.store.begin() as uow:
        accounts = uow.people.accounts([AccountKey("corp", "ann")])
    assert AccountKey("tenant", "cloud-bob") in accounts[AccountKey("corp", "ann")]


def test_a_ticket_for_a_stranger_is_taken_back_once_the_names_tell_them_apart(merged: Start) -> None:
    harness = merged()
    harness.directories[TENANT].put(bob(harness, display_name="Bob"))
    harness.settle()
    leave(harness, CORP, "ann")
    assert {one.handle for one in harness.tickets(REMOVAL) if one.state is OPEN} == {
        harness.number("ann"),
        harness.number("bob"),
    }

    harness.directories[TENANT].change("cloud-bob", display_name="Bob Moss")
    harness.settle()
    harness.later(days=2)
    harness.settle(full=True)

    assert [one.handle for one in harness.tickets(REMOVAL) if one.state is OPEN] == [harness.number("ann")]
