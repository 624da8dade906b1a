"""User groups that are switched off, and accounts that come back while they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.inventory.slack.config import SlackInventoryConfig
from connectors.inventory.slack.connector import SINGLY_MAX, SlackInventory
from contracts.inventory import context
from fakes.slack.server import TOKEN, SlackServer
from worker.domain.model import Roster
from worker.ports import SnapshotEnd


@pytest.mark.parametrize("user_groups", [True, False])
def test_user_groups_that_are_switched_off_are_left_out(
    slack: SlackServer, made: Callable[..., SlackInventory], user_groups: bool
) -> None:
    *_, end = made(user_groups=user_groups).changes(None)
    assert isinstance(end, SnapshotEnd)
    assert [end.left_out(one) for one in ("S0NURSES", "C0WARD7")] == [not user_groups, False]


def roster(inventory: SlackInventory) -> Roster:
    (found,) = [one for one in inventory.changes(None) if isinstance(one, Roster)]
    return found


class Back(SlackServer):
    """Sam's account is activated again after the accounts were listed, and before the channels are."""

    def _list_channels(self, body: dict[str, Any]) -> dict[str, Any]:
        self.people["sam@example.org"]["deleted"] = False
        return super()._list_channels(body)


@pytest.mark.parametrize("others", [0, SINGLY_MAX])
def test_an_account_that_was_activated_again_meanwhile_is_a_member(others: int) -> None:
    with Back() as slack:
        slack.channels.clear()
        slack.add_person("amina@example.org", "U0101")
        slack.add_person("sam@example.org", "U0102", deleted=True)
        gone = [f"U1{number:03}" for number in range(others)]
        for user_id in gone:
            slack.add_person(f"{user_id}@example.org", user_id, deleted=True)
        slack.add_channel("C0WARD7", "ward 7", "U0101", "U0102", *gone)
        config = SlackInventoryConfig(token=SecretStr(TOKEN), api_url=slack.url, requests_per_minute=6000)
        inventory = SlackInventory(config, context(Path()))
        (roster,) = [one for one in inventory.changes(None) if isinstance(one, Roster)]
        assert [one.handle for one in roster.members] == ["U0101", "U0102"]
        assert slack.called("users.info") == (0 if others else 1)
        inventory.close()


def test_a_deactivated_account_is_looked_up_once_a_read(
    slack: SlackServer, made: Callable[..., SlackInventory]
) -> None:
    slack.people["sam@example.org"]["deleted"] = True
    for number in range(3):
        slack.add_channel(f"C{number}", f"ward {number}", "U0101", "U0102")
    list(made().changes(None))
    assert slack.called("users.info") == 1
