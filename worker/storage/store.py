"""The store: one transaction at a time, with a lease's fence checked before the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.storage.episodes import SqlEpisodes
from worker.storage.journal import SqlJournal
from worker.storage.leases import SqlLeases, assert_held
from worker.storage.links import SqlLinks
from worker.storage.outbox import SqlOutbox
from worker.storage.people import SqlPeople
from worker.storage.rosters import SqlRosters
from worker.storage.sources import SqlJobRuns, SqlSources
from worker.storage.tickets import SqlTickets

if TYPE_CHECKING:
    import sqlalchemy as sa

    from worker.ports.store import Lease


class SqlUnitOfWork:
    """`ports.store.UnitOfWork` over one connection in a transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.people = SqlPeople(connection)
        self.rosters = SqlRosters(connection)
        self.links = SqlLinks(connection)
        self.episodes = SqlEpisodes(connection)
        self.tickets = SqlTickets(connection)
        self.outbox = SqlOutbox(connection)
        self.journal = SqlJournal(connection)
        self.sources = SqlSources(connection)
        self.jobs = SqlJobRuns(connection)


class SqlStore:
    """`ports.store.Store` over an engine."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.leases = SqlLeases(engine)

    @contextmanager
    def begin(self, lease: Lease | None = None) -> Iterator[SqlUnitOfWork]:
        with self._engine.begin() as connection:
            yield SqlUnitOfWork(connection)
            if lease is not None:
                assert_held(connection, lease)
