"""A Slack on loopback and the inventory that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.inventory.slack.config import SlackInventoryConfig
from connectors.inventory.slack.connector import SlackInventory
from contracts.inventory import context
from fakes.slack.server import TOKEN, SlackServer


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.channels.clear()
        for number, name in ((101, "Amina Yusuf"), (102, "Sam Okafor"), (103, "Noor Haddad")):
            email = f"{name.split()[0].casefold()}@example.org"
            profile = {"real_name": name, "phone": f"07700 900{number}", "email": email}
            server.add_person(email, f"U0{number}", profile=profile)
        yield server


@pytest.fixture
def made(slack: SlackServer) -> Iterator[Callable[..., SlackInventory]]:
    """Make an inventory; further names go into its context."""
    inventories = []

    def make(*, user_groups: bool = False, requests_per_minute: int = 90, **more: Any) -> SlackInventory:
        config = SlackInventoryConfig(
            token=SecretStr(TOKEN), api_url=slack.url, user_groups=user_groups,
            requests_per_minute=requests_per_minute,
        )  # fmt: skip
        inventories.append(SlackInventory(config, replace(context(Path()), **more)))
        return inventories[-1]

    yield make
    for inventory in inventories:
        inventory.close()


@pytest.fixture
def inventory(made: Callable[..., SlackInventory]) -> SlackInventory:
    return made(user_groups=True)
