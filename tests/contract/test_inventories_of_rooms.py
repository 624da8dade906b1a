"""Every inventory of rooms, channels and teams is held to the port's suite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.inventory.matrix.config import MatrixConfig
from connectors.inventory.matrix.connector import MatrixInventory
from connectors.inventory.slack.config import SlackInventoryConfig
from connectors.inventory.slack.connector import SlackInventory
from connectors.inventory.teams.config import TeamsConfig
from connectors.inventory.teams.connector import TeamsInventory
from contracts.entra_world import options
from contracts.inventory import TAKEN_AT, InventoryContract, World, context
from fakes.graph.faults import Fault as GraphFault
from fakes.graph.http import Reply
from fakes.graph.lab import FakeEntra
from fakes.graph.teams import ROLES as TEAMS_ROLES
from fakes.graph.tokens import CLIENT_ID
from fakes.matrix.server import SERVER_NAME, MatrixServer, Refused
from fakes.matrix.server import TOKEN as MATRIX_TOKEN
from fakes.slack.server import TOKEN as SLACK_TOKEN
from fakes.slack.server import Fault, SlackServer
from worker.domain.model import Member, Role, Roster


class MatrixWorld(World):
    def __init__(self, server: MatrixServer) -> None:
        self.server = server
        self.inventory = MatrixInventory(
            MatrixConfig(url=server.url, token=SecretStr(MATRIX_TOKEN), requests_per_minute=6000), context()
        )
        self._shown: tuple[Roster, ...] = ()

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters
        self.mend()

    def seen(self, roster: Roster) -> Roster:
        members = (replace(one, handle=self.user_id(one)) for one in roster.members)
        return replace(
            roster,
            group=replace(roster.group, messenger="matrix"),
            members=tuple(sorted(members, key=lambda one: one.handle)),
        )

    @staticmethod
    def user_id(member: Member) -> str:
        assert member.phone
        return f"@p{member.phone.removeprefix('+')}:{SERVER_NAME}"

    def spoil(self, group_id: str) -> None:
        user_id = self.server.rooms[group_id].joined()[0]
        self.server.users[user_id]["threepids"] = "none"

    def break_mid_way(self) -> None:
        """The last room's state breaks off, and the server is gone."""
        state = f"{max(self.server.rooms)}/state"
        self.server.faults[state] = Reply(body=b'{"state": [{"type": "m.room', cut_after=20)
        asked = len(self.server.seen(state))

        def answer(_start: int) -> None:
            if len(self.server.seen(state)) > asked:
                raise Refused(503, "M_UNKNOWN", "Shutting down")

        self.server.on_page = answer

    def take_away(self) -> None:
        self.server.faults["/"] = Reply(is_dropped=True)

    def mend(self) -> None:
        self.server.faults.clear()
        self.server.on_page = lambda _start: None
        self.server.rooms.clear()
        for roster in self._shown:
            for one in roster.members:
                user_id = self.server.person(self.user_id(one).partition(":")[0][1:], one.phone or "")
                self.server.users[user_id]["displayname"] = one.display_name
            creators = [self.user_id(one) for one in roster.members if one.role is Role.CREATOR]
            self.server.room(
                roster.group.group_id,
                creators[0] if creators else f"@gone:{SERVER_NAME}",
                [self.user_id(one) for one in roster.members],
                name=roster.group.name,
                powers={self.user_id(one): 100 for one in roster.members if one.role is Role.ADMIN},
            )


class TestMatrix(InventoryContract):
    kind = "matrix"
    is_live = True

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with MatrixServer() as server:
            world = MatrixWorld(server)
            yield world
            world.inventory.close()


