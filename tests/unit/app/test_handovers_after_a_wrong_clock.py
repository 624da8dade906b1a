"""A clock was ahead for a round: a handover that it came to is told, tapped and missed when it really comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from harness import Harness
from on_duty import ANN, BEFORE, BEN, CEM, DAY, NINE, SAM, SITE, duty, on_duty, tap, told_at, why_dead
from worker.app.tell.signed_links import Dead
from worker.domain.escalation.spans import Span

__all__ = ["duty"]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ON_CALL = "You are on call for site"


def told_ahead(harness: Harness, days: int, *, is_missed: bool) -> None:
    """The handover in so many days, by the wrong clock; then the clock is right, an hour before today's."""
    assert len(told_at(harness, NINE + days * DAY)) == 1
    if is_missed:
        assert len(told_at(harness, NINE + days * DAY + 30 * MINUTE)) == 1
    assert told_at(harness, NINE - HOUR) == []


@pytest.mark.parametrize("days", [1, 8])
@pytest.mark.parametrize("is_missed", [False, True])
@pytest.mark.parametrize("is_new_process", [False, True])
def test_it_is_told_when_it_comes_and_missed_once(
    duty: Harness, days: int, is_missed: bool, is_new_process: bool
) -> None:
    told_ahead(duty, days, is_missed=is_missed)
    if is_new_process:
        duty.start(duty.app.rules)

    for day in range(days + 2):
        nine, who = NINE + day * DAY, (ANN, BEN)[day % 2]
        assert told_at(duty, nine - MINUTE) == []
        assert told_at(duty, nine) == [f"{who}: {ON_CALL}"]
        assert told_at(duty, nine + 29 * MINUTE) == []
        name = who.partition("@")[0].title()
        assert told_at(duty, nine + 30 * MINUTE) == [f"{SAM}: {name} has not taken over site"]
        assert told_at(duty, nine + HOUR) == []


@pytest.mark.parametrize("is_tapped_ahead", [False, True])
def test_its_new_link_takes_it_over(duty: Harness, is_tapped_ahead: bool) -> None:
    told_at(duty, NINE + DAY)
    if is_tapped_ahead:
        tap(duty, BEN)
    told_at(duty, NINE)
    tap(duty, ANN)
    if not is_tapped_ahead:
        assert why_dead(duty, BEN) == (Dead.MOVED, None)
    assert told_at(duty, NINE + DAY) == [f"{BEN}: {ON_CALL}"]
    tap(duty, BEN)

    assert told_at(duty, NINE + DAY + HOUR) == []


def test_a_clock_that_goes_back_by_an_hour_after_each_run_tells_each_once(company: Harness) -> None:
    short = (Span(NINE, NINE + 20 * MINUTE, CEM), Span(NINE + 40 * MINUTE, NINE + 2 * HOUR, ANN))
    only_ben = replace(BEFORE, handover=time(0))
    harness = on_duty(company, replace(SITE, layers=(only_ben,), overrides=short), has_told_links=False)
    told = []
    for minutes in range(0, 120, 10):
        told += told_at(harness, NINE + minutes * MINUTE)
        told += told_at(harness, NINE + minutes * MINUTE - HOUR)

    assert told == [f"{one}: {ON_CALL}" for one in (CEM, BEN, ANN)]
