"""Verify: hold live tickets against newer rosters: verified, reopened, or nothing to say yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.app.health import Freshness
from worker.app.links import Links
from worker.app.report import Report
from worker.app.telling import assignee_messages, journal_entry
from worker.app.waiting import kept_waiting
from worker.domain.plan import Action, ActionKind, Plan
from worker.domain.reconcile import TicketRules, reopen
from worker.domain.ticket import Move, Ticket, TicketKind, TicketState, next_state
from worker.domain.tongue import ENGLISH_ONLY, Languages
from worker.domain.verify import Opinion, Sight, Verdict, weigh
from worker.ports.leases import Lease
from worker.ports.store import Store, UnitOfWork

PAGE = 500


class Verify:
    """Proves that tickets were done, or says that they were not."""

    def __init__(
        self,
        store: Store,
        rules: TicketRules,
        fresh: Freshness,
        timezone: str,
        languages: Languages = ENGLISH_ONLY,
        links: Links | None = None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._fresh = fresh
        self._timezone = timezone
        self._languages = languages
        self._links = links

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Weigh each live ticket whose group was read since it was last weighed. `now` is aware UTC."""
        actions: list[Action] = []
        counts = {"weighed": 0, "verified": 0, "reopened": 0, "inconclusive": 0}
        after = 0
        while True:
            with self._store.begin(lease) as uow:
                waiting = uow.tickets.to_weigh(after, PAGE, now)
                for ticket, sight in waiting:
                    actions += self._weigh(uow, ticket, sight, now, counts)
            if not waiting:
                return Report("verify", counts, plan=Plan(tuple(actions)))
            counts["weighed"] += len(waiting)
            after = waiting[-1][0].id

    def _weigh(
        self, uow: UnitOfWork, ticket: Ticket, sight: Sight | None, now: datetime, counts: dict[str, int]
    ) -> list[Action]:
        if sight is not None:
            is_fresh = self._fresh.is_fresh(ticket.group.source, sight.taken_at, now)
            sight = replace(sight, is_fresh=is_fresh)
        opinion = weigh(ticket, sight, self._rules.admins_min, now)
        counts[opinion.verdict.value] += 1
        if opinion.verdict is Verdict.INCONCLUSIVE:
            uow.tickets.update([replace(ticket, weighed_at=now)])
            return []
        action = self._settled(ticket, opinion, now)
        if action.kind is ActionKind.REOPEN:
            waiting = kept_waiting(uow, action.ticket, sight.role if sight else ticket.member_role)
            action = replace(action, ticket=waiting, is_blocked=waiting.state is TicketState.BLOCKED)
        uow.tickets.update([action.ticket])
        uow.journal.append([journal_entry(action, now)])
        if action.kind is ActionKind.REOPEN and not action.is_blocked:
            told = assignee_messages(uow, [action], self._timezone, now, self._languages, self._links)
            uow.outbox.add(told, now)
        if ticket.kind is TicketKind.REASSIGN_ADMIN or action.kind is ActionKind.REOPEN:
            uow.rosters.mark_dirty([ticket.group], now)  # what it blocked, or what must wait for it again
        return [action]

    def _settled(self, ticket: Ticket, opinion: Opinion, now: datetime) -> Action:
        if opinion.verdict is Verdict.REOPENED:
            reopened = replace(reopen(ticket, self._rules, now, opinion.why), weighed_at=now)
            return Action(ActionKind.REOPEN, reopened, opinion.why)
        verified = replace(
            ticket,
            state=next_state(ticket.state, Move.VERIFY),
            verified_at=now,
            verified_by=ticket.group.source,
            grade=opinion.grade,
            blocked_by=None,
            weighed_at=now,
            reason=opinion.why,
        )
        return Action(ActionKind.VERIFY, verified, opinion.why)
