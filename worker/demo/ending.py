"""The situation at the end of the demo, and commands to try next. Everything is read from the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

from worker.demo.page import Page
from worker.demo.sights import differences, everybody, groups_of, watched
from worker.demo.words import count
from worker.domain.controls.switch import Mode
from worker.domain.groups.pairing import Difference
from worker.domain.messages.sentences import state_line, ticket_title
from worker.domain.model import Account, Standing
from worker.domain.reconcile.controlling import is_found_by_controls
from worker.domain.reconcile.guard import HoldState
from worker.domain.reconcile.plan import instant
from worker.domain.tickets.ticket import LIVE, Grade, Ticket, TicketKind, TicketState
from worker.ports.state.groups import GroupRow
from worker.ports.state.store import UnitOfWork
from worker.ports.state.tickets import TicketSort
from worker.running.app import App

PAGE = 1000


NAMED_MAX = 2
DIFFERENCES = {
    Difference.UNREGISTERED: "live, in no register",
    Difference.NOT_SEEN: "registered, not seen live",
    Difference.MEMBERS: "different members",
}
MODES = {Mode.REPORT: "only reported", Mode.TICKET: "with tickets"}
GRADES = {
    Grade.A: "the messenger itself, read by the worker",
    Grade.B: "a list that people keep, or an answer",
    Grade.C: "the word of whoever closed it",
}


class Ending:
    """The last page of one demo."""

    def __init__(self, app: App, page: Page, now: datetime) -> None:
        self._app = app
        self._page = page
        self._now = now
        self._zone = ZoneInfo(app.settings.organisation.timezone)

    def print(self, config: Path, *, has_desk: bool) -> None:
        """Tables, then commands that can be copied. `has_desk`: the desk and the gateway go on after it."""
        with self._app.store.begin() as uow:
            live = _tickets(uow, sorted(LIVE))
            self._title(f"Where things stand on {self._now.astimezone(self._zone):%a %d %b %Y, %H:%M}")
            self._counts(uow)
            self._proofs(uow)
            self._live(live)
            self._leavers(uow)
            self._plans(uow)
            self._controls(uow)
            self._differences(uow)
            self._sources(uow)
            self._next(uow, live, config, has_desk=has_desk)

    # --- tables ----------------------------------------------------------------------------------

    def _counts(self, uow: UnitOfWork) -> None:
        counts = uow.tickets.counts()
        states = list(TicketState)
        rows = [
            [kind.value, *(str(counts.get(TicketSort(state, kind), 0) or "-") for state in states)]
            for kind in TicketKind
            if any(counts.get(TicketSort(state, kind)) for state in states)
        ]
        self._table(("tickets", *(state.value for state in states)), rows, "There are no tickets.")

    def _proofs(self, uow: UnitOfWork) -> None:
        counts = Counter(ticket.grade for ticket in _tickets(uow, [TicketState.VERIFIED]))
        rows = [[grade.value, str(counts[grade] or "-"), GRADES[grade]] for grade in Grade]
        self._table(("grade", "verified", "proved by"), rows, "")

    def _live(self, live: Sequence[Ticket]) -> None:
        rows = []
        for ticket in live:
            is_overdue = ticket.state is TicketState.OPEN and self._now >= ticket.due_at
            state = "overdue" if is_overdue else state_line(ticket)
            whose = f" ({ticket.person_name})" if ticket.kind is TicketKind.ATTEST else ""
            rows.append([ticket.label, state, self._local(ticket.due_at), ticket_title(ticket) + whose])
        self._table(("still to do", "state", "due", "what"), rows, "Nothing is left to do.")

    def _leavers(self, uow: UnitOfWork) -> None:
        rows = []
        for person in sorted(everybody(uow), key=_when_left):
            groups = groups_of(uow, person) if person.standing is Standing.LEFT else []
            if groups:
                where = ", ".join(row.name for row, _ in groups)
                rows.append([person.facts.display_name, self._local(person.left_at), where])
        self._table(("left, and still in", "since", "groups"), rows, "Nobody who left is in a group.")

    def _plans(self, uow: UnitOfWork) -> None:
        rows = [
            [plan.label, plan.state.value, plan.counted, self._local(plan.created_at)]
            for plan in uow.episodes.plans()
        ]
        self._table(("plans", "state", "of", "since"), rows, "Nothing was held.")

    def _controls(self, uow: UnitOfWork) -> None:
        reports = self._app.controls.last_run(uow, self._now).reports
        rows = []
        for mode, words in MODES.items():
            on = [one for one in reports if one.mode is mode]
            failing = sorted((one for one in on if one.counts.failed), key=lambda one: -one.counts.failed)
            worst = ", ".join(f"{one.control} ({one.counts.failed})" for one in failing[:NAMED_MAX])
            rows.append([words, str(len(on)), str(len(failing)), worst])
        self._table(("controls", "on", "not met", "the most"), rows, "")

    def _differences(self, uow: UnitOfWork) -> None:
        groups = watched(uow)
        found = differences(self._app, uow, groups)
        rows = []
        for what, words in DIFFERENCES.items():
            names = [row.name for row in groups if what in found.get(row.key, ())]
            if names:
                rows.append([words, str(len(names)), ", ".join(names[:NAMED_MAX])])
        self._table(("sources differ", "groups", "such as"), rows, "The sources agree on every group.")

    def _sources(self, uow: UnitOfWork) -> None:
        rows = []
        for state in uow.sources.all():
            age = (
                f"{(self._now - state.taken_at).total_seconds() / 3600:.0f} h"
                if state.taken_at
                else "never read"
            )
            rows.append(
                [state.name, state.port, "red" if state.trouble else "green", age, state.trouble or ""]
            )
        self._table(("sources", "port", "state", "age", ""), rows, "There are no sources.")

    def _table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
        self._page.line("")
        if not rows:
            self._page.line(empty)
            return
        widths = [max(len(row[i]) for row in (headings, *rows)) for i in range(len(headings))]
        self._page.row(headings, widths, "bold")
        for row in rows:
            self._page.row(row, widths)

    def _title(self, text: str) -> None:
        self._page.line("")
        self._page.line(text, "bold")

    def _local(self, at: datetime | None) -> str:
        return f"{at.astimezone(self._zone):%a %d %b %H:%M}" if at else "-"

    # --- what next -------------------------------------------------------------------------------

    def _next(self, uow: UnitOfWork, live: Sequence[Ticket], config: Path, *, has_desk: bool) -> None:
        now = instant(self._now)
        self._title("What to try next")
        self._page.paragraph(
            f"Everything is in {config.parent}: the exports of {count(self._exports(config), 'day')}, the "
            f"register groups.xlsx, the configuration with its texts, and the database. It is {now} there, so "
            "commands that look at the clock take --now."
        )
        self._page.paragraph(
            "The linked phone's gateway runs until the demo is ended: use another terminal."
            if has_desk
            else "The linked phone's gateway has ended with the demo, so from now on phones can't be read."
        )
        self._page.line("")
        for command in (f"export WHOSLEFT_CONFIG={quote(str(config))}", *self._commands(uow, live)):
            self._page.line(f"  {command}")
        if has_desk:
            self._page.line(f"  whosleft check --now {now}")

    def _commands(self, uow: UnitOfWork, live: Sequence[Ticket]) -> Iterator[str]:
        now = instant(self._now)
        yield "whosleft tickets list --all"
        for plan in uow.episodes.plans():
            if plan.state is HoldState.HELD:
                yield f"whosleft plans show {plan.label}"
                yield f"whosleft plans release {plan.label} --reason agreed --now {now}"
                yield f"whosleft once reconcile --now {now}"
        for ticket in [one for one in live if not is_found_by_controls(one.kind)][:1]:
            yield f"whosleft tickets show {ticket.label}"
            yield f"whosleft escalation explain {ticket.label}"
            yield f'whosleft groups show "{ticket.group_name}"'
        proved = [one for one in _tickets(uow, [TicketState.VERIFIED]) if one.grade is Grade.A]
        for ticket in proved[:1]:
            yield f"whosleft tickets show {ticket.label}"
        for row in self._unregistered(uow)[:1]:
            yield f'whosleft groups show "{row.name}"'
        for person in [person for person in everybody(uow) if person.standing is Standing.LEFT][:1]:
            yield f"whosleft people show {person.facts.email}"
        yield f"whosleft report controls --now {now}"
        for ticket in [one for one in live if is_found_by_controls(one.kind)][:1]:
            yield f"whosleft tickets show {ticket.label}"
        yield "whosleft attest list"

    def _unregistered(self, uow: UnitOfWork) -> list[GroupRow]:
        groups = watched(uow)
        found = differences(self._app, uow, groups)
        return [row for row in groups if Difference.UNREGISTERED in found.get(row.key, ())]

    def _exports(self, config: Path) -> int:
        return sum(1 for _ in (config.parent / "people").glob("*.csv"))


def _tickets(uow: UnitOfWork, states: Sequence[TicketState]) -> list[Ticket]:
    found: list[Ticket] = []
    while page := uow.tickets.page(states, found[-1].id if found else 0, PAGE):
        found += page
    return found


def _when_left(person: Account) -> tuple[str, str]:
    return (instant(person.left_at) or "", person.facts.display_name)
