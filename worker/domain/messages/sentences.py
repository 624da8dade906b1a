"""Titles and paragraphs of every message, in plain words and in the reader's language.

Pure. Each ticket has one paragraph, so that several fold into one digest. Names come from outside and may hold
anything: this module flattens them to one line, and the channel escapes them. An assignee reads the reason in their
own language, made from the ticket's fields; the security team reads the stored reason in the organisation's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.domain.identity.handles import shown_handle
from worker.domain.identity.phones import masked_number
from worker.domain.kinds import kind_of
from worker.domain.kinds.attest import topic_of
from worker.domain.messages.message import Message, Paragraph, Recipient
from worker.domain.messengers import messenger
from worker.domain.text.direction import isolated
from worker.domain.text.reason import Reason
from worker.domain.text.tongue import ENGLISH, N_, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import (
    WHY_THEY,
    Assignee,
    AssigneeWhy,
    Ticket,
    TicketState,
)


def flat(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def reason_line(reason: Reason, tongue: Tongue) -> str:
    """A reason in a language, on one line."""
    return flat(reason.say(tongue))


# --- tickets ----------------------------------------------------------------------------------------------


def ticket_title(ticket: Ticket, tongue: Tongue = ENGLISH) -> str:
    """What is to be done, in one line."""
    return tongue.say(kind_of(ticket).title, **ticket_words(ticket, tongue))


def ticket_words(ticket: Ticket, tongue: Tongue) -> dict[str, str]:
    """The names in sentences: the group's name for the member, the directory's for the person, and the group's."""
    is_question = kind_of(ticket).about is About.HANDLE  # who they are is the question
    person = "" if is_question else ticket.person_name
    return {
        "person": flat(person or ticket.member_name or ticket.handle),
        "member": flat(ticket.member_name or person or ticket.handle),
        "group": flat(ticket.group_name),
        "topic": flat(topic_of(ticket, tongue)),
    }


def ticket_steps(ticket: Ticket, tongue: Tongue = ENGLISH, aid: Help | None = None) -> tuple[str, ...]:
    """What the assignee does, step by step, in this messenger; `aid` is the help that they need for it."""
    names = ticket_words(ticket, tongue)
    shown = shown_handle(ticket.handle)
    if kind_of(ticket).about is About.HANDLE and shown and shown.text != names["member"]:
        names["member"] = flat(f"{names['member']} {shown.text}")
    admins = ", ".join(map(flat, aid.admins)) if aid else ""
    app = messenger(ticket.messenger).name
    return tuple(
        flat(step.say(tongue))
        if isinstance(step, Reason)
        else tongue.say(step, **names, messenger=app, admins=admins)
        for step in kind_of(ticket).steps(ticket, aid)
    )


def member_step(ticket: Ticket) -> int | None:
    """The number (from 0) of the first step that names the member; the page shows the handle beside it."""
    steps = enumerate(kind_of(ticket).steps(ticket, None))
    return next((number for number, step in steps if "{member}" in step), None)


def ticket_paragraph(
    ticket: Ticket,
    timezone: str,
    headline: str = "",
    text: str | None = None,
    tongue: Tongue = ENGLISH,
    aid: Help | None = None,
) -> Paragraph:
    """One ticket as a paragraph: what, why, by when, and how. Without a `text` it says why from the ticket."""
    facts = [
        (tongue.say("Ticket"), ticket.label),
        (tongue.say("Due"), tongue.instant(ticket.due_at, timezone)),
    ]
    if ticket.handle:
        facts.append((tongue.say("Member"), _member(ticket, tongue)))
    if ticket.assignee is not None:
        facts.append((tongue.say("Assignee"), _assignee(ticket.assignee, tongue)))
    if aid is not None and aid.number:
        label = tongue.say("Number of {person}", person=flat(ticket.person_name))
        facts.append((label, isolated(aid.number, is_rtl=tongue.is_rtl)))
    if aid is not None and aid.text:
        label = tongue.say("Text for {person}", person=flat(ticket.person_name))
        facts.append((label, isolated(aid.text, is_rtl=tongue.is_rtl)))
    title = ticket_title(ticket, tongue)
    return Paragraph(
        headline or title,
        why_line(ticket, timezone, tongue) if text is None else text,
        tuple(facts),
        ticket_steps(ticket, tongue, aid),
        title=title,
    )


def _member(ticket: Ticket, tongue: Tongue) -> str:
    shown = shown_handle(ticket.handle)
    parts = (flat(ticket.member_name), flat(shown.text if shown else ""))
    return " ".join(isolated(part, is_rtl=tongue.is_rtl) for part in parts if part)


def _assignee(assignee: Assignee, tongue: Tongue) -> str:
    name, why = flat(assignee.name or assignee.email), why_assigned(assignee, tongue)
    return tongue.say("{name} ({why})", name=name, why=why)


