"""What the console's first page shows: read once for all who look within a second."""

from __future__ import annotations

from harness import Harness
from worker.app.reads.situation import KEEP_S, SharedSituation, Situation, situation


def test_whoever_looks_within_a_second_shares_one_reading(company: Harness) -> None:
    clock_s = [0.0]
    readings: list[Situation] = []

    def read() -> Situation:
        readings.append(situation(company.store, company.now))
        return readings[-1]

    shared = SharedSituation(read, lambda: clock_s[0])
    shown = [shared(), shared()]
    clock_s[0] += KEEP_S
    shown.append(shared())

    assert shown == [readings[0], readings[0], readings[1]]
    assert len(readings) == 2


def test_it_counts_who_left_and_is_still_in_a_group(company: Harness) -> None:
    company.leave("ann")
    company.settle()

    found = situation(company.store, company.now)

    assert [one.name for one in found.longest] == ["Ann"]
    assert (found.live, found.overdue_count, found.questions, found.dead) == (1, 0, 0, 0)
