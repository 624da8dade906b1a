"""Recorded days of a group that two inventories show, by a configuration that reads one of them, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness import Harness
from replayed import TWO, Found, base, counts, pass_hours, played, with_limits
from worker.domain.model import GroupKey
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.replay.comparing import PlayEffect

FIRST, SECOND = GroupKey("wards", "ward-7"), GroupKey("rows", "ward-7")


def everything(_id: str, _name: str) -> bool:
    return True


def nothing(_id: str, _name: str) -> bool:
    return False


def shown_twice(found: Found, **wishes: Any) -> Harness:
    """Ann and ben are in a ward that two sources show; the first one leads."""
    harness = found(inventories=("wards", "rows"), rules=TWO, **wishes)
    harness.hire("ann", "ben", "eve", *(f"p{number}" for number in range(20)))
    for at, key in enumerate((FIRST, SECOND)):
        harness.group(
            key.group_id,
            "ann",
            "ben",
            *(f"p{number}" for number in range(9)),
            admins=["eve"],
            at=at,
            name="Ward 7",
        )
    harness.settle()
    with harness.store.reading() as uow:
        assert [one.key for one in uow.rosters.in_sources(SECOND)] == [FIRST, SECOND]
    return harness


@pytest.mark.parametrize("takes, effect", [
    ({"wards": everything, "rows": everything}, PlayEffect.SAME),
    ({"rows": everything}, PlayEffect.SAME),
    ({"wards": nothing, "rows": everything}, PlayEffect.SAME),
    ({"other": everything, "rows": lambda id_, _name: id_ == "ward-7"}, PlayEffect.SAME),
    ({"wards": nothing, "rows": nothing}, PlayEffect.FEWER),
    ({}, PlayEffect.FEWER),
])  # fmt: skip
def test_a_group_is_read_that_one_of_its_sources_shows(
    found: Found, takes: dict[str, Any], effect: PlayEffect
) -> None:
    harness = shown_twice(found)
    pass_hours(harness, 3, {1: lambda: harness.leave("ann")})
    assert [one.group for one in harness.tickets()] == [FIRST]

    seen = played(harness, replace(base(harness), takes=takes))

    assert counts(seen) == {effect: 1}


@pytest.mark.parametrize("takes, more", [
    ({"wards": everything, "rows": everything}, 2),
    ({"rows": everything}, 2),
    ({"wards": everything}, 2),
    ({}, 0),
])  # fmt: skip
def test_who_was_held_would_be_asked_out_of_it_once(found: Found, takes: dict[str, Any], more: int) -> None:
    harness = shown_twice(found, limits=GuardLimits(leavers_max=1))
    pass_hours(harness, 3, {1: lambda: harness.leave("ann", "ben")})
    assert harness.tickets() == []

    seen = played(harness, replace(with_limits(harness, leavers_max=25), takes=takes))

    assert [(one.person_name, one.group) for one in seen.tickets] == [("Ann", FIRST), ("Ben", FIRST)][:more]
    if more:
        harness.decide(*(part.id for part in harness.plans()[0].cohorts))
        pass_hours(harness, 3)
        assert [one.group for one in harness.tickets()] == [FIRST] * more
