"""Remediate: let a machine do what an open ticket asks, where a rule allows it. Off unless there are rules.

unsettled acts -> looked at in a newer roster;  open tickets -> allowed? -> written down -> done -> outcome, claim

An act is committed before it is made, so a process that dies leaves a trace: the next roster shows what came of it
before anything is tried again. What is done is a claim like a person's; a later roster proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from worker.app.acts.changes import change_ticket
from worker.app.jobs.asked_wait import WAIT_MAX, asked_wait
from worker.app.jobs.confirming import Confirming
from worker.app.jobs.matching import Matching
from worker.app.jobs.report import Report
from worker.app.tell.health import Freshness
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via, acted, claimants
from worker.domain.instants import has_come
from worker.domain.kinds.kind import Deed
from worker.domain.messages.overtaken import said_once
from worker.domain.model import AccountKey, Coverage, GroupKey, Member
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.reconcile.guard import HoldState
from worker.domain.reconcile.plan import Action, ActionKind, Plan
from worker.domain.reconcile.remediation import (
    LeftToPeople,
    Permitted,
    RemediationRule,
    allowed,
    effect,
)
from worker.domain.text.reason import because, in_own_words
from worker.domain.tickets.ticket import Grade, Move, Ticket, TicketState, next_state, ticket_label
from worker.ports import Changed, ConnectorError, Inventory, NotDone, Permanent, Port, Takes
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect, Remover
from worker.ports.state.leases import Lease
from worker.ports.state.remediations import ActState, MachineAct
from worker.ports.state.store import Store, UnitOfWork

PAGE = 200
ATTEMPTS_MAX = 3  # for one ticket, without those that were surely not done; then people do it
DOUBLINGS_MAX = 10  # of the minute after which what was surely not done is tried again: to 17 hours
ASKED_MAX = timedelta(hours=1)  # an effect that takes longer did not come
UNDER_WAY_MAX = timedelta(minutes=5)  # how long a request may take, with what is asked before it
HOUR = timedelta(hours=1)
DID_NOT_COME = because("it was asked for, and did not come")


@dataclass(frozen=True, slots=True)
class RemediateRules:
    """What machines go by. Without `rules`, they do nothing."""

    rules: tuple[RemediationRule, ...]
    fresh_directories: Freshness
    fresh_inventories: Freshness
    takes: Mapping[str, Takes]  # by inventory: the groups that the configuration wants
    leaver: LeaverPolicy  # the evidence that counts now
    admins_min: int  # that a group needs


class Remediate:
    """Does what rules allow."""

    def __init__(
        self,
        store: Store,
        inventories: Sequence[Inventory],
        rules: RemediateRules,
        clock: Callable[[], datetime],
        since: datetime | None = None,
    ) -> None:
        """`since`: when this process began. What was read before does not count: much may have happened by then."""
        self._store = store
        self._clock = clock
        self._inventories = {one.name: one for one in inventories}
        self._rules = rules.rules
        self._by = rules
        self._since = since
        self._asked_anew: set[GroupKey] = set()
        self._quiet_until: dict[str, datetime] = {}  # sources that asked to wait

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Do what is allowed now. A refusal is in the report and the ticket's history, and is no failure of the run."""
        counts = {"done": 0, "asked": 0, "refused": 0, "unclear": 0}
        run = _Run(Matching(self._store, now, lease), now, self._clock, counts, [])
        if self._since is not None:
            self._since = min(self._since, now)  # the clock was ahead when it began
        self._settle(run)
        if self._rules:
            waiting = self._waiting()
            self._read_anew(waiting, run)
            for ticket in waiting:
                if self._may_ask(ticket.home.source, run) and self._is_allowed(ticket, now):
                    self._act(ticket, run)
        return Report("remediate", counts, tuple(run.troubles))

    def _read_anew(self, waiting: Sequence[Ticket], run: _Run) -> None:
        """Have groups read, once each, whose inventory was not read yet since this process began."""
        groups = {one.home for one in waiting} - self._asked_anew
        if self._since is None or not groups:
            return
        self._asked_anew |= groups
        with run.matching.begin() as uow:
            for name in sorted({one.source for one in groups}):
                if not self._is_anew(uow.sources.get(name, Port.INVENTORY).last_success_at):
                    theirs = sorted(one.group_id for one in groups if one.source == name)
                    uow.sources.want(name, theirs, run.now)

    def _is_current(self, fresh: Freshness, source: str, taken_at: datetime, now: datetime) -> bool:
        return fresh.is_fresh(source, taken_at, now) and self._is_anew(taken_at)

    def _is_anew(self, read_at: datetime | None) -> bool:
        return self._since is None or (read_at is not None and read_at >= self._since)

    def _may_ask(self, source: str, run: _Run) -> bool:
        return source not in run.failed and has_come(
            self._quiet_until.get(source, run.now), run.now, WAIT_MAX
        )

    def _is_allowed(self, ticket: Ticket, now: datetime) -> bool:
        """Look without keeping others from writing; what counts is asked again in the transaction that decides."""
        with self._store.reading() as uow:
            return isinstance(self._allowed(uow, ticket, now), Permitted)

    def preview(self, now: datetime) -> Plan:
        """Return what would be done, by ticket, if nothing else changed; and writes nothing."""
        actions = []
        left = {rule.name: self._left(rule, now) for rule in self._rules}
        for ticket in self._waiting():
            with self._store.reading() as uow:
                found = self._allowed(uow, ticket, now)
            if isinstance(found, Permitted) and left[found.rule.name] > 0:
                left[found.rule.name] -= 1
                actions.append(Action(ActionKind.REMEDIATE, ticket, in_own_words(found.rule.name)))
        return Plan(tuple(actions))

    def _left(self, rule: RemediationRule, now: datetime) -> int:
        with self._store.reading() as uow:
            return rule.per_hour - uow.remediations.count(rule.name, now - HOUR)

    def _waiting(self) -> Sequence[Ticket]:
        kinds = {kind for rule in self._rules for kind in rule.kinds}
        sources = {name for rule in self._rules for name in rule.inventories}
        found: list[Ticket] = []
        after = 0
        with self._store.reading() as uow:
            while page := uow.remediations.waiting(kinds, sources, after, PAGE):
                names = uow.overview.group_names({one.home for one in page})
                found += [one for one in page if self._may(one, names.get(one.home, ""))]
                after = page[-1].id
        return found

    def _may(self, ticket: Ticket, group_name: str) -> bool:
        return any(rule.allows(ticket, group_name) for rule in self._rules)

    def _allowed(
        self, uow: UnitOfWork, ticket: Ticket | None, now: datetime, under_way: int = 0
    ) -> Permitted | LeftToPeople:
        if ticket is None:
            return LeftToPeople("it is gone")
        group = ticket.home
        inventory = self._inventories.get(group.source)
        if inventory is None:
            return LeftToPeople("the inventory is not configured")
        if _are_people_held(uow):
            return LeftToPeople("a plan about people is held")
        view = uow.rosters.view(group)
        if view is not None and not self._by.takes[group.source](group.group_id, view.name):
            return LeftToPeople("the configuration leaves the group out")
        if view is not None and not self._is_current(
            self._by.fresh_inventories, group.source, view.taken_at, now
        ):
            return LeftToPeople("the latest roster is too old")
        acts = [one for one in uow.remediations.of_ticket(ticket.id) if one.attempt != under_way]
        if _was_tried_enough(acts, now):
            return LeftToPeople("it was tried often enough for now")
        found = allowed(ticket, view, self._rules, inventory.can, self._by.leaver, self._by.admins_min)
        if isinstance(found, Permitted) and not self._are_known_now(uow, found.people, now):
            return LeftToPeople("a directory that knows them was not read lately")
        return found

    def _are_known_now(self, uow: UnitOfWork, people: Collection[AccountKey], now: datetime) -> bool:
        """Whether every directory that knows one of them was read well: somebody may be back."""
        accounts = {key for keys in uow.people.accounts(people).values() for key in keys}
        names = {key.source for key in accounts} - uow.sources.removed(Port.DIRECTORY)
        states = [uow.sources.get(name, Port.DIRECTORY) for name in names]
        return bool(states) and all(
            one.trouble is None
            and self._by.fresh_directories.is_fresh(one.name, one.taken_at, now)
            and self._is_anew(one.last_success_at)
            for one in states
        )

    # --- one act ---------------------------------------------------------------------------------

    def _act(self, waiting: Ticket, run: _Run) -> None:
        with run.matching.begin() as uow:
            ticket = uow.tickets.get(waiting.id)
            found = self._allowed(uow, ticket, run.now)
            if ticket is None or isinstance(found, LeftToPeople):
                return
            if uow.remediations.count(found.rule.name, run.now - HOUR) >= found.rule.per_hour:
                return
            act = MachineAct(
                ticket.id, len(uow.remediations.of_ticket(ticket.id)) + 1, found.rule.name, found.deed, ticket.home,
                found.member.handle, ActState.BEGUN, run.at(),
            )  # fmt: skip
            uow.remediations.put(act)
            self._journal(uow, act, events.TICKET_REMEDIATION_STARTED, act.begun_at, act.deed.value)
        confirm = Confirming(partial(self._why_not, act, run))
        try:
            outcome = self._do(act, found.member, confirm)
        except ConnectorError as error:
            if confirm.fault is not None:
                raise confirm.fault from error
            if confirm.why_not:
                with run.matching.begin() as uow:
                    self._ended(uow, act, ActState.NOT_DONE, confirm.why_not, run)
            else:
                self._failed(act, error, run, is_asked=confirm.is_given)
        else:
            self._came(act, outcome, run)

    def _failed(self, act: MachineAct, error: ConnectorError, run: _Run, *, is_asked: bool) -> None:
        """What may have been done after all, as after an answer that nobody understands, the next roster shows."""
        if not is_asked or isinstance(error, NotDone | Permanent | Changed):
            with run.matching.begin() as uow:
                self._ended(uow, act, ActState.NOT_DONE, error.message, run)
        else:
            run.counts["unclear"] += 1
            self._look(replace(act, begun_at=run.at()), run)
        self._quiet_until[act.group.source] = run.now + (asked_wait(error) or timedelta())
        run.fail(act.group.source, error)

    def _do(self, act: MachineAct, member: Member, confirm: Confirm) -> ActOutcome:
        remover: Remover = self._inventories[act.group.source]  # type: ignore[assignment]  # `can` says so
        if act.deed is Deed.REMOVE:
            return remover.remove(act.group.group_id, member, confirm)
        return remover.make_admin(act.group.group_id, member, confirm)

    def _why_not(self, act: MachineAct, run: _Run) -> str:
        """Why an act is not to be done any more; "" if it is. Raises LeaseLost if another process does this job."""
        with run.matching.begin() as uow:
            found = self._allowed(uow, uow.tickets.get(act.ticket), run.at(), act.attempt)
        if isinstance(found, LeftToPeople):
            return found.why
        return "" if found.member.handle == act.handle else "it is about somebody else now"

    def _came(self, act: MachineAct, outcome: ActOutcome, run: _Run) -> None:
        at = run.at()
        with run.matching.begin() as uow:
            if outcome.effect is Effect.REFUSED:
                self._refused(uow, act, outcome.said, run)
            elif outcome.effect is Effect.ASKED:
                run.counts["asked"] += 1
                uow.remediations.put(replace(act, state=ActState.ASKED, said=outcome.said))
            else:
                self._done(uow, act, outcome.said, at, run)
            uow.sources.want(act.group.source, [act.group.group_id], at)

    def _done(self, uow: UnitOfWork, act: MachineAct, said: str, at: datetime, run: _Run) -> None:
        """Claim that it was done by `at`, as a person would. A settled ticket has it in its history."""
        run.counts["done"] += 1
        uow.remediations.put(replace(act, state=ActState.DONE, said=said))
        ticket = uow.tickets.get(act.ticket)
        if ticket is None or ticket.state is not TicketState.OPEN:
            self._journal(uow, act, events.TICKET_REMEDIATION_DONE, at, said)
            return
        by = _actor(act)

        def claimed(one: Ticket) -> Ticket:
            return replace(
                one, state=next_state(one.state, Move.CLAIM), done_at=at, done_by=by.name, grade=Grade.C,
                reason=because("done by rule {rule}", rule=act.rule), claimed_by=claimants([by]),
                remediated_by=act.rule, remediated_at=at,
            )  # fmt: skip

        change_ticket(uow, act.ticket, claimed, events.TICKET_DONE, by, at)
        uow.outbox.withdraw_about([act.ticket], but=said_once(ticket))

    def _refused(self, uow: UnitOfWork, act: MachineAct, said: str, run: _Run) -> None:
        run.counts["refused"] += 1
        uow.remediations.put(replace(act, state=ActState.REFUSED, said=said))
        self._journal(uow, act, events.TICKET_REMEDIATION_REFUSED, run.at(), said)

    def _ended(self, uow: UnitOfWork, act: MachineAct, state: ActState, why: str, run: _Run) -> None:
        uow.remediations.put(replace(act, state=state, said=why))
        self._journal(uow, act, events.TICKET_REMEDIATION_NOT_DONE, run.at(), why)

    def _look(self, act: MachineAct, run: _Run) -> None:
        """Have the group read. What was read while the request was under way says nothing of it."""
        with run.matching.begin() as uow:
            uow.remediations.put(act)
            uow.sources.want(act.group.source, [act.group.group_id], act.begun_at)

    def _journal(self, uow: UnitOfWork, act: MachineAct, kind: str, now: datetime, why: str) -> None:
        data = {"rule": act.rule, "deed": act.deed.value, "attempt": act.attempt}
        uow.journal.append([acted(_actor(act), now, kind, f"ticket:{ticket_label(act.ticket)}", why, data)])

    # --- acts of which nobody knows yet what came of them ---------------------------------------------

    def _settle(self, run: _Run) -> None:
        with self._store.reading() as uow:
            if not uow.remediations.unsettled():
                return
        with run.matching.begin() as uow:
            for act in uow.remediations.unsettled():
                self._settle_one(uow, act, run)

    def _settle_one(self, uow: UnitOfWork, act: MachineAct, run: _Run) -> None:
        """Look at a newer roster; for a while, have one read. What is out of sight comes with whole reads alone.

        A request may still be under way after its process ended, or gave up: an early roster shows no failure.
        """
        view = uow.rosters.view(act.group)
        in_sight = view if view is not None and not view.is_gone else None
        newer = in_sight if in_sight is not None and in_sight.taken_at > act.begun_at else None
        is_asked, is_late = act.state is ActState.ASKED, run.now - act.begun_at >= ASKED_MAX
        ticket = uow.tickets.get(act.ticket)
        handles = {act.handle, ticket.handle} if ticket and act.deed is Deed.REMOVE else {act.handle}
        came = None if newer is None else effect(act.deed, handles, newer)
        if came:
            self._done(uow, act, act.said, run.at(), run)
        elif newer is not None and came is False and is_asked and is_late:
            self._refused(uow, act, DID_NOT_COME, run)
        elif (
            newer is not None
            and came is False
            and not is_asked
            and newer.taken_at - act.begun_at > UNDER_WAY_MAX
        ):
            self._ended(uow, act, ActState.OVER, DID_NOT_COME, run)
        elif in_sight is not None and in_sight.coverage is not Coverage.STALE and not is_late:
            uow.sources.want(act.group.source, [act.group.group_id], run.now)


