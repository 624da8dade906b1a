"""Titles and paragraphs of every message, in plain words and in the reader's language.

Pure. Each ticket has one paragraph, so that several fold into one digest. Names come from outside and may hold
anything: this module flattens them to one line, and the channel escapes them. An assignee reads the reason in their
own language, made from the ticket's fields; the security team reads the stored reason in the organisation's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.domain.controls.statements import (
    COMPLETE,
    DEVICE_ITEMS,
    AttestAnswer,
    Attestation,
    ItemAnswer,
    Statement,
)
from worker.domain.escalation.policy import Named, NamedKind, Target, Whom
from worker.domain.identity.phones import masked_number
from worker.domain.kinds import KINDS, kind_of
from worker.domain.kinds.attest import topic_of
from worker.domain.kinds.controlled import pasted
from worker.domain.kinds.kind import Sees
from worker.domain.messages.message import Message, Paragraph, Recipient, RecipientKind
from worker.domain.messages.versions import app_text
from worker.domain.messengers import messenger
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.direction import isolated
from worker.domain.text.durations import format_duration
from worker.domain.text.reason import Reason
from worker.domain.text.tongue import ENGLISH, N_, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import (
    WHY_THEY,
    Assignee,
    AssigneeWhy,
    Reopened,
    Ticket,
    TicketKind,
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
    return tongue.say(kind_of(ticket).title, **_names(ticket, tongue))


def _names(ticket: Ticket, tongue: Tongue) -> dict[str, str]:
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
    names = _names(ticket, tongue)
    if kind_of(ticket).about is About.HANDLE and ticket.handle != names["member"]:
        names["member"] = flat(f"{names['member']} {ticket.handle}")
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
    parts = (flat(ticket.member_name), flat(ticket.handle))
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
    return kind_of(ticket).why(ticket, timezone, tongue, _names(ticket, tongue))


_HAPPENED = {  # what the assignee is told of a reopening
    Reopened.NOT_DONE: N_("It was marked as done, but the latest list of members does not show it yet."),
    Reopened.UNPROVEN: N_(
        "It was marked as done, but nothing has shown it since. Please look again, and say so once more."
    ),
    Reopened.CAME_BACK: N_("{person} is in the group again."),
    Reopened.NEEDED_AGAIN: N_("This is needed once more."),
    Reopened.NEEDED_AFTER_ALL: N_("This is needed after all."),
    Reopened.WAIVER_OVER: N_("This was put off until now."),
}


def what_happened(action: Action, tongue: Tongue = ENGLISH) -> str:
    """What happened to a known ticket, for its assignee; a person's own words stay as they wrote them."""
    if action.kind is ActionKind.UNBLOCK:
        return tongue.say("This had to wait, and can be done now.")
    if action.kind is ActionKind.ASSIGN:
        return tongue.say("This was with somebody else, and is with you now.")
    if action.kind is not ActionKind.REOPEN:
        return ""
    if action.reopened is None:
        return reason_line(action.why, tongue)
    if action.reopened is Reopened.NOT_DONE and kind_of(action.ticket).sees is Sees.CONTROLS:
        return tongue.say("It was marked as done, but it was read again, and is not so yet.")
    return tongue.say(_HAPPENED[action.reopened], **_names(action.ticket, tongue))


_HEADLINES = {
    ActionKind.REOPEN: N_("Reopened: {title}"),
    ActionKind.UNBLOCK: N_("Can be done now: {title}"),
    ActionKind.ASSIGN: N_("Now with you: {title}"),
}


def news_paragraph(
    action: Action,
    to: Recipient,
    timezone: str,
    tongue: Tongue = ENGLISH,
    aid: Help | None = None,
) -> Paragraph:
    """What happened to a ticket: in plain words for a person, with the stored reason for the security team."""
    kind, ticket = action.kind, action.ticket
    title = ticket_title(ticket, tongue)
    headline = tongue.say(_HEADLINES[kind], title=title) if kind in _HEADLINES else title
    if to.kind is RecipientKind.CHANNEL:
        text = reason_line(ticket.reason if kind is ActionKind.OPEN else action.why, tongue)
    else:
        text = sentences(what_happened(action, tongue), why_line(ticket, timezone, tongue))
    paragraph = ticket_paragraph(ticket, timezone, headline, text, tongue, aid)
    return paragraph if to.kind is RecipientKind.CHANNEL else _with_pasted(paragraph, ticket, tongue)


UNREACHED = N_("Nobody could be reached before, so this comes to you.")
UNDELIVERED = N_("An earlier message reached nobody, so this comes to you.")
AWAY = N_("Whoever was told before is away, so this comes to you, too.")


