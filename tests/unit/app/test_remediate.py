"""Machines that act: only what a rule allows, never by a guess, never twice, and proven like anybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness import Harness
from remediated import (
    CAN,
    LEAVER,
    REASSIGN,
    RULE,
    Found,
    begin,
    is_in,
    leaves,
    look,
    ticket_of,
    ward,
)
from worker.app.jobs import remediate
from worker.domain.evidence import events
from worker.domain.model import Coverage, Group, Member, Role
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.plan import ActionKind
from worker.domain.tickets.ticket import Grade, TicketState
from worker.ports import AuthFailed

__all__ = ["ward"]


def test_without_rules_nothing_is_done(start: Found) -> None:
    harness = start()
    leaves(harness)
    assert harness.remediate().counts == {"done": 0, "asked": 0, "refused": 0, "unclear": 0}
    assert is_in(harness)


def test_a_leaver_is_removed_claimed_and_proven_by_a_later_roster(ward: Harness) -> None:
    assert ward.remediate().counts["done"] == 1
    claimed = ticket_of(ward)
    assert (claimed.state, claimed.grade, claimed.done_by) == (TicketState.DONE, Grade.C, "rule rooms")
    assert (claimed.remediated_by, claimed.remediated_at) == ("rooms", ward.now)
    assert ward.taker.is_due(ward.now), "its group is read at once"
    look(ward)
    assert (ticket_of(ward).state, ticket_of(ward).grade) == (TicketState.VERIFIED, Grade.A)
    kinds = ward.kinds()
    assert kinds.count(events.TICKET_REMEDIATION_STARTED) == kinds.count(events.TICKET_DONE) == 1
    [begun] = [one.entry for one in ward.journal() if one.entry.kind == events.TICKET_REMEDIATION_STARTED]
    assert begun.data["rule"] == "rooms"


def test_it_is_done_once(ward: Harness) -> None:
    ward.remediate()
    ward.remediate()
    assert len(ward.wards.acts) == 1


def other_group(harness: Harness) -> None:
    harness.start(replace(harness.app.rules, remediate=(replace(RULE, groups=("Theatre *",)),)))


def other_kind(harness: Harness) -> None:
    harness.start(replace(harness.app.rules, remediate=(replace(RULE, kinds=frozenset({REASSIGN})),)))


def other_inventory(harness: Harness) -> None:
    harness.start(replace(harness.app.rules, remediate=(replace(RULE, inventories=frozenset({"no"})),)))


def no_cap_left(harness: Harness) -> None:
    harness.start(replace(harness.app.rules, remediate=(replace(RULE, per_hour=0),)))


def can_not(harness: Harness) -> None:
    harness.wards.can = replace(CAN, can_remove=False)


def the_group_is_left_out_since(harness: Harness) -> None:
    harness.start(replace(harness.app.rules, takes={"wards": lambda group_id, _name: group_id != "ward-7"}))


def their_evidence_does_not_count_any_more(harness: Harness) -> None:
    harness.start(replace(harness.app.rules, leaver=LeaverPolicy(disabled=False)))
    harness.poll()
    harness.reconcile()


def the_roster_is_partial(harness: Harness) -> None:
    harness.wards.mark("ward-7", Coverage.PARTIAL)
    harness.inventory()


def the_roster_is_old(harness: Harness) -> None:
    harness.later(days=30)


def a_plan_is_held(harness: Harness) -> None:
    tight = replace(harness.app.rules, limits=GuardLimits(leavers_max=0), remediate=(RULE,))
    harness.start(tight)
    harness.leave("eve")
    harness.later()
    harness.poll()
    harness.reconcile()


def the_directory_fails(harness: Harness) -> None:
    harness.corp.fail(AuthFailed("The password is wrong.", remedy="Mend it."))
    harness.later()
    harness.poll()


def they_are_the_creator(harness: Harness) -> None:
    harness.wards.set_role("ward-7", harness.number(LEAVER), Role.CREATOR)
    harness.inventory()


def their_role_is_not_known(harness: Harness) -> None:
    harness.wards.set_role("ward-7", harness.number(LEAVER), Role.UNKNOWN)
    harness.inventory()


def somebody_says_they_still_work_here(harness: Harness) -> None:
    disputed = replace(ticket_of(harness), disputed_at=harness.now)
    with harness.store.begin() as uow:
        uow.tickets.update([disputed])


def somebody_removed_them(harness: Harness) -> None:
    harness.drop("ward-7", LEAVER)
    harness.inventory()


def the_group_is_gone(harness: Harness) -> None:
    for number in range(9):
        harness.group(f"other-{number}", "eve")
    harness.inventory()
    harness.wards.remove_group("ward-7")
    harness.inventory()


def it_is_another_inventory_s(harness: Harness) -> None:
    harness.start(harness.app.rules, Without(harness))


class Without:
    """The harness's connectors, without its inventories."""

    def __init__(self, harness: Harness) -> None:
        self.directories, self.inventories, self.notifiers = harness.directories, (), harness.notifiers
        self.advisory_feeds, self.trackers = harness.advisory_feeds, harness.trackers


