"""Ask for the review of a leaver's work conversations, once for each leaving, and close it. Pure.

| person                                   | ticket   | action                                                |
| leaves soon, and the rule is for them    | none     | open, for the role; else for the accountable person   |
| leaves on another day now                | any      | - (it is the same leaving)                            |
| leaves after all, as was said at first   | cancelled| reopen                                                |
| stays after all, or the rule is gone     | live     | cancel                                                |
| leaves, from a department not in the rule| live     | cancel                                                |
| has left, or no department is shown      | live     | - (the role answers)                                  |
| whoever has it may not have it any more  | live     | assign                                                |
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from worker.domain.controls.policy import ConversationsRule
from worker.domain.kinds import CONVERSATIONS
from worker.domain.kinds.controlled import TIME_S
from worker.domain.kinds.review_conversations import DPIA_REF, POLICY_REF
from worker.domain.model import Account, Standing
from worker.domain.people.leaving import episode_name
from worker.domain.reconcile.engine import cancelled, reopen
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
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

_DUE = timedelta(days=5)
_SAME_LEAVING = timedelta(days=90)  # a last day that moves by less is the same leaving


def has_review(tickets: Iterable[Ticket], at: datetime) -> bool:
    """Whether a person's leaving at this instant has its review already."""
    reviews = (one for one in tickets if one.kind is CONVERSATIONS and one.state is not TicketState.CANCELLED)
    return any(one.is_live or abs((one.left_at or one.opened_at) - at) < _SAME_LEAVING for one in reviews)


def review_for(
    person: Account,
    at: datetime,
    rule: ConversationsRule,
    rules: TicketRules,
    kept_from: Collection[str],
    now: datetime,
) -> Action:
    """Open the review for somebody who will have left `at` an instant.

    `kept_from`: the addresses, casefolded, of those who may not review it: theirs, and their groups' admins'.
    """
    why = because("{name} leaves soon, and the policy asks for a review", name=person.facts.display_name)
    time = rule.switch.due or _DUE
    draft = Ticket(
        kind=CONVERSATIONS,
        about=About.PERSON,
        group=None,
        group_name="",
        messenger="",
        opened_at=now,
        clock_from=now,
        due_at=now,
        person=person.key,
        person_name=person.facts.display_name,
        evidence=person.evidence,
        left_at=at,
        occasion=episode_name(person.key, at),
        assignee=_reviewer(rule, rules, kept_from),
        accountable=accountable_for(rules, kept_from),
        reason=why,
        details={TIME_S: time.total_seconds(), POLICY_REF: rule.policy_ref, DPIA_REF: rule.dpia_ref},
    )
    return Action(ActionKind.OPEN, rules.started(draft, now), why)


def asked_again(known: Ticket, wanted: Action, rules: TicketRules, now: datetime) -> Action:
    """Reopen a review that was cancelled, instead of opening what is `wanted`, which is about the same leaving."""
    why = because("needed after all: {why}", why=wanted.why)
    reopened = handed_to(reopen(known, rules, now, why), wanted.ticket.assignee)
    again = replace(reopened, accountable=wanted.ticket.accountable)
    return Action(ActionKind.REOPEN, again, why, reopened=Reopened.NEEDED_AFTER_ALL)


def passed_on(
    ticket: Ticket, rule: ConversationsRule, rules: TicketRules, kept_from: Collection[str]
) -> Action:
    """Hand on a review from somebody who may not have it any more, as if it were asked for now.

    It becomes nobody's if it was left to them by an answer: the role has said that it can't do it.
    """
    is_left = ticket.assignee is not None and ticket.assignee.why is AssigneeWhy.ANSWERED
    why = because(
        "{ticket} is not for the person who leaves, nor for an admin of their groups", ticket=ticket.label
    )
    to = None if is_left else _reviewer(rule, rules, kept_from)
    return Action(ActionKind.ASSIGN, handed_to(ticket, to), why)


def answers_for(ticket: Ticket, rules: TicketRules, kept_from: Collection[str]) -> str:
    """The address of whoever is accountable for a live review by now.

    Nobody is if nobody was: it may be kept from the accountable person for a group that the leaver is out of by now.
    """
    return accountable_for(rules, kept_from) if ticket.accountable else ""


def accountable_for(rules: TicketRules, kept_from: Collection[str]) -> str:
    """The accountable person's address; empty if they may not have the review."""
    return "" if rules.accountable.casefold() in kept_from else rules.accountable


def _reviewer(rule: ConversationsRule, rules: TicketRules, kept_from: Collection[str]) -> Assignee | None:
    """The role; the accountable person where the role's address is the leaver's, or an admin's of their groups."""
    if rule.to.casefold() not in kept_from:
        return Assignee(rule.to, why=AssigneeWhy.ROLE)
    accountable = accountable_for(rules, kept_from)
    return Assignee(accountable, why=AssigneeWhy.ACCOUNTABLE) if accountable else None


def over(
    ticket: Ticket, person: Account | None, rule: ConversationsRule | None, now: datetime
) -> Action | None:
    """End a live review that nothing asks for any more; None if it goes on.

    The department counts until they have left, if the directory shows one: closing an account often clears it.
    """
    if person is not None and person.standing is Standing.ACTIVE:
        return cancelled(ticket, because("the person stays"), now)
    leaving = person.facts if person is not None and person.standing is Standing.LEAVING else None
    if rule is None or (leaving is not None and leaving.department and not rule.fits(leaving.department)):
        return cancelled(ticket, because("it is not asked for any more"), now)
    return None


def completed(ticket: Ticket, by: Sequence[str], now: datetime) -> Ticket:
    """A review of whose checklist nothing is missing, closed by the reviewer's word. Raises NotAllowed."""
    return replace(
        ticket,
        state=next_state(ticket.state, Move.VERIFY),
        verified_at=now,
        verified_by="checklist",
        grade=Grade.C,
        claimed_by=tuple(by),
        weighed_at=now,
        reason=because("every item of the checklist is answered"),
    )
