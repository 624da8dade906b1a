"""What a small company does every day, beside the years that `journal_years` wrote.

2,000 people with 10,000 memberships; 100 of them leave. All that is measured here is what the jobs and the desk do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from bench.company import START, Company, CompanyDirectory, CompanyInventory
from bench.desk import running_desk
from bench.journal_years import ended
from bench.measure import Found, median, timed_with_server
from bench.wired import app_over
from worker.app.reads.ticket import whole_ticket
from worker.app.tell.holding import Holding
from worker.app.tell.signed_links import SignedLinks
from worker.domain.evidence.journal import Entry
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketState
from worker.storage.figures import SqlVitals
from worker.storage.sql.engine import open_engine
from worker.storage.store import SqlStore

PEOPLE, LEAVERS = 2_000, 100
APPENDED = 1_000
TIMES = 5
HOUR = timedelta(hours=1)


def measure_day(url: str, events: int) -> dict[str, Found]:
    """Seconds of each part; those that can be repeated are medians of five."""
    engine = open_engine(url)
    store = SqlStore(engine)
    company = Company(PEOPLE)
    directory, inventory = CompanyDirectory(company), CompanyInventory(company)
    now = [START]
    worker = app_over(store, [directory], [inventory], clock=lambda: now[0], channel_max=1_000)
    poll, take, reconcile = worker.poll, worker.inventory, worker.reconcile
    verify, escalate, deliver = worker.verify, worker.escalate, worker.deliver

    def once(work: Callable[[], Any]) -> Found:
        return timed_with_server(engine, work)[1]

    def often(work: Callable[[], Any]) -> Found:
        return median([once(work) for _ in range(TIMES)])

    for job in (poll, take, reconcile):
        job.run_once(START)
    found = {f"append {APPENDED:,} events": often(lambda: _append(store))}
    found["reconcile, nothing to do"] = often(lambda: reconcile.run_once(START, full=True))
    directory.company = company.with_left(company.leavers(LEAVERS))
    now[0] = START + HOUR
    found[f"{LEAVERS} leavers, {5 * LEAVERS} tickets"] = once(
        lambda: (poll.run_once(now[0]), reconcile.run_once(now[0]))
    )
    found["deliver their messages"] = once(lambda: deliver.run_once(now[0]))
    while deliver.run_once(now[0]).counts["sent"]:
        pass
    found["deliver, nothing to do"] = often(lambda: deliver.run_once(now[0]))
    company.now = now[0] = START + 2 * HOUR
    take.run_once(now[0])
    found["verify, each ticket weighed"] = once(lambda: verify.run_once(now[0]))
    found["verify, nothing to do"] = often(lambda: verify.run_once(now[0]))
    found["escalate, nothing due"] = often(lambda: escalate.run_once(now[0]))
    now[0] = START + 15 * HOUR
    found["escalate, each ticket a step"] = once(lambda: escalate.run_once(now[0]))
    vitals = SqlVitals(engine, AccountsRule.EITHER)
    found["metrics"] = often(lambda: vitals.figures(now[0]))
    with store.reading() as uow:
        last = uow.tickets.page(list(TicketState), events // 10, 1)[0]
        links = SignedLinks("https://desk.example", timedelta(days=30))
        found["a ticket with its history"] = often(lambda: whole_ticket(uow, last, now[0], Holding(), links))
    engine.dispose()
    return found


def measure_console(url: str, events: int) -> dict[str, Found]:
    """Seconds of each page of the console, after `measure_day`; medians of five."""
    engine = open_engine(url)
    found = _pages(engine, SqlStore(engine), events, START + 15 * HOUR)
    engine.dispose()
    return found


def _append(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.journal.append(
            Entry(
                START,
                "whosleft",
                "group.roster_changed",
                "group:groups/g000001",
                data={"added": 1, "removed": 1},
            )
            for _ in range(APPENDED)
        )


def _pages(engine: sa.Engine, store: SqlStore, events: int, now: datetime) -> dict[str, Found]:
    middle, day = events // 2, ended(events, events // 2)
    addresses = {
        "console: audit": "/audit",
        "console: audit, from the middle": f"/audit?before={middle}",
        "console: audit, of a kind": "/audit?kind=ticket.done",
        "console: audit, of a rare kind": "/audit?kind=person.erased",
        "console: audit, of a ticket": f"/audit?subject=T-{middle // 10:06d}",
        "console: audit, of a group": "/audit?subject=group:groups/g000001",
        "console: audit, of an actor": f"/audit?actor=corp/{7:08d}",
        "console: audit, of a day": f"/audit?from={day:%Y-%m-%d}&to={day:%Y-%m-%d}",
        "console: audit, a kind on a day": f"/audit?kind=ticket.done&from={day:%Y-%m-%d}&to={day:%Y-%m-%d}",
        "console: audit, a kind until a day": f"/audit?kind=ticket.done&to={day:%Y-%m-%d}",
        "console: now": "/",
        "console: tickets": "/tickets",
        "console: a finished ticket": f"/tickets/T-{middle // 10:06d}",
        "console: groups": "/groups",
        "console: messages": "/messages",
        "console: charts, 13 weeks": "/charts",
    }
    found = {}
    with running_desk(store, now) as (client, _):
        for what, address in addresses.items():
            answer = client.get(address)  # the first one compiles templates
            assert answer.status_code == 200, (address, answer.status_code)
            found[what] = median([
                timed_with_server(engine, partial(client.get, address))[1] for _ in range(TIMES)
            ])  # fmt: skip
    return found
