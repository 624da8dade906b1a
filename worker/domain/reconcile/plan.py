"""The plan: the ordered answer to the findings, as a value that can be compared, printed and held.

Text is for people, JSON for scripts (the shapes of the command line's contract).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from worker.domain.model import Person, PersonKey
from worker.domain.reconcile.guard import HeldPlan, heads
from worker.domain.tickets.ticket import Ticket, ticket_label


class ActionKind(StrEnum):
    """What is done to a ticket."""

    OPEN = "open"
    CANCEL = "cancel"
    REOPEN = "reopen"
    BLOCK = "block"
    UNBLOCK = "unblock"
    VERIFY = "verify"
    ASSIGN = "assign"
    WEIGH = "weigh"  # held against a roster, with no result: only remembered


@dataclass(frozen=True, slots=True)
class Action:
    """One item of a plan. `ticket` is as it will be after the action, but for `id` of a new one.

    `is_blocked`: it waits for the live reassignment of its group, whose number `blocked_by` gets when the
    plan is carried out.
    """

    kind: ActionKind
    ticket: Ticket
    why: str
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All actions of one pass, in the order in which they are carried out, and what is held back."""

    actions: tuple[Action, ...] = ()
    held: tuple[HeldPlan, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be done and nothing is held."""
        return not self.actions and not self.held


def instant(at: datetime | None) -> str | None:
    """An instant as the contract writes it: `2026-11-24T09:00:00Z`."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket_json(ticket: Ticket, escalations: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """One ticket in the shape of the command line's contract."""
    member = {
        "handle": ticket.handle,
        "display_name": ticket.member_name,
        "role": ticket.member_role.value if ticket.member_role else None,
    }
    return {
        "id": ticket.label,
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "blocked_by": None if ticket.blocked_by is None else ticket_label(ticket.blocked_by),
        "group": {
            "source": ticket.group.source,
            "id": ticket.group.group_id,
            "name": ticket.group_name,
            "messenger": ticket.messenger,
        },
        "member": member if ticket.handle else None,
        "person": _person_json(ticket),
        "assignee": _assignee_json(ticket),
        "opened_at": instant(ticket.opened_at),
        "due_at": instant(ticket.due_at),
        "done_at": instant(ticket.done_at),
        "done_by": ticket.done_by,
        "verified_at": instant(ticket.verified_at),
        "verified_by": ticket.verified_by,
        "grade": ticket.grade.value if ticket.grade else None,
        "escalations": list(escalations),
        "reopened": ticket.reopened,
        "reason": ticket.reason,
    }


def _person_json(ticket: Ticket) -> dict[str, Any] | None:
    if ticket.person is None:
        return None
    return {
        "source": ticket.person.source,
        "id": ticket.person.person_id,
        "name": ticket.person_name,
        "evidence": ticket.evidence.value if ticket.evidence else None,
        "left_at": instant(ticket.left_at),
    }


def account_json(account: Person) -> dict[str, Any]:
    """One of a human's accounts, as its directory has it."""
    return {
        "source": account.key.source,
        "id": account.key.person_id,
        "standing": account.standing.value,
        "evidence": account.evidence.value if account.evidence else None,
        "left_at": instant(account.left_at),
    }


def _assignee_json(ticket: Ticket) -> dict[str, Any] | None:
    if ticket.assignee is None:
        return None
    return {"name": ticket.assignee.name, "email": ticket.assignee.email, "why": ticket.assignee.why}


def held_json(held: HeldPlan) -> dict[str, Any]:
    """One held plan in the shape of the command line's contract."""
    return {
        "id": held.label,
        "state": held.state.value,
        "created_at": instant(held.created_at),
        "source": held.source,
        "why": held.why,
        "cohorts": [
            {
                "id": cohort.id,
                "cause": cohort.cause,
                "count": len(cohort.people),
                "people": [_member_json(p.person, p.name) for p in cohort.people],
                "state": cohort.state.value,
            }
            for cohort in held.cohorts
        ],
    }


def _member_json(person: PersonKey, name: str) -> dict[str, str]:
    return {"source": person.source, "id": person.person_id, "name": name}


def plan_json(plan: Plan, now: datetime) -> dict[str, Any]:
    """`{"now", "actions", "held", "warnings"}`."""
    return {
        "now": instant(now),
        "actions": [
            {"action": action.kind.value, "ticket": ticket_json(action.ticket), "why": action.why}
            for action in plan.actions
            if action.kind is not ActionKind.WEIGH
        ],
        "held": [held_json(held) for held in plan.held],
        "warnings": list(plan.warnings),
    }


_SIGN = {
    ActionKind.OPEN: "+",
    ActionKind.CANCEL: "-",
    ActionKind.REOPEN: "!",
    ActionKind.BLOCK: "|",
    ActionKind.UNBLOCK: ">",
    ActionKind.VERIFY: "=",
    ActionKind.ASSIGN: "@",
}


def plan_text(plan: Plan) -> str:
    """The plan for a terminal: one line an action, one a cohort, then warnings."""
    shown = [action for action in plan.actions if action.kind is not ActionKind.WEIGH]
    lines = [_action_line(action) for action in shown]
    for held in plan.held:
        lines.append(f"held {held.label} ({held.source}): {held.why}")
        lines += [f"     {c.id}: {c.cause}, {heads(len(c.people))}" for c in held.cohorts]
    if not lines:
        lines.append("Nothing to do: no ticket would be opened, changed or held.")
    return "\n".join([*lines, *(f"warning: {warning}" for warning in plan.warnings)])


def _action_line(action: Action) -> str:
    ticket = action.ticket
    about = f"{ticket.person_name or ticket.member_name or ticket.handle}".strip()
    label = ticket.label if ticket.id else "new"
    blocked = " (waits for a new admin)" if action.is_blocked else ""
    who = f" -> {ticket.assignee.email}" if ticket.assignee else ""
    subject = f"{about} in {ticket.group_name}" if about else ticket.group_name
    verb = f"{_SIGN[action.kind]} {action.kind.value:<8}"
    return f"{verb} {label:<8} {ticket.kind.value:<18} {subject}: {action.why}{blocked}{who}"
