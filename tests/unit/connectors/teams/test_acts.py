"""Removing from teams, channels and chats, making owners, and what Graph says of it."""

from __future__ import annotations

import pytest

from connectors.inventory.teams.connector import TeamsInventory
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.lab import FakeEntra
from teams_reading import AMINA, CHAT, NOOR, PRIVATE, SAM, SHARED, WARD, read, roles
from unwanted import is_ended
from worker.domain.model import Member, Role
from worker.ports import ConnectorError, NotDone, PermissionDenied, Transient
from worker.ports.connectors.remover import Effect


def named(user_id: str) -> Member:
    return Member(user_id, native_id=user_id)


def test_a_member_is_removed_and_the_next_read_shows_it(inventory: TeamsInventory, ward: str) -> None:
    assert inventory.remove(WARD, named(SAM)).effect is Effect.DONE
    ((roster,), _) = read(inventory)
    assert sorted(roles(roster)) == [AMINA, NOOR]
    assert inventory.remove(WARD, named(SAM)).effect is Effect.NOT_NEEDED


def test_the_last_owner_is_refused_without_asking_graph(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    outcome = inventory.remove(WARD, named(AMINA))
    assert (outcome.effect, "last owner" in outcome.said) == (Effect.REFUSED, True)
    assert [line for line in entra.graph.log if line.method == "DELETE"] == []


def test_an_owner_goes_once_there_is_another(entra: FakeEntra, inventory: TeamsInventory, ward: str) -> None:
    assert inventory.make_admin(WARD, named(SAM)).effect is Effect.DONE
    assert inventory.make_admin(WARD, named(SAM)).effect is Effect.NOT_NEEDED
    assert inventory.remove(WARD, named(AMINA)).effect is Effect.DONE
    ((roster,), _) = read(inventory)
    assert roles(roster) == {SAM: Role.ADMIN, NOOR: Role.MEMBER}


def test_what_graph_refuses_is_an_outcome_with_its_words(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    entra.graph.faults.add(Fault(status=400, code="Request_BadRequest", message="Dynamic."), method="DELETE")
    outcome = inventory.remove(WARD, named(SAM))
    assert outcome.effect is Effect.REFUSED
    assert "Dynamic." in outcome.said


def test_who_left_meanwhile_needs_no_removal(entra: FakeEntra, inventory: TeamsInventory, ward: str) -> None:
    entra.graph.faults.add(Fault(status=404, code="Request_ResourceNotFound", message="no"), method="DELETE")
    assert inventory.remove(WARD, named(SAM)).effect is Effect.NOT_NEEDED


@pytest.mark.parametrize(
    "fault, kind",
    [
        (Fault(status=503, code="x", message="y"), Transient),
        (Fault(is_dropped=True), Transient),
        (faults.throttled(3), NotDone),
        (faults.denied(), PermissionDenied),
    ],
)
def test_an_unclear_answer_to_a_removal_is_never_an_outcome(
    entra: FakeEntra, inventory: TeamsInventory, ward: str, fault: Fault, kind: type[ConnectorError]
) -> None:
    entra.graph.faults.add(fault, method="DELETE")
    with pytest.raises(kind) as raised:
        inventory.remove(WARD, named(SAM))
    assert type(raised.value) is kind
    assert len([line for line in entra.graph.log if line.method == "DELETE"]) == 1


def test_a_member_of_a_channel_is_removed_and_promoted_by_the_membership(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    room = entra.graph.teams.add_room(
        PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"], SAM: [], NOOR: []}
    )
    assert inventory.remove(PRIVATE, named(AMINA)).effect is Effect.REFUSED
    assert inventory.make_admin(PRIVATE, named(SAM)).effect is Effect.DONE
    assert inventory.remove(PRIVATE, named(AMINA)).effect is Effect.DONE
    assert room.seats == {SAM: ["owner"], NOOR: []}
    assert inventory.remove(PRIVATE, named(AMINA)).effect is Effect.NOT_NEEDED


def test_who_is_in_a_shared_channel_through_a_team_is_not_removed_from_the_channel(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    room = entra.graph.teams.add_room(
        SHARED, "Suppliers", "shared", WARD, seats={AMINA: ["owner"], NOOR: []}, through_teams=(NOOR, SAM)
    )
    for act in (inventory.remove, inventory.make_admin):
        outcome = act(SHARED, named(SAM))
        assert (outcome.effect, "from that team" in outcome.said) == (Effect.REFUSED, True)
    assert inventory.remove(SHARED, named(NOOR)).effect is Effect.DONE
    assert room.seats == {AMINA: ["owner"]}


def test_a_member_of_a_chat_is_removed_and_nobody_promoted(
    entra: FakeEntra, inventory: TeamsInventory
) -> None:
    room = entra.graph.teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"], SAM: ["owner"]})
    assert inventory.remove(CHAT, named(AMINA)).effect is Effect.DONE
    assert room.seats == {SAM: ["owner"]}
    assert inventory.make_admin(CHAT, named(SAM)).effect is Effect.REFUSED


@pytest.mark.parametrize(
    "group_id", ["19:no@thread.tacv2", "19:no@thread.v2", "10000000-0000-4000-8000-00000000dead"]
)
def test_a_group_that_graph_does_not_know_is_refused(inventory: TeamsInventory, group_id: str) -> None:
    assert inventory.remove(group_id, named(SAM)).effect is Effect.REFUSED
    assert inventory.make_admin(group_id, named(SAM)).effect is Effect.REFUSED


def test_an_act_that_is_not_wanted_any_more_is_not_asked_for(
    entra: FakeEntra, inventory: TeamsInventory, ward: str
) -> None:
    for deed in (inventory.remove, inventory.make_admin):
        is_ended(deed, WARD, named(SAM))
    assert {line.method for line in entra.graph.log} == {"GET"}
