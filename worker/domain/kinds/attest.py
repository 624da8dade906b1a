"""Ask a person to accept a text, or to say something of a training, a device, an app or a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.domain.kinds.controlled import person_kind
from worker.domain.kinds.kind import Choice
from worker.domain.text.language_codes import fitting
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind
from worker.domain.watch.products import title_of

MESSENGERS = "messengers"  # those that a ticket's statement is about
EXPLOITED = "exploited"  # whether what the update repairs is used in attacks
_ASKS = {
    "policy": N_("Please read it and say whether you accept it."),
    "duties": N_("You are an admin of {group}. Please read what that means, and say whether you accept it."),
    "training": N_("Nothing shows yet that you did this training. Please do it, and say so."),
    "device": N_("Please look at your phone, and answer some questions about it."),
    "consent": N_(
        "You are about to be added to a chat group, and the only number of yours that is known is a private one. Say "
        "whether the members of your groups may see it."
    ),
    "update": N_(
        "A new version of {messengers} closes a security hole ({subject}). Please update the app, and say so."
    ),
    "exploited": N_(
        "Attackers use a security hole in {messengers} ({subject}). A new version closes it. Please update the app "
        "now, and say so."
    ),
    "provider": N_(
        "Please look at what is agreed with the provider of {messengers}: nobody has within a year, or something is "
        "missing."
    ),
    "census": N_(
        "Please write down the chat groups that your team uses for work, as far as you know of them."
    ),
}


def _why(ticket: Ticket, _timezone: str, tongue: Tongue, names: Mapping[str, str]) -> str:
    details = ticket.details
    statement = "exploited" if details.get(EXPLOITED) else details["statement"]
    known = {"messengers": _messengers_of(ticket), "subject": details.get("subject", "")}
    return tongue.say(_ASKS[statement], **{**names, **known})


def _steps(ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    if ticket.details["statement"] == "update":
        return (
            N_("Open the store of your phone or computer, and install the newest version of the app."),
            N_("Open the page of this ticket."),
            N_("Say on which of your devices you have the version that it names."),
        )
    return (N_("Open the page of this ticket."), N_("Read what is there, and answer."))


KIND = person_kind(
    code=TicketKind.ATTEST,
    word=N_("statement"),
    title=N_("Please answer: {topic}"),
    why=_why,
    steps=_steps,
    choice=Choice.STATEMENT,
    unproven=N_("no answer is known in {roster}"),
)

TOPICS = {
    "duties": N_("duties of an admin"),
    "training": N_("training"),
    "device": N_("your phone"),
    "census": N_("which work groups there are"),
    "consent": N_("your private number"),
    "update": N_("update of {messengers}"),
    "provider": N_("provider of {messengers}"),
}


def messengers_named(keys: Sequence[str]) -> str:
    """The names of messengers, for people."""
    return ", ".join(map(title_of, keys))


def _messengers_of(ticket: Ticket) -> str:
    return messengers_named(ticket.details.get(MESSENGERS, ()))


def topic_of(ticket: Ticket, tongue: Tongue) -> str:
    """What a ticket of this kind is about, in words; empty for other kinds."""
    statement = ticket.details.get("statement", "")
    title: Mapping[str, str] = ticket.details.get("title", {})
    known = title.get(fitting(title, [tongue.code])) or next(iter(title.values()), "")
    if known:
        return known
    named = _messengers_of(ticket)
    word = tongue.say(TOPICS[statement], messengers=named) if statement in TOPICS else ""
    subject: str = "" if named else ticket.details.get("subject", "")
    return f"{word}: {subject}" if word and subject else word or subject
