"""Turn reports of bad messages into tickets. Pure.

| report                          | ticket                                                                   |
| one of the first of its day     | a new one, due by its tier                                               |
| a further one of its day        | joins the ticket that takes these, which is due as the most urgent one   |
| of harm, or about an admin      | as above, but apart: the accountable person has it, and no admin         |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from worker.domain.controls.policy import ReportsRule
from worker.domain.controls.reports import (
    DAILY_MAX,
    OUTCOME_WORDS,
    BadMessage,
    ReportOutcome,
    Tier,
)
from worker.domain.controls.state import GroupState
from worker.domain.kinds import REPORTED_MESSAGES
from worker.domain.kinds.controlled import TIME_S
from worker.domain.kinds.handle_report import CONFIDENTIAL, OCCASION, SHARED, TIER, is_confidential
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules, time_until
from worker.domain.reconcile.whom import an_admin, owner_of
from worker.domain.text.reason import because
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import (
    Assignee,
    AssigneeWhy,
    Grade,
    Move,
    Ticket,
    handed_to,
    next_state,
)

_URGENCY = list(Tier)


def opened_for(
    report: BadMessage, group: GroupState, rule: ReportsRule, rules: TicketRules, before: int, now: datetime
) -> Action:
    """Open the ticket of a report; `before`: how many the group had that day. All instants aware UTC."""
    why = because("somebody reported a message")
    accountable = accountable_for(group, rules, confidential=report.is_confidential)
    draft = Ticket(
        kind=REPORTED_MESSAGES,
        about=About.GROUP,
        group=group.key,
        group_name=group.name,
        messenger=group.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        occasion=f"{OCCASION}{report.label}",
        assignee=handler_for(group, rules, confidential=report.is_confidential),
        accountable=accountable,
        is_sensitive=group.is_sensitive,
        reason=why,
        details={
            TIER: report.tier.value,
            CONFIDENTIAL: report.is_confidential,
            SHARED: before >= DAILY_MAX,
            TIME_S: _time(report, group, rule).total_seconds(),
        },
    )
    return Action(ActionKind.OPEN, rules.started(draft, now), why)


def joined(
    ticket: Ticket,
    report: BadMessage,
    group: GroupState,
    rule: ReportsRule,
    rules: TicketRules,
    now: datetime,
) -> Ticket:
    """The ticket with one more report: it is due when the most urgent of them is."""
    draft = replace(ticket, details={TIME_S: _time(report, group, rule).total_seconds()})
    due_at = rules.started(draft, now).due_at
    worst = min(Tier(ticket.details[TIER]), report.tier, key=_URGENCY.index)
    details = {**ticket.details, TIER: worst.value}
    if due_at < ticket.due_at:
        time = time_until(ticket, rules.policy(ticket).calendar, due_at)
        return replace(ticket, due_at=due_at, details={**details, TIME_S: time.total_seconds()})
    return replace(ticket, details=details)


def shared_ticket(tickets: Iterable[Ticket], report: BadMessage, since: datetime) -> Ticket | None:
    """The open ticket of the day that takes a further report like this one. `since`: when the day began."""
    for one in tickets:
        is_ours = one.kind is REPORTED_MESSAGES and bool(one.details.get(SHARED)) and one.opened_at >= since
        if is_ours and one.is_live and is_confidential(one) is report.is_confidential:
            return one
    return None


def _time(report: BadMessage, group: GroupState, rule: ReportsRule) -> timedelta:
    return rule.time_for(report.tier, is_sensitive=group.is_sensitive)


# --- who ------------------------------------------------------------------------------------------------------


def handler_for(group: GroupState, rules: TicketRules, *, confidential: bool) -> Assignee | None:
    """Who handles it: an active admin, else the owner, else the accountable person.

    What no admin may hear of goes to the accountable person, else to the owner; to nobody if both are admins.
    """
    address = accountable_for(group, rules, confidential=confidential)
    accountable = Assignee(address, why=AssigneeWhy.ACCOUNTABLE) if address else None
    if not confidential:
        return an_admin(group.admins_who_are_active) or owner_of(group) or accountable
    owner = owner_of(group)
    is_admin = owner is not None and owner.email.casefold() in group.admin_addresses
    return accountable or (None if is_admin else owner)


def accountable_for(group: GroupState, rules: TicketRules, *, confidential: bool) -> str:
    """The accountable person's address; empty if they are an admin who may not hear of it."""
    is_admin = rules.accountable.casefold() in group.admin_addresses
    return "" if confidential and is_admin else rules.accountable


def passed_on(ticket: Ticket, group: GroupState, rules: TicketRules) -> Action:
    """Hand a ticket whose handler left to somebody who is there."""
    why = because("the assignee has left")
    accountable = answers_for(ticket, group, rules)
    named = handler_for(group, replace(rules, accountable=accountable), confidential=is_confidential(ticket))
    return Action(ActionKind.ASSIGN, replace(handed_to(ticket, named), accountable=accountable), why)


def answers_for(ticket: Ticket, group: GroupState, rules: TicketRules) -> str:
    """The address of whoever is accountable for a ticket by now.

    Nobody is if no admin may hear of it and nobody was: the accountable person may have been one of those admins.
    """
    is_kept = is_confidential(ticket)
    if is_kept and not ticket.accountable:
        return ""
    return accountable_for(group, rules, confidential=is_kept)


# --- what came of it ------------------------------------------------------------------------------------------


def settled_with(ticket: Ticket, outcome: ReportOutcome, by: Sequence[str], now: datetime) -> Ticket:
    """An open ticket as an outcome leaves it: the handler's word. `by`: their marks. Raises NotAllowed."""
    return replace(
        ticket,
        state=next_state(ticket.state, Move.VERIFY),
        verified_at=now,
        verified_by="outcome",
        grade=Grade.C,
        claimed_by=tuple(by),
        weighed_at=now,
        reason=because(OUTCOME_WORDS[outcome]),
    )
