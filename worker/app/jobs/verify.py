"""Verify: compare live tickets with newer rosters. A ticket is verified, reopened, or stays as it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from worker.app.acts.changes import change_ticket, mark_dirty
from worker.app.acts.waiting import kept_waiting
from worker.app.jobs.handing_over import is_in
from worker.app.jobs.matching import Matching
from worker.app.jobs.report import Report
from worker.app.jobs.rows_to_change import RowsToChange
from worker.app.jobs.telling_lists import TellLists
from worker.app.reads.controls import ControlReads, Looked
from worker.app.tell.health import Freshness
from worker.app.tell.teller import (
    Teller,
    journal_entry,
    withdraw_unsent,
)
from worker.domain.controls.switch import ANYWHERE
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, claimants
from worker.domain.kinds import is_waited_for, kind_of
from worker.domain.reconcile.controlling import weigh_control
from worker.domain.reconcile.engine import reopen
from worker.domain.reconcile.plan import Action, ActionKind, Plan
from worker.domain.reconcile.rules import TicketRules
from worker.domain.reconcile.verification import Verdict, Verification, unproven, weigh, weighed
from worker.domain.text.reason import because
from worker.domain.tickets.proof import with_evidence
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Grade, Move, Reopened, Ticket, TicketState, next_state
from worker.ports.state.group_states import NameInUse
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork
from worker.ports.state.tickets import Gone

PAGE = 500
DOUBTED_FROM = 2  # after this many wrong claims of one ticket, the accountable person is told


class Verify:
    """Proves that tickets were done, or that they were not. `kept_by_people`: the inventories that are lists."""

    def __init__(
        self,
        store: Store,
        rules: TicketRules,
        fresh: Freshness,
        teller: Teller,
        controls: ControlReads,
        kept_by_people: Collection[str] = (),
        telling: TellLists | None = None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._fresh = fresh
        self._teller = teller
        self._controls = controls
        self._kept_by_people = frozenset(kept_by_people)
        with_rows = {name for name, can in controls.rules.inventories.items() if can.has_rows}
        self._rows = RowsToChange(rules, teller, with_rows)
        self._telling = telling or TellLists(store, (), teller.timezone)

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Weigh each live ticket whose group was read since it was last weighed. `now` is aware UTC.

        Once a day, tell the keepers of lists which rows to change so that they prove the claims.
        """
        matching = Matching(self._store, now, lease)
        actions: list[Action] = []
        counts = {"weighed": 0, "verified": 0, "reopened": 0, "inconclusive": 0}
        after = 0
        while True:
            with matching.begin() as uow:
                waiting = uow.tickets.to_weigh(after, PAGE, now, now - self._rules.claim_life)
                done = [self._weigh(uow, ticket, sight, now, counts) for ticket, sight in waiting]
                actions += [action for action in done if action is not None]
                withdraw_unsent(uow, [action for action in done if action is not None])
            counts["weighed"] += len(waiting)
            if len(waiting) < PAGE:
                break
            after = waiting[-1].ticket.id
        actions += self._weigh_controls(matching, now, counts)
        with matching.begin() as uow:
            recorded = [self._recorded(uow, one, now) for one in uow.tickets.gone()]
            withdraw_unsent(uow, recorded)
            actions += recorded
            counts["verified"] += sum(action.kind is ActionKind.VERIFY for action in recorded)
        self._rows.tell(matching, now)
        troubles = self._telling.run(now, lease, counts)
        return Report("verify", counts, tuple(troubles), plan=Plan(tuple(actions)))

    def _weigh(
        self, uow: UnitOfWork, ticket: Ticket, sight: Sight | None, now: datetime, counts: dict[str, int]
    ) -> Action | None:
        opinion = weigh(
            ticket,
            self._seen(uow, ticket, sight, now),
            self._rules.admins_min,
            now,
            self._rules.claim_life,
            self._rules.timezone,
        )
        return self._concluded(uow, ticket, sight, opinion, now, counts)

    def _weigh_controls(self, matching: Matching, now: datetime, counts: dict[str, int]) -> list[Action]:
        """Weigh the tickets of controls against what the controls say now."""
        registers = self._controls.rules.lists.registers
        actions: list[Action] = []
        after = 0
        in_use: frozenset[NameInUse] | None = None
        while True:
            with matching.begin() as uow:
                waiting = uow.controls.to_weigh(after, PAGE, registers, now, now - self._rules.claim_life)
                if in_use is None and waiting:
                    in_use = self._controls.names_in_use(uow)
                groups = self._controls.of(uow, {one.home for one in waiting}, now, in_use)
                done: list[Action] = []
                for ticket in waiting:
                    opinion = self._opinion(ticket, groups.get(ticket.home), now)
                    action = self._concluded(uow, ticket, None, opinion, now, counts)
                    done += [action] if action is not None else []
                withdraw_unsent(uow, done)
            actions += done
            counts["weighed"] += len(waiting)
            if len(waiting) < PAGE:
                return actions
            after = waiting[-1].id

    def _opinion(self, ticket: Ticket, known: Looked | None, now: datetime) -> Verification:
        """What controls say of a ticket; `known` is None for a name of the census that is not asked for any more."""
        if known is None:
            return unproven(ticket, now, self._rules.claim_life, because("no control asks for it any more"))
        return weigh_control(ticket, *known, now, self._rules.claim_life)

    def _concluded(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        sight: Sight | None,
        opinion: Verification,
        now: datetime,
        counts: dict[str, int],
    ) -> Action | None:
        """Write down what the evidence says of a ticket."""
        counts[opinion.verdict.value] += 1
        if opinion.verdict is Verdict.INCONCLUSIVE:
            uow.tickets.update([weighed(ticket, now)])
            return None
        action = self._settled(ticket, opinion, now)
        if action.kind is ActionKind.REOPEN:
            waiting = kept_waiting(uow, action.ticket, sight.role if sight else ticket.member_role)
            action = replace(action, ticket=waiting, is_blocked=waiting.state is TicketState.BLOCKED)
        uow.tickets.update([action.ticket])
        uow.journal.append([journal_entry(action, now)])
        if action.kind is ActionKind.REOPEN:
            self._tell_reopened(uow, action, now)
        if is_waited_for(ticket) or action.kind is ActionKind.REOPEN or kind_of(ticket).about is About.HANDLE:
            # Tickets that it blocked, or that must wait for it again; a question may go on in another group
            mark_dirty(uow, ticket, now)
        return action

    def _recorded(self, uow: UnitOfWork, gone: Gone, now: datetime) -> Action:
        """What the messenger recorded after a claim proves it with grade B; without a claim, it is one."""
        ticket, why = gone.ticket, because("{source} records that the member went", source=gone.source)
        if ticket.state is TicketState.DONE:
            verified = replace(
                ticket, state=next_state(ticket.state, Move.VERIFY), verified_at=now, verified_by=gone.source,
                grade=Grade.B, blocked_by=None, weighed_at=now, reason=why,
                details=with_evidence(ticket, gone.at, now),
            )  # fmt: skip
            action = Action(ActionKind.VERIFY, verified, why)
            uow.tickets.update([verified])
            uow.journal.append([journal_entry(action, now)])
            return action
        by = Actor(gone.source, f"source:{gone.source}")
        claimed = replace(
            ticket, state=next_state(ticket.state, Move.CLAIM), done_at=gone.at, done_by=by.name, grade=Grade.C,
            reason=why, claimed_by=claimants([by]),
        )  # fmt: skip
        change_ticket(uow, ticket.id, lambda _: claimed, events.TICKET_DONE, by, now, why)
        return Action(ActionKind.WEIGH, claimed, why)

    def _seen(self, uow: UnitOfWork, ticket: Ticket, sight: Sight | None, now: datetime) -> Sight | None:
        """The sight, completed with what is known of its source."""
        if sight is None:
            return None
        source = ticket.subject.source
        is_fresh = self._fresh.is_fresh(source, sight.taken_at, now)
        leaving = self._handing_over(uow, ticket, sight, now)
        return replace(
            sight,
            is_fresh=is_fresh,
            is_kept_by_people=source in self._kept_by_people,
            active_admins=sight.active_admins - leaving,
        )

    def _handing_over(self, uow: UnitOfWork, ticket: Ticket, sight: Sight, now: datetime) -> int:
        """How many of a group's active admins are so near to their last day that they don't count."""
        rule = self._rules.hand_over
        leaving = 0 if rule is None else sum(at <= now + rule.lead for at in sight.admins_leave_at)
        if rule is None or not leaving or rule.where == ANYWHERE:
            return leaving
        row = uow.rosters.group(ticket.home)
        return leaving if row is not None and is_in(row, rule.where, is_sensitive=ticket.is_sensitive) else 0

    def _tell_reopened(self, uow: UnitOfWork, action: Action, now: datetime) -> None:
        ticket = action.ticket
        if not action.is_blocked:
            uow.outbox.add(self._teller.acted(uow, [action], now), now)
        if action.reopened is Reopened.NOT_DONE and ticket.contradicted >= DOUBTED_FROM:
            uow.outbox.add(self._teller.doubted(uow, ticket, now), now)

    def _settled(self, ticket: Ticket, opinion: Verification, now: datetime) -> Action:
        if opinion.verdict is Verdict.REOPENED:
            is_unproven = opinion.reopened is Reopened.UNPROVEN
            reopened = reopen(ticket, self._rules, now, opinion.why, is_unproven=is_unproven)
            again = replace(reopened, weighed_at=now)
            return Action(ActionKind.REOPEN, again, opinion.why, reopened=opinion.reopened)
        verified = replace(
            ticket,
            state=next_state(ticket.state, Move.VERIFY),
            verified_at=now,
            verified_by=opinion.source or ticket.subject.source,
            grade=opinion.grade,
            blocked_by=None,
            held_until=None,
            weighed_at=now,
            reason=opinion.why,
            details=with_evidence(ticket, opinion.at, now),
        )
        return Action(ActionKind.VERIFY, verified, opinion.why)
