"""What a ticket's copy in somebody else's tracker says: everybody in that project may read it.

Minimal content names nobody: what kind of work it is, the group, when it is due, and where the rest is said, which is
behind sign-in. Full content says what a message to the assignee does. There is never a signed link in either, nor more
of a phone number than its country and last digits; and what Whosleft writes is plain text, in which no web address
but the ticket's own is whole: trackers make links of them.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from worker.domain.identity.phones import masked_number
from worker.domain.kinds import kind_of, proof_source
from worker.domain.kinds.kind import Choice, Sees
from worker.domain.messages.sentences import flat, masked_text, reason_line, ticket_steps, ticket_title
from worker.domain.mirror.copy import Content
from worker.domain.mirror.decide import Say
from worker.domain.mirror.outside import Draft
from worker.domain.text.tongue import Tongue
from worker.domain.text.unlinked import unlinked
from worker.domain.tickets.ticket import Ticket, ticket_label

TITLE_MAX = 200  # the shortest limit of a tracker is 255


def copy_draft(
    ticket: Ticket, identity: str, content: Content, timezone: str, tongue: Tongue, url: str = ""
) -> Draft:
    """The ticket as a tracker is to show it. `url` is its page on the desk; `timezone` is IANA."""
    is_full = content is Content.FULL
    title = _safe(ticket_title(ticket, tongue) if is_full else _minimal_title(ticket, tongue))
    texts = _full(ticket, timezone, tongue) if is_full else _minimal(ticket, timezone, tongue)
    return Draft(
        identity=identity,
        label=ticket.label,
        title=f"{title[:TITLE_MAX]} ({ticket.label})",
        paragraphs=tuple(map(_safe, texts)),
        url=url,
        due_on=ticket.due_at.astimezone(ZoneInfo(timezone)).date(),
        assignee=ticket.assignee.email if ticket.assignee else "",
        version=ticket.version,
    )


def _safe(text: str) -> str:
    return unlinked(masked_text(text))


def _minimal_title(ticket: Ticket, tongue: Tongue) -> str:
    word = tongue.say(kind_of(ticket).word)
    word = word[:1].upper() + word[1:]
    return f"{word}: {flat(ticket.group_name)}" if ticket.group_name else word


def _minimal(ticket: Ticket, timezone: str, tongue: Tongue) -> list[str]:
    return [
        tongue.say("Whosleft asks for this. Its page in Whosleft says what is to be done, and how."),
        *_about_closing(ticket, timezone, tongue),
    ]


def _full(ticket: Ticket, timezone: str, tongue: Tongue) -> list[str]:
    steps = ticket_steps(ticket, tongue)
    texts = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
    if ticket.handle.startswith("+"):
        texts.append(tongue.say("Number: {number}", number=masked_number(ticket.handle)))
    return [*texts, *_about_closing(ticket, timezone, tongue)]


def _about_closing(ticket: Ticket, timezone: str, tongue: Tongue) -> list[str]:
    due = tongue.say("Due: {instant}", instant=tongue.instant(ticket.due_at, timezone))
    if kind_of(ticket).choice is not Choice.NOTHING:
        return [due, _only_on_its_page(tongue)]
    return [
        due,
        tongue.say(
            "Closing it here says that it was done. Whosleft then looks for itself, and reopens it if it was not."
        ),
    ]


def _only_on_its_page(tongue: Tongue) -> str:
    return tongue.say("Closing it here answers nothing: its page in Whosleft asks for more than that.")


def copy_note(
    say: Say, ticket: Ticket, content: Content, timezone: str, tongue: Tongue, url: str = ""
) -> str:
    """What is noted on a copy. A reason may have names, so it is only said with full content."""
    parts = [unlinked(_said(say, ticket, timezone, tongue))]
    if content is Content.FULL and ticket.reason and say not in {Say.STAYS, Say.DESK, Say.READY, Say.WAITS}:
        parts.append(_safe(reason_line(ticket.reason, tongue)))
    if url and say in {Say.DESK, Say.GOES_ON, Say.READY, Say.STILL_TRUE, Say.WAITS}:
        parts.append(url)
    return " ".join(parts)


def _said(say: Say, ticket: Ticket, timezone: str, tongue: Tongue) -> str:
    if say is Say.VERIFIED and ticket.verified_at is not None:
        instant = tongue.instant(ticket.verified_at, timezone)
        grade = ticket.grade.value if ticket.grade else "C"
        if kind_of(ticket).sees is Sees.STATEMENT:
            return tongue.say("Verified on {instant} (grade {grade}).", instant=instant, grade=grade)
        return tongue.say(
            "Verified on {instant} by {source} (grade {grade}).",
            instant=instant,
            source=flat(proof_source(ticket) or "Whosleft"),
            grade=grade,
        )
    if say is Say.WAITS and ticket.blocked_by is not None:
        return tongue.say(
            "It waits for {ticket}: it can't be done before.", ticket=ticket_label(ticket.blocked_by)
        )
    return {
        Say.GOES_ON: tongue.say("Whosleft opened it again: it is still to be done."),
        Say.WAITS: tongue.say("It has to wait: it can't be done yet."),
        Say.READY: tongue.say("This had to wait, and can be done now."),
        Say.DESK: _only_on_its_page(tongue),
        Say.STILL_TRUE: tongue.say("It was closed without being done, and is still to be done."),
        Say.VERIFIED: tongue.say("Verified."),
        Say.CANCELLED: tongue.say("Cancelled: nothing is to be done any more."),
        Say.WAIVED: tongue.say("Waived: it stays as it is."),
        Say.STAYS: tongue.say(
            "Whosleft knows nobody here by this account, so for Whosleft it stays with whoever had it."
        ),
    }[say]


def trouble_text(tracker: str, tongue: Tongue, *, lasts: bool) -> tuple[str, str]:
    """Headline and text of the notice that copies in a tracker are in trouble; what it is comes after them.

    `lasts`: it is said again while it is so.
    """
    text = tongue.say("The tickets go on here, and are escalated as ever.")
    if lasts:
        text = f"{text} {tongue.say('This is said again after a day if it stays.')}"
    return tongue.say("Copies of tickets in {tracker} are in trouble", tracker=flat(tracker)), text
