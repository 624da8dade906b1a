"""Who left a group by themself is not asked for again; who was taken out of it, or was not seen, is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from reviewed import RULE, released, say
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import RowAnswer
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, GroupKey, Member, Role
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

Start = Callable[..., Harness]
NURSES = Placement((("department", ("Nursing",)),), ("Ward*",))
PORTERS = Placement((("department", ("Porters",)),), ("Porters*",))


@pytest.fixture
def ward(start: Start) -> Harness:
    """A ward in which the rules place Zoe, who was added to it."""
    harness = start(joiners=(NURSES, PORTERS))
    harness.group("porters", "hal", admins=["gus"])
    harness.hire("zoe", department="Nursing")
    harness.settle()
    harness.later()
    harness.wards.add_member("ward-7", harness.member("zoe"))
    harness.settle()
    harness.later(days=1)
    assert additions(harness)[0].state is TicketState.VERIFIED
    return harness


def additions(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.ADD_MEMBER)


def asked_for(harness: Harness, group: str = "ward-7") -> bool:
    return any(one.is_live and one.home.group_id == group for one in additions(harness))


def night(harness: Harness) -> None:
    """A day later, everything is looked at again."""
    harness.settle()
    harness.later(days=1)
    harness.settle(full=True)


def went(harness: Harness) -> list[str]:
    with harness.store.reading() as uow:
        view = uow.rosters.view(GroupKey("wards", "ward-7"))
    return [who.person_id for who, _ in view.went] if view else []


def test_who_left_by_themself_is_not_asked_for_again(ward: Harness) -> None:
    ward.drop("ward-7", "zoe")
    night(ward)
    assert not asked_for(ward)
    assert went(ward) == ["zoe"]


def test_who_left_before_the_addition_was_proven_is_not_asked_for_any_more(start: Start) -> None:
    harness = start(joiners=(NURSES,))
    harness.hire("zoe", department="Nursing")
    harness.settle()
    harness.wards.add_member("ward-7", harness.member("zoe"))
    harness.later()
    harness.inventory()
    harness.reconcile()
    harness.drop("ward-7", "zoe")
    harness.later()
    harness.settle()
    [ticket] = additions(harness)
    assert (ticket.state, str(ticket.reason)) == (
        TicketState.CANCELLED,
        "the person left the group by themself",
    )


def test_a_move_away_and_back_starts_anew(ward: Harness) -> None:
    ward.drop("ward-7", "zoe")
    night(ward)
    ward.corp.change("zoe", department="Porters")
    night(ward)
    assert asked_for(ward, "porters")
    ward.later()
    ward.corp.change("zoe", department="Nursing")
    night(ward)
    assert asked_for(ward)


def test_a_return_to_the_company_starts_anew(ward: Harness) -> None:
    ward.drop("ward-7", "zoe")  # on her last day, before she is disabled
    night(ward)
    ward.leave("zoe")
    night(ward)
    ward.corp.enable("zoe")
    night(ward)
    assert asked_for(ward)


def test_who_was_asked_out_did_not_leave_by_themself(ward: Harness) -> None:
    ward.corp.change("zoe", department="Porters")
    ward.settle()
    ward.later()
    ward.drop("ward-7", "zoe")
    ward.settle()
    assert went(ward) == []


@pytest.mark.parametrize("is_claimed", [True, False])
def test_who_was_asked_out_by_mistake_and_is_back_is_asked_for_again(ward: Harness, is_claimed: bool) -> None:
    ward.leave("zoe")
    ward.settle()
    [ticket] = ward.tickets(TicketKind.REMOVE_MEMBER)
    if is_claimed:
        ward.desk.done(ticket.id, Actor("dee"), ward.now)
    ward.later(minutes=5)
    ward.corp.enable("zoe")
    ward.poll()
    ward.reconcile()
    assert ward.tickets(TicketKind.REMOVE_MEMBER)[0].state is TicketState.CANCELLED
    ward.later(minutes=5)
    ward.drop("ward-7", "zoe")
    ward.settle()
    assert went(ward) == []
    assert asked_for(ward)


def test_who_is_still_listed_after_a_removal_was_cancelled_can_leave_by_themself(ward: Harness) -> None:
    ward.leave("zoe")
    ward.settle()
    ward.corp.enable("zoe")
    ward.settle()
    ward.later()
    ward.settle()
    ward.later(days=1)
    ward.drop("ward-7", "zoe")
    night(ward)
    assert went(ward) == ["zoe"]


def test_whom_a_review_sent_away_is_not_asked_for_again_until_placed_anew(start: Start) -> None:
    harness = start(joiners=(NURSES,), controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.hire("zoe", department="Nursing")
    harness.wards.add_member("ward-7", harness.member("zoe"))
    harness.settle()
    released(harness)
    say(harness, RowAnswer.REMOVE, "zoe")
    harness.later(days=1)
    harness.drop("ward-7", "zoe")
    night(harness)
    assert [one.state for one in harness.tickets(TicketKind.REMOVE_MEMBER)] == [TicketState.VERIFIED]
    assert not additions(harness)
    harness.corp.change("zoe", department="Porters")
    night(harness)
    harness.later()
    harness.corp.change("zoe", department="Nursing")
    night(harness)
    assert asked_for(harness)


def test_who_came_back_after_a_proven_removal_can_leave_by_themself(ward: Harness) -> None:
    ward.corp.change("zoe", department="Porters")
    ward.settle()
    ward.later()
    ward.drop("ward-7", "zoe")
    ward.settle()
    assert ward.tickets(TicketKind.REMOVE_MEMBER)[0].state is TicketState.VERIFIED
    ward.later(days=1)
    ward.corp.change("zoe", department="Nursing")
    ward.settle()
    ward.later()
    ward.wards.add_member("ward-7", ward.member("zoe"))
    ward.settle()
    ward.later()
    ward.drop("ward-7", "zoe")
    night(ward)
    assert went(ward) == ["zoe"]
    assert not asked_for(ward)


@pytest.mark.parametrize("coverage", [Coverage.PARTIAL, Coverage.STALE])
def test_a_roster_that_is_not_complete_proves_nothing(ward: Harness, coverage: Coverage) -> None:
    ward.drop("ward-7", "zoe")
    ward.wards.mark("ward-7", coverage)
    night(ward)
    assert went(ward) == []


def test_a_roster_that_lost_many_at_once_proves_nothing_about_anybody_even_if_it_stays(
    ward: Harness,
) -> None:
    crew = [f"z{number}" for number in range(12)]
    ward.hire(*crew, department="Nursing")
    for one in crew:
        ward.wards.add_member("ward-7", ward.member(one))
    night(ward)
    ward.later(days=1)
    for one in crew:
        ward.drop("ward-7", one)
    assert ward.inventory().troubles
    ward.later(days=1)
    night(ward)
    assert not ward.wards.has_member("ward-7", ward.number("z0"))
    assert went(ward) == []
    assert asked_for(ward)


def test_another_number_is_no_leaving(ward: Harness) -> None:
    ward.corp.change("zoe", phones=(ward.number("zoe"), "+447700900555"))
    ward.poll()
    ward.drop("ward-7", "zoe")
    ward.wards.add_member("ward-7", Member("+447700900555", "Zoe", phone="+447700900555"))
    night(ward)
    assert went(ward) == []


def test_a_second_handle_in_the_group_is_no_leaving(ward: Harness) -> None:
    ward.corp.change("zoe", phones=(ward.number("zoe"), "+447700900555"))
    ward.wards.add_member("ward-7", Member("+447700900555", "Zoe", phone="+447700900555"))
    night(ward)
    ward.drop("ward-7", "zoe")
    night(ward)
    assert went(ward) == []


def test_who_is_back_is_forgotten(ward: Harness) -> None:
    ward.drop("ward-7", "zoe")
    night(ward)
    ward.later()
    ward.wards.add_member("ward-7", ward.member("zoe"))
    night(ward)
    ward.settle()
    assert went(ward) == []


def test_a_leaver_who_vanishes_has_left_the_company(ward: Harness) -> None:
    ward.leave("zoe")
    ward.poll()
    ward.drop("ward-7", "zoe")
    ward.inventory()
    assert went(ward) == []


def test_a_group_that_ends_proves_nothing(ward: Harness) -> None:
    ward.wards.remove_group("ward-7")
    night(ward)
    ward.group("ward-7", admins=["dee"])
    night(ward)
    assert went(ward) == []
    assert asked_for(ward)


def test_erasing_the_person_erases_it(ward: Harness) -> None:
    ward.drop("ward-7", "zoe")
    night(ward)
    zoe = ward.person("zoe").key
    with ward.store.begin() as uow:
        uow.people.erase(zoe)
    assert went(ward) == []


def test_admins_may_leave_by_themselves_too(ward: Harness) -> None:
    ward.wards.set_role("ward-7", ward.number("zoe"), Role.ADMIN)
    ward.settle()
    ward.later()
    ward.drop("ward-7", "zoe")
    night(ward)
    assert went(ward) == ["zoe"]


def test_nobody_is_asked_for_by_the_number_of_a_member_in_question(start: Start) -> None:
    harness = start(joiners=(NURSES,))
    harness.wards.add_member("ward-7", harness.member("zoe"))
    harness.settle()
    harness.identifying.reject(harness.number("zoe"), Actor("sam"), "an agency nurse", harness.now)
    harness.later()
    harness.hire("zoe", department="Nursing")
    for _ in range(3):
        night(harness)
    assert additions(harness) == []
