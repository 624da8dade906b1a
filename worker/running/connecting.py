"""All connectors of a configuration, and what is done with them together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from functools import partial

from sqlalchemy.exc import DBAPIError

from worker.app.jobs.table import JOBS, KnowsDue, UseCases, knowing_due
from worker.ops.guarding import guarded
from worker.ops.lookout import Lookout
from worker.ports import (
    Connector,
    Directory,
    Inventory,
    Notifier,
    Port,
)
from worker.ports.connectors.advisory_feed import AdvisoryFeed
from worker.ports.connectors.rota_feed import RotaFeed
from worker.ports.connectors.tracker import Tracker
from worker.running.app import Clock
from worker.storage.sql.errors import StorageError


@dataclass(frozen=True, slots=True)
class Connectors:
    """All connectors, in the configuration's order."""

    directories: tuple[Directory, ...]
    inventories: tuple[Inventory, ...]
    notifiers: tuple[Notifier, ...]
    feeds: tuple[RotaFeed, ...] = ()
    advisory_feeds: tuple[AdvisoryFeed, ...] = ()
    trackers: tuple[Tracker, ...] = ()

    def guarded(self) -> Connectors:
        """All of them behind `ops.guarding`."""
        return Connectors(*(tuple(map(guarded, getattr(self, port.name))) for port in fields(self)))

    def of(self, port: Port) -> tuple[Connector, ...]:
        every: Mapping[Port, tuple[Connector, ...]] = {
            Port.DIRECTORY: self.directories,
            Port.INVENTORY: self.inventories,
            Port.NOTIFY: self.notifiers,
            Port.ADVISORIES: self.advisory_feeds,
            Port.TRACKER: self.trackers,
        }
        return every[port]

    def lookout(self, use_cases: UseCases, clock: Clock) -> Lookout:
        """Return the look-out for news of the sources that jobs read, and for jobs that know when they are due."""

        def is_due(one: KnowsDue) -> bool:
            try:
                return one.is_due(clock())
            except (StorageError, DBAPIError):  # the jobs say what is wrong with the database
                return False

        return Lookout(
            {
                name: self.of(job.reads)
                for name, job in JOBS.items()
                if job.reads is not None and not job.is_paced
            },
            {name: partial(is_due, one) for name, one in knowing_due(use_cases).items()},
        )

    def close(self) -> None:
        """End all open connections. Idempotent."""
        with ExitStack() as stack:
            for port in Port:
                for one in self.of(port):
                    stack.callback(one.close)
            for feed in self.feeds:
                stack.callback(feed.close)
