from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from builders import (
    DAY,
    HOUR,
    LEFT_AT,
    NOW,
    WARD,
    expected,
    facts,
    group,
    key,
    leaver,
    person,
    rules,
    ticket,
    view,
)
from worker.domain.groups.case import GroupView, MemberView
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds.removals import CONSENT, REVIEW
from worker.domain.kinds.settled import settle
from worker.domain.model import Account, AccountKey, Coverage, Evidence, GroupKey, Role, Standing
from worker.domain.people.leaving import Leaving, episode_name
from worker.domain.reconcile.engine import assignee_for, find_all, reconcile_group, reopen
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, Ticket, TicketKind, TicketState

ANN, BOB, CEM = "+447700900001", "+447700900002", "+447700900003"
ADMIN, CREATOR, MEMBER, UNKNOWN = Role.ADMIN, Role.CREATOR, Role.MEMBER, Role.UNKNOWN
OPEN, BLOCKED, DONE, VERIFIED, CANCELLED, WAIVED = TicketState
REMOVE, REASSIGN = TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN
CREATOR_LEAVES, IDENTIFY, ADD = (
    TicketKind.CREATOR_MUST_LEAVE,
    TicketKind.IDENTIFY_MEMBER,
    TicketKind.ADD_MEMBER,
)
LEAVER, SOLE_ADMIN = view(leaver()), view(leaver(), ANN, ADMIN)
NEW_ADMIN = view(person("bob"), BOB, ADMIN)
BEFORE, AFTER = NOW - HOUR, NOW + HOUR


def plan(seen: GroupView, now: datetime = NOW, **changes: Any) -> list[Action]:
    return list(reconcile_group(seen, rules(**changes), now))


def shown(actions: list[Action]) -> list[tuple[ActionKind, TicketKind, TicketState]]:
    return [(action.kind, action.ticket.kind, action.ticket.state) for action in actions]


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

WAITING = ticket(state=BLOCKED, member_role=ADMIN, blocked_by=9)
REASSIGNMENT = ticket(REASSIGN, id=9, state=OPEN)


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


# --- Ending -------------------------------------------------------------------------------------------------

MOVED = ticket(evidence=Evidence.MOVED)
ACTIVE_ELSEWHERE = replace(LEAVER, leaving=None)
BY_DATE, BY_EXPIRY = ticket(evidence=Evidence.LEAVE_DATE), ticket(evidence=Evidence.EXPIRED)
FIFTH = datetime(2026, 12, 5, tzinfo=UTC)  # so the fourth is the last day
LEAVES_LATER = view(replace(person(leave_at=FIFTH), standing=Standing.LEAVING, evidence=Evidence.LEAVE_DATE))
EXPIRES_LATER = view(replace(person(expires_at=FIFTH), standing=Standing.LEAVING, evidence=Evidence.EXPIRED))
REHIRED_AND_GONE = replace(ACTIVE_ELSEWHERE, person=replace(leaver(), left_at=NOW))


@pytest.mark.parametrize(
    "member, work, why",
    [
        (view(person()), ticket(), "the person returned"),
        (REHIRED_AND_GONE, ticket(), "the person returned"),
        (LEAVES_LATER, BY_DATE, "the last day was moved to 04 Dec 2026"),
        (EXPIRES_LATER, BY_EXPIRY, "the last day was moved to 04 Dec 2026"),
        (view(person()), BY_DATE, "the person returned"),
        (LEAVES_LATER, ticket(), "the person returned"),
        (ACTIVE_ELSEWHERE, ticket(), "another account of the person is active"),
        (view(person()), MOVED, "belongs in the group again"),
        (ACTIVE_ELSEWHERE, MOVED, None),
        (view(None, state=IdentityState.AMBIGUOUS), ticket(), "who this member is, is in question now"),
        (view(None, state=IdentityState.NOBODY), ticket(), "not somebody of the directory"),
        (view(person("ann2")), ticket(), "the member is known under another account now"),
    ],
)
def test_a_removal_ends_when_its_reason_is_gone(member: MemberView, work: Ticket, why: str | None) -> None:
    actions = plan(group(member, NEW_ADMIN, tickets=(replace(work, blocked_by=9),)))
    ended = [a for a in actions if a.kind is ActionKind.CANCEL]
    assert [a.why for a in ended] == [why] * (why is not None)
    assert all((a.ticket.reason, a.ticket.blocked_by) == (why, None) for a in ended)


