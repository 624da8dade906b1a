"""What a machine may do can change while a ticket waits: it goes by what is true when it acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from remediated import LEAVER, Found, acts, begin, is_in, leaves, look, ticket_of, ward
from worker.domain.controls.policy import AdminsRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Group, Member, Role
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import Transient
from worker.ports.state.leases import LeaseLost
from worker.ports.state.remediations import ActState

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


def not_done(harness: Harness) -> list[str]:
    """Why acts were surely not done, by the history."""
    return [
        one.entry.reason for one in harness.journal() if one.entry.kind == events.TICKET_REMEDIATION_NOT_DONE
    ]


@pytest.mark.parametrize("is_reconciled", [True, False])
def test_whoever_comes_back_while_the_source_is_waited_for_is_not_removed(
    ward: Harness, is_reconciled: bool
) -> None:
    def comes_back() -> None:
        ward.hire(LEAVER)
        ward.later(seconds=10)
        ward.poll()
        if is_reconciled:
            ward.reconcile()

    ward.wards.asking = comes_back
    report = ward.remediate()
    assert report.troubles == ()
    assert (ward.wards.acts, is_in(ward), acts(ward)) == ([], True, [ActState.NOT_DONE])
    [why] = not_done(ward)
    assert ("not open" if is_reconciled else "does not show a member who has left") in why


def test_whoever_is_to_be_an_admin_no_longer_is_made_none(start: Found) -> None:
    harness = begin(start())
    members = [harness.member(LEAVER, Role.ADMIN), harness.member("ben"), harness.member("eve")]

    def owned_by(name: str) -> None:
        harness.wards.add_group(Group("ward-7", "Ward 7", owner_email=f"{name}@corp.example"), members)
        harness.later(seconds=10)
        harness.inventory()

    owned_by("ben")
    leaves(harness)
    harness.wards.asking = lambda: owned_by("eve")
    harness.remediate()
    assert harness.wards.acts == []
    assert not_done(harness) == ["it is about somebody else now"]
    assert acts(harness, TicketKind.REASSIGN_ADMIN) == [ActState.NOT_DONE]


def test_a_process_that_lost_its_lease_while_it_waited_removes_nobody(ward: Harness) -> None:
    lease = ward.store.leases.acquire("remediate", "one", ward.now, timedelta(seconds=30))

    def others_take_it() -> None:
        ward.later(seconds=40)
        assert ward.store.leases.acquire("remediate", "other", ward.now, timedelta(seconds=30))

    ward.wards.asking = others_take_it
    with pytest.raises(LeaseLost):
        ward.app.remediate.run_once(ward.now, lease)
    assert (ward.wards.acts, acts(ward)) == ([], [ActState.BEGUN])


def test_an_act_under_way_is_settled_although_its_rule_was_taken_away(ward: Harness) -> None:
    def cut() -> None:
        raise Transient("The answer broke off.")

    ward.wards.after = cut
    ward.remediate()
    ward.start(replace(ward.app.rules, remediate=()))
    look(ward)
    ward.remediate()
    assert acts(ward) == [ActState.DONE]
    assert events.TICKET_REMEDIATION_DONE in ward.kinds()


@pytest.mark.parametrize("coverage", [Coverage.PARTIAL, Coverage.STALE])
def test_a_roster_that_does_not_show_it_does_not_say_that_nothing_came(
    ward: Harness, coverage: Coverage
) -> None:
    def cut() -> None:
        raise Transient("The answer broke off.")

    ward.wards.after = cut
    ward.remediate()
    ward.wards.mark("ward-7", coverage)
    ward.later(minutes=10)
    ward.inventory()
    ward.remediate()
    assert (acts(ward), not_done(ward)) == ([ActState.BEGUN], [])


def test_a_member_whose_number_became_known_is_not_taken_for_removed(start: Found) -> None:
    harness = begin(start())
    hidden = Member("123@lid", "Ann", lid="123@lid")
    harness.wards.add_group(Group("ward-7", "Ward 7"), [hidden, harness.member("ben", Role.ADMIN)])
    harness.settle()
    harness.identifying.confirm(hidden.handle, LEAVER, Actor("dee"), harness.now)
    harness.settle()
    leaves(harness)

    def cut() -> None:
        raise Transient("The answer broke off.")

    harness.wards.before = cut
    harness.remediate()
    harness.wards.before = lambda: None
    known = replace(harness.member(LEAVER), lid=hidden.lid)
    harness.wards.add_group(Group("ward-7", "Ward 7"), [known, harness.member("ben", Role.ADMIN)])
    harness.later(minutes=2)
    harness.settle()
    assert ticket_of(harness).handle == known.handle
    harness.remediate()
    assert events.TICKET_DONE not in harness.kinds()
