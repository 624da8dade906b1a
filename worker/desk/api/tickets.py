"""Tickets: the list, one with its history, what is done about it, and the situation in numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query

from worker.app.reads.shapes import Shape, escalation_explained, ticket_shown, tickets_with_steps
from worker.app.reads.ticket import whole_ticket
from worker.desk.api import models
from worker.desk.api.callers import Caller, TicketsRead, TicketsWrite, said_by
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import not_found
from worker.desk.api.requests import (
    Assign,
    Nothing,
    Reasoned,
    Said,
    TicketLabel,
    TicketsQuery,
    TicketsSearch,
    Waive,
    states_of,
)
from worker.domain.model import GroupKey
from worker.domain.reconcile.plan import instant
from worker.domain.tickets.ticket import LIVE, Ticket, TicketKind, ticket_number
from worker.ports.state.overview import TicketFilter
from worker.ports.state.store import UnitOfWork

COUNTED_MAX = 10_000  # of a list's total: beyond, nobody reads the number, and counting would read the table
OVERVIEW_MAX = 1_000_000
KIND = "tickets"

router = APIRouter(tags=["tickets"])


@router.get("/tickets", response_model=models.Page[models.Ticket])
def tickets(query: Annotated[TicketsQuery, Query()], caller: TicketsRead) -> Shape:
    """List tickets, newest first; live ones unless told otherwise. `total` is null beyond ten thousand."""
    return _list(query, caller, "", "")


@router.post("/tickets/search", response_model=models.Page[models.Ticket])
def search(caller: TicketsRead, wanted: TicketsSearch | None = None) -> Shape:
    """List tickets as GET does, by texts, too: none is in an address, which proxies keep."""
    wanted = wanted or TicketsSearch()
    return _list(wanted, caller, wanted.text, wanted.assignee)


@router.get("/tickets/search", include_in_schema=False)
def no_search() -> None:
    """Say that it is posted; else it would be a ticket with an odd name."""
    raise HTTPException(405, headers={"Allow": "POST"})


def _list(query: TicketsQuery | TicketsSearch, caller: Caller, text: str, assignee: str) -> Shape:
    wanted = TicketFilter(
        states=states_of(query.state),
        kinds=tuple(query.kind),
        text=text,
        overdue_at=caller.now if query.overdue else None,
        is_disputed=query.disputed,
        group=GroupKey(*query.group.split("/", 1)) if query.group else None,
        assignee=assignee,
    )
    place = place_after(caller.services, KIND, query.after)
    before = int(place[0]) if place else None
    with caller.services.store.reading() as uow:
        found = uow.overview.tickets(wanted, before, query.limit + 1)
        total = uow.overview.how_many(wanted, COUNTED_MAX + 1)
        shown, following = page_of(caller.services, KIND, found, query.limit, lambda one: [str(one.id)])
        items = tickets_with_steps(uow, shown)
    return {"items": items, "total": total if total <= COUNTED_MAX else None, "next": following}


@router.get("/tickets/{id}", response_model=models.TicketShown)
def ticket(id: TicketLabel, query: Annotated[Nothing, Query()], caller: TicketsRead) -> Shape:  # noqa: A002  the contract's name
    """One ticket with its steps and history."""
    del query
    with caller.services.store.reading() as uow:
        return ticket_shown(whole_ticket(uow, _ticket(uow, id), caller.now))


@router.get("/tickets/{id}/escalation", response_model=models.Escalation)
def escalation(id: TicketLabel, query: Annotated[Nothing, Query()], caller: TicketsRead) -> Shape:  # noqa: A002  see above
    """Which policy the ticket has, and when each step comes."""
    del query
    with caller.services.store.reading() as uow:
        return escalation_explained(uow, _ticket(uow, id), caller.services.rules, caller.services.languages)


# --- acts -----------------------------------------------------------------------------------------------------


@router.post("/tickets/{id}/done", response_model=models.Ticket)
def done(id: TicketLabel, caller: TicketsWrite, said: Said | None = None) -> Shape:  # noqa: A002  see above
    """Claim that it was done; the next roster proves it. Another token's claim confirms it."""
    said = said or Said()
    reason = said_by(said.by, said.reason)
    caller.services.desk.done(_known(caller, id), caller.alone, caller.now, reason)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/reopen", response_model=models.Ticket)
