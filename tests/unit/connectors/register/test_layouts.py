from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from fakes.office import Rows, new_book, write_docx, write_ods, write_xlsx
from fakes.register_files import HEAD, TWO_WARDS, A, B, C, brief, only, places, read_file, read_rows, shown
from worker.domain.model import Coverage, Role
from worker.ports import BadConfig

# --- One row for each member ----------------------------------------------------------------------------


def test_the_groups_name_is_repeated(tmp_path: Path) -> None:
    rows = [HEAD, ["Ward 7", "Amy", A, "Admin"], ["Ward 7", "Ben", B, ""], ["Ward 8", "Cem", C, "Member"]]
    assert shown(read_rows(tmp_path, rows)) == TWO_WARDS


def test_an_empty_groups_name_is_the_one_above(tmp_path: Path) -> None:
    rows = [HEAD, ["Ward 7", "Amy", A, "Admin"], ["", "Ben", B, ""], [], ["Ward 8", "Cem", C, "Member"]]
    assert shown(read_rows(tmp_path, rows)) == TWO_WARDS


def test_a_merged_cell_counts_for_all_of_its_rows_in_excel(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    rows = [HEAD, ["Ward 7", "Amy", A, "Admin"], ["", "Ben", B, "Admin"], ["Ward 8", "Cem", C, "Member"]]
    rows[2][3] = ""
    write_xlsx(path, rows, merged=["A2:A3", "D2:D3"])
    assert shown(read_file(path)) == {"Ward 7": [(A, "admin"), (B, "admin")], "Ward 8": [(C, "member")]}


def test_a_merged_cell_counts_for_all_of_its_rows_in_libreoffice(tmp_path: Path) -> None:
    path = tmp_path / "groups.ods"
    rows = [HEAD, ["Ward 7", "Amy", A, "Admin"], ["", "Ben", B, ""], ["Ward 8", "Cem", C, "Member"]]
    write_ods(path, rows, down={(1, 0): 2, (1, 3): 2})
    assert shown(read_file(path)) == {"Ward 7": [(A, "admin"), (B, "admin")], "Ward 8": [(C, "member")]}


def test_a_merged_cell_counts_for_all_of_its_rows_in_word(tmp_path: Path) -> None:
    path = tmp_path / "groups.docx"
    rows = [HEAD, ["Ward 7", "Amy", A, "Admin"], ["", "Ben", B, ""], ["Ward 8", "Cem", C, "Member"]]
    write_docx(path, rows, merged=[(0, 1, 2), (3, 1, 2)])
    assert shown(read_file(path)) == {"Ward 7": [(A, "admin"), (B, "admin")], "Ward 8": [(C, "member")]}


def test_hidden_rows_and_columns_and_filtered_rows_are_read(tmp_path: Path) -> None:
    book, page = new_book(
        [HEAD, ["Ward 7", "Amy", A, "Admin"], ["Ward 7", "Ben", B, ""], ["Ward 8", "Cem", C, ""]]
    )
    page.row_dimensions[2].hidden = True
    page.column_dimensions["C"].hidden = True
    page.auto_filter.ref = "A1:D4"
    page.auto_filter.add_filter_column(0, ["Ward 8"])
    page.row_dimensions[3].hidden = True
    path = tmp_path / "groups.xlsx"
    book.save(path)

    assert shown(read_file(path)) == TWO_WARDS


def test_a_hidden_sheet_is_read_and_said(tmp_path: Path) -> None:
    book, _page = new_book([HEAD, ["Ward 7", "Amy", A, "Admin"], ["Ward 7", "Ben", B, ""]])
    hidden = book.create_sheet("Old")
    hidden.sheet_state = "hidden"
    hidden.append(HEAD)
    hidden.append(["Ward 8", "Cem", C, ""])
    path = tmp_path / "groups.xlsx"
    book.save(path)

    reading = read_file(path)

    assert shown(reading) == TWO_WARDS
    assert "sheet 'Old' is hidden, and read all the same" in reading.warnings


def test_the_header_is_found_below_titles_and_off_the_corner(tmp_path: Path) -> None:
    rows = [
        [None, "St Mary's Hospital"],
        [None, "Register of chat groups"],
        [],
        [None, "Responsible:", "Group of group names"],
        [None, *HEAD],
        [None, "Ward 7", "Amy", A, "Admin"],
        [None, "Ward 7", "Ben", B, ""],
        [None, "Ward 8", "Cem", C, "member"],
    ]
    assert shown(read_rows(tmp_path, rows)) == TWO_WARDS


WARD_7 = [HEAD, ["Ward 7", "Amy", A, "Admin"], ["", "Ben", B, ""], []]


@pytest.mark.parametrize(
    "other",
    [
        ["Group name", "Member name", "Phone"],
        ["Phone", "Member name", "Group name", "Role"],
        ["Group name", "Member name", "Phone", "Role", "E-mail"],
        ["", "Member name", "Phone", "Role"],
        ["Phone", "Member name", "Group name", "Shoe size"],
    ],
    ids=["a column less", "another order", "a column more", "no group", "one that is not known"],
)
def test_other_headings_further_down_are_refused_with_their_place(tmp_path: Path, other: list[str]) -> None:
    with pytest.raises(BadConfig, match=r"'Groups', row 5: other headings") as raised:
        read_rows(tmp_path, [*WARD_7, other, ["Ward 8", "Cem", C, ""]])
    assert "sheet of its own" in raised.value.remedy


def test_a_row_of_headings_above_the_header_belongs_to_it(tmp_path: Path) -> None:
    assert (
        shown(read_rows(tmp_path, [["Group", "Member"], [], *WARD_7, ["Ward 8", "Cem", C, ""]])) == TWO_WARDS
    )


@pytest.mark.parametrize(
    "row",
    [
        ["Group", "Phone", C, "Admin"],
        ["", "Member", "", "Admin"],
        ["", "Admin", "", "Admin"],
        ["Group", "Staff", "07700 900103", "Member"],
        ["Group", "", "", "Admin"],
        ["Ward 8", "Name", "E-mail", "Role"],
        ["Group", "Cem Kaya", "", "Admin"],
    ],
)
def test_somebody_s_row_is_no_row_of_headings(tmp_path: Path, row: list[str]) -> None:
    read_rows(tmp_path, [*WARD_7, row])


def test_a_row_with_only_a_group_is_a_group_without_members(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [HEAD, ["Ward 7", "", "", ""], ["Ward 8", "Cem", C, ""]])
    assert shown(reading) == {"Ward 7": [], "Ward 8": [(C, "member")]}
    assert [r.coverage for r in reading.rosters] == [Coverage.FULL, Coverage.FULL]


def test_all_fields_of_a_row(tmp_path: Path) -> None:
    head = ["Group ID", "Group name", "Messenger", "Owner e-mail", "Member name", "Mobile", "Role"]
    head += ["Employee ID", "E-mail", "Joined on"]
    row: list[Any] = [
        "g-1",
        "Ward 7",
        "Signal",
        "Boss@Example.org",
        "Amy Ash",
        "07700 900101",
        "Creator",
        4711,
        "Amy@Example.org",
    ]
    roster = only(read_rows(tmp_path, [head, [*row, date(2026, 7, 1)]]))

    (amy,) = roster.members

    assert (roster.group.group_id, roster.group.name, roster.group.messenger) == ("g-1", "Ward 7", "signal")
    assert roster.group.owner_email == "boss@example.org"
    assert (amy.handle, amy.phone, amy.display_name, amy.role) == (A, A, "Amy Ash", Role.CREATOR)
    assert (amy.employee_id, amy.email) == ("4711", "amy@example.org")
    assert amy.joined_at == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)  # midnight in London, in summer


