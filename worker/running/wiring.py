"""The composition root: configuration in, use cases out. The only file that names connectors."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from connectors import registry
from worker.app.acts.assignee import Assigned
from worker.app.acts.plans import Approvals
from worker.app.acts.tickets import TicketActs
from worker.app.evidence.export import Audit
from worker.app.jobs.deliver import Deliver, DeliverRules
from worker.app.jobs.escalate import Escalate
from worker.app.jobs.inventory import TakeInventory
from worker.app.jobs.poll import Poll, PollRules
from worker.app.jobs.reconcile import Reconcile, ReconcileRules
from worker.app.jobs.report import Progress, no_progress
from worker.app.jobs.retention import Retention
from worker.app.jobs.table import JOBS, UseCases
from worker.app.jobs.verify import Verify
from worker.app.reads.check import Check
from worker.app.tell.health import Freshness
from worker.app.tell.signed_links import SignedLinks
from worker.app.tell.teller import Teller
from worker.domain.model import Roster
from worker.domain.people.joiners import Placement
from worker.domain.text.tongue import Languages
from worker.languages import BabelLanguages
from worker.ops.lookout import Lookout
from worker.ops.retry import RetryingDirectory, RetryingInventory, again
from worker.ports import (
    BadConfig,
    Connector,
    ConnectorContext,
    ConnectorSpec,
    Directory,
    Inventory,
    Note,
    Noted,
    Notifier,
    Port,
    note_nothing,
)
from worker.ports.state.outbox import Delivered, tell_nobody
from worker.ports.state.store import Store
from worker.settings import (
    ConnectorEntry,
    Kinds,
    Settings,
    SettingsProblem,
    connector_options,
    json_schema,
    load,
    problems_in,
)
from worker.storage.sql.engine import open_engine, sqlite_path
from worker.storage.sql.migrate import migrate, require_current
from worker.storage.sql.scratch import scratch_engine
from worker.storage.store import SqlStore

Clock = Callable[[], datetime]


class _Models(Mapping[str, type[BaseModel]]):
    """Each kind's configuration model, imported when it is asked for."""

    def __init__(self, port: Port) -> None:
        self._port = port

    def __getitem__(self, kind: str) -> type[BaseModel]:
        return registry.spec(self._port, kind).config

    def __iter__(self) -> Iterator[str]:
        return iter(registry.places()[self._port])

    def __len__(self) -> int:
        return len(registry.places()[self._port])


KINDS: Kinds = {port: _Models(port) for port in Port}


def load_settings(path: Path) -> Settings:
    """Read and check a configuration with all connectors' keys. Raises SettingsError."""
    return load(path, kinds=KINDS)


@dataclass(frozen=True, slots=True)
class Connectors:
    """Everything that is read from or sent to, in the configuration's order."""

    directories: tuple[Directory, ...]
    inventories: tuple[Inventory, ...]
    notifiers: tuple[Notifier, ...]

    def of(self, port: Port) -> tuple[Connector, ...]:
        """Those of one port."""
        every: Mapping[Port, tuple[Connector, ...]] = {
            Port.DIRECTORY: self.directories,
            Port.INVENTORY: self.inventories,
            Port.NOTIFY: self.notifiers,
        }
        return every[port]

    def lookout(self) -> Lookout:
        """A look for news of what jobs read."""
        return Lookout({name: self.of(job.reads) for name, job in JOBS.items() if job.reads is not None})

    def close(self) -> None:
        """End the connections that are kept. Idempotent."""
        with ExitStack() as stack:
            for port in Port:
                for one in self.of(port):
                    stack.callback(one.close)


def build_connectors(
    settings: Settings,
    clock: Clock,
    sleep: Callable[[float], None] | None = None,
    note: Note = note_nothing,
    *,
    has_own_files: bool = False,
) -> Connectors:
    """Build the connectors of a configuration; does no I/O. Reads are tried again by `ops.retry`.

    `note` takes down what each does, with its name as the field `source`.
    """

    def build(port: Port, entry: ConnectorEntry) -> Any:
        spec = registry.spec(port, entry.kind)
        context = replace(
            context_of(settings, entry.name, clock),
            again=partial(again, sleep=sleep),
            has_own_files=has_own_files,
            note=partial(note, source=entry.name),
        )
        return spec.build(connector_options(entry, spec.config), context)

    return Connectors(
        tuple(RetryingDirectory(build(Port.DIRECTORY, entry), sleep) for entry in settings.directories),
        tuple(RetryingInventory(build(Port.INVENTORY, entry), sleep) for entry in settings.inventories),
        tuple(build(Port.NOTIFY, entry) for entry in settings.notify),
    )


