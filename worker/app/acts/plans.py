"""Approvals: a person releases or rejects a held plan, whole or one cohort at a time, with a reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.acts.rights import end_lost_rights, require_another
from worker.app.refused import Refused, require_reason
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, acted
from worker.domain.reconcile.guard import Approval, Cohort, HeldPlan, HoldState, held_counts, plan_label
from worker.domain.text.reason import because
from worker.ports.state.store import Store, UnitOfWork


class Approvals:
    """Decides held plans. A plan of `two_from` people or more needs two different people to release or reject it."""

    def __init__(self, store: Store, two_from: int) -> None:
        self._store = store
        self._two_from = two_from

    def decide(
        self,
        number: int,
        cohorts: Collection[str],
        by: Actor,
        reason: str,
        now: datetime,
        *,
        release: bool,
    ) -> HeldPlan:
        """Release or reject the plan's undecided cohorts, or those named; return the plan as it is then.

        The first decision on a cohort of a large plan is kept, and the cohort stays held until somebody else decides
        the same. All people of the plan count for its size, so that no part of it passes as a small plan.
        Raises Refused for a plan or cohort that is unknown or decided already, for an empty reason, and for whoever is
        in the plan themselves.
        Episodes of a released cohort get their tickets at the next reconcile; a rejected one is not held again.
        """
        require_reason(reason)
        with self._store.begin() as uow:
            plan = uow.episodes.plan(number)
            if plan is None:
                raise Refused(
                    because(
                        "There is no plan {plan}; `whosleft plans list` shows them.", plan=plan_label(number)
                    )
                )
            wanted = _chosen(plan, cohorts)
            require_another(uow, by, [one.person for part in plan.cohorts for one in part.people], plan.label)
            state = HoldState.RELEASED if release else HoldState.REJECTED
            if self.needs_two(plan):
                wanted = self._agreed(uow, plan, wanted, by, Approval("", by.name, now, reason, by.id, state))
            chosen = [replace(cohort, state=state) for cohort in plan.cohorts if cohort.id in wanted]
            if chosen:
                uow.episodes.decide(plan, chosen, by.name, reason, now)
                _write_down(uow, plan, chosen, _DECIDED[state], by, reason, now)
            if chosen and release:
                end_lost_rights(uow, now)
            decided = uow.episodes.plan(number)
        return plan if decided is None else decided

    def needs_two(self, plan: HeldPlan) -> bool:
        """True if the plan needs two people."""
        return plan.size >= self._two_from

    def _agreed(
        self, uow: UnitOfWork, plan: HeldPlan, wanted: set[str], by: Actor, word: Approval
    ) -> set[str]:
        """Keep this person's decision on these cohorts; return the cohorts on which somebody else decided the same."""
        before = [one for one in uow.episodes.approvals(plan.id) if one.cohort in wanted]
        mine = [one for one in before if one.is_by(by)]
        said = {one.cohort for one in mine if one.verdict is word.verdict}
        agreed = {one.cohort for one in before if one.verdict is word.verdict and one not in mine}
        if not agreed and wanted <= said:
            raise Refused(
                because(
                    "{plan} is so large that two people have to decide the same. You decided already, and now "
                    "somebody else must.",
                    plan=plan.label,
                )
            )
        own = replace(by, known_as=frozenset())  # what nobody vouches for takes no word back
        changed = [one for one in mine if one.is_by(own) and one.verdict is not word.verdict]
        uow.episodes.take_back(plan.id, changed)
        uow.episodes.approve(plan.id, [replace(word, cohort=one) for one in sorted(wanted - said)])
        new = [cohort for cohort in plan.cohorts if cohort.id in wanted - agreed - said]
        if new:
            _write_down(uow, plan, new, _KEPT[word.verdict], by, word.reason, word.at)
        return agreed


_DECIDED = {HoldState.RELEASED: events.PLAN_RELEASED, HoldState.REJECTED: events.PLAN_REJECTED}
_KEPT = {HoldState.RELEASED: events.PLAN_APPROVED, HoldState.REJECTED: events.PLAN_OBJECTED}


def _write_down(
    uow: UnitOfWork,
    plan: HeldPlan,
    cohorts: Sequence[Cohort],
    kind: str,
    by: Actor,
    reason: str,
    now: datetime,
) -> None:
    data = {"cohorts": [cohort.id for cohort in cohorts], **held_counts(cohorts)}
    uow.journal.append([acted(by, now, kind, f"plan:{plan.label}", reason, data)])


def _chosen(plan: HeldPlan, named: Collection[str]) -> set[str]:
    known = {cohort.id for cohort in plan.cohorts}
    undecided = {cohort.id for cohort in plan.cohorts if cohort.state is HoldState.HELD}
    unknown = sorted(set(named) - known)
    if unknown:
        raise Refused(
            because(
                "{plan} has no cohort {unknown}; it has {known}.",
                plan=plan.label,
                unknown=", ".join(unknown),
                known=", ".join(sorted(known)),
            )
        )
    decided = sorted(set(named) - undecided)
    if decided or not undecided:
        raise Refused(
            because("{plan}: {cohorts} is decided already.", plan=plan.label, cohorts=", ".join(decided))
            if decided
            else because("{plan} is decided already.", plan=plan.label)
        )
    return set(named) or undecided
