"""What messages say of tickets: a paragraph for each thing that happens to one."""

from __future__ import annotations

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
from worker.domain.kinds import KINDS, kind_of
from worker.domain.kinds.controlled import pasted
from worker.domain.kinds.kind import Sees
from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.domain.messages.sentences import (
    flat,
    masked,
    reason_line,
    sentences,
    ticket_paragraph,
    ticket_title,
    ticket_words,
    why_line,
)
from worker.domain.messages.versions import app_text
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.tongue import ENGLISH, N_, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import (
    Reopened,
    Ticket,
    TicketKind,
    ticket_label,
)

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
_HEADLINES = {
    ActionKind.REOPEN: N_("Reopened: {title}"),
    ActionKind.UNBLOCK: N_("Can be done now: {title}"),
    ActionKind.ASSIGN: N_("Now with you: {title}"),
}
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
_NOT_ACCEPTED = {
    AttestAnswer.ACCEPTED: N_("{person} answered, and something is not as it should be: {topic}"),
    AttestAnswer.DECLINED: N_("{person} declined: {topic}"),
    AttestAnswer.EXCEPTION: N_("{person} asks for an exception: {topic}"),
}


def what_happened(action: Action, tongue: Tongue = ENGLISH) -> str:
    """What happened to a known ticket, for its assignee; a person's own words stay as they wrote them."""
    if action.kind is ActionKind.UNBLOCK:
        return tongue.say("This had to wait, and can be done now.")
    if action.kind is not ActionKind.REOPEN:
        return ""
    if action.reopened is None:
        return reason_line(action.why, tongue)
    if action.reopened is Reopened.NOT_DONE and kind_of(action.ticket).sees is Sees.CONTROLS:
        return tongue.say("It was marked as done, but it was read again, and is not so yet.")
    return tongue.say(_HAPPENED[action.reopened], **ticket_words(action.ticket, tongue))


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
    return paragraph if to.kind is RecipientKind.CHANNEL else with_pasted(paragraph, ticket, tongue)


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
    return paragraph if is_channel else with_pasted(paragraph, ticket, tongue)


def with_pasted(paragraph: Paragraph, ticket: Ticket, tongue: Tongue) -> Paragraph:
    """The same with the texts that a person copies into the messenger."""
    texts = pasted(ticket)
    return (
        replace(paragraph, pasted=tuple((tongue.say("Text to paste"), text) for text in texts))
        if texts
        else paragraph
    )


def told_line(
    told: Sequence[tuple[Whom, Sequence[str]]], repeat: timedelta | None, tongue: Tongue = ENGLISH
) -> str:
    """Say who a step tells, target by target and by name, and how often it repeats."""
    parts = [_tells(whom, ", ".join(map(flat, names)), tongue) for whom, names in told]
    if repeat:
        parts.append(tongue.say("again every {span}", span=tongue.span(repeat)))
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


def _headline(said: Attestation) -> str:
    if said.statement.is_revocable:
        return N_("{person} does not consent to show a private number in groups")
    return _NOT_ACCEPTED[said.answer]


def answered_paragraph(ticket: Ticket, said: Attestation, tongue: Tongue = ENGLISH) -> Paragraph:
    """Tell the accountable person that somebody did not accept what they were asked for."""
    headline = tongue.say(_headline(said), **ticket_words(ticket, tongue))
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
    headline = tongue.say(
        "Urgent: somebody reported a threat or harm in {group}", **ticket_words(ticket, tongue)
    )
    text = tongue.say("Whoever has the ticket can read the report. Please make sure that somebody acts now.")
    return replace(ticket_paragraph(ticket, timezone, headline, text, tongue), steps=())


def dropped_paragraph(labels: Sequence[str], tongue: Tongue = ENGLISH) -> Paragraph:
    """Tickets that were closed before their reader could be told about them."""
    text = tongue.say("Nothing is to be done about them any more: {tickets}.", tickets=", ".join(labels))
    return Paragraph(tongue.say("Closed before you were told"), text)


@dataclass(frozen=True, slots=True)
class Cause:
    """What several messages are about: a kind of ticket, and whether it is escalated.

    `count` are the messages, `tickets` what they are about, and `named` the lowest of these, by number.
    """

    kind: TicketKind
    is_urgent: bool
    count: int
    tickets: int
    named: tuple[int, ...]


def summary_paragraph(causes: Sequence[Cause], tongue: Tongue = ENGLISH) -> Paragraph:
    """Many messages as one line for each cause, with their number and the tickets that are named."""
    headline = tongue.count("And {n} more message", "And {n} more messages", sum(one.count for one in causes))
    facts = tuple(
        (
            tongue.say(KINDS[one.kind].word),
            f"{_how_many(one, tongue)} ({_named(one, tongue)})",
        )
        for one in causes
    )
    return Paragraph(
        headline,
        tongue.say("There are too many to be told one by one. Whosleft's pages show them all."),
        facts,
    )


def _how_many(cause: Cause, tongue: Tongue) -> str:
    if cause.is_urgent:
        return tongue.count("{n} escalation", "{n} escalations", cause.count)
    return tongue.count("{n} piece of news", "{n} pieces of news", cause.count)


def _named(cause: Cause, tongue: Tongue) -> str:
    more = cause.tickets - len(cause.named)
    labels = [ticket_label(number) for number in cause.named]
    return ", ".join([*labels, *([f"… +{tongue.number(more)}"] if more else [])])


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
