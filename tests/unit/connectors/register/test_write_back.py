"""Days that Whosleft writes into a register: which rows get them, in one step, and where it is refused."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from pydantic import ValidationError

from connectors.inventory.register.client import Opened, open_book
from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.connector import RegisterInventory
from connectors.inventory.register.write_back import replacing
from connectors.inventory.register.write_back.cells import HEADING
from fakes.in_process import in_process
from fakes.office import new_book, write_docx, write_xlsx
from fakes.register_files import SAVED_AT, context, register
from register_days import ANA, BOB, CEM, HEAD, LATER, ROWS, cells, days, inventory, proven, small_register
from worker.ports import BadConfig, InUse, PermissionDenied, Transient


@pytest.fixture
def excel(tmp_path: Path) -> Path:
    return small_register(tmp_path)


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
    with pytest.raises(InUse, match="open in an editor"):
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
        with pytest.raises(InUse, match=what):
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
    assert "to its folder" in checked.remedy


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_register_that_is_read_only_stays_as_it_is(excel: Path, is_linked: bool) -> None:
    shown = excel.with_name("shown.xlsx") if is_linked else excel
    if is_linked:
        shown.symlink_to(excel.name)
    excel.chmod(0o444)
    before = excel.read_bytes(), sorted(excel.parent.iterdir())
    with pytest.raises(PermissionDenied, match="it is read-only") as refused:
        inventory(shown).write_back([proven("ward-7", ANA)])
    assert shown.name in refused.value.message
    assert "write to the file" in refused.value.remedy
    assert (excel.read_bytes(), sorted(excel.parent.iterdir())) == before
    checked = inventory(shown).check()
    assert not checked.ok
    assert "write to it" in checked.remedy
    excel.chmod(0o644)
    assert inventory(shown).write_back([proven("ward-7", ANA)]) == 1


def test_a_folder_that_is_gone_or_full_is_tried_again(excel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Transient, match="No space left") as raised:
        inventory(excel).write_back([proven("ward-7", ANA)])
    assert not isinstance(raised.value, InUse), "nobody has to wait for it to be closed"


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
