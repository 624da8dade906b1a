"""Which source is the better witness of a group, and when two rosters are alike."""

from __future__ import annotations

import pytest

from worker.domain.groups.pairing import Pair, PairState, overlaps, rank, says_overlap
from worker.ports import Capabilities


@pytest.mark.parametrize(
    "can, place",
    [
        (Capabilities(), 3),
        (Capabilities(is_kept_by_people=True), 2),
        (Capabilities(sees_all_groups=True, is_kept_by_people=True), 1),
        (Capabilities(is_kept_by_people=True, sees_roles=False), 0),
    ],
)
def test_the_messenger_is_the_best_witness_and_a_part_of_a_list_the_worst(
    can: Capabilities, place: int
) -> None:
    assert rank(can) == place


def test_half_of_the_smaller_roster_is_an_overlap_and_two_members_alone_say_nothing() -> None:
    assert overlaps(2, 4, 90)
    assert not overlaps(1, 4, 90)
    assert not overlaps(0, 0, 5)
    assert says_overlap(3, 3, 3)
    assert not says_overlap(2, 2, 2)
    assert PairState.SURE.is_one
    assert not PairState.SUGGESTED.is_one
    assert Pair.__dataclass_params__.frozen  # type: ignore[attr-defined]
