"""Whom a rule of statements is for, on both databases, and how it is found."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from harness import Harness
from plans_of_queries import steps_of
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import GroupKey, Member
from worker.domain.reconcile.attesting import ToAsk
from worker.ports.state.attestations import AskingRule
from worker.ports.state.store import UnitOfWork

POLICY = StatementRule(
    Statement.POLICY, "people.policy", ControlSwitch(Mode.TICKET), "messaging", "3", texts={"en": "Be kind."}
)
EACH = replace(POLICY, for_each_group=True)
ADMINS = replace(POLICY, only_admins=True)
CENSUS = StatementRule(
    Statement.CENSUS, "census", ControlSwitch(Mode.TICKET), "", "1", every=timedelta(days=365)
)
RULES = (POLICY, EACH, ADMINS, replace(POLICY, every=timedelta(days=365), is_material=False))


@pytest.fixture
def wards(engine: sa.Engine) -> Harness:
    """Ann and dee are in both wards, and so is a guest whom nobody knows; cem is in none."""
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "cem", "dee")
    for ward, more in (("ward-7", ["ben"]), ("ward-8", [])):
        harness.group(ward, "ann", *more, admins=["dee"])
        harness.wards.add_member(ward, Member("guest@lid", "Guest"))
    harness.settle()
    return harness


def asked(uow: UnitOfWork, harness: Harness, rule: StatementRule) -> list[ToAsk]:
    return uow.attestations.to_ask(rule, harness.now, 10, is_everywhere=True)


def test_each_is_asked_once_or_once_a_group(wards: Harness) -> None:
    with wards.store.reading() as uow:
        assert [one.person.key.person_id for one in asked(uow, wards, POLICY)] == ["ann", "ben", "dee"]
        assert [one.person.key.person_id for one in asked(uow, wards, ADMINS)] == ["dee"]
        of_ann = {one.group for one in asked(uow, wards, EACH) if one.person.key.person_id == "ann"}
        assert of_ann == {GroupKey("wards", "ward-7"), GroupKey("wards", "ward-8")}
        assert uow.attestations.count_to_ask(EACH, wards.now, is_everywhere=True) == 5


def test_whoever_is_not_known_is_counted_once(wards: Harness) -> None:
    with wards.store.reading() as uow:
        counts = uow.attestations.counts(POLICY, wards.now, is_everywhere=True)
        assert (counts.subjects, counts.unknown) == (3, 1)


def test_a_rule_for_some_groups_asks_only_there(wards: Harness) -> None:
    with wards.store.begin() as uow:
        uow.attestations.scope(POLICY.name, [GroupKey("wards", "ward-8")], wards.now)
        found = uow.attestations.to_ask(POLICY, wards.now, 10, is_everywhere=False)
        assert [one.person.key.person_id for one in found] == ["ann", "dee"]
        assert uow.attestations.counts(POLICY, wards.now, is_everywhere=False).unknown == 1


@pytest.mark.parametrize("rule", RULES)
def test_memberships_are_looked_up_not_read_once_for_each_group(
    engine: sa.Engine, wards: Harness, rule: StatementRule
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    plans = steps_of(engine, lambda: _look(wards, rule), "membership")
    within = {
        step
        for plan in plans
        for before, step in pairwise(plan)
        if re.match("(SCAN|SEARCH) membership", step) and re.match("SCAN|SEARCH", before)
    }
    assert plans
    assert {step for step in within if not re.search(r"\(source=\? AND (handle|group_id)=\?", step)} == set()


def test_a_manager_s_other_accounts_are_looked_up_by_their_keys(engine: sa.Engine, wards: Harness) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    plans = steps_of(engine, lambda: _look(wards, CENSUS), "person_key")
    steps = {step for plan in plans for step in plan if re.search(r" key_(first|other) ", step)}
    assert steps == {
        "SEARCH key_first USING INDEX ix_person_key_kind_value (kind=? AND value=?)",
        "SEARCH key_other USING INDEX sqlite_autoindex_person_key_1 (source=? AND person_id=? AND kind=?)",
    }


def _look(harness: Harness, rule: StatementRule) -> None:
    with harness.store.reading() as uow:
        for is_everywhere in (True, False):
            uow.attestations.counts(rule, harness.now, is_everywhere=is_everywhere)
            uow.attestations.to_ask(rule, harness.now, 10, is_everywhere=is_everywhere)
            uow.attestations.needless([AskingRule(rule, is_everywhere)])


def test_other_accounts_of_those_who_would_be_asked_are_looked_up_by_their_keys(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    harness = Harness(engine=engine, directories=("corp", "ad"))
    harness.poll()

    def look() -> None:
        with harness.store.reading() as uow:
            assert uow.attestations.under_other_accounts(AskingRule(POLICY, True), harness.now) == []

    [plan] = steps_of(engine, look, "person_key")
    steps = [
        " ".join(step.split()[:2]) + step[step.index(" (") :]
        for step in plan
        if re.match(r"\w+ (k|o|mine) ", step)
    ]
    assert steps == [
        "SEARCH k (source=? AND person_id=? AND kind=?)",
        "SEARCH o (kind=? AND value=?)",
        "SEARCH mine (person_source=? AND person_id=? AND attestation_id=?)",
    ]
