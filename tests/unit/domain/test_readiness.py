"""Whether a group can move: the verdict, what wins over what, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import NOW
from worker.domain.controls.policy import ClassRule, ControlPolicy
from worker.domain.controls.readiness import MemberCounts, Readiness, ReadinessVerdict, goals, readiness_of
from worker.domain.controls.state import GroupState, RegisterRow
from worker.domain.controls.switch import REPORTED
from worker.domain.model import Coverage, GroupFacts, GroupKey, RegisterFacts, RegisterStatus
from worker.domain.tickets.ticket import Grade

PATIENT = ClassRule(REPORTED, "patient", ("teams",), ("Ward*",), move_to="teams")
POLICY = replace(ControlPolicy(), classes=(PATIENT,))
GROUP = GroupState(
    GroupKey("wards", "w7"), "Ward 7", "whatsapp", 10, Coverage.FULL, NOW, is_fresh=True, grade=Grade.A,
    first_seen_at=NOW,
)  # fmt: skip
ALL_THERE = MemberCounts(people=10, with_account=10)


def judged(counts: MemberCounts = ALL_THERE, target: str = "teams", **changes: Any) -> Readiness:
    return readiness_of(replace(GROUP, **changes), counts, target, POLICY)


def row(**said: Any) -> RegisterRow:
    return RegisterRow(None, RegisterFacts(**said), NOW, "list")


def test_ready() -> None:
    one = judged()
    assert (one.said, one.share, one.data_class, one.goal, one.reasons) == (
        "ready",
        1.0,
        "patient",
        "teams",
        (),
    )


def test_needs_accounts_counts_who_is_not_identified_and_no_leaver() -> None:
    one = judged(MemberCounts(people=9, with_account=7, unidentified=1, leavers=2, open_tickets=3))
    assert (one.said, one.share) == ("needs accounts (3)", 0.7)
    assert one.reasons == (
        "without a known account there: 2", "not identified yet: 1", "left, and still in it: 2", "open tickets: 3",
    )  # fmt: skip


def test_externals_win_over_missing_accounts() -> None:
    one = judged(MemberCounts(people=9, with_account=7, externals=1))
    assert (one.verdict, one.said) == (ReadinessVerdict.HAS_EXTERNALS, "has externals (1)")
    assert one.reasons == ("not in the directory: 1", "without a known account there: 2")


@pytest.mark.parametrize(
    "target, changes, why",
    [
        ("slack", {}, "patient may not be in Slack"),
        ("slack", {"row": row(data_class="rota", move_to="teams")}, "it is to move to Microsoft Teams"),
        ("teams", {"row": row(status=RegisterStatus.CLOSED)}, "the register says that it is closed"),
        ("teams", {"facts": GroupFacts(is_archived=True)}, "it is archived"),
        ("teams", {"coverage": Coverage.PARTIAL}, "its list of members is not complete and fresh"),
        ("teams", {"is_fresh": False}, "its list of members is not complete and fresh"),
        ("teams", {"size": 0}, "nobody is in it"),
    ],
)
def test_kept_and_why(target: str, changes: dict[str, Any], why: str) -> None:
    one = judged(MemberCounts(people=9, externals=1), target, **changes)
    assert one.said == f"keep ({why})"
    assert one.reasons[0] == why
    assert one.reasons[-1] == "without a known account there: 9"


def test_what_is_not_known_has_no_share() -> None:
    assert judged(coverage=Coverage.STALE).share is None
    assert judged(MemberCounts(externals=2)).share is None


def test_the_registers_word_on_class_and_goal_comes_first() -> None:
    one = judged(row=row(data_class="rota", move_to="Teams"))
    assert (one.data_class, one.goal, one.said) == ("rota", "Teams", "ready")
    plain = judged(name="Kitchen")
    assert (plain.data_class, plain.goal, plain.said) == ("", "", "ready")


def test_goals_are_where_classes_send_their_groups() -> None:
    assert goals(POLICY) == ["teams"]
    assert goals(ControlPolicy()) == []
