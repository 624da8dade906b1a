"""An inventory that is renamed, or taken out of the configuration: its groups are left out; nobody is asked twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness import Harness
from worker.domain.evidence import events
from worker.domain.tickets.ticket import TicketState
from worker.ports import Port
from worker.running.connecting import Connectors

REMOVALS = ["reassign_admin", "remove_member"]


@pytest.fixture
def company() -> Iterator[Harness]:
    """Dee, the only admin, and Ann in a ward, which two registers show; the second one is not configured yet."""
    harness = Harness(inventories=["wards", "sites"])
    harness.hire("ann", "dee")
    for at in range(2):
        harness.group("ward-7", "ann", admins=["dee"], at=at)
    configure(harness, "wards")
    harness.settle()
    yield harness
    harness.close()


def configure(harness: Harness, *names: str) -> None:
    """Start a process by a configuration with these inventories alone."""
    inventories = tuple(one for one in harness.inventories if one.name in names)
    connectors = Connectors(tuple(harness.directories), inventories, tuple(harness.notifiers))
    harness.start(harness.app.rules, connectors.guarded())


def live(harness: Harness) -> list[str]:
    return sorted(f"{one.group.source} {one.kind}" for one in harness.tickets() if one.group and one.is_live)


def test_a_leaver_is_asked_out_of_groups_that_are_configured_alone(company: Harness) -> None:
    configure(company, "sites")
    assert company.taker.is_due(company.now)
    company.leave("dee")
    company.settle()
    assert live(company) == [f"sites {kind}" for kind in REMOVALS]
    assert not company.taker.is_due(company.now)


def test_what_was_asked_by_the_old_name_is_cancelled(company: Harness) -> None:
    company.leave("dee")
    company.settle()
    assert live(company) == [f"wards {kind}" for kind in REMOVALS]
    configure(company, "sites")
    company.later(hours=1)
    company.settle()
    assert live(company) == [f"sites {kind}" for kind in REMOVALS]
    old = [one for one in company.tickets() if one.group and one.group.source == "wards"]
    assert {(one.state, one.reason) for one in old} == {
        (TicketState.CANCELLED, "the group is no longer in the inventory")
    }


def test_it_is_asked_again_when_the_inventory_is_back(company: Harness) -> None:
    """An inventory that was taken out by mistake loses nothing."""
    company.leave("dee")
    company.settle()
    asked = company.tickets()
    configure(company)
    company.later(hours=1)
    company.settle()
    assert live(company) == []
    configure(company, "wards")
    company.later(hours=1)
    company.settle()
    assert [(one.id, one.state) for one in company.tickets()] == [(one.id, one.state) for one in asked]


def test_the_journal_says_which_groups_are_left_out(company: Harness) -> None:
    before = len(company.journal())
    configure(company, "sites")
    company.later(hours=1)
    company.settle()
    gone = [one.entry for one in company.journal()[before:] if one.entry.kind == events.GROUP_GONE]
    assert [one.subject for one in gone] == ["group:wards/ward-7"]


def test_what_no_read_would_list_again_stays(company: Harness) -> None:
    """A group out of sight, as of a chat export that was deleted after its use."""
    wards = company.wards
    wards.can = replace(wards.can, sees_all_groups=False)
    company.group("ward-8", "ann", admins=["dee"])
    company.settle()
    wards.remove_group("ward-7")
    company.later(hours=1)
    company.settle()
    configure(company, "sites")
    company.later(hours=1)
    company.settle()
    with company.store.reading() as uow:
        assert {row.key.group_id: (row.is_gone, row.is_unseen, row.size) for row in uow.rosters.groups()
                if row.key.source == "wards"} == {"ward-7": (False, True, 2), "ward-8": (True, True, 0)}  # fmt: skip


def test_nor_does_what_was_never_read_as_a_whole(company: Harness) -> None:
    """As what admins declare by links."""
    with company.store.begin() as uow:
        state = uow.sources.get("wards", Port.INVENTORY)
        uow.sources.put(replace(state, last_full_at=None))
    configure(company, "sites")
    company.later(hours=1)
    company.settle()
    with company.store.reading() as uow:
        assert [row.size for row in uow.rosters.groups() if row.key.source == "wards"] == [2]


def test_a_removed_inventory_that_nobody_read_again_costs_nothing(company: Harness) -> None:
    configure(company, "sites")
    company.settle()
    before = company.journal()
    company.later(hours=1)
    company.settle()
    assert company.journal() == before