# --- One row for each group -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        f"Amy (admin) {A}\nBen {B}",
        f"Amy {A} (Admin); Ben {B}",
        f"1. Amy (admin) {A}\n2. Ben {B}",
        f"• Amy - admin {A}\r\n• Ben: {B}",
        f"Amy (admin): {A}, Ben {B}",
        f"{A} (admin)؛ {B}",
    ],
)
def test_several_members_in_one_cell(tmp_path: Path, cell: str) -> None:
    reading = read_rows(tmp_path, [["Group", "Members"], ["Ward 7", cell], ["Ward 8", C]])
    assert shown(reading) == TWO_WARDS


def test_admins_and_creator_have_columns_of_their_own(tmp_path: Path) -> None:
    rows = [
        ["Group", "Members", "Admins", "Creator"],
        ["Ward 7", f"Amy Ash {A}\nBen Bay {B}\nCem Cole {C}", "Amy Ash; Ben Bay", f"Cem Cole {C}"],
    ]
    assert shown(read_rows(tmp_path, rows)) == {"Ward 7": [(A, "admin"), (B, "admin"), (C, "creator")]}


def test_an_admin_who_is_not_listed_becomes_a_member_and_is_noted(tmp_path: Path) -> None:
    roster = only(read_rows(tmp_path, [["Group", "Members", "Admins"], ["Ward 7", f"Amy {A}", f"Ben {B}"]]))
    assert brief(roster.members) == [(A, "member"), (B, "admin")]
    assert roster.warnings == ("sheet 'Groups', C2: names an admin who is not in the list of members",)


