"""Hold a plan: store it, tell the security channel, and journal it; reject a part about which nobody is asked now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM
from worker.domain.evidence.journal import Entry
from worker.domain.messages.held import held_paragraph
from worker.domain.messages.message import CHANNEL
from worker.domain.messages.overtaken import plan_key
from worker.domain.reconcile.guard import HeldPlan, HoldState, held_counts
from worker.domain.text.reason import because
from worker.ports.state.episodes import PlanKind
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork


def hold(
    uow: UnitOfWork, plan: HeldPlan, now: datetime, teller: Teller, kind: PlanKind = PlanKind.LEAVERS
) -> HeldPlan:
    """Hold a plan until a person decides; return it with its id."""
    stored = uow.episodes.hold(plan, kind)
    body = held_paragraph(stored, teller.tongue)
    if teller.links is not None:
        body = replace(body, link=teller.links.console(f"/plans/{stored.label}"))
    uow.outbox.add([OutMessage(plan_key(stored.id), CHANNEL, body.headline, body, is_urgent=True)], now)
    data = {"source": stored.source, **held_counts(stored.cohorts), "cohorts": len(stored.cohorts)}
    uow.journal.append([Entry(now, "whosleft", events.PLAN_HELD, f"plan:{stored.label}", data=data)])
    return stored


def reject_needless(uow: UnitOfWork, number: int, cohorts: Collection[str], now: datetime) -> None:
    """Reject these parts of a plan as far as they wait: nothing would come of their release."""
    plan = uow.episodes.plan(number)
    waiting = (
        [one for one in plan.cohorts if one.id in cohorts and one.state is HoldState.HELD] if plan else []
    )
    if plan is None or not waiting:
        return
    why = because("it is not asked for any more")
    rejected = [replace(one, state=HoldState.REJECTED) for one in waiting]
    uow.episodes.decide(plan, rejected, SYSTEM.name, str(why), now)
    data = {"cohorts": [one.id for one in rejected], **held_counts(rejected)}
    uow.journal.append([Entry(now, SYSTEM.name, events.PLAN_REJECTED, f"plan:{plan.label}", why, data)])
