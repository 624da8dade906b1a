"""Tickets: the list with its filters and search, one ticket with its history, and the acts on it."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from starlette.responses import Response

from worker.app.evidence.report import with_rows
from worker.app.reads.ticket import whole_ticket
from worker.app.refused import Refused
from worker.app.tell.helping import help_for
from worker.desk.calls import Call, is_own_path, number_in
from worker.desk.console.days import day_in, end_of
from worker.desk.console.frame import CONFLICT, PAGE, back_to, group_of, missing
from worker.desk.console.saved import account_of, is_shown
from worker.desk.console.told import shown_steps
from worker.desk.refs import REFERENCE_MAX
from worker.desk.sessions import Guest
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.messages.sentences import ticket_steps, ticket_title, why_line
from worker.domain.text.durations import format_duration
from worker.domain.tickets.ticket import LIVE, Ticket, TicketKind, TicketState, ticket_label, ticket_number
from worker.ports.state.overview import DuePlace, TicketFilter
from worker.ports.state.store import UnitOfWork

SNOOZE_HOURS = (1, 4)
MORNING = time(9)

COUNTED_MAX, TABLE_MAX, ADDRESS_MAX = 10_000, 10_000, 4000
TOGETHER = ("assign", "acknowledge", "waive")
VIEWS = ("mine", "unassigned", "overdue", "sensitive", "disputed", "reopened")
STATES: dict[str, tuple[TicketState, ...]] = {
    "live": tuple(sorted(LIVE)),
    **{state.value: (state,) for state in TicketState},
    "all": (),
}


def tickets(call: Call, guest: Guest) -> Response:
    """A page of the list: what is live by when it is due, anything else by its number, the newest first."""
    view = _view(call, guest)
    if call.text("as") == "table":
        return _table(call, view.wanted)
    with call.services.store.reading() as uow:
        if view.is_by_due:
            found = uow.overview.tickets_by_due(view.wanted, _place(call.text("after")), PAGE + 1)
        else:
            found = uow.overview.tickets(view.wanted, number_in(call.text("after")), PAGE + 1)
        shown = found[:PAGE]
        steps = uow.tickets.steps_of([one.id for one in shown])
        kept = uow.saved_lists.of(account_of(guest))
        counted = _counted(uow, view, found, is_first=not call.text("after"))
    last = shown[-1] if len(found) > PAGE else None
    return call.page(
        "console/tickets.html",
        {
            "tickets": shown,
            "titles": {one.id: ticket_title(one, call.tongue) for one in shown},
            "told": {number: max(one.taken.at for one in taken) for number, taken in steps.items() if taken},
            "next": _after(last, is_by_due=view.is_by_due) if last else None,
            "fields": view.fields,
            "views": VIEWS,
            "kept": [(one, is_shown(one, view.fields)) for one in kept],
            "states": list(STATES),
            "kinds": [one.value for one in TicketKind],
            "is_first": not call.text("after"),
            "counted": counted,
        },
    )


class _Counted(NamedTuple):
    number: int
    is_at_least: bool


def _counted(uow: UnitOfWork, view: _View, found: Sequence[Ticket], *, is_first: bool) -> _Counted | None:
    """How many match. None if that would mean to search all texts once more."""
    if is_first and len(found) <= PAGE:
        return _Counted(len(found), is_at_least=False)
    if view.wanted.text:
        return None
    number = uow.overview.how_many(view.wanted, COUNTED_MAX)
    return _Counted(number, is_at_least=number >= COUNTED_MAX)


def _table(call: Call, wanted: TicketFilter) -> Response:
    """The same tickets as a file for spreadsheets, at most `TABLE_MAX` of them."""
    with call.services.store.reading() as uow:
        found = uow.overview.tickets(wanted, None, TABLE_MAX)
    file = io.BytesIO()
    deque(with_rows(found, file), maxlen=0)
    headers = {"Content-Disposition": f'attachment; filename="tickets-{call.now:%Y%m%d-%H%M%S}.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


class _View(NamedTuple):
    fields: dict[str, str]
    wanted: TicketFilter
    is_by_due: bool


def _view(call: Call, guest: Guest) -> _View:
    """The tickets that the search form, or a link, asks for."""
    given = {name: call.text(name, 200) or call.query(name) for name in ("state", "kind", "view", "text")}
    view = given["view"] if given["view"] in VIEWS else ""
    state = given["state"] if given["state"] in STATES else "live"
    kind = given["kind"] if given["kind"] in set(TicketKind) else ""
    group = call.text("group", REFERENCE_MAX)
    wanted = TicketFilter(
        states=STATES[state],
        kinds=(TicketKind(kind),) if kind else (),
        text=call.text("text", 200),
        group=group_of(call, group) if group else None,
        overdue_at=call.now if view == "overdue" else None,
        is_disputed=view == "disputed",
        is_sensitive=view == "sensitive",
        is_reopened=view == "reopened",
        is_unassigned=view == "unassigned",
        assignee=guest.name if view == "mine" else "",
    )
    fields = {"state": state, "kind": kind, "view": view, "text": wanted.text, "group": group}
    return _View(fields, wanted, is_by_due=bool(wanted.states) and set(wanted.states) <= LIVE)


def _after(last: Ticket, *, is_by_due: bool) -> str:
    return f"{last.due_at.isoformat()} {last.id}" if is_by_due else str(last.id)


def _place(text: str) -> DuePlace | None:
    """The inverse of `_after` for a list by due; None for the first page, and for any other text."""
    due, _, number = text.partition(" ")
    found = number_in(number)
    try:
        return None if found is None else DuePlace(datetime.fromisoformat(due).astimezone(UTC), found)
    except ValueError:
        return None


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
    if not _act(call, guest, call.path("act"), _number(call)):
        return missing(call)
    return back_to(f"/tickets/{call.path('label')}")


def act_together(call: Call, guest: Guest) -> Response:
    """Do one act on each ticket that is ticked, for one reason; say of each that refuses it why."""
    what, numbers = call.text("act"), sorted(call.numbers("ticket"))
    if what not in TOGETHER or not numbers:
        raise Refused("Tick the tickets, and choose what is to be done with them.")
    refused: list[tuple[str, str]] = []
    for number in numbers:
        try:
            _act(call, guest, what, number)
        except Refused as refusal:
            refused.append((ticket_label(number), str(refusal)))
    back = call.text("back", ADDRESS_MAX)
    if not is_own_path(back):
        back = "/tickets"
    if not refused:
        return back_to(back)
    values = {"refused": refused, "done": len(numbers) - len(refused), "back": back}
    return call.page("console/together.html", values, status=CONFLICT)


def _act(call: Call, guest: Guest, what: str, number: int) -> bool:
    """Do one act on one ticket, with the form's reason and details. False if there is no such act. Raises Refused."""
    desk, by, reason = call.services.desk, guest.actor, call.text("reason")
    match what:
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
            return False
    return True


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
