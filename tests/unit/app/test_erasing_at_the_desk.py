"""Who is erased at the desk, who is not yet, and what is left of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from builders import key
from chains import first_broken
from harness import TWO_APPROVERS_FROM, Harness
from worker.app.acts.tickets import Erased
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.leases import Lease
from worker.storage.sql.tables import metadata

Start = Callable[..., Harness]


def test_erasing_forgets_a_person_and_the_chain_stays_whole(desk: Harness) -> None:
    desk.drop("ward-7", "ann")
    desk.settle()
    handle = desk.ticket().handle

    assert desk.desk.erase("ann@corp.example", Actor("sam"), "asked to be", desk.now) == Erased([key()], [])

    ticket = desk.ticket()
    assert handle not in repr(ticket)
    assert "Ann" not in repr(ticket)
    assert ticket.reason.words == ""
    with desk.store.begin() as uow:
        assert uow.people.get(key()) is None
        assert first_broken(uow.journal.chain()) is None
    assert desk.journal()[-1].entry.kind == "person.erased"


@pytest.fixture
def crowd(start: Start) -> Harness:
    """So many have left at once that their plan is held, and two people have to decide it."""
    harness = start()
    people = [f"p{number:02d}" for number in range(TWO_APPROVERS_FROM)]
    harness.hire(*people[:-1], org_unit="OU=Temps")
    harness.hire(people[-1], org_unit="OU=Night")
    harness.group("hall", *people)
    harness.settle()
    harness.later()
    harness.leave(*people)
    harness.settle()
    return harness


def test_nobody_in_a_plan_that_waits_is_erased(crowd: Harness) -> None:
    with pytest.raises(Refused, match=r"plan waits for a decision: P-000001\. Release or reject it first"):
        crowd.desk.erase("p00", Actor("sam"), "asked to be", crowd.now)

    assert crowd.plans()[0].size == TWO_APPROVERS_FROM


def test_nor_anybody_of_it_while_a_part_waits_since_its_size_says_how_many_decide(crowd: Harness) -> None:
    plan = crowd.plans()[0]
    small = next(one.id for one in plan.cohorts if len(one.people) == 1)
    crowd.decide(small)
    crowd.drop("hall", "p49")
    crowd.settle()

    with pytest.raises(Refused, match="P-000001"):
        crowd.desk.erase("p49", Actor("sam"), "asked to be", crowd.now)
    crowd.decide()
    assert crowd.desk.erase("p49", Actor("sam"), "asked to be", crowd.now) == Erased([key("p49")], [])


def test_nobody_is_erased_between_a_release_and_the_ticket_that_it_opens(crowd: Harness) -> None:
    crowd.decide()

    with pytest.raises(Refused, match="nobody was asked to remove them: Hall"):
        crowd.desk.erase("p00", Actor("sam"), "asked to be", crowd.now)
    crowd.reconcile()
    with pytest.raises(Refused, match="live tickets"):
        crowd.desk.erase("p00", Actor("sam"), "asked to be", crowd.now)


def test_a_lost_lease_writes_nothing_of_a_job(desk: Harness) -> None:
    lost = Lease("reconcile", "somebody:1", 7, desk.now)
    desk.wards.set_role("ward-7", desk.number("ben"), Role.ADMIN)

    with pytest.raises(Exception, match="taken over"):
        desk.taker.run_once(desk.now, lost)
    assert desk.source("wards").failures == 0


def test_an_erased_assignee_is_in_nobody_s_tickets_messages_or_steps_any_more(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.deliver()
    company.later(days=2)
    company.escalate()
    company.deliver()
    company.desk.done(1, Actor("dee@corp.example"), company.now)
    company.later()
    company.drop("ward-7", "ann")
    company.group("ward-7", "ben", admins=["eve"])
    company.settle()
    company.leave("dee")
    company.settle()

    with company.store.begin() as uow:
        uow.zones.put({"dee@corp.example": "Asia/Tokyo"}, company.now)

    company.desk.erase("dee", Actor("sam"), "asked to be", company.now)

    with company.engine.connect() as connection:
        left = {
            table.name: row
            for table in metadata.tables.values()
            if table.name != "journal"
            for row in connection.execute(table.select())
            if re.search(r"\bdee\b", str(tuple(row)), re.IGNORECASE)
        }
    assert left == {}
    assert first_broken(company.journal()) is None
    assert company.ticket().state is TicketState.VERIFIED
