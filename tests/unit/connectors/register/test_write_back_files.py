"""Days that Whosleft writes into a register: nothing else of an Excel or CSV file changes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from connectors.inventory.register.write_back.cells import HEADING
from fakes.office import write_xlsx
from register_days import ANA, BOB, CEM, LATER, cells, days, inventory, proven, small_register
from worker.ports import BadConfig, Incomplete


@pytest.fixture
def excel(tmp_path: Path) -> Path:
    return small_register(tmp_path)


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


@pytest.mark.parametrize(
    "formula", ["<f>1+1</f>", '<f t="shared" ref="E2:E3" si="0">1+1</f>', '<f t="shared" si="0"/>']
)
def test_a_formula_in_the_column_for_the_days_is_not_lost(excel: Path, formula: str) -> None:
    """Other cells may share it, and Excel keeps a list of the cells that have one."""
    book = openpyxl.load_workbook(excel)
    book["Groups"]["E1"], book["Groups"]["E2"], book["Groups"]["E3"] = "Proven", 1, 2
    book.save(excel)
    _edit(excel, lambda xml: xml.replace('<c r="E2" t="n"><v>1</v>', f'<c r="E2">{formula}<v>2</v>'))
    before = excel.read_bytes()
    one = inventory(excel, columns={"verified_on": "Proven"})
    with pytest.raises(BadConfig, match="formulas in the column") as refused:
        one.write_back([proven("ward-7", ANA)])
    assert "columns.verified_on" in refused.value.remedy
    assert excel.read_bytes() == before
    assert one.write_back([proven("ward-8", CEM)]) == 1, "its own cell has none"


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
