"""Which numbers are private, who is kept out of a group, and who is taken out after they took their consent back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import HOUR, NOW, expected, facts, group, key, person, ticket, view
from worker.domain.controls.consent import Numbers, numbers_of, private_numbers, work_numbers
from worker.domain.groups.case import GroupView, KeptOut
from worker.domain.kinds.removals import CONSENT
from worker.domain.model import AccountFacts, Coverage, Role
from worker.domain.reconcile.engine import find_all, reconcile_group
from worker.domain.reconcile.plan import ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.withdrawing import removals_after
from worker.domain.tickets.ticket import Reopened, Ticket, TicketKind, TicketState

HOME, WORK = "+447700900001", "+447700900002"
PRIVATE = ("otherMobile",)
RULES = TicketRules(24 * HOUR, 4 * HOUR, "sam@corp.example")


def account(**numbers: str) -> AccountFacts:
    return facts(phones=tuple(numbers.values()), phones_in=tuple((name,) for name in numbers))


SILENT = facts(phones=(HOME,))


@pytest.mark.parametrize(
    "accounts, numbers",
    [
        ([facts()], Numbers.NONE),
        ([account(mobile=WORK)], Numbers.WORK),
        ([account(otherMobile=HOME)], Numbers.PRIVATE),
        ([account(other_mobile=HOME)], Numbers.PRIVATE),
        ([account(OTHERMOBILE=HOME)], Numbers.PRIVATE),
        ([account(otherMobile=HOME, mobile=WORK)], Numbers.WORK),
        ([facts(phones=(HOME,), phones_in=(("otherMobile", "mobile"),))], Numbers.WORK),
        ([SILENT], Numbers.UNKNOWN),
        ([account(otherMobile=HOME), facts(phones=(WORK,))], Numbers.UNKNOWN),
        ([account(otherMobile=HOME), SILENT], Numbers.PRIVATE),  # the same number: one of them says so
        ([account(otherMobile=HOME), account(mobile=HOME)], Numbers.WORK),
        ([SILENT, account(mobile=WORK)], Numbers.WORK),
    ],
)
def test_what_numbers_somebody_has(accounts: list[AccountFacts], numbers: Numbers) -> None:
    assert numbers_of(accounts, PRIVATE) is numbers


def test_the_numbers_that_are_private_alone_and_those_that_are_not() -> None:
    both = account(otherMobile=HOME, mobile=WORK)
    assert private_numbers([both], PRIVATE) == {HOME}
    assert work_numbers([both], PRIVATE) == (WORK,)
    assert private_numbers([SILENT], PRIVATE) == frozenset()
    assert work_numbers([SILENT, account(otherMobile=HOME)], PRIVATE) == ()


# --- who is kept out --------------------------------------------------------------------------------------

DEE = person("dee", phones=(HOME, WORK))
PLACED = group(expected=(expected(DEE),))


def kept(why: KeptOut) -> GroupView:
    return replace(PLACED, kept_out=((DEE.key, why),))


@pytest.mark.parametrize("why", KeptOut)
def test_who_is_kept_out_is_not_to_be_added(why: KeptOut) -> None:
    assert find_all(kept(why), 1) == ()
    assert len(find_all(replace(PLACED, kept_out=((key("eve"), why),)), 1)) == 1


def test_an_addition_that_waits_ends_and_says_for_what_but_not_once_it_is_claimed() -> None:
    [opened] = reconcile_group(PLACED, RULES, NOW)
    asked = replace(opened.ticket, id=1)
    [over] = reconcile_group(replace(kept(KeptOut.CONSENT), tickets=(asked,)), RULES, NOW)
    assert (over.kind, over.why) == (
        ActionKind.CANCEL,
        "waits for the person's consent to show a private number",
    )
    done = replace(asked, state=TicketState.DONE, done_at=NOW)
    assert reconcile_group(replace(kept(KeptOut.CONSENT), tickets=(done,)), RULES, NOW) == ()
    inside = replace(kept(KeptOut.CONSENT), members=(view(DEE, HOME),), tickets=(asked,))
    assert reconcile_group(inside, RULES, NOW) == ()


def test_somebody_is_added_by_the_number_that_is_for_work() -> None:
    by_work = replace(PLACED, expected=(replace(expected(DEE), numbers=(WORK,)),))
    assert [one.key.subject.handle for one in find_all(by_work, 1)] == [WORK]
    assert [one.key.subject.handle for one in find_all(PLACED, 1)] == [HOME]


def test_who_is_missing() -> None:
    both = group(view(person("eve"), HOME), expected=(expected(DEE), expected(person("eve"))))
    assert [one.person.key for one in both.missing] == [DEE.key]
    assert group(expected=(expected(DEE, is_former=True),)).missing == ()


# --- who is taken out -------------------------------------------------------------------------------------

ASKED = ticket(
    TicketKind.ATTEST, id=7, group=None, person=DEE.key, occasion="consent", state=TicketState.VERIFIED
)
BOB = view(person("bob"), "+447700900009", Role.ADMIN)


def taken_out(seen: GroupView, *known: Ticket) -> list[tuple[ActionKind, Ticket]]:
    actions = removals_after(replace(seen, tickets=known), ASKED, {HOME}, RULES, NOW)
    return [(action.kind, action.ticket) for action in actions]


def test_a_group_that_shows_the_number_is_asked_to_take_them_out() -> None:
    [(kind, removal)] = taken_out(group(view(DEE, HOME), BOB))
    assert (kind, removal.kind, removal.handle) == (ActionKind.OPEN, TicketKind.REMOVE_MEMBER, HOME)
    assert removal.details == {CONSENT: "T-000007"}
    assert (removal.occasion, removal.evidence) == ("consent", None)
    assert removal.assignee is not None
    assert removal.assignee.person == key("bob")
    assert removal.due_at == NOW + 24 * HOUR


@pytest.mark.parametrize(
    "seen",
    [
        group(view(DEE, WORK), BOB),  # another number
        group(replace(view(DEE, HOME), member=replace(view(DEE, HOME).member, phone=None)), BOB),
        group(view(person("eve"), HOME), BOB),
        group(view(None, HOME), BOB),
        group(view(DEE, HOME), BOB, is_gone=True),
        group(view(DEE, HOME), BOB, is_followed=True),
        group(view(DEE, HOME), BOB, messenger="teams"),
    ],
)
def test_a_group_that_does_not_show_it_is_not(seen: GroupView) -> None:
    assert taken_out(seen) == []


def test_the_last_admin_is_never_asked_out() -> None:
    alone = group(view(DEE, HOME, Role.ADMIN), view(person("bob"), "+447700900009"))
    assert taken_out(alone) == []
    [(_, removal)] = taken_out(group(view(DEE, HOME, Role.ADMIN), BOB))
    assert removal.assignee is not None
    assert removal.assignee.person == key("bob")


def known(state: TicketState, **changes: object) -> Ticket:
    [(_, removal)] = taken_out(group(view(DEE, HOME), BOB))
    return replace(removal, id=9, state=state, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "before, kinds",
    [
        (known(TicketState.OPEN), []),
        (known(TicketState.DONE, done_at=NOW), []),
        (known(TicketState.WAIVED), []),
        (known(TicketState.CANCELLED), [ActionKind.REOPEN]),
        (known(TicketState.VERIFIED, verified_at=NOW - HOUR), [ActionKind.REOPEN]),
        (known(TicketState.VERIFIED), [ActionKind.REOPEN]),
        (known(TicketState.VERIFIED, verified_at=NOW), []),
        (replace(known(TicketState.OPEN), occasion="corp/dee@2026"), []),
        (replace(known(TicketState.CANCELLED), occasion="corp/dee@2026"), [ActionKind.OPEN]),
    ],
)
def test_one_removal_at_a_time(before: Ticket, kinds: list[ActionKind]) -> None:
    assert [kind for kind, _ in taken_out(group(view(DEE, HOME), BOB), before)] == kinds


def test_a_removal_goes_on_until_the_roster_shows_it() -> None:
    removal = known(TicketState.OPEN)
    seen = group(view(DEE, HOME), BOB, tickets=(removal,))
    assert reconcile_group(seen, RULES, NOW) == ()


def test_came_back_is_said() -> None:
    seen = group(view(DEE, HOME), BOB, tickets=(known(TicketState.VERIFIED, verified_at=NOW - HOUR),))
    [action] = removals_after(seen, ASKED, {HOME}, RULES, NOW)
    assert action.reopened is Reopened.CAME_BACK


def test_a_partial_roster_keeps_nobody_out_who_would_be_asked_for() -> None:
    assert find_all(replace(PLACED, coverage=Coverage.PARTIAL), 1) == ()
