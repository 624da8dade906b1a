"""Of a fault that is several things, a waiver is of those that its ticket lists. Another one has its own ticket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import DAY, NOW, rules
from good_group import DEE, EVE, GOOD, NOBODY, Changes, admin, policy, said, shown
from worker.domain.controls.control import CheckValue
from worker.domain.controls.examining import examine
from worker.domain.controls.policy import AdminsRule
from worker.domain.controls.state import GroupState
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import Allowed
from worker.domain.reconcile.controlling import opened, wanted_in, weigh_control
from worker.domain.reconcile.verification import CLAIM_LIFE, Verdict
from worker.domain.tickets.ticket import Ticket, TicketState

ALL = policy(admins=(AdminsRule(ControlSwitch(Mode.TICKET), 2, 9, ("Nursing",)),))
ANN, BOB = admin("ann", department="Stores"), admin("bob", department="Stores")
OTHER = replace(admin("una", department="Stores"), name="Ann")  # somebody else


def asked(group: GroupState) -> Ticket | None:
    """The ticket that is opened or opened again."""
    wanted = wanted_in(group, examine(group, ALL, NOW))
    actions = [one for one in (opened(one, group, rules(), (), NOW) for one in wanted) if one is not None]
    assert len(actions) <= 1
    return replace(actions[0].ticket, id=len(group.tickets) + 1) if actions else None


def waived(group: GroupState) -> GroupState:
    """The group after its ticket was opened and waived for good."""
    ticket = asked(group)
    assert ticket is not None
    return replace(group, tickets=(*group.tickets, replace(ticket, state=TicketState.WAIVED)))


def found(ticket: Ticket | None) -> tuple[str, list[str]]:
    assert ticket is not None
    return ticket.occasion, [one["found"] for one in ticket.details["faults"]]


@pytest.mark.parametrize("one, more, other", [
    ({"admins": (DEE, EVE, ANN)}, {"admins": (DEE, EVE, ANN, NOBODY)}, "X"),
    ({"admins": (DEE, EVE, ANN)}, {"admins": (DEE, EVE, ANN, OTHER)}, "Ann"),
    (shown(write=Allowed.ADMINS), shown(write=Allowed.ADMINS, edit=Allowed.MEMBERS), "edit: members"),
    (shown(link_changed_at=NOW - 3 * DAY), shown(link_changed_at=NOW - 3 * DAY, approval=False), "no_approval"),
    (said(purpose=""), said(purpose="", data_class=""), "data_class"),
])  # fmt: skip
def test_another_one_is_asked_for_alone(one: Changes, more: Changes, other: str) -> None:
    group = waived(replace(GOOD, **one))
    assert asked(group) is None
    [first] = group.tickets
    occasion, what = found(asked(replace(group, **more)))
    assert what == [other]
    assert occasion.startswith(f"{first.occasion}/")


def test_an_admin_who_was_waived_stays_so_under_another_handle() -> None:
    group = waived(replace(GOOD, admins=(DEE, EVE, ANN)))
    assert asked(replace(group, admins=(DEE, EVE, replace(ANN, handle="+other")))) is None


def test_an_admin_who_was_waived_is_the_one_who_stays_where_all_are_unfit() -> None:
    group = waived(replace(GOOD, admins=(DEE, ANN)))
    other = asked(replace(group, admins=(ANN, BOB)))
    assert found(other)[1] == ["Bob"]
    assert other
    assert other.assignee
    assert ANN.person
    assert other.assignee.person == ANN.person.key


def test_of_three_that_came_one_by_one_each_is_waived_by_itself() -> None:
    group = GOOD
    for admins in ((ANN,), (ANN, BOB), (ANN, BOB, NOBODY)):
        group = waived(replace(group, admins=(DEE, EVE, *admins)))
    assert [found(one) for one in group.tickets] == [
        ("admins:fit", ["Ann"]),
        ("admins:fit/group.admins_fit", ["Bob"]),
        ("admins:fit/group.admins_fit/2", ["X"]),
    ]
    assert asked(group) is None


def test_the_ticket_about_the_other_is_proven_while_what_is_waived_stays() -> None:
    group = waived(replace(GOOD, admins=(DEE, EVE, ANN)))
    other = asked(replace(group, admins=(DEE, EVE, ANN, NOBODY)))
    assert other is not None
    other = replace(other, state=TicketState.DONE, done_at=NOW)
    later = replace(group, tickets=(*group.tickets, other), taken_at=NOW + DAY)
    verdicts = [
        weigh_control(other, one, examine(one, ALL, NOW + DAY), NOW + DAY, CLAIM_LIFE).verdict
        for one in (later, replace(later, admins=(DEE, EVE, ANN, NOBODY)))
    ]
    assert verdicts == [Verdict.VERIFIED, Verdict.REOPENED]


def test_once_it_is_over_all_of_it_is_asked_for_again() -> None:
    group = waived(replace(GOOD, admins=(DEE, EVE, ANN)))
    over = replace(group.tickets[0], waived_until=NOW)
    again = replace(group, admins=(DEE, EVE, ANN, NOBODY), tickets=(over,))
    assert found(asked(again)) == ("admins:fit", ["Ann, X"])


def test_one_of_an_earlier_release_is_of_what_its_text_names() -> None:
    group = waived(replace(GOOD, admins=(DEE, EVE, ANN)))
    [ticket] = group.tickets
    faults = [{name: one[name] for name in one if name != "parts"} for one in ticket.details["faults"]]
    group = replace(group, tickets=(replace(ticket, details={"faults": faults}),))
    [*_, fit] = [one for one in examine(group, ALL, NOW) if one.control.id == "group.admins_fit"]
    assert fit.result.value is CheckValue.WAIVED
    for other in (NOBODY, replace(NOBODY, name="An")):
        assert found(asked(replace(group, admins=(DEE, EVE, ANN, other))))[1] == [other.name]


def test_both_ways_in_that_are_open_are_told() -> None:
    both = shown(link_changed_at=NOW - 3 * DAY, approval=False)
    assert found(asked(replace(GOOD, **both)))[1] == ["no_approval, old_link"]
