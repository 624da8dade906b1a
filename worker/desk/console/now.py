"""The first page: who is out and still in, what is late, what waits for a person, and what can't be seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.responses import Response

from worker.desk.calls import Call
from worker.desk.console.frame import PAGE, person_path
from worker.desk.console.sources import source_rows
from worker.desk.sessions import Guest
from worker.domain.ticket import LIVE
from worker.domain.wording import ticket_title
from worker.ports.overview import TicketFilter

COUNTED_MAX = 1000


def now(call: Call, guest: Guest) -> Response:
    """The situation."""
    del guest
    at = call.now
    late, disputed = TicketFilter(overdue_at=at), TicketFilter(is_disputed=True)
    with call.services.store.reading() as uow:
        exposed = uow.overview.exposed(None, PAGE)
        people, memberships = uow.overview.exposed_counts()
        overdue = uow.overview.tickets(late, None, PAGE)
        overdue_count = uow.overview.how_many(late, COUNTED_MAX)
        in_dispute = uow.overview.tickets(disputed, None, PAGE)
        disputed_count = uow.overview.how_many(disputed, COUNTED_MAX)
        plans = [plan for number in uow.overview.waiting_plans() if (plan := uow.episodes.plan(number))]
        questions = uow.overview.questions(COUNTED_MAX)
        live = uow.overview.how_many(TicketFilter(states=tuple(LIVE)), COUNTED_MAX * 100)
        sources = source_rows(call, uow)
    rows = [
        {"one": one, "path": person_path(call, one.person), "hours": _hours(one.left_at or one.opened_at, at)}
        for one in exposed
    ]
    return call.page(
        "console/now.html",
        {
            "exposed": rows,
            "people": people,
            "memberships": memberships,
            "overdue": overdue,
            "titles": {one.id: ticket_title(one, call.tongue) for one in (*overdue, *in_dispute)},
            "overdue_count": overdue_count,
            "disputed": in_dispute,
            "disputed_count": disputed_count,
            "plans": plans,
            "questions": questions,
            "live": live,
            "counted_max": COUNTED_MAX,
            "blind": [row for row in sources if not row["ok"]],
            "sources": sources,
        },
    )


def _hours(since: datetime, at: datetime) -> int:
    return (at - since) // timedelta(hours=1)
