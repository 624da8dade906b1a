"""Machines that act: only what a rule allows, never by a guess, never twice, and proven like anybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness import Harness
from worker.app.jobs import remediate
from worker.domain.evidence import events
from worker.domain.model import Coverage, Group, Member, Role
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.reconcile.plan import ActionKind
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.ports import AuthFailed, Capabilities, NotDone, Transient
from worker.ports.state.remediations import ActState

Found = Callable[..., Harness]
REMOVE, REASSIGN = TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN
CAN = Capabilities(sees_all_groups=True, can_remove=True, can_change_admin=True)
RULE = RemediationRule("rooms", frozenset({"wards"}), ("Ward *",), frozenset({REMOVE, REASSIGN}), 20)
LEAVER = "ann"


class Died(BaseException):
    """The process dies here."""


def die() -> None:
    raise Died


def begin(harness: Harness, *rules: RemediationRule, can: Capabilities = CAN) -> Harness:
    harness.wards.can = can
    harness.start(replace(harness.app.rules, remediate=rules or (RULE,)))
    return harness


@pytest.fixture
def ward(start: Found) -> Harness:
    """A ward's group of four with an admin who stays, and a member who has left; its ticket is open."""
    harness = begin(start())
    harness.wards.set_role("ward-7", harness.number("ben"), Role.ADMIN)
    leaves(harness)
    return harness


def leaves(harness: Harness, person: str = LEAVER) -> None:
    harness.leave(person)
    harness.settle()


def ticket_of(harness: Harness, kind: TicketKind = REMOVE) -> Ticket:
    [ticket] = harness.tickets(kind)
    return ticket


def acts(harness: Harness) -> list[ActState]:
    number = ticket_of(harness).id
    with harness.store.reading() as uow:
        return [act.state for act in uow.remediations.of_ticket(number)]


def is_in(harness: Harness, person: str = LEAVER) -> bool:
    return harness.wards.has_member("ward-7", harness.number(person))


def look(harness: Harness) -> None:
    """A later read, and what follows from it."""
    harness.later()
    harness.inventory()
    harness.reconcile()
    harness.verify()


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
        other_group, other_kind, other_inventory, no_cap_left, can_not, the_roster_is_partial, the_roster_is_old,
        a_plan_is_held, the_directory_fails, they_are_the_creator, their_role_is_not_known,
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


def test_a_refusal_is_in_the_report_and_the_history_and_is_not_tried_again(ward: Harness) -> None:
    ward.wards.refuses = "403 not allowed"
    report = ward.remediate()
    assert (report.is_ok, report.counts["refused"]) == (True, 1)
    ward.remediate()
    assert len(ward.wards.acts) == 1
    assert ticket_of(ward).state is TicketState.OPEN
    [refused] = [one.entry for one in ward.journal() if one.entry.kind == events.TICKET_REMEDIATION_REFUSED]
    assert refused.reason == "403 not allowed"


def test_what_was_surely_not_done_is_tried_again_and_a_failing_source_is_left_alone(ward: Harness) -> None:
    ward.group("ward-8", LEAVER, admins=["eve"])
    ward.inventory()
    ward.reconcile()

    def fail() -> None:
        raise NotDone("It is busy.")

    ward.wards.before = fail
    assert not ward.remediate().is_ok
    ward.wards.before = lambda: None
    assert ward.remediate().counts["done"] == 2


def test_a_source_that_asks_to_wait_is_asked_after_that_and_uses_up_no_attempts(ward: Harness) -> None:
    def fail() -> None:
        raise NotDone("Too many requests.", retry_after_s=1800)

    ward.wards.before = fail
    assert ward.remediate().troubles == ("wards: Too many requests.",)
    for _ in range(remediate.ATTEMPTS_MAX):
        ward.later(minutes=5)
        assert ward.remediate().is_ok
    ward.wards.before = lambda: None
    assert ward.wards.acts == []
    ward.later(minutes=20)
    assert ward.remediate().counts["done"] == 1


def test_a_source_that_does_not_know_us_is_a_trouble_and_nothing_is_lost(ward: Harness) -> None:
    def fail() -> None:
        raise AuthFailed("Logged out.", remedy="Scan the code.")

    ward.wards.before = fail
    assert ward.remediate().troubles == ("wards: Logged out. Scan the code.",)
    ward.wards.before = lambda: None
    assert ward.remediate().counts["done"] == 1


def test_after_an_unclear_answer_the_roster_is_looked_at_first(ward: Harness) -> None:
    def cut() -> None:
        raise Transient("The answer broke off.")

    ward.wards.after = cut
    assert ward.remediate().counts["unclear"] == 1
    ward.wards.after = lambda: None
    ward.remediate()
    assert len(ward.wards.acts) == 1
    ward.later()
    ward.inventory()
    assert ward.remediate().counts["done"] == 1
    assert (ticket_of(ward).state, len(ward.wards.acts)) == (TicketState.DONE, 1)


@pytest.mark.parametrize("is_done", [False, True])
def test_a_process_that_dies_removes_nobody_twice(ward: Harness, is_done: bool) -> None:
    if is_done:
        ward.wards.after = die
    else:
        ward.wards.before = die
    with pytest.raises(Died):
        ward.remediate()
    ward.wards.before = ward.wards.after = lambda: None
    ward.remediate()
    assert len(ward.wards.acts) == int(is_done), "nobody knows yet what came of it"
    ward.later()
    ward.inventory()
    ward.remediate()
    ward.remediate()
    assert not is_in(ward)
    assert len(ward.wards.acts) == 1
    look(ward)
    assert ticket_of(ward).state is TicketState.VERIFIED


def test_what_takes_its_time_is_awaited_and_given_up_after_an_hour(start: Found) -> None:
    harness = begin(start(), can=replace(CAN, removal_is_asynchronous=True))
    leaves(harness)
    assert harness.remediate().counts["asked"] == 1
    harness.later(minutes=10)
    harness.inventory()
    harness.remediate()
    assert acts(harness) == [ActState.ASKED]
    harness.later(minutes=51)
    harness.inventory()
    assert harness.remediate().counts["refused"] == 1
    assert (len(harness.wards.acts), ticket_of(harness).state) == (1, TicketState.OPEN)


def test_what_took_its_time_and_was_done_needs_no_further_claim(start: Found) -> None:
    harness = begin(start(), can=replace(CAN, removal_is_asynchronous=True))
    leaves(harness)
    harness.remediate()
    harness.drop("ward-7", LEAVER)
    look(harness)
    assert ticket_of(harness).state is TicketState.VERIFIED
    harness.remediate()
    assert acts(harness) == [ActState.DONE]


def test_what_does_not_hold_is_left_to_people_after_three_tries(ward: Harness) -> None:
    for _ in range(5):
        ward.remediate()
        ward.wards.add_member("ward-7", ward.member(LEAVER))
        look(ward)
    assert len(ward.wards.acts) == 3
    assert ticket_of(ward).state is TicketState.OPEN


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
