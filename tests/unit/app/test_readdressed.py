"""An assignee has another address or number now: their tickets follow, and are not those of whoever has it next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from harness import Harness
from worker.app.tell.signed_links import LinkDead
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.storage.sql.tables import dirty_group

Start = Callable[..., Harness]
NEW = "+447700900888"


def of(h: Harness, group: str) -> Ticket:
    [found] = [one for one in h.tickets() if one.home.group_id == group]
    return found


def with_whom(h: Harness, group: str = "ward-9") -> tuple[str, str]:
    assignee = of(h, group).assignee
    assert assignee is not None
    assert assignee.person is not None
    return assignee.person.person_id, assignee.email


@pytest.fixture
def ward(start: Start) -> Harness:
    """Ward 9 has a ticket that is with Oli, who has a phone alone and is in no group any more."""
    h = start()
    h.corp.change("oli", email=None)
    h.group("ward-9", "ann", "ben", admins=["oli"])
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    h.wards.set_role("ward-9", h.number("ben"), Role.ADMIN)
    h.drop("ward-9", "oli")
    h.settle()
    h.titles()
    h.later()
    assert with_whom(h) == ("oli", h.number("oli"))
    return h


def give_on(h: Harness) -> None:
    """Oli has another number, and Eve has theirs, and nothing else by which she is reached."""
    h.corp.change("oli", phones=(NEW,))
    h.corp.change("eve", email=None, phones=(h.number("oli"),))


def test_a_number_that_is_given_on_takes_no_ticket_with_it(ward: Harness) -> None:
    link = ward.link(of(ward, "ward-9").id).rpartition("/")[2]
    give_on(ward)
    ward.settle()
    assert with_whom(ward) == ("oli", NEW)
    with pytest.raises(LinkDead):
        ward.assigned.look(link, ward.now)
    assert ward.titles() == ["Please pass this on to Oli"]


def test_who_has_the_number_now_sees_and_answers_their_own_tickets_alone(ward: Harness) -> None:
    give_on(ward)
    ward.poll()
    with ward.engine.begin() as connection:
        connection.execute(sa.delete(dirty_group))
    eve = ward.number("oli")
    ward._numbers["eve"] = eve
    ward.group("ward-8", "ann", "cem", admins=["eve"])
    ward.inventory()
    ward.reconcile()
    theirs, own = of(ward, "ward-9"), of(ward, "ward-8")
    assert (with_whom(ward), with_whom(ward, "ward-8")) == (("oli", eve), ("eve", eve))

    link = ward.link(own.id).rpartition("/")[2]
    assert ward.assigned.look(link, ward.now).others == 0
    assert [one.id for one in ward.assigned.mine(link, ward.now).tickets] == [own.id]
    ward.assigned.done_together(link, [own.id, theirs.id], ward.now)
    assert of(ward, "ward-9").state is TicketState.OPEN
    assert ward.assigned.mine(link, ward.now).claimed == (own.id,)

    ward.reconcile(full=True)
    assert with_whom(ward) == ("oli", NEW)


def test_a_ticket_stays_with_a_number_that_is_one_of_theirs(ward: Harness) -> None:
    ward.corp.change("oli", email="oli@corp.example", phones=(NEW, ward.number("oli")))
    ward.settle(full=True)
    assert with_whom(ward) == ("oli", ward.number("oli"))


def test_a_ticket_stays_where_no_other_address_is_known(ward: Harness) -> None:
    ward.corp.change("oli", phones=())
    ward.settle(full=True)
    assert with_whom(ward) == ("oli", ward.number("oli"))


@pytest.mark.parametrize("is_nightly", [False, True])
def test_whom_a_person_chose_has_it_under_their_new_address(ward: Harness, is_nightly: bool) -> None:
    ward.desk.assign(of(ward, "ward-9").id, "una@corp.example", Actor("sam"), ward.now)
    ward.corp.change("una", email="una.new@corp.example", display_name="Una New")
    ward.poll()
    if is_nightly:  # as a release before did not mark it
        with ward.engine.begin() as connection:
            connection.execute(sa.delete(dirty_group))
    ward.reconcile(full=is_nightly)
    assert with_whom(ward) == ("una", "una.new@corp.example")
    assignee = of(ward, "ward-9").assignee
    assert assignee is not None
    assert (assignee.name, assignee.by) == ("Una New", "sam")


def test_an_email_address_that_is_not_known_any_more_is_no_reason_to_use_a_number(ward: Harness) -> None:
    ward.desk.assign(of(ward, "ward-9").id, "una@corp.example", Actor("sam"), ward.now)
    ward.corp.change("una", email=None)
    ward.settle(full=True)
    assert with_whom(ward) == ("una", "una@corp.example")
