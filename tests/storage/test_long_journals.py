"""Whatever is asked every day takes the same steps however long the journal, and however many tickets are over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW, ticket
from folded import fold
from plans_of_queries import steps_of
from worker.domain.evidence.journal import Entry, Sealed
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.deliveries import PostFilter, PostState
from worker.ports.state.outbox import OutMessage
from worker.ports.state.overview import JournalFilter
from worker.storage.sql.tables import delivery, outbox
from worker.storage.store import SqlStore, SqlUnitOfWork

HOUR = timedelta(hours=1)
KINDS = (
    "ticket.opened",
    "ticket.done",
    "ticket.reopen",
    "ticket.reopened",
    "person.left",
)  # one of an earlier release
ACTORS, SUBJECTS = ("whosleft", "corp/ann"), ("ticket:T-000001", "ticket:T-000002", "group:wards/a")
ENTRIES = [Entry(NOW + n * HOUR, ACTORS[n % 2], KINDS[n % 5], SUBJECTS[n % 3]) for n in range(30)]
FILTERS = {
    "all": JournalFilter("", "", "", None, None),
    "a kind": JournalFilter("", "ticket.done", "", None, None),
    "a kind with two names": JournalFilter("", "ticket.reopened", "", None, None),
    "all of a noun": JournalFilter("", "ticket.*", "", None, None),
    "a subject": JournalFilter("", "", SUBJECTS[1], None, None),
    "a kind of a subject": JournalFilter("", "ticket.*", SUBJECTS[1], None, None),
    "an actor": JournalFilter("corp/ann", "", "", None, None),
    "a period": JournalFilter("", "", "", NOW + 3 * HOUR, NOW + 20 * HOUR),
    "a noun in a period": JournalFilter("", "ticket.*", "", NOW + 3 * HOUR, NOW + 20 * HOUR),
    "a kind until an instant": JournalFilter("", "ticket.done", "", None, NOW + 20 * HOUR),
    "an actor in a period": JournalFilter("corp/ann", "", "", NOW + 3 * HOUR, None),
    "a subject in a period": JournalFilter("", "", SUBJECTS[1], NOW + 3 * HOUR, None),
}
ASKED: dict[str, tuple[str, Callable[[SqlUnitOfWork], Any]]] = {
    "who acted lately": ("journal", lambda uow: uow.overview.actors(5000)),
    "a ticket's history": ("journal", lambda uow: uow.journal.of(SUBJECTS[0])),
    "the chain's head": ("journal", lambda uow: uow.journal.head()),
    "a page of the chain": ("journal", lambda uow: uow.journal.written(7, 100)),
    "a page of events": ("journal", lambda uow: uow.explained.events(["ticket.reopened"], 3, 100)),
    "events at instants": ("journal", lambda uow: uow.explained.events_at(["ticket.done"], [NOW])),
    "tickets to weigh": ("ticket", lambda uow: uow.tickets.to_weigh(0, 500, NOW, NOW)),
    "tickets to escalate": ("ticket", lambda uow: uow.tickets.to_escalate(0, 500)),
    "messages to fold": ("outbox", lambda uow: uow.outbox.waiting(NOW, NOW)),
    "messages that reached nobody": ("outbox", lambda uow: uow.tickets.unreachable()),
    "what a channel got in an hour": ("delivery", lambda uow: uow.outbox.deliveries([CHANNEL], NOW - HOUR)),
    "messages of a wrong clock": ("outbox", lambda uow: uow.outbox.set_right(NOW, HOUR)),
    "deliveries of a wrong clock": ("delivery", lambda uow: uow.outbox.set_right(NOW, HOUR)),
    "messages of tickets that rest no more": ("outbox", lambda uow: uow.outbox.end_rests(NOW)),
    "the next deliveries": ("delivery", lambda uow: uow.outbox.reserve("bench", NOW, HOUR, 9)),
}


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    store = SqlStore(engine)
    with store.begin() as uow:
        uow.journal.append(ENTRIES)
    return store


def _has(one: Entry, wanted: JournalFilter) -> bool:
    kinds = {"ticket.reopened": {"ticket.reopened", "ticket.reopen"}}.get(wanted.kind, {wanted.kind})
    return (
        wanted.actor in {"", one.actor}
        and wanted.subject in {"", one.subject}
        and (
            not wanted.kind
            or one.kind in kinds
            or (wanted.kind == "ticket.*" and one.kind.startswith("ticket."))
        )
        and (wanted.from_at is None or one.at >= wanted.from_at)
        and (wanted.to_at is None or one.at < wanted.to_at)
    )


def _pages(store: SqlStore, wanted: JournalFilter, size: int) -> list[Sealed]:
    found: list[Sealed] = []
    while True:
        with store.reading() as uow:
            page = uow.overview.journal(wanted, found[-1].seq if found else None, size)
        assert len(page) <= size
        found += page
        if len(page) < size:
            return found


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("size", [1, 4, 100])
def test_pages_together_are_all_that_was_asked_for_newest_first(
    store: SqlStore, name: str, size: int
) -> None:
    wanted = FILTERS[name]

    found = [one.entry for one in _pages(store, wanted, size)]

    assert found == [one for one in reversed(ENTRIES) if _has(one, wanted)]
    assert found


def test_in_a_period_acts_stand_by_their_instants(store: SqlStore) -> None:
    early = Entry(NOW + 4 * HOUR + HOUR / 2, "corp/ann", "person.left", "person:corp/bob")
    with store.begin() as uow:
        uow.journal.append([early])

    assert _pages(store, FILTERS["all"], 4)[0].entry == early
    found = [one.entry.at for one in _pages(store, FILTERS["a period"], 4)]
    assert early.at in found
    assert found == sorted(found, reverse=True)


def _steps(store: SqlStore, table: str, ask: Callable[[SqlUnitOfWork], Any]) -> list[str]:
    def work() -> None:
        with store.begin() as uow:
            ask(uow)

    return [step for plan in steps_of(store._engine, work, table) for step in plan]


def _only_lite(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")


@pytest.mark.parametrize("before", [None, 7])
@pytest.mark.parametrize("name", FILTERS)
def test_a_page_is_read_in_the_order_of_an_index(store: SqlStore, name: str, before: int | None) -> None:
    _only_lite(store._engine)

    steps = _steps(store, "journal", lambda uow: uow.overview.journal(FILTERS[name], before, 51))

    # A subject has few entries; all else is never sorted
    unsorted = [step for step in steps if name == "a subject in a period" or "TEMP B-TREE" not in step]
    assert steps == unsorted
    in_order = (
        "SCAN journal USING INDEX sqlite_autoindex_journal_1"  # from the newest on, until the page is full
    )
    assert all(
        step.startswith("SEARCH journal USING") or "B-TREE" in step or (name, step) == ("all", in_order)
        for step in steps
    ), steps


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_every_day_is_found_by_an_index(store: SqlStore, name: str) -> None:
    _only_lite(store._engine)
    table, ask = ASKED[name]

    steps = _steps(store, table, ask)

    assert steps
    whole = [step for step in steps if re.match(rf"SCAN {table}\b(?! USING INDEX sqlite_autoindex)", step)]
    assert whole == []
    if (
        table == "journal" and name != "who acted lately"
    ):  # which sorts the names in a fixed number of entries
        assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_of_years_of_deliveries_to_a_channel_only_the_late_ones_are_counted(store: SqlStore) -> None:
    _only_lite(store._engine)

    steps = _steps(store, "delivery", lambda uow: uow.outbox.deliveries([CHANNEL], NOW - HOUR))

    index = "SEARCH delivery USING INDEX ix_delivery_address"
    assert [step for step in steps if step.startswith("SEARCH")] == [
        f"{index} (address=? AND state=? AND sent_at>? AND sent_at<?)",
        f"{index} (address=? AND state=?)",
        "SEARCH other USING INDEX ix_delivery_bundle_id (bundle_id=?)",
    ]


def test_the_newest_messages_are_read_without_sorting_what_was_sent(store: SqlStore) -> None:
    _only_lite(store._engine)

    plans = steps_of(store._engine, lambda: _newest(store), "delivery")

    of_few = re.compile(
        r"CORRELATED|SEARCH outbox USING INDEX ix_outbox_bundle_id"
    )  # those that are not sent
    assert [[step for step in plan if not of_few.match(step)] for plan in plans] == [
        ["SEARCH delivery USING INDEX ix_delivery_state (state=?)", "USE TEMP B-TREE FOR ORDER BY"],
        ["SCAN delivery USING INDEX sqlite_autoindex_delivery_1"],
    ]


def _newest(store: SqlStore) -> list[str]:
    with store.reading() as uow:
        return [one.id for one in uow.deliveries.posts(PostFilter(tuple(PostState)), NOW, 3)]


def test_messages_of_all_states_are_one_list(store: SqlStore) -> None:
    body = Paragraph("x")
    with store.begin() as uow:
        [one] = uow.tickets.insert([ticket(state=TicketState.OPEN)])
        for number in range(5):
            uow.outbox.add([OutMessage(f"m{number}", CHANNEL, "x", body, ticket=one.id)], NOW)
            fold(uow, CHANNEL, ["log"], NOW, 1)
        uow.tickets._c.execute(sa.update(delivery).where(delivery.c.id.in_((1, 3, 5))).values(state="sent"))
        uow.tickets._c.execute(sa.update(outbox).values(state="sent"))

    assert _newest(store) == ["D-000005", "D-000004", "D-000003"]
