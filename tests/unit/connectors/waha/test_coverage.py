"""How much of a group WAHA's list shows: none of it, a part, an old state, or all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import NOW, read_to_the_error
from fakes.gateways.server import Make, Person, Room, answered
from fakes.waha.server import WahaServer
from worker.domain.model import Coverage, Roster
from worker.ports import AuthFailed, Incomplete, SnapshotEnd, Transient

HIDDEN = "90000000000103"
WARD, ROTA = "120363000000000007@g.us", "120363000000000009@g.us"


def read(inventory: LinkedPhone, groups: set[str] | None = None) -> list[Roster]:
    return [each for each in inventory.changes(None, groups) if isinstance(each, Roster)]


def test_an_empty_list_of_members_proves_nothing(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].people.clear()
    rota = read(make())[1]
    assert (rota.members, rota.coverage) == ((), Coverage.PARTIAL)
    assert "no members" in rota.warnings[0]


def test_rows_that_cannot_be_understood_are_counted_beside_the_group(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].people.clear()
    waha.rooms[ROTA].bad_rows += [None, None]
    rota = read(make())[1]
    assert (rota.coverage, rota.warnings) == (Coverage.PARTIAL, ("2 of 2 rows can't be understood",))


def test_a_group_whose_members_have_all_left_proves_nothing(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].people.clear()
    waha.rooms[ROTA].bad_rows.append({"id": "447700900109@c.us", "role": "left"})
    assert read(make())[1].coverage is Coverage.PARTIAL


@pytest.mark.parametrize(
    "me, ward, rota",
    [
        ({"id": "447700900102@c.us", "lid": "90000000000102@lid"}, Coverage.FULL, Coverage.FULL),
        ({"id": "447700900101@c.us", "lid": "90000000000101@lid"}, Coverage.FULL, Coverage.STALE),
        # A member of the ward is shown by a LID alone, which may be the phone's
        ({"id": "447700900199@c.us"}, Coverage.FULL, Coverage.STALE),
        ({"id": "nonsense"}, Coverage.FULL, Coverage.FULL),
        (None, Coverage.FULL, Coverage.FULL),
    ],
    ids=["inside", "left-one", "perhaps", "nonsense", "unknown"],
)
def test_a_group_that_the_phone_has_surely_left_is_stale(
    waha: WahaServer, make: Make, me: dict[str, str] | None, ward: Coverage, rota: Coverage
) -> None:
    waha.me = me
    inventory = make()
    assert [each.coverage for each in read(inventory)] == [ward, rota]
    assert [each.coverage for each in read(inventory, {ROTA})] == [rota]


def test_a_phone_that_is_in_none_of_its_groups_is_red(waha: WahaServer, make: Make) -> None:
    """Another phone was linked, and the store keeps the groups of the one before."""
    waha.rooms |= {f"1203630000001{n:05}@g.us": Room("Old", [Person("447700900101")]) for n in range(30)}
    waha.rooms["120363000000200000@g.us"] = Room("Unknown yet")
    waha.me = {"id": "447700900199:3@c.us", "lid": "90000000000199@lid"}
    inventory = make()
    seen, error = read_to_the_error(inventory)
    assert isinstance(error, Incomplete)
    assert not any(isinstance(each, SnapshotEnd) for each in seen)
    result = inventory.check()
    assert (result.ok, result.message) == (False, error.message)
    assert "Link the phone" in result.remedy == error.remedy
    assert [each.coverage for each in read(inventory, {ROTA})] == [Coverage.STALE]


def test_the_groups_that_the_phone_has_left_are_not_counted_as_those_that_it_is_in(
    waha: WahaServer, make: Make
) -> None:
    waha.rooms |= {f"1203620000001{n:05}@g.us": Room("Old", [Person("447700900101")]) for n in range(30)}
    waha.me = {"id": "447700900102:3@c.us", "lid": "90000000000102@lid"}
    result = make().check()
    assert (result.ok, result.counts["groups"]) == (True, 32)
    assert "is in 2 of 32 groups" in result.message
    assert "31" in result.details["members"]


def test_what_is_read_alone_after_a_restart_is_stale_where_the_phone_has_left(
    waha: WahaServer, make: Make
) -> None:
    waha.me = {"id": "447700900101@c.us", "lid": "90000000000101@lid"}
    assert [each.coverage for each in read(make(), {WARD, ROTA})] == [Coverage.FULL, Coverage.STALE]
    assert len(waha.seen("/api/sessions/")) == 1


TROUBLED = answered({"statusCode": 500, "exception": {"stack": "… WebjsClientPlus.findPNByLid …"}}, 500)


def test_a_number_that_the_engine_fails_to_tell_is_unknown_and_proves_nobody_gone(
    waha: WahaServer, make: Make
) -> None:
    waha.numbers[HIDDEN] = "447700900103"
    waha.rooms[ROTA].people.append(Person("447700900103", lid=HIDDEN))  # shown with the number
    waha.tell("/lids/", TROUBLED)
    inventory = make()

    ward, rota = read(inventory)

    assert [(each.handle, each.phone) for each in ward.members[2:]] == [(f"{HIDDEN}@lid", None)]
    assert (ward.coverage, rota.coverage) == (Coverage.PARTIAL, Coverage.FULL)
    assert ward.warnings == ("WAHA failed to tell the numbers of 1 of 3 members",)
    assert len(waha.seen("/lids/")) == 1

    waha.mend()
    ward, _rota = read(inventory)
    assert (ward.members[2].phone, ward.coverage, ward.warnings) == ("+447700900103", Coverage.FULL, ())


def test_a_number_that_a_session_which_stopped_does_not_tell_ends_the_read(
    waha: WahaServer, make: Make
) -> None:
    waha.tell("/lids/", TROUBLED)
    waha.tell("/api/sessions/", answered({"name": "default", "status": "WORKING"}), times=1)
    waha.tell("/api/sessions/", answered({"name": "default", "status": "SCAN_QR_CODE"}))
    _seen, error = read_to_the_error(make())
    assert isinstance(error, AuthFailed)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_number_that_the_way_to_waha_does_not_let_through_is_asked_for_again(
    waha: WahaServer, make: Make, status: int
) -> None:
    waha.tell("/lids/", answered({}, status))
    _seen, error = read_to_the_error(make())
    assert isinstance(error, Transient)


@pytest.mark.parametrize(
    "engine, shown",
    [
        ("NOWEB", {"isCommunityAnnounce": True}),
        ("NOWEB", {"isCommunity": True}),
        ("GOWS", {"IsDefaultSubGroup": True}),
        ("GOWS", {"IsParent": True}),
        ("WEBJS", {"defaultSubgroup": True}),
        ("WEBJS", {"isParentGroup": True}),
    ],
)
@pytest.mark.parametrize(
    "me, coverage",
    [
        ({"id": "447700900101@c.us", "lid": "90000000000999@lid"}, Coverage.FULL),
        ({"id": "90000000000101@lid"}, Coverage.FULL),
        ({"id": "447700900102:4@c.us"}, Coverage.FULL),
        ({"id": "447700900199@c.us", "lid": "90000000000103@lid"}, Coverage.PARTIAL),
        ({"id": "447700900199@c.us"}, Coverage.PARTIAL),
        (None, Coverage.PARTIAL),
    ],
    ids=["creator", "creator-by-lid", "admin", "member", "perhaps", "unknown"],
)
def test_of_a_community_only_an_admin_is_shown_all(
    waha: WahaServer,
    make: Make,
    engine: str,
    shown: dict[str, bool],
    me: dict[str, str] | None,
    coverage: Coverage,
) -> None:
    waha.engine, waha.me = engine, me
    waha.rooms[WARD].facts |= shown
    for groups in (None, {WARD}):
        ward = read(make(), groups)[0]
        assert ward.coverage is coverage
        assert ["admin" in each for each in ward.warnings] == [True] * (coverage is Coverage.PARTIAL)


def test_a_list_is_dated_before_it_is_asked_for(make: Make) -> None:
    """Somebody may be removed, and it be said, while the request waits for its turn."""
    clock = [NOW]

    def again(call: Callable[[], Any], /) -> Any:
        clock[0] += timedelta(seconds=30)
        return call()

    *_, rota = read(make(now=lambda: clock[0], again=again))
    assert rota.taken_at == clock[0] - timedelta(seconds=30)


def test_a_community_s_other_groups_show_all_their_members(waha: WahaServer, make: Make) -> None:
    waha.engine = "WEBJS"
    waha.rooms[WARD].facts |= {"parentGroup": {"_serialized": ROTA}, "defaultSubgroup": False}
    assert read(make())[0].coverage is Coverage.FULL
