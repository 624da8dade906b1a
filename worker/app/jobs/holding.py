"""Hold a plan: store it, tell the security channel, and journal it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.messages.held import held_paragraph
from worker.domain.messages.message import CHANNEL
from worker.domain.reconcile.guard import HeldPlan, held_counts
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
    uow.outbox.add([OutMessage(f"plan:{stored.id}", CHANNEL, body.headline, body, is_urgent=True)], now)
    data = {"source": stored.source, **held_counts(stored.cohorts), "cohorts": len(stored.cohorts)}
    uow.journal.append([Entry(now, "whosleft", events.PLAN_HELD, f"plan:{stored.label}", data=data)])
    return stored
