"""Reviews of a register's group count, and go on, where the messenger shows the group since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness import Harness
from reviewed import KEEP, RULE, answer, names, of, released, reviews, token
from several_accounts import known_twice
from worker.domain.controls.policy import ControlPolicy
from worker.domain.model import Group, Member, Role
from worker.domain.tickets.ticket import Ticket, TicketState

CREW = ("ann", "ben", "cem")


BESIDE_A_REGISTER: dict[str, Any] = {
    "registers": ("reg",),
    "controls": ControlPolicy(review=(RULE,)),
    "has_links": True,
}


@pytest.fixture
def ward(found: Callable[..., Harness]) -> Harness:
    harness = found(**BESIDE_A_REGISTER)
    harness.hire(*CREW, "dee", "eve", "gus")
    return asked_in_register(harness)


def asked_in_register(harness: Harness) -> Harness:
    """Ward 7 in a register, whose review is asked for; the phone beside it does not see it yet."""
    harness.group("other", "eve", admins=["gus"])
    harness.group("ward-7", *CREW, admins=["dee"], at=1)
    harness.settle()
    harness.later()
    harness.settle()
    released(harness)
    return harness


def open_reviews(ward: Harness) -> list[Ticket]:
    return [one for one in reviews(ward) if one.group_name == "Ward 7" and one.state is TicketState.OPEN]


def answer_all(ward: Harness) -> None:
    for ticket in open_reviews(ward):
        rows = ward.app.reviewing.look(token(ward, ticket), ward.now).left
        said = {row.member.handle: KEEP for row in rows}
        answer(ward, ticket, said)


def the_phone_sees_it(ward: Harness, *members: Member) -> None:
    """With these members, or the same as the register has."""
    ward.later()
    if members:
        ward.inventories[0].add_group(Group("120@g.us", "Ward 7"), members)
    else:
        ward.group("ward-7", *CREW, admins=["dee"])
    passes(ward)


def passes(ward: Harness) -> None:
    for _ in range(2):
        ward.later()
        ward.settle()
        ward.control()


def test_a_finished_review_is_not_asked_for_again(ward: Harness) -> None:
    answer_all(ward)
    the_phone_sees_it(ward)
    assert open_reviews(ward) == []


def test_one_that_was_begun_is_finished_once(ward: Harness) -> None:
    the_phone_sees_it(ward)
    assert {one.home.source for one in open_reviews(ward)} == {ward.inventories[0].name}
    answer_all(ward)
    passes(ward)
    assert open_reviews(ward) == []


def test_what_was_answered_is_of_the_same_people_under_other_handles(ward: Harness) -> None:
    whole, own = of(ward, "ward-7", own=False), of(ward, "ward-7", own=True)
    said = {ward.number(one): KEEP for one in ("ann", "ben")}
    answer(ward, whole, said)
    hidden = (
        Member("77@lid", "Ann", phone=ward.number("ann"), lid="77@lid"),
        Member("99@lid", "Dee", role=Role.ADMIN, phone=ward.number("dee"), lid="99@lid"),
    )
    the_phone_sees_it(ward, *hidden, ward.member("ben"), ward.member("cem"))
    assert [names(ward.app.reviewing.look(token(ward, one), ward.now)) for one in (whole, own)] == [
        ["Cem"],
        ["Dee"],
    ]
    assert ward.ticket(own.id).details["only"] == ["99@lid"]


def test_they_are_the_same_people_by_any_of_their_accounts(found: Callable[..., Harness]) -> None:
    ward = asked_in_register(known_twice(found, "eve", "gus", has_group=False, **BESIDE_A_REGISTER))
    whole = of(ward, "ward-7", own=False)
    answer(ward, whole, {ward.number("ann"): KEEP})
    hidden = Member("77@lid", "Ann", lid="77@lid", email="cloud-ann@corp.example")
    the_phone_sees_it(ward, hidden, ward.member("dee", Role.ADMIN), ward.member("ben"), ward.member("cem"))
    assert names(ward.app.reviewing.look(token(ward, whole), ward.now)) == ["Ben", "Cem"]
