"""Approvals: a person releases or rejects a held plan, whole or one cohort at a time, with a reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from worker.domain.guard import HeldPlan, HoldState, state_of
from worker.domain.journal import Entry
from worker.ports.store import Store


class Refused(Exception):
    """What was asked cannot be done; the text says why and what can."""


class Approvals:
    """Decides held plans."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def decide(
        self, number: int, cohorts: Collection[str], by: str, reason: str, now: datetime, *, release: bool
    ) -> HeldPlan:
        """Release or reject the plan's undecided cohorts, or those named; return the plan as it stands then.

        Raises Refused for a plan or cohort that isn't there or is decided already, or for an empty reason.
        Episodes of a released cohort get their tickets at the next reconcile; a rejected one is not held again.
        """
        if not reason.strip():
            raise Refused("Say why: --reason TEXT is required to release or reject.")
        with self._store.begin() as uow:
            plan = uow.episodes.plan(number)
            if plan is None:
                raise Refused(f"There is no plan P-{number:06d}; `whosleft plans list` shows them.")
            state = HoldState.RELEASED if release else HoldState.REJECTED
            chosen = [
                replace(cohort, state=state) for cohort in plan.cohorts if cohort.id in _chosen(plan, cohorts)
            ]
            uow.episodes.decide(plan, chosen, by, reason, now)
            data = {"cohorts": [cohort.id for cohort in chosen], "people": sum(len(c.people) for c in chosen)}
            entry = Entry(now, by, f"plan.{state.value}", f"plan:{plan.label}", reason, data)
            uow.journal.append([entry])
        decided = {cohort.id: cohort for cohort in chosen}
        parts = tuple(decided.get(cohort.id, cohort) for cohort in plan.cohorts)
        return replace(plan, cohorts=parts, state=state_of(parts))


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
