"""Rows of a review that its reviewer doesn't answer, as their own or unknown to them: who does so instead. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from worker.domain.controls.reviewing import OWN, ReviewRow
from worker.domain.controls.state import GroupState
from worker.domain.kinds.controlled import FAULTS, ONLY, TIME_S
from worker.domain.model import Account
from worker.domain.reconcile.assigning import MOVED, readdressed, why_another
from worker.domain.reconcile.engine import cancelled, reopen
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.whom import first_of, is_one_of
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Reopened, Ticket, handed_to

_ORDER = (AssigneeWhy.OWNER, AssigneeWhy.ACCOUNTABLE, AssigneeWhy.ADMIN)


def for_another(
    ticket: Ticket,
    own: Sequence[ReviewRow],
    unsure: Sequence[ReviewRow],
    group: GroupState,
    rules: TicketRules,
    now: datetime,
) -> Action | None:
    """A second ticket with these rows alone, for whoever may answer them; nobody's if there is nobody.

    `own` are the reviewer's; of `unsure` they said that they don't know. Without any, the one that is live ends.

    Where the review itself is opened again, its second ticket is, too; so is one that was over when somebody else got
    the review. One that is still live goes on, with the rows that it has to have now; None if it has them, or if it is
    waived.
    """
    key = replace(ticket.key, occasion=f"{ticket.occasion}{OWN}")
    known = next((one for one in group.tickets if one.key == key), None)
    rows = [*own, *unsure]
    if not rows:
        why = because("it is not asked for any more")
        return cancelled(known, why, now) if known is not None and known.is_live else None
    apart = [account for row in rows for account in row.member.accounts]
    to = _another(ticket.assignee, group, rules, apart)
    if unsure:
        why = because("the reviewer does not know whether these members belong in the group")
    elif to is not None:
        why = because("these rows are the reviewer's own")
    else:
        why = because("these rows are the reviewer's own, and nobody else is known who could answer for them")
    draft = Ticket(
        kind=ticket.kind,
        about=ticket.about,
        group=ticket.group,
        group_name=ticket.group_name,
        messenger=ticket.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        occasion=key.occasion,
        assignee=to,
        accountable=ticket.accountable,
        is_sensitive=ticket.is_sensitive,
        details={
            **{name: ticket.details[name] for name in (FAULTS, TIME_S)},
            ONLY: sorted(row.member.handle for row in rows),
        },
        reason=why,
    )
    if known is None:
        return Action(ActionKind.OPEN, rules.started(draft, now), why)
    same = replace(known, details=draft.details)
    if known.is_live:
        has_them = known.details[ONLY] == draft.details[ONLY]
        return None if has_them else Action(ActionKind.ASSIGN, handed_to(replace(same, reason=why), to), why)
    if known.is_waived(now):
        return None
    again = reopen(same, rules, now, why)
    return Action(ActionKind.REOPEN, handed_to(again, to), why, reopened=Reopened.NEEDED_AGAIN)


def kept_apart(ticket: Ticket, group: GroupState, rules: TicketRules, now: datetime) -> Action | None:
    """Keep such a second ticket with somebody who may answer its rows; None if it stays as it is.

    It is handed on if it can't stay with its assignee, or if they are one of the members that its rows are about; to
    nobody if nobody else is known. It ends once none of these members is in the group.
    """
    there = [group.own_rows[one] for one in ticket.details[ONLY] if one in group.own_rows]
    if not there:
        return cancelled(ticket, because("whom it asks about is not in the group any more"), now)
    apart = [account for accounts in there for account in accounts]
    is_own = is_one_of(ticket.assignee, apart)
    why = because("these rows are the reviewer's own") if is_own else why_another(ticket, group.departed)
    if why is None:
        moved = readdressed(ticket, group.assignees)
        return None if moved is None else Action(ActionKind.ASSIGN, moved, MOVED)
    first = ticket.occasion.removesuffix(OWN)
    reviewer = next((one.assignee for one in group.tickets if one.occasion == first), None)
    return Action(ActionKind.ASSIGN, handed_to(ticket, _another(reviewer, group, rules, apart)), why)


def _another(
    reviewer: Assignee | None, group: GroupState, rules: TicketRules, apart: Sequence[Account]
) -> Assignee | None:
    """The first who may answer for members with these accounts: none of them, and not the reviewer."""
    who = group.assignees.get(reviewer.person) if reviewer and reviewer.person else None
    accounts = [*apart, *(who.accounts if who else ())]
    address = reviewer.email.casefold() if reviewer else ""
    found = (first_of([why], group, rules, accounts) for why in _ORDER)
    return next((one for one in found if one is not None and one.email.casefold() != address), None)
