"""What a release of a held plan would do: the tickets that the next reconcile would open for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.domain.kinds import kind_of
from worker.domain.reconcile.engine import reconcile_group
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, Ticket
from worker.ports.state.store import UnitOfWork

GROUPS_MAX = 100  # a page that shows it must stay quick; more are counted, and not looked at


@dataclass(frozen=True, slots=True)
class Release:
    """The tickets that a release of all that is held opens, or opens again.

    Of `groups` that it changes, only `groups_read` were looked at.
    """

    tickets: Sequence[Ticket]
    groups: int
    groups_read: int

    @property
    def assignees(self) -> list[tuple[Assignee | None, int]]:
        """Who gets how many of the tickets, the most first; None is nobody."""
        found = Counter(ticket.assignee for ticket in self.tickets)
        return sorted(found.items(), key=lambda item: (-item[1], item[0].label if item[0] else ""))


def release_of(uow: UnitOfWork, plan: int, rules: TicketRules, now: datetime) -> Release:
    """Reconcile the groups of a plan's people as if all that it holds were released. Writes nothing."""
    after = uow.episodes.after_release(plan, GROUPS_MAX)
    actions = [action for view in after.views for action in reconcile_group(view, rules, now)]
    return Release([action.ticket for action in actions if _opens(action)], after.groups, len(after.views))


def _opens(action: Action) -> bool:
    """A question who somebody is does not come from a leaving, and may only be waiting for a directory."""
    is_question = kind_of(action.ticket).about is About.HANDLE
    return action.kind in {ActionKind.OPEN, ActionKind.REOPEN} and not is_question