def escalation_paragraph(
    ticket: Ticket,
    to: Recipient,
    timezone: str,
    now: datetime,
    why: str = "",
    tongue: Tongue = ENGLISH,
    aid: Help | None = None,
) -> Paragraph:
    """One ticket that is late, or nearly so; `why` is a further sentence, such as `UNREACHED`."""
    title = ticket_title(ticket, tongue)
    is_late = now >= ticket.due_at
    headline = (
        tongue.say("Overdue: {title}", title=title)
        if is_late
        else tongue.say("Still open: {title}", title=title)
    )
    is_channel = to.kind is RecipientKind.CHANNEL
    reason = reason_line(ticket.reason, tongue) if is_channel else why_line(ticket, timezone, tongue)
    text = sentences(reason, tongue.say(why) if why else "")
    paragraph = ticket_paragraph(ticket, timezone, headline, text, tongue, aid)
    return paragraph if is_channel else _with_pasted(paragraph, ticket, tongue)


def _with_pasted(paragraph: Paragraph, ticket: Ticket, tongue: Tongue) -> Paragraph:
    """The same with the texts that a person copies into the messenger."""
    label = tongue.say("Text to paste")
    texts = tuple((label, isolated(text, is_rtl=tongue.is_rtl)) for text in pasted(ticket))
    return replace(paragraph, facts=paragraph.facts + texts)


# target -> (text if it reaches people, text if it reaches nobody); two tables, as both kinds of name have a "channel"
_TELLS = {
    Target.ASSIGNEE: (N_("{names} (assignee)"), N_("the assignee: nobody")),
    Target.ADMINS: (N_("the group's admins: {names}"), N_("the group's admins: nobody active")),
    Target.OWNER: (N_("{names} (owner)"), N_("the group's owner: nobody known")),
    Target.MANAGER: (N_("{names} (manager)"), N_("the manager: nobody known")),
    Target.ACCOUNTABLE: (N_("{names} (accountable person)"), N_("the accountable person: nobody named")),
    Target.CHANNEL: (N_("the security channel"), N_("the security channel")),
}
_TELLS_NAMED = {
    NamedKind.CHANNEL: (N_("the channel {name}"), N_("the channel {name}")),
    NamedKind.ON_CALL: (N_("{names} (on call: {name})"), N_("on call in {name}: nobody")),
    NamedKind.PERSON: ("{names}", "{names}"),
}


def told_line(
    told: Sequence[tuple[Whom, Sequence[str]]], repeat: timedelta | None, tongue: Tongue = ENGLISH
) -> str:
    """Say who a step tells, target by target and by name, and how often it repeats."""
    parts = [_tells(whom, ", ".join(map(flat, names)), tongue) for whom, names in told]
    if repeat:
        parts.append(tongue.say("again every {span}", span=format_duration(repeat)))
    return "; ".join(parts)


def _tells(whom: Whom, names: str, tongue: Tongue) -> str:
    if isinstance(whom, Named):
        return tongue.say(_TELLS_NAMED[whom.kind][0 if names else 1], names=names, name=flat(whom.name))
    return tongue.say(_TELLS[whom][0 if names else 1], names=names)


def cancelled_paragraph(ticket: Ticket, to: Recipient, tongue: Tongue = ENGLISH) -> Paragraph:
    """Take back a message about a ticket that is cancelled."""
    over = tongue.say("This ticket is cancelled: there is nothing to do about it any more.")
    why = reason_line(ticket.reason, tongue) if to.kind is RecipientKind.CHANNEL else ""
    title = ticket_title(ticket, tongue)
    headline = tongue.say("No longer needed: {title}", title=title)
    facts = ((tongue.say("Ticket"), ticket.label),)
    return masked(Paragraph(headline, sentences(why, over), facts, title=title))


_NOT_ACCEPTED = {
    AttestAnswer.ACCEPTED: N_("{person} answered, and something is not as it should be: {topic}"),
    AttestAnswer.DECLINED: N_("{person} declined: {topic}"),
    AttestAnswer.EXCEPTION: N_("{person} asks for an exception: {topic}"),
}


def _headline(said: Attestation) -> str:
    if said.statement.is_revocable:
        return N_("{person} does not consent to show a private number in groups")
    return _NOT_ACCEPTED[said.answer]


def answered_paragraph(ticket: Ticket, said: Attestation, tongue: Tongue = ENGLISH) -> Paragraph:
    """Tell the accountable person that somebody did not accept what they were asked for."""
    headline = tongue.say(_headline(said), **_names(ticket, tongue))
    is_open = {ItemAnswer.NO, ItemAnswer.CANNOT}
    names = (name for name, one in said.items.items() if one in is_open and name != COMPLETE)
    open_items = [
        tongue.say(DEVICE_ITEMS[name]) if name in DEVICE_ITEMS else app_text(name, tongue) for name in names
    ]
    facts = [(tongue.say("Ticket"), ticket.label)]
    facts += [(tongue.say("Not so"), text) for text in open_items]
    facts += [(tongue.say("Says"), flat(said.reason))] if said.reason else []
    text = tongue.say("Talk to them. They are not asked again for this version.")
    if said.statement.is_revocable:
        text = tongue.say(
            "Refusing costs them nothing. Give them a number for work, or leave them out of the groups. They are taken "
            "out of groups that show the number only if they had consented before."
        )
    if said.statement is Statement.PROVIDER:
        text = tongue.say(
            "See to what is missing, and write it into `controls.providers` of the configuration."
        )
    if said.answer is AttestAnswer.EXCEPTION:
        text = tongue.say("Waive the ticket with a reason and an end, or hand it back to them.")
    return Paragraph(headline, text, tuple(facts), title=ticket_title(ticket, tongue))


