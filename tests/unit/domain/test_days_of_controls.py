"""The days that controls name and go by are the organisation's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from good_group import GOOD, policy, said, shown
from worker.domain.controls.control import ControlResult
from worker.domain.controls.examining import examine

NOW = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)  # the first of July in Tokyo
BEFORE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
TOKYO = replace(GOOD, timezone="Asia/Tokyo", taken_at=NOW, register_at=NOW)


def said_of(control: str, **changes: Any) -> ControlResult:
    [found] = [one for one in examine(replace(TOKYO, **changes), policy(), NOW) if one.control.id == control]
    return found.result


def test_a_review_has_the_period_that_it_is_there() -> None:
    result = said_of("group.review", reviewed_at=BEFORE)
    assert (result.found, result.occasion) == ("2027-01-01", "review:2027Q3")


@pytest.mark.parametrize(
    "control, changes",
    [("group.roster_fresh", {"taken_at": BEFORE}), ("group.dormant", shown(last_activity_at=BEFORE))],
)
def test_a_day_is_said_as_it_is_there(control: str, changes: dict[str, Any]) -> None:
    assert said_of(control, **changes).wanted == "2027-01-01"


def test_a_group_has_ended_once_its_last_day_is_over_there() -> None:
    changes = said(ends_on=date(2027, 6, 30))
    assert said_of("group.dormant", **changes).found == "ended"
    assert said_of("group.dormant", **changes, timezone="UTC").found != "ended"
