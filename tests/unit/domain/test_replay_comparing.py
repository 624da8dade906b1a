"""Two plays of the same history are compared."""

from __future__ import annotations

import pytest

from builders import HOUR, NOW
from worker.domain.replay.comparing import (
    Notice,
    PlayEffect,
    ToldOtherwise,
    difference,
    tellings_compared,
)
from worker.domain.replay.fates import Become, Fate
from worker.domain.replay.limits import WHY, Cannot, Limit

AT_NOON = Fate(Become.OPENED, NOW, NOW + 9 * HOUR)
HELD, ABSENT = Fate(Become.HELD), Fate(Become.ABSENT)


@pytest.mark.parametrize("was, would, expected", [
    (AT_NOON, AT_NOON, PlayEffect.SAME),
    (AT_NOON, Fate(Become.OPENED, NOW - HOUR, NOW + 99 * HOUR), PlayEffect.EARLIER),
    (AT_NOON, Fate(Become.OPENED, NOW + HOUR, NOW + 2 * HOUR), PlayEffect.LATER),
    (AT_NOON, Fate(Become.OPENED, NOW, NOW + 8 * HOUR), PlayEffect.EARLIER),
    (AT_NOON, Fate(Become.OPENED, NOW, NOW + 10 * HOUR), PlayEffect.LATER),
    (AT_NOON, HELD, PlayEffect.HELD),
    (AT_NOON, ABSENT, PlayEffect.FEWER),
    (HELD, AT_NOON, PlayEffect.MORE),
    (ABSENT, AT_NOON, PlayEffect.MORE),
    (ABSENT, HELD, PlayEffect.SAME),
    (HELD, HELD, PlayEffect.SAME),
])  # fmt: skip
def test_tickets_are_compared_by_opening_then_by_due(was: Fate, would: Fate, expected: PlayEffect) -> None:
    assert difference(was, would) is expected


def told(hours: float, who: str = "dee", what: str = "step 1") -> Notice:
    return Notice(NOW + hours * HOUR, who, what)


def compared(was: list[Notice], would: list[Notice], within: float = 0) -> list[tuple[str, str, PlayEffect]]:
    return [(one.who, one.what, one.difference) for one in tellings_compared(was, would, within * HOUR)]


def test_what_one_reader_is_told_of_one_thing_is_matched_in_order_of_time() -> None:
    was = [told(5), told(1), told(3, "sam"), told(4, what="open")]
    would = [told(0), told(6), told(9), told(4, what="open")]

    assert compared(was, would) == [
        ("dee", "open", PlayEffect.SAME),
        ("dee", "step 1", PlayEffect.EARLIER),
        ("dee", "step 1", PlayEffect.LATER),
        ("dee", "step 1", PlayEffect.MORE),
        ("sam", "step 1", PlayEffect.FEWER),
    ]


def test_within_the_tolerance_it_is_the_same() -> None:
    assert compared([told(0)], [told(1)], 1) == [("dee", "step 1", PlayEffect.SAME)]
    assert compared([told(1)], [told(0)], 1) == [("dee", "step 1", PlayEffect.SAME)]
    assert compared([told(0)], [told(1)], 0.5) == [("dee", "step 1", PlayEffect.LATER)]
    assert tellings_compared([told(0)], [told(1)], HOUR) == [ToldOtherwise("dee", "step 1", NOW, NOW)]


def test_every_limit_says_why() -> None:
    assert WHY.keys() == set(Limit)
    assert Cannot(Limit.DUE).why == WHY[Limit.DUE]
