"""Controls: check every governed group, keep what fails, and open the tickets that are asked for, the worst first.

groups, page by page -> each control's word -> failures and counts;  live tickets: say what is wrong now, or end
first run with tickets -> one held plan;  failures that ask -> tickets, so many a day and a person;  counts of the day
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from worker.app.acts.attesting import Attesting
from worker.app.acts.census import NOT_ASKED_FOR
from worker.app.acts.own_rows import seconds_of_today
from worker.app.acts.reviewing import Reviewing
from worker.app.acts.statements import StatementList, text_changed
from worker.app.jobs.asking import Asking
from worker.app.jobs.carrying import carry_out
from worker.app.jobs.cases import TellCases
from worker.app.jobs.conversations import AskForReviews
from worker.app.jobs.doing import Doing
from worker.app.jobs.handlers import keep_reports
from worker.app.jobs.holding import hold, reject_needless
from worker.app.jobs.matching import Matching
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.report import Report
from worker.app.jobs.statement_lists import TakeLists
from worker.app.jobs.weekly import TellWeekly
from worker.app.reads.controls import ControlReads, ControlTally, Page
from worker.app.tell.addressing import rules_now
from worker.app.tell.teller import Teller
from worker.domain.controls import GROUP_CONTROLS
from worker.domain.controls.control import CheckValue
from worker.domain.controls.examining import Examined
from worker.domain.controls.group import admins_few, hand_over
from worker.domain.controls.others import ADVISORIES, CONVERSATIONS, REPORTS, STATEMENT_CONTROLS
from worker.domain.controls.state import GroupState
from worker.domain.controls.statements import StatementRule
from worker.domain.controls.switch import Mode
from worker.domain.escalation.wall_clock import local_day, start_of_day
from worker.domain.model import GroupKey
from worker.domain.reconcile.controlling import (
    Wanted,
    is_found_by_controls,
    is_new,
    keep,
    opened,
    time_for,
    wanted_in,
)
from worker.domain.reconcile.engine import cancelled
from worker.domain.reconcile.guard import HeldPlan
from worker.domain.reconcile.held_findings import HeldFindings, held_controls
from worker.domain.reconcile.own_rows import for_another
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.ports.state.controls import ControlCounts, ControlFailure
from worker.ports.state.episodes import PlanKind
from worker.ports.state.group_states import NameInUse
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork

PAGE = 200
_CONTROLS = (*GROUP_CONTROLS, *STATEMENT_CONTROLS, CONVERSATIONS.id)


class RunControls:
    """Checks groups. Without any rule it ends the tickets that there are, and forgets what it noted for them."""

    def __init__(
        self,
        store: Store,
        reads: ControlReads,
        tickets: TicketRules,
        teller: Teller,
        attesting: Attesting,
        reviewing: Reviewing,
        cases: TellCases,
        lists: Sequence[StatementList] = (),
        observer: Observer = SILENT,
    ) -> None:
        self._store = store
        self._reads = reads
        self._policy = reads.rules.policy
        self._rules = tickets
        self._tickets = tickets  # with who is accountable at present
        self._teller = teller
        self._reviewing = reviewing
        self._cases = cases
        self._weekly = TellWeekly(teller, tickets.accountable)
        self._lists = TakeLists(lists, attesting)
        self._observer = observer
        self._asking = Asking(reads, tickets, teller)
        rule = next(iter(reads.rules.policy.conversations), None)
        self._reviews = AskForReviews(rule, tickets, teller)

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Check all groups once; `now` is aware UTC. Idempotent: a second run finds nothing to do."""
        modes = {control: self._reads.mode_by_rules(control) for control in _CONTROLS}
        if not any((*modes.values(), self._reads.mode_by_rules(REPORTS.id))) and not self._has_tickets():
            with self._store.begin(lease) as uow:
                self._forget_starts(uow, set(), now)
                uow.consents.forget_before(now)  # what was noted while a rule asked
            return Report("controls")
        matching = Matching(self._store, now, lease, self._observer)
        with self._store.reading() as uow:
            self._tickets = rules_now(uow, self._rules)
            self._asking.look(uow, now)
        taken, troubles = self._lists.run(self._day(now), now)
        changed = self._changed_texts(matching, now)
        with self._store.reading() as uow:
            in_use = self._reads.names_in_use(uow)
        doing = Doing()
        tally = self._survey(matching, in_use, doing, now)
        asking = {control for control, mode in modes.items() if mode is Mode.TICKET}
        held = self._first_run(matching, asking, tally, now)
        self._open(matching, asking, in_use, changed, doing, now)
        self._count(matching, tally, now)
        with matching.begin() as uow:
            doing.add(self._finish_reviews(uow, now))
            reminded = self._reviewing.remind(uow, now)
            self._cases.tell(uow, now)
            self._weekly.tell(uow, now)
            doing.add(keep_reports(uow, self._reads, self._tickets, self._teller, now))
        counts = {name.value: sum(one[name] for one in tally.values.values()) for name in CheckValue}
        counts |= doing.counts | taken | {"reminded": reminded}
        counts["held"] = sum(len(plan.cohorts) for plan in held)
        troubles += [text_changed(rule) for rule in changed]
        return Report("controls", counts, tuple(troubles), doing.plan(held))

    def _has_tickets(self) -> bool:
        with self._store.reading() as uow:
            return uow.controls.has_live_tickets()

    def _changed_texts(self, matching: Matching, now: datetime) -> list[StatementRule]:
        with matching.begin() as uow:
            self._asking.place_in_groups(uow)
            return self._asking.changed_texts(uow, now)

    # --- what there is ---------------------------------------------------------------------------

    def _survey(
        self, matching: Matching, in_use: frozenset[NameInUse], doing: Doing, now: datetime
    ) -> ControlTally:
        tally = ControlTally()
        after: GroupKey | None = None
        with self._store.reading() as uow:
            left_behind = uow.group_states.left_behind()
        while True:
            with matching.begin() as uow:
                page = self._reads.page(uow, after, in_use, now)
                doing.add(self._settled(uow, page, now))
                if self._policy.register:
                    lists = self._reads.rules.lists
                    uow.controls.note_differences([group.key for group, _ in page], lists, now)
                self._asking.note_scope(uow, (group for group, _ in page), now)
                for _, examined in page:
                    tally.add(examined)
            self._observer.progressed("groups", len(page))
            if not page:
                break
            after = page[-1][0].key
        with matching.begin() as uow:
            named = self._reads.named(uow, now)
            for _, examined in named:
                tally.add(examined)
            left = list(self._reads.of(uow, left_behind, now, in_use).values())
            doing.add(self._settled(uow, [*named, *left], now))
            doing.add(self._not_asked_for(uow, {group.key for group, _ in named}, now))
            uow.controls.forget_before(now)
            uow.attestations.forget_scopes_before(now)
        self._asking.note_numbers(matching, now)
        self._asking.join(matching, now)
        with matching.begin() as uow:
            uow.consents.forget_before(now)
            doing.add(self._asking.settle(uow, now))
            doing.add(self._reviews.settle(uow, now))
        return tally

    def _count(self, matching: Matching, tally: ControlTally, now: datetime) -> None:
        """Keep what the controls say, and their tickets, as pages and programs show them until the next run."""
        with self._store.reading() as uow:  # a long look, on which nothing is decided
            counts = tally.counts(now) | self._reads.beside(uow, now)
        with matching.begin() as uow:
            uow.controls.count(self._day(now), counts, uow.controls.ticket_counts(now))

    def _settled(self, uow: UnitOfWork, page: Page, now: datetime) -> list[Action]:
        """Keep what fails in these groups, and have their live tickets say what is wrong now."""
        failures: list[ControlFailure] = []
        actions: list[Action] = []
        for group, examined in page:
            wanted = wanted_in(group, examined)
            actions += keep(group, examined, wanted, self._tickets, now, self._policy.languages)
            failures += self._failures(group, examined, wanted, now)
        uow.controls.keep(failures, now)
        return self._carry_out(uow, actions, page, now)

    def _not_asked_for(self, uow: UnitOfWork, asked: Collection[GroupKey], now: datetime) -> list[Action]:
        """End the tickets about names of a census that were reopened though nobody asks for them any more."""
        live = uow.census.live_tickets()
        over = [cancelled(one, NOT_ASKED_FOR, now) for one in live if one.home not in asked]
        return carry_out(uow, over, (), self._teller, now)

    def _failures(
        self, group: GroupState, examined: Sequence[Examined], wanted: Sequence[Wanted], now: datetime
    ) -> list[ControlFailure]:
        new = {one.control.id for want in wanted if is_new(want, group, now) for one in want.asked}
        return [
            ControlFailure(
                one.control.id, *group.key, group.name, one.result.value, one.result.found, one.result.wanted,
                group.department, group.is_sensitive, int(time_for(group, one).total_seconds()),
                one.control.id in new or _is_for_reconciling(one),
            )
            for one in examined
            if one.result.value in {CheckValue.FAIL, CheckValue.WAIVED}
        ]  # fmt: skip

    def _carry_out(
        self, uow: UnitOfWork, actions: Sequence[Action], page: Page, now: datetime
    ) -> list[Action]:
        """Carry out the actions about these groups. A change of what a ticket lists is written, and nobody is told."""
        groups = {group.key: group for group, _ in page}
        silent = [action for action in actions if action.kind is ActionKind.WEIGH]
        uow.tickets.update([action.ticket for action in silent])
        said = [action for action in actions if action.kind is not ActionKind.WEIGH]
        known = [ticket for group in groups.values() for ticket in group.tickets]
        done = carry_out(uow, said, known, self._teller, now)
        more = self._reviewing.begin(uow, done, groups, now)
        for_others = carry_out(uow, more, (), self._teller, now)
        self._reviewing.begin(uow, for_others, groups, now)
        return [*silent, *done, *for_others]

    def _finish_reviews(self, uow: UnitOfWork, now: datetime) -> list[Action]:
        """Complete reviews, and have somebody else asked what their reviewers may not say, or don't know."""
        asked, over = self._reviewing.look_again(uow)
        page = list(self._reads.of(uow, {one.ticket.home for one in asked}, now, frozenset()).values())
        groups = {group.key: group for group, _ in page}
        found = dict[int, Action]()
        for one in asked:
            action = for_another(one.ticket, one.own, one.unsure, groups[one.ticket.home], self._tickets, now)
            if action is not None:
                found[one.ticket.id] = action
        today = start_of_day(self._reads.rules.timezone, now)
        actions, later = seconds_of_today(uow, found, self._policy, today)
        self._reviewing.finish(uow, [one for one in over if one.ticket.id not in later], now)
        return self._carry_out(uow, actions, page, now)

    def _day(self, now: datetime) -> str:
        return f"{local_day(self._reads.rules.timezone, now):%Y-%m-%d}"

    # --- the first run with tickets --------------------------------------------------------------

    def _first_run(
        self, matching: Matching, asking: set[str], tally: ControlTally, now: datetime
    ) -> list[HeldPlan]:
        """Hold what controls find in their first run with tickets; one that finds nothing has had its first run.

        It has not if it could know nothing: what it finds once it can is held then.
        """
        with matching.begin() as uow:
            started = self._forget_starts(uow, asking, now)
            found = {control: self._wants(uow, control, now) for control in sorted(asking - started)}
            plan = held_controls(found, now)
            stored = hold(uow, plan, now, self._teller, PlanKind.CONTROLS) if plan is not None else None
            number = stored.id if stored is not None else None
            blind = self._blind(uow, {one for one, wants in found.items() if not wants.count}, tally, now)
            had = {one: number if wants.count else None for one, wants in found.items() if one not in blind}
            uow.controls.start(had, now)
        return [stored] if stored is not None else []

    def _forget_starts(self, uow: UnitOfWork, asking: set[str], now: datetime) -> set[str]:
        """Forget the first runs of controls that open no tickets now, and end what waits of them; return the others.

        The next time that such a control opens tickets is a first run again, of what there is then.
        """
        started = uow.controls.started()
        off = started.keys() - asking
        for number in sorted(
            {number for one, number in started.items() if one in off and number is not None}
        ):
            why = because("it is not asked for any more")
            reject_needless(uow, number, off, why, now, self._teller)
        uow.controls.forget_start(off)
        return started.keys() & asking

    def _blind(self, uow: UnitOfWork, controls: set[str], tally: ControlTally, now: datetime) -> set[str]:
        """Which of these controls could know nothing: there is no group yet, or none of their subjects can be told."""
        if controls and not uow.group_states.groups(None, 1, self._reads.rules.lists, frozenset()):
            return controls
        counts = tally.counts(now)
        if controls - counts.keys():
            counts |= self._reads.beside(uow, now)
        # Without a messenger that is watched, no advisory was looked for; others without a subject have seen that.
        # That nobody has a last day yet is seen, too
        watched = {ADVISORIES.id} if counts.get(ADVISORIES.id, ControlCounts(now)).subjects == 0 else set()
        all_unknown = {one for one, said in counts.items() if said.unknown == said.subjects > 0}
        return controls & (watched | all_unknown - {hand_over.CONTROL.id, CONVERSATIONS.id})

    def _wants(self, uow: UnitOfWork, control: str, now: datetime) -> HeldFindings:
        if control in STATEMENT_CONTROLS:
            return self._asking.held(uow, control, now)
        if control == CONVERSATIONS.id:
            return self._reviews.held(uow, now)
        subjects = uow.controls.asking(control)
        return HeldFindings(len(subjects), tuple(subjects))

    # --- new tickets -----------------------------------------------------------------------------

    def _open(
        self,
        matching: Matching,
        asking: set[str],
        in_use: frozenset[NameInUse],
        changed: Sequence[StatementRule],
        doing: Doing,
        now: datetime,
    ) -> None:
        """Open tickets for what fails, the worst first, until the day's are used up."""
        start = start_of_day(self._reads.rules.timezone, now)
        with self._store.reading() as uow:
            allowed = asking & uow.controls.allowed()
            to_ask = allowed - uow.controls.refused()
            opened_today = Counter(uow.controls.opened_since(start))
        left = self._policy.per_day - opened_today.total()
        skip = 0
        while left > 0 and allowed:
            with matching.begin() as uow:
                keys = uow.controls.to_open(allowed - {hand_over.CONTROL.id}, PAGE, skip)
                states = self._reads.of(uow, keys, now, in_use)
                said_no = uow.controls.rejected(keys)
                page = [states[key] for key in keys if key in states]  # a name may be asked for no more
                new = self._new(page, said_no, allowed, opened_today, left, now)
                doing.add(self._carry_out(uow, new, page, now))
                if new:  # with the tickets for rows that a reviewer may not answer
                    opened_today = Counter(uow.controls.opened_since(start))
            left = self._policy.per_day - opened_today.total()
            skip += len(keys)
            if len(keys) < PAGE:
                break
        if CONVERSATIONS.id in to_ask and left > 0:
            with matching.begin() as uow:
                doing.add(self._reviews.open(uow, left, self._policy.daily_max, opened_today, now))
        doing.add(self._asking.open(matching, to_ask, opened_today, changed, now))

    def _new(
        self,
        page: Page,
        said_no: set[tuple[str, GroupKey]],
        allowed: set[str],
        opened_today: Counter[str],
        left: int,
        now: datetime,
    ) -> list[Action]:
        found: list[Action] = []
        for group, examined in page:
            may = [
                one
                for one in examined
                if one.control.id in allowed and (one.control.id, group.key) not in said_no
            ]
            if any(_is_for_reconciling(one) for one in may):  # which asks for a new admin, too
                may = [one for one in may if one.control.id != admins_few.CONTROL.id]
            for want in wanted_in(group, may):
                action = opened(want, group, self._tickets, self._policy.languages, now)
                if action is None or len(found) >= left:
                    continue
                to = action.ticket.assignee.email.casefold() if action.ticket.assignee else ""
                if opened_today[to] < self._policy.daily_max:
                    opened_today[to] += 1
                    found.append(action)
        return found


def _is_for_reconciling(one: Examined) -> bool:
    """Whether it asks for a ticket that reconciling opens, once a person allowed it."""
    return one.asks and one.control.kind is not None and not is_found_by_controls(one.control.kind)
