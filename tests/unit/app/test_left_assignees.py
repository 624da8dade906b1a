"""Whoever a ticket is with leaves, without having been in its group: it is handed on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from former_admin import former_admin
from harness import Harness
from several_accounts import TENANT, known_twice
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member, Role
from worker.domain.tickets.ticket import Ticket
from worker.storage.sql.tables import dirty_group, ticket

__all__ = ["former_admin"]
Start = Callable[..., Harness]
OLI = "oli@corp.example"


def of_ward_9(h: Harness) -> Ticket:
    [found] = [one for one in h.tickets() if one.home.group_id == "ward-9"]
    return found


def with_whom(h: Harness) -> str:
    assignee = of_ward_9(h).assignee
    return assignee.email if assignee else ""


@pytest.mark.parametrize("why", ["manager", "owner", "question", "former_admin", "assigned"])
def test_a_ticket_is_handed_on_when_its_assignee_leaves_who_is_in_no_group(start: Start, why: str) -> None:
    h = start()
    if why == "manager":
        h.corp.change("ann", manager_id="oli")
    owner = OLI if why in {"owner", "question"} else None
    h.group("ward-9", "ann", "ben", admins=["oli"] if why == "former_admin" else [], owner_email=owner)
    if why == "question":
        h.wards.add_member("ward-9", Member("+447700900777", "Who", phone="+447700900777"))
    h.settle()
    h.later()
    if why != "question":
        h.leave("ann")
        h.settle()
        h.later()
    if why == "assigned":
        h.desk.assign(of_ward_9(h).id, OLI, Actor("sam"), h.now)
    if why == "former_admin":
        h.wards.set_role("ward-9", h.number("ben"), Role.ADMIN)
        h.drop("ward-9", "oli")
        h.settle()
        h.later()
    assert with_whom(h) == OLI

    h.leave("oli")
    h.settle()
    assert with_whom(h) not in {"", OLI}


def test_an_owner_who_left_by_the_word_of_the_other_directory(found: Start) -> None:
    h = known_twice(found, "oli")
    h.group("ward-9", "ann", "ben", owner_email=OLI)
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    h.later()
    assert with_whom(h) == OLI
    h.directories[TENANT].disable("cloud-oli")
    h.settle()
    h.later()
    assert with_whom(h) not in {"", OLI}


def test_a_former_admin_with_a_phone_alone_leaves(former_admin: Harness) -> None:
    former_admin.leave("oli")
    former_admin.settle()
    assert with_whom(former_admin) == "ben@corp.example"


def test_the_nightly_pass_finds_a_former_admin_with_a_phone_alone(former_admin: Harness) -> None:
    former_admin.leave("oli")
    former_admin.poll()
    with former_admin.engine.begin() as connection:
        connection.execute(sa.delete(dirty_group))
    former_admin.reconcile(full=True)
    assert with_whom(former_admin) == "ben@corp.example"


def test_a_ticket_of_a_release_that_names_no_account_is_found_by_the_address(start: Start) -> None:
    h = start()
    h.group("ward-9", "ann", "ben", owner_email=OLI)
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    with h.engine.begin() as connection:
        connection.execute(sa.update(ticket).values(assignee_source=None, assignee_id=None))
    h.leave("oli")
    h.settle()
    assert with_whom(h) not in {"", OLI}


def test_the_nightly_pass_finds_a_ticket_of_somebody_who_left(start: Start) -> None:
    h = start()
    h.group("ward-9", "ann", "ben", owner_email=OLI)
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    h.leave("oli")
    h.poll()
    with h.engine.begin() as connection:  # as a release before did not mark it
        connection.execute(sa.delete(dirty_group))
    h.reconcile(full=True)
    assert with_whom(h) not in {"", OLI}
