"""The plan: the ordered actions for the findings, as a value that can be compared, printed and held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from worker.domain.reconcile.guard import HeldPlan, HoldState
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Reopened, Ticket


class ActionKind(StrEnum):
    """What is done to a ticket."""

    OPEN = "open"
    CANCEL = "cancel"
    REOPEN = "reopen"
    BLOCK = "block"
    UNBLOCK = "unblock"
    VERIFY = "verify"
    ASSIGN = "assign"
    REMEDIATE = "remediate"  # a machine does it; `why` is the rule that allows it
    WEIGH = "weigh"  # compared with a roster, without a result: only the time is kept


@dataclass(frozen=True, slots=True)
class Action:
    """One item of a plan. `ticket` is as it will be after the action; a new one has no `id` yet.

    `is_blocked`: it waits for the live reassignment of its group; `blocked_by` gets that ticket's number when
    the plan is carried out. `reopened`: why it comes back, unless a person reopened it.
    """

    kind: ActionKind
    ticket: Ticket
    why: Reason
    is_blocked: bool = False
    reopened: Reopened | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All actions of one pass, in the order in which they are carried out, and the plans that are held."""

    actions: tuple[Action, ...] = ()
    held: tuple[HeldPlan, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if there is no action and nothing is held."""
        return not self.actions and not self.held


def instant(at: datetime | None) -> str | None:
    """An instant as the contract writes it: `2026-11-24T09:00:00Z`."""
    return None if at is None else f"{at.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


_SIGN = {
    ActionKind.OPEN: "+",
    ActionKind.CANCEL: "-",
    ActionKind.REOPEN: "!",
    ActionKind.BLOCK: "|",
    ActionKind.UNBLOCK: ">",
    ActionKind.VERIFY: "=",
    ActionKind.ASSIGN: "@",
    ActionKind.REMEDIATE: "*",
}


def plan_text(plan: Plan, *, is_ahead: bool = False) -> str:
    """The plan for a terminal: one line an action, one a cohort that nobody has decided, then warnings.

    `is_ahead`: none of it is done yet, so that tickets that it opens are new, and have no number to name.
    """
    shown = [action for action in plan.actions if action.kind is not ActionKind.WEIGH]
    new = {action.ticket.id for action in shown if is_ahead and action.kind is ActionKind.OPEN}
    lines = [_action_line(action, is_new=action.ticket.id in new) for action in shown]
    for held in plan.held:
        waiting = [cohort for cohort in held.cohorts if cohort.state is HoldState.HELD]
        decided = len(held.cohorts) - len(waiting)
        beside = f" ({decided} of {len(held.cohorts)} cohorts decided already)" if decided else ""
        lines.append(f"held {held.label} ({held.source}): {held.why}{beside}")
        lines += [f"     {c.id}: {c.cause}, {c.counted}" for c in waiting]
    if not lines:
        lines.append("Nothing to do: no ticket would be opened, changed or held.")
    return "\n".join([*lines, *(f"warning: {warning}" for warning in plan.warnings)])


def _action_line(action: Action, *, is_new: bool) -> str:
    ticket = action.ticket
    about = f"{ticket.person_name or ticket.member_name or ticket.handle}".strip()
    label = "new" if is_new else ticket.label
    blocked = " (waits for a new admin)" if action.is_blocked else ""
    who = f" -> {ticket.assignee.label}" if ticket.assignee else ""
    subject = " in ".join(part for part in (about, ticket.group_name) if part)
    verb = f"{_SIGN[action.kind]} {action.kind.value:<9}"
    return f"{verb} {label:<8} {ticket.kind.value:<18} {subject}: {action.why}{blocked}{who}"
