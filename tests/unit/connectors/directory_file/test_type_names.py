"""PowerShell wrote a type's name into cells: what it stands for is unknown, and not none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from connectors.directory.file.columns import resolve
from connectors.directory.file.config import FileConfig, Format
from connectors.directory.file.formats.csv import CsvReader
from connectors.directory.file.formats.records import RawRecord
from connectors.directory.file.mapping import Reading, map_record
from connectors.kit.mapped import Mapped
from export_ward import PEOPLE, ExportWard
from fakes.export_files import directory, guid, write
from worker.domain.model import Standing
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import DirectoryPage

COLLECTION = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
TYPES = pytest.mark.parametrize("name", [COLLECTION, "System.Object[]"])
DATE_COLUMNS = pytest.mark.parametrize(
    "column, fact",
    [("AccountExpirationDate", "expires_at"), ("accountExpires", "expires_at"), ("lastDay", "leave_at")],
)


def mapped(header: str, row: str) -> Mapped:
    """The first person of an export."""
    reader = CsvReader("people.csv", iter([f"ObjectGUID,{header}\n", f"{guid(1)},{row}\n"]))
    config = FileConfig.model_validate({"path": "people.csv", "attributes": {"leave_date": "lastDay"}})
    columns = resolve("people.csv", Format.AD_CSV, (*reader.header, "lastDay"), config)
    (raw,) = reader.records()
    assert isinstance(raw, RawRecord)
    found = map_record(raw, Reading.of("people.csv", columns, config, "GB", UTC))
    assert isinstance(found, Mapped)
    return found


@TYPES
@DATE_COLUMNS
def test_such_a_date_is_unread_and_named(column: str, fact: str, name: str) -> None:
    one = mapped(column, name)

    assert (one.facts.expires_at, one.facts.leave_at, one.facts.unread) == (None, None, (fact,))
    assert one.malformed is not None
    assert (one.malformed.record_id, one.malformed.message) == (
        guid(1),
        f"people.csv line 2: in the column {column}, PowerShell wrote a type's name in place of a date.",
    )
    assert one.malformed.remedy == f"Export @{{n='{column}'; e={{$_.{column} -join ';'}}}}."


@DATE_COLUMNS
def test_of_an_account_that_is_put_away_it_is_not_named(column: str, fact: str) -> None:
    one = mapped(f"{column},Enabled", f"{COLLECTION},False")

    assert (one.facts.unread, one.malformed) == ((fact,), None)


@TYPES
@pytest.mark.parametrize(
    "column, fact",
    [
        ("Department", "department"),
        ("jobTitle", "title"),
        ("Office", "office"),
        ("Company", "company"),
        ("DistinguishedName", "org_unit"),
        ("UsageLocation", "country"),
        ("zone", "timezone"),
        ("absence", "is_on_long_leave"),
    ],
)
def test_a_column_in_which_it_stands_once_shows_nothing_of_those_who_have_no_value(
    column: str, fact: str, name: str, tmp_path: Path
) -> None:
    settings = {"zone": "timezone", "absence": "long_leave"}
    attributes = {settings[column]: column} if column in settings else {}
    people = [f"{guid(n)},{name if n == 2 else ''}" for n in range(1, 4)]

    def unshown(rows: list[str]) -> frozenset[str]:
        write(tmp_path / "people.csv", "\r\n".join([f"ObjectGUID,{column}", *rows, ""]))
        page, _ = directory(tmp_path, attributes=attributes).changes(None)
        assert isinstance(page, DirectoryPage)
        return page.unshown

    assert fact in unshown(people)
    assert fact not in unshown([people[0], people[2]]), "the column is there and empty"


def test_a_place_that_another_column_shows_is_shown(tmp_path: Path) -> None:
    text = f"ObjectGUID,title,jobTitle\r\n{guid(1)},{COLLECTION},Nurse\r\n"
    write(tmp_path / "people.csv", text)

    page, _ = directory(tmp_path).changes(None)

    assert isinstance(page, DirectoryPage)
    assert ("title" in page.unshown, page.records[0].title) == (False, "Nurse")


# --- through the worker -------------------------------------------------------------------------------------


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[ExportWard]:
    made = ExportWard(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("others", ["", COLLECTION], ids=["of one", "of everybody"])
@pytest.mark.parametrize("column", ["AccountExpirationDate", "employeeLeaveDateTime"])
def test_whoever_left_by_a_date_is_not_back_by_a_type_s_name(
    ward: ExportWard, column: str, others: str
) -> None:
    ward.export(column)
    ward.h.settle()
    ward.h.later(days=1)
    ward.export(column, {3: "2020-11-01"})
    ward.h.settle()
    assert ward.standing(3) is Standing.LEFT
    ward.h.later(days=1)
    ward.export(column, {3: COLLECTION}, default=others)
    troubles = ward.h.poll().troubles
    ward.h.reconcile()

    assert bool(troubles) is bool(others), "an export that says nothing of anybody proves nothing"
    assert [ward.standing(n) for n in (2, 3)] == [Standing.ACTIVE, Standing.LEFT]
    assert [one.state for one in ward.h.tickets()] == [TicketState.OPEN]


def test_a_day_that_a_type_s_name_took_the_place_of_does_not_come(ward: ExportWard) -> None:
    column = "employeeLeaveDateTime"
    ward.export(column, {3: f"{ward.h.now + timedelta(days=3):%Y-%m-%d}"})
    ward.h.settle()
    for _ in range(5):
        ward.h.later(days=1)
        ward.export(column, {3: COLLECTION})
        ward.h.settle()

    assert (ward.standing(3), ward.h.leavers()) == (Standing.LEAVING, [])
    assert ward.h.source("export").counts["malformed"] == 1


@pytest.mark.parametrize(
    "column, value, attribute",
    [
        ("Department", "Nursing", "department"),
        ("DistinguishedName", '"CN=P,OU=Nursing"', "org_unit"),
        ("UsageLocation", "GB", "country"),
    ],
)
def test_nobody_has_moved_by_a_type_s_name(tmp_path: Path, column: str, value: str, attribute: str) -> None:
    nurses = Placement(((attribute, ("*Nursing", "GB")),), ("ward*",))
    ward = ExportWard(tmp_path, joiners=(nurses,))
    try:
        ward.export(column, default=value)
        ward.h.settle()
        for some in (dict.fromkeys(range(4), COLLECTION), dict.fromkeys(range(PEOPLE), COLLECTION)):
            ward.h.later(days=1)
            ward.export(column, some, default=value)
            ward.h.settle()
        assert (ward.h.tickets(TicketKind.REMOVE_MEMBER), "person.moved" in ward.h.kinds()) == ([], False)

        ward.h.later(days=1)
        ward.export(column, {3: ""}, default=value)
        ward.h.settle()
        assert [one.person for one in ward.h.tickets(TicketKind.REMOVE_MEMBER)] == [ward.key(3)]
    finally:
        ward.close()


@pytest.mark.parametrize("column", ["UsageLocation", "Department"])
def test_nobody_has_two_places_when_a_type_s_name_stands_beside_others(tmp_path: Path, column: str) -> None:
    ward = ExportWard(tmp_path)
    try:
        ward.export(column, default="DE")
        ward.h.settle()
        ward.h.later(days=1)
        ward.export(column, {3: COLLECTION}, default="AT")
        ward.h.settle()
        people = [ward.h.person(guid(n + 1), "export").facts for n in (2, 3)]
    finally:
        ward.close()
    if column == "Department":
        assert [one.department for one in people] == ["AT", "DE"]
    else:
        assert [one.attributes for one in people] == [(("country", "DE"),)] * 2
