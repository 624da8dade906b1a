"""A ward whose groups are reviewed, and the page of whoever reviews them."""

from __future__ import annotations

from collections.abc import Callable

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


def say(harness: Harness, answer: RowAnswer, *people: str, at: int = 0) -> ReviewShown:
    said = {harness.number(one): answer for one in people}
    return harness.app.reviewing.answer(token(harness, reviews(harness)[at]), said, harness.now)


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