def test_a_rehire_who_leaves_again_gets_a_new_ticket() -> None:
    again = view(replace(leaver(), left_at=NOW))
    actions = plan(group(again, NEW_ADMIN, tickets=(ticket(),)))
    assert [a.kind for a in actions] == [ActionKind.CANCEL, ActionKind.OPEN]
    assert actions[0].why.startswith("superseded")


CLOUD = Account(
    AccountKey("tenant", "cloud-ann"), facts("cloud-ann"), Standing.LEFT, Evidence.DELETED, LEFT_AT + HOUR
)
CLOUD_WORD: dict[str, Any] = {
    "person": CLOUD.key,
    "evidence": Evidence.DELETED,
    "left_at": CLOUD.left_at,
    "occasion": episode_name(CLOUD.key, LEFT_AT + HOUR),
}
LEFT_TWICE = replace(
    LEAVER,
    leaving=Leaving(key(), Evidence.DISABLED, LEFT_AT, frozenset({str(CLOUD_WORD["occasion"])})),
    accounts=(leaver(), CLOUD),
)
CLOUD_IS_BACK = replace(
    LEFT_TWICE,
    leaving=Leaving(key(), Evidence.DISABLED, LEFT_AT),
    accounts=(leaver(), replace(CLOUD, standing=Standing.ACTIVE, evidence=None, left_at=None)),
)


@pytest.mark.parametrize(
    "member, work, is_same",
    [
        (LEFT_TWICE, ticket(), True),
        (LEFT_TWICE, ticket(**CLOUD_WORD), True),
        (LEFT_TWICE, ticket(**CLOUD_WORD, state=DONE, done_at=BEFORE), True),
        (LEFT_TWICE, ticket(**CLOUD_WORD, state=WAIVED), True),
        (CLOUD_IS_BACK, ticket(**CLOUD_WORD), True),
        (CLOUD_IS_BACK, ticket(**CLOUD_WORD, state=WAIVED), False),
        (LEFT_TWICE, ticket(**CLOUD_WORD, state=VERIFIED), False),
        (LEFT_TWICE, ticket(CREATOR_LEAVES, **CLOUD_WORD, state=WAIVED), False),
        (LEFT_TWICE, ticket(**CLOUD_WORD, handle=CEM, state=WAIVED), False),
        (LEFT_TWICE, ticket(**(CLOUD_WORD | {"evidence": Evidence.MOVED}), state=WAIVED), False),
    ],
)
def test_a_ticket_on_the_word_of_another_directory_is_the_same_work(
    member: MemberView, work: Ticket, is_same: bool
) -> None:
    opened = [a for a in plan(group(member, NEW_ADMIN, tickets=(work,))) if a.kind is not ActionKind.CANCEL]
    assert [a.kind for a in opened] == ([] if is_same else [ActionKind.OPEN])


def test_a_removal_of_who_moved_away_is_not_one_of_who_left() -> None:
    seen = replace(view(person()), leaving=Leaving(key(), Evidence.MOVED, NOW), accounts=(person(), CLOUD))
    actions = plan(group(seen, NEW_ADMIN, tickets=(ticket(**CLOUD_WORD),)))
    assert [a.kind for a in actions] == [ActionKind.CANCEL, ActionKind.OPEN]


def test_a_leaver_who_is_the_creator_by_now_gets_the_other_kind_of_ticket() -> None:
    actions = plan(group(view(leaver(), ANN, CREATOR), NEW_ADMIN, tickets=(ticket(),)))
    assert shown(actions) == [(ActionKind.CANCEL, REMOVE, CANCELLED), (ActionKind.OPEN, CREATOR_LEAVES, OPEN)]


def test_everything_live_ends_with_its_group() -> None:
    work = (ticket(), ticket(REASSIGN, id=2, state=DONE), ticket(ADD, id=3, handle=BOB))
    elsewhere = ticket(IDENTIFY, id=4, group=GroupKey("wards", "theatre"))
    actions = plan(group(is_gone=True, tickets=(*work, elsewhere, ticket(id=5, handle=CEM, state=VERIFIED))))
    assert [(a.ticket.id, a.why) for a in actions] == [
        (number, "the group is no longer in the inventory") for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    "seen, why",
    [
        (group(view(person(), ANN, ADMIN)), "the person returned"),
        (group(), "nobody is left in the group"),
        (group(coverage=Coverage.PARTIAL), None),
        (group(SOLE_ADMIN, NEW_ADMIN), None),
        (group(view(person(), ANN), NEW_ADMIN), None),
    ],
)
def test_a_reassignment_ends_when_the_admin_returns_or_nobody_is_left(
    seen: GroupView, why: str | None
) -> None:
    actions = plan(replace(seen, tickets=(REASSIGNMENT,)))
    assert [a.why for a in actions if a.ticket.kind is REASSIGN] == [why] * (why is not None)


