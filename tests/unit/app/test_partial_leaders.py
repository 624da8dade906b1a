"""One group in two sources of which the better one is not inside any more, or sees a part of it only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handles import LID
from harness import Harness
from worker.app.reads.release import release_of
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Role
from worker.domain.people.joiners import Placement
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState
from worker.ports import Capabilities, Transient

Found = Callable[..., Harness]
REMOVE = TicketKind.REMOVE_MEMBER
LIST, LIVE = Capabilities(sees_all_groups=True, is_kept_by_people=True), Capabilities()
CREW = ("ann", "eve", "joe")
STAFF = (*CREW, "ben", "zoe", *(f"p{number}" for number in range(12)))
GROUP = "120@g.us"


def two_sources(found: Found, second: Capabilities, **wishes: Any) -> Harness:
    """A phone, and another source of the same group; both show all of it."""
    harness = found(inventories=("phone", "second"), **wishes)
    harness.hire(*STAFF)
    harness.inventories[0].can, harness.inventories[1].can = LIVE, second
    harness.start(harness.app.rules)
    for at in (0, 1):
        harness.group(GROUP, *CREW, admins=["ben"], at=at, name="Ward 7")
    passes(harness)
    return harness


@pytest.fixture
def phones(found: Found) -> Harness:
    return two_sources(found, LIVE)


@pytest.fixture(params=[LIVE, LIST], ids=["phone", "register"])
def either(found: Found, request: pytest.FixtureRequest) -> Harness:
    return two_sources(found, request.param)


def passes(harness: Harness, times: int = 2) -> None:
    for _ in range(times):
        harness.later()
        harness.settle(full=True)


def removals(harness: Harness) -> list[tuple[str, TicketState]]:
    return [(one.home.source, one.state) for one in harness.tickets(REMOVE)]


def shows(harness: Harness, coverage: Coverage) -> None:
    """From now on the phone says that it shows so much of the group."""
    harness.inventories[0].mark(GROUP, coverage)


def joins(harness: Harness, who: str, *at: int) -> None:
    for one in at:
        harness.inventories[one].add_member(GROUP, harness.member(who))


def goes(harness: Harness, who: str, *at: int) -> None:
    for one in at:
        harness.inventories[one].remove_member(GROUP, harness.number(who))


@pytest.mark.parametrize("coverage", [Coverage.STALE, Coverage.PARTIAL])
def test_a_leaver_whom_the_first_source_cannot_see_is_asked_out(either: Harness, coverage: Coverage) -> None:
    shows(either, coverage)
    joins(either, "zoe", 1)
    passes(either)
    either.leave("zoe")
    passes(either)
    assert [state for _, state in removals(either)] == [TicketState.OPEN]


@pytest.mark.parametrize("coverage", [Coverage.STALE, Coverage.PARTIAL])
def test_another_phone_proves_what_the_first_one_cannot(phones: Harness, coverage: Coverage) -> None:
    phones.leave("ann")
    passes(phones)
    assert removals(phones) == [("phone", TicketState.OPEN)]
    shows(phones, coverage)
    goes(phones, "ann", 1)
    passes(phones)
    [ticket] = phones.tickets(REMOVE)
    assert (ticket.home.source, ticket.state, ticket.grade) == ("second", TicketState.VERIFIED, Grade.A)


def test_a_list_that_is_a_part_now_and_then_moves_tickets_once_and_opens_none(phones: Harness) -> None:
    phones.leave("ann")
    passes(phones)
    [before] = phones.tickets(REMOVE)
    for coverage in (Coverage.PARTIAL, Coverage.FULL) * 3:
        shows(phones, coverage)
        passes(phones, 1)
    [after] = phones.tickets(REMOVE)
    assert (after.id, after.state, after.reopened) == (before.id, TicketState.OPEN, 0)
    assert after.clock_from == before.clock_from
    assert phones.kinds().count(events.TICKET_MOVED) == 1, "whoever leads goes on while it shows all"


def test_a_phone_that_was_not_read_for_a_day_leads_no_more(phones: Harness) -> None:
    shows(phones, Coverage.PARTIAL)
    passes(phones)
    phones.leave("ann")
    passes(phones)
    assert removals(phones) == [("second", TicketState.OPEN)]
    phones.inventories[1].fail(Transient("no answer", remedy="Wait."))
    phones.later(days=1, hours=1)
    phones.poll()
    phones.inventory()
    assert removals(phones) == [("phone", TicketState.OPEN)]


# --- a register beside a phone that sees a part ------------------------------------------------------------


@pytest.fixture
def ward(found: Found) -> Harness:
    """A phone that sees a part of the ward's group, and a register that lists Zoe, too; she has left."""
    harness = two_sources(found, LIST)
    shows(harness, Coverage.PARTIAL)
    joins(harness, "zoe", 1)
    passes(harness)
    harness.leave("zoe")
    passes(harness)
    assert removals(harness) == [("phone", TicketState.OPEN)]
    return harness


