"""Answers of Graph about Teams that are none, refused or damaged: none of them is a clean list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.inventory.teams.connector import TeamsInventory
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.lab import FakeEntra
from fakes.graph.tokens import CLIENT_ID
from teams_reading import AMINA, CHAT, NOOR, PRIVATE, WARD, read, roles
from worker.domain.model import Coverage
from worker.ports import AuthFailed, ConnectorError, Incomplete, NotDone, PermissionDenied, Transient

PATHS = ["*/groups", "*/members/*", "*/owners/*", "*/channels", "*/channels/*/members", "*/users", "*/chats"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "fault, kind",
    [
        (Fault(status=200, body=b"<html>Sign in</html>"), Incomplete),
        (Fault(keep=0.5), Incomplete),
        (Fault(status=200, body=b'{"value": null}'), Incomplete),
        (Fault(status=200, body=b"[]"), Incomplete),
        (Fault(status=200, body=b'{"value": [], "@odata.nextLink": 7}'), Incomplete),
        (Fault(cut_at=0.5), Transient),
        (Fault(is_dropped=True), Transient),
        (Fault(status=503, code="serviceUnavailable", message="Not now."), Transient),
        (faults.throttled(3), NotDone),
        (faults.denied(), PermissionDenied),
        (faults.foreign_links(), None),
    ],
)
def test_an_answer_that_is_none_proves_nothing(
    entra: FakeEntra,
    inventory: TeamsInventory,
    ward: str,
    path: str,
    fault: Fault,
    kind: type[ConnectorError] | None,
) -> None:
    entra.graph.teams.add_room(PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"]})
    entra.graph.teams.add_room(CHAT, "On call", "group", seats={AMINA: ["owner"]})
    entra.graph.faults.add(fault, path=path, method="GET")
    if kind is None:
        read(inventory)  # there is no link to a further page
        return
    with pytest.raises(kind) as raised:
        read(inventory)
    assert type(raised.value) is kind
    assert raised.value.remedy
    assert entra.credentials["secret"] not in str(raised.value)


def test_pages_that_go_in_circles_end(entra: FakeEntra, inventory: TeamsInventory) -> None:
    link = f"{entra.graph_url}/v1.0/groups?$skiptoken=x"
    page = f'{{"value": [], "@odata.nextLink": "{link}"}}'.encode()
    entra.graph.faults.add(Fault(status=200, body=page), path="*/groups", times=None)
    with pytest.raises(Incomplete, match="circles"):
        read(inventory)


def test_a_wrong_secret_is_said(made: Callable[..., TeamsInventory]) -> None:
    inventory = made(credential={"secret": "wrong-drama"})
    with pytest.raises(AuthFailed):
        read(inventory)
    result = inventory.check()
    assert (result.ok, "wrong-drama" in f"{result.message}{result.remedy}") == (False, False)


@pytest.mark.parametrize(
    "role", ["ChannelMember.ReadWrite.All", "Channel.ReadBasic.All", "Chat.ReadBasic.All"]
)
def test_the_missing_permission_is_named(
    entra: FakeEntra, inventory: TeamsInventory, ward: str, role: str
) -> None:
    entra.graph.teams.add_room(PRIVATE, "Pay", "private", WARD, seats={AMINA: ["owner"]})
    entra.tokens.apps[CLIENT_ID].roles.discard(role)
    with pytest.raises(PermissionDenied) as raised:
        read(inventory)
    assert raised.value.missing == role.replace("ReadWrite", "Read")


def test_a_member_without_an_id_is_set_aside(entra: FakeEntra, inventory: TeamsInventory, ward: str) -> None:
    def damage(answer: dict[str, Any]) -> dict[str, Any]:
        del answer["value"][1]["id"]
        return answer

    entra.graph.faults.add(Fault(edit=damage), path="*/members/*")
    ((roster,), end) = read(inventory)
    assert (sorted(roles(roster)), roster.coverage) == ([AMINA, NOOR], Coverage.PARTIAL)
    (problem,) = end.malformed
    assert problem.record_id.startswith(WARD)
    assert "Sam" not in str(problem)
