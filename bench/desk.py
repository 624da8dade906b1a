"""make bench-desk: the desk's pages with many tickets, against a bare "hello" of the same server.

Two companies: one of a million people and five million memberships, with a hundred thousand tickets of which nearly
all are over, and one in a storm, with twenty thousand that are all live. One client, one request at a time over one
connection, on SQLite and PostgreSQL; medians and the slowest in twenty. What pages share for a second is worked out
anew for every request here, so that the figures are those of the worst one.

    python -m bench desk [PEOPLE]      so many people in the first company and half as many in the second
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median, quantiles

import httpx2
import sqlalchemy as sa
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bench.postgres import database
from worker.app.acts.access import Access
from worker.app.reads.situation import situation
from worker.desk.app import desk_app
from worker.desk.guarding import BODY_MAX
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.journal import Entry
from worker.domain.model import AccountKey, Evidence, GroupKey, Role
from worker.domain.people.leaving import episode_name
from worker.domain.text.reason import Reason
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, Ticket, TicketKind, TicketState
from worker.ops.server import Limits, serving
from worker.ports import Port
from worker.running.connecting import Connectors
from worker.running.desk_serving import services_of
from worker.running.wiring import build_app
from worker.settings import Settings
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.sql.tables import chat_group, link, membership, person, ticket
from worker.storage.store import SqlStore


@dataclass(frozen=True, slots=True)
class Company:
    """`live_share`: the share of tickets that are live. Everybody who has not left is in five groups."""

    people: int
    groups: int
    tickets: int
    live_share: float

    @property
    def group_size(self) -> int:
        return self.people * GROUPS_OF_ONE // self.groups


COMPANIES = {
    "grown": Company(1_000_000, 20_000, 100_000, 0.02),
    "in a storm": Company(50_000, 5_000, 20_000, 1.0),
}
GROUPS_OF_ONE, STRIDE = 5, 3_989
TICKETS_OF_ONE = 3
REQUESTS = 40
FIRST = 6  # requests before them: they compile templates, and after five psycopg prepares statements
PAGE_MAX_MS = 100.0
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HELLO = "hello (the same server)"


@dataclass(frozen=True, slots=True)
class Timed:
    """One page's times in milliseconds."""

    median_ms: float
    p95_ms: float


def main() -> None:
    """One table for each company and database."""
    companies = COMPANIES
    if sys.argv[2:]:
        people = int(sys.argv[2])
        companies = {
            "grown": Company(people, people // 50, people // 10, 0.02),
            "in a storm": Company(people // 2, people // 20, people // 5, 1.0),
        }
    for name, company in companies.items():
        with tempfile.TemporaryDirectory() as folder:
            _measure(f"SQLite, {name}", f"sqlite:///{Path(folder) / 'desk.db'}", company)
        with database() as url:
            _measure(f"PostgreSQL, {name}", url, company)


def _measure(name: str, url: str, company: Company) -> None:
    engine = open_engine(url)
    migrate(engine)
    store = SqlStore(engine)
    began = time.perf_counter()
    _fill_around(engine, company)
    _fill(store, company)
    _fill_rosters(engine, company)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))  # as autovacuum does within a minute
    with engine.connect() as connection:
        members = connection.execute(sa.select(sa.func.count()).select_from(membership)).scalar_one()
    print(
        f"\n{name}: {company.people:,} people, {members:,} memberships, {company.tickets:,} tickets"
        f" (made in {time.perf_counter() - began:.0f} s)"
    )
    with running_desk(store, NOW) as (client, address):
        found = {HELLO: _timed(client, "/hello")}
        for label, path in PAGES.items():
            found[label] = _timed(client, path.format(link=address, last=company.tickets))
        for label, fields in SEARCHES.items():
            found[label] = _timed(client, _address_of(client, fields))
        found["API: a page of tickets"] = _timed(client, "/api/v1/tickets?limit=50")
    _print(found)
    engine.dispose()


PAGES = {
    "an assignee's ticket": "{link}",
    "now": "/",
    "tickets": "/tickets",
    "tickets, overdue": "/tickets?view=overdue",
    "one ticket": "/tickets/T-{last:06d}",
    "groups": "/groups",
    "controls": "/controls",
    "one control": "/controls/profile.description",
    "people": "/people",
    "held plans": "/plans",
    "sources": "/sources",
    "charts, 13 weeks": "/charts",
    "charts, 26 weeks": "/charts?weeks=26",
    "audit": "/audit",
}
SEARCHES = {
    "tickets, live, from the middle": {"after": f"{NOW.isoformat()} 1"},
    "tickets, all, from the middle": {"state": "all", "after": "50000"},
    "search, nothing found": {"state": "all", "text": "no such name anywhere"},
    "search, a name": {"state": "all", "text": "person 77"},
}


