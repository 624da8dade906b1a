"""The plan that holds what controls found in their first run with tickets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from worker.domain.reconcile.guard import CONTROLS, Cohort, HeldPlan, HeldSubject
from worker.domain.text.reason import because, because_many


@dataclass(frozen=True, slots=True)
class HeldFindings:
    """What a control found in its first run with tickets: how many it wants, and the first of their subjects."""

    count: int
    subjects: tuple[HeldSubject, ...]


def held_controls(found: Mapping[str, HeldFindings], now: datetime) -> HeldPlan | None:
    """The plan that holds what controls found in their first run with tickets, a part for each; None: nothing."""
    wanted = {control: one for control, one in found.items() if one.count}
    if not wanted:
        return None
    cohorts = tuple(
        Cohort(
            control,
            because("first tickets of the control {control}", control=control),
            (),
            subjects=one.subjects,
            findings=one.count,
        )
        for control, one in sorted(wanted.items())
    )
    why = because_many(
        "first run of controls with tickets: one to open",
        "first run of controls with tickets: {n} to open",
        sum(one.count for one in wanted.values()),
    )
    return HeldPlan(CONTROLS, why, now, cohorts)
