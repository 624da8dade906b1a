"""Held plans that nobody has decided by the next morning: the watch reminds of them, each day until somebody has."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.escalation.wall_clock import MORNING
from worker.domain.reconcile.guard import counted, plan_label
from worker.domain.reconcile.plan import instant
from worker.domain.watch.canary import day_of
from worker.ports import Concern
from worker.ports.state.episodes import WaitingPlan
from worker.ports.state.store import Store, UnitOfWork

A_DAY = timedelta(days=1)


def plan_concerns(store: Store, two_from: int, timezone: str, now: datetime) -> list[Concern]:
    """Each plan of which a part has waited since before this morning: how much of it, and since when. Names nobody.

    One of `two_from` people or more needs two of them to decide (see `Approvals`). `timezone` is IANA.
    """
    today = day_of(now, MORNING, timezone)
    with store.reading() as uow:
        return [
            _concern(uow, one, needs_two=one.size >= two_from)
            for one in uow.episodes.undecided()
            # What was held after tomorrow was held by a wrong clock
            if not today <= day_of(one.created_at, MORNING, timezone) <= today + A_DAY
        ]


def _concern(uow: UnitOfWork, plan: WaitingPlan, *, needs_two: bool) -> Concern:
    label, size = plan_label(plan.number), sum(plan.parts.values())
    waiting = f"{counted(size, is_of_controls=plan.is_of_controls)} {'has' if size == 1 else 'have'} waited"
    message = f"{waiting} for a decision since {instant(plan.created_at)}."
    said = {one.cohort for one in uow.episodes.approvals(plan.number)} if needs_two else set()
    if half := ", ".join(one for one in plan.parts if one in said):
        message += f" Somebody has decided about {half}, and no second person the same yet."
    return Concern(label, message, f"`whosleft plans show {label}` shows it.")