@contextmanager
def running_desk(store: SqlStore, now: datetime) -> Iterator[tuple[httpx2.Client, str]]:
    """A desk at that instant; a client that is signed in, and the address of an assignee's ticket."""
    settings = Settings.model_validate({"desk": {"url": "http://127.0.0.1"}})
    worker = build_app(settings, store, Connectors((), (), ()), lambda: now)
    links = worker.rules.links
    services = replace(
        services_of(worker, lambda: now),
        sources=(("corp", Port.DIRECTORY, "file"),),
        situation=lambda: situation(store, now),  # worked out anew for every request
    )
    app = desk_app(services)
    app.router.routes.append(Route("/hello", lambda _request: HTMLResponse("<p>hello</p>")))
    access = Access(store)
    secret = access.make_login_link("bench", ("approver", "auditor"), Actor("bench"), now, DAY)
    token = access.make_token(("tickets:read",), Actor("bench"), now).text
    with store.reading() as uow:
        [one] = uow.tickets.page([TicketState.OPEN], 0, 1)
        address = "/t/" + links.token(uow, one, now)
    with (
        serving(app, ("127.0.0.1", 0), "desk", Limits(BODY_MAX)) as listen,
        httpx2.Client(base_url=f"http://{listen}") as client,
    ):
        client.headers["Authorization"] = f"Bearer {token}"
        page = client.get(f"/login/{secret}").text
        form_token = page.partition('name="form_token" value="')[2].partition('"')[0]
        client.post(f"/login/{secret}", data={"form_token": form_token})
        yield client, address


def _address_of(client: httpx2.Client, fields: dict[str, str]) -> str:
    """The address that a search leads to."""
    page = client.get("/tickets").text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    return str(client.post("/tickets", data={"form_token": token, **fields}).headers["location"])


def _timed(client: httpx2.Client, path: str) -> Timed:
    times = []
    for number in range(FIRST + REQUESTS):
        began = time.perf_counter()
        answer = client.get(path)
        took_ms = (time.perf_counter() - began) * 1000
        assert answer.status_code == 200, (answer.status_code, answer.text[:500])
        if number >= FIRST:
            times.append(took_ms)
    return Timed(median(times), quantiles(times, n=20)[-1])


def _print(found: dict[str, Timed]) -> None:
    bare = found[HELLO].median_ms
    print(f"  {'page':<32} {'median':>9} {'95 %':>9} {'x hello':>8}")
    for name, timed in found.items():
        mark = "" if timed.p95_ms < PAGE_MAX_MS else f"   over {PAGE_MAX_MS:.0f} ms"
        print(
            f"  {name:<32} {timed.median_ms:>6.1f} ms {timed.p95_ms:>6.1f} ms {timed.median_ms / bare:>8.1f}{mark}"
        )


def _fill(store: SqlStore, company: Company) -> None:
    """Tickets of two years, each with a line in the journal."""
    random = Random(7)
    for start in range(0, company.tickets, 5_000):
        with store.begin() as uow:
            numbers = range(start, min(start + 5_000, company.tickets))
            made = [_ticket(random, number, company) for number in numbers]
            stored = uow.tickets.insert(made)
            uow.journal.append(
                Entry(t.opened_at, "whosleft", "ticket.opened", f"ticket:{t.label}") for t in stored
            )


def _fill_around(engine: sa.Engine, company: Company) -> None:
    """People, of whom a third of as many as there are tickets have left, and groups."""
    n = _numbers(company.people)
    has_left = n * TICKETS_OF_ONE < company.tickets
    name, at = _name(n), sa.literal(NOW, person.c.at.type)
    people = {
        "source": "corp", "person_id": _person_id(n), "display_name": name,
        "email": sa.literal("p").concat(sa.cast(n, sa.Text)).concat("@example.org"),
        "facts": sa.literal('{"display_name": "').concat(name).concat('"}'), "first_seen_at": at, "changed_at": at,
        "standing": sa.case((has_left, "left"), else_="active"), "evidence": sa.case((has_left, "disabled")),
        "at": sa.case((has_left, sa.literal(NOW - DAY, person.c.at.type))),
    }  # fmt: skip
    groups = [
        {
            "source": "wards", "group_id": f"group-{n}", "name": f"Ward {n} nights", "messenger": "whatsapp",
            "coverage": "full", "taken_at": NOW, "read_at": NOW, "first_seen_at": NOW, "size": company.group_size,
        }
        for n in range(company.groups)
    ]  # fmt: skip
    with engine.begin() as connection:
        _insert(connection, person, people)
        connection.execute(sa.insert(chat_group), groups)


