"""Rows of which it is in doubt who or which group they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.office import Rows
from fakes.register_files import HEAD, A, B, C, only, places, read_rows, shown
from worker.domain.model import Coverage, Member, Role

WHO = ["Group", "Name", "Phone", "E-mail", "Employee id"]
WARD_PHONE = "+442079460018"


def members(tmp_path: Path, rows: Rows) -> tuple[Member, ...]:
    return only(read_rows(tmp_path, [WHO, *(["Ward 7", *row] for row in rows)])).members


@pytest.mark.parametrize(
    "head",
    [
        ["Group", "First name", "Phone"],
        ["Gruppe", "Vorname (wie im Ausweis)", "Telefon"],
        ["Grupo", "Nombre y primer apellido", "Teléfono"],
        ["Groupe", "Nom de famille", "Téléphone"],
        ["Grupo", "Primeiro nome", "Telefone"],
        ["المجموعة", "اسم العائلة", "الهاتف"],
        ["Group", "Colleague / Kollege", "Phone"],
        ["Group", "Name 1", "Phone"],
        ["Group", "Name of the staff member", "Phone"],
        ["Group", "Employee's surname", "Phone"],
        ["Gruppe", "Nachname des Mitglieds", "Telefon"],
        ["Groupe", "Prénom de l'employée", "Téléphone"],
        ["Grupo", "Apellido del miembro", "Teléfono"],
    ],
)
def test_a_row_whose_name_stands_under_an_unknown_heading_makes_the_group_partial(
    tmp_path: Path, head: list[str]
) -> None:
    reading = read_rows(tmp_path, [head, ["Ward 7", "Amy", ""], ["Ward 7", "Ben", B]])
    assert only(reading).coverage is Coverage.PARTIAL
    assert places(reading) == ["sheet 'Groups', row 2"]


def test_a_row_with_half_of_a_name_makes_the_group_partial(tmp_path: Path) -> None:
    reading = read_rows(
        tmp_path, [["Gruppe", "Name", "Vorname"], ["Ward 7", "", "Amy"], ["Ward 7", "Ben", ""]]
    )
    assert only(reading).coverage is Coverage.PARTIAL


@pytest.mark.parametrize(
    "heading, value",
    [
        ("No.", 1),
        ("Nr", "1"),
        ("Remarks", "closed in May"),
        ("Notes", "ask Amy"),
        ("Site", "North"),
        ("Site name", "North"),
        ("Updated by", "Amy"),
        ("Last", "2026-11-24"),
        ("First name", "n/a"),
        ("", "to be filled in"),
    ],
)
def test_a_row_that_names_a_group_and_says_nothing_of_a_member_is_about_the_group(
    tmp_path: Path, heading: str, value: str | int
) -> None:
    head = ["Group", "Name", "Phone", heading]
    reading = read_rows(tmp_path, [head, ["Ward 7", "", "", value], ["Ward 7", "Ben", B, value]])
    assert (only(reading).coverage, len(only(reading).members), reading.problems) == (Coverage.FULL, 1, ())


@pytest.mark.parametrize("heading", ["", "Spitzname", "Function"])
@pytest.mark.parametrize("group", ["", "Ward 7"])
def test_a_name_where_nothing_says_that_there_are_names_is_somebody(
    tmp_path: Path, heading: str, group: str
) -> None:
    """Their number was taken out of the row, which is still there: they may be in the group."""
    head = ["Group", heading, "Phone"]
    rows = [["Ward 7", "Amy Ash", WARD_PHONE], [group, "Karl White", ""], [group, "Ben Birch", B]]
    reading = read_rows(tmp_path, [head, *rows])
    assert only(reading).coverage is Coverage.PARTIAL
    assert [problem.place for problem in reading.problems] == ["sheet 'Groups', row 3"]


def test_a_column_without_a_heading_is_said_not_to_be_used(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["Group", "", "Phone", "Shift"], ["Ward 7", "yes", B, "early"]])
    assert reading.warnings == ("sheet 'Groups': not used: 'Shift' (D), a column without a heading (B)",)


def test_a_remark_beside_an_empty_cell_of_members_is_about_the_group(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["Group", "Members", "Remarks"], ["Ward 7", "", "closed in May"]])
    assert (only(reading).coverage, reading.problems) == (Coverage.FULL, ())


@pytest.mark.parametrize(
    "rows",
    [
        [["Amy", WARD_PHONE, "amy@x.example", ""], ["Ben", "020 7946 0018 ext 12", "ben@x.example", ""]],
        [["Amy", WARD_PHONE, "", "7"], ["Ben", WARD_PHONE, "", "8"]],
        [
            ["Amy", WARD_PHONE, "amy@x.example", ""],
            ["Ben", WARD_PHONE, "", ""],
            ["", WARD_PHONE, "ben@x.example", ""],
        ],
        [["Amy Ash", WARD_PHONE, "", ""], ["Ben Birch", WARD_PHONE, "", ""]],
        [["Amy Ash", WARD_PHONE, "amy@x.example", ""], ["Ben Birch", WARD_PHONE, "", "8"]],
    ],
    ids=["addresses", "employee ids", "three rows", "names alone", "names, and one address"],
)
def test_a_number_that_two_people_have_is_nobodys(tmp_path: Path, rows: Rows) -> None:
    (found,) = members(tmp_path, rows)
    assert found.handle == WARD_PHONE
    assert (found.phone, found.email, found.employee_id) == (None, None, None)


def test_everybody_who_has_a_number_is_named(tmp_path: Path) -> None:
    rows: Rows = [[name, WARD_PHONE, f"{name}@x.example", ""] for name in ("Amy", "Ben", "Cem")]
    roster = only(read_rows(tmp_path, [WHO, *(["Ward 7", *row] for row in rows)]))
    assert [one.display_name for one in roster.members] == ["Amy, Ben, Cem"]
    assert "has the number of somebody else in this group" in roster.warnings[0]


@pytest.mark.parametrize(
    "again",
    [
        ["Amy", A, "amy@x.example", ""],
        ["amy ash", A, "amy@home.example", ""],
        ["Amy Ash", A, "amy@home.example", "A7"],
        ["Zoe Birch", A, "amy@x.example", ""],
        ["ash,  AMY", A, "", ""],
        ["Amy Birch", A, "", ""],
        ["Zoe", A, "", ""],
        ["إيمي رماد", A, "", ""],
    ],
    ids=[
        "another name", "another address", "the same employee id", "the same address", "words turned round",
        "another last name", "a nickname", "another script",
    ],
)  # fmt: skip
def test_one_person_who_is_listed_twice_is_one_member(tmp_path: Path, again: list[str]) -> None:
    (found,) = members(tmp_path, [["Amy Ash", A, "amy@x.example", "a7"], again])
    assert (found.phone, found.email, found.employee_id, found.role) == (
        A,
        "amy@x.example",
        "a7",
        Role.UNKNOWN,
    )


@pytest.mark.parametrize("rounded", ["1.20363E+17", "1,20363e+17", 1.20363e17])
def test_an_id_that_a_spreadsheet_rounded_is_none(tmp_path: Path, rounded: str | float) -> None:
    rows: Rows = [["Group id", *HEAD], [rounded, "Ward 7", "Amy", A, ""], [rounded, "Ward 8", "Ben", B, ""]]
    reading = read_rows(tmp_path, rows)
    assert [one.group.group_id for one in reading.rosters] == ["ward-7", "ward-8"]
    assert places(reading) == ["sheet 'Groups', A2", "sheet 'Groups', A3"]


@pytest.mark.parametrize("group", [["#REF!", ""], ["", "1.20363E+17"]], ids=["formula", "id"])
def test_rows_below_a_group_that_cannot_be_read_are_of_no_group(tmp_path: Path, group: list[str]) -> None:
    """Nor of the group before it; so nobody counts as gone from any group of the sheet."""
    rows: Rows = [
        [*HEAD, "Group id"],
        ["Ward 7", "Amy", A, "", ""],
        [group[0], "Ben", B, "", group[1]],
        ["", "Cem", C, "", ""],
    ]
    reading = read_rows(tmp_path, rows)
    assert (shown(reading), only(reading).coverage) == ({"Ward 7": [(A, "member")]}, Coverage.PARTIAL)


@pytest.mark.parametrize("group, name, phone", [("x" * 501, "Ben", B), ("Ward 7", "x" * 501, "")])
def test_a_name_without_end_is_set_aside_and_its_place_is_named(
    tmp_path: Path, group: str, name: str, phone: str
) -> None:
    """No index of PostgreSQL takes it: the whole read would end."""
    reading = read_rows(tmp_path, [HEAD, ["Ward 7", "Amy", A, ""], [group, name, phone, ""]])
    assert shown(reading) == {"Ward 7": [(A, "member")]}
    [problem] = reading.problems
    assert "longer than 500 letters" in str(problem)


def test_a_cell_with_many_members_may_be_long(tmp_path: Path) -> None:
    names = "; ".join(f"Member {number}" for number in range(90))
    reading = read_rows(tmp_path, [["Group", "Members"], ["Ward 7", names]])
    assert len(only(reading).members) == 90


@pytest.mark.parametrize(
    "cell",
    [
        f"Amy {A}; Ben {B}",
        f"Amy {A}, Ben {B}",
        "Amy Ash; Ben Birch",
        "Amy Ash, Ben Birch, Cem Can",
        "Amy\nBen",
    ],
)
def test_several_members_in_a_column_for_one_are_not_read_as_the_first_of_them(
    tmp_path: Path, cell: str
) -> None:
    """Whoever stands behind would count as gone from the group."""
    reading = read_rows(tmp_path, [HEAD, ["Ward 7", cell, "", ""], ["Ward 7", "Dan", C, ""]])
    assert (shown(reading), only(reading).coverage) == ({"Ward 7": [(C, "member")]}, Coverage.PARTIAL)
    assert "members in a column for one" in str(reading.problems[0])


@pytest.mark.parametrize("cell", ["Doe, Jane", f"Doe, Jane {A}", f"Jane Doe ({A})"])
def test_one_member_may_be_written_with_a_comma(tmp_path: Path, cell: str) -> None:
    reading = read_rows(tmp_path, [HEAD, ["Ward 7", cell, "", ""]])
    assert (len(only(reading).members), reading.problems) == (1, ())
