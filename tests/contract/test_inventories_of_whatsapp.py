"""Every inventory of WhatsApp groups is held to the port's suite."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from connectors.inventory.evolution import SPEC as EVOLUTION
from connectors.inventory.gowa import SPEC as GOWA
from connectors.inventory.waha import SPEC as WAHA
from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from connectors.inventory.whatsapp_export.config import WhatsappExportConfig
from connectors.inventory.whatsapp_export.connector import WhatsappExportInventory
from connectors.kit.whatsapp_export.names import group_id
from contracts.inventory import TAKEN_AT, InventoryContract, World, context
from fakes.chat_exports import export_of
from fakes.evolution.server import INSTANCE, EvolutionServer
from fakes.evolution.server import KEY as EVOLUTION_KEY
from fakes.gateways.world import GatewayWorld
from fakes.gowa.server import PASSWORD, USER, GowaServer
from fakes.in_process import in_process
from fakes.waha.server import KEY, WahaServer
from fakes.whatsapp_cloud.server import NUMBER, TOKEN, CloudServer, Raw
from worker.domain.model import Coverage, Role, Roster


class TestWaha(InventoryContract):
    kind = "waha"
    is_live = True
    shows_names = False
    shows_empty_groups = False

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with WahaServer() as server:
            keys = {"url": server.url, "api_key": KEY, "accept_terms_risk": True}
            inventory = WAHA.build(WAHA.config.model_validate(keys), context())
            with closing(inventory):
                yield GatewayWorld(server, inventory, "/participants/v2")


class TestGowa(InventoryContract):
    kind = "gowa"
    is_live = True
    shows_empty_groups = False

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with GowaServer() as server:
            keys = {"url": server.url, "user": USER, "password": PASSWORD, "accept_terms_risk": True}
            inventory = GOWA.build(GOWA.config.model_validate(keys), context())
            with closing(inventory):
                yield GatewayWorld(server, inventory, "/group/participants")


class TestEvolution(InventoryContract):
    kind = "evolution"
    is_live = True
    shows_empty_groups = False

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with EvolutionServer() as server:
            keys = {
                "url": server.url,
                "api_key": EVOLUTION_KEY,
                "instance": INSTANCE,
                "accept_terms_risk": True,
            }
            inventory = EVOLUTION.build(EVOLUTION.config.model_validate(keys), context())
            with closing(inventory):
                yield GatewayWorld(server, inventory, "/group/participants")


class ExportWorld(World):
    def __init__(self, folder: Path, *, is_ios: bool) -> None:
        self.folder = folder / "exports"
        self.is_ios = is_ios
        self._shown: tuple[tuple[Roster, ...], datetime] = ((), TAKEN_AT)
        config = WhatsappExportConfig(path=Path("exports"))
        self.inventory = WhatsappExportInventory(config, context(folder), in_process)
        self.mend()

    def seen(self, roster: Roster) -> Roster:
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

    def seen(self, roster: Roster) -> Roster:
        """Numbers without names, and nobody's role."""
        members = (replace(one, display_name="", role=Role.UNKNOWN) for one in roster.members)
        return replace(roster, members=tuple(members))

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters
        self.mend()

    def spoil(self, group_id: str) -> None:
        self.server.groups[group_id].participants[-1] = {"wa_id": "", "user_id": "", "username": ""}

    def break_mid_way(self) -> None:
        """The answer for the last group is cut, and so is every other one after it."""
        last = max(self.server.groups)
        cut = Raw(200, b'{"id": "', {"content-type": "application/json"})

        def answer(_method: str, path: str, _query: Mapping[str, str]) -> Raw | None:
            if not path.endswith(last):
                return None
            self.server.hook = lambda _method, _path, _query: cut
            return cut

        self.server.hook = answer

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