def notes_of(settings: Settings) -> list[Noted]:
    """What connectors may note: ours, whether or not they are configured, and those of other packages that are."""
    used = {(port, entry.kind) for port in Port for entry in settings.entries(port)}
    used |= {(port, kind) for port, kinds in registry.OURS.items() for kind in kinds}
    return [note for port, kind in sorted(used) for note in registry.spec(port, kind).notes]


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
    desk: TicketActs
    approvals: Approvals
    check: Check
    assigned: Assigned
    audit: Audit
    retention: Retention
    languages: Languages
    fresh_directories: Freshness
    fresh_inventories: Freshness

    @property
    def use_cases(self) -> UseCases:
        """Each use case by its class, as the table of jobs names them; what else there is is never asked for."""
        return {type(one): one for one in (getattr(self, field.name) for field in fields(self))}


def build_app(
    settings: Settings,
    store: Store,
    connectors: Connectors,
    clock: Clock,
    progress: Progress = no_progress,
    delivered: Delivered = tell_nobody,
) -> App:
    """Wire the use cases."""
    timezone = settings.organisation.timezone
    languages = BabelLanguages(settings.organisation.language)
    # Without an address for people outside this machine, messages have no links
    links = SignedLinks(settings.desk.base, settings.desk.link_life) if settings.desk.url else None
    teller = Teller(timezone, languages, links)
    limits = settings.guard_limits()
    rules = settings.ticket_rules()
    fresh_directories, fresh_inventories = freshness_of(settings)
    joiners = tuple(Placement(tuple(rule.when.items()), rule.groups) for rule in settings.joiners)
    return App(
        settings,
        store,
        Poll(
            store,
            connectors.directories,
            PollRules(settings.leaver_policy(), limits, fresh_directories, joiners, teller),
            progress,
        ),
        TakeInventory(store, connectors.inventories, limits, teller, progress),
        Reconcile(
            store,
            ReconcileRules(
                rules,
                limits,
                tuple(settings.groups.sensitive),
                teller,
                tuple(directory.name for directory in connectors.directories),
            ),
            progress,
        ),
        Verify(
            store,
            rules,
            fresh_inventories,
            teller,
            {one.name for one in connectors.inventories if one.is_kept_by_people},
        ),
        Escalate(store, rules, teller),
        Deliver(
            store,
            connectors.notifiers,
            DeliverRules(settings.escalation.digest_window, settings.escalation.daily_max, teller),
            clock,
            holder_name(),
            delivered,
        ),
        TicketActs(store, rules, teller),
        Approvals(store, settings.desk.two_approvers_from),
        Check(store, connectors, limits, settings.leaver_policy(), fresh_directories, fresh_inventories),
        build_assigned(settings, store, languages),
        Audit(store, settings.organisation.name, timezone, f"whosleft {version('whosleft')}"),
        Retention(store, settings.leaver.erase_after),
        languages,
        fresh_directories,
        fresh_inventories,
    )


def build_assigned(settings: Settings, store: Store, languages: Languages) -> Assigned:
    """The assignee's side; its links start with where the configuration says that the desk is."""
    links = SignedLinks(settings.desk.base, settings.desk.link_life)
    return Assigned(store, links, Teller(settings.organisation.timezone, languages, links))


def listening_at(app: App, listen: str) -> App:
    """The same, with links to where its desk really listens, which a port 0 in the configuration does not say."""
    if app.settings.desk.address[1] != 0:
        return app
    desk = app.settings.desk.model_copy(update={"listen": listen})
    settings = app.settings.model_copy(update={"desk": desk})
    return replace(app, settings=settings, assigned=build_assigned(settings, app.store, app.languages))


def freshness_of(settings: Settings) -> tuple[Freshness, Freshness]:
    """How old the last word of directories, and that of inventories, may be."""
    stale = {
        entry.name: settings.stale_after(entry.name)
        for entry in (*settings.directories, *settings.inventories)
    }
    return Freshness(settings.fresh.directory, stale), Freshness(settings.fresh.inventory, stale)


def open_store(settings: Settings, engine: sa.Engine, recorded_by: Clock | None = None) -> SqlStore:
    """The store over an engine, as the configuration wants it. `recorded_by`: see `open_app`."""
    return SqlStore(engine, settings.leaver.accounts, recorded_by)


