from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from connectors.inventory.register.client import open_book, whole_file
from connectors.inventory.register.config import RegisterConfig
from fakes.office import Rows, write_docx, write_ods, write_xlsx
from fakes.register_files import SAVED_AT, brief, context, only, places, read_file, register, shown
from worker.domain.model import Coverage
from worker.ports import InUse, PermissionDenied, Transient

A, B = "+447700900101", "+447700900102"
LINES = [["Group name", "Member name", "Phone"], ["Ward 7", "Zoë Ñandú", A], ["Ward 7", "أمينة", B]]


# --- CSV ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "g.csv"
    path.write_text("\r\n".join(delimiter.join(row) for row in LINES) + "\r\n", encoding=encoding, newline="")
    assert [m.display_name for m in only(read_file(path)).members] == ["Zoë Ñandú", "أمينة"]


@pytest.mark.parametrize(
    "code_page, head, name",
    [("cp1252", "Gruppe;Name;Telefon", "Jürgen Groß"), ("cp1256", "المجموعة;اسم العضو;الجوال", "أمينة يوسف")],
)
def test_windows_code_pages_are_told_apart_by_the_headings(
    tmp_path: Path, code_page: str, head: str, name: str
) -> None:
    path = tmp_path / "g.csv"
    path.write_bytes(f"{head}\r\nW7;{name};{A}\r\n".encode(code_page))
    assert only(read_file(path)).members[0].display_name == name


def test_excels_line_for_the_delimiter_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text(f"sep=|\nGroup|Phone\nWard 7|{A}\nWard 7|nobody\n", encoding="utf-8")
    reading = read_file(path)
    assert brief(only(reading).members) == [(A, "unknown")]
    assert places(reading) == ["line 4, column 2"]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text(f'Group,Members\nWard 7,"Amy {A}\nBen {B}"\nWard 8,"Ash, Amy"\n', encoding="utf-8")
    assert places(read_file(path)) == ["line 4, column 2"]


def test_a_csv_without_an_end_of_line_at_its_end_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text(f"As of,2026-11-04\n\nGroup,Phone,Role\nWard 7,{A},admin", encoding="utf-8")
    assert brief(only(read_file(path)).members) == [(A, "admin")]


def test_short_lines_are_filled_up(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text(f"Group,Phone,Role,Joined\nWard 7,{A}\nWard 7,{B},admin,2026-01-01\n", encoding="utf-8")
    assert brief(only(read_file(path)).members) == [(A, "member"), (B, "admin")]


# --- Word -----------------------------------------------------------------------------------------------


def test_a_table_of_word_with_cells_merged_across(tmp_path: Path) -> None:
    path = tmp_path / "g.docx"
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    for cell, text in zip(table.rows[1].cells, LINES[0], strict=True):
        cell.text = text
    for cell, text in zip(table.rows[2].cells, LINES[1], strict=True):
        cell.text = text
    table.cell(0, 0).merge(table.cell(0, 2)).text = "Our groups"
    document.save(str(path))
    assert brief(only(read_file(path)).members) == [(A, "unknown")]


def test_line_breaks_tabs_and_paragraphs_of_a_word_cell(tmp_path: Path) -> None:
    path = tmp_path / "g.docx"
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (*table.rows[0].cells, *table.rows[1].cells), ["Group", "Members", "Ward 7", f"Amy {A}"], strict=True
    ):
        cell.text = text
    table.cell(1, 1).paragraphs[0].add_run().add_break()
    table.cell(1, 1).paragraphs[0].add_run(f"Ben\t{B}")
    table.cell(1, 1).add_paragraph("Cem +447700900103")
    document.save(str(path))
    assert [h for h, _ in brief(only(read_file(path)).members)] == [A, B, "+447700900103"]


