"""Where the joiner rules place people: a move ends a place; a rule, a name or a group that is out of sight does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from harness import Harness
from worker.domain.model import Evidence
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import Ticket, TicketKind

NURSES = Placement((("department", ("Nursing",)),), ("Ward*",))
PORTERS = Placement((("department", ("Porters",)),), ("Porters",))
SENIORS = Placement((("title", ("Senior*",)),), ("Seniors",))
ADD, REMOVE = TicketKind.ADD_MEMBER, TicketKind.REMOVE_MEMBER


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    """Zoe is a nurse, so the rules place her in ward 7, and she is in it. There are groups enough beside it."""
    harness = start(joiners=(NURSES,))
    for number in range(9):
        harness.group(f"other-{number}", "una", admins=["tom"])
    harness.hire("zoe", department="Nursing", title="Nurse")
    harness.settle()
    harness.wards.add_member("ward-7", harness.member("zoe"))
    harness.later()
    harness.settle()
    return harness


def goes(harness: Harness) -> None:
    harness.wards.omit("ward-7")
    harness.later()
    harness.settle()


def is_left_out(harness: Harness) -> None:
    """The configuration does not want the group, so its source is not asked for it."""
    takes = {"wards": lambda group_id, _name: group_id != "ward-7"}
    harness.start(replace(harness.app.rules, takes=takes))
    goes(harness)


def works(harness: Harness, department: str, title: str = "Nurse") -> None:
    harness.hire("zoe", department=department, title=title)
    harness.later()
    harness.settle()


def comes_back(harness: Harness) -> None:
    harness.wards.mend()
    harness.start(replace(harness.app.rules, takes={"wards": lambda _id, _name: True}))
    for _ in range(2):
        harness.later()
        harness.settle(full=True)


def live(harness: Harness, kind: TicketKind) -> list[Ticket]:
    return [one for one in harness.tickets(kind) if one.is_live]


@pytest.mark.parametrize("out_of_sight", [goes, is_left_out])
def test_another_title_makes_nobody_a_mover(ward: Harness, out_of_sight: Callable[[Harness], None]) -> None:
    out_of_sight(ward)
    works(ward, "Nursing", "Senior nurse")
    comes_back(ward)
    assert not ward.tickets(REMOVE)


def test_who_moved_away_and_back_is_no_mover(ward: Harness) -> None:
    goes(ward)
    works(ward, "Porters")
    works(ward, "Nursing")
    comes_back(ward)
    assert not ward.tickets(REMOVE)


def test_who_moved_away_is_a_mover_once_the_group_is_back(ward: Harness) -> None:
    goes(ward)
    works(ward, "Porters")
    assert not live(ward, REMOVE)
    comes_back(ward)
    assert len(live(ward, REMOVE)) == 1


def test_who_joins_is_not_placed_in_a_group_that_is_gone(ward: Harness) -> None:
    goes(ward)
    ward.hire("yan", department="Nursing")
    ward.later()
    ward.settle()
    comes_back(ward)
    assert not live(ward, ADD)


def is_renamed(harness: Harness) -> None:
    harness.group("ward-7", "ann", "ben", "cem", "zoe", admins=["dee"], name="The seventh")
    harness.start(replace(harness.app.rules, joiners=(replace(NURSES, groups=("Ward 7",)), PORTERS, SENIORS)))
    harness.later()
    harness.settle()


def has_no_rule(harness: Harness) -> None:
    harness.start(replace(harness.app.rules, joiners=(PORTERS, SENIORS)))


@pytest.mark.parametrize("named_no_more", [is_renamed, has_no_rule])
def test_a_rule_that_names_a_group_no_more_makes_nobody_a_mover(
    ward: Harness, named_no_more: Callable[[Harness], None]
) -> None:
    named_no_more(ward)
    works(ward, "Nursing", "Senior nurse")
    assert not ward.tickets(REMOVE)


def test_who_moves_out_of_a_renamed_group_is_a_mover(ward: Harness) -> None:
    is_renamed(ward)
    works(ward, "Porters")
    assert len(live(ward, REMOVE)) == 1


def test_many_who_come_back_without_their_department_wait_for_the_guard(
    start: Callable[..., Harness],
) -> None:
    harness = start(joiners=(NURSES,))
    nurses = [f"nurse-{number}" for number in range(30)]
    harness.hire(*nurses, department="Nursing")
    for one in nurses:
        harness.wards.add_member("ward-7", harness.member(one))
    harness.settle()
    for kept in ({"enabled": False}, {"enabled": True, "department": None}):
        harness.later()
        for one in nurses:
            harness.corp.change(one, **kept)
        harness.settle()
    assert not harness.tickets(REMOVE)
    left, moved = reversed(harness.plans())
    assert [one.cohorts[0].people[0].evidence for one in (left, moved)] == [Evidence.DISABLED, Evidence.MOVED]


@pytest.mark.parametrize("what", [{"enabled": False}, {"department": "Porters"}], ids=["leave", "move"])
def test_the_guard_s_share_of_movers_is_that_of_leavers(
    start: Callable[..., Harness], what: dict[str, object]
) -> None:
    """Whoever moves is active before and after, and is counted once."""
    harness = start(joiners=(NURSES,))
    nurses = [f"nurse-{number}" for number in range(5)]
    harness.hire(*nurses, department="Nursing")
    for one in nurses:
        harness.wards.add_member("ward-7", harness.member(one))
    harness.settle()
    harness.later(days=2)
    for one in nurses:
        harness.corp.change(one, **what)
    harness.settle()
    [plan] = harness.plans()
    assert "5 of 25 people within 24 h (20%), the limit is 5%" in plan.why


@pytest.fixture
def rehired(start: Callable[..., Harness]) -> Harness:
    """Ann, a nurse of ward 7 since before there were rules, who has left, and may come back."""
    harness = start()
    harness.group("porters", "hal", admins=["gus"])
    harness.hire("ann", department="Nursing", employee_id="E-1")
    harness.settle()
    harness.start(replace(harness.app.rules, joiners=(NURSES, PORTERS)))
    harness.later()
    harness.leave("ann")
    harness.settle()
    assert len(live(harness, REMOVE)) == 1
    return harness


def night(harness: Harness) -> None:
    harness.later()
    harness.settle()
    harness.later(days=1)
    harness.settle(full=True)


def asked(harness: Harness) -> list[tuple[TicketKind, str]]:
    return sorted((one.kind, one.home.group_id) for one in harness.tickets() if one.is_live)


def test_who_is_rehired_elsewhere_is_a_mover(rehired: Harness) -> None:
    rehired.hire("ann", department="Porters", employee_id="E-1")
    night(rehired)
    assert asked(rehired) == [(ADD, "porters"), (REMOVE, "ward-7")]


def test_who_is_rehired_elsewhere_under_a_new_account_is_a_mover(rehired: Harness) -> None:
    phones = (rehired.number("ann"),)
    rehired.hire("ann-2", department="Porters", employee_id="E-1", phones=phones)
    night(rehired)
    assert asked(rehired) == [(ADD, "porters"), (REMOVE, "ward-7")]


def test_who_is_rehired_in_the_same_place_stays(rehired: Harness) -> None:
    rehired.hire("ann", department="Nursing", title="Senior nurse", employee_id="E-1")
    night(rehired)
    assert asked(rehired) == []


def test_a_second_account_beside_one_that_is_here_moves_nobody(rehired: Harness) -> None:
    rehired.hire("ann", department="Nursing", employee_id="E-1")
    night(rehired)
    rehired.hire("adm-ann", department="Porters", employee_id="E-1", phones=())
    night(rehired)
    assert asked(rehired) == [(ADD, "porters")]


def test_who_had_no_department_while_gone_is_a_mover_all_the_same(ward: Harness) -> None:
    ward.corp.change("zoe", department=None, enabled=False)
    night(ward)
    works(ward, "Porters")
    assert len(live(ward, REMOVE)) == 1


def test_who_was_disabled_for_a_day_stays_in_a_renamed_group(ward: Harness) -> None:
    is_renamed(ward)
    ward.leave("zoe")
    night(ward)
    works(ward, "Nursing")
    assert not live(ward, REMOVE)


def test_a_last_day_that_is_taken_back_places_nobody_anew(start: Callable[..., Harness]) -> None:
    harness = start()
    harness.hire("una", department="Nursing")
    harness.settle()
    harness.start(replace(harness.app.rules, joiners=(NURSES,)))
    for last_day in (harness.now + timedelta(days=30), None):
        harness.corp.change("una", leave_at=last_day)
        night(harness)
    assert not harness.tickets()


@pytest.fixture
def pending(start: Callable[..., Harness]) -> Harness:
    """The accounts of people who are to come lie in another unit, out of scope, at the first pass and later."""
    harness = start(joiners=(NURSES,))
    made_ahead: dict[str, Any] = {"department": "Nursing", "is_in_scope": False, "org_unit": "OU=Pending"}
    harness.hire("yan", **made_ahead, enabled=False)
    harness.hire("zoe", **made_ahead)
    night(harness)
    return harness


def test_an_account_out_of_scope_is_placed_nowhere(pending: Harness) -> None:
    assert asked(pending) == []
    assert "person.joined" not in pending.kinds()


@pytest.mark.parametrize("who", ["yan", "zoe"])
def test_who_first_comes_into_scope_joins_then(pending: Harness, who: str) -> None:
    pending.corp.change(who, is_in_scope=True, enabled=True)
    night(pending)
    assert asked(pending) == [(ADD, "ward-7")]
    assert pending.kinds().count("person.joined") == 1


def test_an_account_that_the_first_pass_showed_out_of_scope_joins_when_it_comes_into_it(
    found: Callable[..., Harness],
) -> None:
    harness = found(joiners=(NURSES,))
    harness.hire("ann", "dee")
    harness.hire("zoe", department="Nursing", is_in_scope=False)
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()
    harness.corp.change("zoe", is_in_scope=True)
    night(harness)
    assert asked(harness) == [(ADD, "ward-7")]


def test_who_moves_out_of_scope_is_asked_out_of_nothing(ward: Harness) -> None:
    ward.corp.change("zoe", is_in_scope=False)
    night(ward)
    ward.corp.change("zoe", department="Porters")
    night(ward)
    assert asked(ward) == []
    assert "person.moved" not in ward.kinds()


def test_who_was_out_of_scope_for_a_night_is_not_placed_anew(start: Callable[..., Harness]) -> None:
    harness = start()
    harness.hire("una", department="Nursing")
    harness.settle()
    harness.start(replace(harness.app.rules, joiners=(NURSES,)))
    for is_in_scope in (False, True):
        harness.corp.change("una", is_in_scope=is_in_scope)
        night(harness)
    assert asked(harness) == []


@pytest.mark.parametrize(
    "department, is_asked", [("Nursing", []), ("Porters", [(ADD, "porters"), (REMOVE, "ward-7")])]
)
def test_who_comes_back_into_scope_has_moved_if_they_are_elsewhere(
    ward: Harness, department: str, is_asked: list[tuple[TicketKind, str]]
) -> None:
    ward.group("porters", "hal", admins=["gus"])
    ward.start(replace(ward.app.rules, joiners=(NURSES, PORTERS)))
    for changes in (
        {"is_in_scope": False, "org_unit": "OU=Away"},
        {"department": department},
        {"is_in_scope": True, "org_unit": "OU=Staff"},
    ):
        ward.corp.change("zoe", **changes)
        night(ward)
    assert asked(ward) == is_asked
