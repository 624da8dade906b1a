"""The use cases' port to storage. One unit of work is one transaction.

Implemented by `worker/storage` on SQLite and PostgreSQL; the contract suite holds both to the docstrings
here. All instants are aware UTC. Lists come in a stable order. A list that can be long comes in pages, or as
an iterator that is read within the transaction.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from worker.ports.state.access import AccessState
from worker.ports.state.advisories import Advisories
from worker.ports.state.attestations import Attestations
from worker.ports.state.bad_messages import BadMessages
from worker.ports.state.census import Census
from worker.ports.state.consents import Consents
from worker.ports.state.controls import Controls
from worker.ports.state.conversations import Conversations, Interactions
from worker.ports.state.deliveries import Deliveries
from worker.ports.state.episodes import Episodes
from worker.ports.state.explained import Explained
from worker.ports.state.feeds import Feeds
from worker.ports.state.group_states import GroupStates
from worker.ports.state.groups import Rosters
from worker.ports.state.handovers import Handovers
from worker.ports.state.identities import Identities
from worker.ports.state.journal import Journal
from worker.ports.state.kept_lists import KeptLists
from worker.ports.state.leases import JobRuns, Lease, Leases
from worker.ports.state.leavings import Leavings
from worker.ports.state.mirrors import Mirrors
from worker.ports.state.moving import Moving
from worker.ports.state.outbox import Outbox
from worker.ports.state.overview import Overview
from worker.ports.state.pairs import Pairs
from worker.ports.state.past import Past
from worker.ports.state.people import People
from worker.ports.state.remediations import Remediations
from worker.ports.state.reviews import Reviews
from worker.ports.state.rota_feeds import RotaFeeds
from worker.ports.state.saved_lists import SavedLists
from worker.ports.state.seals import Seals
from worker.ports.state.silences import Silences
from worker.ports.state.sources import Sources
from worker.ports.state.stays import Stays
from worker.ports.state.tickets import StoredTickets
from worker.ports.state.watched import Watched
from worker.ports.state.zones import Zones


class UnitOfWork(Protocol):
    """One transaction's access to everything."""

    @property
    def people(self) -> People: ...

    @property
    def rosters(self) -> Rosters: ...

    @property
    def identities(self) -> Identities: ...

    @property
    def episodes(self) -> Episodes: ...

    @property
    def tickets(self) -> StoredTickets: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def jobs(self) -> JobRuns: ...

    @property
    def access(self) -> AccessState: ...

    @property
    def overview(self) -> Overview: ...

    @property
    def explained(self) -> Explained: ...

    @property
    def pairs(self) -> Pairs: ...

    @property
    def kept_lists(self) -> KeptLists: ...
    @property
    def mirrors(self) -> Mirrors: ...
    @property
    def remediations(self) -> Remediations: ...

    @property
    def silences(self) -> Silences: ...

    @property
    def deliveries(self) -> Deliveries: ...

    @property
    def feeds(self) -> Feeds: ...
    @property
    def conversations(self) -> Conversations: ...

    @property
    def interactions(self) -> Interactions: ...

    @property
    def rota_feeds(self) -> RotaFeeds: ...

    @property
    def handovers(self) -> Handovers: ...

    @property
    def watched(self) -> Watched: ...

    @property
    def saved_lists(self) -> SavedLists: ...

    @property
    def controls(self) -> Controls: ...

    @property
    def group_states(self) -> GroupStates: ...

    @property
    def moving(self) -> Moving: ...

    @property
    def stays(self) -> Stays: ...

    @property
    def past(self) -> Past: ...

    @property
    def attestations(self) -> Attestations: ...

    @property
    def reviews(self) -> Reviews: ...

    @property
    def bad_messages(self) -> BadMessages: ...
    @property
    def leavings(self) -> Leavings: ...

    @property
    def seals(self) -> Seals: ...

    @property
    def consents(self) -> Consents: ...

    @property
    def census(self) -> Census: ...

    @property
    def zones(self) -> Zones: ...

    @property
    def advisories(self) -> Advisories: ...


class Store(Protocol):
    """Where state lives."""

    @property
    def leases(self) -> Leases: ...

    def begin(self, lease: Lease | None = None) -> AbstractContextManager[UnitOfWork]:
        """One transaction: committed at a normal end, rolled back at any exception.

        With `lease`, the commit raises LeaseLost if the lease was taken over.
        """

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """One transaction that only reads, from one moment's state. Readers and writers don't wait for each other."""
