"""Tickets: the list, one ticket with its history, acts on it, and the situation in numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from worker.app.reads.ticket import listed_tickets, whole_ticket
from worker.contract.overview import OverviewShape
from worker.contract.shape import PageShape
from worker.contract.tickets import EscalationShape, LinkShape, TicketShape, TicketShownShape
from worker.desk.api.callers import Caller, TicketsRead, TicketsWrite, said_by
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.days import day_end
from worker.desk.api.errors import not_found
from worker.desk.api.requests import (
    Acknowledge,
    Assign,
    Reasoned,
    Said,
    Snooze,
    TicketLabel,
    TicketsQuery,
    TicketsSearch,
    Waive,
    states_of,
)
from worker.desk.searching import spellings
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Ticket, ticket_number
from worker.ports.state.overview import TicketFilter
from worker.ports.state.store import UnitOfWork

COUNTED_MAX = 10_000  # of a list's total: nobody needs more, and counting on would read the whole table
OVERVIEW_MAX = 1_000_000
KIND = "tickets"

router = APIRouter(tags=["tickets"])


@router.get("/tickets")
def tickets(query: Annotated[TicketsQuery, Query()], caller: TicketsRead) -> PageShape[TicketShape]:
    """List tickets, newest first; live ones unless told otherwise. `total` is null beyond ten thousand."""
    return _list(query, caller, "", "")


@router.post("/tickets/search")
def search(caller: TicketsRead, wanted: TicketsSearch | None = None) -> PageShape[TicketShape]:
    """List tickets as GET does, by texts, too: none is in an address, which proxies keep."""
    wanted = wanted or TicketsSearch()
    return _list(wanted, caller, wanted.text, wanted.assignee)


@router.get("/tickets/search", include_in_schema=False)
def no_search() -> None:
    """Say that it is posted; else it would be a ticket with an odd name."""
    raise HTTPException(405, headers={"Allow": "POST"})


def _list(
    query: TicketsQuery | TicketsSearch, caller: Caller, text: str, assignee: str
) -> PageShape[TicketShape]:
    wanted = TicketFilter(
        states=states_of(query.state),
        kinds=tuple(query.kind),
        texts=spellings(text, caller.services.place.region),
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
        items = [
            TicketShape.of(one, caller.services.witnesses)
            for one in listed_tickets(uow, shown, caller.now, caller.services.explainer.holding)
        ]
    return PageShape[TicketShape].of(items, total if total <= COUNTED_MAX else None, following)


@router.get("/tickets/{id}")
def ticket(id: TicketLabel, caller: TicketsRead) -> TicketShownShape:  # noqa: A002  the contract's name
    """One ticket with its steps and history."""
    services = caller.services
    with services.store.reading() as uow:
        return TicketShownShape.of(
            whole_ticket(
                uow, _ticket(uow, id), caller.now, services.explainer.holding, services.assigned.links
            ),
            services.witnesses,
        )


@router.get("/tickets/{id}/escalation")
def escalation(id: TicketLabel, caller: TicketsRead) -> EscalationShape:  # noqa: A002  see above
    """Which policy the ticket has, and when each step comes."""
    with caller.services.store.reading() as uow:
        return EscalationShape.of(caller.services.explainer.explain(uow, _ticket(uow, id)))


# --- acts -----------------------------------------------------------------------------------------------------


@router.post("/tickets/{id}/done")
def done(id: TicketLabel, caller: TicketsWrite, said: Said | None = None) -> TicketShape:  # noqa: A002  see above
    """Claim that it was done; the next roster proves it. Another token's claim confirms it."""
    said = said or Said()
    reason = said_by(said.by, said.reason)
    caller.services.desk.done(_known(caller, id), caller.alone, caller.now, reason)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/reopen")
def reopen(id: TicketLabel, said: Reasoned, caller: TicketsWrite) -> TicketShape:  # noqa: A002  see above
    """Put it back to open."""
    caller.services.desk.reopen(_known(caller, id), caller.named(said.by), said.reason, caller.now)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/waive")
def waive(id: TicketLabel, said: Waive, caller: TicketsWrite) -> TicketShape:  # noqa: A002  see above
    """Accept the state as it is, for good or until a day."""
    until = day_end(said.until, caller.services.place.timezone) if said.until else None
    by = caller.named(said.by)
    caller.services.desk.waive(_known(caller, id), by, said.reason, caller.now, until)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/assign")
def assign(id: TicketLabel, said: Assign, caller: TicketsWrite) -> TicketShape:  # noqa: A002  see above
    """Hand it to somebody, who is told."""
    by = caller.named(said.by)
    caller.services.desk.assign(_known(caller, id), said.email, by, caller.now, said.reason)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/acknowledge")
def acknowledge(id: TicketLabel, caller: TicketsWrite, said: Acknowledge | None = None) -> TicketShape:  # noqa: A002  see above
    """Say "I have it": no escalation for so long, or for as long as the ticket's policy says."""
    said = said or Acknowledge()
    by = caller.named(said.by)
    caller.services.desk.acknowledge(_known(caller, id), by, caller.now, said.reason, said.span)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/snooze")
def snooze(id: TicketLabel, said: Snooze, caller: TicketsWrite) -> TicketShape:  # noqa: A002  see above
    """Say "later": no step of its policy is taken for so long."""
    by = caller.named(said.by)
    caller.services.desk.snooze(_known(caller, id), by, said.span, caller.now, said.reason)
    return _as_it_is(caller, id)


@router.post("/tickets/{id}/link")
def link(id: TicketLabel, caller: TicketsWrite) -> LinkShape:  # noqa: A002  see above
    """Show the assignee's signed link: whoever has it can act in their name, and confirms none of their claims."""
    return LinkShape(url=caller.services.assigned.show_link(_known(caller, id), caller.alone, caller.now))


@router.post("/tickets/{id}/revoke-links")
def revoke_links(id: TicketLabel, caller: TicketsWrite, said: Said | None = None) -> TicketShape:  # noqa: A002  see above
    """Make all links to the ticket that were given out dead."""
    said = said or Said()
    caller.services.assigned.revoke(_known(caller, id), caller.named(said.by), caller.now, said.reason)
    return _as_it_is(caller, id)


# --- the situation --------------------------------------------------------------------------------------------


@router.get("/overview")
def overview(caller: TicketsRead) -> OverviewShape:
    """The situation in numbers, for a dashboard."""
    with caller.services.store.reading() as uow:
        exposure = uow.overview.exposure()
        overdue = uow.overview.how_many(TicketFilter(overdue_at=caller.now), OVERVIEW_MAX)
        disputed = uow.overview.how_many(TicketFilter(is_disputed=True), OVERVIEW_MAX)
        held = len(uow.overview.waiting_plans())
        counts = uow.tickets.counts()
    return OverviewShape.of(exposure, counts, overdue=overdue, disputed=disputed, held=held, at=caller.now)


def _ticket(uow: UnitOfWork, label: str) -> Ticket:
    found = uow.tickets.get(ticket_number(label))
    if found is None:
        raise not_found(f"There is no ticket {label}.", "GET /api/v1/tickets?state=all lists them.")
    return found


def _known(caller: Caller, label: str) -> int:
    """The number of an existing ticket."""
    with caller.services.store.reading() as uow:
        return _ticket(uow, label).id


def _as_it_is(caller: Caller, label: str) -> TicketShape:
    with caller.services.store.reading() as uow:
        [found] = listed_tickets(uow, [_ticket(uow, label)], caller.now, caller.services.explainer.holding)
        return TicketShape.of(found, caller.services.witnesses)