class SlackWorld(World):
    """A workspace of Enterprise, where an app with the right sees who manages a channel."""

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.inventory = SlackInventory(
            SlackInventoryConfig(token=SecretStr(SLACK_TOKEN), api_url=server.url), context()
        )
        self._shown: tuple[Roster, ...] = ()

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters
        self.mend()

    def seen(self, roster: Roster) -> Roster:
        members = (
            replace(one, handle=self.user_id(one), role=Role.ADMIN if one.role is Role.CREATOR else one.role)
            for one in roster.members
        )
        return replace(roster, group=replace(roster.group, messenger="slack"), members=tuple(members))

    @staticmethod
    def user_id(member: Member) -> str:
        assert member.phone
        return f"U{member.phone.removeprefix('+')}"

    def spoil(self, group_id: str) -> None:
        first = self.server.channels[group_id].members[0]
        next(one for one in self.server.people.values() if one["id"] == first)["profile"] = "none"

    def break_mid_way(self) -> None:
        """The answer breaks off with the second member of a channel."""
        self.server.page_size = 1
        cut = Fault(body=b'{"ok": true, "members": ["U44')
        self.server.fail("conversations.members", *[Fault(), cut] * 3)

    def take_away(self) -> None:
        self.server.fail("admin.roles.listAssignments", *[Fault(drop_before=True)] * 3)
        self.server.fail("auth.test", *[Fault(drop_before=True)] * 3)

    def mend(self) -> None:
        self.server.mend()
        self.server.page_size = 200
        self.server.channels.clear()
        self.server.people.clear()
        self.server.managers = {}
        for roster in self._shown:
            ids = [self.user_id(one) for one in roster.members]
            group_id = roster.group.group_id
            self.server.add_channel(group_id, roster.group.name, *ids, is_member=False)
            self.server.managers[group_id] = [
                self.user_id(one) for one in roster.members if one.role.is_admin
            ]
            for one in roster.members:
                profile = {"real_name": one.display_name, "phone": one.phone}
                self.server.add_person(f"{self.user_id(one)}@example.org", self.user_id(one), profile=profile)


class TestSlack(InventoryContract):
    kind = "slack"
    is_live = True

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with SlackServer() as server:
            world = SlackWorld(server)
            yield world
            world.inventory.close()


class TeamsWorld(World):
    def __init__(self, entra: FakeEntra, folder: Path) -> None:
        self.entra = entra
        entra.tokens.apps[CLIENT_ID].roles.update(TEAMS_ROLES)
        self.inventory = TeamsInventory(TeamsConfig.model_validate(options(entra)), context(folder))
        self._shown: tuple[Roster, ...] = ()

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self._shown = rosters
        self.mend()

    def seen(self, roster: Roster) -> Roster:
        members = (
            replace(
                one,
                handle=self.user_id(one),
                role=Role.ADMIN if one.role is Role.CREATOR else one.role,
            )
            for one in roster.members
        )
        return replace(roster, group=replace(roster.group, messenger="teams"), members=tuple(members))

    @staticmethod
    def user_id(member: Member) -> str:
        assert member.phone
        return f"00000000-0000-4000-8000-{member.phone.removeprefix('+')}"

    def spoil(self, group_id: str) -> None:
        def damage(answer: dict[str, Any]) -> dict[str, Any]:
            del answer["value"][0]["id"]
            return answer

        self.entra.graph.faults.add(GraphFault(edit=damage), path=f"*/{group_id}/members/*", times=None)

    def break_mid_way(self) -> None:
        last = max(self.entra.tenant.groups)
        self.entra.graph.faults.add(GraphFault(keep=0.5), path=f"*/{last}/members/*", times=None)

    def take_away(self) -> None:
        self.entra.graph.faults.add(GraphFault(is_dropped=True), times=None)

    def mend(self) -> None:
        self.entra.graph.faults.clear()
        self.entra.tenant.groups.clear()
        for roster in self._shown:
            for one in roster.members:
                self._put(one)
            owners = tuple(self.user_id(one) for one in roster.members if one.role.is_admin)
            members = [self.user_id(one) for one in roster.members]
            group_id = roster.group.group_id
            self.entra.graph.teams.add_team(roster.group.name, *members, owners=owners, group_id=group_id)

    def _put(self, member: Member) -> None:
        user_id, tenant = self.user_id(member), self.entra.tenant
        if tenant.find(user_id) is None:
            tenant.add(user_id=user_id)
        tenant.change(user_id, displayName=member.display_name, mobilePhone=member.phone)


@pytest.fixture(scope="module")
def teams_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates are made once."""
    return tmp_path_factory.mktemp("teams")


class TestTeams(InventoryContract):
    kind = "teams"
    is_live = True

    @pytest.fixture
    def world(self, teams_folder: Path) -> Iterator[World]:
        with FakeEntra(teams_folder) as entra:
            world = TeamsWorld(entra, teams_folder)
            yield world
            world.inventory.close()
