from dataclasses import replace
from typing import Any

import pytest

from builders import DAY, LEFT_AT, NOW, WARD, expected, facts, group, key, leaver, person, ticket, view
from worker.domain.groups.case import (
    GroupView,
    account_line,
    active_admins,
    belonging,
    why_out,
    with_movers,
)
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds.finding import Finding
from worker.domain.kinds.settled import settle, with_known_roles
from worker.domain.model import Account, AccountKey, Coverage, Evidence, Role, Standing
from worker.domain.people.leaving import Leaving, episode_name
from worker.domain.reconcile.engine import find_all
from worker.domain.tickets.subject import membership, one_handle
from worker.domain.tickets.ticket import TicketKind, TicketState

ANN, BOB, CEM = "+447700900001", "+447700900002", "+447700900003"
ADMIN, CREATOR, MEMBER, UNKNOWN = Role.ADMIN, Role.CREATOR, Role.MEMBER, Role.UNKNOWN
REMOVE, REASSIGN = TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN
CREATOR_LEAVES, IDENTIFY, ADD = (
    TicketKind.CREATOR_MUST_LEAVE,
    TicketKind.IDENTIFY_MEMBER,
    TicketKind.ADD_MEMBER,
)
STAYING_ADMIN = view(person("bob"), BOB, ADMIN)


def kinds(found: tuple[Finding, ...]) -> list[TicketKind]:
    return [finding.key.kind for finding in found]


def test_nothing_is_wrong_where_everybody_is_here_and_known() -> None:
    assert find_all(group(view(person()), STAYING_ADMIN), 1) == ()


def test_a_leaver_is_to_be_removed_and_the_finding_says_why() -> None:
    (found,) = find_all(group(view(leaver()), STAYING_ADMIN), 1)
    assert (found.key.kind, found.key.subject) == (REMOVE, membership(WARD, ANN))
    assert found.key.occasion == episode_name(key(), LEFT_AT)
    assert found.why == "Ann has left (the account is disabled) and is still in the group"
    assert not found.needs_admin


@pytest.mark.parametrize("role", Role)
def test_a_leaver_is_to_be_removed_whatever_their_role(role: Role) -> None:
    found = find_all(group(view(leaver(), ANN, role), STAYING_ADMIN, messenger="signal"), 1)
    assert kinds(found) == [REMOVE]


@pytest.mark.parametrize("evidence", Evidence)
def test_every_evidence_has_its_words(evidence: Evidence) -> None:
    assert why_out("Ann", Leaving(key(), evidence, LEFT_AT)).startswith("Ann has ")


@pytest.mark.parametrize(
    "standing, evidence, line",
    [
        (Standing.ACTIVE, None, "corp: the account is active"),
        (Standing.LEAVING, Evidence.LEAVE_DATE, "corp: the account is active, and has a last day"),
        (Standing.LEFT, Evidence.DELETED, "corp: the account was deleted"),
    ],
)
def test_each_account_is_named_with_what_its_directory_says(
    standing: Standing, evidence: Evidence | None, line: str
) -> None:
    account = Account(key(), facts(), standing, evidence)
    assert account_line(account) == line


def test_a_leaver_of_two_directories_has_left_by_both_names() -> None:
    cloud = Account(AccountKey("tenant", "a"), facts("a"))
    leaving = Leaving(key(), Evidence.DISABLED, LEFT_AT, accounts=(leaver(), cloud))
    (found,) = find_all(group(view(leaver(), leaving=leaving), STAYING_ADMIN), 1)
    assert found.why == (
        "Ann has left (corp: the account is disabled; tenant: the account is active) and is still in the group"
    )


def test_a_leaver_whom_the_guard_holds_is_left_alone() -> None:
    held = replace(view(leaver()), leaving=None)
    assert find_all(group(held, STAYING_ADMIN), 1) == ()


def test_a_group_that_is_gone_has_nothing_wrong() -> None:
    assert find_all(group(view(leaver()), is_gone=True), 1) == ()