def _fill_rosters(engine: sa.Engine, company: Company) -> None:
    """Everybody has one handle. Whoever left is in the groups that a live ticket asks for, the others in five."""
    n = _numbers(company.people)
    links = {
        "source": "wards", "handle": _handle(n), "display_name": _name(n), "fingerprint": "f",
        "decided_fingerprint": "f", "state": "linked", "person_source": "corp", "person_id": _person_id(n),
    }  # fmt: skip
    t = ticket.c
    here = (t.source, t.group_id, t.handle, t.member_name, sa.literal("member"), sa.literal(1))
    asked = sa.select(*here).distinct().where(t.state.in_(("open", "done")), t.kind == "remove_member")
    seat = _numbers(company.people * GROUPS_OF_ONE)  # one group after the other, as rosters are read
    group, place = seat // company.group_size, seat % company.group_size
    one = (group + place % GROUPS_OF_ONE * STRIDE) % company.groups + place // GROUPS_OF_ONE * company.groups
    members = {
        "source": "wards", "group_id": sa.literal("group-").concat(sa.cast(group, sa.Text)), "handle": _handle(one),
        "display_name": _name(one), "role": sa.case((place >= company.group_size - 2, "admin"), else_="member"),
    }  # fmt: skip
    with engine.begin() as connection:
        _insert(connection, link, links)
        _insert(connection, membership, members, one * TICKETS_OF_ONE >= company.tickets)
        columns = ["source", "group_id", "handle", "display_name", "role", "is_leaver"]
        connection.execute(sa.insert(membership).from_select(columns, asked))


def _numbers(count: int) -> sa.ColumnElement[int]:
    """The numbers from 0 on, for `_insert`."""
    first = sa.select(sa.literal(0).label("n")).cte("numbers", recursive=True)
    return first.union_all(sa.select(first.c.n + 1).where(first.c.n < count - 1)).c.n


def _person_id(number: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    return sa.literal("id-").concat(sa.func.substr(sa.cast(1_000_000 + number, sa.Text), 2))


def _handle(number: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    return sa.literal("+4477").concat(sa.func.substr(sa.cast(1_000_000 + number, sa.Text), 2))


def _name(number: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    return sa.literal("Person ").concat(sa.cast(number, sa.Text))


def _insert(
    connection: sa.Connection, table: sa.Table, values: Mapping[str, object], *which: sa.ColumnElement[bool]
) -> None:
    columns = [one if isinstance(one, sa.ColumnElement) else sa.literal(one) for one in values.values()]
    connection.execute(sa.insert(table).from_select(list(values), sa.select(*columns).where(*which)))


def _ticket(random: Random, number: int, company: Company) -> Ticket:
    opened_at = NOW - (company.tickets - number) / company.tickets * 730 * DAY
    is_live = random.random() < company.live_share
    state = random.choice((TicketState.OPEN, TicketState.DONE)) if is_live else random.choices(
        (TicketState.VERIFIED, TicketState.CANCELLED, TicketState.WAIVED), (90, 8, 2)
    )[0]  # fmt: skip
    verified_at = opened_at + random.random() * 5 * DAY if state is TicketState.VERIFIED else None
    one = number // TICKETS_OF_ONE
    person, name = AccountKey("corp", f"id-{one:06d}"), f"Person {one}"
    group = number % company.groups
    return Ticket(
        about=About.MEMBERSHIP,
        kind=random.choices((TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN), (9, 1))[0],
        group=GroupKey("wards", f"group-{group}"), group_name=f"Ward {group} nights", messenger="whatsapp",
        opened_at=opened_at, clock_from=opened_at, due_at=opened_at + DAY, state=state,
        handle=f"+4477{one:06d}", member_name=name, member_role=Role.MEMBER,
        person=person, person_name=name,
        evidence=Evidence.DISABLED, left_at=opened_at - DAY, occasion=episode_name(person, opened_at - DAY),
        assignee=Assignee(f"admin{group}@example.org", f"Admin {group}", AssigneeWhy.ADMIN),
        accountable="boss@example.org", verified_at=verified_at, grade=Grade.A if verified_at else None,
        reason=Reason("left"),
    )  # fmt: skip
