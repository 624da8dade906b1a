"""Hold a plan: store it, tell the security channel, and journal it; reject a part of which nothing would come now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM
from worker.domain.evidence.journal import Entry
from worker.domain.messages.held import held_over_paragraph, held_paragraph
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.messages.overtaken import plan_key, plan_over_key
from worker.domain.reconcile.guard import HeldPlan, HoldState, held_counts
from worker.domain.text.reason import Reason, because
from worker.ports.state.episodes import PlanKind
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork


def hold(
    uow: UnitOfWork, plan: HeldPlan, now: datetime, teller: Teller, kind: PlanKind = PlanKind.LEAVERS
) -> HeldPlan:
    """Hold a plan until a person decides; return it with its id."""
    stored = uow.episodes.hold(plan, kind)
    body = _linked(held_paragraph(stored, teller.tongue), stored, teller)
    uow.outbox.add([OutMessage(plan_key(stored.id), CHANNEL, body.headline, body, is_urgent=True)], now)
    data = {"source": stored.source, **held_counts(stored.cohorts), "cohorts": len(stored.cohorts)}
    uow.journal.append([Entry(now, "whosleft", events.PLAN_HELD, f"plan:{stored.label}", data=data)])
    return stored


def end_without_people(uow: UnitOfWork, now: datetime, teller: Teller) -> None:
    """Reject each part of a plan about leavers in which nobody waits any more: all of them are back."""
    for number, cohorts in uow.episodes.without_people().items():
        reject_needless(uow, number, cohorts, because("everybody in it is back"), now, teller)


def end_shrunken(uow: UnitOfWork, source: str, now: datetime, teller: Teller) -> None:
    """Reject what waits of the plans about lists of a source that were too short: one is believed now."""
    why = because("a later list of {source} is believed", source=source)
    for number, cohorts in uow.episodes.about_short_lists(source).items():
        reject_needless(uow, number, cohorts, why, now, teller)


def reject_needless(
    uow: UnitOfWork, number: int, cohorts: Collection[str], why: Reason, now: datetime, teller: Teller
) -> None:
    """Reject these parts of a plan as far as they wait: nothing would come of their release.

    If nothing of the plan waits then, whoever was told of it is told that it is over.
    """
    plan = uow.episodes.plan(number)
    waiting = [one for one in plan.cohorts if one.state is HoldState.HELD] if plan else []
    needless = [one for one in waiting if one.id in cohorts]
    if plan is None or not needless:
        return
    rejected = [replace(one, state=HoldState.REJECTED) for one in needless]
    uow.episodes.decide(plan, rejected, SYSTEM.name, str(why), now)
    data = {"cohorts": [one.id for one in rejected], **held_counts(rejected)}
    uow.journal.append([Entry(now, SYSTEM.name, events.PLAN_REJECTED, f"plan:{plan.label}", why, data)])
    is_over = len(waiting) == len(needless)
    if is_over and not uow.outbox.withdraw([plan_key(number)]):
        body = _linked(held_over_paragraph(plan, why, teller.tongue), plan, teller)
        uow.outbox.add([OutMessage(plan_over_key(number), CHANNEL, body.headline, body)], now)


def _linked(body: Paragraph, plan: HeldPlan, teller: Teller) -> Paragraph:
    return body if teller.links is None else replace(body, link=teller.links.console(f"/plans/{plan.label}"))
