"""Who has an end date some day is not about to leave: it has to be near."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import DAY, NOW, person
from good_group import DEE, GOOD, policy
from worker.domain.controls.control import CheckValue
from worker.domain.controls.examining import examine
from worker.domain.controls.policy import AdminsRule
from worker.domain.controls.reviewing import Review, ReviewMember, ReviewRule, RowReason, rows_of
from worker.domain.controls.state import AdminState
from worker.domain.controls.switch import ControlSwitch
from worker.domain.identity.matching import IdentityState
from worker.domain.model import Account, Evidence, Standing


def leaving(after: timedelta | None) -> Account:
    one = person("eve", Standing.LEAVING, leave_at=after and NOW + after, department="Nursing")
    return replace(one, evidence=Evidence.LEAVE_DATE)


@pytest.mark.parametrize(
    "after, lead, value",
    [
        (DAY, 14, CheckValue.FAIL),
        (14 * DAY, 14, CheckValue.FAIL),
        (15 * DAY, 14, CheckValue.PASS),
        (400 * DAY, 14, CheckValue.PASS),
        (15 * DAY, 20, CheckValue.FAIL),
        (None, 14, CheckValue.UNKNOWN),
    ],
)
def test_an_admin_is_unfit_shortly_before_the_last_day(
    after: timedelta | None, lead: int, value: CheckValue
) -> None:
    group = replace(GOOD, admins=(DEE, AdminState("+eve", "Eve", leaving(after))))
    rule = AdminsRule(ControlSwitch(), departments=("Nursing",), lead=lead * DAY)
    [found] = [
        one.result
        for one in examine(group, policy(admins=(rule,)), NOW)
        if one.control.id == "group.admins_fit"
    ]
    assert found.value is value


@pytest.mark.parametrize("after, is_said", [(14 * DAY, True), (15 * DAY, False), (None, False)])
def test_a_review_says_it_shortly_before_the_last_day(after: timedelta | None, is_said: bool) -> None:
    review = Review(1, "review:2026Q4", 1, "seed", is_full=False, started_at=NOW, due_at=NOW)
    member = ReviewMember("+eve", "Eve", False, IdentityState.LINKED, leaving(after))
    [row] = rows_of(review, [member], ReviewRule(sample=0), ()).shown
    assert (RowReason.LEAVING in row.reasons) is is_said