@pytest.mark.parametrize(
    "state, is_asked",
    [
        (IdentityState.AMBIGUOUS, True),
        (IdentityState.UNMATCHED, True),
        (IdentityState.NOBODY, False),
        (IdentityState.LINKED, False),
    ],
)
def test_who_is_not_known_makes_a_question_never_a_removal(state: IdentityState, is_asked: bool) -> None:
    found = find_all(group(view(None, state=state), STAYING_ADMIN), 1)
    assert kinds(found) == [IDENTIFY] * is_asked
    assert all(f.key.subject == one_handle("wards", ANN) for f in found)


def test_findings_are_sorted_reassignment_first() -> None:
    members = (view(None, CEM), view(leaver("bob"), BOB, ADMIN), view(leaver(), ANN))
    found = find_all(group(*members, expected=(expected(person("dee")),)), 1)
    assert kinds(found) == [REASSIGN, REMOVE, REMOVE, IDENTIFY, ADD]
    assert [f.key.subject.handle for f in found[1:4]] == [ANN, BOB, CEM]


@pytest.mark.parametrize("role", [ADMIN, CREATOR])
def test_the_removal_of_a_sole_admin_waits_for_a_new_one(role: Role) -> None:
    reassign, removal = find_all(group(view(leaver(), ANN, role), view(person("bob"), BOB)), 1)
    assert reassign.key.kind is REASSIGN
    assert reassign.key.occasion == removal.key.occasion
    assert removal.needs_admin
    assert reassign.why == "Ann left and was an admin; 0 active admins remain, 1 needed"


def test_several_leaving_admins_all_wait_for_one_reassignment_named_by_the_latest() -> None:
    early = replace(leaver("bob"), left_at=LEFT_AT - DAY)
    found = find_all(group(view(leaver(), ANN, ADMIN), view(early, BOB, CREATOR)), 1)
    assert kinds(found) == [REASSIGN, REMOVE, CREATOR_LEAVES]
    assert all(f.needs_admin for f in found[1:])
    assert found[0].person == leaver()
    assert found[0].why == "Ann, Bob left and were admins; 0 active admins remain, 1 needed"


def test_a_colleague_who_only_moved_is_not_said_to_have_left() -> None:
    mover = view(person("bob"), BOB, ADMIN, leaving=Leaving(key("bob"), Evidence.MOVED, LEFT_AT - DAY))
    staying = view(person("cem"), CEM, ADMIN)
    (found, *_) = find_all(group(view(leaver(), ANN, ADMIN), mover, staying), 2)
    assert found.why == (
        "Ann left and was an admin; Bob moved and was an admin; 1 active admin remains, 2 needed"
    )


def test_an_ordinary_leaver_does_not_wait_for_an_admin() -> None:
    (removal,) = find_all(group(view(leaver()), view(person("bob"), BOB)), 1)
    assert not removal.needs_admin


@pytest.mark.parametrize(
    "other",
    [
        view(None, BOB, ADMIN),
        view(None, BOB, ADMIN, state=IdentityState.NOBODY),
        replace(view(leaver("bob"), BOB, ADMIN), leaving=None),
        view(person("bob"), BOB, UNKNOWN),
    ],
)
def test_who_is_not_surely_an_active_admin_does_not_release_a_sole_admin(other: object) -> None:
    members = (view(leaver(), ANN, ADMIN), other)
    found = find_all(group(*members), 1)  # type: ignore[arg-type]
    assert kinds(found)[:2] == [REASSIGN, REMOVE]
    assert found[1].needs_admin


def test_too_few_admins_are_a_reassignment_but_do_not_hold_the_removal_up() -> None:
    reassign, removal = find_all(group(view(leaver(), ANN, ADMIN), STAYING_ADMIN), 2)
    assert reassign.key.kind is REASSIGN
    assert not removal.needs_admin


def test_a_group_that_had_too_few_admins_before_anybody_left_is_not_checked_yet() -> None:
    assert find_all(group(view(person()), STAYING_ADMIN), 2) == ()
    assert kinds(find_all(group(view(leaver()), STAYING_ADMIN), 2)) == [REMOVE]


