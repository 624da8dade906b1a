"""What the accountable person is told once a week: who has how many open tickets, and how many are overdue. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain.messages.message import Paragraph
from worker.domain.messages.sentences import flat
from worker.domain.text.tongue import ENGLISH, Tongue

NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class Load:
    """What one person has. `name` is empty for tickets that nobody has."""

    name: str
    is_open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Loads:
    """Everybody's open tickets in numbers; `first` are those with most overdue, then with most open."""

    is_open: int
    overdue: int
    people: int
    first: tuple[Load, ...]


def weekly_paragraph(loads: Loads, tongue: Tongue = ENGLISH) -> Paragraph:
    """The week's message."""
    headline = tongue.count(
        "{n} open ticket, by who has it", "{n} open tickets, by who has them", loads.is_open
    )
    text = tongue.count("{n} of them is overdue.", "{n} of them are overdue.", loads.overdue)
    facts = [(flat(one.name) or tongue.say("nobody"), _said(one, tongue)) for one in loads.first]
    more = loads.people - len(loads.first)
    if more > 0:
        facts.append((tongue.say("Others"), tongue.number(more)))
    return Paragraph(headline, text, tuple(facts))


def _said(one: Load, tongue: Tongue) -> str:
    return tongue.say(
        "{open} open, {overdue} overdue", open=tongue.number(one.is_open), overdue=tongue.number(one.overdue)
    )
