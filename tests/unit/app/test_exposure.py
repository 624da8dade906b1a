"""Exposed member-hours over the whole worker: from tickets and held plans, by department, in local months."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from worker.app.evidence.exposure_report import exposure_page, exposure_table
from worker.app.refused import Refused
from worker.contract.exposure import ExposureReportShape
from worker.domain.controls.exposed_hours import ExposureRow
from worker.domain.controls.policy import ControlPolicy
from worker.domain.evidence.actor import Actor

Start = Callable[..., Harness]
HOUR = timedelta(hours=1)
ALL = replace(ControlPolicy(), report_min=1)


def rows(harness: Harness, month: str = "") -> list[ExposureRow]:
    [one] = harness.app.exposure.months(month, harness.now)
    return list(one.rows)


@pytest.fixture
def wards(start: Start) -> Harness:
    """The ward of ann, ben, cem and dee; ann and ben are of the Surgery, and it is 24 November."""
    harness = start(controls=ALL, sensitive=("ward-9",))
    harness.hire("ann", "ben", department="Surgery")
    harness.group("ward-9", "cem", admins=["dee"])
    harness.settle()
    return harness


def test_hours_by_department_messenger_and_sensitivity(wards: Harness) -> None:
    wards.leave("ann", "cem")
    wards.settle()
    wards.later(hours=5)
    assert [
        (one.department, one.messenger, one.is_sensitive, one.exposed, one.still_open) for one in rows(wards)
    ] == [
        ("", "whatsapp", False, 5 * HOUR, 1),
        ("", "whatsapp", True, 5 * HOUR, 1),
        ("Surgery", "whatsapp", False, 5 * HOUR, 1),
    ]
    wards.drop("ward-7", "ann")
    wards.settle()
    wards.later(hours=2)
    surgery = rows(wards)[-1]
    assert (surgery.exposed, surgery.median, surgery.p90, surgery.still_open) == (
        5 * HOUR,
        5 * HOUR,
        5 * HOUR,
        0,
    )


def test_a_claim_is_apart(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    [ticket] = wards.tickets()
    wards.desk.done(ticket.id, by=Actor("dee"), reason="done", now=wards.later(hours=4))
    wards.later()
    [row] = rows(wards)
    assert (row.exposed, row.claimed, row.median) == (0 * HOUR, 4 * HOUR, None)


def test_who_waits_for_a_decision_counts_and_the_groups_sensitivity_is_looked_up(found: Start) -> None:
    harness = found(controls=ALL, sensitive=("ward-9",))
    harness.hire("ann", "dee", *(f"p{number}" for number in range(18)), department="Surgery")
    harness.group("ward-7", "ann", admins=["dee"])
    harness.group("ward-9", "ann", admins=["dee"])
    harness.leave("ann")
    harness.settle()
    assert not harness.tickets()
    harness.later(hours=3)
    assert [(one.is_sensitive, one.exposed) for one in rows(harness)] == [(False, 3 * HOUR), (True, 3 * HOUR)]


def test_small_departments_are_shown_together(start: Start) -> None:
    harness = start(controls=replace(ControlPolicy(), report_min=2))
    harness.hire("ann", department="Porters")
    harness.hire("ben", department="Laundry")
    harness.hire("cem", "eve", "fay", department="Surgery")
    harness.settle()
    harness.leave("ann", "ben", "cem")
    harness.settle()
    harness.later()
    assert [(one.department, one.exposed) for one in rows(harness)] == [(None, 2 * HOUR), ("Surgery", HOUR)]


def test_each_month_has_its_part(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    left_at = wards.now
    wards.later(days=10)
    november, december = wards.app.exposure.months("2026-12", wards.now, 2)
    assert (november.month.name, december.month.name) == ("2026-11", "2026-12")
    assert november.total.exposed == november.month.ends_at - left_at
    assert november.total.exposed + december.total.exposed == timedelta(days=10)
    assert rows(wards, "2026-11") == list(november.rows)
    assert rows(wards, "2026-10") == []


@pytest.mark.parametrize("month", ["november", "2026-13", "2026-1", "1969-12", "2026-11-01"])
def test_what_is_no_month_is_refused(wards: Harness, month: str) -> None:
    with pytest.raises(Refused, match="write it like 2026-11"):
        rows(wards, month)


@pytest.mark.parametrize("month", ["2026-12", "9999-12"])
def test_a_month_that_has_not_begun_is_refused(wards: Harness, month: str) -> None:
    with pytest.raises(Refused, match="has not begun"):
        rows(wards, month)


def test_json_is_as_promised(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    wards.later(minutes=90)
    wards.drop("ward-7", "ann")
    wards.settle()
    [one] = wards.app.exposure.months("", wards.now)
    assert ExposureReportShape.of(one).model_dump(mode="json") == {
        "month": "2026-11",
        "rows": [
            {"department": "Surgery", "messenger": "whatsapp", "sensitive": False, "member_hours": 1.5,
             "claimed_hours": 0.0, "open": 0, "median_h": 1.5, "p90_h": 1.5, "from_first_sight": 1},
        ],
    }  # fmt: skip
    header, line = exposure_table(one).splitlines()
    assert header.startswith('\ufeff"month","department"')
    assert line == '"2026-11","Surgery","whatsapp","no","1.5","0.0","0","1.5","1.5","1"'


# --- the page ------------------------------------------------------------------------------------------


def page(harness: Harness) -> str:
    return exposure_page(harness.app.exposure.months("", harness.now, 6), "St Mary's", harness.now)


def test_the_page_has_three_charts_with_words_and_no_scripts(wards: Harness) -> None:
    wards.leave("ann", "cem")
    wards.settle()
    wards.later(hours=5)
    text = page(wards)
    assert text.count("<svg ") == text.count("<desc ") == 3
    assert "<script" not in text
    assert "Surgery: 5.0 h" in text
    assert "November 2026: 15.0 h" in text
    assert "October 2026" not in text, "nothing is recorded of it"
    assert "WhatsApp: 15.0 h" in text
    assert "department not known" in text
    assert "St Mary&#39;s" in text


def test_the_page_of_a_month_without_leavers(wards: Harness) -> None:
    text = page(wards)
    assert text.count("<svg ") == 1
    assert text.count("Nobody who had left was in a group.") == 2


def test_names_on_the_page_are_text_and_long_charts_are_cut(start: Start) -> None:
    harness = start(controls=ALL)
    for number, who in enumerate(
        ["ann", "ben", "cem", "eve", "fay", "gus", "hal", "ida", "jon", "kay", "leo"]
    ):
        harness.hire(who, department=f"<b>Department number {number} of the hospital of Saint Example</b>")
    harness.group(
        "ward-8", "eve", "fay", "gus", "hal", "ida", "jon", "kay", "leo", admins=["dee"], messenger="pager"
    )
    harness.settle()
    harness.leave("ann", "ben", "cem")
    harness.settle()
    harness.leave("eve", "fay", "gus")
    harness.later()
    harness.settle()
    harness.leave("hal", "ida", "jon", "kay", "leo")
    harness.later()
    harness.settle()
    harness.later()
    text = page(harness)
    assert "<b>Dep" not in text
    assert "&lt;b&gt;Department number 0" in text
    assert "others (1)" in text
    assert "…</text>" in text
    assert "pager: " in text


def test_no_name_turns_the_direction_of_the_page(wards: Harness) -> None:
    months = wards.app.exposure.months("", wards.now, 6)
    row = ExposureRow("Ward\u202eevitca", "chat", False, *(timedelta(hours=2),) * 2, 0, None, None, 0)
    text = exposure_page([*months[:-1], replace(months[-1], rows=(row,))], "St Mary's", wards.now)
    assert text.count("Ward") == 3  # in the chart's words, on its bar and in the table
    assert "\u202e" not in text


def test_of_months_before_the_records_nothing_is_said(wards: Harness) -> None:
    wards.leave("ann")
    wards.settle()
    wards.later(hours=5)

    assert [one.month.name for one in wards.app.exposure.months("", wards.now, 3)] == ["2026-11"]
    [june] = wards.app.exposure.months("2026-06", wards.now)
    assert (june.rows, june.is_recorded) == ([], False)
