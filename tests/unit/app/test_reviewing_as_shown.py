"""An answer counts for whom the page showed: nobody else, whoever has their number by now."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from reviewed import KEEP, REMOVE, answer, look, marked, names, reviewed_ward, reviews, say, token
from worker.app.acts.review_answers import RowsChanged
from worker.app.acts.reviewing import ReviewShown
from worker.domain.controls.reviewing import RowAnswer
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketKind, TicketState


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    return reviewed_ward(start)


def send(ward: Harness, shown: ReviewShown, **said: RowAnswer) -> ReviewShown:
    """Send the form of a page that was shown."""
    given = marked(shown, {ward.number(name): one for name, one in said.items()})
    return ward.app.reviewing.answer(token(ward, reviews(ward)[0]), given, ward.now)


def handed_on(ward: Harness, before: str, to: str) -> None:
    """The number of one is another's from now on."""
    number = ward.number(before)
    ward.hire(before, phones=("+447700900999",))
    ward.hire(to, phones=(number,))
    ward.later()
    ward.settle()


def names_removed(ward: Harness) -> list[str]:
    return [one.person_name for one in ward.tickets(TicketKind.REMOVE_MEMBER) if one.is_live]


@pytest.mark.parametrize("said", [KEEP, REMOVE])
def test_nothing_is_kept_where_somebody_else_has_the_number_by_now(ward: Harness, said: RowAnswer) -> None:
    shown = look(ward)
    given = marked(shown, {ward.number("ann"): said, ward.number("ben"): KEEP})
    handed_on(ward, "ann", "gus")
    with pytest.raises(RowsChanged):
        ward.app.reviewing.answer(token(ward, reviews(ward)[0]), given, ward.now)
    assert names(look(ward)) == ["Ben", "Cem", "Gus"]
    assert names_removed(ward) == []


def test_an_earlier_removal_stays_where_the_page_was_about_somebody_else(ward: Harness) -> None:
    old = look(ward)
    say(ward, REMOVE, "cem")
    with pytest.raises(RowsChanged):
        send(ward, old, cem=KEEP, ben=KEEP)
    assert names_removed(ward) == ["Cem"]
    assert names(look(ward)) == ["Ann", "Ben"], "nothing of it was kept"


def test_the_same_may_be_said_again(ward: Harness) -> None:
    old = look(ward)
    say(ward, KEEP, "ann")
    assert names(send(ward, old, ann=KEEP)) == ["Ben", "Cem"]
    assert names(send(ward, old, ann=KEEP, ben=REMOVE)) == ["Cem"]
    assert names_removed(ward) == ["Ben"]
    assert send(ward, old, cem=KEEP).ticket.state is TicketState.VERIFIED


def test_a_form_without_marks_keeps_nothing(ward: Harness) -> None:
    with pytest.raises(RowsChanged):
        ward.app.reviewing.answer(token(ward, reviews(ward)[0]), {ward.number("ann"): REMOVE}, ward.now)
    assert names_removed(ward) == []


# --- an answer that was kept is about its person -----------------------------------------------------------


def test_an_answer_is_not_about_whoever_has_the_number_later(ward: Harness) -> None:
    say(ward, KEEP, "ann")
    handed_on(ward, "ann", "gus")
    shown = look(ward)
    assert names(shown) == ["Ben", "Cem", "Gus"]
    assert shown.answers == {}
    say(ward, KEEP, "ben", "cem")
    assert reviews(ward)[0].state is TicketState.OPEN
    after = answer(ward, reviews(ward)[0], {ward.number("ann"): REMOVE})
    assert after.ticket.state is TicketState.VERIFIED
    assert names_removed(ward) == ["Gus"]


def test_an_answer_is_not_about_a_stranger_who_has_the_number_later(ward: Harness) -> None:
    say(ward, KEEP, "ann")
    ward.identifying.reject(f"wards/{ward.number('ann')}", Actor("sam"), "it is not her", ward.now)
    ward.later()
    ward.settle()
    assert names(look(ward)) == ["Ann", "Ben", "Cem"]


def test_an_answer_about_a_stranger_stays_when_it_is_known_who_they_are(ward: Harness) -> None:
    ward.wards.add_member("ward-7", Member("+447700900777", "Zoe", phone="+447700900777"))
    ward.later()
    ward.settle()
    ticket = reviews(ward)[0]
    answer(ward, ticket, {"+447700900777": KEEP})
    ward.hire("gus", phones=("+447700900777",))
    ward.later()
    ward.settle()
    assert names(look(ward)) == ["Ann", "Ben", "Cem"]
