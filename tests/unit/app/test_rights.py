"""Whose rights have ended, and what nobody decides about themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from harness import Harness
from worker.app.acts.rights import has_lost_rights
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, Via, signed_in
from worker.domain.reconcile.guard import GuardLimits, HoldState
from worker.domain.tickets.ticket import TicketState

OBJECT = "0f8fad5b-d9cb-469f-a165-70867728950e"
ISSUER = "https://login.microsoftonline.com/t/v2.0"
ZOE = Actor("zoe@corp.example", "by:zoe", Via.CONSOLE)
BY_ID = Actor("Zoe Quux", signed_in(ISSUER, OBJECT.upper()), Via.CONSOLE)
KIM = Actor("kim@corp.example", "by:kim", Via.CONSOLE)


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    harness = start(limits=GuardLimits(leavers_max=2))
    harness.hire(OBJECT, email="zoe@corp.example", display_name="Zoe Quux")
    harness.hire("ann", "ben", "dee", "kim")
    harness.group("ward-7", OBJECT, "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


def _lost(harness: Harness, by: Actor) -> bool:
    with harness.store.reading() as uow:
        return has_lost_rights(uow, by)


@pytest.mark.parametrize("by", [
    ZOE,
    replace(ZOE, name="ZOE@Corp.Example"),
    Actor("Zoe", "by:zoe", known_as=frozenset({"zoe@corp.example"})),
    BY_ID,
])  # fmt: skip
def test_rights_end_when_a_directory_says_that_somebody_has_left(ward: Harness, by: Actor) -> None:
    assert not _lost(ward, by)
    ward.leave(OBJECT)
    ward.settle()

    assert _lost(ward, by)


ZED = "zed@corp.example"


@pytest.mark.parametrize("here, is_lost", [
    ({}, True),
    ({"email": None, "username": ZED}, False),
    ({"email": ZED}, False),
])  # fmt: skip
def test_rights_end_by_a_user_name_that_nobody_has_who_is_here(
    ward: Harness, here: dict[str, str | None], is_lost: bool
) -> None:
    """An account without a mailbox, whose user name looks like an address."""
    zed = Actor(ZED, "by:zed", Via.CONSOLE)
    ward.hire("zed", email=None, username=ZED.capitalize())
    ward.hire("other", **here)
    ward.settle()
    assert not _lost(ward, zed)
    ward.leave("zed")
    ward.settle()

    assert _lost(ward, zed) is is_lost


def test_a_user_name_shows_an_account_that_is_here(ward: Harness) -> None:
    ward.hire("zed", email=None, username=ZED)
    ward.leave(OBJECT)
    ward.settle()

    assert not _lost(ward, Actor(ZED, "by:zed", known_as=frozenset({ZOE.name})))
    assert not _lost(ward, replace(BY_ID, name=ZED))


def test_nobody_waives_their_own_removal_under_a_user_name(ward: Harness) -> None:
    ward.hire("zed", email=None, username=ZED)
    ward.group("ward-8", "zed", "ann", admins=["dee"])
    ward.settle()
    ward.leave("zed")
    ward.settle()
    [ticket] = ward.tickets()

    with pytest.raises(Refused, match=f"{ticket.label} is about you, too"):
        ward.desk.waive(ticket.id, Actor(ZED, "by:zed", Via.CONSOLE), "may stay", ward.now)


@pytest.mark.parametrize("by", [
    Actor("ann"),  # a name, which is also somebody's id
    Actor("sam@elsewhere.example"),
    Actor("Sam", signed_in("https://id.example", "ann")),
    Actor("Sam", signed_in(ISSUER, "0f8fad5b-0000-469f-a165-70867728950e")),
])  # fmt: skip
def test_whoever_no_directory_knows_goes_on(ward: Harness, by: Actor) -> None:
    ward.leave("ann")
    ward.settle()

    assert not _lost(ward, by)


def test_whoever_has_another_account_that_is_here_goes_on(ward: Harness) -> None:
    """One that no directory joins to the first: a contractor who was hired."""
    ward.leave(OBJECT)
    ward.settle()

    assert not _lost(ward, KIM)
    assert not _lost(ward, replace(KIM, known_as=frozenset({ZOE.name})))
    assert not _lost(ward, replace(BY_ID, name=KIM.name))


@pytest.mark.parametrize("by", [
    replace(ZOE, known_as=frozenset({"kim@corp.example"})),
    replace(BY_ID, known_as=frozenset({"kim@corp.example"})),
    replace(BY_ID, name="kim@corp.example", lacks_address=True),
])  # fmt: skip
def test_an_address_that_nobody_vouches_for_keeps_no_rights(ward: Harness, by: Actor) -> None:
    """Where a provider lets people type an address of their own, a leaver might type a colleague's."""
    assert not _lost(ward, by)
    ward.leave(OBJECT)
    ward.settle()

    assert _lost(ward, by)


@pytest.mark.parametrize("by", [ZOE, BY_ID])
def test_rights_go_on_while_the_guard_holds_a_leaving(ward: Harness, by: Actor) -> None:
    ward.leave(OBJECT, "ann", "ben")
    ward.settle()
    assert not _lost(ward, by)

    ward.approvals.decide(1, [], Actor("sam"), "they left", ward.now, release=True)
    assert _lost(ward, by)


@pytest.mark.parametrize("by", [ZOE, BY_ID, Actor("api:1", "by:z", Via.API, known_as=frozenset({ZOE.name}))])
def test_nobody_decides_on_a_plan_that_they_are_in(ward: Harness, by: Actor) -> None:
    ward.leave(OBJECT, "ann", "ben")
    ward.settle()

    for release in (True, False):
        with pytest.raises(Refused, match="P-000001 is about you, too"):
            ward.approvals.decide(1, [], by, "a mistake", ward.now, release=release)
    assert ward.plans()[0].state is HoldState.HELD


@pytest.mark.parametrize("by", [KIM, replace(ZOE, via=Via.COMMAND)])
def test_somebody_else_or_a_command_decides_on_it(ward: Harness, by: Actor) -> None:
    ward.leave(OBJECT, "ann", "ben")
    ward.settle()

    decided = ward.approvals.decide(1, [], by, "a mistake", ward.now, release=False)
    assert decided.state is HoldState.REJECTED


def test_nobody_waives_or_holds_their_own_removal(ward: Harness) -> None:
    ward.leave(OBJECT)
    ward.settle()

    with pytest.raises(Refused, match="T-000001 is about you, too"):
        ward.desk.waive(1, ZOE, "may stay", ward.now)
    with pytest.raises(Refused, match="T-000001 is about you, too"):
        ward.app.holds.hold(1, ZOE, "an export", ward.now + timedelta(hours=2), ward.now)
    assert ward.ticket().state is TicketState.OPEN
    ward.desk.waive(1, Actor("kim@corp.example", "by:kim", Via.CONSOLE), "may stay", ward.now)
    assert ward.ticket().state is TicketState.WAIVED


@pytest.mark.parametrize("by", [ZOE, BY_ID])
def test_nobody_takes_back_whom_their_own_number_is_linked_to(ward: Harness, by: Actor) -> None:
    """Whoever leaves would be nobody in the group, and asked out of it by nobody."""
    number = ward.number(OBJECT)

    with pytest.raises(Refused, match=re.escape(f"{number} is about you, too")):
        ward.identifying.reject(number, by, "not mine", ward.now)
    with pytest.raises(Refused, match=re.escape(f"{number} is about you, too")):
        ward.identifying.confirm(number, "ann@corp.example", by, ward.now, "Ann's")
    ward.identifying.reject(number, KIM, "the ward's phone", ward.now)
