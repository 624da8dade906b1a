"""The census: groups that people named, what inventories have of them, and what somebody decided."""

from __future__ import annotations

from starlette.responses import Response

from worker.app.reads.census import census_shown
from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.frame import back_to
from worker.desk.sessions import Guest
from worker.domain.controls.census import ALIKE_MAX, DECISION_WORDS, CandidateDecision
from worker.domain.messengers import MESSENGERS
from worker.domain.text.reason import because

DECISIONS = {one: text for one, text in DECISION_WORDS.items() if one is not CandidateDecision.OPEN}
SHOWN_MAX = 200  # candidates on the page; those to decide come first


def census(call: Call, guest: Guest) -> Response:
    """Every candidate, with who named it and what it may be."""
    del guest
    with call.services.store.reading() as uow:
        found = census_shown(uow, call.services.controls.rules.lists)
    return call.page(
        "console/census.html",
        {
            "rows": found[:SHOWN_MAX],
            "more": len(found) - SHOWN_MAX,
            "apps": {key: one.name for key, one in MESSENGERS.items()},
            "alike_max": ALIKE_MAX,
            "is_on": bool(call.services.controls.rules.policy.register),
        },
    )


def decide(call: Call, guest: Guest) -> Response:
    """Keep what somebody decided about a candidate."""
    given = call.text("decision")
    if given not in {one.value for one in DECISIONS}:
        raise Refused(because("Choose what it is."))
    decision, group = CandidateDecision(given), call.text("group")
    if decision is CandidateDecision.GROUP and not group:
        raise Refused(because("Say which group it is."))
    reason = call.text("reason")
    call.services.census.decide(call.path("label"), decision, guest.actor, call.now, group, reason)
    return back_to("/census")


def link(call: Call, guest: Guest) -> Response:
    """Show the address of the public form, which is made when it is first asked for."""
    url = call.services.census.url(guest.actor, call.now, is_new=bool(call.text("new")))
    return call.page("console/census_link.html", {"url": url})