def why_assigned(assignee: Assignee, tongue: Tongue) -> str:
    """Why a ticket is with its assignee; empty if that is not known."""
    if assignee.why is None:
        return ""
    by = flat(assignee.by)
    is_answer = assignee.why is AssigneeWhy.ANSWERED  # then it is one of our texts; else a name
    return tongue.say(WHY_THEY[assignee.why], name=tongue.say(by) if is_answer else by)


def state_line(ticket: Ticket) -> str:
    """A ticket's state in words for tables."""
    if ticket.state is TicketState.BLOCKED and ticket.blocked_by is not None:
        return f"blocked by T-{ticket.blocked_by:06d}"
    return ticket.state.value


# --- why --------------------------------------------------------------------------------------------------


def why_line(ticket: Ticket, timezone: str, tongue: Tongue = ENGLISH) -> str:
    """Why the ticket is there, for its assignee: made from evidence, kind and dates, not from the stored reason."""
    return kind_of(ticket).why(ticket, timezone, tongue, ticket_words(ticket, tongue))


UNREACHED = N_("Nobody could be reached before, so this comes to you.")
UNDELIVERED = N_("An earlier message reached nobody, so this comes to you.")
AWAY = N_("Whoever was told before is away, so this comes to you, too.")


# --- numbers ------------------------------------------------------------------------------------------------

# A messenger may give a number as the name of a member: without a plus, it is taken for one if it is long
_NUMBER = re.compile(r"\+[0-9](?:[ ().\-]{0,2}[0-9]){6,14}|\b[0-9]{9,15}\b")


def masked(paragraph: Paragraph) -> Paragraph:
    """The paragraph for a reader who needs no phone numbers: only country and last digits are left of each.

    Texts to paste stay to the letter: they are the organisation's own.
    """
    return replace(
        paragraph,
        headline=masked_text(paragraph.headline),
        text=masked_text(paragraph.text),
        facts=tuple((label, masked_text(value)) for label, value in paragraph.facts),
        steps=tuple(masked_text(step) for step in paragraph.steps),
        title=masked_text(paragraph.title),
    )


def masked_text(text: str) -> str:
    """The text with only country and last digits of each phone number."""
    return _NUMBER.sub(lambda found: masked_number(found.group()), text)


def sentences(*texts: str) -> str:
    """Whole sentences one after the other; empty ones are left out, and each ends as a sentence does."""
    said = [text for text in texts if text]
    return " ".join([*(text if text[-1] in ".!?।۔؟" else f"{text}." for text in said[:-1]), *said[-1:]])


# --- lists that people keep --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A list's row that a claim is about; `is_right`: the row is right, but the list is older than the claim."""

    ticket: Ticket
    is_right: bool


def rows_paragraph(source: str, rows: Sequence[Row], tongue: Tongue = ENGLISH) -> Paragraph:
    """The changes that the keeper of a list has to make in it, by group."""
    text = tongue.say(
        "This was marked as done, and the list is older. Please change these rows, date the list and save it: "
        "the next reading proves it."
    )
    facts = tuple((flat(row.ticket.group_name), _change(row, tongue)) for row in rows)
    return masked(Paragraph(tongue.say("Rows to change in {list}", list=source), text, facts))


def _change(row: Row, tongue: Tongue) -> str:
    change = kind_of(row.ticket).row
    if row.is_right or change is None:
        return tongue.say("Nothing but the date ({ticket})", ticket=row.ticket.label)
    return tongue.say(change, **ticket_words(row.ticket, tongue), ticket=row.ticket.label)


# --- whole messages ---------------------------------------------------------------------------------------


def digest(
    key: str,
    to: Recipient,
    items: Sequence[tuple[str, Paragraph]],
    note: str,
    *,
    is_urgent: bool,
    tongue: Tongue = ENGLISH,
) -> Message:
    """Several (title, paragraph) folded into one message; one alone keeps its own title."""
    several = tongue.count("{n} message from Whosleft", "{n} messages from Whosleft", len(items))
    paragraphs = tuple(paragraph for _, paragraph in items)
    title = items[0][0] if len(items) == 1 else several
    return Message(key, to, title, paragraphs, is_urgent=is_urgent, note=note)


def last_today(daily_max: int, tongue: Tongue = ENGLISH) -> str:
    """The note in the last message of a day: further messages come later."""
    return tongue.count(
        "This is the last message to you today; what comes later is kept for tomorrow.",
        "This is the last of {n} messages to you today; what comes later is kept for tomorrow.",
        daily_max,
    )


def may_be_repeat(tongue: Tongue = ENGLISH) -> str:
    """The note in a message that may have arrived before."""
    return tongue.say("This may be a repeat: an earlier attempt to send it ended without a clear answer.")


def open_ticket(tongue: Tongue = ENGLISH) -> str:
    """What the link to a ticket is called."""
    return tongue.say("Open this ticket")
