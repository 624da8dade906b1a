"""What is said of the worker itself: alarms, that they are over, the daily test message, the weekly report.

Pure. Errors and remedies come as English sentences from whoever noticed, and stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.domain.messages.message import Paragraph
from worker.domain.messages.sentences import flat, sentences
from worker.domain.text.direction import isolated
from worker.domain.text.tongue import ENGLISH, N_, Tongue
from worker.domain.watch.alarms import Alarm, AlarmCause, ToldAlarm

_HEADLINES = {
    AlarmCause.SOURCE: N_("Can't see: {source}"),
    AlarmCause.STALE: N_("Too old to prove anything: {source}"),
    AlarmCause.CHANNEL: N_("Nothing arrives over {source}"),
    AlarmCause.LEASE: N_("No worker does the job {source}"),
    AlarmCause.LATE: N_("Messages are late"),
    AlarmCause.DEAD: N_("Messages reached nobody"),
    AlarmCause.GUARD: N_("The guard's {source} is off"),
    AlarmCause.CLOCK: N_("The worker's clock and the database's differ"),
    AlarmCause.JUMP: N_("The worker's clock was set"),
    AlarmCause.CANARY: N_("The daily test message was not found"),
    AlarmCause.PING: N_("The dead man's switch does not hear the worker"),
    AlarmCause.CONCERN: N_("Needs a look: {source}"),
    AlarmCause.ENDING: N_("Ends soon: {source}"),
}
_CALM = N_("Nothing is concluded from this: nobody's status changes.")
_TEXTS = {
    AlarmCause.SOURCE: _CALM,
    AlarmCause.STALE: _CALM,
    AlarmCause.CHANNEL: N_("Messages over it wait; those to people go over another one after an hour."),
    AlarmCause.LEASE: N_("No worker has its lease, and its time is over. Do all workers run?"),
    AlarmCause.LATE: N_("They are due and no worker sends them. `whosleft deliveries list` shows them."),
    AlarmCause.DEAD: N_("`whosleft deliveries list --state dead` shows them; retry or drop them there."),
    AlarmCause.GUARD: N_("Nothing of that kind is held, however much it is."),
    AlarmCause.CLOCK: N_("Leases and due times rest on both. Keep both right with NTP."),
    AlarmCause.JUMP: N_(
        "Escalation was held for one round. Due times before it may have been judged by a wrong clock."
    ),
    AlarmCause.CANARY: N_(
        "It was sent over the channel that people are told over, and did not arrive there."
    ),
    AlarmCause.PING: N_("If the worker stops, nobody is told. Compare watch.ping with the check there."),
    AlarmCause.CONCERN: "",
    AlarmCause.ENDING: N_("Renew it before that, or the worker is blind from then on."),
}


def alarm_headline(one: Alarm | ToldAlarm, tongue: Tongue = ENGLISH) -> str:
    """What is wrong, in one line; of a clock, on which machine."""
    headline = tongue.say(_HEADLINES[one.cause], source=one.about)
    if one.cause is AlarmCause.CLOCK and one.about:
        return f"{headline}: {isolated(one.about, is_rtl=tongue.is_rtl)}"
    return headline


def alarm_paragraph(one: Alarm, timezone: str, tongue: Tongue = ENGLISH) -> Paragraph:
    """Something that is wrong with the worker: what, since when, and what to do. `timezone` is IANA."""
    text = tongue.say(_TEXTS[one.cause]) if _TEXTS[one.cause] else ""
    return Paragraph(
        alarm_headline(one, tongue),
        sentences(flat(one.said), text, flat(one.remedy)),
        tuple(_facts(one, timezone, tongue)),
    )


def _facts(one: Alarm, timezone: str, tongue: Tongue) -> Sequence[tuple[str, str]]:
    facts = []
    if one.cause in {AlarmCause.SOURCE, AlarmCause.LEASE, AlarmCause.PING}:
        label = tongue.say("Last good read") if one.cause is AlarmCause.SOURCE else tongue.say("Last good")
        seen = tongue.instant(one.since_at, timezone) if one.since_at else tongue.say("never")
        facts.append((label, seen))
    elif one.since_at is not None:
        label = tongue.say("As of") if one.cause is AlarmCause.STALE else tongue.say("Since")
        facts.append((label, tongue.instant(one.since_at, timezone)))
    if one.until_at is not None:
        facts.append((tongue.say("Until"), tongue.instant(one.until_at, timezone)))
    if one.cause in {AlarmCause.CLOCK, AlarmCause.JUMP}:
        facts.append((tongue.say("Seconds"), tongue.number(one.count)))
    elif one.count:
        facts.append((tongue.say("Messages"), tongue.number(one.count)))
    return facts


def over_paragraph(one: ToldAlarm, timezone: str, tongue: Tongue = ENGLISH) -> Paragraph:
    """An alarm that is over; `timezone` is IANA."""
    if one.cause is AlarmCause.SOURCE:
        headline = tongue.say("Seeing again: {source}", source=one.about)
        return Paragraph(headline, tongue.say("The source was read completely."))
    headline = tongue.say("Over: {headline}", headline=alarm_headline(one, tongue))
    told = (tongue.say("Since"), tongue.instant(one.since_at, timezone))
    return Paragraph(headline, tongue.say("This is not so any more."), (told,))


def canary_paragraph(tongue: Tongue = ENGLISH) -> Paragraph:
    """The daily test message."""
    text = tongue.say(
        "It shows that messages arrive here, and is looked for afterwards. There is nothing to do."
    )
    return Paragraph(tongue.say("Daily test message"), text)


@dataclass(frozen=True, slots=True)
class WeekReport:
    """The counts of the weekly report: of seven days what was opened and proved, and what is open now.

    `oldest` is the label of the oldest ticket that is open, opened at `oldest_at`; empty: none is open.
    """

    sources: int
    opened: int
    proved: int
    is_open: int
    oldest: str = ""
    oldest_at: datetime | None = None


def week_paragraph(
    week: WeekReport, wrong: Sequence[str], timezone: str, tongue: Tongue = ENGLISH
) -> Paragraph:
    """The weekly report; `wrong` are the headlines of what is not well, in the same language."""
    facts = [
        (tongue.say("Sources"), tongue.number(week.sources)),
        (tongue.say("Removals asked for in seven days"), tongue.number(week.opened)),
        (tongue.say("Removals proved in seven days"), tongue.number(week.proved)),
        (tongue.say("Open tickets"), tongue.number(week.is_open)),
    ]
    if week.oldest_at is not None:
        since = tongue.instant(week.oldest_at, timezone)
        facts.append((tongue.say("The oldest of them"), f"{week.oldest}, {since}"))
    if not wrong:
        text = tongue.say("Every source is read, every job is done, and messages arrive.")
        return Paragraph(tongue.say("All is well"), text, tuple(facts))
    text = tongue.say("This is what is wrong now:")
    return Paragraph(tongue.say("Not all is well"), text, tuple(facts), steps=tuple(wrong))
