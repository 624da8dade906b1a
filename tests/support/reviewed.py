"""A ward whose groups are reviewed, and the page of whoever reviews them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness import Harness
from worker.app.acts.reviewing import ReviewShown
from worker.domain.controls.policy import ControlPolicy, ReviewSection
from worker.domain.controls.reviewing import ReviewRule, RowAnswer
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import Ticket, TicketKind

RULE = ReviewSection(ControlSwitch(Mode.TICKET), ReviewRule(sample=0, full_every=100))
KEEP, REMOVE, UNSURE = RowAnswer.KEEP, RowAnswer.REMOVE, RowAnswer.UNSURE


def reviewed_ward(start: Callable[..., Harness]) -> Harness:
    """Ward 7 with Ann, Ben and Cem, whose admin is Dee; its first review is asked for."""
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.control()
    harness.decide()
    harness.control()
    return harness


def reviews(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.REVIEW_GROUP)


def token(harness: Harness, ticket: Ticket) -> str:
    return harness.link(ticket.id).rpartition("/")[2]


def look(harness: Harness, at: int = 0) -> ReviewShown:
    return harness.app.reviewing.look(token(harness, reviews(harness)[at]), harness.now)


def names(shown: ReviewShown) -> list[str]:
    return [row.member.name for row in shown.left]


def marked(shown: ReviewShown, said: Mapping[str, RowAnswer]) -> dict[str, RowAnswer]:
    """What is said of handles, by the marks that a page shows; a handle that it does not show stays as it is."""
    marks = {row.member.handle: row.member.mark for row in shown.rows.shown}
    return {marks.get(handle, handle): answer for handle, answer in said.items()}


def answer(harness: Harness, ticket: Ticket, said: Mapping[str, RowAnswer]) -> ReviewShown:
    """Open the page of a review, and answer these handles at once."""
    link = token(harness, ticket)
    shown = harness.app.reviewing.look(link, harness.now)
    return harness.app.reviewing.answer(link, marked(shown, said), harness.now)


def say(harness: Harness, said: RowAnswer, *people: str, at: int = 0) -> ReviewShown:
    return answer(harness, reviews(harness)[at], {harness.number(one): said for one in people})


def of(harness: Harness, group: str, *, own: bool) -> Ticket:
    found = [one for one in reviews(harness) if one.home.group_id == group]
    return next(one for one in found if one.occasion.endswith("/own") is own)


def released(harness: Harness) -> None:
    """Run the controls, release what they hold at first, and run them again."""
    harness.control()
    for plan in harness.plans():
        if any(one.state is HoldState.HELD for one in plan.cohorts):
            harness.decide(plan=plan.id)
    harness.control()
