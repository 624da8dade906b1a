"""What a release of a held plan would do: the tickets that the next reconcile would open for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from worker.app.reads.gating import Gating
from worker.app.tell.addressing import rules_now
from worker.domain.controls.statements import StatementRule
from worker.domain.kinds import kind_of
from worker.domain.reconcile.engine import reconcile_group
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, TicketKind
from worker.ports.state.store import UnitOfWork

GROUPS_AT_ONCE = 100  # in memory; also those that a plan's own page looks at, since it must stay quick


@dataclass(slots=True)
class Release:
    """The tickets that a release of all that is held opens, or opens again: how many of a kind for whom (None: nobody).

    Of `groups` that it changes, only `groups_read` were looked at.
    """

    groups: int
    groups_read: int = 0
    tickets: Counter[tuple[TicketKind, Assignee | None]] = field(default_factory=Counter)

    @property
    def kinds(self) -> list[tuple[TicketKind, int]]:
        """How many tickets of each kind, the most first."""
        found = Counter[TicketKind]()
        for (kind, _), n in self.tickets.items():
            found[kind] += n
        return found.most_common()

    @property
    def assignees(self) -> list[tuple[Assignee | None, int]]:
        """Who gets how many of the tickets, the most first."""
        found = Counter[Assignee | None]()
        for (_, assignee), n in self.tickets.items():
            found[assignee] += n
        return sorted(found.items(), key=lambda item: (-item[1], item[0].label if item[0] else ""))


def release_of(
    uow: UnitOfWork,
    plan: int,
    rules: TicketRules,
    statements: Sequence[StatementRule],
    now: datetime,
    *,
    most: int | None = None,
) -> Release:
    """Reconcile the groups of a plan's people as if all that it holds were released. Writes nothing.

    Nobody is added who is to make one of these `statements` first. Looks at `most` groups, by key, or at all of them,
    some at a time.
    """
    groups = uow.episodes.released_groups(plan)
    gating = Gating(statements)
    texts, present = gating.texts(uow), rules_now(uow, rules)
    found = Release(len(groups))
    wanted = groups[:most]
    for first in range(0, len(wanted), GROUPS_AT_ONCE):
        views = uow.episodes.views_after_release(plan, wanted[first : first + GROUPS_AT_ONCE])
        for view in gating.seen(uow, views, texts, now):
            actions = filter(_opens, reconcile_group(view, present, now))
            found.tickets.update((action.ticket.kind, action.ticket.assignee) for action in actions)
            found.groups_read += 1
    return found


def _opens(action: Action) -> bool:
    """A question who somebody is does not come from a leaving, and may only be waiting for a directory."""
    is_question = kind_of(action.ticket).about is About.HANDLE
    return action.kind in {ActionKind.OPEN, ActionKind.REOPEN} and not is_question
