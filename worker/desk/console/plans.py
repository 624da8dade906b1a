"""Held plans: their cohorts side by side, and the decision; a large plan needs two people."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.frame import back_to, missing
from worker.desk.sessions import Guest
from worker.domain.reconcile.guard import plan_number

PEOPLE_SHOWN = 12


def plans(call: Call, guest: Guest) -> Response:
    """All plans, newest first."""
    del guest
    with call.services.store.reading() as uow:
        return call.page("console/plans.html", {"plans": uow.episodes.plans()})


def plan(call: Call, guest: Guest) -> Response:
    """One plan with its cohorts, and the decisions so far."""
    del guest
    number = _number(call)
    with call.services.store.reading() as uow:
        one = uow.episodes.plan(number)
        if one is None:
            return missing(call)
        approvals = uow.episodes.approvals(number)
    return call.page(
        "console/plan.html",
        {
            "plan": one,
            "approvals": approvals,
            "needs_two": call.services.approvals.needs_two(one),
            "people_shown": PEOPLE_SHOWN,
        },
    )


def decide(call: Call, guest: Guest) -> Response:
    """Release or reject the ticked cohorts, or all that are undecided."""
    chosen = [value for value in call.form.getlist("cohort") if isinstance(value, str)]
    verdict = call.text("verdict")
    if verdict not in {"release", "reject"}:
        raise Refused("Choose whether to release or to reject.")
    is_release, reason = verdict == "release", call.text("reason")
    call.services.approvals.decide(_number(call), chosen, guest.actor, reason, call.now, release=is_release)
    return back_to(f"/plans/{call.path('label')}")


def _number(call: Call) -> int:
    try:
        return plan_number(call.path("label"))
    except ValueError as error:
        raise Refused(str(error)) from None
