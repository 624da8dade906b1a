"""A fake Entra ID with Teams, and the inventory that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.inventory.teams.config import TeamsConfig
from connectors.inventory.teams.connector import TeamsInventory
from contracts.entra_world import options
from contracts.inventory import context
from fakes.graph.lab import FakeEntra
from fakes.graph.teams import ROLES
from fakes.graph.tokens import CLIENT_ID
from teams_reading import AMINA, NOOR, SAM, WARD


@pytest.fixture(scope="session")
def teams_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("teams")


@pytest.fixture
def entra(teams_folder: Path) -> Iterator[FakeEntra]:
    with FakeEntra(teams_folder) as fake:
        fake.tokens.apps[CLIENT_ID].roles.update(ROLES)
        for number, name in ((1, "Amina Yusuf"), (2, "Sam Okafor"), (3, "Noor Haddad")):
            first = name.split()[0].casefold()
            fake.tenant.add(
                user_id=user(number),
                displayName=name,
                mail=f"{first}@example.org",
                mobilePhone=f"07700 90010{number}",
            )
        yield fake


def user(number: int) -> str:
    return f"00000000-0000-4000-8000-00000000000{number}"


@pytest.fixture
def made(entra: FakeEntra, tmp_path: Path) -> Iterator[Callable[..., TeamsInventory]]:
    """Make an inventory; `given` goes into its context, all else into its configuration."""
    inventories = []

    def make(given: dict[str, Any] | None = None, **more: Any) -> TeamsInventory:
        config = TeamsConfig.model_validate(options(entra, **more))
        inventories.append(TeamsInventory(config, replace(context(tmp_path), **(given or {}))))
        return inventories[-1]

    yield make
    for inventory in inventories:
        inventory.close()


@pytest.fixture
def inventory(made: Callable[..., TeamsInventory]) -> TeamsInventory:
    return made(chats=True)


@pytest.fixture
def ward(entra: FakeEntra) -> str:
    return entra.graph.teams.add_team("Ward 7", AMINA, SAM, NOOR, owners=(AMINA,), group_id=WARD)
