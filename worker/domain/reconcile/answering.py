"""Change a ticket by an assignee's answer. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.domain.kinds import kind_of
from worker.domain.messengers import messenger
from worker.domain.model import Role
from worker.domain.text.reason import because
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import (
    Assignee,
    AssigneeWhy,
    Grade,
    Move,
    NotAllowed,
    Ticket,
    TicketState,
    handed_to,
    in_words,
    next_state,
)


def answers_for(ticket: Ticket) -> tuple[Answer, ...]:
    """The answers that make sense for a ticket, in the order in which they are offered."""
    can_be_removed = messenger(ticket.messenger).can_remove_creator
    offered = kind_of(ticket).answers
    return tuple(answer for answer in offered if not (answer is Answer.CREATOR and can_be_removed))


def answered(ticket: Ticket, answer: Answer, words: str, now: datetime) -> Ticket:
    """Return an open ticket as an assignee's answer leaves it; `now` is aware UTC.

    | answer               | the ticket                                                        |
    | not_my_group, other, | goes to the accountable person at once (nobody: the channel)      |
    | not_needed           |                                                                   |
    | still_works_here     | is disputed, and nobody's until the security team decides         |
    | not_in_group         | is done: a claim that the next roster checks                      |
    | creator              | asks that the creator leaves by themselves                        |

    Raises NotAllowed for a ticket that is not open, or an answer that doesn't fit its kind.
    """
    if ticket.state is not TicketState.OPEN or answer not in answers_for(ticket):
        raise NotAllowed(
            because(
                "{ticket} is {state}: '{answer}' is no answer to it.",
                ticket=ticket.label,
                state=in_words(ticket.state),
                answer=answer.value,
            )
        )
    who = ticket.assignee.name or ticket.assignee.email if ticket.assignee else because("somebody")
    said = because("{name}: {words}", name=who, words=because(_SAID[answer]))
    if words:
        said = because("{name}: {words}", name=said, words=words)
    if answer is Answer.STILL_WORKS_HERE:
        return replace(handed_to(ticket, None), disputed_at=now, reason=said)
    if answer is Answer.NOT_IN_GROUP:
        by = ticket.assignee.email if ticket.assignee else ""
        state = next_state(ticket.state, Move.CLAIM)
        return replace(ticket, state=state, done_at=now, done_by=by, grade=Grade.C, reason=said)
    kind = kind_of(ticket).creator_kind
    if answer is Answer.CREATOR and kind is not None:
        return replace(ticket, kind=kind, member_role=Role.CREATOR, reason=said)
    return replace(handed_to(ticket, _accountable(ticket, _SAID[answer])), reason=said)


_SAID = {
    Answer.NOT_MY_GROUP: N_("not my group"),
    Answer.STILL_WORKS_HERE: N_("still works here"),
    Answer.NOT_IN_GROUP: N_("is not in the group"),
    Answer.CREATOR: N_("the creator can't be removed"),
    Answer.OTHER: N_("can't do it"),
    Answer.NOT_NEEDED: N_("Nobody needs this group any more"),
}


def _accountable(ticket: Ticket, said: str) -> Assignee | None:
    """The accountable person as assignee; None if there is none, or if they gave the answer themselves."""
    current = ticket.assignee.email.casefold() if ticket.assignee else ""
    if not ticket.accountable or ticket.accountable.casefold() == current:
        return None
    return Assignee(ticket.accountable, why=AssigneeWhy.ANSWERED, by=said)
