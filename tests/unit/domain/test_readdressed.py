"""A ticket follows its assignee to their address of now, whoever asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import HOUR, NOW, group, person, rules, ticket
from good_group import GOOD
from reconciling import NEW_ADMIN, plan
from worker.domain.kinds.controlled import ONLY
from worker.domain.model import Account, AccountKey, Standing
from worker.domain.people.persons import Person
from worker.domain.reconcile.assigning import MOVED, readdressed
from worker.domain.reconcile.own_rows import kept_apart
from worker.domain.reconcile.plan import ActionKind
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Ticket, TicketState

NUMBER, NEXT = "+447700900123", "+447700900124"
EVE = AccountKey("corp", "eve")
GIVEN = Assignee("eve.old@corp.example", "Eve", AssigneeWhy.ASSIGNED, EVE, "Sam")


def as_known(*accounts: Account) -> dict[AccountKey, Person]:
    return {one.key: Person(accounts[0], None, accounts) for one in accounts}


def with_eve(address: str = GIVEN.email) -> Ticket:
    return ticket(assignee=replace(GIVEN, email=address))


@pytest.mark.parametrize(
    "had, email, phones, now_at",
    [
        ("eve.old@corp.example", "eve@corp.example", (), "eve@corp.example"),
        ("EVE@corp.example", "eve@corp.example", (), None),
        ("eve.old@corp.example", None, (NUMBER,), None),
        (NUMBER, "eve@corp.example", (NEXT, NUMBER), None),
        (NUMBER, "eve@corp.example", (NEXT,), "eve@corp.example"),
        (NUMBER, None, (NEXT,), NEXT),
        (NUMBER, None, (), None),
    ],
)
def test_it_goes_to_an_address_of_now_if_the_one_that_it_went_to_is_theirs_no_more(
    had: str, email: str | None, phones: tuple[str, ...], now_at: str | None
) -> None:
    before = with_eve(had)
    after = readdressed(before, as_known(person("eve", email=email, phones=phones)))
    if now_at is None:
        assert after is None
        return
    assert after is not None
    assert after.assignee == replace(GIVEN, email=now_at)
    assert after.handed == before.handed + 1


def test_an_address_of_any_account_of_theirs_is_theirs() -> None:
    other = replace(person("cloud-eve", email=GIVEN.email), key=AccountKey("tenant", "cloud-eve"))
    assert readdressed(with_eve(), as_known(person("eve"), other)) is None


@pytest.mark.parametrize("assignee", [None, GIVEN, replace(GIVEN, person=None)])
def test_nobody_is_followed_whose_account_is_not_known(assignee: Assignee | None) -> None:
    assert readdressed(ticket(assignee=assignee), {}) is None


def test_a_leaver_is_not_followed() -> None:
    assert readdressed(with_eve(), as_known(person("eve", Standing.LEFT))) is None


def test_rows_that_are_asked_of_somebody_else_go_with_them() -> None:
    apart = {"7": (person("dee"),)}
    state = replace(GOOD, own_rows=apart, assignees=as_known(person("eve")))
    asked = replace(with_eve(), details={ONLY: ["7"]})
    action = kept_apart(asked, state, rules(), NOW)
    assert action is not None
    assert (action.kind, action.why, action.ticket) == (
        ActionKind.ASSIGN,
        MOVED,
        readdressed(asked, state.assignees),
    )
    assert kept_apart(asked, replace(state, assignees={}), rules(), NOW) is None


def test_a_removal_that_waited_goes_on_with_them() -> None:
    waiting = group(
        NEW_ADMIN, tickets=(replace(with_eve(), state=TicketState.BLOCKED, held_until=NOW - HOUR),)
    )
    [one] = plan(replace(waiting, assignees=tuple(as_known(person("eve")).items())))
    assert one.ticket.assignee == replace(GIVEN, email="eve@corp.example")