def test_an_admin_who_is_leaving_but_still_here_counts() -> None:
    going = view(person("bob", Standing.LEAVING), BOB, ADMIN)
    assert kinds(find_all(group(view(leaver(), ANN, ADMIN), going), 1)) == [REMOVE]


LOST = group(view(person()), has_had_admin=True)


@pytest.mark.parametrize(
    "changed, is_news",
    [
        (LOST, True),
        (replace(LOST, members=()), True),
        (replace(LOST, has_had_admin=False), False),
        (replace(LOST, coverage=Coverage.PARTIAL), False),
        (replace(LOST, members=(), size=0), False),
        (replace(LOST, members=(view(person(), role=UNKNOWN),)), False),
        (replace(LOST, members=(view(None, role=ADMIN, state=IdentityState.NOBODY),)), False),
    ],
)
def test_a_group_that_surely_lost_its_admins_is_news(changed: GroupView, is_news: bool) -> None:
    assert kinds(find_all(changed, 1)) == [REASSIGN] * is_news


@pytest.mark.parametrize(
    "messenger, role, kind",
    [
        ("whatsapp", CREATOR, CREATOR_LEAVES),
        ("whatsapp", ADMIN, REMOVE),
        ("signal", CREATOR, REMOVE),
        ("pigeon", CREATOR, REMOVE),
    ],
)
def test_a_creator_whom_nobody_can_remove_has_to_leave(messenger: str, role: Role, kind: TicketKind) -> None:
    found = find_all(group(view(leaver(), ANN, role), STAYING_ADMIN, messenger=messenger), 1)
    assert kinds(found) == [kind]


def test_a_role_that_is_no_longer_shown_is_as_the_live_ticket_knows_it() -> None:
    blocked = ticket(CREATOR_LEAVES, state=TicketState.BLOCKED, member_role=CREATOR)
    members = (view(leaver(), ANN, UNKNOWN), view(person("bob"), BOB, UNKNOWN))
    reassign, removal = find_all(group(*members, tickets=(blocked,)), 1)
    assert reassign.key.kind is REASSIGN
    assert (removal.key, removal.needs_admin) == (blocked.key, True)


@pytest.mark.parametrize(
    "role, changes, shown",
    [
        (UNKNOWN, {"member_role": ADMIN}, ADMIN),
        (MEMBER, {"member_role": ADMIN}, MEMBER),
        (UNKNOWN, {"member_role": None}, UNKNOWN),
        (UNKNOWN, {"member_role": MEMBER}, UNKNOWN),
        (UNKNOWN, {"member_role": ADMIN, "state": TicketState.VERIFIED}, UNKNOWN),
        (UNKNOWN, {"member_role": ADMIN, "handle": BOB}, UNKNOWN),
    ],
)
def test_only_a_live_ticket_of_the_member_says_that_they_were_an_admin(
    role: Role, changes: dict[str, Any], shown: Role
) -> None:
    seen = group(view(leaver(), ANN, role), tickets=(ticket(**changes),))
    assert with_known_roles(seen).members[0].member.role is shown


@pytest.mark.parametrize(
    "who, role, shown",
    [
        (leaver(), MEMBER, CREATOR),
        (leaver(), UNKNOWN, CREATOR),
        (person(), ADMIN, CREATOR),
        (person(), MEMBER, MEMBER),
        (person(), UNKNOWN, UNKNOWN),
    ],
)
def test_an_assignee_s_word_that_somebody_is_the_creator_makes_nobody_an_admin_to_count_on(
    who: Account, role: Role, shown: Role
) -> None:
    called = ticket(CREATOR_LEAVES, member_role=CREATOR)
    seen = with_known_roles(group(view(who, ANN, role), tickets=(called,)))

    assert seen.members[0].member.role is shown
    assert bool(active_admins(seen)) is (who.standing is Standing.ACTIVE and role is ADMIN)