@dataclass(slots=True)
class _Run:
    """One run: its transactions, its instant, its counts, and the sources that failed in it."""

    matching: Matching
    now: datetime
    clock: Callable[[], datetime]
    counts: dict[str, int]
    troubles: list[str]
    failed: Collection[str] = ()

    def at(self) -> datetime:
        """The present instant: sources take their time, and others read them meanwhile."""
        return max(self.now, self.clock())

    def fail(self, source: str, error: ConnectorError) -> None:
        """Ask nothing more of a source in this run."""
        self.failed = {*self.failed, source}
        self.troubles.append(f"{source}: {error}")


def _was_tried_enough(acts: Sequence[MachineAct], now: datetime) -> bool:
    """Whether it is left alone: for good, or as long as what was surely not done rests, each time twice as long."""
    undone = [one for one in acts if one.state is ActState.NOT_DONE]
    if len(acts) - len(undone) >= ATTEMPTS_MAX:
        return True
    if not undone:
        return False
    rest = timedelta(minutes=2 ** min(len(undone) - 1, DOUBLINGS_MAX) - 1)
    return not has_come(undone[-1].begun_at + rest, now, WAIT_MAX)


def _are_people_held(uow: UnitOfWork) -> bool:
    """Whether a plan about people waits. One of controls delays no leaver's ticket."""
    plans = [plan for plan in uow.episodes.plans() if not plan.is_of_controls]
    return any(cohort.state is HoldState.HELD for plan in plans for cohort in plan.cohorts)


def _actor(act: MachineAct) -> Actor:
    return Actor(f"rule {act.rule}", f"rule:{act.rule}", Via.RULE)
