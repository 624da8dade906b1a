"""What the desk's pages ask of a company of millions of memberships: looked up by keys, not read by the group."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from harness import Harness
from plans_of_queries import steps_of
from worker.app.reads.situation import situation
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.store import UnitOfWork


@pytest.fixture
def ward(engine: sa.Engine) -> Harness:
    """Ann has left and is still in a group, of which dee is the admin."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    harness = Harness(engine=engine)
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


def steps(ward: Harness, look: Callable[[UnitOfWork], object], table: str, about: str) -> list[str]:
    """The steps of what a look asks of a table, as far as they are about something."""

    def work() -> None:
        with ward.store.reading() as uow:
            look(uow)

    plans = steps_of(ward.engine, work, table)
    return [step for plan in plans for step in plan if about in step]


def test_a_ticket_s_member_is_looked_up_in_its_group_by_the_handle(ward: Harness) -> None:
    def look(uow: UnitOfWork) -> None:
        tickets = uow.tickets.page([TicketState.OPEN], 0, 10)
        [seen] = uow.tickets.seen_in(tickets)[tickets[0].id]
        assert seen.shows

    found = steps(ward, look, "membership", " membership ")
    assert len(found) == 2  # by the handle, and by the person
    assert all(
        "AND group_id=? AND handle=?" in step or "AND handle=? AND group_id=?" in step for step in found
    )


def test_a_group_s_admins_are_counted_among_admins(ward: Harness) -> None:
    group = GroupKey("wards", "ward-7")
    for look in (lambda uow: uow.overview.groups("", None, 10), lambda uow: uow.overview.admins_of([group])):
        found = steps(ward, look, "membership", " membership ")
        assert found == ["SEARCH membership USING INDEX ix_membership_admin (source=? AND group_id=?)"]


def test_a_group_s_leavers_are_counted_without_a_row_of_theirs(ward: Harness) -> None:
    found = steps(ward, lambda uow: uow.overview.health(GroupKey("wards", "ward-7")), "membership", "link")
    assert found == ["SEARCH link USING COVERING INDEX ix_link_handle (handle=?) LEFT-JOIN"]


def test_lists_of_the_first_page_come_from_indexes_in_their_order(ward: Harness) -> None:
    plans = steps_of(ward.engine, lambda: situation(ward.store, ward.now), "ticket")
    ordered = [
        plan
        for plan in plans
        if any("ix_ticket_due (state=? AND" in step or "disputed" in step for step in plan)
    ]
    assert len(ordered) == 6  # overdue, the three states of what is disputed, and how many of both
    assert not [step for plan in ordered for step in plan if "TEMP B-TREE" in step]
    assert sum("ix_ticket_disputed" in step for plan in ordered for step in plan) == 4


def test_who_is_still_in_a_group_is_looked_for_among_marked_memberships(ward: Harness) -> None:
    def look(uow: UnitOfWork) -> None:
        assert uow.overview.exposure().people == 1

    found = steps(ward, look, "membership", " membership ")
    assert found == ["SCAN membership USING INDEX ix_membership_leaver"]
    ward.leave("dee")
    ward.poll()
    found = steps(ward, lambda uow: uow.overview.exposure(), "membership", " membership ")
    assert "ix_membership_leaver" not in "".join(found), "a group waits, in which nobody is marked yet"
