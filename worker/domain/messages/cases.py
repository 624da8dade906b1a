"""What is said of a leaver's case once nothing of it is open: what was proved how, and what the leaver keeps. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from worker.domain.kinds.keeps import KeptGroup
from worker.domain.messages.message import Paragraph
from worker.domain.messages.sentences import flat, sentences
from worker.domain.text.tongue import ENGLISH, N_, Tongue
from worker.domain.tickets.ticket import Grade

NAMED_MAX = 20  # groups that a message names
_PROVED = {
    Grade.A: N_("The messenger itself shows it (A)"),
    Grade.B: N_("A list or a second person says so (B)"),
    Grade.C: N_("Somebody's word (C)"),
}


def case_paragraph(
    person: str, kept: Sequence[KeptGroup], timezone: str, tongue: Tongue = ENGLISH
) -> Paragraph:
    """The case of a leaver, for the accountable person: sensitive groups are named, and the others are counted."""
    headline = tongue.say("{person} is out of all groups", person=flat(person))
    out = tongue.count("Removed from one group.", "Removed from {n} groups.", len(kept))
    sensitive = [one for one in kept if one.is_sensitive]
    keeps = tongue.say("What was written until then stays on their phone.")
    risk = tongue.say("These groups are sensitive:") if sensitive else ""
    grades = Counter(one.ticket.grade for one in kept if one.ticket and one.ticket.grade)
    facts = [
        (tongue.say(text), tongue.number(grades[grade])) for grade, text in _PROVED.items() if grades[grade]
    ]
    facts += [_kept(one, timezone, tongue) for one in sensitive[:NAMED_MAX]]
    return Paragraph(headline, sentences(out, keeps, risk), tuple(facts), is_fixed=True)


def risk_paragraph(person: str, one: KeptGroup, timezone: str, tongue: Tongue = ENGLISH) -> Paragraph:
    """What a leaver keeps of one sensitive group, for whoever owns the group, and so the risk."""
    headline = tongue.say("{person} left, and could read {group}", person=flat(person), group=flat(one.name))
    text = tongue.say(
        "They are out of it now. What was written until then stays on their phone. Please decide whether "
        "anything has to be done about that."
    )
    return Paragraph(headline, text, (_kept(one, timezone, tongue),), is_fixed=True)


def _kept(one: KeptGroup, timezone: str, tongue: Tongue) -> tuple[str, str]:
    begin = tongue.instant(one.from_at, timezone) if one.from_at else tongue.say("not known")
    end = tongue.instant(one.until_at, timezone) if one.until_at else tongue.say("not known")
    name = f"{flat(one.name)} ({flat(one.data_class)})" if one.data_class else flat(one.name)
    return name, tongue.say("read from {begin} to {end}", begin=begin, end=end)