def reopen(id: TicketLabel, said: Reasoned, caller: TicketsWrite) -> Shape:  # noqa: A002  see above
    """Put it back to open."""
    caller.services.desk.reopen(_known(caller, id), caller.named(said.by), said.reason, caller.now)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/waive", response_model=models.Ticket)
def waive(id: TicketLabel, said: Waive, caller: TicketsWrite) -> Shape:  # noqa: A002  see above
    """Accept the state as it is, for good or until a day."""
    until = _day_end(said.until, caller.services.place.timezone) if said.until else None
    by = caller.named(said.by)
    caller.services.desk.waive(_known(caller, id), by, said.reason, caller.now, until)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/assign", response_model=models.Ticket)
def assign(id: TicketLabel, said: Assign, caller: TicketsWrite) -> Shape:  # noqa: A002  see above
    """Hand it to somebody, who is told."""
    by = caller.named(said.by)
    caller.services.desk.assign(_known(caller, id), said.email, by, caller.now, said.reason)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/acknowledge", response_model=models.Ticket)
def acknowledge(id: TicketLabel, caller: TicketsWrite, said: Said | None = None) -> Shape:  # noqa: A002  see above
    """Say "I'm on it": no escalation for four hours."""
    said = said or Said()
    caller.services.desk.acknowledge(_known(caller, id), caller.named(said.by), caller.now, said.reason)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/link", response_model=models.Link)
def link(id: TicketLabel, query: Annotated[Nothing, Query()], caller: TicketsWrite) -> Shape:  # noqa: A002  see above
    """Show the assignee's signed link: whoever has it can act in their name, and confirms none of their claims."""
    del query
    return {"url": caller.services.assigned.show_link(_known(caller, id), caller.alone, caller.now)}


@router.post("/tickets/{id}/revoke-links", response_model=models.Ticket)
def revoke_links(id: TicketLabel, caller: TicketsWrite, said: Said | None = None) -> Shape:  # noqa: A002  see above
    """Make all links to the ticket that were given out dead."""
    said = said or Said()
    caller.services.assigned.revoke(_known(caller, id), caller.named(said.by), caller.now, said.reason)
    return _as_it_is(caller, id)


# --- the situation --------------------------------------------------------------------------------------------


@router.get("/overview", response_model=models.Overview)
def overview(query: Annotated[Nothing, Query()], caller: TicketsRead) -> Shape:
    """The situation in numbers, for a dashboard."""
    del query
    with caller.services.store.reading() as uow:
        exposure = uow.overview.exposure()
        overdue = uow.overview.how_many(TicketFilter(overdue_at=caller.now), OVERVIEW_MAX)
        disputed = uow.overview.how_many(TicketFilter(is_disputed=True), OVERVIEW_MAX)
        held = len(uow.overview.waiting_plans())
        counts = uow.tickets.counts()
    return {
        "at": instant(caller.now),
        "exposed": {
            "people": exposure.people,
            "memberships": exposure.memberships,
            **{
                part.value: {"people": count.people, "memberships": count.memberships}
                for part, count in exposure.parts.items()
            },
        },
        "overdue": overdue,
        "disputed": disputed,
        "held": held,
        "live": [
            {"state": state, "kind": kind, "count": counts.get((state.value, kind.value), 0)}
            for state in sorted(LIVE)
            for kind in TicketKind
        ],
    }


def _ticket(uow: UnitOfWork, label: str) -> Ticket:
    found = uow.tickets.get(ticket_number(label))
    if found is None:
        raise not_found(f"There is no ticket {label}.", "GET /api/v1/tickets?state=all lists them.")
    return found


def _known(caller: Caller, label: str) -> int:
    """The number of a ticket that there is."""
    with caller.services.store.reading() as uow:
        return _ticket(uow, label).id


def _as_it_is(caller: Caller, label: str) -> Shape:
    with caller.services.store.reading() as uow:
        return tickets_with_steps(uow, [_ticket(uow, label)])[0]


def _day_end(day: date, timezone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone)).astimezone(UTC)
