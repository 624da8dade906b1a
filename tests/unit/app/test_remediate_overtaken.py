"""What a machine may do can change while a ticket waits: it goes by what is true when it acts."""

from __future__ import annotations

from dataclasses import replace

from harness import Harness
from remediated import LEAVER, Found, begin, ticket_of, ward
from worker.domain.controls.policy import AdminsRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence import events
from worker.domain.model import Group, Role
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState

__all__ = ["ward"]

NURSES = Placement((("department", ("Nursing",)),), ("Ward*",))


def rename(harness: Harness, name: str) -> None:
    harness.wards.add_group(Group("ward-7", name), harness.wards.members("ward-7"))
    harness.later()
    harness.settle(full=True)


def test_a_rule_about_wards_does_nothing_in_a_group_that_is_no_ward_by_its_name_now(start: Found) -> None:
    harness = start()
    begin(harness)
    harness.leave("ann")
    harness.settle()
    rename(harness, "Board of directors")
    assert harness.app.remediate.preview(harness.now).actions == ()
    harness.remediate()
    assert harness.wards.acts == []


def test_a_rule_allows_it_in_a_group_that_is_called_a_ward_by_now(start: Found) -> None:
    harness = start()
    rename(harness, "Board of directors")
    begin(harness)
    harness.leave("ann")
    harness.settle()
    harness.remediate()
    assert harness.wards.acts == []
    rename(harness, "Ward 7")
    harness.remediate()
    assert len(harness.wards.acts) == 1


def test_a_machine_makes_no_mover_an_admin(start: Found) -> None:
    """Zoe owns the group and has moved: a ticket asks to take her out of it."""
    harness = start(joiners=(NURSES,))
    begin(harness)
    harness.hire("zoe", department="Nursing")
    harness.settle()
    members = [harness.member("ann", Role.ADMIN), harness.member("zoe"), harness.member("ben")]
    harness.wards.add_group(Group("ward-7", "Ward 7", owner_email="zoe@corp.example"), members)
    harness.later()
    harness.settle()
    harness.hire("zoe", department="Porters")
    harness.later()
    harness.settle()
    harness.leave("ann")
    harness.later()
    harness.settle()
    [asked] = harness.tickets(TicketKind.REASSIGN_ADMIN)
    assert asked.state is TicketState.OPEN
    harness.remediate()
    assert harness.wards.acts == []


def test_the_first_run_of_a_control_keeps_no_leaver_in_a_group(start: Found) -> None:
    harness = start()
    few = AdminsRule(ControlSwitch(Mode.TICKET), min=2)
    harness.start(replace(harness.app.rules, controls=ControlPolicy(admins=(few,))))
    begin(harness)
    harness.control()
    [plan] = harness.plans()
    assert plan.is_of_controls
    harness.leave("ann")
    harness.later()
    harness.settle()
    harness.remediate()
    assert len(harness.wards.acts) == 1


def test_what_was_done_for_a_ticket_that_was_cancelled_meanwhile_is_in_its_history(ward: Harness) -> None:
    def comes_back() -> None:
        ward.hire(LEAVER)
        ward.later(seconds=10)
        ward.poll()
        ward.reconcile()

    ward.wards.before = comes_back
    ward.remediate()
    assert ticket_of(ward).state is TicketState.CANCELLED
    [done] = [one.entry for one in ward.journal() if one.entry.kind == events.TICKET_REMEDIATION_DONE]
    assert (done.subject, done.data["rule"], done.at) == (
        f"ticket:{ticket_of(ward).label}",
        "rooms",
        ward.now,
    )
    assert events.TICKET_DONE not in ward.kinds()
