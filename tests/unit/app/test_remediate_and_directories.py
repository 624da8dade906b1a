"""A machine removes nobody who is back: the directories of a person, and their group, were read well before it acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import facts
from harness import Harness
from remediated import CAN, LEAVER, RULE, Found, begin, is_in, leaves, ticket_of, ward
from several_accounts import TENANT, known_twice
from worker.domain.model import Group, Role
from worker.domain.tickets.ticket import TicketState
from worker.ports import AuthFailed

__all__ = ["ward"]


def restart(harness: Harness, **away: float) -> Harness:
    """The worker is stopped, and begins anew after a while."""
    harness.later(**away)
    harness.start(harness.app.rules, since=harness.now)
    return harness


def comes_back(harness: Harness, person: str = LEAVER) -> None:
    harness.hire(person)


def test_after_a_start_somebody_who_is_back_is_not_removed(ward: Harness) -> None:
    comes_back(ward)
    restart(ward, minutes=10)
    ward.remediate()
    ward.later(seconds=1)
    ward.poll()
    ward.inventory()
    ward.remediate()
    assert ward.wards.acts == [], "nor before the tickets are compared with what was read"
    ward.reconcile()
    ward.remediate()
    assert is_in(ward)


def test_after_a_start_a_machine_acts_once_the_directory_and_the_group_were_read(ward: Harness) -> None:
    restart(ward, minutes=1)
    ward.remediate()
    assert ward.taker.is_due(ward.now), "its group is read at once"
    ward.later(seconds=1)
    ward.poll()
    ward.remediate()
    assert ward.wards.acts == [], "who is in the group is from before"
    ward.taker.run_once(ward.now, due_only=True)
    ward.remediate()
    assert len(ward.wards.acts) == 1


def test_a_group_is_asked_for_once_after_a_start(ward: Harness) -> None:
    restart(ward, minutes=1)
    ward.remediate()
    with ward.store.begin() as uow:
        uow.sources.had(uow.sources.wanted())
    ward.remediate()
    assert not ward.taker.is_due(ward.now)


def test_a_group_that_was_read_since_the_start_is_not_read_for_it(ward: Harness) -> None:
    restart(ward, minutes=1)
    ward.inventory()
    ward.remediate()
    assert not ward.taker.is_due(ward.now)


def test_a_clock_that_was_ahead_at_the_start_keeps_nothing_waiting(ward: Harness) -> None:
    restart(ward, days=2)
    ward.later(days=-2, minutes=1)
    ward.remediate()
    ward.later(seconds=1)
    ward.poll()
    ward.inventory()
    ward.remediate()
    assert len(ward.wards.acts) == 1


def test_a_directory_that_was_not_read_for_long_lets_nobody_be_removed(ward: Harness) -> None:
    ward.later(hours=25)
    ward.inventory()
    ward.remediate()
    assert ward.app.remediate.preview(ward.now).actions == ()
    assert ward.wards.acts == []
    ward.poll()
    ward.remediate()
    assert len(ward.wards.acts) == 1


def is_old(harness: Harness) -> None:
    rules = harness.app.rules
    fresh = replace(rules.fresh_directories, by_source={"corp": timedelta(minutes=30)})
    harness.start(replace(rules, fresh_directories=fresh))
    harness.later(hours=1)
    harness.inventory()


def fails(harness: Harness) -> None:
    harness.directories[TENANT].fail(AuthFailed("The password is wrong.", remedy="Mend it."))
    harness.poll()


@pytest.mark.parametrize("change", [is_old, fails])
def test_each_directory_that_knows_them_was_read(found: Found, change: Callable[[Harness], None]) -> None:
    harness = begin(known_twice(found))
    leaves(harness)
    change(harness)
    harness.remediate()
    assert harness.wards.acts == []


def test_a_directory_that_was_taken_out_is_not_waited_for(found: Found) -> None:
    harness = begin(known_twice(found))
    leaves(harness)
    harness.directories.pop(TENANT)
    harness.start(harness.app.rules)
    harness.later(hours=25)
    harness.settle()
    harness.remediate()
    assert len(harness.wards.acts) == 1


def test_whoever_only_a_directory_that_was_taken_out_knows_is_left_alone(found: Found) -> None:
    harness = begin(known_twice(found))
    tenant = harness.directories[TENANT]
    tenant.put(facts("zoe", phones=(harness.number("zoe"),)))
    harness.wards.add_member("ward-7", harness.member("zoe"))
    harness.settle()
    tenant.disable("zoe")
    harness.settle()
    harness.directories.pop(TENANT)
    harness.start(harness.app.rules)
    harness.settle()
    assert ticket_of(harness).state is TicketState.OPEN
    harness.remediate()
    assert harness.wards.acts == []


def test_nobody_is_made_an_admin_by_a_directory_that_fails(start: Found) -> None:
    harness = begin(start(), RULE, can=CAN)
    harness.hire("ben", email="ben@corp.example")
    group = Group("ward-7", "Ward 7", owner_email="ben@corp.example")
    harness.wards.add_group(group, [harness.member(LEAVER, Role.ADMIN), harness.member("ben")])
    harness.poll()
    leaves(harness)
    harness.corp.fail(AuthFailed("The password is wrong.", remedy="Mend it."))
    harness.poll()
    harness.remediate()
    assert harness.wards.acts == []
