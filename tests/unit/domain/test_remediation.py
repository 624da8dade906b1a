"""What a machine may do for a ticket, and why it leaves the rest to people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import WARD, expected, group, key, leaver, person, ticket, view
from worker.domain.groups.capabilities import Capabilities
from worker.domain.groups.case import GroupView
from worker.domain.identity.matching import How
from worker.domain.kinds.kind import Deed
from worker.domain.model import Coverage, Evidence, Role
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.reconcile.remediation import LeftToPeople, Permitted, RemediationRule, allowed, effect
from worker.domain.tickets.ticket import Ticket, TicketKind

REMOVE, REASSIGN = TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN
EVERYTHING = LeaverPolicy()
CAN = Capabilities(can_remove=True, can_change_admin=True)
RULE = RemediationRule("all", frozenset({WARD.source}), ("*",), frozenset({REMOVE, REASSIGN}), 20)
ANN, OTHER = "+447700900001", "+447700900002"
BEN = view(person("ben"), OTHER)
REMOVABLE = group(view(leaver()), view(person("ben"), OTHER, Role.ADMIN))
LEADERLESS = group(view(leaver(), role=Role.ADMIN), BEN, owner=person("ben"))
TWO_ADMINS = group(view(leaver(), role=Role.ADMIN), view(person("ben"), OTHER, Role.ADMIN))
MOVED_BEN = expected(person("ben"), is_former=True)
BEN_ASKED_OUT = ticket(id=2, handle=OTHER, person=key("ben"), evidence=None, left_at=None)


def reason(
    of: Ticket, where: GroupView | None, can: Capabilities = CAN, leaver: LeaverPolicy = EVERYTHING
) -> str:
    found = allowed(of, where, (RULE,), can, leaver, 1)
    return found.why if isinstance(found, LeftToPeople) else f"{found.deed.value} {found.member.handle}"


def test_a_leaver_may_be_removed_and_the_owner_promoted() -> None:
    assert reason(ticket(), REMOVABLE) == f"remove {ANN}"
    assert reason(ticket(REASSIGN), LEADERLESS) == f"make_admin {OTHER}"


def test_the_first_rule_that_allows_it_is_the_one() -> None:
    rules = (replace(RULE, name="no", groups=("Theatre",)), replace(RULE, name="first"), RULE)
    found = allowed(ticket(), REMOVABLE, rules, CAN, EVERYTHING, 1)
    assert isinstance(found, Permitted)
    assert found.rule.name == "first"


@pytest.mark.parametrize("globs, fits", [(("ward 7*",), True), ((WARD.group_id,), True), (("Ward",), False)])
def test_a_rule_names_groups_by_name_or_id(globs: tuple[str, ...], fits: bool) -> None:
    assert replace(RULE, groups=globs).allows(ticket(), "Ward 7 nights") is fits


def test_a_rule_goes_by_what_the_group_is_called_now() -> None:
    wards = (replace(RULE, groups=("Ward *",)),)
    renamed = allowed(ticket(), replace(REMOVABLE, name="Board of directors"), wards, CAN, EVERYTHING, 1)
    assert renamed == LeftToPeople("no rule allows it")
    found = allowed(ticket(group_name="Board of directors"), REMOVABLE, wards, CAN, EVERYTHING, 1)
    assert isinstance(found, Permitted)


def test_a_ticket_in_no_group_is_allowed_by_no_rule() -> None:
    assert not RULE.allows(replace(ticket(), group=None), "Ward 7 nights")


@pytest.mark.parametrize(
    "of, where, can, why",
    [
        (ticket(TicketKind.IDENTIFY_MEMBER), REMOVABLE, CAN, "no rule"),
        (ticket(disputed_at=ticket().opened_at), REMOVABLE, CAN, "still works here"),
        (ticket(), None, CAN, "not whole"),
        (ticket(), replace(REMOVABLE, is_gone=True), CAN, "not whole"),
        (ticket(), replace(REMOVABLE, coverage=Coverage.PARTIAL), CAN, "not whole"),
        (ticket(), REMOVABLE, Capabilities(), "can't remove"),
        (ticket(REASSIGN), LEADERLESS, Capabilities(), "can't make"),
        (ticket(), group(BEN), CAN, "does not show"),
        (ticket(), group(view(person("ann"))), CAN, "does not show"),
        (ticket(), group(view(leaver(), role=Role.CREATOR), BEN), CAN, "creator"),
        (ticket(), group(view(leaver(), role=Role.UNKNOWN), BEN), CAN, "role"),
        (ticket(), group(view(leaver(), role=Role.ADMIN), BEN), CAN, "last admin"),
        (ticket(REASSIGN), replace(LEADERLESS, owner=leaver("ben")), CAN, "neither"),
        (ticket(REASSIGN), replace(LEADERLESS, owner=person("eve")), CAN, "neither"),
        (ticket(REASSIGN), replace(LEADERLESS, owner=None), CAN, "neither"),
        (ticket(REASSIGN), replace(LEADERLESS, expected=(MOVED_BEN,)), CAN, "neither"),
        (ticket(REASSIGN), replace(LEADERLESS, tickets=(BEN_ASKED_OUT,)), CAN, "neither"),
        (ticket(), replace(TWO_ADMINS, tickets=(BEN_ASKED_OUT,)), CAN, "last admin"),
        (BEN_ASKED_OUT, replace(LEADERLESS, expected=(MOVED_BEN,)), CAN, "no leaving"),
        (replace(BEN_ASKED_OUT, handle=ANN), REMOVABLE, CAN, "no leaving"),
        (
            replace(BEN_ASKED_OUT, evidence=Evidence.MOVED),
            replace(LEADERLESS, expected=(MOVED_BEN,)),
            CAN,
            "does not show",
        ),
    ],
)
def test_a_machine_leaves_it_to_people(
    of: Ticket, where: GroupView | None, can: Capabilities, why: str
) -> None:
    assert why in reason(of, where, can)


def test_a_guess_is_never_acted_upon() -> None:
    ann = view(leaver())
    guessed = replace(ann, link=replace(ann.link, how=How.VARIANT))
    assert "not certain" in reason(ticket(), group(guessed, BEN))
    ben = replace(BEN, link=replace(BEN.link, how=How.VARIANT))
    assert "neither" in reason(ticket(REASSIGN), replace(LEADERLESS, members=(LEADERLESS.members[0], ben)))


def test_whoever_left_by_evidence_that_does_not_count_any_more_is_left_alone() -> None:
    switched_off = LeaverPolicy(disabled=False)
    assert "does not count" in reason(ticket(), REMOVABLE, leaver=switched_off)
    assert "does not count" in reason(ticket(REASSIGN), LEADERLESS, leaver=switched_off)
    assert reason(ticket(), REMOVABLE, leaver=LeaverPolicy(leave_date=False)) == f"remove {ANN}"


def test_whoever_left_in_two_directories_is_removed_while_the_word_of_each_counts() -> None:
    dated = replace(leaver("ann-2"), evidence=Evidence.LEAVE_DATE)
    ann = view(leaver())
    assert ann.leaving is not None
    twice = replace(ann, leaving=replace(ann.leaving, accounts=(leaver(), dated, person("ann-3"))))
    assert reason(ticket(), group(twice, BEN)) == f"remove {ANN}"
    assert "does not count" in reason(ticket(), group(twice, BEN), leaver=LeaverPolicy(leave_date=False))


def test_where_a_source_allows_it_a_creator_and_members_without_roles_are_removed() -> None:
    creator = group(view(leaver(), role=Role.CREATOR), view(person("ben"), OTHER, Role.ADMIN))
    assert reason(ticket(), creator, replace(CAN, creator_is_removable=True)) == f"remove {ANN}"
    unknown = group(view(leaver(), role=Role.UNKNOWN), BEN)
    assert reason(ticket(), unknown, replace(CAN, sees_roles=False)) == f"remove {ANN}"


def test_the_leaver_s_manager_is_promoted_where_the_group_has_no_owner() -> None:
    managed = replace(LEADERLESS, owner=None, managers=((key(), person("ben")),))
    assert reason(ticket(REASSIGN), managed) == f"make_admin {OTHER}"


def test_nobody_is_promoted_where_the_group_has_an_admin_again() -> None:
    back = group(view(person("ann"), role=Role.ADMIN), BEN, owner=person("ben"))
    assert "no other admin" in reason(ticket(REASSIGN), back)
    eve = view(person("eve"), "+447700900003", Role.ADMIN)
    assert "no other admin" in reason(
        ticket(REASSIGN), replace(LEADERLESS, members=(*LEADERLESS.members, eve))
    )


@pytest.mark.parametrize(
    "deed, handle, where, came",
    [
        (Deed.REMOVE, ANN, REMOVABLE, False),
        (Deed.REMOVE, ANN, group(BEN), True),
        (Deed.REMOVE, ANN, group(BEN, coverage=Coverage.PARTIAL), None),
        (Deed.REMOVE, ANN, replace(REMOVABLE, coverage=Coverage.PARTIAL), None),
        (Deed.REMOVE, ANN, replace(REMOVABLE, coverage=Coverage.STALE), None),
        (Deed.MAKE_ADMIN, OTHER, REMOVABLE, True),
        (Deed.MAKE_ADMIN, OTHER, group(BEN), False),
        (Deed.MAKE_ADMIN, "nobody", group(BEN), False),
        (Deed.MAKE_ADMIN, "nobody", group(BEN, coverage=Coverage.PARTIAL), None),
        (Deed.MAKE_ADMIN, OTHER, replace(REMOVABLE, coverage=Coverage.PARTIAL), True),
    ],
)
def test_what_a_roster_shows_of_a_deed(deed: Deed, handle: str, where: GroupView, came: bool | None) -> None:
    assert effect(deed, {handle}, where) is came


def test_a_member_whose_number_became_known_is_still_there() -> None:
    ann = view(leaver())
    shown = replace(ann, member=replace(ann.member, lid="123@lid"))
    assert effect(Deed.REMOVE, {"123@lid"}, group(shown, BEN)) is False