def test_text_that_was_deleted_with_tracked_changes_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "g.docx"
    write_docx(path, [["Group", "Members"], ["Ward 7", f"Amy {A}"]])
    document = docx.Document(str(path))
    paragraph = document.tables[0].cell(1, 1).paragraphs[0]
    deleted = f"<w:del {nsdecls('w')}><w:r><w:delText>; Ben {B}</w:delText></w:r></w:del>"
    added = f"<w:ins {nsdecls('w')}><w:r><w:t>; Cem +447700900103</w:t></w:r></w:ins>"
    paragraph._p.append(parse_xml(deleted))
    paragraph._p.append(parse_xml(added))
    document.save(str(path))
    assert [h for h, _ in brief(only(read_file(path)).members)] == [A, "+447700900103"]


# --- LibreOffice ----------------------------------------------------------------------------------------


def test_an_error_value_of_libreoffice_is_not_an_empty_cell(tmp_path: Path) -> None:
    path = tmp_path / "g.ods"
    write_ods(path, [["Group", "Phone"], ["Ward 7", A], ["Ward 7", "#N/A"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    error = b'office:value-type="string" office:string-value="" calcext:value-type="error"'
    xml = parts["content.xml"]
    at = xml.rindex(b'office:value-type="string"', 0, xml.index(b"#N/A"))
    xml = xml[:at] + error + xml[at + len(b'office:value-type="string"') :]
    calcext = b' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    parts["content.xml"] = xml.replace(b"<office:document-content", b"<office:document-content" + calcext, 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)

    reading = read_file(path)

    assert places(reading) == ["sheet 'Groups', B3"]
    assert only(reading).coverage is Coverage.PARTIAL


# --- The file itself ------------------------------------------------------------------------------------


def test_a_file_that_changes_while_it_is_read_is_read_again_later(tmp_path: Path) -> None:
    path = tmp_path / "g.xlsx"
    write_xlsx(path, LINES)

    class SavedMeanwhile(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            write_xlsx(path, [*LINES, ["Ward 8", "Cem", "+447700900103"]])
            return data

    with SavedMeanwhile(path) as file, pytest.raises(InUse, match="changed while it was being read"):
        whole_file(file, path.name)


def test_half_a_file_that_is_being_written_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "g.csv"
    path.write_text("Group,Phone\n", encoding="utf-8")

    class Short(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(5)

    with Short(path) as file, pytest.raises(InUse, match="changed while it was being read"):
        whole_file(file, path.name)


def refuse(_path: Path, _bytes_max: int) -> io.BufferedReader:
    raise PermissionError(13, "Permission denied")


def test_a_file_that_may_not_be_read_names_the_right(tmp_path: Path) -> None:
    path = tmp_path / "g.xlsx"
    write_xlsx(path, LINES)
    with (
        pytest.raises(PermissionDenied, match="the system refuses to read it") as raised,
        open_book(path, opener=refuse),
    ):
        pass
    assert raised.value.missing == "read access to the register"


@pytest.mark.parametrize("lock", ["~$groups.xlsx", ".~lock.groups.xlsx#", "~$oups.xlsx"])
def test_a_file_that_an_editor_keeps_to_itself_is_tried_again(tmp_path: Path, lock: str) -> None:
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, LINES)
    (tmp_path / lock).touch()
    with pytest.raises(Transient, match="open in an editor"), open_book(path, opener=refuse):
        pass


def test_a_disk_that_fails_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "g.xlsx"
    write_xlsx(path, LINES)

    def fail(_path: Path, _bytes_max: int) -> io.BufferedReader:
        raise OSError(5, "Input/output error")

    with pytest.raises(Transient, match="Input/output error"), open_book(path, opener=fail):
        pass


def test_an_open_file_that_can_be_read_is_read_and_said(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "groups.xlsx", LINES)
    (tmp_path / "~$groups.xlsx").touch()
    result = register(RegisterConfig(path=Path("groups.xlsx")), context(tmp_path)).check()
    assert result.ok
    assert "what they have not saved yet" in result.details["open"]


def test_the_content_says_what_a_file_is_and_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    write_xlsx(tmp_path / "g.xlsx", LINES)
    (tmp_path / "g.xlsx").replace(path)
    assert list(shown(read_file(path))) == ["Ward 7"]


def test_a_workbook_with_macros_is_read(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsm"
    write_xlsx(tmp_path / "g.xlsx", LINES)
    book = openpyxl.load_workbook(tmp_path / "g.xlsx", keep_vba=True)
    book.save(path)
    assert book.vba_archive is not None
    book.vba_archive.close()
    assert list(shown(read_file(path))) == ["Ward 7"]


def scratched(data: bytes, chance: random.Random) -> bytes:
    """Some bytes of the file are others."""
    scratches = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        scratches[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(scratches)


def scratched_inside(data: bytes, chance: random.Random) -> bytes:
    """A whole archive, one part of which has other bytes, or is gone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        victim = chance.choice([name for name in old.namelist() if name.endswith((".xml", ".rels"))])
        for name in old.namelist():
            part = old.read(name)
            if name == victim and chance.random() < 0.2:
                continue
            new.writestr(name, scratched(part, chance) if name == victim and part else part)
    return packed.getvalue()


@pytest.mark.parametrize("extension", ["xlsx", "ods", "docx", "csv"])
@pytest.mark.parametrize("scratch", [scratched, scratched_inside])
def test_no_damage_raises_anything_but_our_own_errors(
    tmp_path: Path, extension: str, scratch: Callable[[bytes, random.Random], bytes]
) -> None:
    path = tmp_path / f"groups.{extension}"
    write: dict[str, Callable[[Path, Rows], None]] = {
        "xlsx": write_xlsx,
        "ods": write_ods,
        "docx": write_docx,
    }
    write.get(extension, write_csv)(path, LINES)
    whole = path.read_bytes()
    damage = scratch if extension != "csv" else scratched
    inventory = register(RegisterConfig(path=Path(path.name)), context(tmp_path))
    for seed in range(40):
        path.write_bytes(damage(whole, random.Random(seed)))
        result = inventory.check()  # raises, if anything is left to raise
        assert result.ok or result.remedy


def write_csv(path: Path, rows: Rows) -> None:
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")


# --- check ----------------------------------------------------------------------------------------------


def test_check_sums_up_in_one_line(tmp_path: Path) -> None:
    rows = [
        [*LINES[0], "Role"],
        ["Ward 7", "Amy", A, "admin"],
        ["Ward 7", "Ben", "", "boss"],
        ["Ward 8", "", "", ""],
    ]
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, rows)
    os.utime(path, (SAVED_AT.timestamp(),) * 2)

    result = register(RegisterConfig(path=Path("groups.xlsx")), context(tmp_path)).check()

    assert result.ok
    assert result.message == (
        "groups.xlsx: 2 groups, 2 members, 1 admin, dated 2026-11-23 15:00 UTC, 1 cell or row not understood"
    )
    assert result.counts == {"groups": 2, "members": 2, "admins": 1, "without_phone": 1, "malformed": 1}
    assert result.details["not understood"].startswith("sheet 'Groups', D3: the role 'boss' is not known")


def test_check_says_that_a_register_has_no_roles_rather_than_no_admins(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "groups.xlsx", LINES)
    result = register(RegisterConfig(path=Path("groups.xlsx")), context(tmp_path)).check()
    assert "1 group, 2 members, no roles, dated" in result.message


def test_a_clock_that_is_behind_the_files_is_never_overtaken(tmp_path: Path) -> None:
    path = tmp_path / "groups.xlsx"
    write_xlsx(path, LINES)
    assert read_file(path, saved_at=datetime(2028, 1, 1, tzinfo=UTC)).taken_at == context().now()


@pytest.mark.parametrize("extra", [{"paht": "x"}, {"columns": {"phones": "x"}}, {"messenger": ""}])
def test_the_configuration_refuses_what_it_does_not_know(extra: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        RegisterConfig.model_validate({"path": "g.xlsx", **extra})
