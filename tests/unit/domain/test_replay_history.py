"""What the record says of the past: numbers over time, people with several accounts, passes of a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from builders import DAY, HOUR, NOW, WARD, person
from worker.domain.model import AccountKey, Evidence
from worker.domain.people.persons import AccountsRule
from worker.domain.replay.history import (
    AccountPast,
    Growth,
    HumanPast,
    LeavingKey,
    LeftSpell,
    Membership,
    Passed,
    Passes,
)


def test_a_number_is_known_from_what_it_is_now_and_what_changed_it() -> None:
    people = Growth(10, [(NOW + HOUR, 1), (NOW, -2)])

    assert [people.at(NOW + hours * HOUR) for hours in (-1, 0, 0.5, 1, 2)] == [11, 9, 9, 10, 10]
    assert Growth(0, [(NOW, 3)]).at(NOW - HOUR) == 0, "the record lacks a change: never below nothing"
    assert Growth(4).at(NOW) == 4


def test_a_membership_lasts_from_its_first_sight_to_its_proven_end() -> None:
    whole = Membership(WARD, NOW, NOW + HOUR)

    assert [whole.is_on(NOW + hours * HOUR) for hours in (-1, 0, 0.5, 1)] == [False, True, True, False]
    assert Membership(WARD).is_on(NOW)


def test_a_pass_of_the_job_is_the_known_one_within_its_interval() -> None:
    passes = Passes([NOW + HOUR, NOW, NOW], 2 * HOUR)

    assert passes.after(NOW) == NOW
    assert passes.after(NOW + HOUR / 2) == NOW + HOUR
    assert passes.after(NOW - 2 * HOUR) == NOW
    assert passes.after(NOW - 3 * HOUR) == NOW - 3 * HOUR, "one that took nothing is not known"
    assert passes.after(NOW + 2 * HOUR) == NOW + 2 * HOUR


CORP, PAYROLL = person("ann"), person("a-1")
AT_CORP = LeavingKey(CORP.key, NOW)


def two(*absences: LeftSpell, joined_at: datetime | None = None) -> HumanPast:
    """Somebody with an account in corp that left as stated, and one in payroll that stays."""
    other = AccountPast(
        person("a-1").__class__(AccountKey("payroll", "a-1"), PAYROLL.facts), joined_at=joined_at
    )
    return HumanPast((AccountPast(CORP, absences=absences), other))


def leaving(human: HumanPast, at: datetime, passed: Passed) -> AccountKey | None:
    found = human.at(at, passed, AccountsRule.EITHER)
    assert found is not None
    return found.leaving.person if found.leaving else None


def test_a_person_of_two_directories_has_left_when_the_guard_let_one_of_them_through() -> None:
    human = two(LeftSpell(NOW, Evidence.DISABLED, NOW + HOUR))

    assert leaving(human, NOW, {AT_CORP: NOW}) is None, "nobody knew it yet"
    assert leaving(human, NOW + HOUR, {}) is None
    assert leaving(human, NOW + HOUR, {AT_CORP: NOW + 2 * HOUR}) is None
    assert leaving(human, NOW + 2 * HOUR, {AT_CORP: NOW + 2 * HOUR}) == CORP.key
    found = human.at(NOW + 2 * HOUR, {AT_CORP: NOW}, AccountsRule.ALL)
    assert found is not None
    assert found.leaving is None


def test_a_return_ends_it_and_an_account_that_came_later_was_not_there() -> None:
    human = two(LeftSpell(NOW, Evidence.DISABLED, NOW, over_at=NOW + DAY), joined_at=NOW + DAY)

    assert leaving(human, NOW + HOUR, {AT_CORP: NOW}) == CORP.key
    assert leaving(human, NOW + DAY, {AT_CORP: NOW}) is None
    came = HumanPast((AccountPast(CORP, joined_at=NOW),))
    assert came.at(NOW - HOUR, {}, AccountsRule.EITHER) is None


def test_an_account_counts_while_its_directory_is_read() -> None:
    key = AccountKey("payroll", "a-1")
    other = AccountPast(replace(PAYROLL, key=key), read_from=NOW + HOUR, unread_from=NOW + DAY)
    human = HumanPast((AccountPast(CORP, absences=(LeftSpell(NOW, Evidence.DISABLED, NOW),)), other))

    def gone_from(known_at: datetime) -> datetime | None:
        return human.gone_from(known_at, {AT_CORP: NOW}, AccountsRule.ALL)

    assert gone_from(NOW) == NOW
    assert gone_from(NOW + HOUR) == NOW + DAY, "payroll had them until then"
    assert HumanPast((other,)).at(NOW + DAY, {}, AccountsRule.ALL) is None


@pytest.mark.parametrize("was_in_scope", [False, True])
def test_an_account_that_never_was_in_scope_keeps_nobody_here(was_in_scope: bool) -> None:
    outside = replace(PAYROLL, facts=replace(PAYROLL.facts, is_in_scope=False))
    guest = AccountPast(replace(outside, key=AccountKey("corp", "guest")), was_in_scope=was_in_scope)
    human = HumanPast((AccountPast(CORP, absences=(LeftSpell(NOW, Evidence.DISABLED, NOW),)), guest))

    assert leaving(human, NOW, {AT_CORP: NOW}) == (None if was_in_scope else CORP.key)


def test_of_several_leavings_the_last_one_counts() -> None:
    again = LeftSpell(NOW + DAY, Evidence.EXPIRED, NOW + DAY)
    past = AccountPast(CORP, absences=(again, LeftSpell(NOW, Evidence.DISABLED, NOW)))

    state = past.state_at(NOW + 2 * DAY, {})

    assert state is not None
    assert (state.person.left_at, state.person.evidence) == (NOW + DAY, Evidence.EXPIRED)


def test_somebody_counts_as_gone_from_the_beginning_of_the_absence_that_an_instant_lies_in() -> None:
    first = LeftSpell(NOW, Evidence.DISABLED, NOW, over_at=NOW + DAY)
    second = LeftSpell(NOW + 2 * DAY, Evidence.DISABLED, NOW + 2 * DAY)
    human = two(first, second, joined_at=NOW - DAY)
    again = LeavingKey(CORP.key, second.at)

    def gone_from(known_at: datetime, passed: Passed) -> datetime | None:
        return human.gone_from(known_at, passed, AccountsRule.EITHER)

    both = {AT_CORP: NOW + HOUR, again: NOW + 3 * DAY}
    assert gone_from(NOW + 2 * HOUR, both) == NOW + HOUR
    assert gone_from(NOW + DAY, both) == NOW + 3 * DAY, "the first one was over by then"
    assert gone_from(NOW + 9 * DAY, both) == NOW + 3 * DAY
    assert gone_from(NOW + DAY, {AT_CORP: NOW}) is None


def test_whoever_left_by_evidence_that_does_not_count_is_here() -> None:
    absences = (LeftSpell(NOW, Evidence.DISABLED, NOW), LeftSpell(NOW + DAY, Evidence.DELETED, NOW + DAY))

    assert AccountPast(CORP, absences=absences).with_evidence({Evidence.DELETED}).absences == absences[1:]