def test_a_mover_leaves_the_group_that_the_rules_no_longer_name() -> None:
    seen = group(view(person()), STAYING_ADMIN, expected=(expected(person(), is_former=True),))
    (found,) = find_all(seen, 1)
    assert found.leaving == Leaving(key(), Evidence.MOVED, LEFT_AT)
    assert found.why == "Ann has moved and does not belong here any more and is still in the group"


def test_a_mover_who_is_the_sole_admin_is_replaced_first() -> None:
    seen = group(view(person(), ANN, ADMIN), expected=(expected(person(), is_former=True),))
    reassign, removal = find_all(seen, 1)
    assert (reassign.key.kind, removal.key.kind, removal.needs_admin) == (REASSIGN, REMOVE, True)
    assert active_admins(seen) == ()


@pytest.mark.parametrize(
    "who, rules",
    [
        (person(), (expected(person(), is_former=True), expected(person()))),
        (person(), (expected(person("bob"), is_former=True),)),
    ],
)
def test_whom_a_rule_still_names_has_not_moved_out(who: object, rules: object) -> None:
    seen = group(view(person()), STAYING_ADMIN, expected=rules)
    assert with_movers(seen).members[0].leaving is None


def test_a_leaver_is_never_a_mover_too() -> None:
    held = replace(view(leaver()), leaving=None)
    seen = group(held, view(leaver("bob"), BOB), view(None, CEM))
    former = tuple(expected(leaver(name), is_former=True) for name in ("ann", "bob"))
    assert with_movers(replace(seen, expected=former)) == replace(seen, expected=former)


def test_a_missing_joiner_is_to_be_added_under_their_number_or_their_id() -> None:
    with_phone, without = person("dee", phones=(CEM,)), person("eve")
    found = find_all(group(STAYING_ADMIN, expected=(expected(without), expected(with_phone))), 1)
    assert [(f.key.kind, f.key.subject.handle) for f in found] == [(ADD, CEM), (ADD, "person:eve")]
    assert found[0].key.occasion == episode_name(with_phone.key, LEFT_AT)


def test_two_rules_that_name_one_person_make_one_addition_since_the_earlier() -> None:
    both = (expected(person("dee"), NOW), expected(person("dee")))
    (found,) = find_all(group(STAYING_ADMIN, expected=both), 1)
    assert found.key.occasion == episode_name(key("dee"), LEFT_AT)


@pytest.mark.parametrize(
    "seen",
    [
        group(STAYING_ADMIN, expected=(expected(person("bob")),)),
        group(STAYING_ADMIN, expected=(expected(leaver("dee")),)),
        group(STAYING_ADMIN, expected=(expected(person("dee"), is_former=True),)),
        group(STAYING_ADMIN, expected=(expected(person("dee")),), coverage=Coverage.PARTIAL),
        group(STAYING_ADMIN, expected=(expected(person("dee")),), coverage=Coverage.STALE),
        group(STAYING_ADMIN, expected=(expected(person("dee")),), went=((key("dee"), NOW),)),
    ],
)
def test_nobody_is_added_who_is_there_has_left_moved_or_may_be_there_unseen(seen: GroupView) -> None:
    assert find_all(seen, 1) == ()


def test_belonging_is_by_person() -> None:
    seen = group(expected=(expected(person("dee"), NOW), expected(person("dee")), expected(leaver())))
    assert belonging(seen) == {key("dee"): expected(person("dee"))}


def test_people_are_named_by_the_directory_then_the_inventory_then_the_handle() -> None:
    nameless = view(replace(leaver(), facts=replace(leaver().facts, display_name="")))
    bare = replace(nameless, member=replace(nameless.member, display_name=""))
    assert find_all(group(nameless, STAYING_ADMIN), 1)[0].why.startswith("Somebody has left")
    assert find_all(group(bare, STAYING_ADMIN), 1)[0].why.startswith(f"{ANN} has left")
    unlinked = replace(bare, person=None)
    assert find_all(group(unlinked, STAYING_ADMIN), 1)[0].why.startswith(f"{ANN} has left")


def test_the_manager_of_a_leaver_is_looked_up() -> None:
    seen = group(managers=((key(), person("max")),))
    assert settle(seen).managers == {key(): person("max")}
