"""Ask people for statements, and close what they answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from worker.domain.controls.control import NEW_GROUP_TIME
from worker.domain.controls.statements import AttestAnswer, Attestation, StatementRule
from worker.domain.escalation.calendar import Calendar, add, elapsed
from worker.domain.kinds import STATEMENTS
from worker.domain.kinds.attest import EXPLOITED, MESSENGERS, messengers_named
from worker.domain.kinds.controlled import TIME_S
from worker.domain.model import Account, GroupKey
from worker.domain.reconcile.assigning import person_as_assignee
from worker.domain.reconcile.engine import reopen
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import N_
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import (
    Assignee,
    AssigneeWhy,
    Grade,
    Move,
    Reopened,
    Ticket,
    TicketState,
    handed_to,
    next_state,
)

WITHDRAWN = "withdrawn"  # in the details of a ticket whose answer was taken back
_WHY = {
    "policy": N_("{name} has not accepted {subject}, version {version}"),
    "duties": N_("{name} has not accepted the duties of an admin, version {version}"),
    "training": N_("nothing shows that {name} did the training {subject}"),
    "device": N_("{name} has not said that the device is secured"),
    "consent": N_("a group is about to be shown the private number of {name}"),
    "census": N_("{name} has not said which work groups there are"),
    "update": N_("{name} has not said that the app is up to date ({subject})"),
    "provider": N_("nobody has looked within a year at what is agreed with the provider of {messengers}"),
}


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A person in the scope of a rule who has not made the statement; `group` where they are asked for each group.

    `joined_at`: when they came, if they are new. `before`: by occasion, the tickets that asked them by the rule before.
    `is_sensitive`: it is for a sensitive group, or they are in one that the rule is for; `is_in_new_group`: they are in
    a new one.
    """

    person: Account
    group: GroupKey | None = None
    group_name: str = ""
    messenger: str = ""
    joined_at: datetime | None = None
    before: Mapping[str, Ticket] = field(default_factory=dict)
    is_sensitive: bool = False
    is_in_new_group: bool = False


def ask(asked: ToAsk, rule: StatementRule, rules: TicketRules, now: datetime) -> Action:
    """Open the ticket that asks a person for a statement, or reopen the one of the same occasion."""
    why = _why(asked, rule)
    assignee = person_as_assignee(asked.person, AssigneeWhy.SELF)
    occasion = rule.occasion(now.astimezone(ZoneInfo(rules.timezone)).date(), asked.group)
    before = asked.before.get(occasion)
    if before is not None:
        again = replace(before, details=_details(before, asked, rule, rules, now))
        reopened = handed_to(reopen(again, rules, now, why), assignee)
        return Action(ActionKind.REOPEN, reopened, why, reopened=Reopened.NEEDED_AGAIN)
    draft = Ticket(
        kind=STATEMENTS,
        about=About.PERSON,
        group=asked.group,
        group_name=asked.group_name,
        messenger=asked.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        person=asked.person.key,
        person_name=asked.person.facts.display_name,
        occasion=occasion,
        assignee=assignee,
        accountable=rules.accountable,
        is_sensitive=asked.is_sensitive,
        reason=why,
    )
    timed = replace(draft, details=_details(draft, asked, rule, rules, now))
    return Action(ActionKind.OPEN, rules.started(timed, now), why)


def _why(asked: ToAsk, rule: StatementRule) -> Reason:
    values = {"name": asked.person.facts.display_name, "subject": rule.subject, "version": rule.version}
    values["messengers"] = messengers_named(rule.messengers)
    return because(_WHY[rule.statement.value], **values)


def _details(
    ticket: Ticket, asked: ToAsk, rule: StatementRule, rules: TicketRules, now: datetime
) -> Mapping[str, Any]:
    details = {
        "statement": rule.statement.value,
        "subject": rule.subject,
        "version": rule.version,
        "title": dict(rule.title),
        TIME_S: _time(asked, rule, rules.policy(ticket).calendar, now).total_seconds(),
    }
    if not rule.messengers:
        return details
    return {**details, MESSENGERS: list(rule.messengers), EXPLOITED: rule.is_exploited}


def _time(asked: ToAsk, rule: StatementRule, calendar: Calendar, now: datetime) -> timedelta:
    """How long they have: less in a sensitive group, and three days at most where a group is to be told of a policy.

    A joiner's time runs from the first day; a day is left to them at least. All of it is the calendar's time.
    """
    time = _usual_time(asked, rule, calendar, now)
    return min(time, NEW_GROUP_TIME) if asked.is_in_new_group else time


def _usual_time(asked: ToAsk, rule: StatementRule, calendar: Calendar, now: datetime) -> timedelta:
    if asked.is_sensitive and rule.sensitive_due is not None:
        return rule.sensitive_due
    if rule.joiner_due is None or asked.joined_at is None:
        return rule.due
    left = elapsed(calendar, now, add(calendar, asked.joined_at, rule.joiner_due))
    return max(left, timedelta(days=1)) if left > timedelta() else rule.due


def answered_with(ticket: Ticket, attestation: Attestation, now: datetime) -> Ticket:
    """An open ticket as an answer leaves it.

    Accepted and declined end it: a decline is an answer, and nobody is reminded of it. Whoever asks for an exception
    leaves it to the accountable person, who waives it or not. Raises NotAllowed for a ticket that is not open.
    """
    details = {**ticket.details, "answer": attestation.answer.value}
    if attestation.answer is AttestAnswer.EXCEPTION:
        next_state(ticket.state, Move.CLAIM)
        to = Assignee(ticket.accountable, why=AssigneeWhy.ACCOUNTABLE) if ticket.accountable else None
        why = because("{name} asks for an exception", name=ticket.person_name)
        return replace(handed_to(ticket, to), details=details, reason=why)
    name = ticket.person_name
    if attestation.answer is not AttestAnswer.ACCEPTED:
        why = because("{name} declined", name=name)
    elif attestation.statement.is_acceptance:
        why = because("{name} accepted", name=name)
    else:
        why = because("{name} answered", name=name)
    return replace(
        ticket,
        state=next_state(ticket.state, Move.VERIFY),
        details=details,
        verified_at=now,
        verified_by=attestation.assurance.value,
        grade=attestation.grade,
        weighed_at=now,
        reason=why,
    )


def changed_mind(ticket: Ticket, attestation: Attestation, now: datetime) -> Ticket:
    """Return a ticket that was answered before with a later answer in place of the first; it stays closed."""
    is_given = attestation.answer is AttestAnswer.ACCEPTED
    name = ticket.person_name
    why = because("{name} accepted", name=name) if is_given else because("{name} took it back", name=name)
    return replace(
        ticket,
        details={**ticket.details, "answer": attestation.answer.value, WITHDRAWN: not is_given},
        verified_by=attestation.assurance.value,
        grade=attestation.grade,
        weighed_at=now,
        reason=why,
    )


def answered_elsewhere(ticket: Ticket, attestation: Attestation, now: datetime) -> Action | None:
    """Return what a live ticket is after another system's word; None: an exception that was asked for is known.

    A pass and a decline close it with grade B, and whoever asks for an exception leaves it to the accountable person.
    """
    if attestation.answer is AttestAnswer.EXCEPTION:
        if ticket.state is not TicketState.OPEN or ticket.details.get("answer") == attestation.answer.value:
            return None
        handed = answered_with(ticket, attestation, now)
        return Action(ActionKind.ASSIGN, handed, handed.reason)
    over = replace(answered_with(ticket, attestation, now), grade=Grade.B)
    return Action(ActionKind.VERIFY, over, because("a list of another system shows it"))
