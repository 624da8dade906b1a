"""What tells the people apart who a member may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import pytest

from harness import Harness
from worker.app.tell.choices import LikelyPerson
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketKind

SHARED = "+447700900777"


def likely(harness: Harness, *people: dict[str, Any], leavers: tuple[str, ...] = ()) -> list[LikelyPerson]:
    """The choices in a question about a number that these people share, by id; the leavers leave before it is seen."""
    ids = [f"kim-{at}" for at, _ in enumerate(people, 1)]
    for person_id, one in zip(ids, people, strict=True):
        harness.hire(person_id, phones=(SHARED,), **one)
    harness.settle()
    harness.leave(*leavers)
    harness.settle()
    harness.wards.add_member("ward-7", Member(SHARED, "Kim", phone=SHARED))
    harness.settle()
    [ticket] = harness.tickets(TicketKind.IDENTIFY_MEMBER)
    token = harness.link(ticket.id).rpartition("/")[2]
    found = harness.app.assigned.look(token, harness.now).suggestions
    return sorted(found, key=lambda one: one.key)


KIM, KIM_LEE = {"display_name": "Kim Lee"}, {"display_name": "Lee, Kim"}
NURSE, PORTER = {"department": "Nursing"}, {"department": "Porters"}


@pytest.mark.parametrize("people, told", [
    ([KIM | NURSE, {"display_name": "Una"} | PORTER], [("", ""), ("", "")]),
    ([KIM | NURSE, KIM_LEE | PORTER], [("Nursing", ""), ("Porters", "")]),
    ([KIM | NURSE, KIM_LEE], [("Nursing", ""), ("", "")]),
    ([KIM | NURSE, KIM_LEE | NURSE], [("Nursing", "kim-1@corp.example"), ("Nursing", "kim-2@corp.example")]),
    ([KIM, KIM | {"email": None}], [("", "kim-1@corp.example"), ("", "")]),
])  # fmt: skip
def test_people_of_one_name_are_told_apart_by_the_department_then_by_the_address(
    start: Callable[..., Harness], people: list[dict[str, Any]], told: list[tuple[str, str]]
) -> None:
    found = likely(start(), *people)
    assert [(one.department, one.email) for one in found] == told
    assert [one.left_at for one in found] == [None, None]


def test_of_two_accounts_of_one_department_the_one_that_left_has_its_day(
    start: Callable[..., Harness],
) -> None:
    harness = start()
    gone, here = likely(harness, KIM | NURSE, KIM | NURSE, leavers=("kim-1",))
    assert gone.left_at == harness.person("kim-1").left_at is not None
    assert (gone.department, gone.email) == ("Nursing", "")
    assert astuple(here)[2:] == (None, "Nursing", "")


def test_who_is_asked_about_nobody_known_has_no_choice(start: Callable[..., Harness]) -> None:
    harness = start()
    harness.wards.add_member("ward-7", Member(SHARED, "Xyz", phone=SHARED))
    harness.settle()
    [ticket] = harness.tickets(TicketKind.IDENTIFY_MEMBER)
    token = harness.link(ticket.id).rpartition("/")[2]
    assert harness.app.assigned.look(token, harness.now).suggestions == ()
