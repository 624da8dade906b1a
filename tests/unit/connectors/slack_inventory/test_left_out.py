"""User groups that are switched off, and accounts that come back while they are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.inventory.slack.connector import SlackInventory
from fakes.slack.server import SlackServer
from worker.ports import SnapshotEnd


@pytest.mark.parametrize("user_groups", [True, False])
def test_user_groups_that_are_switched_off_are_left_out(
    slack: SlackServer, made: Callable[..., SlackInventory], user_groups: bool
) -> None:
    *_, end = made(user_groups=user_groups).changes(None)
    assert isinstance(end, SnapshotEnd)
    assert [end.left_out(one) for one in ("S0NURSES", "C0WARD7")] == [not user_groups, False]
