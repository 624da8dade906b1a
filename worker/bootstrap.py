"""The composition root: configuration in, use cases out. The only file that names connectors."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from connectors import registry
from worker.app.approvals import Approvals
from worker.app.check import Check
from worker.app.deliver import Deliver, DeliverRules
from worker.app.desk import Desk
from worker.app.escalate import Escalate
from worker.app.health import Freshness
from worker.app.inventory import TakeInventory
from worker.app.poll import Poll, PollRules
from worker.app.reconcile import Reconcile, ReconcileRules
from worker.app.report import Progress, no_progress
from worker.app.verify import Verify
from worker.domain.joiners import JoinerRule
from worker.ops.retry import RetryingDirectory, RetryingInventory
from worker.ports import ConnectorContext, Directory, Inventory, Notifier, Port
from worker.ports.store import Store
from worker.settings import ConnectorEntry, Kinds, Settings, connector_options, load
from worker.storage.engine import open_engine
from worker.storage.migrate import require_current
from worker.storage.scratch import scratch_engine
from worker.storage.store import SqlStore

Clock = Callable[[], datetime]

_TABLES: Mapping[Port, Mapping[str, str]] = {
    Port.DIRECTORY: registry.DIRECTORIES,
    Port.INVENTORY: registry.INVENTORIES,
    Port.NOTIFY: registry.NOTIFIERS,
}


class _Models(Mapping[str, type[BaseModel]]):
    """Each kind's configuration model, imported when it is asked for."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table

    def __getitem__(self, kind: str) -> type[BaseModel]:
        return registry.load(self._table[kind]).config

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


KINDS: Kinds = {port: _Models(table) for port, table in _TABLES.items()}


def load_settings(path: Path) -> Settings:
    """Read and check a configuration with all connectors' keys. Raises SettingsError."""
    return load(path, kinds=KINDS)


@dataclass(frozen=True, slots=True)
class Connectors:
    """Everything that is read from or sent to, in the configuration's order."""

    directories: tuple[Directory, ...]
    inventories: tuple[Inventory, ...]
    notifiers: tuple[Notifier, ...]


def build_connectors(settings: Settings, clock: Clock) -> Connectors:
    """Build the connectors of a configuration; does no I/O. Reads are tried again by `ops.retry`."""

    def build(port: Port, entry: ConnectorEntry) -> Any:
        spec = registry.load(_TABLES[port][entry.kind])
        return spec.build(connector_options(entry, spec.config), context_of(settings, entry.name, clock))

    return Connectors(
        tuple(RetryingDirectory(build(Port.DIRECTORY, entry)) for entry in settings.directories),
        tuple(RetryingInventory(build(Port.INVENTORY, entry)) for entry in settings.inventories),
        tuple(build(Port.NOTIFY, entry) for entry in settings.notify),
    )


def context_of(settings: Settings, name: str, clock: Clock) -> ConnectorContext:
    """What a connector of this name is built with."""
    organisation = settings.organisation
    return ConnectorContext(
        name=name,
        base_dir=settings.base_dir,
        default_region=organisation.default_region,
        timezone=organisation.timezone,
        language=organisation.language,
        now=clock,
    )


@dataclass(frozen=True, slots=True)
class App:
    """The use cases over one store."""

    settings: Settings
    store: Store
    poll: Poll
    inventory: TakeInventory
    reconcile: Reconcile
    verify: Verify
    escalate: Escalate
    deliver: Deliver
    desk: Desk
    approvals: Approvals
    check: Check


def build_app(
    settings: Settings,
    store: Store,
    connectors: Connectors,
    clock: Clock,
    progress: Progress = no_progress,
) -> App:
    """Wire the use cases."""
    timezone = settings.organisation.timezone
    limits = settings.guard_limits()
    rules = settings.ticket_rules()
    stale = {entry.name: settings.stale_after(entry.name) for entry in (*settings.directories, *settings.inventories)}
    fresh_directories = Freshness(settings.fresh.directory, stale)
    fresh_inventories = Freshness(settings.fresh.inventory, stale)
    joiners = tuple(JoinerRule(tuple(rule.when.items()), rule.groups) for rule in settings.joiners)
    return App(
        settings,
        store,
        Poll(
            store,
            connectors.directories,
            PollRules(settings.leaver_policy(), limits, fresh_directories, joiners, timezone),
            progress,
        ),
        TakeInventory(store, connectors.inventories, limits, timezone, progress),
        Reconcile(store, ReconcileRules(rules, limits, tuple(settings.groups.sensitive), timezone), progress),
        Verify(store, rules, fresh_inventories, timezone),
        Escalate(store, rules, timezone),
        Deliver(
            store,
            connectors.notifiers,
            DeliverRules(settings.escalation.digest_window, settings.escalation.daily_max, timezone),
            clock,
            holder_name(),
        ),
        Desk(store, rules, timezone),
        Approvals(store),
        Check(store, connectors, limits, fresh_directories, fresh_inventories),
    )


def holder_name() -> str:
    """This process, as leases and claims name it."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def open_app(settings: Settings, clock: Clock, progress: Progress = no_progress) -> Iterator[App]:
    """The use cases over the configured database, whose tables must be this release's."""
    engine = open_engine(settings.database.url)
    try:
        require_current(engine)
        yield build_app(settings, SqlStore(engine), build_connectors(settings, clock), clock, progress)
    finally:
        engine.dispose()


@contextmanager
def scratch_app(settings: Settings, clock: Clock, progress: Progress = no_progress) -> Iterator[App]:
    """The use cases over a copy of the database that is thrown away: nothing is written anywhere."""
    with scratch_engine(settings.database.url) as engine:
        yield build_app(settings, SqlStore(engine), build_connectors(settings, clock), clock, progress)
