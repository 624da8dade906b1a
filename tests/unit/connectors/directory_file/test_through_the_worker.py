"""Exports read by the poll into the store: what becomes of people when a file says odd things, or says less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from export_ward import ExportWard
from fakes.export_files import guid
from worker.domain.model import Standing
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[ExportWard]:
    made = ExportWard(tmp_path)
    yield made
    made.close()


# --- records that are set aside -----------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["soon", "31/02/2027"])
def test_whoever_is_listed_with_a_date_that_nobody_can_read_is_not_absent(ward: ExportWard, odd: str) -> None:
    ward.export("AccountExpirationDate")
    ward.h.settle()
    for _ in range(5):
        ward.h.later(days=1)
        ward.export("AccountExpirationDate", {3: odd})
        ward.h.settle()

    assert (ward.standing(3), ward.h.tickets()) == (Standing.ACTIVE, [])
    assert ward.h.source("export").counts["malformed"] == 1


def test_a_date_that_was_replaced_by_a_word_does_not_come_and_the_rest_of_the_row_is_read(
    ward: ExportWard,
) -> None:
    column = "AccountExpirationDate"
    ward.export(column, {3: f"{ward.h.now + timedelta(days=3):%Y-%m-%d}"})
    ward.h.settle()
    assert ward.standing(3) is Standing.LEAVING
    for _ in range(5):
        ward.h.later(days=1)
        ward.export(column, {3: "extended"})
        ward.h.settle()
    assert (ward.h.leavers(), ward.h.source("export").counts["malformed"]) == ([], 1)

    ward.h.later(days=1)
    ward.export(column, {3: "extended"}, disabled=[3])
    ward.h.settle()
    assert ward.standing(3) is Standing.LEFT
    assert ward.h.source("export").counts["malformed"] == 0


@pytest.mark.parametrize("name, malformed", [("P3", 0), ("P3 Smith", 1)], ids=["alike", "that differ"])
def test_one_person_on_two_rows_does_not_make_an_export_count_for_nothing(
    ward: ExportWard, name: str, malformed: int
) -> None:
    ward.export()
    ward.h.settle()
    ward.h.later(days=1)
    ward.export(disabled=[2, 3], more=f"{guid(4)},{name},{ward.h.number('3')},False\r\n")

    assert ward.h.poll().troubles == ()
    assert ward.standing(2) is Standing.LEFT
    assert ward.standing(3) is (Standing.ACTIVE if malformed else Standing.LEFT)
    assert ward.h.source("export").counts["malformed"] == malformed


@pytest.mark.parametrize("rows", [1, 2])
def test_a_row_that_runs_over_beside_a_good_one_sets_its_person_aside_and_not_the_export(
    ward: ExportWard, rows: int
) -> None:
    ward.export()
    ward.h.settle()
    ward.h.later(days=1)
    ward.export(disabled=[2, 3], more=f"{guid(4)},P3, Smith,,False\r\n" * rows)

    assert ward.h.poll().troubles == ()
    assert (ward.standing(2), ward.standing(3)) == (Standing.LEFT, Standing.ACTIVE)
    assert ward.h.source("export").counts["malformed"] == 1


# --- columns that are not there any more --------------------------------------------------------------------


@pytest.mark.parametrize("column", ["AccountExpirationDate", "accountExpires", "employeeLeaveDateTime"])
def test_whoever_left_by_a_date_is_not_back_because_an_export_lacks_its_column(
    ward: ExportWard, column: str
) -> None:
    ward.export(column)
    ward.h.settle()
    ward.h.later(days=1)
    ward.export(column, {3: "2020-11-01"})
    ward.h.settle()
    ward.h.later(days=1)
    ward.export()
    ward.h.settle()

    assert ward.standing(3) is Standing.LEFT
    assert [one.state for one in ward.h.tickets()] == [TicketState.OPEN]

    ward.h.later(days=1)
    ward.export(column)
    ward.h.settle()
    assert ward.standing(3) is Standing.ACTIVE, "the column is there, and has no date"


def test_a_coming_leave_date_comes_although_a_later_export_lacks_its_column(ward: ExportWard) -> None:
    ward.export("AccountExpirationDate", {3: f"{ward.h.now + timedelta(days=5):%Y-%m-%d}"})
    ward.h.settle()
    for days in (1, 6):
        ward.h.later(days=days)
        ward.export()
        changed = ward.h.poll().counts["changed"]

    assert (ward.standing(3), changed) == (Standing.LEFT, 0)


def test_nobody_has_moved_because_an_ldif_file_lacks_the_time_zone_of_everybody(tmp_path: Path) -> None:
    here = Placement((("timezone", ("Europe/*",)),), ("ward*",))
    ward = ExportWard(tmp_path, "people.ldf", joiners=(here,), attributes={"timezone": "extensionAttribute2"})
    try:
        ward.export_ldif(dict.fromkeys(range(11), "extensionAttribute2: Europe/London\r\n"))
        ward.h.settle()
        ward.h.later(days=1)
        ward.export_ldif()
        ward.h.settle()
        assert (ward.h.tickets(TicketKind.REMOVE_MEMBER), "person.moved" in ward.h.kinds()) == ([], False)
    finally:
        ward.close()


@pytest.mark.parametrize("attribute", ["accountExpires", "extensionAttribute1"])
def test_a_last_day_that_an_ldif_file_has_no_more_may_be_taken_back_so_it_does_not_come(
    tmp_path: Path, attribute: str
) -> None:
    ward = ExportWard(tmp_path, "people.ldf", attributes={"leave_date": "extensionAttribute1"})

    def export(days: Mapping[int, int]) -> None:
        ward.export_ldif(
            {n: f"{attribute}: {ward.h.now + timedelta(days=d):%Y-%m-%d}\r\n" for n, d in days.items()}
        )

    try:
        export({3: 5, 4: -5})
        ward.h.settle()
        assert (ward.standing(3), ward.standing(4)) == (Standing.LEAVING, Standing.LEFT)
        for _ in range(7):
            ward.h.later(days=1)
            export({})
            ward.h.settle()
        assert (ward.standing(3), ward.standing(4)) == (Standing.LEAVING, Standing.LEFT)

        ward.h.later(days=1)
        export({5: 9})
        ward.h.settle()
        assert (ward.standing(3), ward.standing(4)) == (Standing.ACTIVE, Standing.ACTIVE)
    finally:
        ward.close()


@pytest.mark.parametrize(
    "column, value, attribute",
    [
        ("Department", "Nursing", "department"),
        ("Title", "Nursing", "title"),
        ("Office", "Nursing", "office"),
        ("Company", "Nursing", "company"),
        ("DistinguishedName", '"CN=P,OU=Nursing"', "org_unit"),
        ("UsageLocation", "GB", "country"),
    ],
)
def test_nobody_has_moved_because_an_export_lacks_a_column(
    tmp_path: Path, column: str, value: str, attribute: str
) -> None:
    nurses = Placement(((attribute, ("*Nursing", "GB")),), ("ward*",))
    ward = ExportWard(tmp_path, joiners=(nurses,))
    try:
        ward.export(column, default=value)
        ward.h.settle()
        ward.h.later(days=1)
        ward.export()
        ward.h.settle()
        assert ward.h.tickets(TicketKind.REMOVE_MEMBER) == []
        assert "person.moved" not in ward.h.kinds()

        ward.h.later(days=1)
        ward.export(column, {3: ""}, default=value)
        ward.h.settle()
        assert [one.person for one in ward.h.tickets(TicketKind.REMOVE_MEMBER)] == [ward.key(3)]
    finally:
        ward.close()


# --- dates of files -----------------------------------------------------------------------------------------


def test_an_export_that_is_dated_ahead_goes_stale_in_its_time(ward: ExportWard) -> None:
    ward.export(at=ward.h.now + timedelta(days=365))
    ward.h.settle()
    first = ward.h.source("export").taken_at
    ward.h.later(days=30)
    ward.h.settle(full=True)

    assert ward.h.source("export").taken_at == first


def test_after_an_export_of_the_future_a_leaver_leaves_now_and_absence_is_proven(ward: ExportWard) -> None:
    ward.export(at=ward.h.now + timedelta(days=365))
    ward.h.settle()
    for _ in range(4):
        ward.h.later(days=1)
        ward.export(disabled=[2], without=[3])
        ward.h.settle()

    left_at = ward.h.person(ward.key(2).person_id, "export").left_at
    assert left_at is not None
    assert left_at <= ward.h.now
    assert ward.standing(3) is Standing.LEFT
