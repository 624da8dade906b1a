"""A directory that is taken out of the configuration: nobody hears of its accounts any more, so they do not count."""

from __future__ import annotations

from collections.abc import Callable

from harness import Harness
from several_accounts import TENANT, known_twice, nights
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketState

Start = Callable[..., Harness]


def without_tenant(h: Harness) -> Harness:
    h.directories.pop(TENANT)
    h.start(h.app.rules)
    nights(h, 1)
    return h


def test_it_keeps_nobody_here(found: Start) -> None:
    h = without_tenant(known_twice(found, accounts=AccountsRule.ALL))
    h.leave("ann")
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]


def test_nor_does_it_put_anybody_out_whom_the_other_one_has(found: Start) -> None:
    h = known_twice(found)
    h.directories[TENANT].disable("cloud-ann")
    h.settle()
    h.later()
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
    nights(without_tenant(h))
    assert [one.state for one in h.tickets()] == [TicketState.CANCELLED]


def test_it_counts_again_when_it_is_back(found: Start) -> None:
    h = known_twice(found, accounts=AccountsRule.ALL)
    tenant = h.directories[TENANT]
    without_tenant(h)
    h.directories.append(tenant)
    h.start(h.app.rules)
    h.leave("ann")
    nights(h)
    assert h.tickets() == []


def test_who_is_known_by_it_alone_stays_as_they_were(found: Start) -> None:
    h = known_twice(found)
    h.directories[TENANT].disable("cloud-ann")
    h.corp.delete("ann")
    nights(h)
    before = [one.state for one in h.tickets()]
    nights(without_tenant(h))
    assert [one.state for one in h.tickets()] == before
