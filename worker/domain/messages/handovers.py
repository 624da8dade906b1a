"""What is said when a rota hands over: to whoever takes over, and to the fallback if nobody did. Pure."""

from __future__ import annotations

from datetime import datetime

from worker.domain.messages.message import Paragraph
from worker.domain.messages.sentences import flat, sentences
from worker.domain.text.tongue import ENGLISH, Tongue


def handover_headline(rota: str, stands_in_for: str = "", tongue: Tongue = ENGLISH) -> str:
    """Who is on call for what, in one line, said to them; `stands_in_for` is the name of who is away."""
    if stands_in_for:
        return tongue.say(
            "You stand in for {person}, on call for {rota}", person=flat(stands_in_for), rota=rota
        )
    return tongue.say("You are on call for {rota}", rota=rota)


def handover_paragraph(
    rota: str,
    until: datetime,
    timezone: str,
    link: str | None = None,
    stands_in_for: str = "",
    tongue: Tongue = ENGLISH,
) -> Paragraph:
    """Tell somebody that they are on call until an instant, shown in the rota's time zone (IANA).

    With a link, they are asked to tap it.
    """
    asked = tongue.say("Open the link, and tap once to take over.") if link else ""
    return Paragraph(
        handover_headline(rota, stands_in_for, tongue),
        sentences(tongue.say("This goes until {instant}.", instant=tongue.instant(until, timezone)), asked),
        link=link,
        link_label=tongue.say("Take over"),
    )


def missed_paragraph(
    rota: str,
    person: str,
    asked_at: datetime | None,
    until: datetime,
    timezone: str,
    tongue: Tongue = ENGLISH,
) -> Paragraph:
    """Tell the fallback that somebody was asked to take over a rota and did not; `timezone` is the rota's.

    `asked_at`: None if they were not asked, since they have left.
    """
    facts = [(tongue.say("On call until"), tongue.instant(until, timezone))]
    if asked_at is None:
        text = tongue.say("{person} has left.", person=flat(person))
    else:
        text = tongue.say(
            "Nobody tapped the link in the message about it. Messages still go to whoever is on call. "
            "Please call them, or step in."
        )
        facts.insert(0, (tongue.say("Asked"), tongue.instant(asked_at, timezone)))
    return Paragraph(
        tongue.say("{person} has not taken over {rota}", person=flat(person), rota=rota),
        text,
        tuple(facts),
    )
