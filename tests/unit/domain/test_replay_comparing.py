"""Two plays of the same history are compared."""

from __future__ import annotations

import pytest

from builders import HOUR, NOW
from worker.domain.replay.comparing import (
    Difference,
    Telling,
    ToldOtherwise,
    difference,
    tellings_compared,
)
from worker.domain.replay.fates import Become, Fate
from worker.domain.replay.limits import WHY, Cannot, Limit

AT_NOON = Fate(Become.OPENED, NOW, NOW + 9 * HOUR)
HELD, ABSENT = Fate(Become.HELD), Fate(Become.ABSENT)


@pytest.mark.parametrize("was, would, expected", [
    (AT_NOON, AT_NOON, Difference.SAME),
    (AT_NOON, Fate(Become.OPENED, NOW - HOUR, NOW + 99 * HOUR), Difference.EARLIER),
    (AT_NOON, Fate(Become.OPENED, NOW + HOUR, NOW + 2 * HOUR), Difference.LATER),
    (AT_NOON, Fate(Become.OPENED, NOW, NOW + 8 * HOUR), Difference.EARLIER),
    (AT_NOON, Fate(Become.OPENED, NOW, NOW + 10 * HOUR), Difference.LATER),
    (AT_NOON, HELD, Difference.HELD),
    (AT_NOON, ABSENT, Difference.FEWER),
    (HELD, AT_NOON, Difference.MORE),
    (ABSENT, AT_NOON, Difference.MORE),
    (ABSENT, HELD, Difference.SAME),
    (HELD, HELD, Difference.SAME),
])  # fmt: skip
def test_tickets_are_compared_by_opening_then_by_due(was: Fate, would: Fate, expected: Difference) -> None:
    assert difference(was, would) is expected


def told(hours: float, who: str = "dee", what: str = "step 1") -> Telling:
    return Telling(NOW + hours * HOUR, who, what)


def compared(
    was: list[Telling], would: list[Telling], within: float = 0
) -> list[tuple[str, str, Difference]]:
    return [(one.who, one.what, one.difference) for one in tellings_compared(was, would, within * HOUR)]


def test_what_one_reader_is_told_of_one_thing_is_matched_in_order_of_time() -> None:
    was = [told(5), told(1), told(3, "sam"), told(4, what="open")]
    would = [told(0), told(6), told(9), told(4, what="open")]

    assert compared(was, would) == [
        ("dee", "open", Difference.SAME),
        ("dee", "step 1", Difference.EARLIER),
        ("dee", "step 1", Difference.LATER),
        ("dee", "step 1", Difference.MORE),
        ("sam", "step 1", Difference.FEWER),
    ]


def test_within_the_tolerance_it_is_the_same() -> None:
    assert compared([told(0)], [told(1)], 1) == [("dee", "step 1", Difference.SAME)]
    assert compared([told(1)], [told(0)], 1) == [("dee", "step 1", Difference.SAME)]
    assert compared([told(0)], [told(1)], 0.5) == [("dee", "step 1", Difference.LATER)]
    assert tellings_compared([told(0)], [told(1)], HOUR) == [ToldOtherwise("dee", "step 1", NOW, NOW)]


def test_every_limit_says_why() -> None:
    assert WHY.keys() == set(Limit)
    assert Cannot(Limit.DUE).why == WHY[Limit.DUE]
