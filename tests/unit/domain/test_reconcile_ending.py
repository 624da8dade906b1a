"""Tickets end when their reason is gone, and go to the nearest person who can be reached."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from builders import (
    DAY,
    HOUR,
    LEFT_AT,
    NOW,
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
from reconciling import (
    ADD,
    ADMIN,
    ANN,
    BEFORE,
    BOB,
    BOBS,
    CANCELLED,
    CEM,
    CREATOR,
    CREATOR_LEAVES,
    DONE,
    IDENTIFY,
    LEAVER,
    NEW_ADMIN,
    OPEN,
    REASSIGN,
    REASSIGNMENT,
    REMOVE,
    SOLE_ADMIN,
    VERIFIED,
    WAIVED,
    plan,
    shown,
)
from worker.domain.groups.case import GroupView, MemberView
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds.removals import CONSENT, REVIEW
from worker.domain.kinds.settled import settle
from worker.domain.model import Account, AccountKey, Coverage, Evidence, GroupKey, Standing
from worker.domain.people.leaving import Leaving, episode_name
from worker.domain.people.persons import Person
from worker.domain.reconcile.assigning import assignee_for
from worker.domain.reconcile.engine import find_all
from worker.domain.reconcile.plan import ActionKind
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Ticket, TicketKind, TicketState

# --- Ending -------------------------------------------------------------------------------------------------

MOVED = ticket(evidence=Evidence.MOVED)
REVIEWED = ticket(evidence=None, left_at=None, details={REVIEW: "T-000007"})
TAKEN_BACK = replace(REVIEWED, details={CONSENT: "T-000007"})
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
        (LEAVES_LATER, replace(BY_DATE, left_at=FIFTH), "the last day, 04 Dec 2026, has not come yet"),
        (view(person()), BY_DATE, "the person returned"),
        (LEAVES_LATER, ticket(), "the person returned"),
        (ACTIVE_ELSEWHERE, ticket(), "another account of the person is active"),
        (view(person()), MOVED, "belongs in the group again"),
        (ACTIVE_ELSEWHERE, MOVED, None),
        (view(None, state=IdentityState.AMBIGUOUS), ticket(), "who this member is, is in question now"),
        (view(None, state=IdentityState.NOBODY), ticket(), "not somebody of the directory"),
        (view(person("ann2")), ticket(), "the member is known under another account now"),
        *(
            one
            for asked in (REVIEWED, TAKEN_BACK)
            for one in (
                (view(person()), asked, None),
                (view(person("bob")), asked, "the member is known under another account now"),
                (view(None, state=IdentityState.AMBIGUOUS), asked, "who this member is, is in question now"),
                (view(None, state=IdentityState.NOBODY), asked, "not somebody of the directory"),
                (view(replace(person(), key=AccountKey("ad", "ann"))), asked, None),
            )
        ),
        (view(person("bob")), replace(REVIEWED, person=None), None),
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


def test_who_is_known_under_the_handle_of_somebody_who_is_asked_out_is_not_going() -> None:
    bob = view(person("bob"), role=ADMIN)
    assert settle(group(bob, tickets=(REVIEWED,))).known_admins == (bob,)
    assert settle(group(replace(bob, person=person()), tickets=(REVIEWED,))).known_admins == ()


BEFORE_NOW, AFTER_NOW = NOW - HOUR, NOW + HOUR
HELD = ticket(state=TicketState.BLOCKED, held_until=BEFORE_NOW)
BLOCKED_BY_9 = ticket(state=TicketState.BLOCKED, blocked_by=9)


@pytest.mark.parametrize(
    "work, blocker, why",
    [
        (HELD, None, "the hold is over"),
        (replace(HELD, held_until=AFTER_NOW), None, None),
        (replace(HELD, blocked_by=9), TicketState.OPEN, None),
        (replace(HELD, blocked_by=9), TicketState.VERIFIED, "the hold is over"),
        (BLOCKED_BY_9, TicketState.OPEN, None),
        (BLOCKED_BY_9, TicketState.WAIVED, None),
        (BLOCKED_BY_9, TicketState.VERIFIED, "it need not wait"),
        (BLOCKED_BY_9, None, "it need not wait"),
        (replace(BLOCKED_BY_9, blocked_by=None), None, None),
        (ticket(), None, None),
    ],
)
def test_a_removal_of_somebody_who_is_not_listed_waits_no_longer_than_it_has_to(
    work: Ticket, blocker: TicketState | None, why: str | None
) -> None:
    other = ticket(id=9, kind=TicketKind.REASSIGN_ADMIN, handle="", state=blocker) if blocker else None
    tickets = (work, other) if other else (work,)
    actions = [one for one in plan(group(NEW_ADMIN, tickets=tickets)) if one.ticket.id == work.id]
    assert [(one.kind, one.why, one.ticket.state) for one in actions] == (
        [(ActionKind.UNBLOCK, why, TicketState.OPEN)] if why else []
    )


@pytest.mark.parametrize("has_left", [True, False])
def test_a_removal_of_somebody_who_is_not_listed_is_handed_on_by_whoever_left(has_left: bool) -> None:
    eve = Assignee("eve@corp.example", "Eve", AssigneeWhy.ADMIN, person("eve").key)
    account = person("eve", standing=Standing.LEFT if has_left else Standing.ACTIVE)
    waiting = group(NEW_ADMIN, tickets=(replace(HELD, assignee=eve),))
    [one] = plan(replace(waiting, assignees=((account.key, Person(account, None, (account,))),)))
    assert (one.kind, one.ticket.assignee == eve) == (ActionKind.UNBLOCK, not has_left)


def test_a_removal_under_a_handle_that_is_gone_ends_as_the_one_under_the_listed_handle_begins() -> None:
    actions = plan(group(LEAVER, NEW_ADMIN, tickets=(ticket(id=8, handle="7@lid"),)))
    assert [(a.kind, a.ticket.handle) for a in actions] == [
        (ActionKind.CANCEL, "7@lid"),
        (ActionKind.OPEN, LEAVER.member.handle),
    ]
    assert actions[0].why == "the roster shows the person under another handle, which has its own ticket"


@pytest.mark.parametrize(
    "work, why",
    [
        (ticket(id=8, handle="7@lid"), "the person returned"),
        (ticket(id=8, handle="7@lid", details={REVIEW: 3}), None),
        (ticket(id=8, handle="7@lid", person=key("cem")), None),
    ],
)
def test_a_removal_under_a_handle_that_is_gone_ends_as_the_person_returns(
    work: Ticket, why: str | None
) -> None:
    ended = [
        one
        for one in plan(group(view(person()), NEW_ADMIN, tickets=(work,)))
        if one.kind is ActionKind.CANCEL
    ]
    assert [one.why for one in ended] == [why] * (why is not None)


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
