"""Tickets: the list with its filters and search, and acts on several at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from starlette.responses import Response

from worker.app.evidence.report import with_rows
from worker.app.refused import Refused
from worker.desk.calls import Call, is_own_path, number_in
from worker.desk.console.days import period_in
from worker.desk.console.frame import CONFLICT, PAGE, back_to, group_of
from worker.desk.console.saved import is_shown
from worker.desk.console.ticket import Misfilled, act_on
from worker.desk.downloads import download
from worker.desk.refs import REFERENCE_MAX
from worker.desk.searching import spellings
from worker.desk.sessions import Guest
from worker.domain.messages.sentences import ticket_title
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import LIVE, Ticket, TicketKind, TicketState, ticket_label
from worker.ports.state.overview import DuePlace, TicketFilter
from worker.ports.state.store import UnitOfWork

COUNTED_MAX, TABLE_PART, ADDRESS_MAX = 10_000, 1000, 4000
TOGETHER = ("assign", "acknowledge", "waive")
VIEWS = ("mine", "unassigned", "overdue", "sensitive", "disputed", "reopened", "removals")
PERIODS = ("opened", "verified", "due")
STATES: dict[str, tuple[TicketState, ...]] = {
    "live": tuple(sorted(LIVE)),
    **{state.value: (state,) for state in TicketState},
    "all": (),
}


def tickets(call: Call, guest: Guest) -> Response:
    """A page of the list: what is live by when it is due, anything else by its number, the newest first."""
    view = _view(call, guest)
    if call.text("as") == "table":
        return _table(call, view)
    with call.services.store.reading() as uow:
        found = _found(uow, view, call.text("after"), PAGE + 1)
        shown = found[:PAGE]
        steps = uow.tickets.steps_of([one.id for one in shown])
        kept = uow.saved_lists.of(guest.account)
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
            "periods": {name: period for name in PERIODS if (period := period_in(view.fields[name]))},
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
    if view.wanted.texts:
        return None
    number = uow.overview.how_many(view.wanted, COUNTED_MAX)
    return _Counted(number, is_at_least=number >= COUNTED_MAX)


def _table(call: Call, view: _View) -> Response:
    """The same tickets as a file for spreadsheets, all of them, in the order of the list."""

    def write(file: BinaryIO) -> None:
        with call.services.store.reading() as uow:
            deque(with_rows(_all(uow, view), file), maxlen=0)

    return download(write, f"tickets-{call.now:%Y%m%d-%H%M%S}.csv", "text/csv; charset=utf-8")


def _all(uow: UnitOfWork, view: _View) -> Iterator[Ticket]:
    """All pages of a list, read in parts."""
    after = ""
    while part := _found(uow, view, after, TABLE_PART):
        yield from part
        after = _after(part[-1], is_by_due=view.is_by_due)


def _found(uow: UnitOfWork, view: _View, after: str, limit: int) -> list[Ticket]:
    if view.is_by_due:
        return uow.overview.tickets_by_due(view.wanted, _place(after), limit)
    return uow.overview.tickets(view.wanted, number_in(after), limit)


class _View(NamedTuple):
    fields: dict[str, str]
    wanted: TicketFilter
    is_by_due: bool


def _view(call: Call, guest: Guest) -> _View:
    """The tickets that the search form, or a link, asks for."""
    given = {name: call.text(name, 200) or call.query(name) for name in ("state", "kind", "view", "text")}
    periods = {name: call.text(name, 200) for name in PERIODS}
    view = given["view"] if given["view"] in VIEWS else ""
    state = given["state"] if given["state"] in STATES else "live"
    kind = given["kind"] if given["kind"] in set(TicketKind) else ""
    group, text = call.text("group", REFERENCE_MAX), call.text("text", 200)
    wanted = TicketFilter(
        states=STATES[state],
        kinds=(TicketKind(kind),) if kind else (),
        texts=spellings(text, call.services.place.region),
        group=group_of(call, group) if group else None,
        overdue_at=call.now if view == "overdue" else None,
        is_disputed=view == "disputed",
        is_sensitive=view == "sensitive",
        is_reopened=view == "reopened",
        is_unassigned=view == "unassigned",
        is_removal=view == "removals",
        opened=period_in(periods["opened"]),
        verified=period_in(periods["verified"]),
        due=period_in(periods["due"]),
        assignee=guest.name if view == "mine" else "",
    )
    fields = {"state": state, "kind": kind, "view": view, "text": text, "group": group, **periods}
    return _View(fields, wanted, is_by_due=bool(wanted.states) and set(wanted.states) <= LIVE)


def _after(last: Ticket, *, is_by_due: bool) -> str:
    return f"{last.due_at.isoformat()} {last.id}" if is_by_due else str(last.id)


def _place(text: str) -> DuePlace | None:
    """The inverse of `_after` for a list by due; None for the first page, and for any other text."""
    due, _, number = text.partition(" ")
    found = number_in(number)
    try:
        return None if found is None else DuePlace(datetime.fromisoformat(due).astimezone(UTC), found)
    except (ValueError, OverflowError):
        return None


def act_together(call: Call, guest: Guest) -> Response:
    """Do one act on each ticket that is ticked, for one reason; say of each that refuses it why.

    Where a field can't be used, the answer asks for it again, with what was typed.
    """
    what, numbers = call.text("act"), sorted(call.numbers("ticket"))
    if what not in TOGETHER or not numbers:
        raise Refused(because("Tick the tickets, and choose what is to be done with them."))
    refused: list[tuple[str, Refused]] = []
    for number in numbers:
        try:
            act_on(call, guest, what, number)
        except Refused as refusal:
            refused.append((ticket_label(number), refusal))
    back = call.text("back", ADDRESS_MAX)
    if not is_own_path(back):
        back = "/tickets"
    if not refused:
        return back_to(back)
    values = {
        "refused": refused,
        "done": len(numbers) - len(refused),
        "back": back,
        "act": what,
        "again": [label for label, refusal in refused if isinstance(refusal, Misfilled)],
        "typed": {"reason": call.text("reason"), "email": call.text("email")},
    }
    return call.page("console/together.html", values, status=CONFLICT)
