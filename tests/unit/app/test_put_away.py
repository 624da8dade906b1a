"""Accounts that are put away in several steps, in a directory that is read as a whole each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fakes.directory import FakeDirectory
from harness import Harness
from several_accounts import TENANT, known_twice, nights
from worker.domain.model import Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketState
from worker.ports import DirectoryPage, PassEnd

Start = Callable[..., Harness]


class Narrow(FakeDirectory):
    """Lists only who is in scope, as a search with a filter does; a look-up finds everybody."""

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        for item in super().changes(cursor, full=full):
            if isinstance(item, DirectoryPage):
                yield DirectoryPage(tuple(one for one in item.records if one.is_in_scope))
            else:
                yield replace(item, total=None)


@pytest.mark.parametrize("way", ["disabled", "deleted", "erased"])
def test_who_is_put_out_of_scope_first_and_put_away_later_has_left(start: Start, way: str) -> None:
    h = start(directory_type=Narrow, has_delta=False)
    h.corp.change("ann", is_in_scope=False)
    h.settle()
    h.later()
    h.settle(full=True)
    assert h.standing("ann") is Standing.ACTIVE
    {"disabled": h.corp.disable, "deleted": h.corp.delete, "erased": h.corp.erase}[way]("ann")
    for _ in range(3):
        h.later(days=1)
        h.settle(full=True)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]


def test_with_all_an_account_that_is_erased_out_of_scope_keeps_nobody_here_whom_a_group_knows_by_another(
    found: Start,
) -> None:
    h = known_twice(found, accounts=AccountsRule.ALL, directory_type=Narrow, has_delta=False)
    tenant = h.directories[TENANT]
    tenant.change("cloud-ann", is_in_scope=False)
    h.settle()
    h.later()
    tenant.erase("cloud-ann")
    h.corp.disable("ann")
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
