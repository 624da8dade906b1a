"""One group that Meta fails to show: the others are read, and it proves nobody to be out."""

from __future__ import annotations

import pytest

from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from connectors.kit.unshown import FAILED_MAX
from contracts.inventory import read_to_the_error
from fakes.whatsapp_cloud.server import CloudServer, Raw, Refused
from worker.domain.model import Coverage, Roster
from worker.ports import (
    AuthFailed,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    SnapshotEnd,
    Transient,
)

AMINA = "447700900101"
FULL, PARTIAL = Coverage.FULL, Coverage.PARTIAL


@pytest.fixture
def wards(server: CloudServer) -> list[str]:
    found = ["a", "b", "c", "d"]
    for group_id in found:
        server.add(group_id, f"Ward {group_id}", AMINA)
    return found


def read(
    inventory: WhatsappCloudInventory, groups: list[str] | None = None
) -> tuple[dict[str, Roster], SnapshotEnd]:
    *rosters, end = inventory.changes(None, groups)
    assert isinstance(end, SnapshotEnd)
    return {one.group.group_id: one for one in rosters if isinstance(one, Roster)}, end


@pytest.mark.parametrize(
    "refused",
    [Refused(400, 131000), Refused(400, 131009), Refused(403, 10), Refused(500, 131000), Refused(503, 2)],
)
def test_one_group_that_fails_is_a_part_that_is_named_and_the_others_are_read(
    server: CloudServer, wards: list[str], inventory: WhatsappCloudInventory, refused: Refused
) -> None:
    server.groups["b"].error = refused
    rosters, end = read(inventory)
    assert {one: (each.coverage, len(each.members)) for one, each in rosters.items()} == {
        one: (PARTIAL, 0) if one == "b" else (FULL, 1) for one in wards
    }
    (problem,) = end.malformed
    assert (problem.record_id, bool(problem.remedy)) == ("b", True)
    assert str(refused.code) in problem.message
    assert "The group is b." in problem.message
    assert rosters["b"].warnings == (problem.message,)
    assert rosters["b"].group.name == "Ward b"
    assert (end.groups_total, end.is_full) == (4, True)
    result = inventory.check()
    assert (result.ok, result.counts["partial"], result.counts["malformed"]) == (True, 1, 1)


def test_an_answer_of_another_shape_is_about_that_group_alone(
    server: CloudServer, wards: list[str], inventory: WhatsappCloudInventory
) -> None:
    server.hook = lambda _m, path, _q: Raw(200, b"[]") if path.endswith("/b") else None
    rosters, end = read(inventory)
    assert [one.coverage for one in rosters.values()] == [FULL, PARTIAL, FULL, FULL]
    assert [one.record_id for one in end.malformed] == ["b"]


@pytest.mark.parametrize(
    "refused, kind",
    [(Refused(400, 190), AuthFailed), (Refused(400, 131208), NotDone), (Refused(429, 4), NotDone)],
)
def test_what_concerns_the_whole_number_ends_the_read(
    server: CloudServer,
    wards: list[str],
    inventory: WhatsappCloudInventory,
    refused: Refused,
    kind: type[ConnectorError],
) -> None:
    server.groups[wards[1]].error = refused
    seen, error = read_to_the_error(inventory)
    assert (len(seen), type(error), "The group is b." in error.message) == (1, kind, True)


def test_a_number_that_may_not_use_groups_any_more_ends_the_read(
    server: CloudServer, wards: list[str], inventory: WhatsappCloudInventory
) -> None:
    reading = inventory.changes(None, wards)
    next(reading)
    server.error = Refused(400, 131215)
    with pytest.raises(PermissionDenied, match="131215"):
        list(reading)


def test_where_most_groups_fail_the_read_does(
    server: CloudServer, wards: list[str], inventory: WhatsappCloudInventory
) -> None:
    for group_id in wards[:3]:
        server.groups[group_id].error = Refused(400, 131000)
    seen, error = read_to_the_error(inventory)
    assert (len(seen), type(error), "The group is c." in error.message) == (2, Rejected, True)
    assert not inventory.check().ok


def test_more_groups_than_ten_are_meta_s_fault(
    server: CloudServer, inventory: WhatsappCloudInventory
) -> None:
    for number in range(40):
        group = server.add(f"g{number:02}", "Ward", AMINA)
        group.error = Refused(500, 2) if number <= FAILED_MAX else None
    server.groups["g00"].error = None
    assert len(read(inventory)[1].malformed) == FAILED_MAX
    server.groups["g00"].error = Refused(500, 2)
    seen, error = read_to_the_error(inventory)
    assert (len(seen), type(error), "g10" in error.message) == (FAILED_MAX, Transient, True)


def test_a_group_that_is_asked_for_and_not_shown_keeps_its_name(
    server: CloudServer, wards: list[str], inventory: WhatsappCloudInventory
) -> None:
    """Only the list and the group itself have its name, and here there is no list."""
    server.groups["b"].error = Refused(500, 2)
    rosters, end = read(inventory, wards[:3])
    assert list(rosters) == ["a", "c"]
    assert ([one.record_id for one in end.malformed], end.is_full) == (["b"], False)
    with pytest.raises(Transient, match="The group is b"):
        read(inventory, ["b"])
