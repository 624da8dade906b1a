"""One record that is not as the others: what it costs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from contracts.tracker import draft
from fakes.servicenow.server import ServicenowServer
from fakes.servicenow.world import ServicenowWorld
from worker.domain.mirror.outside import CopyStanding, CopyUnread, Seen
from worker.ports import PermissionDenied


@pytest.fixture
def world() -> Iterator[ServicenowWorld]:
    with ServicenowServer() as server:
        world = ServicenowWorld(server)
        with closing(world.tracker):
            yield world
        server.judged()


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
