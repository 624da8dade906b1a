"""An assignee has another address or number now: their tickets follow, and are not those of whoever has it next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from former_admin import former_admin
from harness import Harness
from worker.app.tell.signed_links import LinkDead
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.storage.sql.tables import dirty_group

__all__ = ["former_admin"]
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


def give_on(h: Harness) -> None:
    """Oli has another number, and Eve has theirs, and nothing else by which she is reached."""
    h.corp.change("oli", phones=(NEW,))
    h.corp.change("eve", email=None, phones=(h.number("oli"),))


def test_a_number_that_is_given_on_takes_no_ticket_with_it(former_admin: Harness) -> None:
    link = former_admin.link(of(former_admin, "ward-9").id).rpartition("/")[2]
    give_on(former_admin)
    former_admin.settle()
    assert with_whom(former_admin) == ("oli", NEW)
    with pytest.raises(LinkDead):
        former_admin.assigned.look(link, former_admin.now)
    assert former_admin.titles() == ["Please pass this on to Oli"]


def test_who_has_the_number_now_sees_and_answers_their_own_tickets_alone(former_admin: Harness) -> None:
    give_on(former_admin)
    former_admin.poll()
    with former_admin.engine.begin() as connection:
        connection.execute(sa.delete(dirty_group))
    eve = former_admin.number("oli")
    former_admin._numbers["eve"] = eve
    former_admin.group("ward-8", "ann", "cem", admins=["eve"])
    former_admin.inventory()
    former_admin.reconcile()
    theirs, own = of(former_admin, "ward-9"), of(former_admin, "ward-8")
    assert (with_whom(former_admin), with_whom(former_admin, "ward-8")) == (("oli", eve), ("eve", eve))

    link = former_admin.link(own.id).rpartition("/")[2]
    assert former_admin.assigned.look(link, former_admin.now).others == 0
    assert [one.id for one in former_admin.assigned.mine(link, former_admin.now).tickets] == [own.id]
    former_admin.assigned.done_together(link, [own.id, theirs.id], former_admin.now)
    assert of(former_admin, "ward-9").state is TicketState.OPEN
    assert former_admin.assigned.mine(link, former_admin.now).claimed == (own.id,)

    former_admin.reconcile(full=True)
    assert with_whom(former_admin) == ("oli", NEW)


def test_a_ticket_stays_with_a_number_that_is_one_of_theirs(former_admin: Harness) -> None:
    former_admin.corp.change("oli", email="oli@corp.example", phones=(NEW, former_admin.number("oli")))
    former_admin.settle(full=True)
    assert with_whom(former_admin) == ("oli", former_admin.number("oli"))


def test_a_ticket_stays_where_no_other_address_is_known(former_admin: Harness) -> None:
    former_admin.corp.change("oli", phones=())
    former_admin.settle(full=True)
    assert with_whom(former_admin) == ("oli", former_admin.number("oli"))


@pytest.mark.parametrize("is_nightly", [False, True])
def test_whom_a_person_chose_has_it_under_their_new_address(former_admin: Harness, is_nightly: bool) -> None:
    former_admin.desk.assign(
        of(former_admin, "ward-9").id, "una@corp.example", Actor("sam"), former_admin.now
    )
    former_admin.corp.change("una", email="una.new@corp.example", display_name="Una New")
    former_admin.poll()
    if is_nightly:  # as a release before did not mark it
        with former_admin.engine.begin() as connection:
            connection.execute(sa.delete(dirty_group))
    former_admin.reconcile(full=is_nightly)
    assert with_whom(former_admin) == ("una", "una.new@corp.example")
    assignee = of(former_admin, "ward-9").assignee
    assert assignee is not None
    assert (assignee.name, assignee.by) == ("Una New", "sam")


def test_an_email_address_that_is_not_known_any_more_is_no_reason_to_use_a_number(
    former_admin: Harness,
) -> None:
    former_admin.desk.assign(
        of(former_admin, "ward-9").id, "una@corp.example", Actor("sam"), former_admin.now
    )
    former_admin.corp.change("una", email=None)
    former_admin.settle(full=True)
    assert with_whom(former_admin) == ("una", "una@corp.example")