@pytest.mark.parametrize(
    "why",
    [
        other_group, other_kind, other_inventory, no_cap_left, can_not, the_group_is_left_out_since,
        their_evidence_does_not_count_any_more, the_roster_is_partial, the_roster_is_old, a_plan_is_held,
        the_directory_fails, they_are_the_creator, their_role_is_not_known,
        somebody_says_they_still_work_here, somebody_removed_them, the_group_is_gone, it_is_another_inventory_s,
    ],
)  # fmt: skip
def test_a_machine_leaves_it_to_people(ward: Harness, why: Callable[[Harness], None]) -> None:
    why(ward)
    ward.remediate()
    assert ward.wards.acts == []


def test_an_identity_by_a_variant_of_a_number_is_a_guess(start: Found) -> None:
    harness = begin(start())
    harness.hire("ivo", phones=("+5511987654321",))
    harness.wards.add_member("ward-7", Member("+551187654321", "Ivo", phone="+551187654321"))
    harness.poll()
    leaves(harness, "ivo")
    assert ticket_of(harness).state is TicketState.OPEN
    harness.remediate()
    assert harness.wards.acts == []


def test_the_last_admin_is_not_removed_but_another_is_promoted_first(start: Found) -> None:
    harness = begin(start())
    owner = harness.member("ben")
    harness.hire("ben", email="ben@corp.example")
    harness.wards.add_group(
        Group("ward-7", "Ward 7", owner_email="ben@corp.example"),
        [harness.member(LEAVER, Role.ADMIN), owner, harness.member("eve")],
    )
    harness.poll()
    leaves(harness)
    assert ticket_of(harness).state is TicketState.BLOCKED

    harness.remediate()
    assert harness.wards.acts == [("make_admin", "ward-7", owner.handle)]
    assert is_in(harness)
    harness.remediate()
    assert len(harness.wards.acts) == 1, "not before a roster shows the new admin"
    look(harness)
    harness.reconcile()
    harness.remediate()
    assert [deed for deed, _, _ in harness.wards.acts] == ["make_admin", "remove"]
    look(harness)
    assert {one.state for one in harness.tickets()} == {TicketState.VERIFIED}


def test_without_an_owner_or_manager_in_the_group_a_machine_promotes_nobody(start: Found) -> None:
    harness = begin(start())
    harness.group("ward-7", "eve", admins=[LEAVER])
    leaves(harness)
    assert ticket_of(harness, REASSIGN).state is TicketState.OPEN
    harness.remediate()
    assert harness.wards.acts == []


def test_a_source_that_cannot_promote_is_not_asked(start: Found) -> None:
    harness = begin(start(), can=replace(CAN, can_change_admin=False))
    harness.group("ward-7", "eve", admins=[LEAVER])
    leaves(harness)
    harness.remediate()
    assert harness.wards.acts == []


def test_a_cap_counts_over_a_rolling_hour(start: Found) -> None:
    harness = begin(start(), replace(RULE, per_hour=1))
    harness.group("ward-8", LEAVER, admins=["eve"])
    harness.inventory()
    leaves(harness)
    harness.remediate()
    harness.later(minutes=59)
    harness.inventory()
    harness.remediate()
    assert len(harness.wards.acts) == 1
    harness.later(minutes=2)
    harness.inventory()
    harness.remediate()
    assert len(harness.wards.acts) == 2


def test_waiting_tickets_are_read_in_pages(start: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remediate, "PAGE", 1)
    harness = begin(start())
    harness.group("theatre", LEAVER, admins=["eve"])
    harness.group("ward-8", LEAVER, admins=["eve"])
    harness.inventory()
    leaves(harness)
    assert harness.remediate().counts["done"] == 2


def test_our_own_removals_are_no_shrinking(start: Found) -> None:
    harness = begin(start(limits=GuardLimits(group_share_max=0.1, share_from=1)))
    leaves(harness)
    harness.remediate()
    harness.later()
    assert harness.inventory().is_ok


def test_the_preview_says_what_would_be_done_within_the_caps_and_does_nothing(start: Found) -> None:
    harness = begin(start(), replace(RULE, per_hour=1))
    harness.group("ward-8", LEAVER, admins=["eve"])
    harness.inventory()
    leaves(harness)
    [action] = harness.app.remediate.preview(harness.now).actions
    assert (action.kind, action.why) == (ActionKind.REMEDIATE, "rooms")
    assert harness.wards.acts == []


def test_a_ticket_that_is_settled_meanwhile_is_not_acted_upon(ward: Harness) -> None:
    waiting = ticket_of(ward)
    job: Any = ward.app.remediate
    job._waiting = lambda: [replace(waiting, id=999)]
    job._is_allowed = lambda *_: True
    ward.remediate()
    assert ward.wards.acts == []
