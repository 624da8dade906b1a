"""Rows of a review that somebody else has to answer: whose they are, and whether anybody is asked about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import OWN, Review, ReviewRow, ReviewRows, RowAnswer
from worker.domain.kinds import REVIEWS
from worker.domain.kinds.controlled import ONLY
from worker.domain.model import HandleKey
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.whom import is_one_of
from worker.domain.tickets.ticket import Assignee, Ticket, TicketState
from worker.ports.state.reviews import AnsweredRow
from worker.ports.state.store import UnitOfWork

_NEW = frozenset({ActionKind.OPEN, ActionKind.REOPEN})


@dataclass(frozen=True, slots=True)
class RowsForAnother:
    """What a review's second ticket has to ask: the reviewer's own rows, and those of whom they don't know."""

    ticket: Ticket
    own: tuple[ReviewRow, ...]
    unsure: tuple[ReviewRow, ...]


def is_about_themself(uow: UnitOfWork, ticket: Ticket, assignee: Assignee) -> bool:
    """Whether a ticket asks about members apart from the others, and the assignee is one of them."""
    handles = [HandleKey(ticket.home.source, one) for one in ticket.details.get(ONLY, ())]
    known = (uow.identities.get(one) for one in handles)
    humans = uow.people.humans({one.person for one in known if one is not None and one.person is not None})
    return is_one_of(assignee, [account for human in humans.values() for account in human.accounts])


def rows_for_another(
    uow: UnitOfWork, ticket: Ticket, review: Review, rows: ReviewRows, answers: Mapping[str, AnsweredRow]
) -> RowsForAnother | None:
    """What the second ticket of a review has to ask; None if it does, or if there is nothing to ask and none is live.

    Whoever has a second ticket may say that they don't know, and nobody is asked a third time. What they said before
    the review began anew is void, as all that its reviewer said is.
    """
    if ONLY in ticket.details:
        return None
    said = {handle: one.answer for handle, one in answers.items()}
    own = [row for row in rows.own if said.get(row.member.handle) in {None, RowAnswer.UNSURE}]
    unsure = [row for row in rows.shown if said.get(row.member.handle) is RowAnswer.UNSURE]
    seconds = [one for one in uow.tickets.of_group(ticket.home) if _is_second(one, ticket)]
    if not own and not unsure:
        return RowsForAnother(ticket, (), ()) if any(one.is_live for one in seconds) else None
    asked: set[str] = set()
    answered: set[str] = set()
    for one in seconds:
        is_over = one.verified_at is not None and one.verified_at < review.started_at
        if one.state is not TicketState.CANCELLED and not is_over:
            asked.update(one.details[ONLY])
        given = uow.reviews.answers(one.id).values()
        answered.update(row.handle for row in given if row.at >= review.started_at)
    if all(row.member.handle in asked | answered for row in (*own, *unsure)):
        return None
    return RowsForAnother(
        ticket,
        tuple(row for row in own if row.member.handle not in answered),
        tuple(row for row in unsure if row.member.handle not in answered),
    )


def seconds_of_today(
    uow: UnitOfWork, asked: Mapping[int, Action], policy: ControlPolicy, today: datetime
) -> tuple[list[Action], set[int]]:
    """The actions for which the day has room, and the reviews, by ticket, that are looked at again for the others.

    `asked`: the action about the second ticket of each review. `today`: when the local day began, aware UTC.
    """
    are_new = {number for number, action in asked.items() if action.kind in _NEW}
    opened = Counter(uow.controls.opened_since(today) if are_new else ())
    found, later = list[Action](), set[int]()
    for number, action in asked.items():
        to = action.ticket.assignee.email.casefold() if action.ticket.assignee else ""
        if number in are_new and (opened[to] >= policy.daily_max or opened.total() >= policy.per_day):
            later.add(number)
            continue
        opened[to] += number in are_new
        found.append(action)
    uow.reviews.put_back(later)
    return found, later


def _is_second(one: Ticket, review: Ticket) -> bool:
    return one.kind is REVIEWS and one.occasion == f"{review.occasion}{OWN}"
