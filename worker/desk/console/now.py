"""The first page: exposed people, late tickets, things that wait for a person, and unreadable sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import Response

from worker.app.reads.since import keep_visit, since, with_look
from worker.app.reads.situation import COUNTED_MAX
from worker.desk.calls import Call, number_in
from worker.desk.console.days import period_text
from worker.desk.console.frame import PAGE, person_path
from worker.desk.console.plans import sentence
from worker.desk.services import sources_of
from worker.desk.sessions import Guest
from worker.domain.messages.sentences import ticket_title
from worker.domain.reconcile.guard import HeldPlan
from worker.ports.state.overview import Exposed, Part, Period
from worker.ports.state.store import UnitOfWork

COHORTS_SHOWN = 3


def now(call: Call, guest: Guest) -> Response:
    """The situation."""
    seen = call.services.situation()
    store, who = call.services.store, guest.account
    with store.reading() as uow:
        kept = uow.access.visit(who)
        visit = with_look(kept, call.now)
        before = visit.before_at
        changed = since(uow, before, call.now) if before else None
        sources = sources_of(call.services, uow, call.now)
        silences = len(call.services.explainer.holding.at(uow, call.now).silences)
        rows = _rows(call, uow, seen.longest, seen.at)
    blind = [one for one in sources if not one.judged.ok]
    response = call.page(
        "console/now.html",
        {
            "seen": seen,
            "exposed": rows,
            "parts_at": _parts(seen.plans),
            # Numbers are unknown if a source can't be read, or if the worker has not processed everything
            "is_clear": not (seen.exposure.memberships or blind) and seen.exposure.is_settled,
            "titles": {one.id: ticket_title(one, call.tongue) for one in (*seen.overdue, *seen.disputed)},
            "counted_max": COUNTED_MAX,
            "blind": blind,
            "sources": sources,
            "silences": silences,
            "changed": changed,
            "held_since": [plan for plan in seen.plans if before and plan.created_at >= before],
            "period": period_text(Period(before)) if before else "",
            "sentences": {one.id: _sentences(call, one) for one in seen.plans},
        },
    )
    if visit != kept:  # after the answer, as who writes waits for whoever else does
        response.background = BackgroundTask(keep_visit, store, who, visit)
    return response


def _sentences(call: Call, plan: HeldPlan) -> list[str]:
    """What the people of a plan's first parts have in common."""
    return [sentence(call, plan, cohort) for cohort in plan.cohorts[:COHORTS_SHOWN]]


def exposed(call: Call, guest: Guest) -> Response:
    """A page of the exposed people, all or of one part, those exposed longest first."""
    del guest
    part = Part(call.query("part")) if call.query("part") in set(Part) else None
    number = max(number_in(call.query("page")) or 1, 1)
    with call.services.store.reading() as uow:
        exposure = uow.overview.exposure()
        people = uow.overview.exposed(part, (number - 1) * PAGE, PAGE)
        rows = _rows(call, uow, people, call.now)
    count = exposure.people if part is None else exposure.parts[part].people
    return call.page(
        "console/exposed.html",
        {
            "part": part.value if part else "",
            "people": count,
            "exposed": rows,
            "next": number + 1 if count > number * PAGE else None,
        },
    )


def _rows(call: Call, uow: UnitOfWork, people: Sequence[Exposed], at: datetime) -> list[dict[str, Any]]:
    """The people for a table. Groups are named if they are all that the person is in: whoever moved keeps others."""
    groups = uow.overview.groups_of([one.person for one in people])
    named = {
        one.person: those
        for one in people
        if len(those := groups.get(one.person, ())) == sum(one.groups.values())
    }
    return [
        {
            "one": one,
            "path": person_path(call, one.person),
            "hours": (at - one.since) // timedelta(hours=1),
            "groups": named.get(one.person, ()),
        }
        for one in people
    ]


def _parts(plans: tuple[HeldPlan, ...]) -> dict[str, str]:
    """The address that lists each part's people; for people in a held plan, it is the plan's page."""
    decision = f"/plans/{plans[0].label}" if len(plans) == 1 else "/plans"
    return {part.value: decision if part is Part.WAITING else f"/exposed?part={part.value}" for part in Part}
