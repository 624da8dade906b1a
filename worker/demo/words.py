"""Small pieces of sentences."""

from __future__ import annotations

from collections.abc import Sequence

from worker.domain.identity.handles import HandleKind, shown_handle
from worker.domain.kinds.attest import topic_of
from worker.domain.messages.sentences import flat, why_line
from worker.domain.model import Account, Evidence
from worker.domain.people.evidence_words import EVIDENCE_SAYS
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, ticket_label

_NAMED = 2  # more tickets than this in a row are a span


def evidence_words(evidence: Evidence | None) -> str:
    """Say why somebody counts as a leaver, in a few words."""
    return EVIDENCE_SAYS[evidence] if evidence else "no evidence"


def count(number: int, one: str, many: str = "") -> str:
    """`1 group`, `3 groups`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def place(person: Account) -> str:
    """The place where a person works."""
    return person.facts.office or person.facts.department or "no office"


def opening(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def member_sentence(ticket: Ticket) -> str:
    """Why a ticket was opened, if no turn of this round explains it."""
    if ticket.kind is TicketKind.IDENTIFY_MEMBER:
        return f"Who is {_shown(ticket)} in {flat(ticket.group_name)}? {_why_asked(ticket)}."
    if ticket.person is None:
        return f"About {flat(ticket.group_name)}: {ticket.reason}."
    return f"About {flat(ticket.person_name)} ({evidence_words(ticket.evidence)}):"


def asked_for(ticket: Ticket) -> str:
    """What a ticket of a control asks for, without whom: a text's title, or what is wrong in a group."""
    return topic_of(ticket, ENGLISH) or why_line(ticket, "UTC").rstrip(".")


def asking(tickets: Sequence[Ticket], what: str, by: str) -> str:
    """Tickets of controls that ask for the same (`asked_for`), as one sentence. `by`: the day on which they are due."""
    end = f"{span([ticket.id for ticket in tickets])}, by {by}."
    if tickets[0].kind is TicketKind.ATTEST:
        return f'{count(len(tickets), "person is", "people are")} asked to accept "{what}": {end}'
    groups = listed([flat(ticket.group_name) for ticket in tickets])
    return f"In {groups} {what[:1].lower()}{what[1:]}: {end}"


def span(numbers: Sequence[int]) -> str:
    """`T-000001 to T-000004` for tickets without a gap, else each label."""
    first, last = numbers[0], numbers[-1]
    if len(numbers) > _NAMED and [*numbers] == [*range(first, last + 1)]:
        return f"{ticket_label(first)} to {ticket_label(last)}"
    return listed([ticket_label(number) for number in numbers])


def _shown(ticket: Ticket) -> str:
    name = flat(ticket.member_name)
    return f"{name} ({ticket.handle})" if name else ticket.handle


def _why_asked(ticket: Ticket) -> str:
    handle = shown_handle(ticket.handle)
    if handle is not None and handle.kind is HandleKind.NATIVE:
        return "WhatsApp hides the number, so the directory can't tell, and nobody guesses"
    return opening(ticket.reason)


def proof(ticket: Ticket) -> str:
    """What a ticket is verified by, with the grade of it."""
    if ticket.kind is TicketKind.IDENTIFY_MEMBER:
        return "the answer"
    return "the linked phone (grade A)" if ticket.grade is Grade.A else f"the register (grade {ticket.grade})"


def came_true(ticket: Ticket) -> tuple[str, str]:
    """What the proof of a ticket says, and about which group."""
    person, group = flat(ticket.person_name or ticket.member_name or ticket.handle), flat(ticket.group_name)
    said = {
        TicketKind.REMOVE_MEMBER: f"{person} is out of",
        TicketKind.CREATOR_MUST_LEAVE: f"{person} is out of",
        TicketKind.REASSIGN_ADMIN: "there is another admin in",
        TicketKind.IDENTIFY_MEMBER: f"it is clear who {person} is, in",
        TicketKind.ADD_MEMBER: f"{person} is in",
        TicketKind.FIX_PROFILE: "the rules are in the description of",
    }[ticket.kind]
    return said, group


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
