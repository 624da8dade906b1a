"""What a release of a held plan would do is what the next reconcile does after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from consented import RULE, allow
from harness import Harness
from worker.app.reads import release
from worker.app.reads.release import Release, release_of
from worker.domain.controls.policy import ControlPolicy
from worker.domain.model import Member
from worker.domain.people.joiners import Placement
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import TicketKind

Start = Callable[..., Harness]


def foreseen(harness: Harness, most: int | None = None, plan: int = 1) -> Release:
    statements = harness.app.rules.controls.statements
    with harness.store.reading() as uow:
        return release_of(uow, plan, harness.rules, statements, harness.now, most=most)


def assert_it_comes_true(harness: Harness, before: Release, plan: int = 1) -> None:
    old = {ticket.id for ticket in harness.tickets()}
    harness.decide(plan=plan)
    harness.settle()
    came = [ticket for ticket in harness.tickets() if ticket.id not in old]
    assert Counter((ticket.kind, ticket.assignee) for ticket in came) == before.tickets


@pytest.fixture
def ward(start: Start) -> Harness:
    """Six of the reception and the sole admin of the night duty left at once; a stranger is in the hall."""
    harness = start(limits=GuardLimits(leavers_max=5))
    clerks = [f"clerk{number}" for number in range(6)]
    harness.hire(*clerks, department="Reception")
    harness.hire("dee", "gus", "kay", "lea")
    harness.group("desk", *clerks, admins=["dee"])
    harness.group("night", "lea", admins=["kay"])
    harness.group("hall", clerks[0], admins=["gus"])
    harness.wards.add_member("hall", Member("+447700900777", "T", phone="+447700900777"))
    harness.settle()
    harness.later()
    harness.leave(*clerks, "kay")
    harness.settle()
    return harness


def test_a_release_is_foreseen_ticket_by_ticket(ward: Harness) -> None:
    before = foreseen(ward)

    assert before.kinds == [(TicketKind.REMOVE_MEMBER, 8), (TicketKind.REASSIGN_ADMIN, 1)]
    assert next((one.label if one else "", n) for one, n in before.assignees) == ("dee@corp.example", 6)
    assert (before.groups, before.groups_read) == (3, 3)
    assert_it_comes_true(ward, before)


def test_what_was_decided_already_is_not_foreseen_again(ward: Harness) -> None:
    ward.decide("c1", release=False)

    before = foreseen(ward)

    assert dict(before.kinds) == {TicketKind.REMOVE_MEMBER: 1, TicketKind.REASSIGN_ADMIN: 1}
    assert_it_comes_true(ward, before)


def test_a_page_looks_at_so_many_groups_and_no_more(ward: Harness) -> None:
    before = foreseen(ward, most=1)

    assert (before.groups, before.groups_read) == (3, 1)
    assert before.kinds == [(TicketKind.REMOVE_MEMBER, 6)]


def test_all_groups_are_looked_at_some_at_a_time(ward: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "GROUPS_AT_ONCE", 2)

    before = foreseen(ward)

    assert (before.groups, before.groups_read) == (3, 3)
    assert_it_comes_true(ward, before)


def test_looking_changes_nothing(ward: Harness) -> None:
    tickets, journal = ward.tickets(), ward.journal()

    foreseen(ward)

    assert (ward.tickets(), ward.journal()) == (tickets, journal)


def test_moves_are_foreseen_too(start: Start) -> None:
    nursing = Placement((("department", ("Nursing",)),), groups=("ward",))
    harness = start(joiners=(nursing,), limits=GuardLimits(leavers_max=2, group_share_max=None))
    nurses = [f"nurse{number}" for number in range(6)]
    harness.hire(*nurses, department="Nursing")
    harness.hire("dee")
    harness.group("ward", *nurses, admins=["dee"])
    harness.settle()
    harness.later()
    harness.hire(*nurses, department="Kitchen")
    harness.settle()
    assert [len(plan.cohorts[0].people) for plan in harness.plans()] == [6]

    before = foreseen(harness)

    assert before.kinds == [(TicketKind.REMOVE_MEMBER, 6)]
    assert_it_comes_true(harness, before)


def test_whoever_was_accountable_and_left_is_nobody_s_assignee(start: Start) -> None:
    harness = start(limits=GuardLimits(leavers_max=5))
    rules = harness.app.rules
    harness.start(replace(rules, tickets=replace(rules.tickets, accountable="boss@corp.example")))
    clerks = [f"clerk{number}" for number in range(6)]
    harness.hire("boss", *clerks)
    harness.group("desk", *clerks)
    harness.settle()
    harness.leave("boss")
    harness.settle()
    harness.later(days=3)
    harness.leave(*clerks)
    harness.settle()

    before = foreseen(harness)

    assert before.assignees == [(None, 6)]
    assert_it_comes_true(harness, before)


def test_nobody_is_foreseen_who_is_to_consent_first(start: Start) -> None:
    nursing = Placement((("department", ("Nursing",)),), groups=("ward",))
    cooking = Placement((("department", ("Kitchen",)),), groups=("kitchen",))
    harness = start(
        joiners=(nursing, cooking),
        limits=GuardLimits(leavers_max=2, group_share_max=None),
        controls=ControlPolicy(statements=(RULE,), daily_max=10),
    )
    nurses = [f"nurse{number}" for number in range(6)]
    harness.hire(*nurses, department="Nursing", phones_in=(("mobile",),))
    harness.hire("dee")
    harness.hire("cook", department="Kitchen", phones_in=(("home",),))
    harness.group("ward", *nurses, admins=["dee"])
    harness.group("kitchen", admins=["dee"])
    harness.settle()
    allow(harness)
    harness.later()
    harness.hire(*nurses[:2], department="Kitchen", phones_in=(("mobile",),))
    harness.hire(*nurses[2:], department="Kitchen", phones_in=(("home",),))
    harness.settle()
    [moves] = [plan.id for plan in harness.plans() if not plan.is_of_controls]

    before = foreseen(harness, plan=moves)

    assert before.kinds == [(TicketKind.REMOVE_MEMBER, 6), (TicketKind.ADD_MEMBER, 2)]
    assert_it_comes_true(harness, before, moves)
