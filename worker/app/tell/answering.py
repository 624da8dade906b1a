"""Messages about somebody's answer, to the people whom it concerns."""

from __future__ import annotations

from datetime import datetime

from worker.app.tell.addressing import recipient_of, whoever_has
from worker.app.tell.teller import Teller, help_as_told
from worker.domain.controls.statements import Attestation, Statement
from worker.domain.messages.message import CHANNEL
from worker.domain.messages.overtaken import ANSWERED
from worker.domain.messages.paragraphs import answered_paragraph
from worker.domain.messages.sentences import flat, masked, sentences, ticket_paragraph, ticket_title
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

_SAYS = {
    Answer.NOT_MY_GROUP: N_("{name} says that this is not their group."),
    Answer.OTHER: N_("{name} can't do this."),
    Answer.NOT_NEEDED: N_("{name} says that nobody needs this group any more."),
    Answer.STILL_WORKS_HERE: N_("{name} says that {person} still works here."),
}


def answer_messages(
    uow: UnitOfWork,
    answer: Answer,
    before: Ticket,
    after: Ticket,
    words: str,
    teller: Teller,
    now: datetime,
    aid: Help | None,
) -> list[OutMessage]:
    """The messages to the accountable person or the security team; none for an answer that the next roster settles.

    `words` are the assignee's own, and stay as they are.
    """
    if answer not in _SAYS:
        return []
    is_dispute = answer is Answer.STILL_WORKS_HERE
    person = after.assignee.person if after.assignee else None
    known = uow.people.facts([person] if person else [])
    to = CHANNEL if is_dispute else recipient_of(after, known, teller.languages)
    tongue = teller.languages.of(to.language)
    name = flat(before.assignee.name or before.assignee.email) if before.assignee else ""
    said = tongue.say(_SAYS[answer], name=name, person=flat(after.person_name))
    title = ticket_title(after, tongue)
    headline = (
        tongue.say("Disputed: {title}", title=title)
        if is_dispute
        else tongue.say("Now with you: {title}", title=title)
    )
    told = help_as_told(aid, after, to)
    body = ticket_paragraph(after, teller.timezone, headline, sentences(said, flat(words)), tongue, told)
    if to == CHANNEL:
        body = masked(body)
    key = f"{after.label}:{answer.value}:{now.isoformat()}"
    message = OutMessage(key, to, body.headline, body, is_urgent=is_dispute, ticket=after.id)
    return teller.linked(uow, after, message, now)


def statement_message(
    uow: UnitOfWork, ticket: Ticket, new: Attestation, teller: Teller, now: datetime
) -> list[OutMessage]:
    """The message to the accountable person of an answer that is no acceptance; without one, to the channel."""
    is_theirs = new.statement is Statement.PROVIDER  # who is asked of a provider is that person
    accountable = None if is_theirs else ticket.accountable
    to = whoever_has(uow, accountable, teller.languages) if accountable else CHANNEL
    body = answered_paragraph(ticket, new, teller.languages.of(to.language))
    message = OutMessage(
        f"{ticket.label}:{ANSWERED}:{now.isoformat()}", to, body.headline, body, ticket=ticket.id
    )
    return teller.linked(uow, ticket, message, now)
