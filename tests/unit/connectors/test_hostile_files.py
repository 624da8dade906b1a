"""Files that were made to hurt, read as the worker reads them: in a process of its own, within bounds."""

from __future__ import annotations

import base64
import io
import os
import random
import re
import socket
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.directory.file.config import FileConfig
from connectors.directory.file.connector import FileDirectory
from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.connector import RegisterInventory
from connectors.inventory.register.formats.work import WORK, Asked
from connectors.kit.child import Apart, Bounds, in_child
from connectors.kit.text import quoted
from contracts import directory as exports
from fakes.export_files import directory, guid, write
from fakes.office import write_ods, write_xlsx
from fakes.register_files import NOW, context, register
from worker.domain.model import RegisterFacts, RegisterStatus, Roster
from worker.ports import BadConfig, Incomplete, InUse, SnapshotEnd

PHONE = "+447700900101"
ROWS = [["Group name", "Member name", "Phone"], ["Ward 7", "Zoe", PHONE]]
SHEET = "xl/worksheets/sheet1.xml"
END = b"</sheetData>"
QUICK = partial(in_child, bounds=Bounds(cpu_s=10))  # enough for a hundred thousand rows
TEXT = '<c r="B3" t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>'


def packed(
    path: Path, part: str, change: Callable[[bytes], bytes], more: dict[str, bytes] | None = None
) -> None:
    """Write the archive anew with one part changed."""
    whole = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
        for name, data in (more or {}).items():
            new.writestr(name, data)


def xlsx(before_the_end: bytes, more: dict[str, bytes] | None = None) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        write_xlsx(path, ROWS)
        packed(path, SHEET, lambda xml: xml.replace(END, before_the_end + END), more)

    return build


def merged_over_one_another(path: Path) -> None:
    ranges = b'<mergeCell ref="A2:B60000"/>' * 1000
    xlsx(b'<row r="60000"><c r="A60000"><v>1</v></c></row>')(path)
    packed(path, SHEET, lambda xml: xml.replace(END, END + b"<mergeCells>" + ranges + b"</mergeCells>"))


def ods(old: bytes, new: bytes) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        write_ods(path, ROWS)
        packed(path, "content.xml", lambda xml: xml.replace(old, new, 1))

    return build


def text(content: str) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        path.write_text(content, encoding="utf-8")

    return build


SHARED = {
    "xl/sharedStrings.xml": b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
    + b"a" * 30_000
    + b"</t></si></sst>"
}
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

