"""An addition ends when no rule asks for it, and goes on while its number serves."""

from dataclasses import replace
from typing import Any

import pytest

from builders import (
    HOUR,
    LEFT_AT,
    NOW,
    expected,
    group,
    key,
    person,
    ticket,
    view,
)
from reconciling import (
    ADD,
    ANN,
    CANCELLED,
    CEM,
    DONE,
    NEW_ADMIN,
    OPEN,
    VERIFIED,
    WAIVED,
    plan,
    shown,
)
from worker.domain.groups.case import GroupView
from worker.domain.model import Coverage, Standing
from worker.domain.people.leaving import episode_name
from worker.domain.reconcile.plan import ActionKind
from worker.domain.tickets.ticket import Ticket

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


OF_TWO = person("dee", phones=(ANN, CEM))
WITHOUT_NUMBER = replace(ADDITION, handle="person:dee")


@pytest.mark.parametrize(
    "now_expected, known",
    [
        (expected(OF_TWO), ADDITION),
        (replace(expected(OF_TWO), numbers=(ANN, CEM)), ADDITION),
        (expected(OF_TWO), replace(ADDITION, state=DONE)),
        (expected(person("dee", phones=(ANN,))), replace(ADDITION, state=DONE)),
        (expected(DEE), replace(WITHOUT_NUMBER, state=DONE)),
        (expected(DEE), replace(WITHOUT_NUMBER, state=WAIVED)),
    ],
)
def test_an_addition_stays_while_its_number_serves_and_once_it_was_claimed(
    now_expected: Any, known: Ticket
) -> None:
    assert not plan(group(NEW_ADMIN, expected=(now_expected,), tickets=(known,)))


@pytest.mark.parametrize(
    "now_expected, known",
    [
        (expected(DEE), WITHOUT_NUMBER),
        (replace(expected(OF_TWO), numbers=(ANN,)), ADDITION),
        (expected(OF_TWO), replace(ADDITION, occasion="corp/dee@before")),
    ],
)
def test_an_addition_that_nobody_claimed_goes_to_a_number_that_serves(
    now_expected: Any, known: Ticket
) -> None:
    actions = plan(group(NEW_ADMIN, expected=(now_expected,), tickets=(known,)))
    assert shown(actions) == [(ActionKind.CANCEL, ADD, CANCELLED), (ActionKind.OPEN, ADD, OPEN)]


def test_of_two_additions_with_numbers_that_serve_the_live_one_goes_on() -> None:
    over = replace(ADDITION, id=2, handle=ANN, state=CANCELLED)
    assert not plan(group(NEW_ADMIN, expected=(expected(OF_TWO),), tickets=(ADDITION, over)))


def test_an_addition_about_nobody_ends() -> None:
    assert plan(group(NEW_ADMIN, tickets=(replace(ADDITION, person=None),)))[0].why == NO_RULE


def test_by_the_number_of_a_member_in_question_only_what_was_asked_goes_on() -> None:
    asked = group(NEW_ADMIN, view(None, CEM), expected=(expected(DEE),))

    def additions(*tickets: Ticket) -> list[ActionKind]:
        return [one.kind for one in plan(replace(asked, tickets=tickets)) if one.ticket.kind is ADD]

    assert additions() == additions(ADDITION) == additions(replace(ADDITION, state=VERIFIED)) == []
