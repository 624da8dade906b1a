"""Recorded days are played again where what leads to them lies before, or what follows from them after."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from builders import facts
from harness import Harness
from replayed import (
    DAY,
    HOUR,
    SAM,
    TWO,
    Found,
    counts,
    limits_of,
    pass_hours,
    played,
    with_gate,
    with_limits,
    with_rules,
)
from several_accounts import TENANT, known_twice
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.escalation.silences import Silence
from worker.domain.model import Evidence
from worker.domain.people.joiners import Placement
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.replay.comparing import PlayEffect
from worker.domain.replay.fates import Why
from worker.domain.replay.limits import Limit
from worker.domain.tickets.ticket import TicketKind


def staffed(found: Found, **wishes: Any) -> Harness:
    """Ann and ben in a ward of twenty-two, of which eve is the admin."""
    harness = found(rules=TWO, **wishes)
    harness.hire("ann", "ben", "eve", *(f"p{number}" for number in range(60)))
    harness.group("ward-7", "ann", "ben", *(f"p{number}" for number in range(20)), admins=["eve"])
    harness.settle()
    return harness


def where_all_say_so(found: Found, **wishes: Any) -> Harness:
    """A ward whose people two directories know, both of which have to say that somebody left."""
    harness = known_twice(found, rules=TWO, accounts=AccountsRule.ALL, **wishes)
    harness.start(replace(harness.app.rules, accounts=AccountsRule.ALL))
    return harness


def test_a_leaver_who_is_put_into_a_group_long_after_is_judged_as_they_were(found: Found) -> None:
    harness = staffed(found)
    harness.leave("ann")
    pass_hours(harness, 3)
    harness.drop("ward-7", "ann")
    pass_hours(harness, 3)
    harness.later(days=40)
    begins = harness.now
    harness.group("ward-9", "ann", *(f"p{number}" for number in range(20)), admins=["eve"])
    pass_hours(harness, 3)
    assert [one.group_name for one in harness.tickets()] == ["Ward 7", "Ward 9"]

    same = played(harness, None, begins)
    without = played(harness, with_gate(harness, evidence=frozenset({Evidence.DELETED})), begins)

    assert counts(same) == {PlayEffect.SAME: 1}
    assert Limit.ERASED not in limits_of(same)
    assert counts(without) == {PlayEffect.FEWER: 1}
    assert [one.would.why for one in without.tickets] == [Why.NO_LEAVING]


def test_who_was_held_since_long_before_the_days_is_judged_as_they_were(found: Found) -> None:
    harness = staffed(found, limits=GuardLimits(leavers_max=1))
    pass_hours(harness, 3, {1: lambda: harness.leave("ann", "ben")})
    harness.later(days=9)
    pass_hours(harness, 3)
    begins = harness.now
    harness.later()
    harness.decide(*(part.id for part in harness.plans()[0].cohorts))
    pass_hours(harness, 3)
    assert len(harness.tickets()) == 2

    seen = played(harness, None, begins)

    assert counts(seen) == {PlayEffect.SAME: 2}
    assert Limit.ERASED not in limits_of(seen)


def test_a_ticket_that_is_cancelled_within_the_days_has_the_steps_that_would_have_come_before(
    found: Found,
) -> None:
    harness = staffed(found)
    pass_hours(harness, 3, {1: lambda: harness.leave("ann")})
    begins = harness.now
    pass_hours(harness, 10, {8: lambda: harness.corp.change("ann", enabled=True)})
    [ticket] = harness.tickets()
    assert not ticket.is_live

    sooner = with_rules(harness, policies=(Policy("two", (Step(After(plus=5 * HOUR), (Target.ASSIGNEE,)),)),))
    seen = played(harness, sooner, begins)

    assert [one.told.difference for one in seen.messages] == [PlayEffect.MORE]


def test_a_silence_that_was_ended_early_holds_until_then(found: Found) -> None:
    harness = staffed(found)
    begins = harness.now
    pass_hours(harness, 3, {1: lambda: harness.leave("ann")})
    wanted = Silence("", harness.now, harness.now + 5 * DAY, "sam", "is away", people=("eve@corp.example",))
    made = harness.app.silencing.silence(wanted, SAM, harness.now)
    pass_hours(harness, 16)
    harness.app.silencing.end(made.id, SAM, harness.now)
    ended = harness.now
    pass_hours(harness, 20)

    seen = played(harness, with_rules(harness, due=2 * DAY), begins)

    [step] = [one.told for one in seen.messages if one.told.who == "Eve" and one.told.what == "step 1"]
    assert (step.was, step.difference) == (ended, PlayEffect.LATER)


def with_places(found: Found) -> Harness:
    """Zoe and Yan are nurses, in their ward and in a choir; porters have a group, too."""
    nurses = Placement((("department", ("Nursing",)),), ("Ward*",))
    porters = Placement((("department", ("Porters",)),), ("Porters",))
    harness = found(rules=TWO, limits=GuardLimits(leavers_max=1), joiners=(nurses, porters))
    harness.hire("zoe", "yan", department="Nursing", title="Nurse")
    harness.hire("eve", *(f"p{number}" for number in range(60)))
    some = [f"p{number}" for number in range(20)]
    harness.group("ward-7", "zoe", "yan", *some, admins=["eve"])
    harness.group("choir", "zoe", "yan", *some, admins=["eve"])
    harness.group("porters", *some, admins=["eve"])
    pass_hours(harness, 2)
    return harness


def they_move(harness: Harness) -> None:
    harness.hire("zoe", "yan", department="Porters", title="Porter")


def test_movers_who_were_held_would_be_asked_out_of_where_their_places_ended(found: Found) -> None:
    harness = with_places(found)
    begins = harness.now
    pass_hours(harness, 5, {1: lambda: they_move(harness)})
    [plan] = harness.plans()

    seen = played(harness, with_limits(harness, leavers_max=25), begins)

    would = [(one.person_name, one.group_name) for one in seen.tickets]
    harness.decide(*(part.id for part in plan.cohorts))
    pass_hours(harness, 3)
    asked = [(one.person_name, one.group_name) for one in harness.tickets(TicketKind.REMOVE_MEMBER)]
    assert sorted(would) == sorted(asked) == [("Yan", "Ward 7"), ("Zoe", "Ward 7")]


def test_leavers_and_movers_whom_one_pass_holds_are_two_plans(found: Found) -> None:
    harness = with_places(found)
    begins = harness.now

    def they_leave_or_move() -> None:
        they_move(harness)
        harness.leave("p1", "p2")

    pass_hours(harness, 5, {1: they_leave_or_move})
    assert len(harness.plans()) == 2

    seen = played(harness, with_limits(harness, leavers_max=25), begins)

    fewer = [one for one in seen.plans if one.difference is PlayEffect.FEWER]
    assert sorted(one.plan.size for one in fewer) == [2, 2]


def test_a_plan_that_is_released_after_the_days_is_held_in_all_of_them(found: Found) -> None:
    harness = staffed(found, limits=GuardLimits(leavers_max=1))
    begins = harness.now
    pass_hours(harness, 3, {1: lambda: harness.leave("ann", "ben")})
    ends = harness.now
    pass_hours(harness, 3)
    harness.decide(*(part.id for part in harness.plans()[0].cohorts))
    pass_hours(harness, 3)

    same = played(harness, None, begins, ends)
    higher = played(harness, with_limits(harness, leavers_max=25), begins, ends)

    assert (counts(same), limits_of(same).keys() & {Limit.GUARD, Limit.PLANS}) == ({}, set())
    assert counts(higher) == {PlayEffect.MORE: 2}


@pytest.mark.parametrize("without", [
    {"left_out": frozenset({"corp"})},
    {"evidence": frozenset({Evidence.DELETED})},
])  # fmt: skip
def test_where_one_directorys_word_is_none_the_other_ones_opens_the_ticket(
    found: Found, without: dict[str, Any]
) -> None:
    harness = known_twice(found, rules=TWO)
    begins = harness.now
    pass_hours(harness, 12, {
        1: lambda: harness.leave("ann"),
        5: lambda: harness.directories[TENANT].delete("cloud-ann"),
    })  # fmt: skip
    [ticket] = harness.tickets()

    seen = played(harness, with_gate(harness, **without), begins)

    assert counts(seen) == {PlayEffect.LATER: 1}
    assert [one.would.opened_at for one in seen.tickets] == [ticket.opened_at + 4 * HOUR]


def test_where_one_directorys_word_is_enough_the_ticket_is_opened_sooner(found: Found) -> None:
    harness = where_all_say_so(found)
    begins = harness.now
    pass_hours(harness, 12, {
        1: lambda: harness.leave("ann"),
        5: lambda: harness.directories[TENANT].disable("cloud-ann"),
    })  # fmt: skip
    [ticket] = harness.tickets()

    same = played(harness, None, begins)
    either = played(harness, with_gate(harness, accounts=AccountsRule.EITHER), begins)

    assert (counts(same), counts(either)) == ({PlayEffect.SAME: 1}, {PlayEffect.EARLIER: 1})
    assert [one.would.opened_at for one in either.tickets] == [ticket.opened_at - 4 * HOUR]


def storm_at_the_tenant(harness: Harness) -> None:
    for account in ("cloud-ann", "cloud-ben"):
        harness.directories[TENANT].disable(account)


def would_be_more(harness: Harness, begins: datetime) -> list[tuple[str, datetime | None]]:
    """Whom a higher limit would have had asked out of the ward, by which account, and when."""
    seen = played(harness, with_limits(harness, leavers_max=25), begins)
    assert counts(seen).keys() <= {PlayEffect.MORE, PlayEffect.EARLIER}
    more = [one for one in seen.tickets if one.difference is PlayEffect.MORE]
    assert {one.group_name for one in more} <= {"Ward 7"}
    assert [one.person_name for one in more] == [
        one.person.person_id.capitalize() for one in more if one.person
    ]
    return [(one.person.person_id, one.would.opened_at) for one in more if one.person]


def test_who_is_held_by_two_directories_would_be_asked_out_of_a_group_once(found: Found) -> None:
    harness = known_twice(found, rules=TWO, limits=GuardLimits(leavers_max=1))
    begins = harness.now

    def storm() -> None:
        harness.leave("ann", "ben")
        storm_at_the_tenant(harness)

    pass_hours(harness, 6, {1: storm})
    held_at = begins + 2 * HOUR

    would = would_be_more(harness, begins)

    assert would == [("ann", held_at), ("ben", held_at)]
    for plan in harness.plans():
        harness.decide(*(part.id for part in plan.cohorts), plan=plan.id)
    pass_hours(harness, 3)
    assert [one.person.person_id for one in harness.tickets() if one.person] == ["ann", "ben"]


def test_who_has_a_ticket_by_one_directory_s_word_gets_no_other_by_the_word_that_was_held(
    found: Found,
) -> None:
    harness = known_twice(found, rules=TWO, limits=GuardLimits(leavers_max=1))
    begins = harness.now
    pass_hours(harness, 12, {
        1: lambda: storm_at_the_tenant(harness),
        5: lambda: harness.leave("ann"),
        8: lambda: harness.leave("ben"),
    })  # fmt: skip
    [ticket] = harness.tickets()
    assert (ticket.person_name, len(harness.plans())) == ("Ann", 2)

    assert counts(played(harness, None, begins)) == {PlayEffect.SAME: 1}
    assert would_be_more(harness, begins) == [("cloud-ben", begins + 2 * HOUR)]
    higher = played(harness, with_limits(harness, leavers_max=25), begins)
    assert [one.ticket for one in higher.tickets if one.difference is PlayEffect.EARLIER] == [ticket]


def test_who_would_have_left_before_the_days_is_asked_out_of_nothing_in_them(found: Found) -> None:
    harness = where_all_say_so(found, limits=GuardLimits(leavers_max=1))
    pass_hours(harness, 3, {1: lambda: harness.leave("ann")})
    harness.later(days=2)
    begins = harness.now
    pass_hours(harness, 3, {1: lambda: storm_at_the_tenant(harness)})
    assert (len(harness.plans()), harness.tickets()) == (1, [])

    seen = played(harness, with_gate(harness, accounts=AccountsRule.EITHER, limits=GuardLimits()), begins)

    assert [(one.difference, one.person_name) for one in seen.tickets] == [(PlayEffect.MORE, "Cloud-ben")]


def test_where_all_have_to_say_so_a_held_word_alone_asks_nobody_out(found: Found) -> None:
    harness = where_all_say_so(found, limits=GuardLimits(leavers_max=1))
    begins = harness.now
    pass_hours(harness, 6, {1: lambda: harness.leave("ann", "ben")})

    assert would_be_more(harness, begins) == []
    pass_hours(harness, 3, {1: lambda: storm_at_the_tenant(harness)})
    assert [who for who, _ in would_be_more(harness, begins)] == ["cloud-ann", "cloud-ben"]


def without_tenant(harness: Harness) -> None:
    harness.directories.pop(TENANT)
    harness.start(harness.app.rules)
    harness.settle(full=True)


def test_a_directory_that_was_taken_out_has_nothing_to_say_from_then_on(found: Found) -> None:
    harness = where_all_say_so(found)
    begins = harness.now
    pass_hours(harness, 12, {
        1: lambda: harness.leave("ann"),
        5: lambda: without_tenant(harness),
        8: lambda: harness.leave("ben"),
    })  # fmt: skip
    opened = [(one.person_name, one.opened_at) for one in harness.tickets()]
    assert opened == [("Ann", begins + 6 * HOUR), ("Ben", begins + 9 * HOUR)]

    seen = played(harness, None, begins)

    assert counts(seen) == {PlayEffect.SAME: 2}
    assert Limit.GUARD not in limits_of(seen)


def test_what_a_directory_said_before_it_was_taken_out_counts_as_it_did(found: Found) -> None:
    harness = known_twice(found, rules=TWO)
    begins = harness.now
    pass_hours(harness, 12, {
        1: lambda: harness.directories[TENANT].disable("cloud-ann"),
        5: lambda: without_tenant(harness),
    })  # fmt: skip
    assert [one.is_live for one in harness.tickets()] == [False]

    seen = played(harness, None, begins)

    assert counts(seen) == {PlayEffect.SAME: 1}
    assert Limit.GUARD not in limits_of(seen)


def test_a_directory_that_came_later_had_nothing_to_say_before(found: Found) -> None:
    harness = found(directories=("corp", "tenant"), rules=TWO, accounts=AccountsRule.ALL)
    tenant = harness.directories.pop(TENANT)
    harness.start(replace(harness.app.rules, accounts=AccountsRule.ALL))
    for one in ("ann", "dee", *(f"p{number}" for number in range(16))):
        harness.hire(one, immutable_id=f"g-{one}")
        tenant.put(facts(f"cloud-{one}", immutable_id=f"g-{one}"))
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()
    begins = harness.now

    def with_tenant() -> None:
        harness.directories.append(tenant)
        harness.start(harness.app.rules)

    pass_hours(harness, 12, {1: lambda: harness.leave("ann"), 5: with_tenant})
    [ticket] = harness.tickets()
    assert ticket.opened_at == begins + 2 * HOUR

    assert counts(played(harness, None, begins)) == {PlayEffect.SAME: 1}


def test_guests_who_came_make_no_smaller_company(found: Found) -> None:
    harness = staffed(found, limits=GuardLimits(leavers_share_max=0.1))
    harness.later(days=2)
    begins = harness.now

    def guests() -> None:
        harness.corp.put(*(facts(f"guest{number}", is_in_scope=False) for number in range(40)))

    pass_hours(harness, 6, {1: guests, 3: lambda: harness.leave("ann", "ben", "p1", "p2", "p3")})
    assert harness.plans() == []

    seen = played(harness, None, begins)

    assert counts(seen) == {PlayEffect.SAME: 5}
    assert seen.plans == ()
