"""Instants that a wrong clock left behind."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.domain.instants import has_come

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)


@pytest.mark.parametrize(
    "ahead, is_come",
    [(-HOUR, True), (timedelta(0), True), (MOMENT, False), (HOUR, False), (HOUR + MOMENT, True)],
)
def test_an_instant_has_come_or_lies_further_ahead_than_anything_sets_it(
    ahead: timedelta, is_come: bool
) -> None:
    assert has_come(NOW + ahead, NOW, HOUR) is is_come
