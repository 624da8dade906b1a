"""Days that Whosleft writes into a register: which rows, and nothing else of the file."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font
from pydantic import ValidationError

from connectors.inventory.register.client import Opened, open_book
from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.connector import RegisterInventory
from connectors.inventory.register.write_back import replacing
from connectors.inventory.register.write_back.cells import HEADING
from fakes.in_process import in_process
from fakes.office import Rows, new_book, write_docx, write_xlsx
from fakes.register_files import SAVED_AT, context, register
from worker.ports import BadConfig, Incomplete, PermissionDenied, Transient
from worker.ports.connectors.kept_list import ProvenRow

ANA, BOB, CEM = "+447700900101", "+447700900102", "+447700900103"
HEAD = ["Group name", "Member name", "Phone", "Role"]
ROWS: Rows = [
    HEAD,
    ["Ward 7", "Ana", ANA, "admin"],
    ["", "Bob", BOB, "member"],
    ["Ward 8", "Cem", CEM, "member"],
]
DAY, LATER = date(2026, 11, 24), date(2026, 11, 25)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def inventory(path: Path, **options: object) -> RegisterInventory:
    config = RegisterConfig.model_validate({"path": path.name, "write_back": True, **options})
    return register(config, context(path.parent))


def proven(group: str, *handles: str, day: date = DAY) -> ProvenRow:
    return ProvenRow(group, handles, day)


def cells(path: Path, sheet: str = "Groups") -> list[list[object]]:
    page = openpyxl.load_workbook(path)[sheet]
    return [list(row) for row in page.iter_rows(values_only=True)]


def days(path: Path) -> list[object]:
    """The last column, from its heading on."""
    return [row[-1] for row in cells(path)]


@pytest.fixture
def excel(tmp_path: Path) -> Path:
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, ROWS)
    os.utime(path, (SAVED_AT.timestamp(), SAVED_AT.timestamp()))
    return path


# --- Which rows -------------------------------------------------------------------------------------------


def test_a_members_row_gets_the_day(excel: Path) -> None:
    assert inventory(excel).write_back([proven("ward-7", BOB)]) == 1
    assert days(excel) == [HEADING, None, "2026-11-24", None]


@pytest.mark.parametrize("handles", [(), ("+447700900199",)])
def test_a_group_or_a_member_without_a_row_has_the_groups_first_row(
    excel: Path, handles: tuple[str, ...]
) -> None:
    assert inventory(excel).write_back([proven("ward-7", *handles)]) == 1
    assert days(excel) == [HEADING, "2026-11-24", None, None]


def test_a_member_is_found_under_any_handle(excel: Path) -> None:
    inventory(excel).write_back([proven("ward-7", "7700@lid", BOB)])
    assert days(excel) == [HEADING, None, "2026-11-24", None]


def test_a_group_that_the_list_has_not_changes_nothing(excel: Path) -> None:
    before = excel.read_bytes()
    assert inventory(excel).write_back([proven("hall", BOB)]) == 0
    assert excel.read_bytes() == before


def test_writing_again_changes_nothing_and_a_day_never_goes_back(excel: Path) -> None:
    one = inventory(excel)
    assert one.write_back([proven("ward-7", BOB, day=LATER)]) == 1
    written = excel.read_bytes()
    assert one.write_back([proven("ward-7", BOB, day=LATER)]) == 0
    assert one.write_back([proven("ward-7", BOB)]) == 0
    assert excel.read_bytes() == written


def test_of_two_days_the_later_counts(excel: Path) -> None:
    inventory(excel).write_back([proven("ward-7", BOB, day=LATER), proven("ward-7", BOB)])
    assert days(excel) == [HEADING, None, "2026-11-25", None]


def test_a_group_in_one_row_and_one_that_is_known_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    write_xlsx(
        path,
        [
            ["Group", "Group ID", "Members"],
            ["Ward 7", "120@g.us", f"Ana {ANA}\nBob {BOB}"],
            ["Ward 8", "", CEM],
        ],
    )
    assert inventory(path).write_back([proven("120@g.us", BOB), proven("ward-8")]) == 2
    assert days(path) == [HEADING, "2026-11-24", "2026-11-24"]


def test_each_sheet_that_shows_the_member_gets_the_day(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    book, _ = new_book(ROWS)
    book.create_sheet("Notes & co").append(["nothing of a group"])
    other = book.create_sheet("Nights")
    for row in [["Group name", "Phone"], ["Ward 7", BOB], ["Ward 7", CEM]]:
        other.append(row)
    book.save(path)
    assert inventory(path).write_back([proven("ward-7", BOB)]) == 2
    assert cells(path)[2][-1] == "2026-11-24"
    assert [row[-1] for row in cells(path, "Nights")] == [HEADING, "2026-11-24", None]
    assert cells(path, "Notes & co") == [["nothing of a group"]]


def test_a_column_of_ones_own_is_used_where_the_configuration_names_it(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, [["Group name", "Proven", "Phone"], ["Ward 7", "by Eve?", ANA], ["Ward 7", None, BOB]])
    one = inventory(path, columns={"verified_on": "Proven"})
    assert one.write_back([proven("ward-7", ANA), proven("ward-7", BOB)]) == 2
    assert [row[1] for row in cells(path)] == ["Proven", "2026-11-24", "2026-11-24"]


def test_a_column_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, [["Group name", "Phone", "Verified on"], ["Ward 7", ANA, "2020-01-01"]])
    inventory(path).write_back([proven("ward-7", ANA)])
    assert cells(path) == [
        ["Group name", "Phone", "Verified on", HEADING],
        ["Ward 7", ANA, "2020-01-01", "2026-11-24"],
    ]


# --- What the days mean to whoever reads the register -----------------------------------------------------


def test_the_register_reads_as_before(excel: Path) -> None:
    before = inventory(excel).read()
    inventory(excel).write_back([proven("ward-7", ANA), proven("ward-8")])
    after = inventory(excel).read()
    assert (after.rosters, after.taken_at) == (before.rosters, before.taken_at), "and is no newer"
    assert after.warnings == before.warnings
    assert after.headings[-1] == ("Groups", HEADING, "verified_on")


def test_a_row_that_was_emptied_but_for_its_day_is_empty(excel: Path) -> None:
    inventory(excel).write_back([proven("ward-7", BOB)])
    book = openpyxl.load_workbook(excel)
    for column in range(1, 5):
        book["Groups"].cell(3, column).value = None
    book["Groups"].append(HEAD)  # repeated, as at the top of a printed page
    book["Groups"].append(["Ward 8", "Bob", BOB, "member"])
    book.save(excel)
    reading = inventory(excel).read()
    assert reading.problems == ()
    assert [len(roster.members) for roster in reading.rosters] == [1, 2]


# --- Nothing else of an Excel file changes ----------------------------------------------------------------


def test_every_other_part_and_cell_stays_as_it_is(excel: Path) -> None:
    book = openpyxl.load_workbook(excel)
    page = book["Groups"]
    page["A2"].font = Font(bold=True)
    page["G2"] = "=1+1"
    page.freeze_panes = "A2"
    book.save(excel)
    _calculated(excel)
    before = _parts(excel)
    inventory(excel).write_back([proven("ward-7", ANA)])
    after = _parts(excel)
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"xl/worksheets/sheet1.xml"}
    ours = re.compile(rb'<c r="H\d+" t="inlineStr"><is><t>[^<]*</t></is></c>')
    sheet = ours.sub(b"", after["xl/worksheets/sheet1.xml"]).replace(b'ref="A1:H4"', b'ref="A1:G4"')
    assert sheet == re.sub(rb' spans="[^"]*"', b"", before["xl/worksheets/sheet1.xml"])


def _calculated(path: Path) -> None:
    """Give formulas results, as Excel does when it saves."""
    _edit(
        path, lambda xml: xml.replace("<f>1+1</f><v />", "<f>1+1</f><v>2</v>").replace("<v></v>", "<v>2</v>")
    )


def _parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}


def _edit(path: Path, change: object, part: str = "xl/worksheets/sheet1.xml") -> None:
    parts = _parts(path)
    parts[part] = change(parts[part].decode()).encode()  # type: ignore[operator]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in parts.items():
            book.writestr(name, data)


SHEETS = {
    "as openpyxl writes": lambda xml: xml,
    "with hints of columns": lambda xml: xml.replace("<row ", '<row spans="1:4" '),
    "with a prefix": lambda xml: re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", xml).replace("xmlns=", "xmlns:x="),
    "without places": lambda xml: re.sub(r' r="[A-Z]*\d+"', "", xml),
    "with cells beyond": lambda xml: xml.replace("</row>", '<c r="XFD1" s="0"/></row>', 1),
    "with empty cells of a style": lambda xml: re.sub(
        r'(<row r="(\d)".*?)</row>', r'\1<c r="E\2" s="0"/><c r="F\2" s="0" /></row>', xml
    ),
    "with brackets in an attribute": lambda xml: xml.replace("<row ", '<row data-x="a>b" '),
    "without its size": lambda xml: re.sub(r"<dimension[^>]*/>", "", xml),
    "with rows elsewhere": lambda xml: xml.replace(
        "</sheetData>", '</sheetData><controls><row/><row/><row/><c r="E3"/></controls>'
    ),
}


@pytest.mark.parametrize("change", SHEETS.values(), ids=SHEETS.keys())
def test_a_sheet_may_be_written_in_any_way(excel: Path, change: object) -> None:
    _edit(excel, change)
    one = inventory(excel)
    assert one.write_back([proven("ward-7", ANA), proven("ward-8")]) == 2
    assert one.write_back([proven("ward-7", ANA, day=LATER)]) == 1
    assert one.write_back([proven("ward-7", ANA, day=LATER), proven("ward-8")]) == 0, "it is found again"
    assert one.read().problems == ()
    shown = [[cell for cell in row if cell is not None] for row in cells(excel)]
    assert [row[4:] for row in shown][1:2] == [["2026-11-25"]]
    assert shown[3][-1] == "2026-11-24"


def test_a_row_without_cells_may_be_the_heading_of_nothing(excel: Path) -> None:
    """The last row of a merged range may have no cell of its own, and gets the day all the same."""
    write_xlsx(excel, [["Group name", "Phone", "Role"], ["Ward 7", ANA, "admin"], ["Ward 8", BOB, None]])
    book = openpyxl.load_workbook(excel)
    book["Groups"]["A3"] = book["Groups"]["B3"] = None
    book["Groups"].merge_cells("A2:C3")
    book.save(excel)
    _edit(excel, lambda xml: re.sub(r'<row r="3".*?</row>', '<row r="3" spans="1:3"/>', xml))
    inventory(excel).write_back([proven("ward-7", ANA)])
    assert days(excel)[:2] == [HEADING, "2026-11-24"]


def test_the_style_of_an_empty_cell_stays(excel: Path) -> None:
    inventory(excel).write_back([proven("ward-8")])
    book = openpyxl.load_workbook(excel)
    book["Groups"]["E2"].font = Font(bold=True)
    book.save(excel)
    inventory(excel).write_back([proven("ward-7", ANA)])
    cell = openpyxl.load_workbook(excel)["Groups"]["E2"]
    assert (cell.value, cell.font.b) == ("2026-11-24", True)


def test_a_signed_workbook_is_not_changed(excel: Path) -> None:
    with zipfile.ZipFile(excel, "a") as book:
        book.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    with pytest.raises(BadConfig, match="it is signed"):
        inventory(excel).write_back([proven("ward-7", ANA)])


def test_a_sheet_in_another_encoding_is_not_changed(excel: Path) -> None:
    parts = _parts(excel)
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    parts["xl/worksheets/sheet1.xml"] = xml.replace("UTF-8", "UTF-16").encode("utf-16")
    with zipfile.ZipFile(excel, "w") as book:
        for name, data in parts.items():
            book.writestr(name, data)
    before = excel.read_bytes()
    with pytest.raises((Incomplete, BadConfig)):
        inventory(excel).write_back([proven("ward-7", ANA)])
    assert excel.read_bytes() == before


def test_a_sheet_that_is_full_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, [["Group name", "Phone", *[None] * 16381, "last"], ["Ward 7", ANA]])
    with pytest.raises(BadConfig, match="no column left"):
        inventory(path).write_back([proven("ward-7", ANA)])


# --- Nothing else of a CSV file changes -------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_text_is_written_as_it_is(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    path = tmp_path / "g.csv"
    name = f'"Zoë ""Z"" Ñ{delimiter}"'
    lines = [["Group name", "Member name", "Phone"], ["Ward 7", name, ANA], [], ["Ward 8", "Cem", CEM]]
    text = end.join(delimiter.join(line) for line in lines)
    path.write_text(text, encoding=encoding, newline="")
    one = inventory(path)
    assert one.write_back([proven("ward-7", ANA)]) == 1
    lines[0].append(HEADING)
    lines[1].append("2026-11-24")
    lines[3].append("")
    assert path.read_bytes() == end.join(delimiter.join(line) for line in lines).encode(encoding)
    assert one.write_back([proven("ward-8", CEM), proven("ward-7", ANA)]) == 1
    lines[3][-1] = "2026-11-24"
    assert path.read_bytes() == end.join(delimiter.join(line) for line in lines).encode(encoding)


def test_quotes_are_put_where_the_file_has_them(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text(f'sep=;\n"Group name";"Phone"\n"Ward 7";"{ANA}"\nWard 8;"{CEM}"\n', encoding="utf-8")
    inventory(path).write_back([proven("ward-7"), proven("ward-8")])
    assert path.read_text("utf-8") == (
        f'sep=;\n"Group name";"Phone";"{HEADING}"\n"Ward 7";"{ANA}";"2026-11-24"\nWard 8;"{CEM}";2026-11-24\n'
    )


def test_titles_above_the_headings_stay(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text(f"Our groups\n\nGroup name,Phone\nWard 7,{ANA},x\nWard 8,{CEM}\n", encoding="utf-8")
    inventory(path).write_back([proven("ward-8")])
    assert path.read_text("utf-8") == (
        f"Our groups\n\nGroup name,Phone,,{HEADING}\nWard 7,{ANA},x,\nWard 8,{CEM},,2026-11-24\n"
    )


def test_bytes_that_are_no_text_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_bytes(f"Group name;Member name;Phone\r\nWard 7;\x81\x8d;{ANA}\r\n".encode("latin-1"))
    before = path.read_bytes()
    with pytest.raises(BadConfig, match="cp125"):
        inventory(path).write_back([proven("ward-7", ANA)])
    assert path.read_bytes() == before


TEXTS = st.text(st.sampled_from("aé ;,\"'=\n\r|"), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=6))
def test_whatever_is_in_the_cells_only_the_days_are_new(
    tmp_path: Path, rows: Sequence[tuple[str, bool]]
) -> None:
    path = tmp_path / "g.csv"
    quoted = [f'"{text.replace(chr(34), chr(34) * 2)}"' for text, _ in rows]
    lines = ["Group name,Note,Phone"]
    lines += [f"Ward {at},{note},{ANA}" for at, note in enumerate(quoted)]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode())
    wanted = [proven(f"ward-{at}") for at, (_, is_wanted) in enumerate(rows) if is_wanted]
    assert inventory(path).write_back(wanted) == len(wanted)
    if wanted:
        lines[0] += f",{HEADING}"
        for at, (_, is_wanted) in enumerate(rows, start=1):
            lines[at] += ",2026-11-24" if is_wanted else ","
    assert path.read_bytes() == ("\r\n".join(lines) + "\r\n").encode()


# --- In one step, and never while somebody else changed it ------------------------------------------------


def test_time_mode_and_links_of_the_file_stay(tmp_path: Path, excel: Path) -> None:
    excel.chmod(0o640)
    folder = tmp_path / "..data"
    folder.mkdir()
    excel.rename(folder / "groups.xlsx")
    excel.symlink_to("..data/groups.xlsx")
    assert inventory(excel).write_back([proven("ward-7", ANA)]) == 1
    assert excel.is_symlink()
    status = excel.stat()
    assert (status.st_mode & 0o777, status.st_mtime) == (0o640, SAVED_AT.timestamp())
    assert [one.name for one in folder.iterdir()] == ["groups.xlsx"], "nothing else is left"


@pytest.mark.parametrize("lock", ["~$groups.xlsx", ".~lock.groups.xlsx#"])
def test_a_register_that_is_open_is_left_alone(excel: Path, lock: str) -> None:
    before = excel.read_bytes()
    excel.with_name(lock).touch()
    with pytest.raises(Transient, match="open in an editor"):
        inventory(excel).write_back([proven("ward-7", ANA)])
    assert excel.read_bytes() == before
    excel.with_name(lock).unlink()
    assert inventory(excel).write_back([proven("ward-7", ANA)]) == 1


def meanwhile(path: Path, then: object) -> RegisterInventory:
    """The inventory while somebody does something as the new file is being made."""

    def slow(work, file, name, asked, /):  # type: ignore[no-untyped-def]
        pieces = list(in_process(work, file, name, asked))
        then()  # type: ignore[operator]
        yield from pieces

    return RegisterInventory(
        RegisterConfig(path=Path(path.name), write_back=True), context(path.parent), slow
    )


def test_what_somebody_saved_meanwhile_stays(excel: Path) -> None:
    def save_in_place() -> None:
        excel.write_bytes(b"a new list")

    def save_as_office_does() -> None:
        excel.with_name("new").write_bytes(b"another list")
        excel.with_name("new").replace(excel)

    def open_it() -> None:
        excel.with_name("~$groups.xlsx").touch()

    for then, what in ((open_it, "open"), (save_in_place, "changed it"), (save_as_office_does, "changed it")):
        excel.with_name("~$groups.xlsx").unlink(missing_ok=True)
        write_xlsx(excel, ROWS)
        with pytest.raises(Transient, match=what):
            meanwhile(excel, then).write_back([proven("ward-7", ANA)])
        assert HEADING.encode() not in excel.read_bytes()
        assert list(excel.parent.glob(".groups*")) == []
    assert excel.read_bytes() == b"another list"


def test_a_reader_sees_the_old_file_or_the_new_one(excel: Path) -> None:
    seen = []

    def look() -> None:
        seen.append(inventory(excel).read().rosters)

    before = inventory(excel).read().rosters
    meanwhile(excel, look).write_back([proven("ward-7", ANA)])
    assert [*seen, inventory(excel).read().rosters] == [before, before]


def test_a_process_that_was_killed_leaves_its_file_only_for_a_while(excel: Path) -> None:
    left, stranger = (excel.with_name(f".{name}.whosleft-abc") for name in (excel.name, "groups.csv"))
    left.touch()
    stranger.touch()
    made_at = datetime.fromtimestamp(left.stat().st_ctime, UTC)

    def is_left(after: timedelta) -> bool:
        with replacing.replacement(excel, _opened(excel), made_at + after):
            return left.exists()

    assert is_left(replacing.LEFT_OVER)
    assert not is_left(replacing.LEFT_OVER + timedelta(seconds=1))
    assert stranger.exists()


def _opened(path: Path) -> Opened:
    with open_book(path) as opened:
        return opened


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_without_the_right_it_says_which_one_is_missing(excel: Path) -> None:
    excel.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionDenied, match="no day can be written"):
            inventory(excel).write_back([proven("ward-7", ANA)])
        checked = inventory(excel).check()
    finally:
        excel.parent.chmod(0o700)
    assert not checked.ok
    assert "write to its folder" in checked.remedy


def test_a_folder_that_is_gone_or_full_is_tried_again(excel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Transient, match="No space left"):
        inventory(excel).write_back([proven("ward-7", ANA)])


# --- Through the process that parses strangers' files -----------------------------------------------------


def test_the_new_file_comes_from_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    note = "x" * 3000
    lines = ["Group name,Note,Phone", *[f"Ward {at},{note},{ANA}" for at in range(1000)]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    one = RegisterInventory(RegisterConfig(path=Path(path.name), write_back=True), context(tmp_path))
    assert one.write_back([proven("ward-3")]) == 1
    lines[0] += f",{HEADING}"
    lines[1:] = [f"{line},2026-11-24" if line.startswith("Ward 3,") else f"{line}," for line in lines[1:]]
    assert path.read_text("utf-8") == "\n".join(lines) + "\n"


# --- The setting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["groups.docx", "groups.ods"])
def test_kinds_of_file_without_days_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=r"\.xlsx, \.xlsm, \.csv"):
        RegisterConfig(path=Path(name), write_back=True)
    RegisterConfig(path=Path(name))


def test_another_kind_inside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    write_docx(path, ROWS)
    with pytest.raises(BadConfig, match="another kind of file inside"):
        inventory(path).write_back([proven("ward-7", ANA)])


def test_it_is_declared_and_checked(excel: Path) -> None:
    assert inventory(excel).can.takes_days
    assert inventory(excel).check().ok
    assert not register(RegisterConfig(path=Path(excel.name)), context(excel.parent)).can.takes_days
