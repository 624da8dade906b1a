"""The guard judges recorded departures again, at the passes that judged them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from builders import DAY, HOUR, NOW, WARD, person
from worker.domain.model import AccountKey, Evidence
from worker.domain.reconcile.guard import Departure, GuardLimits
from worker.domain.replay.gate import GateRules, GuardPlay, judge_again, recorded, seen_by
from worker.domain.replay.history import (
    AccountPast,
    GroupPast,
    Growth,
    GuardedLeaving,
    History,
    HumanPast,
    LeavingKey,
    LeftSpell,
    Membership,
    Newcomers,
)

NO_LIMITS = GuardLimits(None, None, None, None)


def judged(person_id: str, at: datetime = NOW, **changes: Any) -> GuardedLeaving:
    """A disabled account that the guard let through at once."""
    stated: dict[str, Any] = {
        "source": "corp",
        "evidence": Evidence.DISABLED,
        "left_at": NOW - HOUR,
    } | changes
    key = AccountKey(stated.pop("source"), person_id)
    departure = Departure(key, stated.pop("left_at"), stated.pop("evidence"), person_id, "Surgery", NOW)
    return GuardedLeaving(departure, at, **stated)


def held(person_id: str, at: datetime = NOW, **changes: Any) -> GuardedLeaving:
    return judged(person_id, at, plan=1, **changes)


def history(*judgements: GuardedLeaving, active: int = 1000, **changes: Any) -> History:
    """A week of a company of a thousand, from an hour before noon on."""
    populations = {"corp": Growth(active)}
    stated = {"populations": populations, "groups": {}, "humans": {}} | changes
    return History(NOW - HOUR, NOW + 7 * DAY, judgements, **stated)


def limits(**changes: Any) -> GateRules:
    return GateRules(replace(NO_LIMITS, **changes))


def passed(gate: GuardPlay) -> dict[str, timedelta]:
    """When each person passed, since noon."""
    return {key.person.person_id: at - NOW for key, at in gate.passed.items()}


def test_the_same_limits_let_through_whom_they_let_through() -> None:
    past = history(judged("ann"), judged("ben"), judged("cay", NOW + HOUR))

    gate = judge_again(past, limits(leavers_max=3))

    assert gate.passed == recorded(past).passed
    assert passed(gate) == {"ann": 0 * HOUR, "ben": 0 * HOUR, "cay": HOUR}
    assert (gate.plans, gate.held) == ([], {})


def test_a_lower_limit_holds_the_pass_that_exceeds_it_and_nobody_decides() -> None:
    past = history(
        judged("ann"), judged("ben", NOW + HOUR), judged("cay", NOW + HOUR), judged("dee", NOW + 2 * DAY)
    )

    gate = judge_again(past, limits(leavers_max=2))

    assert passed(gate) == {"ann": 0 * HOUR, "dee": 2 * DAY}
    [plan] = gate.plans
    assert (plan.created_at, plan.size) == (NOW + HOUR, 2)
    assert str(plan.why) == "3 leavers within 24 h, the limit is 2"
    assert {key.person.person_id for key in gate.held} == {"ben", "cay"}


def test_what_does_not_count_is_none_whenever_it_was_judged() -> None:
    before, within = judged("ann", NOW - 2 * DAY), judged("ben")

    gate = judge_again(
        history(before, within), replace(NO_LIMITS_RULES, evidence=frozenset({Evidence.DELETED}))
    )

    assert (gate.ignored, gate.passed) == ({before.key, within.key}, {})


def test_what_was_held_passes_at_once_by_a_higher_limit() -> None:
    past = history(held("ann"), held("ben", decided_at=NOW + DAY))

    assert passed(judge_again(past, NO_LIMITS_RULES)) == {"ann": 0 * HOUR, "ben": 0 * HOUR}


NO_LIMITS_RULES = GateRules(NO_LIMITS)


def test_what_is_held_again_waits_for_what_people_decided_then() -> None:
    released = held("ann", decided_at=NOW + DAY, is_released=True)
    rejected = held("ben", decided_at=NOW + DAY)
    waiting = held("cay")
    past = history(released, rejected, waiting)

    assert recorded(past).passed == {released.key: NOW + DAY}
    assert judge_again(past, limits(leavers_max=2)).passed == recorded(past).passed


def test_a_release_counts_for_no_limit() -> None:
    released = [held(name, decided_at=NOW + HOUR, is_released=True) for name in ("ann", "ben", "cay")]
    past = history(*released, judged("dee", NOW + 2 * HOUR))

    assert passed(judge_again(past, limits(leavers_max=2))) == {
        "ann": HOUR, "ben": HOUR, "cay": HOUR, "dee": 2 * HOUR,
    }  # fmt: skip


def test_who_was_let_through_before_the_days_counts_within_the_window() -> None:
    before = [judged(name, NOW - 2 * HOUR) for name in ("ann", "ben")]
    old = judged("old", NOW - 2 * DAY)
    rejected = held("eve", NOW - 2 * HOUR)
    past = history(*before, old, rejected, judged("cay"))

    assert judge_again(past, limits(leavers_max=3)).plans == []
    gate = judge_again(past, limits(leavers_max=2))
    assert len(gate.plans) == 1
    assert passed(gate).keys() == {"ann", "ben", "old"}


def test_directories_and_moves_are_judged_apart() -> None:
    move = judged("cay", evidence=Evidence.MOVED)
    past = history(judged("ann"), judged("ben", source="payroll"), move)

    gate = judge_again(past, limits(leavers_max=1))

    assert gate.plans == []
    assert LeavingKey(AccountKey("corp", "cay"), NOW - HOUR, is_move=True) in gate.passed


def test_a_share_is_of_the_people_of_then() -> None:
    seven = [judged(f"p{number}") for number in range(7)]
    share = limits(leavers_share_max=0.1)

    assert len(judge_again(history(*seven, active=60), share).plans) == 1
    grown = {"corp": Growth(60, [(NOW + HOUR, -20)])}
    assert judge_again(history(*seven, populations=grown), share).plans == []
    assert len(judge_again(history(*seven, populations={}), share).plans) == 1


def test_who_came_within_the_window_is_not_among_the_people_of_whom_a_share_is() -> None:
    seven = [judged(f"p{number}") for number in range(7)]
    share = limits(leavers_share_max=0.1)
    before, since = NOW - 2 * DAY, NOW - HOUR
    here = [(at, ((at, 1),)) for at in (*[since] * 15, *[before] * 5)]
    gone = (since, ((since, 1), (NOW - HOUR / 2, -1)))
    came = {"corp": Newcomers([*here, gone])}

    assert judge_again(history(*seven, active=70), share).plans == []
    [plan] = judge_again(history(*seven, active=70, newcomers=came), share).plans
    assert plan.why == "7 of 62 people within 24 h (11%), the limit is 10%"


@pytest.mark.parametrize("size, plans", [(Growth(8), 1), (Growth(8, [(NOW + HOUR, -4)]), 0)])
def test_a_group_s_share_is_of_its_size_of_then(size: Growth, plans: int) -> None:
    inside = (Membership(WARD, None, NOW + DAY),)
    first = [judged(f"p{number}", memberships=inside) for number in range(3)]
    later = [judged(f"q{number}", NOW + HOUR / 2, memberships=inside) for number in range(3)]
    past = history(*first, *later, groups={WARD: GroupPast("Ward 7", size)})

    gate = judge_again(past, limits(group_share_max=0.5))

    assert len(gate.plans) == plans
    assert all("of 8 members of Ward 7" in str(plan.why) for plan in gate.plans)


def test_who_was_out_of_a_group_again_does_not_count_for_it_nor_after_the_window() -> None:
    gone = [judged(f"p{number}", memberships=(Membership(WARD, None, NOW + HOUR),)) for number in range(4)]
    there = [judged(f"q{number}", NOW + 2 * HOUR, memberships=(Membership(WARD),)) for number in range(4)]
    late = [judged(f"r{number}", NOW + 3 * DAY, memberships=(Membership(WARD),)) for number in range(4)]
    past = history(*gone, *there, *late, groups={WARD: GroupPast("Ward 7", Growth(9))})

    assert judge_again(past, limits(group_share_max=0.5)).plans == []


def test_a_group_that_is_not_known_any_more_has_no_members_left() -> None:
    inside = (Membership(WARD),)
    past = history(*[judged(f"p{number}", memberships=inside) for number in range(5)])

    [plan] = judge_again(past, limits(group_share_max=0.5)).plans

    assert "5 of 0 members of ward-7" in str(plan.why)


def test_evidence_that_does_not_count_and_directories_that_are_left_out_make_no_leaving() -> None:
    past = history(judged("ann"), judged("ben", evidence=Evidence.EXPIRED), judged("cay", source="payroll"))
    rules = replace(NO_LIMITS_RULES, evidence=frozenset({Evidence.DISABLED}), left_out=frozenset({"payroll"}))

    gate = judge_again(past, rules)

    assert passed(gate).keys() == {"ann"}
    assert {key.person.person_id for key in gate.ignored} == {"ben", "cay"}


def test_absence_counts_later_if_it_has_to_last_longer() -> None:
    absent: dict[str, Any] = {"evidence": Evidence.ABSENT_CONFIRMED, "missing_since": NOW - 2 * DAY}
    past = history(judged("ann", **absent), judged("ben", evidence=Evidence.ABSENT_CONFIRMED))

    assert passed(judge_again(past, replace(NO_LIMITS_RULES, absent_for=DAY)))["ann"] == 0 * HOUR
    assert passed(judge_again(past, replace(NO_LIMITS_RULES, absent_for=5 * DAY))) == {
        "ann": 3 * DAY,
        "ben": 0 * HOUR,
    }
    gate = judge_again(past, replace(NO_LIMITS_RULES, absent_for=30 * DAY))
    assert passed(gate).keys() == {"ben"}
    assert {key.person.person_id for key in gate.early} == {"ann"}


def test_who_has_left_elsewhere_is_never_held_and_counts_once_in_a_group() -> None:
    at_corp, at_payroll = person("ann"), AccountKey("payroll", "a-1")
    other = replace(at_corp, key=at_payroll)
    human = HumanPast(
        (
            AccountPast(at_corp, absences=(LeftSpell(NOW - HOUR, Evidence.DISABLED, NOW - HOUR),)),
            AccountPast(other, absences=(LeftSpell(NOW - HOUR, Evidence.DISABLED, NOW),)),
        )
    )
    inside = (Membership(WARD),)
    first = judged("ann", memberships=inside)
    second = judged("a-1", NOW + HOUR, source="payroll", memberships=inside)
    more = [judged(f"p{number}", NOW + HOUR, source="payroll", memberships=inside) for number in range(5)]
    past = history(
        first, second, *more,
        humans={at_corp.key: human, at_payroll: human}, groups={WARD: GroupPast("Ward 7", Growth(100))},
        populations={},
    )  # fmt: skip

    gate = judge_again(past, limits(leavers_max=4))

    assert passed(gate) == {"ann": 0 * HOUR, "a-1": HOUR}
    assert gate.plans[0].size == 5
    [plan] = judge_again(past, limits(group_share_max=0.05)).plans
    assert "6 of 100 members of Ward 7" in str(plan.why), "ann, and five who have not left elsewhere"


def test_people_are_known_by_the_accounts_of_directories_that_are_there() -> None:
    at_corp, at_payroll = (
        AccountPast(replace(person("ann"), key=AccountKey(one, "ann"))) for one in ("corp", "payroll")
    )
    key = at_corp.account.key
    past = history(humans={key: HumanPast((at_corp, at_payroll))})

    def known(*left_out: str) -> dict[AccountKey, HumanPast]:
        return dict(seen_by(past, replace(NO_LIMITS_RULES, left_out=frozenset(left_out))).humans)

    assert known() == {key: HumanPast((at_corp, at_payroll))}
    assert known("payroll") == {key: HumanPast((at_corp,))}
    assert known("corp", "payroll") == {}
