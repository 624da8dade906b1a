"""How much of a group WAHA's list shows: none of it, a part, an old state, or all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.kit.linked_phone import LinkedPhone
from contracts.inventory import NOW
from fakes.gateways.server import Make
from fakes.waha.server import WahaServer
from worker.domain.model import Coverage, Roster

WARD, ROTA = "120363000000000007@g.us", "120363000000000009@g.us"


def read(inventory: LinkedPhone, groups: set[str] | None = None) -> list[Roster]:
    return [each for each in inventory.changes(None, groups) if isinstance(each, Roster)]


def test_an_empty_list_of_members_proves_nothing(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].people.clear()
    rota = read(make())[1]
    assert (rota.members, rota.coverage) == ((), Coverage.PARTIAL)
    assert "no members" in rota.warnings[0]


def test_a_group_whose_members_have_all_left_proves_nothing(waha: WahaServer, make: Make) -> None:
    waha.rooms[ROTA].people.clear()
    waha.rooms[ROTA].bad_rows.append({"id": "447700900109@c.us", "role": "left"})
    assert read(make())[1].coverage is Coverage.PARTIAL


@pytest.mark.parametrize(
    "me, ward, rota",
    [
        ({"id": "447700900102@c.us", "lid": "90000000000102@lid"}, Coverage.FULL, Coverage.FULL),
        ({"id": "447700900101@c.us", "lid": "90000000000101@lid"}, Coverage.FULL, Coverage.STALE),
        ({"id": "447700900199:3@c.us", "lid": "90000000000199@lid"}, Coverage.STALE, Coverage.STALE),
        # A member of the ward is shown by a LID alone, which may be the phone's
        ({"id": "447700900199@c.us"}, Coverage.FULL, Coverage.STALE),
        ({"id": "nonsense"}, Coverage.FULL, Coverage.FULL),
        (None, Coverage.FULL, Coverage.FULL),
    ],
    ids=["inside", "left-one", "left-both", "perhaps", "nonsense", "unknown"],
)
def test_a_group_that_the_phone_has_surely_left_is_stale(
    waha: WahaServer, make: Make, me: dict[str, str] | None, ward: Coverage, rota: Coverage
) -> None:
    waha.me = me
    inventory = make()
    assert [each.coverage for each in read(inventory)] == [ward, rota]
    assert [each.coverage for each in read(inventory, {ROTA})] == [rota]


def test_what_is_read_alone_after_a_restart_is_stale_where_the_phone_has_left(
    waha: WahaServer, make: Make
) -> None:
    waha.me = {"id": "447700900101@c.us", "lid": "90000000000101@lid"}
    assert [each.coverage for each in read(make(), {WARD, ROTA})] == [Coverage.FULL, Coverage.STALE]
    assert len(waha.seen("/api/sessions/")) == 1


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
