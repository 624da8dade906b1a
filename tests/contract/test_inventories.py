from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.tools.writer import Layout, table_of, write_register
from contracts.inventory import NAME, NOW, TAKEN_AT, InventoryContract, World, context
from fakes.inventory import FakeInventory
from fakes.office import Rows, write_docx, write_ods, write_xlsx
from fakes.register_files import register
from worker.domain.model import Coverage, Roster
from worker.ports import Transient


class FakeWorld(World):
    def __init__(self) -> None:
        self.inventory: FakeInventory = FakeInventory(NAME, now=lambda: NOW)
        self._shown: tuple[tuple[Roster, ...], datetime] = ((), TAKEN_AT)

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters, taken_at
        self.mend()

    def spoil(self, group_id: str) -> None:
        self.inventory.mark(group_id, Coverage.PARTIAL)

    def break_mid_way(self) -> None:
        self.inventory.cut_after(1)

    def take_away(self) -> None:
        self.inventory.fail(Transient("the source does not answer.", remedy="Wait."))

    def mend(self) -> None:
        rosters, taken_at = self._shown
        self.inventory.mend()
        self.inventory.clear()
        self.inventory.put(*rosters)
        self.inventory.date(taken_at)


class TestFake(InventoryContract):
    kind = None

    @pytest.fixture
    def world(self) -> World:
        return FakeWorld()


def to_ods(path: Path, rosters: tuple[Roster, ...], taken_at: datetime, layout: Layout) -> None:
    write_ods(path, table_of(rosters, taken_at, layout))


def to_docx(path: Path, rosters: tuple[Roster, ...], taken_at: datetime, layout: Layout) -> None:
    """Word has the date as a sentence above the table."""
    write_docx(path, table_of(rosters, None, layout), above=[f"As of: {taken_at.isoformat()}"])


WRITERS: dict[str, Callable[[Path, tuple[Roster, ...], datetime, Layout], None]] = {
    "xlsx": write_register,
    "csv": write_register,
    "ods": to_ods,
    "docx": to_docx,
}


OFFICE: dict[str, Callable[[Path, Rows], None]] = {
    "xlsx": write_xlsx,
    "ods": write_ods,
    "docx": write_docx,
}


class RegisterWorld(World):
    def __init__(self, folder: Path, extension: str, layout: Layout) -> None:
        self.path = folder / f"groups.{extension}"
        self.extension = extension
        self.layout = layout
        self._shown: tuple[tuple[Roster, ...], datetime] = ((), TAKEN_AT)
        self.inventory = register(RegisterConfig(path=Path(self.path.name)), context(folder))
        self.mend()

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters, taken_at
        self.mend()

    def spoil(self, group_id: str) -> None:
        rosters, taken_at = self._shown
        rows = table_of(rosters, taken_at, self.layout)
        at = next(number for number, row in enumerate(rows) if group_id in row)
        rows[at][4:] = ["12345", "", ""] if self.layout == "group" else ["", "12345", *rows[at][6:]]
        self._write_rows(rows)

    def _write_rows(self, rows: list[list[str]]) -> None:
        if self.extension == "csv":
            lines = (",".join(f'"{cell}"' for cell in row) for row in rows)
            self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        else:
            OFFICE[self.extension](self.path, rows)

    def break_mid_way(self) -> None:
        """The writer of a file stopped; of a CSV, in the first value of its last line."""
        data = self.path.read_bytes()
        cut = data.rstrip().rfind(b"\n") + 4 if self.extension == "csv" else len(data) * 2 // 3
        self.path.write_bytes(data[:cut])

    def take_away(self) -> None:
        self.path.unlink()

    def mend(self) -> None:
        rosters, taken_at = self._shown
        WRITERS[self.extension](self.path, rosters, taken_at, self.layout)


class TestRegister(InventoryContract):
    kind = "register"

    @pytest.fixture(
        params=[(extension, layout) for extension in WRITERS for layout in ("member", "group")], ids="-".join
    )
    def world(self, request: pytest.FixtureRequest, tmp_path: Path) -> World:
        return RegisterWorld(tmp_path, *request.param)