def test_whom_a_whole_list_does_not_show_is_out_once_and_for_all(ward: Harness) -> None:
    """The register still has the row. What the messenger proved is asked for no more."""
    for coverage in (Coverage.FULL, Coverage.PARTIAL) * 2:
        shows(ward, coverage)
        passes(ward, 1)
        [ticket] = ward.tickets(REMOVE)
        assert (ticket.state, ticket.grade, ticket.reopened) == (TicketState.VERIFIED, Grade.A, 0)


def test_who_is_added_again_after_the_proof_is_asked_out_again(ward: Harness) -> None:
    shows(ward, Coverage.FULL)
    passes(ward)
    goes(ward, "zoe", 1)
    shows(ward, Coverage.PARTIAL)
    passes(ward)
    assert removals(ward) == [("phone", TicketState.VERIFIED)]
    joins(ward, "zoe", 1)
    passes(ward)
    [ticket] = ward.tickets(REMOVE)
    assert (ticket.state, ticket.reopened) == (TicketState.OPEN, 1)


def test_who_is_added_again_before_the_proof_was_weighed_is_asked_out_again(ward: Harness) -> None:
    """The phone's list is of two hours ago; the register's next one is of between that and now."""
    phone, register = ward.inventories
    ward.later(hours=4)
    shows(ward, Coverage.FULL)
    goes(ward, "zoe", 1)
    phone.lag(timedelta(hours=2))
    ward.settle()
    assert removals(ward) == [("phone", TicketState.VERIFIED)]
    shows(ward, Coverage.PARTIAL)
    joins(ward, "zoe", 1)
    register.lag(timedelta(hours=2))
    passes(ward, 1)
    [ticket] = ward.tickets(REMOVE)
    assert (ticket.state, ticket.reopened) == (TicketState.OPEN, 1)


def test_they_go_on_under_the_handle_that_the_phone_shows_of_them(ward: Harness) -> None:
    hidden = replace(ward.member("zoe"), handle=LID, lid=LID)
    ward.inventories[0].add_member(GROUP, hidden)
    passes(ward)
    ward.identifying.confirm(LID, "zoe", Actor("sam"), ward.now)
    passes(ward)
    [ticket] = ward.tickets(REMOVE)
    assert (ticket.handle, ticket.state) == (LID, TicketState.OPEN)


def test_who_comes_back_to_work_may_stay_and_a_later_leaving_is_another(ward: Harness) -> None:
    ward.corp.enable("zoe")
    passes(ward)
    assert removals(ward) == [("phone", TicketState.CANCELLED)]
    ward.later(days=1)
    ward.leave("zoe")
    passes(ward)
    assert removals(ward) == [("phone", TicketState.CANCELLED), ("phone", TicketState.OPEN)]