def reminder_paragraph(ticket: Ticket, left: int, timezone: str, tongue: Tongue = ENGLISH) -> Paragraph:
    """Tell whoever has a review how many rows have no answer yet."""
    title = ticket_title(ticket, tongue)
    text = tongue.count("One person has no answer yet.", "{n} people have no answer yet.", left)
    return ticket_paragraph(ticket, timezone, tongue.say("Still open: {title}", title=title), text, tongue)


def harm_paragraph(ticket: Ticket, timezone: str, tongue: Tongue = ENGLISH) -> Paragraph:
    """Tell at once that somebody reported a threat or harm; what they wrote is on the handler's page alone."""
    headline = tongue.say("Urgent: somebody reported a threat or harm in {group}", **_names(ticket, tongue))
    text = tongue.say("Whoever has the ticket can read the report. Please make sure that somebody acts now.")
    return replace(ticket_paragraph(ticket, timezone, headline, text, tongue), steps=())


def dropped_paragraph(labels: Sequence[str], tongue: Tongue = ENGLISH) -> Paragraph:
    """Tickets that were closed before their reader could be told about them."""
    text = tongue.say("Nothing is to be done about them any more: {tickets}.", tickets=", ".join(labels))
    return Paragraph(tongue.say("Closed before you were told"), text)


@dataclass(frozen=True, slots=True)
class Cause:
    """What several messages are about: a kind of ticket, and whether it is escalated."""

    kind: TicketKind
    is_urgent: bool
    count: int


def summary_paragraph(causes: Sequence[Cause], tongue: Tongue = ENGLISH) -> Paragraph:
    """Many messages as one line for each cause, with their number."""
    headline = tongue.count("And {n} more message", "And {n} more messages", sum(one.count for one in causes))
    facts = tuple(
        (
            tongue.say(KINDS[one.kind].word),
            tongue.count("{n} escalation", "{n} escalations", one.count)
            if one.is_urgent
            else tongue.count("{n} piece of news", "{n} pieces of news", one.count),
        )
        for one in causes
    )
    return Paragraph(
        headline, tongue.say("There are too many to be told one by one. The desk shows them all."), facts
    )


def held_paragraph(ticket: Ticket, timezone: str, tongue: Tongue = ENGLISH) -> Paragraph:
    """A removal that nobody may do for a while."""
    headline = tongue.say("Not yet: {title}", title=ticket_title(ticket, tongue))
    text = sentences(held_line(ticket, timezone, tongue), reason_line(ticket.reason, tongue))
    return Paragraph(
        headline, text, ((tongue.say("Ticket"), ticket.label),), title=ticket_title(ticket, tongue)
    )


def held_line(ticket: Ticket, timezone: str, tongue: Tongue = ENGLISH) -> str:
    """Until when it is held; empty if it is not."""
    if ticket.held_until is None:
        return ""
    instant = tongue.instant(ticket.held_until, timezone)
    return tongue.say("It is held until {instant}. Please don't do it before.", instant=instant)


def doubted_paragraph(ticket: Ticket, timezone: str, tongue: Tongue = ENGLISH) -> Paragraph:
    """A ticket that was wrongly called done more than once, for the accountable person."""
    text = tongue.count(
        "It was marked as done {n} time, and was not done.",
        "It was marked as done {n} times, and was not done.",
        ticket.contradicted,
    )
    headline = tongue.say("Called done, and not done: {title}", title=ticket_title(ticket, tongue))
    why = why_line(ticket, timezone, tongue)
    return ticket_paragraph(ticket, timezone, headline, sentences(text, why), tongue)


# --- numbers ------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"\+[0-9](?:[ ().\-]{0,2}[0-9]){6,14}")


def masked(paragraph: Paragraph) -> Paragraph:
    """The paragraph for a reader who needs no phone numbers: only country and last digits are left of each."""
    return replace(
        paragraph,
        headline=_masked(paragraph.headline),
        text=_masked(paragraph.text),
        facts=tuple((label, _masked(value)) for label, value in paragraph.facts),
        steps=tuple(_masked(step) for step in paragraph.steps),
        title=_masked(paragraph.title),
    )


def _masked(text: str) -> str:
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
    return tongue.say(change, **_names(row.ticket, tongue), ticket=row.ticket.label)


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
