"""Whoever acted is erased from what they did, and not before what they claim is proven."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from audit_checks import problems
from by_link import token_of
from erased import dump
from harness import Harness
from worker.app.jobs.retention import Retention
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member, Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.storage.sql.tables import link

Start = Callable[..., Harness]
ME = Actor("sam", "os:sam")


def of_zoe(start: Start) -> Harness:
    """Zoe has Ann's ticket in Ward 8 to do, and was sent its link."""
    h = start()
    h._numbers["zoe"] = "+447700900777"
    h.hire("zoe", display_name="Zoe Quux", email="zoequux@corp.example")
    h.group("ward-8", "ann", "ben", "cem", admins=["zoe"])
    h.settle()
    h.leave("ann")
    h.later()
    h.settle()
    h.deliver()
    [mine] = [one for one in h.tickets() if one.assignee and one.assignee.email == "zoequux@corp.example"]
    assert mine.id == 2
    return h


def zoe_is_gone(h: Harness) -> None:
    """Zoe left, and is in no group any more; another has Ward 8."""
    h.wards.set_role("ward-8", h.number("ben"), Role.ADMIN)
    h.drop("ward-7", "ann")
    h.later()
    h.settle()
    h.leave("zoe")
    h.settle()
    h.drop("ward-8", "zoe")
    h.later()
    h.settle()
    h.later()
    h.settle()
    h.deliver()
    h.corp.delete("zoe")
    h.poll(full=True)


@pytest.mark.parametrize("answer", [None, Answer.NOT_MY_GROUP])
def test_who_did_tickets_by_their_link_is_erased_from_what_could_be_taken_back(
    start: Start, answer: Answer | None
) -> None:
    h = of_zoe(start)
    if answer:
        h.assigned.answer(token_of(h, 2), answer, "", h.now)
    else:
        h.assigned.done(token_of(h, 2), h.now)
    h.drop("ward-8", "ann")
    zoe_is_gone(h)
    assert "undo" in {table for table, _, _ in dump(h, "quux")}
    h.desk.erase("zoe", ME, "asked", h.now)
    assert dump(h, "quux", "7700900777") == []


def test_nobody_is_erased_whose_claim_is_not_proven_so_that_a_wrong_one_is_handed_on(start: Start) -> None:
    h = of_zoe(start)
    h.assigned.done(token_of(h, 2), h.now)
    h.leave("zoe")
    h.drop("ward-8", "zoe")
    h.wards.set_role("ward-8", h.number("ben"), Role.ADMIN)
    h.corp.delete("zoe")
    h.poll(full=True)
    h.later()
    h.inventory()
    with pytest.raises(Refused, match=r"Not while they have tickets to do: T-000002\."):
        h.desk.erase("zoe", ME, "asked", h.now)
    assert Retention(h.store, timedelta(0)).run_once(h.later()).counts["erased"] == 0

    h.settle()
    assert h.ticket(2).state is TicketState.OPEN
    given = h.ticket(2).assignee
    assert given is not None
    assert given.email == "ben@corp.example"
    h.deliver()
    h.desk.erase("zoe", ME, "asked", h.now)
    assert dump(h, "quux") == []


def test_who_said_who_a_member_is_and_who_was_made_an_admin_is_erased_from_why(start: Start) -> None:
    h = of_zoe(start)
    unknown = "+447700900555"
    h.wards.add_member("ward-7", Member(unknown, "A.", phone=unknown))
    h.group("ward-9", "cem", admins=["ann"])
    h.wards.add_member("ward-9", h.member("zoe"))
    h.settle()
    h.identifying.confirm(unknown, "ben", Actor("zoequux@corp.example"), h.now)
    other = "+447700900556"
    h.wards.add_member("ward-7", Member(other, "B.", phone=other))
    h.settle()
    h.identifying.reject(other, Actor("zoequux@corp.example"), "an agency nurse", h.now)
    [made] = [one for one in h.tickets(TicketKind.REASSIGN_ADMIN) if one.group_name == "Ward 9"]
    h.assigned.done(token_of(h, made.id), h.now, h.number("zoe"))
    assert "Zoe Quux an admin" in h.ticket(made.id).reason
    h.wards.set_role("ward-9", h.number("cem"), Role.ADMIN)
    h.drop("ward-9", "zoe")
    h.drop("ward-9", "ann")
    h.drop("ward-8", "ann")
    zoe_is_gone(h)
    with h.engine.connect() as connection:
        before = connection.execute(
            sa.select(link.c.why, link.c.decided_by).where(link.c.decided_by != "")
        ).all()
    assert len(before) == 2
    found = problems(h)
    h.desk.erase("zoe", ME, "asked", h.now)
    assert [one for one in dump(h, "quux") if one[0] != "journal"] == []
    assert problems(h) == found == []
