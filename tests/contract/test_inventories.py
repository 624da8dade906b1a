from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.tools.writer import Layout, table_of, write_register
from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from connectors.inventory.whatsapp_export.config import WhatsappExportConfig
from connectors.inventory.whatsapp_export.connector import WhatsappExportInventory
from connectors.kit.whatsapp_export.names import group_id
from contracts.inventory import NAME, NOW, TAKEN_AT, InventoryContract, World, context
from fakes.chat_exports import export_of
from fakes.in_process import in_process
from fakes.inventory import FakeInventory
from fakes.office import Rows, write_docx, write_ods, write_xlsx
from fakes.register_files import register
from fakes.whatsapp_cloud.server import NUMBER, TOKEN, CloudServer, Raw
from worker.domain.model import Coverage, Role, Roster
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


class ExportWorld(World):
    def __init__(self, folder: Path, *, is_ios: bool) -> None:
        self.folder = folder / "exports"
        self.is_ios = is_ios
        self._shown: tuple[tuple[Roster, ...], datetime] = ((), TAKEN_AT)
        config = WhatsappExportConfig(path=Path("exports"))
        self.inventory = WhatsappExportInventory(config, context(folder), in_process)
        self.mend()

    def as_shown(self, roster: Roster) -> Roster:
        """Nobody's role, numbers without names, and never all of a group; the id is made of the name."""
        group = replace(roster.group, group_id=group_id(roster.group.name))
        members = tuple(replace(one, display_name="", role=Role.UNKNOWN) for one in roster.members)
        return replace(roster, group=group, members=members, coverage=Coverage.PARTIAL)

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters, taken_at
        self.mend()

    def spoil(self, group_id: str) -> None:
        rosters, taken_at = self._shown
        (one,) = [roster for roster in rosters if roster.group.group_id == group_id]
        (self.folder / export_of(one, taken_at, is_ios=self.is_ios)[0]).write_bytes(b"caf\xe9")

    def break_mid_way(self) -> None:
        """No export has arrived whole."""
        for path in self.folder.iterdir():
            path.write_bytes(b"PK\x03\x04" + path.read_bytes()[4:60])

    def take_away(self) -> None:
        shutil.rmtree(self.folder)

    def mend(self) -> None:
        rosters, taken_at = self._shown
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for roster in rosters:
            name, data = export_of(roster, taken_at, is_ios=self.is_ios)
            (self.folder / name).write_bytes(data)


class TestWhatsappExport(InventoryContract):
    kind = "whatsapp_export"

    @pytest.fixture(params=["android", "ios"])
    def world(self, request: pytest.FixtureRequest, tmp_path: Path) -> World:
        return ExportWorld(tmp_path, is_ios=request.param == "ios")


class CloudWorld(World):
    def __init__(self, server: CloudServer) -> None:
        self.server = server
        self._shown: tuple[Roster, ...] = ()
        config = WhatsappCloudConfig.model_validate(
            {"phone_number_id": NUMBER, "token": TOKEN, "graph_url": server.url, "requests_per_minute": 6000}
        )
        self.inventory = WhatsappCloudInventory(config, context())

    def as_shown(self, roster: Roster) -> Roster:
        """Numbers without names, and nobody's role."""
        members = (replace(one, display_name="", role=Role.UNKNOWN) for one in roster.members)
        return replace(roster, members=tuple(members))

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters
        self.mend()

    def spoil(self, group_id: str) -> None:
        self.server.groups[group_id].participants[-1] = {"wa_id": "", "user_id": "", "username": ""}

    def break_mid_way(self) -> None:
        """The answer for the last group is cut."""
        last = max(self.server.groups)
        cut = Raw(200, b'{"id": "', {"content-type": "application/json"})
        self.server.hook = lambda _method, path, _query: cut if path.endswith(last) else None

    def take_away(self) -> None:
        self.server.hook = lambda _method, _path, _query: Raw(503, b"")

    def mend(self) -> None:
        self.server.hook = lambda _method, _path, _query: None
        self.server.groups.clear()
        for roster in self._shown:
            ids = [str(member.phone).removeprefix("+") for member in roster.members]
            self.server.add(roster.group.group_id, roster.group.name, *ids)


class TestWhatsappCloud(InventoryContract):
    kind = "whatsapp_cloud"
    is_live = True

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with CloudServer() as server:
            world = CloudWorld(server)
            yield world
            world.inventory.close()
