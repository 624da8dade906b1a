"""Findings and tickets become actions: the table, blocking and reopening."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from builders import (
    DAY,
    HOUR,
    LEFT_AT,
    NOW,
    WARD,
    expected,
    group,
    key,
    leaver,
    person,
    rules,
    ticket,
    view,
)
from reconciling import (
    ADD,
    ADMIN,
    AFTER,
    ANN,
    BEFORE,
    BLOCKED,
    BOB,
    BOBS,
    CANCELLED,
    CEM,
    CREATOR,
    CREATOR_LEAVES,
    DONE,
    IDENTIFY,
    LEAVER,
    MEMBER,
    NEW_ADMIN,
    OPEN,
    REASSIGN,
    REASSIGNMENT,
    REMOVE,
    SOLE_ADMIN,
    UNKNOWN,
    VERIFIED,
    WAITING,
    WAIVED,
    plan,
    shown,
)
from worker.domain.groups.case import MemberView
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds.removals import CONSENT, REVIEW
from worker.domain.messages.sentences import why_line
from worker.domain.model import Evidence, GroupKey, Standing
from worker.domain.people.leaving import episode_name
from worker.domain.reconcile.engine import reopen
from worker.domain.reconcile.plan import ActionKind
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, TicketState

# --- The table ----------------------------------------------------------------------------------------------


def test_a_leaver_without_a_ticket_gets_one_that_says_everything() -> None:
    (action,) = plan(group(LEAVER, NEW_ADMIN, is_sensitive=True))
    made = action.ticket
    assert (action.kind, made.kind, made.state, made.id) == (ActionKind.OPEN, REMOVE, OPEN, 0)
    assert (made.group, made.group_name, made.messenger) == (WARD, "Ward 7 nights", "whatsapp")
    assert (made.handle, made.member_name, made.member_role) == (ANN, "Somebody", MEMBER)
    assert (made.person, made.person_name, made.evidence) == (key(), "Ann", Evidence.DISABLED)
    assert (made.left_at, made.occasion) == (LEFT_AT, episode_name(key(), LEFT_AT))
    assert (made.opened_at, made.clock_from, made.due_at) == (NOW, NOW, NOW + 4 * HOUR)
    assert (made.accountable, made.reason, made.is_sensitive) == (
        "it-security@example.org",
        action.why,
        True,
    )


def test_an_ordinary_ticket_has_the_ordinary_time() -> None:
    assert plan(group(LEAVER, NEW_ADMIN))[0].ticket.due_at == NOW + 24 * HOUR


def test_a_question_is_about_a_member_and_no_person() -> None:
    (action,) = plan(group(view(None), NEW_ADMIN))
    made = action.ticket
    assert (made.kind, made.handle, made.person, made.person_name) == (IDENTIFY, ANN, None, "")
    assert (made.evidence, made.left_at, made.occasion) == (None, None, "")


def test_a_joiner_is_added_once() -> None:
    seen = group(NEW_ADMIN, expected=(expected(person("dee", phones=(CEM,))), expected(person("eve"))))
    first, second = plan(seen)
    assert (first.ticket.kind, first.ticket.handle, first.ticket.person) == (ADD, CEM, key("dee"))
    assert (second.ticket.handle, second.ticket.member_role) == ("person:eve", None)


def test_a_sole_admin_is_replaced_first_and_the_removal_waits() -> None:
    actions = plan(group(SOLE_ADMIN, view(person("bob"), BOB)))
    assert shown(actions) == [(ActionKind.OPEN, REASSIGN, OPEN), (ActionKind.OPEN, REMOVE, BLOCKED)]
    assert [a.is_blocked for a in actions] == [False, True]
    reassignment = actions[0].ticket
    assert (reassignment.handle, reassignment.member_name, reassignment.member_role) == ("", "", None)
    assert reassignment.person == key()


@pytest.mark.parametrize(
    "state, changes, member, action",
    [
        (OPEN, {}, LEAVER, None),
        (DONE, {"done_at": BEFORE}, LEAVER, None),
        (VERIFIED, {"verified_at": BEFORE}, LEAVER, (ActionKind.REOPEN, OPEN)),
        (VERIFIED, {"verified_at": None}, LEAVER, (ActionKind.REOPEN, OPEN)),
        (VERIFIED, {"verified_at": NOW, "grade": Grade.A}, LEAVER, None),
        (CANCELLED, {}, LEAVER, (ActionKind.REOPEN, OPEN)),
        (WAIVED, {"waived_until": NOW}, LEAVER, (ActionKind.REOPEN, OPEN)),
        (WAIVED, {"waived_until": AFTER}, LEAVER, None),
        (WAIVED, {"waived_until": None}, LEAVER, None),
        (OPEN, {}, view(person()), (ActionKind.CANCEL, CANCELLED)),
        (BLOCKED, {}, view(person()), (ActionKind.CANCEL, CANCELLED)),
        (DONE, {}, view(person()), (ActionKind.CANCEL, CANCELLED)),
        (WAIVED, {}, view(person()), None),
        (VERIFIED, {}, view(person()), None),
        (BLOCKED, {"member_role": ADMIN}, view(leaver(), ANN), (ActionKind.UNBLOCK, OPEN)),
    ],
)
def test_the_finding_and_the_ticket_decide(
    state: TicketState,
    changes: dict[str, Any],
    member: MemberView,
    action: tuple[ActionKind, TicketState] | None,
) -> None:
    actions = plan(group(member, NEW_ADMIN, tickets=(ticket(state=state, **changes),)))
    assert [(a.kind, a.ticket.state) for a in actions] == [action] * (action is not None)


def test_a_leaver_who_is_no_longer_listed_is_left_to_verification() -> None:
    assert plan(group(NEW_ADMIN, tickets=(ticket(),))) == []


# --- Blocking -----------------------------------------------------------------------------------------------


def test_an_open_removal_is_blocked_when_the_other_admin_is_gone() -> None:
    removal = ticket(member_role=MEMBER)
    block = plan(group(SOLE_ADMIN, tickets=(removal, REASSIGNMENT)))[0]
    assert (block.kind, block.ticket.state, block.is_blocked) == (ActionKind.BLOCK, BLOCKED, True)
    assert block.ticket.member_role is ADMIN
    assert block.ticket.reason == "waits until the group has another admin"


def test_a_blocked_removal_waits_while_there_is_no_other_admin() -> None:
    assert (
        plan(
            group(
                SOLE_ADMIN,
                view(None, BOB, ADMIN, state=IdentityState.NOBODY),
                tickets=(WAITING, REASSIGNMENT),
            )
        )
        == []
    )


def test_a_new_admin_releases_all_removals_and_gets_them_and_their_clocks_start() -> None:
    other = ticket(CREATOR_LEAVES, id=2, state=BLOCKED, handle=CEM, member_role=CREATOR, person=key("cem"))
    other = replace(other, occasion=episode_name(key("cem"), LEFT_AT), assignee=Assignee("boss@corp.example"))
    members = (SOLE_ADMIN, NEW_ADMIN, view(leaver("cem"), CEM, CREATOR))
    first, second = plan(group(*members, tickets=(WAITING, other, replace(REASSIGNMENT, state=VERIFIED))))
    assert (first.kind, first.ticket.state, first.ticket.blocked_by) == (ActionKind.UNBLOCK, OPEN, None)
    assert (first.ticket.clock_from, first.ticket.due_at) == (NOW, NOW + 24 * HOUR)
    assert first.why == "the group has another admin now"
    assert first.ticket.assignee == Assignee("bob@corp.example", "Bob", AssigneeWhy.ADMIN, key("bob"))
    assert second.ticket.assignee == Assignee("boss@corp.example")  # a person chose this one


def test_an_admin_on_a_long_leave_is_asked_only_where_nobody_else_can_act() -> None:
    away = view(person("bob", is_on_long_leave=True), BOB, ADMIN)
    here = view(person("dee"), "+447700900009", ADMIN)
    [shared] = plan(group(view(leaver(), ANN), away, here))
    [alone] = plan(group(view(leaver(), ANN), away))
    assert [one.ticket.assignee and one.ticket.assignee.person for one in (shared, alone)] == [
        key("dee"),
        key("bob"),
    ]


def test_a_released_removal_is_not_left_with_a_chosen_assignee_who_has_left() -> None:
    chosen = Assignee("cem@corp.example", "Cem", AssigneeWhy.ASSIGNED, key("cem"), "olga")
    members = (SOLE_ADMIN, NEW_ADMIN, view(leaver("cem"), CEM))
    release = plan(group(*members, tickets=(replace(WAITING, assignee=chosen),)))[0]
    assert release.kind is ActionKind.UNBLOCK
    assert release.ticket.assignee == BOBS


def test_a_verified_reassignment_alone_releases_nothing() -> None:
    proved = replace(REASSIGNMENT, state=VERIFIED, verified_at=NOW, grade=Grade.B)
    assert [action.kind for action in plan(group(SOLE_ADMIN, tickets=(WAITING, proved)))] == [
        ActionKind.REOPEN
    ]


def test_an_inventory_that_lost_its_roles_releases_nothing() -> None:
    members = (view(leaver(), ANN, UNKNOWN), view(person("bob"), BOB, UNKNOWN))
    assert plan(group(*members, tickets=(WAITING, REASSIGNMENT))) == []


def test_a_leaver_who_is_no_longer_an_admin_is_released_and_the_reason_is_true() -> None:
    (action,) = plan(group(view(leaver(), ANN, MEMBER), tickets=(WAITING, REASSIGNMENT)))
    assert (action.kind, action.ticket.member_role) == (ActionKind.UNBLOCK, MEMBER)
    assert action.why == "the member is no longer an admin"


@pytest.mark.parametrize("state", [VERIFIED, CANCELLED])
def test_a_removal_that_is_needed_again_waits_for_an_admin_too(state: TicketState) -> None:
    old = ticket(state=state, verified_at=BEFORE, blocked_by=3)
    reassign, removal = plan(group(SOLE_ADMIN, tickets=(old,)))
    assert (reassign.kind, removal.kind, removal.ticket.state) == (
        ActionKind.OPEN,
        ActionKind.REOPEN,
        BLOCKED,
    )
    assert (removal.is_blocked, removal.ticket.blocked_by) == (True, None)


def test_an_admin_who_hands_over_counts_as_gone_only_while_a_last_day_is_known() -> None:
    soon = replace(person("bob", Standing.LEAVING, leave_at=NOW + 3 * DAY), evidence=Evidence.LEAVE_DATE)
    [early] = plan(group(view(soon, BOB, ADMIN), handing_over=frozenset({key("bob")})))
    assert (early.ticket.kind, early.ticket.left_at) == (REASSIGN, NOW + 3 * DAY)
    assert plan(group(NEW_ADMIN, handing_over=frozenset({key("bob")}))) == []


def test_two_removals_of_a_member_who_has_not_left_both_stand() -> None:
    """A review named them, and they took back their consent: both wait for the same act."""
    asked = ticket(evidence=None, left_at=None, occasion="review:2026Q4", details={REVIEW: "T-000007"})
    consent = replace(asked, id=2, occasion="consent", details={CONSENT: "T-000008"})
    assert plan(group(view(person()), NEW_ADMIN, tickets=(asked, consent))) == []


def test_a_group_has_one_live_reassignment_whoever_leaves_besides() -> None:
    later = view(replace(leaver("bob"), left_at=NOW), BOB, ADMIN)
    actions = plan(group(SOLE_ADMIN, later, tickets=(WAITING, REASSIGNMENT)))
    assert shown(actions) == [(ActionKind.OPEN, REMOVE, BLOCKED)]
    left_alone = group(view(person("cem"), CEM), has_had_admin=True, tickets=(REASSIGNMENT,))
    assert plan(left_alone) == []


def test_a_waived_reassignment_is_waived_for_its_own_case_only() -> None:
    waived = replace(REASSIGNMENT, state=WAIVED)
    assert plan(group(SOLE_ADMIN, tickets=(WAITING, waived))) == []
    later = view(replace(leaver("bob"), left_at=NOW), BOB, ADMIN)
    assert shown(plan(group(SOLE_ADMIN, later, tickets=(WAITING, waived)))) == [
        (ActionKind.OPEN, REASSIGN, OPEN),
        (ActionKind.OPEN, REMOVE, BLOCKED),
    ]


@pytest.mark.parametrize("grade", [Grade.A, Grade.B])
@pytest.mark.parametrize("verified_at", [NOW, BEFORE])
def test_a_new_admin_who_is_gone_again_reopens_the_reassignment(grade: Grade, verified_at: datetime) -> None:
    proved = replace(REASSIGNMENT, state=VERIFIED, grade=grade, verified_at=verified_at)
    [action] = plan(group(SOLE_ADMIN, tickets=(WAITING, proved)))
    assert shown([action]) == [(ActionKind.REOPEN, REASSIGN, OPEN)]
    assert action.why.startswith("needed again: Ann left")


# --- Reopening ----------------------------------------------------------------------------------------------


def test_a_member_who_is_added_again_came_back_and_claim_and_proof_are_void() -> None:
    proved = ticket(
        state=VERIFIED,
        done_at=BEFORE,
        done_by="bob",
        verified_at=BEFORE,
        verified_by="roster",
        grade=Grade.A,
        waived_until=AFTER,
        acknowledged_until=AFTER,
        reopened=1,
    )
    (action,) = plan(group(LEAVER, NEW_ADMIN, tickets=(proved,)))
    again = action.ticket
    assert action.why.startswith("came back: Ann has left")
    assert (again.reason, again.reopened, again.id) == (action.why, 2, 1)
    assert (again.done_at, again.done_by, again.verified_at, again.verified_by) == (None, None, None, None)
    assert (again.grade, again.waived_until, again.acknowledged_until) == (None, None, None)
    assert (again.clock_from, again.due_at, again.opened_at) == (NOW, NOW + 24 * HOUR, NOW - HOUR)
    assert again.assignee is not None
    assert again.assignee.person == key("bob")


@pytest.mark.parametrize("state, why", [(CANCELLED, "needed after all: "), (WAIVED, "the waiver is over")])
def test_a_reopened_ticket_says_why(state: TicketState, why: str) -> None:
    (action,) = plan(group(LEAVER, NEW_ADMIN, tickets=(ticket(state=state, waived_until=NOW),)))
    assert action.why.startswith(why)


def test_reopening_by_hand_gives_the_reason() -> None:
    assert reopen(ticket(state=DONE, done_at=BEFORE), rules(), NOW, Reason("not true")).reason == "not true"


def test_a_question_is_asked_again_without_a_new_roster_and_where_it_is_asked() -> None:
    answered = ticket(IDENTIFY, state=VERIFIED, verified_at=NOW, group=GroupKey("wards", "theatre"))
    (action,) = plan(group(view(None), NEW_ADMIN, tickets=(answered,)))
    assert (action.kind, action.ticket.group) == (ActionKind.REOPEN, WARD)
    assert action.why.startswith("needed again: no one has")


def test_where_an_admin_is_asked_out_the_ticket_says_how_many_stay_while_any_do() -> None:
    asked_out = ticket(evidence=None, left_at=None, details={REVIEW: "T-000007"})
    ann = view(person(), ANN, ADMIN)
    (opened,) = plan(group(ann, NEW_ADMIN, tickets=(asked_out,)), admins_min=2)
    too_few = "The group has too few active admins: 1, and 2 are needed."
    assert (opened.kind, opened.why) == (ActionKind.OPEN, too_few)
    assert why_line(opened.ticket, "UTC") == too_few
    over = replace(opened.ticket, id=9, state=CANCELLED)
    again, _ = plan(group(ann, tickets=(asked_out, over)), admins_min=2)
    assert again.why == "needed after all: no admin is left in the group, 2 needed"
    assert why_line(again.ticket, "UTC") == "The group has no admin any more."


@pytest.mark.parametrize(
    "waiver, happens",
    [
        ({"state": WAIVED}, []),
        ({"state": WAIVED, "waived_until": AFTER}, []),
        ({"state": WAIVED, "waived_until": NOW}, [ActionKind.CANCEL, ActionKind.REOPEN]),
        ({"state": OPEN}, [ActionKind.CANCEL]),
    ],
)
def test_whom_a_review_asks_out_goes_although_their_leaving_is_waived(
    waiver: dict[str, Any], happens: list[ActionKind]
) -> None:
    asked_out = ticket(
        id=4, evidence=None, left_at=None, occasion="review:2026Q4", details={REVIEW: "T-000002"}
    )
    actions = plan(group(LEAVER, NEW_ADMIN, tickets=(ticket(**waiver), asked_out)))
    assert [action.kind for action in actions] == happens
    assert [action.ticket.id for action in actions] == [4, 1][: len(happens)]
