"""Hold a plan: store it, tell the security channel, and journal it; remind of it until somebody has decided.

A part about which nobody is asked any more is rejected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.weekly import MORNING
from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM
from worker.domain.evidence.journal import Entry
from worker.domain.messages.held import held_paragraph
from worker.domain.messages.message import CHANNEL
from worker.domain.reconcile.guard import Approval, HeldPlan, HoldState, held_counts
from worker.domain.text.reason import because
from worker.domain.watch.canary import day_of
from worker.ports.state.episodes import PlanKind
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork


def hold(
    uow: UnitOfWork, plan: HeldPlan, now: datetime, teller: Teller, kind: PlanKind = PlanKind.LEAVERS
) -> HeldPlan:
    """Hold a plan until a person decides; return it with its id."""
    stored = uow.episodes.hold(plan, kind)
    _tell(uow, stored, (), now, teller)
    data = {"source": stored.source, **held_counts(stored.cohorts), "cohorts": len(stored.cohorts)}
    uow.journal.append([Entry(now, "whosleft", events.PLAN_HELD, f"plan:{stored.label}", data=data)])
    return stored


def remind_of_plans(uow: UnitOfWork, now: datetime, teller: Teller) -> int:
    """Tell of each plan that waits once a day, and as the first of two people has decided; return how many times."""
    words = {number: _unanswered(uow.episodes.approvals(number)) for number in uow.overview.waiting_plans()}
    keys = {number: _key(number, said, now, teller) for number, said in words.items()}
    known = uow.outbox.known(keys.values())
    plans = filter(None, (uow.episodes.plan(number) for number, key in keys.items() if key not in known))
    return sum(_tell(uow, plan, words[plan.id], now, teller) for plan in plans)


def _unanswered(words: Sequence[Approval]) -> list[Approval]:
    """The words about parts on which no two people agree yet."""
    said = Counter((one.cohort, one.verdict) for one in words)
    agreed = {cohort for (cohort, _), people in said.items() if people > 1}
    return [one for one in words if one.cohort not in agreed]


def _key(number: int, words: Sequence[Approval], now: datetime, teller: Teller) -> str:
    day = day_of(now, MORNING, teller.timezone)
    said = [f":{max(one.at for one in words).isoformat()}"] if words else []
    return "".join([f"plan:{number}:{day}", *said])


def _tell(uow: UnitOfWork, plan: HeldPlan, words: Sequence[Approval], now: datetime, teller: Teller) -> int:
    """Tell the channel of what waits of a plan."""
    waiting = replace(plan, cohorts=tuple(one for one in plan.cohorts if one.state is HoldState.HELD))
    body = held_paragraph(waiting, teller.tongue, {one.cohort for one in words})
    if teller.links is not None:
        body = replace(body, link=teller.links.console(f"/plans/{plan.label}"))
    key = _key(plan.id, words, now, teller)
    return uow.outbox.add([OutMessage(key, CHANNEL, body.headline, body, is_urgent=True)], now)


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