@pytest.mark.parametrize(
    "seen, why",
    [
        (group(), "the member is no longer in the group"),
        (group(coverage=Coverage.PARTIAL), None),
        (group(view(person())), None),
    ],
)
def test_a_question_ends_when_the_member_is_surely_gone(seen: GroupView, why: str | None) -> None:
    actions = plan(replace(seen, tickets=(ticket(IDENTIFY),)))
    assert [a.why for a in actions] == [why] * (why is not None)


DEE = person("dee", phones=(CEM,))
ADDITION = ticket(
    ADD, handle=CEM, person=DEE.key, evidence=None, left_at=None, occasion=episode_name(DEE.key, LEFT_AT)
)
BY_THEMSELF = "the person left the group by themself"
NO_RULE = "the joiner rules no longer place this person in the group"


@pytest.mark.parametrize(
    "seen, why",
    [
        (group(NEW_ADMIN, expected=(expected(DEE),)), None),
        (group(NEW_ADMIN), NO_RULE),
        (group(NEW_ADMIN, expected=(expected(replace(DEE, standing=Standing.LEFT)),)), NO_RULE),
        (group(NEW_ADMIN, expected=(expected(DEE, is_former=True),)), NO_RULE),
        (group(NEW_ADMIN, view(DEE, "dee@lid"), expected=(expected(DEE),)), None),
        (group(NEW_ADMIN, expected=(expected(DEE),), went=((DEE.key, NOW),)), BY_THEMSELF),
        (group(NEW_ADMIN, expected=(expected(DEE),), went=((key("eve"), NOW),)), None),
        (group(NEW_ADMIN, expected=(expected(DEE),), went=((DEE.key, LEFT_AT - HOUR),)), None),
        (group(NEW_ADMIN, view(DEE, "dee@lid"), expected=(expected(DEE),), went=((DEE.key, NOW),)), None),
        (group(NEW_ADMIN, expected=(expected(DEE, NOW),), coverage=Coverage.PARTIAL), None),
    ],
)
def test_an_addition_ends_when_no_rule_asks_for_it(seen: GroupView, why: str | None) -> None:
    actions = plan(replace(seen, tickets=(ADDITION,)))
    assert [a.why for a in actions] == [why] * (why is not None)


@pytest.mark.parametrize("now_expected", [expected(DEE, NOW), expected(person("dee", phones=(ANN,)))])
def test_an_addition_under_a_new_number_or_rule_takes_the_place_of_the_old(now_expected: Any) -> None:
    actions = plan(group(NEW_ADMIN, expected=(now_expected,), tickets=(ADDITION,)))
    assert shown(actions) == [(ActionKind.CANCEL, ADD, CANCELLED), (ActionKind.OPEN, ADD, OPEN)]


def test_an_addition_about_nobody_ends() -> None:
    assert plan(group(NEW_ADMIN, tickets=(replace(ADDITION, person=None),)))[0].why == NO_RULE


# --- Who should do it ---------------------------------------------------------------------------------------

MAX, OWNER = person("max"), person("olga")


def unreachable(who: Account) -> Account:
    return replace(who, facts=replace(who.facts, email=None))


EVERYBODY = {"owner": OWNER, "managers": ((key(), MAX),)}


@pytest.mark.parametrize(
    "members, changes, email, why",
    [
        ((NEW_ADMIN,), EVERYBODY, "bob@corp.example", "active admin of the group"),
        ((view(person("bob"), BOB),), EVERYBODY, "olga@corp.example", "owner of the group"),
        (
            (view(unreachable(person("bob")), BOB, ADMIN),),
            EVERYBODY,
            "olga@corp.example",
            "owner of the group",
        ),
        ((view(leaver("bob"), BOB, ADMIN),), EVERYBODY, "olga@corp.example", "owner of the group"),
        ((), {"owner_email": "own@example.org"}, "own@example.org", "owner of the group"),
        ((), EVERYBODY | {"owner": leaver("olga")}, "max@corp.example", "manager of the person who left"),
        ((), EVERYBODY | {"owner": unreachable(OWNER)}, "max@corp.example", "manager of the person who left"),
        ((), {"managers": ((key(), leaver("max")),)}, "it-security@example.org", "accountable person"),
        ((), {"managers": ((key(), unreachable(MAX)),)}, "it-security@example.org", "accountable person"),
        ((), {}, "it-security@example.org", "accountable person"),
    ],
)
def test_the_nearest_person_who_can_be_reached_is_asked(
    members: tuple[MemberView, ...], changes: dict[str, Any], email: str, why: str
) -> None:
    made = plan(group(LEAVER, *members, **changes))[-1].ticket
    assert made.handle in {ANN, BOB}
    assert made.assignee is not None
    assert (made.assignee.email, made.assignee.said) == (email, why)


