"""What a register says of a group besides its members: purpose, class, sensitivity, dates, status."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.table import Kind, Table
from connectors.inventory.register.meaning.about import SAID, TEXT_MAX
from connectors.inventory.register.meaning.headings import find_header
from connectors.inventory.register.meaning.labels import (
    HEADINGS,
    LANGUAGES,
    STATUS_WORDS,
    YES_NO_WORDS,
    label,
)
from connectors.inventory.register.tools.template import HEADER_ROW, write_template
from fakes.office import new_book
from fakes.register_files import only, places, read_file, read_rows
from worker.domain.model import NOTHING_SAID, RegisterFacts, RegisterStatus, Role, Roster

A, B = "+447700900101", "+447700900102"
DAY = date(2026, 11, 24)
CELLS: dict[Meaning, Any] = {
    Meaning.PURPOSE: " Hand-over\nof nights ",
    Meaning.OWNER_DEPARTMENT: "Nursing",
    Meaning.DATA_CLASS: "Patient data",
    Meaning.SENSITIVE: "yes",
    Meaning.EXTERNALS_ALLOWED: "no",
    Meaning.DESCRIPTION_OK: "✓",
    Meaning.PICTURE_OK: "✗",
    Meaning.APPROVAL: "x",
    Meaning.CREATED_ON: "24.11.2026",
    Meaning.ENDS_ON: "2026-11-24",
    Meaning.STATUS: "closed",
    Meaning.REVIEW_DUE: datetime(2026, 11, 24, 15, 0),  # noqa: DTZ001  as Excel has it
    Meaning.MOVE_TO: "Microsoft Teams",
    Meaning.CLOSED_ON: "24 November 2026",
}
ALL_SAID = RegisterFacts(
    purpose="Hand-over of nights", owner_department="Nursing", data_class="Patient data", sensitive=True,
    externals_allowed=False, description_ok=True, picture_ok=False, approval=True, created_on=DAY, ends_on=DAY,
    status=RegisterStatus.CLOSED, review_due=DAY, move_to="teams", closed_on=DAY,
)  # fmt: skip


def said_in(folder: Path, **cells: Any) -> Roster:
    """The group of a row with these cells besides group and phone, by the key of their column."""
    heads = [label("en", Meaning(key)) for key in cells]
    return only(read_rows(folder, [["Group", "Phone", *heads], ["Ward 7", A, *cells.values()]]))


def said(folder: Path, **cells: Any) -> RegisterFacts:
    roster = said_in(folder, **cells)
    assert roster.registered is not None
    return roster.registered


def meaning_of(heading: str, *more: str) -> str:
    header = find_header(Table("Groups", Kind.SHEET, [["Group", "Phone", heading, *more]]), {})
    assert header is not None
    return next(meaning.value if meaning else "" for _, text, meaning in header.headings if text == heading)


def test_every_column_is_read(tmp_path: Path) -> None:
    assert CELLS.keys() == set(SAID)
    assert said(tmp_path, **{meaning.value: cell for meaning, cell in CELLS.items()}) == ALL_SAID


def test_no_column_has_to_be_there(tmp_path: Path) -> None:
    roster = said_in(tmp_path)
    assert (roster.registered, roster.warnings) == (NOTHING_SAID, ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_filled_in_template_of_every_language_is_read(tmp_path: Path, language: str) -> None:
    path = tmp_path / "register.xlsx"
    write_template(path, language)
    book = openpyxl.load_workbook(path)
    columns: list[Meaning] = [one for one in HEADINGS[language] if one is not Meaning.AS_OF]
    yes, no = YES_NO_WORDS[language]
    closed = STATUS_WORDS[language][RegisterStatus.CLOSED]
    words = {"yes": yes, "✓": yes, "x": yes, "no": no, "✗": no, "closed": closed}
    filled = CELLS | {Meaning.GROUP_NAME: "Ward 7", Meaning.PHONE: A}
    for meaning, cell in filled.items():
        book.worksheets[0].cell(HEADER_ROW + 1, columns.index(meaning) + 1, words.get(cell, cell))
    book.save(path)

    assert only(read_file(path)).registered == ALL_SAID


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_words_of_a_status_are_understood(tmp_path: Path, language: str) -> None:
    for status, word in STATUS_WORDS[language].items():
        assert said(tmp_path, status=word).status is status


@pytest.mark.parametrize("never", ["9999-12-31", "31.12.9999"])
def test_a_group_that_ends_in_the_year_9999_has_no_end(tmp_path: Path, never: str) -> None:
    reading = read_rows(tmp_path, [["Group", "Phone", "Purpose", "Ends on"], ["Ward 7", A, "Nights", never]])
    registered = only(reading).registered
    assert registered is not None
    assert (registered.ends_on, reading.problems) == (None, ())


@pytest.mark.parametrize("meaning", SAID)
def test_a_column_is_known_by_its_key(meaning: Meaning) -> None:
    assert meaning_of(meaning.value) == meaning.value
    assert meaning.value in {f.name for f in fields(RegisterFacts)}


@pytest.mark.parametrize(
    "heading, meaning",
    [
        ("Class", ""), ("Klasse", ""), ("Classe", ""), ("Clase", ""), ("الفصل", ""), ("الفئة", ""),
        ("Classification", "data_class"), ("Data class", "data_class"), ("Datenklasse", "data_class"),
        ("Owner", "owner_email"), ("Owner department", "owner_department"), ("Owner's department", "owner_department"),
        ("Owner (department)", "owner_department"), ("Owner / department", "owner_department"),
        ("Verantwortlich", "owner_email"), ("Verantwortliche Abteilung", "owner_department"),
        ("Responsable", "owner_email"), ("Service responsable", "owner_department"),
        ("Departamento responsable", "owner_department"), ("Departamento responsável", "owner_department"),
        ("القسم المسؤول", "owner_department"), ("Department", ""), ("End date", ""), ("Start date", ""),
        ("Created by", "creator"), ("Created on", "created_on"), ("Etat au", "as_of"),
        ("État du groupe", "status"), ("تاريخ المراجعة", "as_of"), ("المراجعة القادمة", "review_due"),
    ],
)  # fmt: skip
def test_a_heading_that_can_mean_two_things_is_none(heading: str, meaning: str) -> None:
    assert meaning_of(heading) == meaning


def test_an_owner_and_their_department_are_two_columns(tmp_path: Path) -> None:
    heads = ["Group", "Phone", "Owner", "Owner department"]
    roster = only(read_rows(tmp_path, [heads, ["Ward 7", A, "boss@example.org", "Nursing"]]))
    assert roster.group.owner_email == "boss@example.org"
    assert roster.registered == RegisterFacts(owner_department="Nursing")


@pytest.mark.parametrize("cell", ["", "-", "–", "☐", "n/a", "unbekannt", None])
def test_what_is_left_open_is_neither_yes_nor_no(tmp_path: Path, cell: Any) -> None:
    reading = read_rows(tmp_path, [["Group", "Phone", "Sensitive"], ["Ward 7", A, cell]])
    assert (only(reading).registered, reading.problems) == (NOTHING_SAID, ())


def test_what_is_neither_yes_nor_no_is_a_problem_of_its_cell(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["Group", "Phone", "Sensitive"], ["Ward 7", A, "rather"]])
    [problem] = reading.problems
    assert problem.place.endswith("C2")
    assert problem.what == "whether the group is sensitive: 'rather' is neither yes nor no"
    assert not problem.spoils
    assert only(reading).registered == NOTHING_SAID


def test_what_is_no_day_is_a_problem_of_its_cell(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["Group", "Phone", "Review due"], ["Ward 7", A, "soon"]])
    assert [p.what for p in reading.problems] == ["the day of the next review is not a date"]
    assert only(reading).registered == NOTHING_SAID


def test_a_word_that_is_no_status_is_noted_and_counts_for_nothing(tmp_path: Path) -> None:
    roster = said_in(tmp_path, status="probation")
    assert roster.registered == NOTHING_SAID
    assert roster.warnings == ("the status 'probation' is neither active nor closed",)


def test_a_formula_that_failed_is_a_problem_of_its_cell(tmp_path: Path) -> None:
    book, page = new_book([["Group", "Phone", "Purpose", "Sensitive"], ["Ward 7", A, "", "yes"]])
    page["C2"] = "#REF!"
    page["C2"].data_type = "e"
    path = tmp_path / "groups.xlsx"
    book.save(path)
    reading = read_file(path)
    assert places(reading) == ["sheet 'Groups', C2"]
    assert reading.problems[0].what.startswith("the group's purpose: ")
    assert only(reading).registered == RegisterFacts(sensitive=True)


@pytest.mark.parametrize(
    "cell, kept",
    [("MS Teams", "teams"), ("تيمز", "teams"), ("Our intranet", "Our intranet"), ("n/a", None)],
)
def test_where_a_group_moves_to_is_a_known_messenger_or_a_text(
    tmp_path: Path, cell: str, kept: str | None
) -> None:
    assert said(tmp_path, move_to=cell).move_to == kept


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    purpose = said(tmp_path, purpose="a" * 2 * TEXT_MAX).purpose
    assert purpose is not None
    assert (len(purpose), purpose[-1]) == (TEXT_MAX, "…")


def test_of_a_group_s_rows_the_first_that_says_something_counts(tmp_path: Path) -> None:
    rows = [
        ["Group", "Phone", "Purpose", "Sensitive"],
        ["Ward 7", A, "", "no"],
        ["Ward 7", B, "Nights", "yes"],
    ]
    roster = only(read_rows(tmp_path, rows))
    assert roster.registered == RegisterFacts(purpose="Nights", sensitive=False)
    assert roster.warnings == (
        "sheet 'Groups', row 3: whether the group is sensitive is said in another way, too; the first is used",
    )


def test_a_sheet_of_groups_says_it_for_a_sheet_of_members(tmp_path: Path) -> None:
    book, _page = new_book([["Group", "Phone", "Role"], ["Ward 7", A, "admin"]])
    about = book.create_sheet("About")
    about.append(["Group name", "Data class", "Group status"])
    about.append(["ward 7", "patient", "in use"])
    path = tmp_path / "groups.xlsx"
    book.save(path)
    roster = only(read_file(path))
    assert [member.role for member in roster.members] == [Role.ADMIN]
    assert roster.registered == RegisterFacts(data_class="patient", status=RegisterStatus.ACTIVE)


def test_a_row_with_facts_and_without_a_member_is_a_group_without_members(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["Group", "Phone", "Purpose"], ["Ward 7", "", "Nights"]])
    assert (only(reading).members, reading.problems) == ((), ())
