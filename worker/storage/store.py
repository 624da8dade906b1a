"""The store: one writing transaction at a time, with a lease's fence checked before the commit.

None is committed on tables that a later release has changed meanwhile in a way that this one can't know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from worker.domain.people.persons import AccountsRule
from worker.storage.access import SqlAccess
from worker.storage.advisories import SqlAdvisories
from worker.storage.attestations import SqlAttestations
from worker.storage.bad_messages import SqlBadMessages
from worker.storage.census import SqlCensus
from worker.storage.consents import SqlConsents
from worker.storage.controls import SqlControls
from worker.storage.conversations import SqlConversations, SqlInteractions
from worker.storage.deliveries import SqlDeliveries
from worker.storage.episodes import SqlEpisodes
from worker.storage.explained import SqlExplained
from worker.storage.feeds import SqlFeeds
from worker.storage.group_states import SqlGroupStates
from worker.storage.groups import SqlRosters
from worker.storage.handovers import SqlHandovers
from worker.storage.identities import SqlIdentities
from worker.storage.journal import SqlJournal
from worker.storage.kept_lists import SqlKeptLists
from worker.storage.leases import SqlLeases, assert_held, session_name
from worker.storage.leavings import SqlLeavings
from worker.storage.mirrors import SqlMirrors
from worker.storage.moving import SqlMoving
from worker.storage.outbox import SqlOutbox
from worker.storage.overview import SqlOverview
from worker.storage.pairs import SqlPairs
from worker.storage.past import SqlPast
from worker.storage.people import SqlPeople
from worker.storage.remediations import SqlRemediations
from worker.storage.reviews import SqlReviews
from worker.storage.rota_feeds import SqlRotaFeeds
from worker.storage.saved_lists import SqlSavedLists
from worker.storage.seals import SqlSeals
from worker.storage.silences import SqlSilences
from worker.storage.sources import SqlJobRuns, SqlSources
from worker.storage.sql.engine import reading_options, wait_for_turn
from worker.storage.sql.migrate import CURRENT, require_unchanged
from worker.storage.stays import SqlStays
from worker.storage.tickets import SqlTickets
from worker.storage.watched import SqlWatched
from worker.storage.zones import SqlZones

if TYPE_CHECKING:
    import sqlalchemy as sa

    from worker.ports.state.leases import Lease


class SqlUnitOfWork:
    """The port `UnitOfWork` over one connection in a transaction."""

    def __init__(
        self, connection: sa.Connection, rule: AccountsRule, recorded_by: Callable[[], datetime] | None
    ) -> None:
        self.people = SqlPeople(connection, rule)
        self.rosters = SqlRosters(connection, rule)
        self.identities = SqlIdentities(connection)
        self.episodes = SqlEpisodes(connection, rule)
        self.tickets = SqlTickets(connection, rule)
        self.outbox = SqlOutbox(connection)
        self.journal = SqlJournal(connection, recorded_by)
        self.sources = SqlSources(connection)
        self.jobs = SqlJobRuns(connection)
        self.access = SqlAccess(connection)
        self.overview = SqlOverview(connection, rule)
        self.explained = SqlExplained(connection)
        self.pairs = SqlPairs(connection)
        self.kept_lists = SqlKeptLists(connection)
        self.mirrors = SqlMirrors(connection)
        self.remediations = SqlRemediations(connection)
        self.silences = SqlSilences(connection)
        self.deliveries = SqlDeliveries(connection)
        self.feeds = SqlFeeds(connection)
        self.rota_feeds = SqlRotaFeeds(connection)
        self.handovers = SqlHandovers(connection)
        self.conversations = SqlConversations(connection)
        self.interactions = SqlInteractions(connection)
        self.watched = SqlWatched(connection)
        self.zones = SqlZones(connection)
        self.saved_lists = SqlSavedLists(connection)
        self.controls = SqlControls(connection)
        self.group_states = SqlGroupStates(connection, rule)
        self.moving = SqlMoving(connection, rule)
        self.stays = SqlStays(connection, rule)
        self.past = SqlPast(connection, rule)
        self.attestations = SqlAttestations(connection)
        self.reviews = SqlReviews(connection)
        self.advisories = SqlAdvisories(connection)
        self.bad_messages = SqlBadMessages(connection)
        self.seals = SqlSeals(connection)
        self.leavings = SqlLeavings(connection, rule)
        self.census = SqlCensus(connection)
        self.consents = SqlConsents(connection, rule)


class SqlStore:
    """The port `Store` over an engine. `rule`: when a person with accounts in several directories has left.

    `recorded_by` is the real clock, for the case that journal entries state other instants.
    """

    def __init__(
        self,
        engine: sa.Engine,
        rule: AccountsRule = AccountsRule.EITHER,
        recorded_by: Callable[[], datetime] | None = None,
    ) -> None:
        self._engine = engine
        self._rule = rule
        self._recorded_by = recorded_by
        self._reads = reading_options(engine)
        self.leases = SqlLeases(engine)

    @contextmanager
    def begin(self, lease: Lease | None = None) -> Iterator[SqlUnitOfWork]:
        with self._engine.begin() as connection:
            wait_for_turn(connection, "" if lease is None else session_name(lease))
            if lease is None:
                require_unchanged(connection, connection.execute(CURRENT).scalar())
            yield SqlUnitOfWork(connection, self._rule, self._recorded_by)
            if lease is not None:
                assert_held(connection, lease)

    @contextmanager
    def reading(self) -> Iterator[SqlUnitOfWork]:
        with self._engine.connect().execution_options(**self._reads) as connection, connection.begin():
            yield SqlUnitOfWork(connection, self._rule, self._recorded_by)