def test_an_admin_with_a_comma_in_the_name_is_one(tmp_path: Path) -> None:
    rows = [
        ["Group", "Member name", "Phone", "Admins"],
        ["Ward 7", "Ash, Amy", A, "Ash, Amy"],
        ["", "Ben", B, ""],
    ]
    assert shown(read_rows(tmp_path, rows)) == {"Ward 7": [(A, "admin"), (B, "member")]}


def test_names_and_numbers_in_two_cells_belong_together_in_order(tmp_path: Path) -> None:
    rows = [["Group", "Members", "Phone"], ["Ward 7", "Amy\nBen", f"{A}\n{B}"]]
    roster = only(read_rows(tmp_path, rows))
    assert [(m.display_name, m.handle) for m in roster.members] == [("Amy", A), ("Ben", B)]


def test_addresses_and_full_names_are_divided_by_commas(tmp_path: Path) -> None:
    rows = [
        ["Group", "Members"],
        ["Ward 7", "Amy Ash <amy@example.org>, Ben Bay <ben@example.org>"],
        ["Ward 8", "Amy Ash, Ben Bay, Cem Cole"],
    ]
    assert {name: [h for h, _ in members] for name, members in shown(read_rows(tmp_path, rows)).items()} == {
        "Ward 7": ["email:amy@example.org", "email:ben@example.org"],
        "Ward 8": ["name:amy ash", "name:ben bay", "name:cem cole"],
    }


@pytest.mark.parametrize("cell", ["Ash, Amy", f"Ash, Amy {A}", "Amy Ash, Ben Bay", f"Amy, {A}, Ben"])
def test_a_comma_that_may_be_part_of_a_name_is_not_guessed_at(tmp_path: Path, cell: str) -> None:
    reading = read_rows(tmp_path, [["Group", "Members"], ["Ward 7", cell]])
    assert places(reading) == ["sheet 'Groups', B2"]
    assert only(reading).coverage is Coverage.PARTIAL


def test_a_semicolon_at_the_end_says_that_a_cell_is_one_member(tmp_path: Path) -> None:
    roster = only(read_rows(tmp_path, [["Group", "Members"], ["Ward 7", f"Ash, Amy {A};"]]))
    assert [(m.display_name, m.handle) for m in roster.members] == [("Ash, Amy", A)]


def test_a_register_of_admins_only_does_not_know_its_members(tmp_path: Path) -> None:
    roster = only(read_rows(tmp_path, [["Group", "Admins"], ["Ward 7", f"Amy {A}"]]))
    assert (brief(roster.members), roster.coverage) == ([(A, "admin")], Coverage.PARTIAL)


def test_without_an_id_the_name_is_the_id(tmp_path: Path) -> None:
    rows = [["Group", "Phone"], ["Ward 7  Nights", A], ["ward 7 nights", B]]
    roster = only(read_rows(tmp_path, rows))
    assert (roster.group.group_id, roster.group.name) == ("ward-7-nights", "Ward 7 Nights")


def test_with_an_id_a_renamed_group_stays_the_same(tmp_path: Path) -> None:
    head = ["Group id", "Group", "Phone"]
    before = only(read_rows(tmp_path, [head, ["g-7", "Ward 7", A]]))
    after = only(read_rows(tmp_path, [head, ["g-7", "Ward 7 nights", A]]))
    assert before.group.group_id == after.group.group_id == "g-7"


def test_an_id_in_the_first_row_only_counts_for_the_rows_below(tmp_path: Path) -> None:
    rows = [["Group id", "Group", "Phone"], ["g-7", "Ward 7", A], ["", "Ward 7", B], ["", "", C]]
    assert [h for h, _ in brief(only(read_rows(tmp_path, rows)).members)] == [A, B, C]


def test_two_groups_of_one_name_on_two_messengers_are_two(tmp_path: Path) -> None:
    rows = [["Group", "App", "Phone"], ["Ward 7", "WhatsApp", A], ["Ward 7", "Signal", B]]
    assert [r.group.group_id for r in read_rows(tmp_path, rows).rosters] == ["signal:ward-7", "ward-7"]


# --- Roles ----------------------------------------------------------------------------------------------


def test_a_row_whose_name_two_groups_have_proves_nobody_absent_from_either(tmp_path: Path) -> None:
    head = ["Group id", "Group", "Phone"]
    rows = [head, ["g-1", "Ward 7", A], ["g-2", "Ward 7", A], ["g-3", "Rota", B], ["", "Ward 7", C]]
    reading = read_rows(tmp_path, rows)
    assert {one.group.group_id: (one.coverage, len(one.members)) for one in reading.rosters} == {
        "g-1": (Coverage.PARTIAL, 1),
        "g-2": (Coverage.PARTIAL, 1),
        "g-3": (Coverage.FULL, 1),
    }
    assert places(reading) == ["sheet 'Groups', row 5"]
    assert "g-1 and g-2" in reading.problems[0].what or "g-1, g-2" in reading.problems[0].what


