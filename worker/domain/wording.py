"""What people read: titles and paragraphs of every message, in plain words.

Pure. One paragraph a ticket, so that several fold into one digest. Names come from outside and may hold
anything: they are flattened to one line here, and escaped by the channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from worker.domain.guard import HeldPlan
from worker.domain.message import Message, Paragraph, Recipient
from worker.domain.messengers import messenger
from worker.domain.ticket import Ticket, TicketKind, TicketState


def flat(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def ticket_title(ticket: Ticket) -> str:
    """What is to be done, in one line."""
    who = flat(ticket.person_name or ticket.member_name or ticket.handle)
    group = flat(ticket.group_name)
    return {
        TicketKind.REMOVE_MEMBER: f"Remove {who} from {group}",
        TicketKind.REASSIGN_ADMIN: f"Make somebody an admin of {group}",
        TicketKind.CREATOR_MUST_LEAVE: f"Have {who}, who created it, leave {group}",
        TicketKind.IDENTIFY_MEMBER: f"Say who {flat(ticket.member_name or ticket.handle)} in {group} is",
        TicketKind.ADD_MEMBER: f"Add {who} to {group}",
    }[ticket.kind]


def ticket_steps(ticket: Ticket) -> tuple[str, ...]:
    """What the assignee does, step by step, in this messenger."""
    app = messenger(ticket.messenger)
    names = {
        "member": flat(ticket.member_name or ticket.person_name or ticket.handle),
        "group": flat(ticket.group_name),
        "person": flat(ticket.person_name),
    }
    steps = {
        TicketKind.REMOVE_MEMBER: (
            *app.remove_steps,
            "Take them off the group's register too, if there is one.",
        ),
        TicketKind.REASSIGN_ADMIN: (
            *app.promote_steps,
            "Note the new admin in the group's register, if there is one.",
        ),
        TicketKind.CREATOR_MUST_LEAVE: (
            "Nobody can remove the creator of a {messenger} group: ask {person} to leave {group}.",
            "If they can't be reached, make a new group, invite everybody else, and close {group}.",
        ),
        TicketKind.IDENTIFY_MEMBER: (
            "Find out whose number {member} is.",
            "Tell the team that runs Whosleft: whosleft links confirm, or links reject for somebody from outside.",
        ),
        TicketKind.ADD_MEMBER: app.add_steps,
    }[ticket.kind]
    return tuple(step.format(**names, messenger=app.name) for step in steps)


def ticket_paragraph(ticket: Ticket, timezone: str, headline: str = "") -> Paragraph:
    """One ticket as a paragraph: what, why, by when, and how."""
    facts = [("Ticket", ticket.label), ("Due", local(ticket.due_at, timezone))]
    if ticket.handle:
        facts.append(("Member", flat(f"{ticket.member_name} {ticket.handle}".strip())))
    if ticket.assignee is not None:
        facts.append(
            ("With", flat(f"{ticket.assignee.name or ticket.assignee.email} ({ticket.assignee.why})"))
        )
    return Paragraph(
        headline or ticket_title(ticket), flat(ticket.reason), tuple(facts), ticket_steps(ticket)
    )


def escalation_paragraph(ticket: Ticket, timezone: str, now: datetime, why: str = "") -> Paragraph:
    """One ticket that is late, or nearly so."""
    state = "Overdue" if now >= ticket.due_at else "Still open"
    paragraph = ticket_paragraph(ticket, timezone, f"{state}: {ticket_title(ticket)}")
    text = f"{paragraph.text}. {why}" if why else paragraph.text
    return Paragraph(paragraph.headline, text, paragraph.facts, paragraph.steps)


def held_paragraph(plan: HeldPlan) -> Paragraph:
    """A held plan: why, its cohorts, and how to decide."""
    cohorts = tuple((part.id, f"{len(part.people)} people: {flat(part.cause)}") for part in plan.cohorts)
    text = (
        f"{flat(plan.why)}. Nothing is done about these people until somebody decides: "
        f"whosleft plans release {plan.label} (or --cohort ID), or plans reject, each with --reason."
    )
    return Paragraph(f"Held: plan {plan.label} for {plan.source}", text, cohorts)


def source_paragraph(
    name: str, trouble: str, remedy: str, since: datetime | None, timezone: str
) -> Paragraph:
    """A source that cannot be read: nobody's status changes, and somebody has to look."""
    seen = local(since, timezone) if since else "never"
    text = f"{flat(trouble)} Nothing is concluded from this: nobody's status changes. {flat(remedy)}"
    return Paragraph(f"Can't see: {name}", text.strip(), (("Last good read", seen),))


def recovered_paragraph(name: str) -> Paragraph:
    """A source that can be read again."""
    return Paragraph(f"Seeing again: {name}", "The source was read completely.")


def digest(
    key: str, to: Recipient, items: Sequence[tuple[str, Paragraph]], note: str, *, is_urgent: bool
) -> Message:
    """Several (title, paragraph) folded into one message; one alone keeps its own title."""
    title = items[0][0] if len(items) == 1 else f"{len(items)} messages from Whosleft"
    paragraphs = [paragraph for _, paragraph in items]
    if note:
        paragraphs.append(Paragraph("", note))
    return Message(key, to, title, tuple(paragraphs), is_urgent=is_urgent)


def local(at: datetime, timezone: str) -> str:
    """An instant in the organisation's time: `Tue 24 Nov 2026 09:00 GMT`."""
    return at.astimezone(ZoneInfo(timezone)).strftime("%a %d %b %Y %H:%M %Z")


def state_line(ticket: Ticket) -> str:
    """A ticket's state in words for tables."""
    if ticket.state is TicketState.BLOCKED and ticket.blocked_by is not None:
        return f"blocked by T-{ticket.blocked_by:06d}"
    return ticket.state.value
