"""Silences: what is kept quiet, by whom and why; an operator makes one, or ends it before its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.responses import Response

from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.desk.console.days import day_in, end_of
from worker.desk.console.frame import back_to
from worker.desk.sessions import Guest
from worker.domain.escalation.silences import Silence, SilenceState
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Port

HOURS = (1, 4, 12, 24, 72, 168)


def silences(call: Call, guest: Guest) -> Response:
    """Every silence, and the form for a new one."""
    del guest
    configured = {one.id for one in call.services.explainer.holding.silences}
    with call.services.store.reading() as uow:
        found = call.services.silencing.all(uow)
    rows = [
        {
            "one": one,
            "state": one.state(call.now).value,
            "is_configured": one.id in configured,
            "can_end": one.id not in configured and one.state(call.now) is not SilenceState.OVER,
        }
        for one in found
    ]
    return call.page(
        "console/silences.html",
        {
            "rows": rows,
            "hours": HOURS,
            "kinds": [kind.value for kind in TicketKind],
            "inventories": [name for name, port, _ in call.services.sources if port is Port.INVENTORY],
        },
    )


def make(call: Call, guest: Guest) -> Response:
    """Make a silence of what the form names."""
    kinds = tuple(TicketKind(kind) for kind in _chosen(call, "kind") if kind in set(TicketKind))
    try:
        wanted = Silence(
            "", call.now, _end(call), guest.actor.name, call.text("reason"), _lines(call, "groups"),
            _lines(call, "people"), _chosen(call, "source"), kinds,
        )  # fmt: skip
    except ValueError as error:
        raise Refused(str(error)) from None
    call.services.silencing.silence(wanted, guest.actor, call.now)
    return back_to("/silences")


def end(call: Call, guest: Guest) -> Response:
    """End a silence now; what it held goes out."""
    call.services.silencing.end(call.path("label"), guest.actor, call.now, call.text("reason"))
    return back_to("/silences")


def _end(call: Call) -> datetime:
    """The end of the day that the form names, else so many hours from now."""
    until = end_of(call, day_in(call.text("until")))
    hours = {str(hours): hours for hours in HOURS}.get(call.text("hours"))
    if until is None and hours is None:
        raise Refused(because("Say when it ends."))
    return until or call.now + timedelta(hours=hours or 0)


def _lines(call: Call, name: str) -> tuple[str, ...]:
    """What is written one a line."""
    return tuple(line.strip() for line in call.text(name).splitlines() if line.strip())


def _chosen(call: Call, name: str) -> tuple[str, ...]:
    """What is ticked."""
    return tuple(value for value in call.form.getlist(name) if isinstance(value, str))
