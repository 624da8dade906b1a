"""Reads for health and metrics: a few counts by indexes, which wait two seconds at most.

They have connections of their own, so that they and the jobs don't wait for each other. Tickets that are over are
counted four times an hour: there are ever more of them, and nobody waits for their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import LIVE, TicketKind, TicketState
from worker.ports.state.figures import Figures, Pile, ProcessState
from worker.ports.state.tickets import TicketSort
from worker.storage.exposure import SqlExposure
from worker.storage.leases import listed_leases
from worker.storage.mirrors import SqlMirrors
from worker.storage.sources import SqlJobRuns, SqlSources
from worker.storage.sql.engine import reading_options, require_same_file, sqlite_path
from worker.storage.sql.errors import READ_ONLY, ReadOnly
from worker.storage.sql.migrate import require_revision, revision
from worker.storage.sql.tables import cohort, desk_session, outbox, ticket
from worker.storage.watched import standing_alarms

OVER_LIFE = timedelta(minutes=15)  # how long a count of tickets that are over is used
_LIVE = tuple(state.value for state in sorted(LIVE))
# Not of this transaction, which only reads
_TAKES_NO_WRITES = sa.text(
    "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean"
)
_Piles = dict[TicketSort, Pile]


class SqlVitals:
    """The port `Vitals` over an engine of `open_impatient_engine`. `rule`: as the store's."""

    def __init__(self, engine: sa.Engine, rule: AccountsRule) -> None:
        self._engine = engine
        self._rule = rule
        self._over: tuple[datetime, _Piles] | None = None

    def check(self, *, has_desk: bool) -> None:
        """See the port. Makes no file.

        Raises SchemaOlder, SchemaNewer, FileReplaced, ReadOnly, or the database's errors.
        """
        require_same_file(self._engine)
        path = sqlite_path(self._engine.url)
        if path is not None and not path.exists():
            require_revision(None)  # connecting would make the file
        with self._reading() as connection:
            require_revision(revision(connection))
            if connection.dialect.name == "postgresql" and connection.execute(_TAKES_NO_WRITES).scalar_one():
                raise ReadOnly(READ_ONLY)
            if has_desk:
                connection.execute(sa.select(desk_session.c.id).limit(1)).all()

    def standing(self) -> ProcessState:
        with self._reading() as connection:
            return _standing(connection)

    def figures(self, now: datetime) -> Figures:
        with self._reading() as connection:
            return Figures(
                _standing(connection),
                _tickets(connection, ticket.c.state.in_(_LIVE)) | self._tickets_over(connection, now),
                overdue=_count(connection, _overdue(now)),
                held_plans=_count(connection, _held_plans()),
                outbox_waiting=_count(connection, _waiting(now)),
                exposed=SqlExposure(connection, self._rule).counts().parts,
                copies=SqlMirrors(connection).counts(),
            )

    def _tickets_over(self, connection: sa.Connection, now: datetime) -> _Piles:
        known = self._over
        if known is None or not timedelta(0) <= now - known[0] < OVER_LIFE:
            self._over = known = now, _tickets(connection, ticket.c.state.not_in(_LIVE))
        return known[1]

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with (
            self._engine.connect().execution_options(**reading_options(self._engine)) as connection,
            connection.begin(),
        ):
            yield connection


def _standing(connection: sa.Connection) -> ProcessState:
    return ProcessState(
        tuple(listed_leases(connection)),
        tuple(SqlJobRuns(connection).all()),
        tuple(SqlSources(connection).all()),
        tuple(standing_alarms(connection)),
    )


def _tickets(connection: sa.Connection, which: sa.ColumnElement[bool]) -> _Piles:
    """Count tickets by one scan of an index that has all columns it needs, or by their states."""
    t = ticket.c
    kind = t.kind.concat("")  # an expression, so that SQLite doesn't take the index that begins with the kind
    query = sa.select(
        kind.label("kind"), t.state, sa.func.count().label("n"), sa.func.min(t.opened_at).label("oldest")
    )
    return {
        TicketSort(TicketState(row.state), TicketKind(row.kind)): Pile(row.n, row.oldest)
        for row in connection.execute(query.where(which).group_by(kind, t.state))
    }


def _count(connection: sa.Connection, query: sa.Select[int]) -> int:
    return int(connection.execute(query).scalar_one())


def _overdue(now: datetime) -> sa.Select[int]:
    t = ticket.c
    is_overdue = (t.state == TicketState.OPEN.value) & (t.due_at <= now)
    return sa.select(sa.func.count()).select_from(ticket).where(is_overdue)


def _held_plans() -> sa.Select[int]:
    return sa.select(sa.func.count(cohort.c.plan_id.distinct())).where(cohort.c.state == HoldState.HELD.value)


def _waiting(now: datetime) -> sa.Select[int]:
    o = outbox.c
    may_go = sa.or_(o.not_before.is_(None), o.not_before <= now)
    return sa.select(sa.func.count()).select_from(outbox).where(o.state == "pending", may_go)
