"""Reconcile: match handles with people, pass new leavers through the guard, mend dirty groups.

    questions -> links;  episodes -> guard -> passed | held;  dirty groups -> findings -> plan -> tickets

Level-triggered: everything comes from state. Identities, tickets, messages and journal are one transaction a
page of groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from worker.app.acts.rights import end_lost_rights
from worker.app.jobs.carrying import carry_out
from worker.app.jobs.consenting import Withdrawing
from worker.app.jobs.following import follow, follow_last_days, follow_name
from worker.app.jobs.handing_over import HandingOver
from worker.app.jobs.holding import end_without_people, hold
from worker.app.jobs.matching import Matching
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.report import Report
from worker.app.jobs.unconfirmed import Unconfirmed
from worker.app.reads.gating import Gating
from worker.app.tell.addressing import who_is_here
from worker.app.tell.teller import Teller
from worker.domain.controls.statements import StatementRule, TextSeen
from worker.domain.groups.case import GroupView
from worker.domain.kinds import kind_of
from worker.domain.kinds.person_case import PersonCase
from worker.domain.model import AccountKey, Standing
from worker.domain.reconcile.engine import reconcile_group, reconcile_person
from worker.domain.reconcile.guard import Departure, GuardLimits, HeldPlan, inspect
from worker.domain.reconcile.plan import Action, ActionKind, Plan
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.globs import fits
from worker.domain.tickets.subject import About
from worker.ports import Port
from worker.ports.state.episodes import EpisodeSort
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork

GROUPS_PAGE = 400
PEOPLE_PAGE = 500
WAIVERS_BACK = timedelta(days=1)  # how far a process looks back at first; a full pass finds older ones


@dataclass(frozen=True, slots=True)
class ReconcileRules:
    """The rules of reconciling. `sensitive`: ids, names or globs of groups.

    `directories`: until each of these was read once, no question who a member is is asked; the answer may be in it.
    `confirm_every`: how long a declared roster counts as confirmed, by inventory. `statements`: what people are asked
    to say, of which some are to be said before they are added.
    """

    tickets: TicketRules
    limits: GuardLimits
    sensitive: tuple[str, ...]
    teller: Teller
    directories: tuple[str, ...] = ()
    confirm_every: Mapping[str, timedelta] = field(default_factory=dict)
    statements: tuple[StatementRule, ...] = ()


class Reconcile:
    """Turns what is wrong into tickets."""

    def __init__(self, store: Store, rules: ReconcileRules, observer: Observer = SILENT) -> None:
        self._store = store
        self._rules = rules
        self._tickets = rules.tickets  # with who is accountable at present
        self._observer = observer
        self._unconfirmed = Unconfirmed(rules.confirm_every, rules.teller.timezone)
        self._handing_over = HandingOver(rules.tickets.hand_over)
        self._gating = Gating(rules.statements)
        self._waivers_marked: datetime | None = None  # the groups of those that had ended then
        self._has_marked = False  # a worker of the release before, which does not mark leavers, may have run
        self._withdrawing = Withdrawing(rules.statements, rules.tickets, self._is_sensitive)

    def run_once(self, now: datetime, lease: Lease | None = None, *, full: bool = False) -> Report:
        """Reconcile every dirty group; with `full`, every group that the state shows as wrong. `now` is aware UTC.

        Idempotent: a second run finds nothing to do. The report's plan has the actions done and the plans held.
        """
        matching = Matching(self._store, now, lease, self._observer)
        held: list[HeldPlan] = []
        actions: list[Action] = []
        groups = 0
        with matching.begin() as uow:
            end_without_people(uow, now, self._rules.teller)
            self._unconfirmed.mark(uow, now)
            texts = self._gating.texts(uow)
            handing_over_until = self._handing_over.mark(uow, now, full=full)
            over = uow.tickets.homes_of_holds_over(now, self._tickets.hold_max)
            since = self._waivers_marked or now - WAIVERS_BACK
            uow.rosters.mark_dirty([*over, *uow.tickets.homes_of_waivers_over(since, now)], now)
            is_first = full or not self._has_marked
            self._look_who_answers(uow, now, full=is_first)
            if is_first:
                uow.rosters.mark_leavers()
            if full:
                uow.rosters.mark_wrong_groups_dirty(now)
                uow.people.mark_asked_dirty(now)
                uow.consents.mark_withdrawn_dirty(now)
        self._handing_over.note_marked(handing_over_until)
        self._has_marked, self._waivers_marked = True, now
        while True:
            with matching.begin() as uow:
                held += self._guard(uow, now, with_early=is_first and not groups)
                taken, views = uow.rosters.take_dirty(GROUPS_PAGE)
                if uow.episodes.is_any_early(_left(views)):
                    held += self._guard(uow, now, with_early=True)
                others, cases = uow.people.take_dirty(PEOPLE_PAGE)
                actions += self._mend(uow, views, cases, texts, now)
            if not taken and not others:
                break
            groups += taken
            self._observer.progressed("groups", taken)
        counts = {
            "matched": matching.changed,
            "groups": groups,
            "held": sum(len(plan.cohorts) for plan in held),
        }
        for action in actions:
            counts[action.kind.value] = counts.get(action.kind.value, 0) + 1
        return Report("reconcile", counts, plan=Plan(tuple(actions), tuple(held)))

    def _look_who_answers(self, uow: UnitOfWork, now: datetime, *, full: bool) -> None:
        """Whom the configuration names answers for all live tickets, unless they have left: then nobody does."""
        accountable = who_is_here(uow, self._rules.tickets.accountable)
        if full or accountable != self._tickets.accountable:
            uow.rosters.mark_dirty(uow.tickets.answer_for(accountable), now)
        self._tickets = replace(self._tickets, accountable=accountable)

    # --- the guard -------------------------------------------------------------------------------

    def _guard(self, uow: UnitOfWork, now: datetime, *, with_early: bool) -> list[HeldPlan]:
        """Judge who waits. Who came as left is judged with all of them as one turns up in a group.

        There may be many of them, mostly in no group: so not all are looked at each time. Rights end with what passes,
        and at night for whoever left without it: by an account that no longer counts, or under an earlier release.
        """
        held = []
        has_passed = with_early
        for sort, departures in sorted(uow.episodes.departures(with_early=with_early).items()):
            plan = self._inspect(uow, sort, departures, now)
            if plan is None:
                uow.episodes.let_through(departures, now)
                has_passed = True
            else:
                held.append(hold(uow, plan, now, self._rules.teller))
        if has_passed:
            end_lost_rights(uow, now)
        return held

    def _inspect(
        self, uow: UnitOfWork, sort: EpisodeSort, departures: Sequence[Departure], now: datetime
    ) -> HeldPlan | None:
        limits = self._rules.limits
        since = now - limits.window
        groups = [group for departure in departures for group in departure.groups]
        return inspect(
            sort.source,
            departures,
            uow.episodes.population(sort.source, sort.kind, since),
            uow.episodes.loads(groups, since),
            limits,
            now,
            self._rules.teller.timezone,
        )

    # --- tickets ---------------------------------------------------------------------------------

    def _mend(
        self,
        uow: UnitOfWork,
        views: Sequence[GroupView],
        cases: Sequence[PersonCase],
        texts: Sequence[TextSeen],
        now: datetime,
    ) -> list[Action]:
        """Carry out the actions for the groups and people of one page: tickets, messages and journal together."""
        views = [replace(view, is_sensitive=self._is_sensitive(view)) for view in views]
        views = self._handing_over.seen(uow, [follow(uow, view, now) for view in views], now)
        views = [follow_last_days(uow, follow_name(uow, view, now), self._tickets, now) for view in views]
        views = self._gating.seen(uow, views, texts, now)
        planned = _once([action for view in views for action in self._plan(view, now)])
        planned += [action for case in cases for action in reconcile_person(case, self._tickets, now)]
        planned += self._withdrawing.of(uow, cases, now)
        if self._is_blind(uow):
            planned = [action for action in planned if not _asks(action)]
        known = [ticket for view in views for ticket in view.tickets]
        return carry_out(uow, planned, known, self._rules.teller, now)

    def _plan(self, view: GroupView, now: datetime) -> tuple[Action, ...]:
        judged = replace(view, is_unconfirmed=self._unconfirmed.holds(view, now))
        return reconcile_group(judged, self._tickets, now)

    def _is_sensitive(self, view: GroupView) -> bool:
        sensitive = self._rules.sensitive
        is_said = view.registered is not None and view.registered.sensitive is True
        return is_said or fits(view.key.group_id, sensitive) or fits(view.name, sensitive)

    def _is_blind(self, uow: UnitOfWork) -> bool:
        states = (uow.sources.get(name, Port.DIRECTORY) for name in self._rules.directories)
        return any(state.first_pass_at is None for state in states)


def _left(views: Sequence[GroupView]) -> set[AccountKey]:
    """The accounts of members who have left, whether the guard let it through or not, that have left."""
    members = (member for view in views for member in view.members)
    gone = (one for one in members if one.person is not None and one.person.standing is Standing.LEFT)
    return {one.key for member in gone for one in member.accounts if one.standing is Standing.LEFT}


def _once(actions: Sequence[Action]) -> list[Action]:
    """The actions without repeats: a question about a member of several groups comes up in each, but is one ticket."""
    first = {action.ticket.key: action for action in reversed(actions)}
    return [action for action in actions if first[action.ticket.key] is action]


def _asks(action: Action) -> bool:
    is_question = kind_of(action.ticket).about is About.HANDLE
    return is_question and action.kind in {ActionKind.OPEN, ActionKind.REOPEN}