def holder_name() -> str:
    """This process, as leases and claims name it: in containers, host name and process id alone may repeat."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


@contextmanager
def open_app(
    settings: Settings,
    clock: Clock,
    progress: Progress = no_progress,
    notifiers: Sequence[Notifier] | None = None,
    recorded_by: Clock | None = None,
    *,
    has_own_files: bool = False,
) -> Iterator[App]:
    """The use cases over the configured database, whose tables must be this release's.

    `recorded_by` is the real clock, where somebody set `clock`: the journal has the instants of both.

    The embedded default sets itself up; a database server's tables are changed by `whosleft migrate` alone.
    `notifiers` take the place of the configured ones (the demo's, which keeps what it is given). `has_own_files`: see
    `ConnectorContext`.
    """
    engine = open_engine(settings.database.url)
    try:
        if sqlite_path(settings.database.url) is not None:
            migrate(engine)
        require_current(engine)
        connectors = build_connectors(settings, clock, has_own_files=has_own_files)
        if notifiers is not None:
            connectors = replace(connectors, notifiers=tuple(notifiers))
        with closing(connectors):
            yield build_app(settings, open_store(settings, engine, recorded_by), connectors, clock, progress)
    finally:
        engine.dispose()


def prepare_tables(settings: Settings, engine: sa.Engine) -> None:
    """The embedded default sets itself up; a server's tables are changed by `whosleft migrate` alone."""
    if sqlite_path(settings.database.url) is not None:
        migrate(engine)
    require_current(engine)


@contextmanager
def scratch_app(settings: Settings, clock: Clock, progress: Progress = no_progress) -> Iterator[App]:
    """The use cases over a copy of the database that is thrown away: nothing is written anywhere."""
    with (
        scratch_engine(settings.database.url) as engine,
        closing(build_connectors(settings, clock)) as connectors,
    ):
        yield build_app(settings, open_store(settings, engine), connectors, clock, progress)


@contextmanager
def check_app(settings: Settings, clock: Clock) -> Iterator[App]:
    """The use cases for looking only: over the database if it is there, else over an empty one."""
    path = sqlite_path(settings.database.url)
    opened = scratch_app if path is not None and not path.exists() else open_app
    with opened(settings, clock) as app:
        yield app


def kinds_of(settings: Settings) -> dict[str, str]:
    """Each connector's kind by its configured name."""
    entries = (*settings.directories, *settings.inventories, *settings.notify)
    return {entry.name: entry.kind for entry in entries}


def migrate_database(settings: Settings) -> tuple[str | None, str]:
    """Bring the tables up to this release; returns the revisions before and after."""
    engine = open_engine(settings.database.url)
    try:
        return migrate(engine)
    finally:
        engine.dispose()


# --- files ------------------------------------------------------------------------------------------------


def configuration_problems(path: Path) -> tuple[SettingsProblem, ...]:
    """What is wrong with a configuration, by line."""
    return problems_in(path, kinds=KINDS)


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration with all connectors' keys."""
    return json_schema(KINDS)


def write_rosters(kind: str, path: Path, rosters: Iterable[Roster], taken_at: datetime) -> None:
    """Write the file of an inventory of this kind, which says these rosters as of `taken_at`."""
    write = registry.spec(Port.INVENTORY, kind).write
    if write is None:
        raise ValueError(f"an inventory of kind {kind} is no file that can be written")
    write(path, rosters, taken_at)


# --- commands of connectors ---------------------------------------------------------------------------------


def commands_of_connectors() -> dict[str, ConnectorSpec]:
    """The connectors that have commands, by the name that these are below. Raises BadConfig when two share one."""
    found: dict[str, ConnectorSpec] = {}
    for port, kinds in registry.places().items():
        for kind in kinds:
            spec = registry.spec(port, kind)
            name = spec.commands.name if spec.commands else ""
            if name and found.setdefault(name, spec) is not spec:
                first = found[name]
                raise BadConfig(
                    f"Two connectors have commands called {name}: "
                    f"{first.port}.{first.kind} and {spec.port}.{spec.kind}.",
                    remedy="Uninstall the package of one of them.",
                )
    return found


def configured_options(
    spec: ConnectorSpec, config: Path | None, name: str, clock: Clock
) -> tuple[ConnectorContext, Sequence[Any]]:
    """What a connector of this name is built with, and the options of all of its kind: see `CommandLine`."""
    settings = load_settings(config) if config else Settings()
    entries = [entry for entry in settings.entries(spec.port) if entry.kind == spec.kind]
    return context_of(settings, name, clock), [connector_options(entry, spec.config) for entry in entries]
