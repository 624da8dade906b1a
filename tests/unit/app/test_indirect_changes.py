"""What changes without a change of the people's own: plans, rules, and keys that a third account gives up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from builders import facts
from harness import Harness
from several_accounts import TENANT, known_twice, nights
from worker.domain.model import AccountKey
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import TicketState
from worker.storage.store import SqlStore

Start = Callable[..., Harness]
MAIL = "ann@corp.example"
LIMIT = GuardLimits(leavers_max=1, leavers_share_max=None, group_share_max=None)


def states(h: Harness) -> list[TicketState]:
    return [one.state for one in h.tickets()]


def last_day(h: Harness, at: datetime | None, *people: str) -> None:
    for one in people:
        h.corp.change(one, leave_at=at)
    h.settle()
    h.later(hours=3)
    h.settle()
    h.later()


def test_rejecting_the_old_plan_does_not_reject_the_new_one(start: Start) -> None:
    h = start(limits=LIMIT)
    day = h.now + timedelta(hours=2)
    last_day(h, day, "ann", "ben", "cem")  # too early, and three at once: held
    last_day(h, None, "ann", "ben")  # taken back; nobody has decided the plan, of which cem waits
    last_day(h, day, "ann", "ben")  # and it was true after all
    assert len(h.plans()) == 2
    h.decide(plan=1, release=False)  # the old one is tidied away
    h.later()
    h.decide(plan=2, release=True)
    nights(h)
    assert [one.state for one in h.tickets()] == [TicketState.OPEN] * 2


def test_the_rule_all_takes_effect_at_the_next_nightly_pass(found: Start) -> None:
    h = known_twice(found, "oli")
    h.leave("ann")
    h.settle()
    h.later()
    assert states(h) == [TicketState.OPEN]
    h.store = SqlStore(h.engine, AccountsRule.ALL)
    h.start(h.app.rules)
    h.reconcile(full=True)
    assert states(h) == [TicketState.CANCELLED]


def share_the_address(h: Harness) -> None:
    h.corp.change("ann", immutable_id=None, email=MAIL)
    h.directories[TENANT].change("cloud-ann", immutable_id=None, email=MAIL)
    h.corp.change("oli", email=MAIL)  # a mistake: so the address joins nobody
    h.settle()
    h.later()


def test_with_all_an_address_that_a_third_had_too_joins_two_accounts_again(found: Start) -> None:
    h = known_twice(found, "oli", accounts=AccountsRule.ALL)
    share_the_address(h)
    h.leave("ann")
    h.settle()
    h.later()
    assert states(h) == [TicketState.OPEN]
    h.corp.change("oli", email="oli@corp.example")
    nights(h)
    assert states(h) == [TicketState.CANCELLED]


def test_a_number_that_six_had_joins_the_five_who_have_it(start: Start) -> None:
    h = start()
    h.corp.change("ann", employee_id="E-1")
    h.corp.put(facts("ann2", display_name="Ann", employee_id="E-1"))
    h.settle()
    h.later()
    for one in ("eve", "fay", "gus", "hal"):
        h.corp.change(one, employee_id="E-1")
        h.settle()
        h.later()
    h.leave("ann")
    h.settle()
    h.later()
    assert states(h) == [TicketState.OPEN]
    h.corp.change("hal", employee_id=None)
    nights(h)
    with h.store.reading() as uow:
        human = uow.people.human(AccountKey("corp", "ann"))
    assert human is not None
    assert human.leaving is None  # they are here
    assert states(h) == [TicketState.CANCELLED]