TOO_MUCH = [
    ("stray.xlsx", xlsx(b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"), "reaches to XFD1048576"),
    ("small.xlsx", xlsx(b'<c r="xfd1048576"/>'), "reaches to XFD1048576"),
    ("row.xlsx", xlsx(b'<row r="1048576">' + b"<c/>" * 100 + b"</row>"), "far beyond any register"),
    ("unclosed.xlsx", xlsx(b'<c r="A1"><f>' * 400), "cut or damaged"),
    ("nested.xlsx", xlsx(b"<c r='A3'> " * 40_000), "cut or damaged"),
    ("shared.xlsx", xlsx((b"<row>" + b'<c t="s"><v>0</v></c>' * 100 + b"</row>") * 100, SHARED), "50,000,000 letters"),
    ("merged.xlsx", merged_over_one_another, "cover one another"),
    ("place.xlsx", xlsx(b'<c r="A99999999999"/>'), "cut or damaged"),
    ("spaces.ods", ods(b"Zoe", b'Zoe<text:s text:c="1000000000"/>'), "sheet 'Groups' holds more than 50,000,000"),
    ("rows.ods", ods(b"<table:table-row>", b'<table:table-row table:number-rows-repeated="99999999">'), "far beyond"),
    ("cells.ods", ods(b"<table:table-cell ", b'<table:table-cell table:number-columns-repeated="9999999" '),
     "far beyond"),
    ("entities.ods", ods(b"<office:document-content", BOMB + b"<office:document-content"), "cut or damaged"),
    ("commas.csv", text("Group name,Members\n" + "," * 6_000_000 + "\n"), "more than 5,000,000 values"),
]  # fmt: skip
LONG = {
    "a cell of one word": "a" * 120_000,
    "an open bracket": "(" + " " * 120_000 + "x",
    "spaces": "x" + " " * 120_000 + "x",
    "dashes": "a -" * 40_000,
    "marks that are put in order": "a" + "\u0301" * 10_000 + "\u0323" * 10_000,
}


@pytest.mark.parametrize("name, build, said", [pytest.param(*case, id=case[0]) for case in TOO_MUCH])
def test_a_file_that_would_take_too_much_is_an_error_that_names_it(
    name: str, build: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    build(tmp_path / name)
    assert (tmp_path / name).stat().st_size < 1 << 23

    result = inventory(tmp_path, name, QUICK).check()

    assert not result.ok
    assert result.message.startswith(f"{name}: ")
    assert said in result.message
    assert result.remedy


@pytest.mark.parametrize("cell", LONG.values(), ids=LONG)
def test_a_cell_of_a_hundred_thousand_letters_is_read_like_any_other(cell: str, tmp_path: Path) -> None:
    row = TEXT.format(cell) + TEXT.replace("B3", "A3").format("Ward 7")
    xlsx(f'<row r="3">{row}</row>'.encode())(tmp_path / "g.xlsx")

    *rosters, end = inventory(tmp_path, "g.xlsx", QUICK).changes(None)

    assert isinstance(end, SnapshotEnd)
    assert len(rosters) == 1
    assert all(len(problem.message) < 700 for problem in end.malformed)


def test_a_picture_of_four_million_bytes_in_an_ldif_is_joined_once(tmp_path: Path) -> None:
    picture = base64.b64encode(random.Random(1).randbytes(4 << 20)).decode()
    folded = "\n ".join(picture[at : at + 76] for at in range(0, len(picture), 76))
    entry = (
        f"dn: CN=Zoe,DC=x\nobjectClass: user\nobjectGUID: {guid(1)}\nthumbnailPhoto:: {folded}\ncn: Zoe\n\n"
    )
    write(tmp_path / "people.ldf", entry)

    config = FileConfig(path="people.ldf")
    result = FileDirectory(config, exports.context("export", tmp_path), QUICK).check()

    assert result.ok, result.message


# --- Bounds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bounds, said",
    [
        (Bounds(memory_bytes=112 << 20), "reading it takes more than 112 MB of memory, so it was given up"),
        (Bounds(cpu_s=1), "reading it takes more than 1 seconds of processor time"),
        (Bounds(wait_s=0.001), "reading it takes more than 0.001 seconds"),
    ],
    ids=["memory", "processor", "time"],
)
def test_what_goes_over_a_bound_is_given_up_and_says_which(bounds: Bounds, said: str, tmp_path: Path) -> None:
    rows = "".join(f"Ward {n},Nurse Number{n},+4477{n:08}\n" for n in range(60_000))
    (tmp_path / "g.csv").write_text("Group,Member name,Phone\n" + rows, encoding="utf-8")

    with pytest.raises(Incomplete) as raised:
        list(inventory(tmp_path, "g.csv", partial(in_child, bounds=bounds)).changes(None))

    assert raised.value.message.startswith("g.csv: ")
    assert said in raised.value.message
    assert raised.value.remedy


def test_one_item_is_bounded_too(tmp_path: Path) -> None:
    write_xlsx(
        tmp_path / "g.xlsx", [*ROWS, *(["Ward 7", f"Nurse {n}", f"+4477009{n:05}"] for n in range(900))]
    )
    with pytest.raises(Incomplete, match="for one group or page"):
        list(
            inventory(tmp_path, "g.xlsx", partial(in_child, bounds=Bounds(item_bytes=1 << 10))).changes(None)
        )


def test_a_reader_that_fails_is_an_error_with_its_place_and_nothing_of_the_file(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "g.xlsx", ROWS)
    work = replace(WORK, place="connectors.registry:SUCH")
    asked = Asked("g.xlsx", NOW, RegisterConfig(path=Path("g.xlsx")), "GB", "UTC", NOW)
    with (tmp_path / "g.xlsx").open("rb") as file, pytest.raises(Incomplete) as raised:
        list(in_child(work, file, "g.xlsx", asked))
    assert re.match(
        r"g\.xlsx: its reader failed \(AttributeError at child\.py line \d+\)", raised.value.message
    )


def test_that_a_file_is_being_changed_is_known_here(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "g.xlsx", ROWS)
    asked = Asked("g.xlsx", NOW, RegisterConfig(path=Path("g.xlsx")), "GB", "UTC", NOW)
    with (tmp_path / "g.xlsx").open("rb", buffering=0) as file:
        file.read(9)  # so that less than the whole file is left to read
        with pytest.raises(InUse, match="was changed"):
            list(in_child(WORK, file, "g.xlsx", asked))


def test_a_good_register_and_a_good_export_come_through_whole(tmp_path: Path) -> None:
    about = ["Review due", "Group status", "Sensitive"], ["2026-11-24", "closed", "yes"]
    write_xlsx(tmp_path / "g.xlsx", [[*row, *more] for row, more in zip(ROWS, about, strict=True)])
    here = list(register(RegisterConfig(path=Path("g.xlsx")), context(tmp_path)).changes(None))
    assert list(inventory(tmp_path, "g.xlsx", in_child).changes(None)) == here
    assert isinstance(here[0], Roster)
    assert here[0].registered == RegisterFacts(
        review_due=date(2026, 11, 24), status=RegisterStatus.CLOSED, sensitive=True
    )


def test_giving_up_half_way_ends_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, command: Sequence[str], **how: Any) -> None:
            super().__init__(command, **how)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    more_than_a_pipe_holds = [[f"Ward {number}", "Zoe", PHONE] for number in range(2_000)]
    write_xlsx(tmp_path / "g.xlsx", [ROWS[0], *more_than_a_pipe_holds])
    reading = inventory(tmp_path, "g.xlsx", in_child).changes(None)
    next(reading)
    (process,) = started
    assert process.poll() is None
    reading.close()  # type: ignore[attr-defined]
    assert process.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def inventory(folder: Path, name: str, apart: Apart) -> RegisterInventory:
    return RegisterInventory(RegisterConfig(path=Path(name)), context(folder), apart)


# --- What is no file of the folder ------------------------------------------------------------------------

SECRET = "root:x:0:0:root:/root:/bin/bash"


def link_out(path: Path) -> None:
    outside = path.parent.parent / "outside.txt"
    outside.write_text(SECRET, encoding="utf-8")
    path.symlink_to(outside)


def folder_link_out(path: Path) -> None:
    (path.parent.parent / "elsewhere").mkdir()
    (path.parent.parent / "elsewhere" / path.name).write_text(SECRET, encoding="utf-8")
    (path.parent / "inner").symlink_to(path.parent.parent / "elsewhere")
    path.symlink_to(Path("inner") / path.name)


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    "make", [link_out, folder_link_out, os.mkfifo, Path.mkdir, listen, lambda path: path.symlink_to("/dev/zero")],
    ids=["link", "link to a folder", "pipe", "folder", "socket", "device"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["register", "directory"])
def test_only_a_file_of_the_source_s_own_folder_is_read_and_nothing_else_is_quoted(
    make: Callable[[Path], None], kind: str, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    make(folder / "g.csv")

    of_register = register(RegisterConfig(path=Path("g.csv")), context(folder))
    source = directory(folder, "g.csv") if kind == "directory" else of_register
    result = source.check()

    assert not result.ok
    assert result.remedy
    assert "root" not in result.message + result.remedy.replace(str(tmp_path), "")


def test_the_links_of_a_mounted_volume_are_followed(tmp_path: Path) -> None:
    (tmp_path / "..2026").mkdir()
    write_xlsx(tmp_path / "..2026" / "g.xlsx", ROWS)
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "g.xlsx").symlink_to(Path("..data") / "g.xlsx")
    assert register(RegisterConfig(path=Path("g.xlsx")), context(tmp_path)).check().ok


# --- What is quoted ---------------------------------------------------------------------------------------


def test_an_error_quotes_no_line_of_a_file_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text(f"{SECRET}\nbin:x:1:1\n", encoding="utf-8")
    with pytest.raises(BadConfig, match="no row of headings") as raised:
        list(register(RegisterConfig(path=Path("g.csv")), context(tmp_path)).changes(None))
    assert "root" not in str(raised.value)


def test_what_is_quoted_is_short_and_moves_nothing(tmp_path: Path) -> None:
    evil = "\x1b[2J\u202e" + "boss\n" * 30
    (tmp_path / "g.csv").write_text(
        f'Group,Member,Phone,Role\nWard 7,Zoe,{PHONE},"{evil}"\n', encoding="utf-8"
    )
    *_, end = register(RegisterConfig(path=Path("g.csv")), context(tmp_path)).changes(None)
    assert isinstance(end, SnapshotEnd)
    (problem,) = end.malformed
    assert quoted(evil) in problem.message
    assert len(quoted(evil)) <= 42
    assert not {"\x1b", "\u202e", "\n"} & set(problem.message)
