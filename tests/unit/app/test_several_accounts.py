"""People with several accounts: by which of their leavings they have left, and what a further account changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from builders import DAY, facts
from harness import Harness
from several_accounts import TENANT, known_twice, nights
from worker.domain.evidence.actor import Actor
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import TicketKind, TicketState

Start = Callable[..., Harness]
ME = Actor("sam")
LIMIT = GuardLimits(leavers_max=2, leavers_share_max=None, group_share_max=None)


def storm(h: Harness, but: Iterable[str] = ()) -> None:
    """The directory gives everybody a last day long ago, by mistake."""
    for one in h.corp.people():
        if one.person_id not in but:
            h.corp.change(one.person_id, leave_at=h.now - 400 * DAY)
    h.settle()
    for _ in range(2):
        h.later()
        h.settle(full=True)
    [plan] = h.plans()
    assert plan.state.value == "held"


def test_a_rehire_is_held_with_all_others_though_the_old_account_left_long_ago(start: Start) -> None:
    h = start()
    h.corp.change("ann", employee_id="E-ann")
    h.corp.put(facts("ann-before", display_name="Ann", employee_id="E-ann"))
    h.settle()
    h.later()
    h.corp.disable("ann-before")
    h.settle()
    h.later(days=3)
    assert h.tickets() == []
    storm(h, but=["ann-before"])
    assert h.tickets() == []


def test_with_all_whose_account_in_the_cloud_was_closed_before_is_held_with_all_others(found: Start) -> None:
    h = known_twice(found, accounts=AccountsRule.ALL)
    h.directories[TENANT].disable("cloud-ann")
    h.settle()
    h.later(days=3)
    assert h.tickets() == []
    storm(h)
    assert h.tickets() == []


def test_with_either_a_rehire_of_whom_the_cloud_does_not_know_is_held_with_all_others(found: Start) -> None:
    h = known_twice(found)
    h.directories[TENANT].put(facts("cloud-zoe", display_name="Zoe", employee_id="E-zoe"))
    h.settle()
    h.later()
    h.directories[TENANT].disable("cloud-zoe")
    h.settle()
    h.later(days=3)
    h.hire("zoe", employee_id="E-zoe")
    h.wards.add_member("ward-7", h.member("zoe"))
    h.settle()
    h.later(days=3)
    assert h.tickets() == []
    storm(h)
    assert h.tickets() == []


@pytest.mark.parametrize("decided", ["held", "rejected"])
def test_with_all_no_word_counts_while_another_is_held_or_rejected(found: Start, decided: str) -> None:
    h = known_twice(found, accounts=AccountsRule.ALL)
    for one in h.corp.people():
        h.corp.disable(one.person_id)
    h.settle()
    h.later()
    assert len(h.plans()) == 1
    if decided == "rejected":
        h.decide(release=False)  # nobody of them has left
    h.directories[TENANT].disable("cloud-ann")
    h.settle()
    h.later()
    h.settle(full=True)
    assert h.tickets() == []


def left(start: Start, **wishes: object) -> Harness:
    h = start(**wishes)
    for one in ("ann", "eve", "fay", "gus"):
        h.corp.change(one, employee_id=f"E-{one}")
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    h.later(days=3)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
    h.titles()
    return h


def old_account(h: Harness, who: str = "ann", phones: tuple[str, ...] = ()) -> None:
    """An old account of theirs, disabled long ago, comes into the directory's scope."""
    name, number = who.capitalize(), f"E-{who}"
    h.corp.put(facts(f"{who}-x", display_name=name, employee_id=number, phones=phones, enabled=False))


@pytest.mark.parametrize("claimed", [False, True])
def test_an_old_account_that_comes_disabled_opens_and_tells_nothing(start: Start, claimed: bool) -> None:
    h = left(start)
    if claimed:
        h.desk.done(1, ME, h.now)
        h.later()
    old_account(h)
    h.poll()
    h.reconcile()
    assert [one.id for one in h.tickets() if one.is_live] == [1]
    assert h.titles() == []


def test_who_came_as_left_keeps_the_ticket_when_an_old_account_comes_disabled(start: Start) -> None:
    h = start()
    h.wards.add_member("ward-7", h.member("zoe"))
    h.settle()
    h.later()
    h.hire("zoe", employee_id="E-zoe", enabled=False)
    h.settle()
    [ticket] = h.tickets(TicketKind.REMOVE_MEMBER)
    h.later()
    old_account(h, "zoe")
    nights(h)
    assert [(one.id, one.is_live) for one in h.tickets(TicketKind.REMOVE_MEMBER)] == [(ticket.id, True)]


def test_a_waiver_stands_when_an_old_account_comes_disabled(start: Start) -> None:
    h = left(start)
    h.desk.waive(1, ME, "stays as a pensioner", h.now)
    old_account(h)
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.WAIVED]


@pytest.mark.parametrize("decided", [False, True])
def test_the_leaver_keeps_the_ticket_while_old_accounts_of_many_are_held_or_rejected(
    start: Start, decided: bool
) -> None:
    h = left(start, limits=LIMIT)
    who = ("ann", "eve", "fay", "gus")
    h.group("old", *(f"{one}-x" for one in who), admins=["dee"])
    h.inventory()
    for one in who:
        old_account(h, one, (h.number(f"{one}-x"),))
    nights(h)
    assert len(h.plans()) == 1
    if decided:
        h.decide(release=False)  # old accounts, nobody left now
        nights(h)
    assert [one.id for one in h.tickets() if one.is_live and one.home.group_id == "ward-7"] == [1]


