"""The files of an evidence pack for people: one HTML page, and the tickets as a table for spreadsheets.

Both are made piece by piece. Their texts may come from strangers (names of groups and members): the page escapes all
texts, and the table lets none become a formula. Neither can steer a terminal that shows the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from worker.domain.evidence.journal import STATED_AT, Sealed, stated_at
from worker.domain.evidence.pack import Covered, JournalSum
from worker.domain.kinds import proof_source
from worker.domain.kinds.keeps import KeptGroup
from worker.domain.messages.sentences import flat, state_line, ticket_title
from worker.domain.reconcile.plan import instant
from worker.domain.text.direction import contained, isolated
from worker.domain.text.steering import uncontrolled, visible
from worker.domain.tickets.ticket import Assignee, Grade, Ticket, ticket_label
from worker.ports.state.sources import SourceState

if TYPE_CHECKING:
    from jinja2 import Environment

BUFFERED = 500  # pieces of the page at a time
EVENTS_MAX, TICKETS_MAX = 20_000, 5_000  # on the page: with more, a browser hardly opens it
When: TypeAlias = Callable[[datetime | None], str]  # an instant in local time, empty for None
_GRADES = {
    Grade.A: "A: the messenger itself, read afterwards, shows it",
    Grade.B: "B: a list that people keep shows it, or a second person confirmed it",
    Grade.C: "C: the word of whoever did it",
}
# At the start, and after anything that a program may take for the end of a cell: a program that splits lines at
# semicolons ignores our quotes
_FORMULA = re.compile(r"""^(?=[\t\r\n])|(?:^|[;,|\t\r\n])[ "']*(?=[=+\-@＝＋－＠])""")
_PLAIN = re.compile(r"\w[\w .:/()@+-]*")  # no formula, and nothing that ends a cell or steers a terminal
COLUMNS = (
    "id", "kind", "state", "group_source", "group_id", "group_name", "messenger", "handle", "member_name",
    "member_role", "person_source", "person_id", "person_name", "evidence", "left_at", "assignee_name",
    "assignee_email", "accountable", "opened_at", "due_at", "done_at", "done_by", "verified_at", "verified_by",
    "grade", "reopened", "blocked_by", "waived_until", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heading:
    """The data above the tickets and events.

    `name`: the person or group, as people call them. `kept`: what a person who left could read.
    """

    organisation: str
    covered: Covered
    name: str
    journal: JournalSum
    sources: tuple[SourceState, ...]
    made_by: str
    made_at: datetime
    timezone: str
    software: str
    kept: tuple[KeptGroup, ...] = ()


def report(heading: Heading, tickets: Iterable[Ticket], events: Iterable[Sealed]) -> Iterator[bytes]:
    """The page, in pieces, with the first `TICKETS_MAX` of the tickets; `events` are the first `EVENTS_MAX`.

    It says if there are more, and reads all `tickets` before the first of `events`.
    """
    zone = ZoneInfo(heading.timezone)

    def when(at: datetime | None) -> str:
        return at.astimezone(zone).strftime("%a %d %b %Y %H:%M:%S %Z") if at else ""

    every_ticket = iter(tickets)
    shown = islice(every_ticket, TICKETS_MAX)
    template = environment().get_template("audit_report.html")
    pieces = template.stream(
        heading=heading,
        sources=[_source(state, heading.made_at, when) for state in heading.sources],
        tickets=((ticket, ticket_title(ticket), _life(ticket, when)) for ticket in shown),
        more_tickets=lambda: sum(1 for _ in every_ticket),
        events=(_event_row(sealed, when) for sealed in events),
        events_max=EVENTS_MAX,
        when=when,
    )
    pieces.enable_buffering(BUFFERED)
    return (uncontrolled(piece).encode() for piece in pieces)


def environment() -> Environment:
    """The templates of reports: they escape every text, and refuse a name without a value."""
    from jinja2 import (  # noqa: PLC0415  a MiB that a worker does without: it makes no reports
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["flat"] = _apart
    return environment


def _source(state: SourceState, now: datetime, when: When) -> tuple[str, ...]:
    """One source: what it is, the date of its last data, how old that was, and whether it could be read."""
    age = f"{(now - state.taken_at).total_seconds() / 3600:.1f} h" if state.taken_at else ""
    return (
        state.name,
        state.port,
        when(state.taken_at),
        age,
        when(state.last_success_at) or "never",
        state.trouble or "good",
    )


def _group(ticket: Ticket) -> str:
    if ticket.group is None:
        return ""
    return f"{_apart(ticket.group_name)} ({_apart('/'.join(ticket.group))}, {ticket.messenger})"


def _life(ticket: Ticket, when: When) -> list[tuple[str, str]]:
    """A ticket's steps from its opening to its end, without those that did not happen."""
    person = f"{_apart(ticket.person_name)} ({'/'.join(ticket.person)})" if ticket.person else ""
    blocked_by = ticket_label(ticket.blocked_by) if ticket.blocked_by else ""
    source = proof_source(ticket)
    facts = [
        ("Status", f"{state_line(ticket)}: {_apart(ticket.reason)}".rstrip(": ")),
        ("Group", _group(ticket)),
        ("Member", f"{_apart(ticket.member_name)} {_apart(ticket.handle)}".strip()),
        ("Person", person),
        ("Evidence", f"{ticket.evidence.value}, {when(ticket.left_at)}" if ticket.evidence else ""),
        ("Assignee", _with(ticket.assignee)),
        ("Opened", when(ticket.opened_at)),
        ("Due", when(ticket.due_at)),
        ("Done", _by(when(ticket.done_at), ticket.done_by)),
        ("Verified", _by(when(ticket.verified_at), source) if source else when(ticket.verified_at)),
        ("Grade", _GRADES[ticket.grade] if ticket.grade else ""),
        ("Reopened", f"{ticket.reopened} times" if ticket.reopened else ""),
        ("Waits for", blocked_by),
        ("Waived until", when(ticket.waived_until)),
    ]
    return [(label, contained(flat(text))) for label, text in facts if text]


def _with(assignee: Assignee | None) -> str:
    if assignee is None:
        return "nobody"
    return f"{_apart(assignee.name)} {_apart(assignee.email)} ({assignee.said})".strip()


def _by(at: str, who: str | None) -> str:
    return f"{at} by {_apart(who or 'nobody')}" if at else ""


def _apart(text: str) -> str:
    """A text from outside on one line, isolated so that it can't change the direction of ours."""
    return isolated(flat(text), is_rtl=False)


def _event_row(sealed: Sealed, when: When) -> Markup:
    """One event's row of the page. It is made here, since a template takes four times as long for it."""
    entry, stated = sealed.entry, _stated(sealed, when)
    at = when(entry.at) + (f" (stated as {stated})" if stated else "")
    # No text has a line end, so they are escaped as one
    texts = (at, _apart(entry.actor), _apart(entry.subject), _apart(entry.reason), _apart(_data(sealed)))
    at, actor, subject, reason, data = str(escape("\n".join(texts))).split("\n")
    return Markup(  # noqa: S704  escaped above
        f'<tr><th scope="row">{sealed.seq}</th><td data-label="When">{at}</td><td data-label="Who">{actor}</td>'
        f'<td data-label="What">{escape(flat(entry.kind))}</td><td data-label="About">{subject}</td>'
        f'<td data-label="Why">{reason}</td><td data-label="More">{data}</td></tr>'
    )


def _stated(sealed: Sealed, when: When) -> str:
    """The stated instant, if it differs from the real one."""
    at = stated_at(sealed.entry)
    return "" if at == sealed.entry.at else when(at)


def _data(sealed: Sealed) -> str:
    data = {
        name: value for name, value in sealed.entry.data.items() if value is not None and name != STATED_AT
    }
    text = ", ".join([f"{name}: {value}" for name, value in sorted(data.items())])
    if text.isascii() and text == flat(text) and " ," not in text:
        return text  # nothing in it that would have to be put on one line, or apart
    return ", ".join(f"{name}: {_apart(str(value))}" for name, value in sorted(data.items()))


# --- the table --------------------------------------------------------------------------------------------


def with_rows(tickets: Iterable[Ticket], file: IO[bytes]) -> Iterator[Ticket]:
    """Yield the same tickets, and write each as a row of tickets.csv into `file` before the next one."""
    file.write(("\ufeff" + csv_line(COLUMNS)).encode())
    for ticket in tickets:
        file.write(csv_line(map(safe_cell, _row(ticket))).encode())
        yield ticket


def csv_line(cells: Iterable[str]) -> str:
    """One row of a table, every cell in quotes."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()


def _row(ticket: Ticket) -> tuple[object, ...]:
    assignee, person = ticket.assignee, ticket.person
    return (
        ticket.label, ticket.kind.value, ticket.state.value,
        *(ticket.group or ("", "")), ticket.group_name, ticket.messenger,
        ticket.handle, ticket.member_name, ticket.member_role and ticket.member_role.value,
        *(person or (None, None)), ticket.person_name, ticket.evidence and ticket.evidence.value,
        ticket.left_at, assignee and assignee.name, assignee and assignee.email, ticket.accountable,
        ticket.opened_at, ticket.due_at, ticket.done_at, ticket.done_by, ticket.verified_at, ticket.verified_by,
        ticket.grade and ticket.grade.value, ticket.reopened,
        ticket.blocked_by and ticket_label(ticket.blocked_by), ticket.waived_until, ticket.reason,
    )  # fmt: skip


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, or splits into cells with a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return str(instant(value))
    text = str(value)
    if _PLAIN.fullmatch(text):  # most of them
        return text
    return visible(_FORMULA.sub(r"\g<0>'", text))
