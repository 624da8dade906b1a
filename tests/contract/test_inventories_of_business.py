"""The inventory of a business number's groups is held to the port's suite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from contracts.inventory import TAKEN_AT, InventoryContract, World, context
from fakes.whatsapp_cloud.server import NUMBER, TOKEN, CloudServer, Raw
from worker.domain.model import Role, Roster


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
