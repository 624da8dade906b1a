"""Tickets: the list with its filters and search, one ticket with its history, and the acts on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from worker.app.reads.ticket import whole_ticket
from worker.app.refused import Refused
from worker.app.tell.helping import help_for
from worker.desk.calls import Call, number_in
from worker.desk.console.days import day_in, end_of
from worker.desk.console.frame import PAGE, back_to, missing
from worker.desk.console.told import shown_steps
from worker.desk.sessions import Guest
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.messages.sentences import ticket_steps, ticket_title, why_line
from worker.domain.text.durations import format_duration
from worker.domain.tickets.ticket import LIVE, Ticket, TicketKind, TicketState, ticket_number
from worker.ports.state.overview import TicketFilter
from worker.ports.state.store import UnitOfWork

SNOOZE_HOURS = (1, 4)
MORNING = time(9)

STATES: dict[str, tuple[TicketState, ...]] = {
    "live": tuple(sorted(LIVE)),
    **{state.value: (state,) for state in TicketState},
    "all": (),
}


def tickets(call: Call, guest: Guest) -> Response:
    """A page of the list."""
    del guest
    chosen = {name: call.text(name) or call.query(name) for name in ("state", "kind", "view", "before")}
    state = chosen["state"] if chosen["state"] in STATES else "live"
    kind = chosen["kind"] if chosen["kind"] in set(TicketKind) else ""
    text = call.text("text", 200)
    before = number_in(chosen["before"])
    wanted = TicketFilter(
        states=STATES[state],
        kinds=(TicketKind(kind),) if kind else (),
        text=text,
        overdue_at=call.now if chosen["view"] == "overdue" else None,
        is_disputed=chosen["view"] == "disputed",
    )
    with call.services.store.reading() as uow:
        found = uow.overview.tickets(wanted, before, PAGE + 1)
    return call.page(
        "console/tickets.html",
        {
            "tickets": found[:PAGE],
            "titles": {one.id: ticket_title(one, call.tongue) for one in found},
            "next": found[PAGE - 1].id if len(found) > PAGE else None,
            "state": state,
            "kind": kind,
            "view": chosen["view"],
            "text": text,
            "states": list(STATES),
            "kinds": [one.value for one in TicketKind],
            "is_first": before is None,
        },
    )


def ticket(call: Call, guest: Guest) -> Response:
    """Everything about one ticket."""
    del guest
    with call.services.store.reading() as uow:
        one = _ticket(call, uow)
        if one is None:
            return missing(call)
        rules, tongue = call.services.rules, call.tongue
        languages = call.services.languages
        aid = help_for(uow, one, languages)
        to_come = call.services.explainer.to_come(uow, one)
        whole = whole_ticket(uow, one, call.now, call.services.explainer.holding)
        policy = rules.policy(one)
        values = {
            "ticket": one,
            "title": ticket_title(one, tongue),
            "why": why_line(one, call.services.place.timezone, tongue),
            "how": ticket_steps(one, tongue, aid),
            "plea": aid.text if aid else "",
            "history": whole.history,
            "link_known_to": whole.link_known_to,
            "on_it": _last(whole.history, events.TICKET_ACKNOWLEDGED),
            "snoozed": _last(whole.history, events.TICKET_SNOOZED),
            "silenced_by": whole.silenced_by,
            "acknowledge_for": format_duration(policy.acknowledge_for),
            "acknowledge_hours": _whole_hours(policy.acknowledge_for),
            "snooze_hours": [hours for hours in SNOOZE_HOURS if timedelta(hours=hours) <= policy.snooze_max],
            "tomorrow": tomorrow if (tomorrow := _tomorrow(call)) - call.now <= policy.snooze_max else None,
            "taken": whole.steps,
            "policy": policy.name,
            "to_come": shown_steps(call, to_come),
            "blocks": _blocked_by(uow, one),
            "accounts": whole.accounts,
        }
    return call.page("console/ticket.html", values)


def act(call: Call, guest: Guest) -> Response:
    """Act on a ticket as the command line does: done, reopen, waive, assign, acknowledge, snooze, end the links."""
    number = _number(call)
    desk, by, reason = call.services.desk, guest.actor, call.text("reason")
    match call.path("act"):
        case "done":
            desk.done(number, by, call.now, reason)
        case "reopen":
            desk.reopen(number, by, reason, call.now)
        case "waive":
            desk.waive(number, by, reason, call.now, _until(call))
        case "assign":
            desk.assign(number, _email(call), by, call.now, reason)
        case "acknowledge":
            desk.acknowledge(number, by, call.now, reason)
        case "snooze":
            desk.snooze(number, by, _span(call), call.now, reason)
        case "revoke":
            call.services.assigned.revoke(number, by, call.now, reason)
        case _:
            return missing(call)
    return back_to(f"/tickets/{call.path('label')}")


def link(call: Call, guest: Guest) -> Response:
    """Show the assignee's link on request, and journal it: a person who has it can act in the assignee's name."""
    url = call.services.assigned.show_link(_number(call), guest.actor, call.now)
    return call.page("console/link.html", {"url": url, "label": call.path("label")})


def _number(call: Call) -> int:
    try:
        return ticket_number(call.path("label"))
    except ValueError as error:
        raise Refused(str(error)) from None


def _ticket(call: Call, uow: UnitOfWork) -> Ticket | None:
    return uow.tickets.get(_number(call))


def _email(call: Call) -> str:
    email = call.text("email")
    if "@" not in email:
        raise Refused(f"'{email}' is no e-mail address.")
    return email


def _until(call: Call) -> datetime | None:
    """The end of the organisation's day that the form names."""
    return end_of(call, day_in(call.text("until")))


def _span(call: Call) -> timedelta:
    """How long the form wants it to be quiet."""
    if call.text("span") == "tomorrow":
        return _tomorrow(call) - call.now
    hours = number_in(call.text("span"))
    if hours not in SNOOZE_HOURS:
        raise Refused("Say for how long.")
    return timedelta(hours=hours)


def _whole_hours(span: timedelta) -> int | None:
    """A time span in hours, which every language has words for; None if it is not whole hours."""
    hours, rest = divmod(span, timedelta(hours=1))
    return None if rest else hours


def _tomorrow(call: Call) -> datetime:
    """Tomorrow morning in the organisation's time zone."""
    zone = ZoneInfo(call.services.place.timezone)
    on = call.now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(on, MORNING, zone).astimezone(UTC)


def _last(history: Sequence[Sealed], event: str) -> list[Entry]:
    """The last entry of a ticket's history with this event, if there is one."""
    return [sealed.entry for sealed in history if sealed.entry.event == event][-1:]


def _blocked_by(uow: UnitOfWork, ticket: Ticket) -> list[Ticket]:
    around = uow.tickets.of_group(ticket.group) if ticket.group else []
    return [one for one in around if one.blocked_by == ticket.id]
