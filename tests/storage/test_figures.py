"""What health and the metrics ask of the database, on both: true, by indexes, and never for long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa

from builders import LEFT_AT, NOW, key, ticket
from folded import claim, fold
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.model import Evidence, GroupKey
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan, HoldState
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports import Port
from worker.ports.state.figures import Pile
from worker.ports.state.outbox import OutMessage
from worker.ports.state.overview import Part, PartCount
from worker.ports.state.sources import SourceState
from worker.ports.state.tickets import TicketSort
from worker.storage.figures import SqlVitals
from worker.storage.sql.engine import open_engine, open_impatient_engine, sqlite_path
from worker.storage.sql.errors import SchemaNewer, SchemaOlder
from worker.storage.sql.migrate import head, migrate
from worker.storage.store import SqlStore

HOUR = timedelta(hours=1)
PATIENCE_S = 2
S, K = TicketState, TicketKind


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine)


@pytest.fixture
def impatient(database_url: str) -> Iterator[sa.Engine]:
    engine = open_impatient_engine(database_url, PATIENCE_S)
    yield engine
    engine.dispose()


@pytest.fixture
def vitals(impatient: sa.Engine) -> SqlVitals:
    return SqlVitals(impatient, AccountsRule.EITHER)


def _one(number: int, kind: TicketKind = K.REMOVE_MEMBER, **changes: Any) -> Ticket:
    group = GroupKey("wards", f"ward-{number}")
    return ticket(kind, group=group, handle=f"+44770090{number:04d}", **changes)


def _put(store: SqlStore, *tickets: Ticket) -> None:
    with store.begin() as uow:
        uow.tickets.insert(tickets)


# --- figures ------------------------------------------------------------------------------------------


def test_a_new_database_has_figures_of_nothing(store: SqlStore, vitals: SqlVitals) -> None:
    found = vitals.figures(NOW)

    assert (found.tickets, found.overdue, found.held_plans, found.outbox_waiting) == ({}, 0, 0, 0)
    assert found.exposed == dict.fromkeys(Part, PartCount(0, 0))
    assert (found.standing.leases, found.standing.jobs, found.standing.sources) == ((), (), ())


def test_tickets_are_counted_by_kind_and_state_with_the_age_of_the_oldest(
    store: SqlStore, vitals: SqlVitals
) -> None:
    _put(
        store,
        _one(1, opened_at=NOW - 3 * HOUR),
        _one(2, opened_at=NOW - 9 * HOUR),
        _one(3, state=S.VERIFIED, opened_at=NOW - 20 * HOUR),
        _one(4, K.ADD_MEMBER, opened_at=NOW),
    )

    assert vitals.figures(NOW).tickets == {
        TicketSort(S.OPEN, K.REMOVE_MEMBER): Pile(2, NOW - 9 * HOUR),
        TicketSort(S.VERIFIED, K.REMOVE_MEMBER): Pile(1, NOW - 20 * HOUR),
        TicketSort(S.OPEN, K.ADD_MEMBER): Pile(1, NOW),
    }


def test_overdue_is_what_is_open_and_due(store: SqlStore, vitals: SqlVitals) -> None:
    _put(
        store,
        _one(1, due_at=NOW),
        _one(2, due_at=NOW + HOUR),
        _one(3, due_at=NOW - HOUR, state=S.DONE),
        _one(4, due_at=NOW - HOUR, state=S.BLOCKED),
    )

    assert vitals.figures(NOW).overdue == 1
    assert vitals.figures(NOW + HOUR).overdue == 2


def test_a_plan_is_held_while_any_of_its_cohorts_is(store: SqlStore, vitals: SqlVitals) -> None:
    people = tuple(Departure(key(name), LEFT_AT, Evidence.DISABLED, name) for name in ("ann", "ben"))
    cohorts = tuple(Cohort(f"c{at}", Reason("one hour"), (one,)) for at, one in enumerate(people))
    with store.begin() as uow:
        plan = uow.episodes.hold(HeldPlan("corp", Reason("too many"), NOW, cohorts))
        other = uow.episodes.hold(HeldPlan("corp", Reason("too many"), NOW, cohorts[:1]))
    assert vitals.figures(NOW).held_plans == 2

    released = [replace(one, state=HoldState.RELEASED) for one in cohorts]
    with store.begin() as uow:
        uow.episodes.decide(plan, released[:1], "ann", "true", NOW)
        uow.episodes.decide(other, released[:1], "ann", "true", NOW)
    assert vitals.figures(NOW).held_plans == 1


def test_messages_wait_from_when_they_may_go_until_they_arrived(store: SqlStore, vitals: SqlVitals) -> None:
    def letter(name: str, **more: Any) -> OutMessage:
        return OutMessage(name, CHANNEL, name, Paragraph(name), **more)

    with store.begin() as uow:
        uow.outbox.add([letter("a"), letter("b"), letter("later", not_before=NOW + HOUR)], NOW)
    assert vitals.figures(NOW).outbox_waiting == 2
    assert vitals.figures(NOW + HOUR).outbox_waiting == 3

    with store.begin() as uow:
        fold(uow, CHANNEL, ["soc"], NOW, 10)
        delivery = claim(uow, "us:1", NOW, HOUR)
    assert vitals.figures(NOW).outbox_waiting == 2, "on their way is not there"

    assert delivery is not None
    with store.begin() as uow:
        uow.outbox.sent(delivery, "1", NOW)
    assert vitals.figures(NOW).outbox_waiting == 0


def test_jobs_sources_and_leases_are_as_they_were_stored(store: SqlStore, vitals: SqlVitals) -> None:
    state = SourceState("corp", Port.DIRECTORY, taken_at=NOW, trouble="No.", counts={"people": 3})
    with store.begin() as uow:
        uow.sources.put(state)
        uow.jobs.record("poll", NOW, is_ok=True, report={"counts": {}})
    lease = store.leases.acquire("poll", "us:1", NOW, HOUR)

    found = vitals.standing()

    assert lease is not None
    assert [(one.job, one.holder, one.fence, until) for one, until in found.leases] == [
        ("poll", "us:1", lease.fence, NOW + HOUR)
    ]
    assert found.jobs == (("poll", NOW, NOW, {"counts": {}}),)
    assert found.sources == (state,)
    assert vitals.figures(NOW).standing == found


# --- health -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_desk", [False, True])
def test_tables_of_this_release_are_good(store: SqlStore, vitals: SqlVitals, has_desk: bool) -> None:
    for _ in range(2):
        vitals.check(has_desk=has_desk)


def test_a_database_without_tables_is_not_ready_and_is_not_made(
    database_url: str, empty_engine: sa.Engine, vitals: SqlVitals
) -> None:
    with pytest.raises(SchemaOlder, match="no tables yet"):
        vitals.check(has_desk=True)

    path = sqlite_path(database_url)
    assert path is None or not path.exists()


LATER = ("9999", "9999")  # the tables' revision, and that of the oldest release that may work on them


@pytest.mark.parametrize("found, error", [(("0001", "0001"), SchemaOlder), (LATER, SchemaNewer)])
def test_tables_of_another_release_are_noticed_while_it_runs(
    engine: sa.Engine, vitals: SqlVitals, found: tuple[str, str], error: type[Exception]
) -> None:
    vitals.check(has_desk=False)
    _become(engine, *found)

    with pytest.raises(error):
        vitals.check(has_desk=False)


def test_tables_of_a_later_release_that_this_one_may_work_beside_are_good(
    engine: sa.Engine, vitals: SqlVitals
) -> None:
    _become(engine, "9999", head())

    vitals.check(has_desk=True)


def _become(engine: sa.Engine, revision: str, floor: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
        connection.execute(sa.text("UPDATE schema_floor SET revision = :to"), {"to": floor})


def test_a_process_with_a_desk_needs_its_sessions(engine: sa.Engine, vitals: SqlVitals) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE desk_session"))

    vitals.check(has_desk=False)
    with pytest.raises(sa.exc.DBAPIError):
        vitals.check(has_desk=True)


def test_who_writes_for_long_keeps_neither_health_nor_figures_waiting(
    engine: sa.Engine, store: SqlStore, vitals: SqlVitals
) -> None:
    with store.begin() as uow:
        uow.tickets.insert([_one(1)])
        vitals.check(has_desk=True)
        found = vitals.figures(NOW)  # which ends with an error where it has to wait

    assert found.tickets == {}, "what is not committed is not there"
    assert vitals.figures(NOW).tickets != {}


@pytest.mark.postgres
def test_a_locked_table_is_given_up_soon(postgres_url: str) -> None:
    engine, impatient = open_engine(postgres_url), open_impatient_engine(postgres_url, 1)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE"))
        began_s = monotonic()
        with pytest.raises(sa.exc.OperationalError, match="timeout"):
            SqlVitals(impatient, AccountsRule.EITHER).figures(NOW)
        assert 0.5 < monotonic() - began_s < 5
    SqlVitals(impatient, AccountsRule.EITHER).figures(NOW)
    engine.dispose()
    impatient.dispose()


def test_counting_tickets_reads_an_index_alone(engine: sa.Engine, vitals: SqlVitals) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    said: list[tuple[str, Any]] = []
    sa.event.listen(vitals._engine, "before_cursor_execute", lambda *what: said.append((what[2], what[3])))
    vitals.figures(NOW)

    def plans_of(part: str) -> list[str]:
        with engine.connect() as connection:
            return [
                str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all())
                for query, values in said
                if part in query
            ]

    live, over = plans_of("AS oldest")
    assert "SEARCH ticket USING INDEX ix_ticket_due (state=?)" in live, "not what is over"
    assert "USING COVERING INDEX" in over
    [exposed] = plans_of("AS groups")
    assert "SCAN ticket USING INDEX ix_ticket_asked" in exposed, "only what is exposed"


def test_tickets_that_are_over_are_counted_four_times_an_hour(store: SqlStore, vitals: SqlVitals) -> None:
    is_over, is_open = TicketSort(S.VERIFIED, K.REMOVE_MEMBER), TicketSort(S.OPEN, K.REMOVE_MEMBER)

    def counts(at: datetime) -> list[int]:
        found = vitals.figures(at).tickets
        return [found[one].count if one in found else 0 for one in (is_over, is_open)]

    _put(store, _one(1, state=S.VERIFIED), _one(2))
    assert counts(NOW) == [1, 1]
    _put(store, _one(3, state=S.VERIFIED), _one(4))
    assert counts(NOW + timedelta(minutes=14)) == [1, 2]
    assert counts(NOW + timedelta(minutes=15)) == [2, 2]
    _put(store, _one(5, state=S.VERIFIED))
    assert counts(NOW) == [3, 2], "a clock that was set back"
