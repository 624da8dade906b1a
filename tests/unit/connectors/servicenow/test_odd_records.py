"""One record that is not as the others: what it costs them."""

from __future__ import annotations

import pytest

from contracts.tracker import draft
from fakes.servicenow.world import ServicenowWorld
from fakes.trackers.server import answered
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Seen
from worker.ports import PermissionDenied


def made(world: ServicenowWorld, count: int) -> list[Seen]:
    return [world.tracker.create(draft(number), "") for number in range(1, count + 1)]


def test_a_record_of_which_a_field_is_not_shown_keeps_no_other_from_being_read(
    world: ServicenowWorld,
) -> None:
    odd, *others = made(world, 3)
    world.server.unread_of.add((odd.ref, "assigned_to"))
    world.close(others[-1].ref)

    found = {one.ref: one for one in world.tracker.read([one.ref for one in (odd, *others)])}

    unread, closed = found[odd.ref], found[others[-1].ref]
    assert isinstance(unread, CopyUnread)
    assert unread.why == f"ServiceNow did not show assigned_to of {odd.key}."
    assert isinstance(closed, Seen)
    assert closed.standing is CopyStanding.DONE


def test_a_field_that_no_record_shows_is_the_trackers_trouble(world: ServicenowWorld) -> None:
    refs = [one.ref for one in made(world, 2)]
    world.server.unread.add("incident.assigned_to")
    with pytest.raises(PermissionDenied, match="assigned_to"):
        list(world.tracker.read(refs))


def test_lost_sight_of_all_costs_a_few_requests_a_page(world: ServicenowWorld) -> None:
    refs = [one.ref for one in made(world, 9)]
    world.server.hidden |= set(refs)
    before = len(world.server.log)
    assert {one.ref for one in world.tracker.read(refs) if isinstance(one, CopyGone)} == set(refs)
    assert len(world.server.log) - before == 1 + 3
    world.server.hidden.remove(refs[5])
    assert sum(isinstance(one, Seen) for one in world.tracker.read(refs)) == 1


def test_a_group_that_is_made_anew_under_its_name_is_found(world: ServicenowWorld) -> None:
    made(world, 1)
    del world.server.tables["sys_user_group"][world.group]
    anew = world.server.add("sys_user_group", name="Service desk", active="true")
    assert world.tracker.check().ok

    seen = world.tracker.create(draft(2), "")

    assert world.server.tables["incident"][seen.ref]["assignment_group"] == anew
    assert list(world.tracker.concerns()) == []


@pytest.mark.parametrize("detail", ["", "The table is not there."])
def test_a_table_that_is_not_there_is_looked_for_in_the_configuration(
    world: ServicenowWorld, detail: str
) -> None:
    error = {"error": {"message": "Invalid table incidents", "detail": detail}, "status": "failure"}
    world.server.tell("GET /api/now/v2/table/incident", answered(error, 400))
    checked = world.tracker.check()
    assert ("Invalid table" in checked.message, "url, table and group" in checked.remedy) == (True, True)
    assert "Set the fields" not in checked.remedy
