"""Approvals: a person releases or rejects a held plan, whole or one cohort at a time, with a reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from worker.domain.guard import Approval, Cohort, HeldPlan, HoldState
from worker.domain.journal import Entry
from worker.ports.store import Store, UnitOfWork


class Refused(Exception):
    """What was asked cannot be done; the text says why and what can."""


class Approvals:
    """Decides held plans. One of `two_from` people or more is released by two different people."""

    def __init__(self, store: Store, two_from: int) -> None:
        self._store = store
        self._two_from = two_from

    def decide(
        self,
        number: int,
        cohorts: Collection[str],
        by: str,
        reason: str,
        now: datetime,
        *,
        release: bool,
        subject: str = "",
    ) -> HeldPlan:
        """Release or reject the plan's undecided cohorts, or those named; return the plan as it stands then.

        The first release of a cohort of a large plan is kept, and the cohort stays held until somebody else releases
        it too. How large the plan is counts all of its people, so that no part of it passes as a small one.
        `subject` is by what the identity provider knows whoever decides, where there is one.
        Raises Refused for a plan or cohort that isn't there or is decided already, or for an empty reason.
        Episodes of a released cohort get their tickets at the next reconcile; a rejected one is not held again.
        """
        if not reason.strip():
            raise Refused("Say why: a reason is required to release or reject.")
        with self._store.begin() as uow:
            plan = uow.episodes.plan(number)
            if plan is None:
                raise Refused(f"There is no plan P-{number:06d}; `whosleft plans list` shows them.")
            wanted = _chosen(plan, cohorts)
            if release and self.needs_two(plan):
                wanted = self._approved(uow, plan, wanted, Approval("", by, now, reason, subject))
            state = HoldState.RELEASED if release else HoldState.REJECTED
            chosen = [replace(cohort, state=state) for cohort in plan.cohorts if cohort.id in wanted]
            if chosen:
                uow.episodes.decide(plan, chosen, by, reason, now)
                _write_down(uow, plan, chosen, f"plan.{state.value}", by, reason, now)
            decided = uow.episodes.plan(number)
        return plan if decided is None else decided

    def needs_two(self, plan: HeldPlan) -> bool:
        """Whether one person's word releases nothing of it."""
        return plan.size >= self._two_from

    def _approved(self, uow: UnitOfWork, plan: HeldPlan, wanted: set[str], word: Approval) -> set[str]:
        """Keep this person's word on these cohorts; return those that somebody else has approved before."""
        before = uow.episodes.approvals(plan.id)
        mine = {one.cohort for one in before if one.is_by(word.by, word.subject)}
        others = {one.cohort for one in before if not one.is_by(word.by, word.subject)}
        first = wanted - others
        if first == wanted and wanted <= mine:
            why = f"{plan.label} has {plan.size} people, so two have to release it"
            raise Refused(f"{why}; you did already, and now somebody else must.")
        uow.episodes.approve(plan.id, [replace(word, cohort=one) for one in sorted(wanted - mine)])
        new = [cohort for cohort in plan.cohorts if cohort.id in first - mine]
        if new:
            _write_down(uow, plan, new, "plan.approved", word.by, word.reason, word.at)
        return wanted & others


def _write_down(
    uow: UnitOfWork, plan: HeldPlan, cohorts: Sequence[Cohort], kind: str, by: str, reason: str, now: datetime
) -> None:
    data = {"cohorts": [cohort.id for cohort in cohorts], "people": sum(len(c.people) for c in cohorts)}
    uow.journal.append([Entry(now, by, kind, f"plan:{plan.label}", reason, data)])


def _chosen(plan: HeldPlan, named: Collection[str]) -> set[str]:
    known = {cohort.id for cohort in plan.cohorts}
    undecided = {cohort.id for cohort in plan.cohorts if cohort.state is HoldState.HELD}
    unknown = sorted(set(named) - known)
    if unknown:
        raise Refused(f"{plan.label} has no cohort {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    decided = sorted(set(named) - undecided)
    if decided or not undecided:
        raise Refused(f"{plan.label}: {', '.join(decided) or 'everything'} is decided already.")
    return set(named) or undecided
