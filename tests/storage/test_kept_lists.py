"""What a list is told of what was verified, in both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from harness import Harness
from worker.domain.model import Member, Role
from worker.domain.tickets.ticket import TicketState
from worker.ports import Capabilities
from worker.ports.state.kept_lists import ProvenIn
from worker.storage.sql.tables import ticket

CREW = ("ann", "ben", "eve", "joe")
LIST = Capabilities(sees_all_groups=True, is_kept_by_people=True)


@pytest.fixture
def two(engine: sa.Engine) -> Harness:
    """A register and a linked phone that show one group."""
    harness = Harness(engine=engine, inventories=("a-register", "phone"))
    harness.hire(*CREW)
    harness.inventories[0].can, harness.inventories[1].can = LIST, Capabilities()
    harness.group("ward-7", *CREW[:-1], admins=["joe"], at=0, name="Ward 7")
    harness.group("120@g.us", *CREW[:-1], admins=["joe"], at=1, name="Ward 7")
    harness.group("hall", "ann", "ben", admins=["joe"], at=0, name="Hall")
    harness.start(harness.app.rules)
    harness.settle()
    return harness


def prove(harness: Harness) -> None:
    """One has left, and the phone doesn't show them any more."""
    harness.leave("ann")
    harness.settle()
    harness.later(hours=1)
    harness.inventories[1].remove_member("120@g.us", harness.number("ann"))
    harness.inventory()
    harness.verify()


def told(harness: Harness, source: str = "a-register") -> list[ProvenIn]:
    with harness.store.reading() as uow:
        return uow.kept_lists.proven(source, harness.now)


def test_a_list_is_told_what_its_better_witness_proved(two: Harness) -> None:
    assert told(two) == []
    prove(two)
    assert told(two) == [ProvenIn("ward-7", (two.number("ann"),), two.now)]
    assert told(two, "phone") == [ProvenIn("120@g.us", (two.number("ann"),), two.now)]


def test_the_person_is_found_under_the_handle_that_the_list_has(two: Harness) -> None:
    two.inventories[0].replace_member(
        "ward-7", two.number("ann"), Member("ann@corp.example", "ann", Role.MEMBER, email="ann@corp.example")
    )
    two.settle()
    prove(two)
    [row] = told(two)
    assert set(row.handles) == {two.number("ann"), "ann@corp.example"}


def test_only_what_is_new_and_still_proven_is_told(two: Harness) -> None:
    prove(two)
    with two.store.begin() as uow:
        uow.kept_lists.told("a-register", two.now)
    assert len(told(two)) == 1, "what was verified in the same instant may be new"
    with two.store.begin() as uow:
        uow.kept_lists.told("a-register", two.now + timedelta(microseconds=1))
    two.later(hours=1)
    assert told(two) == []

    with two.store.begin() as uow:
        uow.kept_lists.told("a-register", two.now + timedelta(days=30))
    assert len(told(two)) == 1, "that clock was wrong"

    with two.engine.begin() as connection:
        connection.execute(sa.update(ticket).values(state=TicketState.OPEN.value))
    assert told(two) == []


def test_of_several_proofs_the_newest_counts(two: Harness) -> None:
    prove(two)
    first = two.now
    with two.engine.begin() as connection:
        query = sa.select(ticket).where(ticket.c.state == TicketState.VERIFIED.value)
        row = connection.execute(query).mappings().one()
        again = {**row, "id": 999, "episode": "again", "verified_at": first + timedelta(hours=2)}
        connection.execute(sa.insert(ticket).values(again))
    two.later(hours=3)
    of_ann = [row for row in told(two) if row.group_id == "ward-7"]
    assert [row.at for row in of_ann] == [first + timedelta(hours=2)]


def test_a_group_that_is_gone_from_the_list_is_not_told(two: Harness) -> None:
    prove(two)
    two.inventories[0].remove_group("ward-7")
    two.later(hours=1)
    two.inventory()
    assert told(two) == []