def test_whom_nobody_knows_any_more_is_not_asked_out_nor_asked_about_where_they_are_not(
    ward: Harness,
) -> None:
    ward.hire("mia", phones=(ward.number("zoe"),))
    passes(ward)
    assert removals(ward) == [("phone", TicketState.CANCELLED)]
    assert ward.tickets(TicketKind.IDENTIFY_MEMBER) == []
    ward.identifying.confirm(ward.number("zoe"), "zoe", Actor("sam"), ward.now)
    passes(ward)
    assert removals(ward) == [("phone", TicketState.OPEN)]


def test_who_is_nobody_by_the_phone_s_own_list_is_not_asked_out(found: Found) -> None:
    harness = two_sources(found, LIST)
    shows(harness, Coverage.PARTIAL)
    hidden = replace(harness.member("zoe"), handle=LID, lid=LID)
    harness.inventories[0].add_member(GROUP, hidden)
    passes(harness)
    harness.identifying.reject(LID, Actor("sam"), "a ward's phone", harness.now)
    joins(harness, "zoe", 1)
    harness.leave("zoe")
    passes(harness)
    assert removals(harness) == []


def test_a_mover_is_asked_out_as_well(found: Found) -> None:
    rule = Placement((("department", ("Nursing",)),), ("Ward*",))
    harness = two_sources(found, LIST, joiners=(rule,))
    shows(harness, Coverage.PARTIAL)
    harness.hire("kim", department="Nursing")
    joins(harness, "kim", 1)
    passes(harness)
    harness.hire("kim", department="Porters")
    passes(harness)
    assert removals(harness) == [("phone", TicketState.OPEN)]


def test_the_last_admin_waits_for_another(found: Found) -> None:
    harness = two_sources(found, LIST)
    shows(harness, Coverage.PARTIAL)
    for at in (0, 1):
        harness.inventories[at].set_role(GROUP, harness.number("ben"), Role.MEMBER)
    harness.inventories[1].add_member(GROUP, harness.member("zoe", Role.ADMIN))
    passes(harness)
    harness.leave("zoe")
    passes(harness)
    assert removals(harness) == [("phone", TicketState.BLOCKED)]
    [admin] = harness.tickets(TicketKind.REASSIGN_ADMIN)
    assert (admin.home.source, admin.state) == ("phone", TicketState.OPEN)
    harness.inventories[0].set_role(GROUP, harness.number("eve"), Role.ADMIN)
    passes(harness)
    assert removals(harness) == [("phone", TicketState.OPEN)]


def test_a_list_that_is_too_short_to_be_believed_makes_nobody_of_the_register_s(found: Found) -> None:
    harness = two_sources(found, LIST, limits=GuardLimits(group_share_max=0.3, share_from=1))
    joins(harness, "zoe", 1)
    harness.leave("zoe")
    passes(harness)
    assert removals(harness) == [], "the messenger shows all, and not her"
    harness.inventories[0].shrink(GROUP, 2)
    harness.later()
    assert harness.inventory().troubles
    harness.reconcile(full=True)
    assert removals(harness) == []


def test_a_plan_s_release_is_foreseen_where_the_tickets_will_be(found: Found) -> None:
    limits = GuardLimits(leavers_max=1, leavers_share_max=None, group_share_max=None)
    harness = two_sources(found, LIST, limits=limits)
    shows(harness, Coverage.PARTIAL)
    joins(harness, "zoe", 1)
    passes(harness)
    harness.leave("zoe", "ann")
    passes(harness)
    with harness.store.reading() as uow:
        foreseen = release_of(uow, 1, harness.rules, (), harness.now)
    harness.decide()
    passes(harness)
    assert removals(harness) == [("phone", TicketState.OPEN)] * 2
    assert foreseen.kinds == [(REMOVE, 2)]


def test_what_a_register_said_that_is_taken_out_counts_for_a_week(ward: Harness) -> None:
    joins(ward, "p1", 1)
    passes(ward)
    ward.inventories.pop(1)
    ward.start(ward.app.rules)
    ward.later(days=8)
    ward.leave("p1")
    passes(ward)
    assert len(ward.tickets(REMOVE)) == 1