def test_a_question_has_no_leaver_whose_manager_could_be_asked() -> None:
    (action,) = plan(group(view(None), managers=((key(), MAX),)))
    assert action.ticket.assignee is not None
    assert action.ticket.assignee.said == "accountable person"


def test_without_an_accountable_person_nobody_may_be_asked() -> None:
    assert plan(group(LEAVER), accountable="")[0].ticket.assignee is None


def test_admins_who_stay_come_before_those_who_are_leaving_and_old_members_before_new_ones() -> None:
    going = view(person("abe", Standing.LEAVING), "+447700900010", ADMIN)
    new = view(person("bob"), "+447700900011", ADMIN, first_seen_at=NOW)
    old = view(person("cem"), "+447700900012", ADMIN)
    for members, name in (((going, new, old), "Cem"), ((going, new), "Bob"), ((going,), "Abe")):
        made = plan(group(LEAVER, *members))[0].ticket
        assert made.assignee is not None
        assert made.assignee.name == name


def test_the_leaver_is_never_asked_whatever_the_view_says() -> None:
    second_phone = replace(view(person(), BOB, ADMIN))
    made = plan(group(LEAVER, second_phone))[0].ticket
    assert made.assignee is not None
    assert made.assignee.said == "accountable person"


BOBS = Assignee("bob@corp.example", "Bob", AssigneeWhy.ADMIN, key("bob"))


@pytest.mark.parametrize(
    "members, changes, assignee",
    [
        ((view(leaver("bob"), BOB, ADMIN), view(person("cem"), CEM, ADMIN)), {}, "cem@corp.example"),
        ((view(person("cem"), CEM, ADMIN),), {"owner": leaver("bob")}, "cem@corp.example"),
        ((view(person("cem"), CEM, ADMIN),), {"managers": ((key(), leaver("bob")),)}, "cem@corp.example"),
        ((NEW_ADMIN,), {}, None),
        ((view(person("cem"), CEM, ADMIN),), {}, None),
        ((view(person("cem"), CEM, ADMIN),), {"owner": OWNER}, None),
    ],
)
def test_a_ticket_is_handed_on_when_its_assignee_has_left(
    members: tuple[MemberView, ...], changes: dict[str, Any], assignee: str | None
) -> None:
    actions = plan(group(LEAVER, *members, tickets=(ticket(assignee=BOBS),), **changes))
    handed = [a.ticket.assignee.email for a in actions if a.kind is ActionKind.ASSIGN and a.ticket.assignee]
    assert handed == [assignee] * (assignee is not None)


def test_a_ticket_is_not_handed_to_the_one_who_has_it() -> None:
    olga = Assignee("olga@corp.example", "Olga", AssigneeWhy.OWNER, key("olga"))
    moved = replace(view(OWNER, BOB), leaving=Leaving(key("olga"), Evidence.MOVED, NOW))
    actions = plan(group(LEAVER, moved, owner=OWNER, tickets=(ticket(assignee=olga),)))
    assert [a.kind for a in actions] == [ActionKind.OPEN]


def test_assignee_for_reads_movers_as_movers() -> None:
    moving = (expected(person("bob"), is_former=True),)
    made = plan(group(LEAVER, NEW_ADMIN, expected=moving))[0]
    assert made.ticket.kind is REASSIGN
    assert made.ticket.assignee is not None
    assert made.ticket.assignee.said == "accountable person"


def test_a_person_without_an_address_is_no_assignee() -> None:
    seen = group(LEAVER, view(unreachable(person("bob")), BOB, ADMIN))
    (finding,) = find_all(seen, 1)
    assert assignee_for(finding, settle(seen), rules(accountable="")) is None


def test_rules_choose_the_time_by_sensitivity() -> None:
    assert rules().allowed(ticket(is_sensitive=True)) == 4 * HOUR
    assert rules().started(ticket(), NOW + DAY).due_at == NOW + 2 * DAY
