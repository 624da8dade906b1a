"""The page of a review: how long its rows took is counted for the campaign, from the times of page and form."""

from __future__ import annotations

import re

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.controls.policy import ControlPolicy, ReviewSection
from worker.domain.controls.reviewing import ReviewRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.ticket import TicketKind, TicketState

RULE = ReviewSection(ControlSwitch(Mode.TICKET), ReviewRule(sample=0))


@company_fixture
def ward() -> Harness:
    """Ward 7 with Ann and Ben, whose admin Dee is asked for a review."""
    harness = Harness(controls=ControlPolicy(review=(RULE,)))
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return harness


def medians(harness: Harness) -> set[int | None]:
    with harness.store.reading() as uow:
        return {one.median_s for one in uow.reviews.campaigns()}


def answer(ward: Harness, after_s: float, **changes: str) -> None:
    desk: Caller = desk_of(ward)
    ticket = next(one for one in ward.tickets() if "/own" not in one.occasion)
    where = ward.link(ticket.id).partition(".org")[2]
    page = desk.get(where).text
    rows = re.findall(r'name="row" value="([^"]+)"', page)
    shown = re.findall(r'name="shown_at" value="(\d+)"', page)[0]
    ward.later(seconds=after_s)
    given = {"shown_at": shown, "row": rows[0], "answer-0": "keep"} | changes
    desk.post(f"{where}/review", given)


def test_the_seconds_of_a_row_come_from_the_page(ward: Harness) -> None:
    answer(ward, 12)
    assert medians(ward) == {None, 12}


def test_the_answers_stay_where_one_of_them_would_leave_the_group_without_an_admin(ward: Harness) -> None:
    ward.hire("eve")
    ward.wards.add_member("ward-7", ward.member("eve", Role.ADMIN))
    ward.settle()
    main, own = sorted(ward.tickets(TicketKind.REVIEW_GROUP), key=lambda one: "/own" in one.occasion)
    desk = desk_of(ward)
    shown = re.findall(r'name="row" value="([^"]+)"', desk.get(desk.ticket(own.id)).text)
    desk.post(f"{desk.ticket(own.id)}/review", {"row": shown, "answer-0": "remove"})
    here = desk.ticket(main.id)
    page = desk.get(here).text
    rows = re.findall(r'name="row" value="([^"]+)"', page)
    [began_at] = re.findall(r'name="shown_at" value="(\d+)"', page)
    at = re.findall(r"<legend><bdi>(\w+)", page).index("Eve")
    answers = {f"answer-{number}": "keep" for number in range(len(rows))} | {f"answer-{at}": "remove"}

    ward.later(minutes=2)
    after = desk.post(f"{here}/review", {"row": rows, "shown_at": began_at} | answers)

    assert after.status_code == 422
    assert "the group would have no admin left" in after.text
    given = re.findall(r'name="(answer-\d+)" value="(\w+)" checked', after.text)
    assert dict(given) == answers
    assert len(given) == 3
    assert f'name="shown_at" value="{began_at}"' in after.text, "its rows took as long as they did"


def test_who_says_that_nobody_needs_the_group_is_thanked_and_can_take_it_back(ward: Harness) -> None:
    ticket = next(one for one in ward.tickets() if "/own" not in one.occasion)
    desk = desk_of(ward)
    here = desk.ticket(ticket.id)
    assert 'name="answer" value="not_needed"' in desk.get(here).text
    after = desk.post(f"{here}/answer", {"answer": "not_needed"})
    assert after.status_code == 200
    assert "Somebody else takes care of it." in after.text
    assert "Belongs in the group" not in after.text
    assert "Belongs in the group" in desk.post(f"{here}/undo").text
    ward.later(minutes=2)
    assert desk.get(here).status_code == 200


@pytest.mark.parametrize("shown_at", ["", "soon", "-5", "99999999999999"])
def test_what_is_no_instant_counts_nothing(ward: Harness, shown_at: str) -> None:
    answer(ward, 12, shown_at=shown_at)
    assert medians(ward) == {None}


def test_the_page_thanks_while_somebody_else_is_still_to_be_asked_about_the_reviewer(ward: Harness) -> None:
    [review] = [one for one in ward.tickets() if "/own" not in one.occasion]
    ward.desk.assign(review.id, "ann@corp.example", Actor("sam"), ward.now)
    where = ward.link(review.id).partition(".org")[2]
    desk = desk_of(ward)
    rows = re.findall(r'name="row" value="([^"]+)"', desk.get(where).text)
    desk.post(f"{where}/review", {"row": rows, **{f"answer-{at}": "keep" for at in range(len(rows))}})
    assert ward.ticket(review.id).state is TicketState.OPEN
    assert "Everybody who was shown is answered for." in desk.get(where).text


def test_a_page_about_somebody_else_changes_nothing_and_keeps_what_was_said_of_the_others(
    ward: Harness,
) -> None:
    review = next(one for one in ward.tickets() if "/own" not in one.occasion)
    desk = desk_of(ward)
    here = desk.ticket(review.id)
    rows = re.findall(r'name="row" value="([^"]+)"', desk.get(here).text)
    assert ward.number("ann") not in rows
    number = ward.number("ann")
    ward.hire("ann", phones=("+447700900999",))
    ward.hire("gus", phones=(number,))
    ward.later()
    ward.settle()
    after = desk.post(f"{here}/review", {"row": rows, "answer-0": "remove", "answer-1": "keep"})
    assert after.status_code == 422
    assert "Nothing was changed: this page was out of date." in after.text
    assert "<bdi>Gus</bdi>" in after.text
    assert len(re.findall(r'value="keep" checked', after.text)) == 1
    assert 'value="remove" checked' not in after.text
    assert not ward.tickets(TicketKind.REMOVE_MEMBER)
