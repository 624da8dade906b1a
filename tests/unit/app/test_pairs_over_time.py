"""Groups that are one for a while: a better source comes later, and a source is taken out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness import Harness
from worker.domain.model import NOTHING_SAID
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.ports import Capabilities

ADD, REMOVE = TicketKind.ADD_MEMBER, TicketKind.REMOVE_MEMBER
LIST = Capabilities(sees_all_groups=True, is_kept_by_people=True)
CREW = ("ann", "eve", "joe")
NURSES = Placement((("department", ("Nursing",)),), ("Ward*",))


@pytest.fixture
def ward(found: Callable[..., Harness]) -> Harness:
    """Ward 7 in a register; the phone beside it does not see it yet. The rules place nurses in it."""
    harness = found(inventories=("register", "phone"), joiners=(NURSES,))
    harness.hire(*CREW, "ben", "zoe", *(f"p{number}" for number in range(12)))
    harness.inventories[0].can, harness.inventories[1].can = LIST, Capabilities()
    harness.start(harness.app.rules)
    harness.group("ward-7", *CREW, admins=["ben"], name="Ward 7")
    passes(harness)
    return harness


def passes(harness: Harness) -> None:
    for _ in range(2):
        harness.later()
        harness.settle(full=True)


def the_phone_sees_it(harness: Harness, *more: str) -> None:
    harness.group("120@g.us", *CREW, *more, admins=["ben"], at=1, name="Ward 7")
    passes(harness)


def the_phone_is_taken_out(harness: Harness) -> None:
    """The configuration names the register alone."""
    harness.inventories.pop(1)
    harness.start(harness.app.rules)
    passes(harness)


def live(harness: Harness, kind: TicketKind) -> list[Ticket]:
    return [one for one in harness.tickets(kind) if one.is_live]


# --- a register that only names a group -----------------------------------------------------------------


@pytest.fixture
def named(found: Callable[..., Harness]) -> Harness:
    """Ward 7, which the phone sees and the register only names, without an id or a member of it."""
    harness = found(inventories=("register", "phone"), joiners=(NURSES,))
    harness.hire(*CREW, "ben", *(f"p{number}" for number in range(12)))
    harness.inventories[0].can, harness.inventories[1].can = LIST, Capabilities()
    harness.start(harness.app.rules)
    harness.group("120@g.us", name="Ward 7")
    harness.wards.register("120@g.us", NOTHING_SAID)
    harness.group("120@g.us", *CREW, admins=["ben"], at=1, name="Ward 7")
    harness.group("121@g.us", admins=["ben"], at=1)
    passes(harness)
    return harness


def test_a_group_that_a_register_only_names_proves_nobody_gone(named: Harness) -> None:
    named.leave("ann")
    passes(named)
    named.inventories[1].remove_group("120@g.us")
    passes(named)
    assert TicketState.VERIFIED not in {one.state for one in named.tickets(REMOVE)}
    assert not named.tickets(ADD)


def test_a_register_s_group_that_was_emptied_proves_them_gone(ward: Harness) -> None:
    ward.wards.register("ward-7", NOTHING_SAID)
    ward.leave("ann")
    passes(ward)
    for one in (*CREW, "ben"):
        ward.drop("ward-7", one)
    passes(ward)
    passes(ward)
    [ticket] = ward.tickets(REMOVE)
    assert (ticket.state, ticket.grade) == (TicketState.VERIFIED, Grade.B)


# --- the better source is taken out -----------------------------------------------------------------------


def test_the_register_leads_again_and_proves_what_is_done(ward: Harness) -> None:
    the_phone_sees_it(ward)
    the_phone_is_taken_out(ward)
    ward.leave("ann")
    passes(ward)
    [ticket] = ward.tickets(REMOVE)
    assert ticket.home.source == "register"
    ward.drop("ward-7", "ann")
    passes(ward)
    [ticket] = ward.tickets(REMOVE)
    assert (ticket.state, ticket.grade) == (TicketState.VERIFIED, Grade.B)


def test_a_leaver_whom_only_the_register_lists_has_a_ticket(ward: Harness) -> None:
    the_phone_sees_it(ward)
    the_phone_is_taken_out(ward)
    ward.wards.add_member("ward-7", ward.member("zoe"))
    ward.leave("zoe")
    passes(ward)
    assert [one.home.source for one in live(ward, REMOVE)] == ["register"]


# --- a better source comes later --------------------------------------------------------------------------


def is_in(harness: Harness, who: str) -> None:
    harness.wards.add_member("ward-7", harness.member(who))
    passes(harness)


def works(harness: Harness, who: str, department: str, title: str = "Nurse") -> None:
    harness.hire(who, department=department, title=title)
    passes(harness)


def homes(harness: Harness, kind: TicketKind) -> list[tuple[str, int]]:
    return [(one.home.source, one.id) for one in live(harness, kind)]


def test_a_joiner_is_still_to_be_added_where_the_phone_sees_the_group(ward: Harness) -> None:
    works(ward, "kim", "Nursing")
    assert homes(ward, ADD) == [("register", 1)]
    the_phone_sees_it(ward)
    assert homes(ward, ADD) == [("phone", 1)]


def test_a_mover_is_still_to_go_where_the_phone_sees_the_group(ward: Harness) -> None:
    works(ward, "kim", "Nursing")
    is_in(ward, "kim")
    works(ward, "kim", "Porters")
    [(source, number)] = homes(ward, REMOVE)
    assert source == "register"
    the_phone_sees_it(ward, "kim")
    assert homes(ward, REMOVE) == [("phone", number)]


def test_who_left_the_group_by_themself_is_not_asked_for_where_the_phone_sees_it(ward: Harness) -> None:
    works(ward, "kim", "Nursing")
    is_in(ward, "kim")
    ward.drop("ward-7", "kim")
    passes(ward)
    the_phone_sees_it(ward)
    assert homes(ward, ADD) == []


def by_the_register_s_id(harness: Harness) -> None:
    """The rule names the register's group alone."""
    rule = Placement((("department", ("Nursing",)),), ("ward-7",))
    harness.start(replace(harness.app.rules, joiners=(rule,)))


def test_a_rule_about_the_register_s_group_is_about_the_phone_s_too(ward: Harness) -> None:
    by_the_register_s_id(ward)
    the_phone_sees_it(ward)
    works(ward, "kim", "Nursing")
    assert [source for source, _ in homes(ward, ADD)] == ["phone"]


def test_another_title_makes_nobody_a_mover_where_the_phone_sees_the_group(ward: Harness) -> None:
    by_the_register_s_id(ward)
    works(ward, "kim", "Nursing")
    is_in(ward, "kim")
    the_phone_sees_it(ward, "kim")
    works(ward, "kim", "Nursing", "Senior nurse")
    assert homes(ward, REMOVE) == []
    works(ward, "kim", "Porters")
    assert [source for source, _ in homes(ward, REMOVE)] == ["phone"]
