"""An act of an assignee by a signed link: the data to take it back are kept with it, and it is taken back by them.

Messages about it wait until the minute in which it can be taken back is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from worker.app.acts.changes import Change, change_ticket, mark_dirty
from worker.app.acts.waiting import kept_waiting
from worker.app.refused import Refused
from worker.app.tell.signed_links import SignedLinks
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted, claimants
from worker.domain.evidence.explained import assignee_id, ticket_facts
from worker.domain.identity.matching import QUESTIONS, Identity
from worker.domain.instants import APART_MAX, has_come
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Choice
from worker.domain.model import HandleKey
from worker.domain.tickets.ticket import NotAllowed, Ticket, TicketState
from worker.ports.state.access import Undo
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

UNDO_FOR = timedelta(minutes=1)


def act_by_link(
    uow: UnitOfWork,
    links: SignedLinks,
    ticket: Ticket,
    change: Change,
    kind: str,
    now: datetime,
    messages: Callable[[Ticket], Sequence[OutMessage]] = lambda _after: (),
    said: str = "",
) -> Ticket:
    """Change the ticket as its assignee, keep the data to undo it, and queue messages for when the minute is over."""

    def changed(one: Ticket) -> Ticket:
        after = change(one)
        is_claim = after.state is TicketState.DONE
        return replace(after, claimed_by=claimants_by_link(uow, links, one, now)) if is_claim else after

    before, after = change_ticket(uow, ticket.id, changed, kind, _actor(ticket), now, answer=said)
    until = now + UNDO_FOR
    waiting = [replace(message, not_before=until) for message in messages(after)]
    uow.outbox.add(waiting, now)
    keys = tuple(message.key for message in waiting)
    uow.access.keep_undo(Undo(before, after, email_of(before), until, keys))
    return after


def can_undo(ticket: Ticket | None, undo: Undo, now: datetime) -> bool:
    """True if its minute is not over and nothing has changed since. Only a new `weighed_at` is no change."""
    return (
        ticket is not None
        and not has_come(undo.until, now, UNDO_FOR + APART_MAX)
        and replace(ticket, weighed_at=None) == replace(undo.after, weighed_at=None)
    )


def is_repeated(undo: Undo, change_at: Callable[[datetime], Change]) -> bool:
    """True if the change, at the instant of the act, is what was done: somebody sent it twice over a slow line."""
    try:
        again = change_at(undo.until - UNDO_FOR)(undo.before)
    except NotAllowed:
        return False
    return replace(again, claimed_by=(), weighed_at=None) == replace(
        undo.after, claimed_by=(), weighed_at=None
    )


def take_back(uow: UnitOfWork, undo: Undo, now: datetime) -> Ticket:
    """Undo an act. Raises Refused if somebody has been told about it."""
    # The group may have lost its other admin meanwhile
    before = kept_waiting(uow, undo.before, undo.before.member_role)
    uow.access.forget_undo(before.id)
    # By another process's clock the minute was over: a message that went out has to stay true
    if uow.outbox.withdraw(undo.messages) < len(undo.messages):
        raise Refused("It can't be taken back any more: others have been told.")
    uow.tickets.update([before])
    if kind_of(before).choice is Choice.STATEMENT:
        uow.attestations.void(before.id, undo.until - UNDO_FOR, now)  # what this act said
    if kind_of(before).choice is Choice.OUTCOME:
        uow.bad_messages.void(before.id)
    if kind_of(before).choice is Choice.PERSON:
        key = HandleKey(before.home.source, before.handle)
        known = uow.identities.get(key)
        if known is not None and is_answer_of(known, undo.by):  # and not somebody else's since
            uow.identities.ask_again(key)
    data = ticket_facts(before)
    uow.journal.append(
        [acted(_actor(before), now, events.TICKET_UNDONE, f"ticket:{before.label}", data=data)]
    )
    mark_dirty(uow, before, now)
    return before


def is_answer_of(link: Identity, email: str) -> bool:
    """True if the link is this person's answer, and nobody has changed it since."""
    return link.state not in QUESTIONS and link.decided_by == email


def email_of(ticket: Ticket) -> str:
    return ticket.assignee.email if ticket.assignee else ""


def _actor(ticket: Ticket) -> Actor:
    """The assignee as the journal names them: by id if the directory knows them."""
    return Actor(assignee_id(ticket.assignee), via=Via.LINK)


def claimants_by_link(uow: UnitOfWork, links: SignedLinks, ticket: Ticket, now: datetime) -> tuple[str, ...]:
    """The marks of everybody who may have used the link: the assignee, by address and by id, and the people who
    were shown a link of theirs.
    """
    person = ticket.assignee.person if ticket.assignee else None
    assignee = Actor(email_of(ticket), person.person_id if person else "")
    shown = [Actor(one.name, one.actor_id) for one in links.shown_to(uow, email_of(ticket), now)]
    return claimants([assignee, *shown])
