"""Whoever is asked for a statement in a sensitive group has the time that the section gives for these."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from attested import DUTIES_2, PHONE, POLICY_3, Made, tickets
from consented import POLICY_1, allow, asked, consenting_ward, hire, settle
from harness import Harness
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode, Where

SHORT = {"sensitive_due": timedelta(days=2)}


def company(start: Made, rule: StatementRule) -> Harness:
    """Ward 8 is sensitive: eve is in it, and dee is its admin, as of ward 7."""
    policy = ControlPolicy(statements=(replace(rule, **SHORT),), daily_max=10)  # type: ignore[arg-type]
    harness = start(controls=policy, sensitive=("ward-8",))
    harness.group("ward-8", "eve", admins=["dee"])
    harness.settle()
    allow(harness)
    return harness


def days(harness: Harness) -> dict[str, int]:
    return {one.person_name: (one.due_at - one.opened_at).days for one in tickets(harness)}


@pytest.mark.parametrize("rule", [POLICY_3, PHONE])
def test_members_of_a_sensitive_group_have_less_time(start: Made, rule: StatementRule) -> None:
    harness = company(start, rule)
    assert days(harness) == {"Ann": 14, "Ben": 14, "Cem": 14, "Dee": 2, "Eve": 2}


def test_a_sensitive_group_that_the_rule_is_not_for_gives_nobody_less(start: Made) -> None:
    switch = ControlSwitch(Mode.TICKET, Where(groups=("ward-7",)))
    assert days(company(start, replace(POLICY_3, switch=switch))) == {
        "Ann": 14,
        "Ben": 14,
        "Cem": 14,
        "Dee": 14,
    }


def test_an_admin_has_less_time_for_the_sensitive_group_alone(start: Made) -> None:
    harness = company(start, DUTIES_2)
    found = {one.home.group_id: (one.due_at - one.opened_at).days for one in tickets(harness)}
    assert found == {"ward-7": 14, "ward-8": 2}


@pytest.mark.parametrize("where", [Where(), Where(groups=("ward-7",)), Where(groups=("ward-8",))])
def test_whoever_waits_to_be_added_to_a_sensitive_group_has_less_time(start: Made, where: Where) -> None:
    gate = replace(POLICY_1, switch=ControlSwitch(Mode.TICKET, where), sensitive_due=timedelta(days=2))
    harness = consenting_ward(start)(gate, sensitive=("ward-7",))
    allow(harness)
    hire(harness)
    settle(harness)
    harness.control()
    zoe = [one for one in asked(harness) if one.person_name == "Zoe"]
    assert [(one.due_at - one.opened_at).days for one in zoe] == ([] if where.groups == ("ward-8",) else [2])
