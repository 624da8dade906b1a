"""The files that are sealed for a ticket, on its page: a form that measures a file and drops it."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.app.acts.sealing import SealDone
from worker.app.refused import Refused
from worker.desk.calls import Call, Stale
from worker.desk.console.frame import FORBIDDEN, SEE_OTHER, admitted, missing
from worker.desk.console.ticket import number_in_path, shown_refused
from worker.desk.roles import Permission
from worker.desk.sealing import NotSealed, Sealer, SealUploads
from worker.domain.controls.seals import Measured


def seal_route(sealed: SealUploads) -> Route:
    """The route of the form."""
    return sealed.route("/tickets/{label}/seal", _opened, _answered)


def _opened(call: Call) -> Sealer | Response:
    guest = admitted(call, Permission.ACT)
    if isinstance(guest, Response):
        return guest
    try:
        number = number_in_path(call)
    except Refused:
        return missing(call)
    with call.services.store.reading() as uow:
        is_known = uow.tickets.get(number) is not None
    if not is_known:
        return missing(call)
    actor, sealing = guest.actor, call.services.sealing

    def seal(measured: Measured, now: datetime, how: str, to: str) -> SealDone:
        if isinstance(admitted(call, Permission.ACT), Response):
            raise Stale  # the session or the right ended while the file was received, which may take an hour
        return sealing.seal(number, measured, actor, now, how, to)

    return Sealer(guest.session, seal)


def _answered(call: Call, outcome: SealDone | NotSealed | Refused | Stale) -> Response:
    guest = admitted(call, Permission.ACT)
    if isinstance(guest, Response):
        return guest
    if isinstance(outcome, Stale):
        return call.page("console/refused.html", {"why": "stale"}, status=FORBIDDEN)
    if isinstance(outcome, Refused):
        return shown_refused(call, outcome)
    page = f"/tickets/{call.path('label')}"
    query = f"?refused={outcome.why.value}" if isinstance(outcome, NotSealed) else ""
    return RedirectResponse(f"{page}{query}#seals", SEE_OTHER)
