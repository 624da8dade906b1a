"""Whoever left by one of their accounts is nobody to turn to by another one, which is still active."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import rules
from harness import Harness
from hybrid import CORP, TENANT, company, hybrid, in_tenant, leave
from worker.app.refused import Refused
from worker.app.tell.choices import candidates_for
from worker.domain.evidence.actor import Actor
from worker.domain.model import Standing
from worker.domain.tickets.ticket import TicketKind

__all__ = ["company", "hybrid"]

Start = Callable[..., Harness]
AS_GUEST = "cloud-eve@corp.example"


def ward(hybrid: Start, at: int, **wishes: object) -> Harness:
    """Eve is in no group, and left by one of her two accounts; ann's removal is asked for."""
    harness = hybrid(**wishes)
    harness.hire("eve", immutable_id="guid-eve")
    harness.directories[TENANT].put(in_tenant(harness, "eve"))
    harness.settle()
    harness.later()
    leave(harness, at, "eve")
    leave(harness, CORP, "ann")
    assert {harness.person("eve").standing, harness.person("cloud-eve", "tenant").standing} == {
        Standing.LEFT,
        Standing.ACTIVE,
    }
    return harness


@pytest.mark.parametrize("address, at", [(AS_GUEST, CORP), ("eve@corp.example", TENANT)])
def test_no_ticket_is_given_to_them(hybrid: Start, address: str, at: int) -> None:
    harness = ward(hybrid, at)
    with pytest.raises(Refused, match="Eve has left: choose somebody else"):
        harness.desk.assign(1, address, Actor("sam"), harness.now)


def test_they_are_no_next_admin(hybrid: Start) -> None:
    harness = ward(hybrid, CORP)
    harness.group("sole", "ben", "eve", admins=["dee"])
    harness.settle()
    harness.later()
    [out] = [one for one in harness.tickets(TicketKind.REMOVE_MEMBER) if one.home.group_id == "sole"]
    harness.desk.waive(out.id, Actor("sam"), "she hands over for a week", harness.now)
    leave(harness, CORP, "dee")

    asked = next(one for one in harness.tickets(TicketKind.REASSIGN_ADMIN) if one.home.group_id == "sole")
    with harness.store.reading() as uow:
        assert [one.name for one in candidates_for(uow, asked)] == ["Ben"]


def test_the_control_says_that_the_accountable_person_has_left(hybrid: Start) -> None:
    harness = ward(hybrid, CORP, rules=rules(accountable=AS_GUEST))
    report = {one.control: one for one in harness.app.controls.report(harness.now)}
    assert report["people.accountable"].counts.failed == 1


def test_the_rows_to_change_go_to_the_accountable_person(hybrid: Start) -> None:
    harness = ward(hybrid, CORP, are_lists=True)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email=AS_GUEST)
    harness.wards.freeze()
    harness.settle()
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.deliver()
    told = len(harness.soc.sent)
    harness.later(hours=24)
    harness.verify()
    harness.deliver()

    rows = [one for one in harness.soc.sent[told:] if "Rows to change in wards" in one.title]
    assert [one.to.address for one in rows] == ["it-security@example.org"]


@pytest.mark.parametrize("address, at", [(AS_GUEST, CORP), ("eve@corp.example", TENANT)])
def test_nothing_is_sent_to_them(hybrid: Start, address: str, at: int) -> None:
    harness = ward(hybrid, at, rules=rules(accountable=address))
    harness.group("ward-8", "ben", admins=["dee"], owner_email=address)
    harness.settle()
    harness.deliver()
    harness.later(days=3)
    harness.settle()
    harness.escalate()
    harness.deliver()
    assert address not in {one.to.address for one in harness.soc.sent}
