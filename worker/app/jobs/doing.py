"""What a run did, counted: of many actions the first are kept, so that memory does not grow with their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from worker.domain.reconcile.guard import HeldPlan
from worker.domain.reconcile.plan import Action, ActionKind, Plan

KEPT = 2_000  # as many as a day's tickets of controls, unless `per_day` is more


class Doing:
    """The actions of a run.

    Those that only weigh a ticket are neither counted nor shown to anybody: one is kept, which says that there was any.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: list[Action] = []
        self._weighed: list[Action] = []

    def add(self, actions: Iterable[Action]) -> None:
        """Count these actions, and keep them while there is room."""
        for action in actions:
            if action.kind is ActionKind.WEIGH:
                self._weighed = self._weighed or [action]
                continue
            self.counts[action.kind.value] += 1
            if len(self._kept) < KEPT:
                self._kept.append(action)

    def plan(self, held: Sequence[HeldPlan]) -> Plan:
        """The actions that are kept, and the plans that are held. It warns of actions that it does not list."""
        more = self.counts.total() - len(self._kept)
        warnings = (f"{more} further actions are done, and not listed",) if more else ()
        return Plan((*self._weighed, *self._kept), tuple(held), warnings)