def test_a_register_without_roles_knows_none(tmp_path: Path) -> None:
    assert shown(read_rows(tmp_path, [["Group", "Phone"], ["Ward 7", A]])) == {"Ward 7": [(A, "unknown")]}


@pytest.mark.parametrize("tick", ["x", "yes", "✓", "نعم", "JA", True, 1])
def test_a_tick_in_the_column_admin_makes_the_member_one(tmp_path: Path, tick: str | bool) -> None:
    rows: Rows = [["Group", "Phone", "Admin"], ["Ward 7", A, tick], ["Ward 7", B, None], ["Ward 7", C, "no"]]
    assert shown(read_rows(tmp_path, rows)) == {"Ward 7": [(A, "admin"), (B, "member"), (C, "member")]}


def test_a_member_listed_twice_has_the_higher_role_and_is_noted(tmp_path: Path) -> None:
    rows = [HEAD, ["Ward 7", "Amy", A, ""], ["Ward 7", "Amy A.", "07700 900101", "admin"]]
    roster = only(read_rows(tmp_path, rows))
    assert brief(roster.members) == [(A, "admin")]
    assert "is already in this group" in roster.warnings[0]


# --- What can't be understood ---------------------------------------------------------------------------


def test_a_row_without_identity_makes_only_its_group_partial(tmp_path: Path) -> None:
    reading = read_rows(
        tmp_path, [HEAD, ["Ward 7", "Amy", A, ""], ["Ward 7", "", "", "admin"], ["Ward 8", "Cem", C, ""]]
    )
    assert {r.group.name: r.coverage.value for r in reading.rosters} == {
        "Ward 7": "partial",
        "Ward 8": "full",
    }
    assert places(reading) == ["sheet 'Groups', row 3"]


def test_a_number_that_cannot_be_read_beside_a_name_is_reported_and_no_more(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [HEAD, ["Ward 7", "Amy Ash", "4.47701E+11", "admin"]])
    roster = only(reading)
    assert (brief(roster.members), roster.coverage) == ([("name:amy ash", "admin")], Coverage.FULL)
    assert places(reading) == ["sheet 'Groups', C2"]


def test_an_unknown_role_is_reported_and_is_neither_admin_nor_member(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [HEAD, ["Ward 7", "Amy", A, "Chef de service"]])
    assert shown(reading) == {"Ward 7": [(A, "unknown")]}
    assert "'Chef de service' is not known" in reading.problems[0].what


def test_a_row_without_group_makes_every_group_of_its_sheet_partial(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [HEAD, ["", "Amy", A, ""], ["Ward 7", "Ben", B, ""]])
    assert only(reading).coverage is Coverage.PARTIAL
    assert places(reading) == ["sheet 'Groups', row 2"]


def test_an_admin_who_cannot_be_read_makes_the_group_partial(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["Group", "Members", "Admins"], ["Ward 7", f"Amy {A}", f"Amy {A}; 12345"]])
    assert (brief(only(reading).members), only(reading).coverage) == ([(A, "admin")], Coverage.PARTIAL)
    assert places(reading) == ["sheet 'Groups', C2"]


def test_a_formula_whose_result_is_empty_is_an_empty_cell(tmp_path: Path) -> None:
    """As Excel writes =IF(A3="","",…), filled down below the last member."""
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, [HEAD, ["Ward 7", "Amy", A, ""], ["", '=IF(A3="","",1)', '=IF(A3="","",2)', ""]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb'<c r="([BC]3)">(?=<f>)', rb'<c r="\1" t="str">', parts[sheet])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)

    reading = read_file(path)

    assert parts[sheet].count(b't="str"') == 2
    assert (shown(reading), reading.problems) == ({"Ward 7": [(A, "member")]}, ())


def test_an_error_value_is_not_an_empty_cell(tmp_path: Path) -> None:
    book, page = new_book(
        [HEAD, ["Ward 7", "Amy", A, ""], ["Ward 7", None, None, None], ["Ward 7", "Cem", C, ""]]
    )
    page["B3"], page["C3"] = "#N/A", "=VLOOKUP(A3,X:Y,2)"
    page["B3"].data_type = "e"
    path = tmp_path / "groups.xlsx"
    book.save(path)

    reading = read_file(path)

    assert only(reading).coverage is Coverage.PARTIAL
    assert places(reading) == ["sheet 'Groups', B3", "sheet 'Groups', C3"]
