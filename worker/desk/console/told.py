"""A ticket's escalation as pages show it: each step with its recipients, and what the message to each waits for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from worker.app.reads.escalation import ComingStep, ToldOne
from worker.app.tell.holding import QUIET
from worker.desk.calls import Call
from worker.domain.messages.message import CHANNEL, RecipientKind
from worker.domain.messages.paragraphs import told_line
from worker.domain.messages.sentences import flat
from worker.domain.text.tongue import N_, Tongue
from worker.ports.state.tickets import StepTaken

_COMMON = N_("security channel")
_HOLDS = {
    QUIET: N_("quiet hours"),
    "snoozed": N_("the ticket is snoozed"),
    "acknowledged": N_("somebody has the ticket"),
}


class ShownStep(NamedTuple):
    """A step: its instant, whom it tells, and a line for each recipient: over what, and until when it waits."""

    at: datetime
    what: str
    lines: list[str]
    is_taken: bool


def shown_steps(call: Call, steps: Iterable[ComingStep]) -> list[ShownStep]:
    """The steps in the reader's language."""
    return [
        ShownStep(
            step.coming.at,
            told_line(step.named, step.coming.repeat, call.tongue),
            [line for one in step.everybody for line in _lines(call, one)],
            step.coming.is_taken,
        )
        for step in steps
    ]


def taken_steps(steps: Iterable[StepTaken], tongue: Tongue) -> list[tuple[datetime, str]]:
    """When each step was taken, and whom it told."""
    return [(one.taken.at, ", ".join(_named(label, tongue) for label in one.told)) for one in steps]


def _named(label: str, tongue: Tongue) -> str:
    return tongue.say(_COMMON) if label == CHANNEL.label else label


def hold_words(held_by: str, tongue: Tongue) -> str:
    """What holds a message back, from its code."""
    kind, colon, silence = held_by.partition(":")
    if colon and kind == "silence":
        return tongue.say("silence {id}", id=silence)
    return tongue.say(_HOLDS.get(held_by, held_by))


def _lines(call: Call, one: ToldOne) -> list[str]:
    tongue, to = call.tongue, one.to
    is_common = to.kind is RecipientKind.CHANNEL and not to.address
    name = tongue.say(_COMMON) if is_common else flat(to.label)
    if not one.over:
        return [tongue.say("{name}: no channel reaches them", name=name)]
    lines = []
    if one.passes_on_to:
        passed = flat(one.passes_on_to)
        lines.append(
            tongue.say(
                "{name}: over {channel}, passes it on to {person}", name=name, channel=one.over, person=passed
            )
        )
    if one.held_until is not None:
        lines.append(
            tongue.say(
                "{name}: over {channel}, held until {at} ({why})",
                name=name,
                channel=one.over,
                at=tongue.moment(one.held_until, call.services.place.timezone, call.now),
                why=hold_words(one.why, tongue),
            )
        )
    return lines or [tongue.say("{name}: over {channel}", name=name, channel=one.over)]
