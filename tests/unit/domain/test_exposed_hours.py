"""Exposed member-hours, counted by hand: three leavers, a month's border, a change of the clocks, a claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from builders import key
from worker.domain.controls.exposed_hours import (
    ExposedHours,
    ExposureRow,
    Month,
    Stay,
    hours,
    month_of,
    months_until,
)
from worker.domain.model import GroupKey

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
OCTOBER = month_of(BERLIN, date(2026, 10, 1))
NOVEMBER = month_of(BERLIN, date(2026, 11, 15))
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
WARD = GroupKey("wards", "ward-7")


def stay(who: str, left_at: datetime, ended_at: datetime | None = None, **changes: object) -> Stay:
    return replace(Stay(key(who), WARD, "Surgery", "whatsapp", left_at, ended_at=ended_at), **changes)  # type: ignore[arg-type]


def rows(month: Month, *stays: Stay, now: datetime = NOW) -> list[ExposureRow]:
    counted = ExposedHours([month], now)
    counted.add(stays)
    return counted.rows(month)


def at(day: int, hour: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_a_month_is_that_of_the_organisations_calendar() -> None:
    """Berlin is two hours ahead of UTC until 25 October, and one hour after that: October has 745 hours."""
    assert ("2026-10", at(30, 22, 9), at(31, 23, 10)) == OCTOBER
    assert OCTOBER.ends_at - OCTOBER.starts_at == 745 * HOUR
    assert ("2026-11", at(31, 23, 10), at(30, 23)) == NOVEMBER
    assert [one.name for one in months_until(BERLIN, date(2027, 1, 31), 3)] == [
        "2026-11",
        "2026-12",
        "2027-01",
    ]


def test_three_leavers_one_of_whom_is_only_said_to_be_out() -> None:
    [row] = rows(
        NOVEMBER,
        stay("ann", at(10, 8), at(10, 14)),  # 6 h
        stay("ben", at(12), at(13, 17)),  # 41 h
        stay("cem", at(20, 8), at(20, 12), is_claimed=True),  # 4 h, by somebody's word
    )
    assert row == ExposureRow(
        "Surgery", "whatsapp", is_sensitive=False, exposed=47 * HOUR, claimed=4 * HOUR, still_open=0,
        median=23.5 * HOUR, p90=41 * HOUR, first_sight=0,
    )  # fmt: skip


def test_a_stay_over_a_border_counts_in_each_month_its_own_part_through_the_change_of_clocks() -> None:
    """Left on 24 October at 12:00 in Berlin (10:00 UTC), out on 2 November at 12:00 there (11:00 UTC)."""
    one = stay("ann", at(24, 10, 10), at(2, 11))
    [october], [november] = rows(OCTOBER, one), rows(NOVEMBER, one)
    assert (october.exposed, october.still_open, october.median) == (181 * HOUR, 1, None)
    assert (november.exposed, november.still_open, november.median) == (36 * HOUR, 0, 217 * HOUR)
    assert october.exposed + november.exposed == at(2, 11) - at(24, 10, 10)


def test_what_goes_on_counts_to_now_and_not_into_the_future() -> None:
    [row] = rows(NOVEMBER, stay("ann", NOW - 3 * HOUR))
    assert (row.exposed, row.still_open, row.median, row.p90) == (3 * HOUR, 1, None, None)
    [october] = rows(OCTOBER, stay("ann", OCTOBER.ends_at - HOUR))
    assert (october.exposed, october.still_open) == (HOUR, 1)


def test_what_lies_in_no_part_of_the_month_has_no_row() -> None:
    december = month_of(BERLIN, date(2026, 12, 1))
    assert rows(NOVEMBER, stay("ann", at(1, 0, 10), NOVEMBER.starts_at - HOUR)) == []
    assert rows(OCTOBER, stay("ann", at(10))) == []
    assert rows(NOVEMBER, stay("ann", NOW + HOUR)) == []
    assert rows(december, stay("ann", at(10))) == []


def test_departments_messengers_and_sensitive_groups_are_apart() -> None:
    found = rows(
        NOVEMBER,
        stay("ann", NOW - HOUR),
        stay("ben", NOW - 2 * HOUR, is_sensitive=True),
        stay("cem", NOW - 3 * HOUR, messenger="signal"),
        stay("dee", NOW - 4 * HOUR, department="", is_first_sight=True),
    )
    assert [(one.department, one.messenger, one.is_sensitive, hours(one.exposed)) for one in found] == [
        ("", "whatsapp", False, 4.0),
        ("Surgery", "signal", False, 3.0),
        ("Surgery", "whatsapp", True, 2.0),
        ("Surgery", "whatsapp", False, 1.0),
    ]
    assert [one.first_sight for one in found] == [1, 0, 0, 0]


def test_small_departments_are_one_row_and_the_unknown_one_stays() -> None:
    counted = ExposedHours([NOVEMBER], NOW)
    counted.add([
        stay("ann", at(10), at(10, 1)),
        stay("ben", at(10), at(10, 3), department="Porters"),
        stay("cem", at(10), at(10, 5), department="Laundry"),
        stay("dee", at(10), at(10, 2), department="Laundry", is_claimed=True, is_first_sight=True),
        stay("eve", at(10), department=""),
    ])  # fmt: skip
    assert counted.departments == {"Surgery", "Porters", "Laundry"}
    unknown, together, surgery = counted.rows(NOVEMBER, {"Porters", "Laundry"})
    assert (unknown.department, together.department, surgery.department) == ("", None, "Surgery")
    assert (together.exposed, together.claimed, together.median) == (8 * HOUR, 2 * HOUR, 4 * HOUR)
    assert (together.first_sight, together.still_open) == (1, 0)
    total = counted.total(NOVEMBER)
    assert total.exposed == unknown.exposed + 9 * HOUR
    assert (total.claimed, total.still_open, total.median) == (2 * HOUR, 1, 3 * HOUR)
    assert counted.total(OCTOBER).exposed == 0 * HOUR


def test_nine_in_ten_took_no_longer_than_the_p90() -> None:
    ten = [stay(f"p{number}", at(10), at(10) + number * HOUR) for number in range(1, 11)]
    [row] = rows(NOVEMBER, *ten)
    assert (row.median, row.p90) == (5.5 * HOUR, 9 * HOUR)
    [row] = rows(NOVEMBER, *ten[:3])
    assert (row.median, row.p90) == (2 * HOUR, 3 * HOUR)


def test_several_months_are_counted_in_one_go() -> None:
    counted = ExposedHours([OCTOBER, NOVEMBER], NOW)
    counted.add([stay("ann", NOVEMBER.starts_at - HOUR, NOVEMBER.starts_at + 2 * HOUR)])
    assert [counted.rows(month)[0].exposed for month in (OCTOBER, NOVEMBER)] == [HOUR, 2 * HOUR]
