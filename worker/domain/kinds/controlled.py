"""What the kinds that controls ask for have in common: their details list the faults.

A fault is `{"control", "found", "wanted", "text"}`: the control's id, what there is and what there should be as words
of the control or as values, and a text to paste. Where it may be several things, `"parts"` has the id of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from worker.domain.controls import GROUP_CONTROLS
from worker.domain.kinds.kind import Asks, Choice, Contradiction, InControls, Kind, Mark, Sees, Turn
from worker.domain.text.reason import Reason, because, together
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import AssigneeWhy, Reopened, Ticket, TicketKind, TicketState

FAULTS = "faults"
ONLY = "only"  # the handles that a review is about, where it is not about all
TIME_S = "time_s"  # how long the ticket may take, in seconds of its policy's time
ADMIN_FIRST = (AssigneeWhy.ADMIN, AssigneeWhy.OWNER, AssigneeWhy.ACCOUNTABLE)
OWNER_FIRST = (AssigneeWhy.OWNER, AssigneeWhy.ADMIN, AssigneeWhy.ACCOUNTABLE)
STILL_SO = Contradiction(needs_full=False, text=N_("marked done, but still so when it was read ({roster})"))


def faults_of(ticket: Ticket) -> Sequence[Mapping[str, Any]]:
    """What is wrong, the first fault first."""
    faults: Sequence[Mapping[str, Any]] = ticket.details.get(FAULTS, ())
    return faults


def ticket_for(control: str, tickets: Sequence[Ticket]) -> Ticket | None:
    """The live ticket of a group that lists this control, else the waived one."""
    about = [one for one in tickets if any(fault["control"] == control for fault in faults_of(one))]
    live = (one for one in about if one.is_live)
    return next(live, None) or next((one for one in about if one.state is TicketState.WAIVED), None)


def pasted(ticket: Ticket) -> Sequence[str]:
    """The texts to copy into the messenger, the first fault's first."""
    return [fault["text"] for fault in faults_of(ticket) if fault["text"]]


def fails(fault: Mapping[str, str]) -> Reason:
    """What is wrong, as a sentence."""
    return _filled(GROUP_CONTROLS[fault["control"]].fails, fault)


def asks(fault: Mapping[str, str]) -> Reason:
    """What to do about it, as a sentence."""
    return _filled(GROUP_CONTROLS[fault["control"]].asks, fault)


def _filled(text: str, fault: Mapping[str, str]) -> Reason:
    words = GROUP_CONTROLS[fault["control"]].words
    wanted = _value(fault["wanted"], words, "")
    return because(text, found=_value(fault["found"], words, wanted), wanted=wanted)


def _value(said: str, words: Mapping[str, str], wanted: Reason | str) -> Reason | str:
    """A word of the control as a text that is translated; several are parted by commas. A day is written as one."""
    parts = said.split(", ")
    if all(part in words for part in parts):
        return together((because(words[part], wanted=wanted) for part in parts), ", ")
    try:
        return because("{day}", day=date.fromisoformat(said))
    except ValueError:
        return said


def why(ticket: Ticket, _timezone: str, tongue: Tongue, _names: Mapping[str, str]) -> str:
    """All faults, a sentence each."""
    return " ".join(fails(fault).say(tongue) for fault in faults_of(ticket))


def is_done_in(_sight: Sight, _admins_min: int) -> bool:
    """Return False, since no roster proves it.

    The controls do (`reconcile.controlling.weigh_control`), or the answer of whoever is asked.
    """
    return False


def kind(
    *,
    code: TicketKind,
    word: str,
    title: str,
    steps: Callable[[Ticket, Help | None], tuple[str, ...]],
    found: InControls,
    row: str | None = None,
    choice: Choice = Choice.NOTHING,
    mark: Mark | None = None,
    sees: Sees = Sees.CONTROLS,
) -> Kind:
    """A kind that controls ask for, about a whole group: what is not given is the same in all of them."""
    return Kind(
        code=code,
        about=About.GROUP,
        word=word,
        title=title,
        why=why,
        steps=steps,
        row=row,
        plea=None,
        asks=Asks.NOBODY,
        answers=(Answer.NOT_MY_GROUP, Answer.OTHER),
        creator_kind=None,
        is_of_creator=False,
        choice=choice,
        mark=mark,
        turn=Turn.LAST,
        is_exposure=False,
        found=found,
        waits=None,
        again=Reopened.NEEDED_AGAIN,
        is_news_at_once=False,
        sees=sees,
        is_done_in=is_done_in,
        contradiction=STILL_SO,
        deed=None,
        control="",
    )


def person_kind(
    *,
    code: TicketKind,
    word: str,
    title: str,
    why: Callable[[Ticket, str, Tongue, Mapping[str, str]], str],
    steps: Callable[[Ticket, Help | None], tuple[str, ...]],
    choice: Choice,
    unproven: str,
    control: str = "",
) -> Kind:
    """A kind that controls ask for, about a person: whoever is asked answers on a page, and the answer is the fact.

    `unproven`: what is said of a list of members, which never shows it.
    """
    asked = kind(
        code=code,
        word=word,
        title=title,
        steps=steps,
        found=InControls(()),
        choice=choice,
        sees=Sees.STATEMENT,
    )
    return replace(
        asked,
        about=About.PERSON,
        why=why,
        answers=(Answer.OTHER,),
        contradiction=Contradiction(needs_full=True, text=unproven),
        control=control,
    )
