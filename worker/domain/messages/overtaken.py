"""Messages that are not true any more by the time they would go out, or go out again.

What a message says of its ticket stands in its key, after the ticket's label: `T-000123:open:…`. One about an alarm has
the alarm's own key, and when it was told: `alarm:source:corp:…`, `alarm:source:corp:over:…`; one about a held plan has
its number: `plan:7`, or `ended:plan:7`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from worker.domain.escalation.policy import Taken
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.reconcile.plan import ActionKind
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.domain.watch.alarms import ToldAlarm

HELD = "held"
REMIND = "remind"
ANSWERED = "answered"
HARM = "harm"
SAID_ONCE = (Answer.STILL_WORKS_HERE.value, ANSWERED, HARM)  # a person's word, which no ticket tells again
NEVER_SUMMED_UP = (*SAID_ONCE, ActionKind.CANCEL.value)  # nor is told again what is over
PASSED = ":passed"  # at the end of a key: the reader passes it on to the assignee
_STEP = "step"
_INSTEAD = "instead:"
_ASSIGNEE = "assignee"
_ALARM, _OVER, _PLAN = "alarm:", ":over:", "plan:"
_NAMED = f":{_ASSIGNEE}:"  # before the address of whoever had the ticket
_TO_ASSIGNEE = frozenset({
    ActionKind.OPEN.value, ActionKind.REOPEN.value, ActionKind.UNBLOCK.value, ActionKind.ASSIGN.value, REMIND,
    *(one.value for one in Answer if one is not Answer.STILL_WORKS_HERE),
})  # fmt: skip


def step_key(ticket: Ticket, step: int) -> str:
    """The beginning of the keys of a step's messages; `step` counts from 1."""
    return f"{ticket.label}:{_STEP}{step}."


def taking_key(ticket: Ticket, taken: Taken) -> str:
    """The beginning of the keys of the messages of one taking of a step."""
    return f"{step_key(ticket, taken.step)}{taken.repeat}:"


def step_message_key(ticket: Ticket, taken: Taken, to: Recipient, *, is_instead: bool = False) -> str:
    """The key of a step's message to one recipient: it says if they are told as the assignee.

    `is_instead`: they are told in place of those whom the step named, whom no message reached.
    """
    is_assignee = to.kind is RecipientKind.PERSON and _has(ticket, to.address)
    told_as = _ASSIGNEE if is_assignee else to.kind.value
    return f"{taking_key(ticket, taken)}{_INSTEAD if is_instead else ''}{told_as}:{to.address}"


def step_and_repeat(key: str) -> tuple[str, int] | None:
    """What repeats of a step's message to one reader have in common, and which of them it is; None of other keys."""
    label, _, said = key.partition(":")
    step, _, more = said.partition(".")
    repeat, _, whom = more.partition(":")
    if not (step.startswith(_STEP) and repeat.isdecimal()):
        return None
    return f"{label}:{step}:{whom}", int(repeat)


def newer_repeats(keys: Iterable[str], among: Iterable[str]) -> dict[str, str]:
    """By those of the keys that are older, the key of the newest repeat `among` some: it says the same."""
    newest: dict[str, tuple[int, str]] = {}
    for key in among:
        if one := step_and_repeat(key):
            step, repeat = one
            newest[step] = max((repeat, key), newest.get(step, (repeat, key)))
    found = {}
    for key in keys:
        if (one := step_and_repeat(key)) and one[0] in newest and one[1] < newest[one[0]][0]:
            found[key] = newest[one[0]][1]
    return found


def passed_key(key: str, address: str, beside: str = "") -> str:
    """The key of a message that its reader passes on to the assignee, by whose address it is known.

    `beside` is the address of a reader who gets it too; empty of the first.
    """
    said, _, named = key.partition(_NAMED)
    return f"{said}{f':{beside}' if beside else ''}{_NAMED}{named or address}{PASSED}"


def is_passed_on(key: str) -> bool:
    """True if the message's reader passes it on to the assignee."""
    return key.endswith(PASSED)


def is_for_assignee(key: str, ticket: Ticket) -> bool:
    """True if a key names whoever has the ticket now, as the one who is told or whom it is passed on to."""
    return _NAMED in key and not _is_for_former(key, ticket)


def said_once(ticket: Ticket) -> tuple[str, ...]:
    """The beginnings of the keys of what people said of a ticket: it is not taken back while the ticket is live."""
    return tuple(f"{ticket.label}:{said}:" for said in SAID_ONCE)


def raised_key(alarm: str, told_at: datetime) -> str:
    """The beginning of the keys of the messages that an alarm, by its key, stands."""
    return f"{_ALARM}{alarm}:{told_at.astimezone(UTC).isoformat()}"


def over_key(alarm: str) -> str:
    """The beginning of the keys of the messages that an alarm, by its key, is over."""
    return f"{_ALARM}{alarm}{_OVER}"


def is_of_alarm(key: str) -> bool:
    """True of a message that an alarm stands, or is over."""
    return key.startswith(_ALARM)


def is_alarm_overtaken(key: str, standing: Iterable[ToldAlarm]) -> bool:
    """True of an alarm that stands no more or was told again since, and of the end of one that stands again."""
    if _OVER in key:
        return any(key.startswith(over_key(one.key)) for one in standing)
    return not any(key.startswith(raised_key(one.key, one.told_at)) for one in standing)


def plan_key(number: int) -> str:
    """The key of the message that a plan is held."""
    return f"{_PLAN}{number}"


def plan_over_key(number: int) -> str:
    """The key of the message that a plan needs no decision any more."""
    return f"ended:{plan_key(number)}"


def is_of_plan(key: str) -> bool:
    """True of the message that a plan is held."""
    return key.startswith(_PLAN)


def is_overtaken(key: str, to: Recipient, ticket: Ticket | None) -> bool:
    """True for a call to do what is done, is on hold or is somebody else's, and for news that is over.

    `ticket`: what the message is about, as it is now. What a program is sent is never overtaken: it is history.
    """
    if ticket is None or to.kind is RecipientKind.FEED:
        return False
    if is_passed_on(key):  # whatever it was made for, it asks the assignee to do the ticket
        return ticket.state is not TicketState.OPEN or _is_for_former(key, ticket)
    said = key.partition(":")[2].partition(":")[0]
    if said == ActionKind.CANCEL.value:
        return ticket.is_live
    if said == HELD:
        return ticket.held_until is None or ticket.state is not TicketState.BLOCKED
    if said in _TO_ASSIGNEE:
        return ticket.state is not TicketState.OPEN or not _is_theirs(to, ticket)
    return said.startswith(_STEP) and (ticket.state is not TicketState.OPEN or _is_for_former(key, ticket))


def _is_for_former(key: str, ticket: Ticket) -> bool:
    """True of what was for the assignee, to them or to be passed on, if they do not have the ticket now.

    Not known of what was to be passed on and waits since a release that did not name them.
    """
    _, is_named, address = key.partition(_NAMED)
    return bool(is_named) and not _has(ticket, address.removesuffix(PASSED))


def _is_theirs(to: Recipient, ticket: Ticket) -> bool:
    return to.kind is RecipientKind.CHANNEL or _has(ticket, to.address)


def _has(ticket: Ticket, address: str) -> bool:
    return ticket.assignee is not None and address == ticket.assignee.email.casefold()