@pytest.mark.parametrize(
    "has_number", ["ann", "zz-ann"]
)  # the second one passes: only the ids' order differs
def test_who_had_left_with_both_accounts_before_the_first_run_gets_the_ticket_once_released(
    found: Start, has_number: str
) -> None:
    h = found()
    h.hire("ben", "cem", "dee")
    for one in ("ann", "zz-ann"):
        phones = (h.number("ann"),) if one == has_number else ()
        h.corp.put(facts(one, display_name="Ann", employee_id="E-ann", enabled=False, phones=phones))
    h.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    h.settle()
    h.later()
    h.decide()
    h.settle()
    for _ in range(2):
        h.later()
        h.settle(full=True)
    assert [plan.state.value for plan in h.plans()] == ["released"]
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_account_that_was_never_in_scope_and_is_put_away_keeps_nobody_here(
    start: Start, is_deleted: bool
) -> None:
    h = start()
    h.corp.change("ann", employee_id="E-ann")
    service = facts("svc-ann", display_name="svc", email=None, employee_id="E-ann", is_in_scope=False)
    h.corp.put(service)
    h.settle()
    h.later()
    h.leave("ann")
    h.corp.change("svc-ann", enabled=False, is_deleted=is_deleted)
    h.settle()
    h.later()
    h.settle(full=True)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]


def test_with_all_a_disabled_guest_keeps_nobody_here(found: Start) -> None:
    h = found(directories=("corp", "tenant"), accounts=AccountsRule.ALL)
    h.hire("ben", "dee", *(f"p{n}" for n in range(16)))
    h.hire("zoe", immutable_id="g-zoe")
    h.directories[TENANT].put(facts("guest-zoe", immutable_id="g-zoe", is_in_scope=False, enabled=False))
    h.directories[TENANT].put(facts("somebody", email=None))
    h.group("ward-7", "zoe", "ben", admins=["dee"])
    h.settle()
    h.later()
    h.leave("zoe")
    h.settle()
    h.later()
    h.settle(full=True)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]


def second_account(h: Harness, **of: object) -> None:
    """An enabled account that is out of scope, as an administrator's second one, with Ann's employee id."""
    h.corp.put(facts("adm-ann", display_name="Ann", email=None, employee_id="E-ann", is_in_scope=False, **of))


@pytest.mark.parametrize("rule", AccountsRule)
def test_an_enabled_account_that_was_never_in_scope_hides_no_leaver(start: Start, rule: AccountsRule) -> None:
    h = start(accounts=rule)
    h.corp.change("ann", employee_id="E-ann")
    second_account(h)
    nights(h, 1)
    h.later()
    h.leave("ann")
    h.settle()
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]


def test_an_account_that_was_in_scope_once_still_counts(start: Start) -> None:
    h = start()
    h.corp.change("ann", employee_id="E-ann")
    second_account(h)
    h.corp.change("adm-ann", is_in_scope=True)
    h.settle()
    h.later()
    h.corp.change("adm-ann", is_in_scope=False)
    h.settle()
    h.later()
    h.leave("ann")
    nights(h)
    assert h.tickets() == []


def test_who_comes_as_left_beside_an_account_that_was_never_in_scope_gets_a_ticket(start: Start) -> None:
    h = start()
    h.wards.add_member("ward-7", h.member("zoe"))
    h.settle()
    h.later()
    h.corp.put(facts("adm-zoe", display_name="Zoe", email=None, employee_id="E-zoe", is_in_scope=False))
    h.hire("zoe", employee_id="E-zoe", enabled=False)
    h.settle()
    assert [one.state for one in h.tickets(TicketKind.REMOVE_MEMBER)] == [TicketState.OPEN]


def test_a_guest_who_appears_cancels_no_ticket(found: Start) -> None:
    h = known_twice(found)
    h.corp.change("ann", employee_id="E-ann")
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
    h.later()
    h.directories[TENANT].put(facts("guest", display_name="Ann", employee_id="E-ann", is_in_scope=False))
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
    h.directories[TENANT].change("guest", is_in_scope=True)  # hired again, by the cloud
    h.settle()
    assert [one.state for one in h.tickets()] == [TicketState.CANCELLED]


def test_with_all_an_enabled_guest_keeps_nobody_here(found: Start) -> None:
    h = found(directories=("corp", "tenant"), accounts=AccountsRule.ALL)
    h.hire("ben", "dee", *(f"p{n}" for n in range(16)))
    h.hire("zoe", immutable_id="g-zoe")
    h.directories[TENANT].put(facts("guest-zoe", immutable_id="g-zoe", is_in_scope=False))
    h.directories[TENANT].put(facts("somebody", email=None))
    h.group("ward-7", "zoe", "ben", admins=["dee"])
    h.settle()
    h.later()
    h.leave("zoe")
    h.settle()
    assert [one.state for one in h.tickets()] == [TicketState.OPEN]
