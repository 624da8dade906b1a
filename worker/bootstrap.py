"""The composition root: configuration in, use cases out. The only file that names connectors."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
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
from worker.app.report import Progress, Report, no_progress
from worker.app.verify import Verify
from worker.domain.joiners import JoinerRule
from worker.domain.model import Roster
from worker.ops.clock import system_now
from worker.ops.interrupt import Interrupt, InterruptibleStore
from worker.ops.jobs import Jobs
from worker.ops.logs import configure as configure_logs
from worker.ops.lookout import Lookout
from worker.ops.metrics import Metrics, serving
from worker.ops.notes import Notes
from worker.ops.progress import progress_bars
from worker.ops.receiver import receiving
from worker.ops.retry import RetryingDirectory, RetryingInventory, again
from worker.ops.schedule import ScheduleValues
from worker.ops.scheduler import serve
from worker.ports import Called, ConnectorContext, Directory, Inventory, Note, Notifier, Port, note_nothing
from worker.ports.store import Store
from worker.settings import (
    ConnectorEntry,
    Kinds,
    Problem,
    Settings,
    SettingsError,
    connector_options,
    json_schema,
    load,
    problems_in,
)
from worker.storage.engine import open_engine, sqlite_path
from worker.storage.migrate import migrate, require_current
from worker.storage.scratch import scratch_engine
from worker.storage.single_worker import sole_worker
from worker.storage.store import SqlStore

if TYPE_CHECKING:
    from connectors.inventory.register.report import RegisterReport

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
    called: tuple[Called, ...] = ()  # what takes the calls of the other side, where a connector wants any
    closing: tuple[Callable[[], None], ...] = ()  # what ends the connections that directories keep

    def close(self) -> None:
        """End the connections that are kept. Idempotent."""
        for close in self.closing:
            close()


def build_connectors(
    settings: Settings,
    clock: Clock,
    sleep: Callable[[float], None] | None = None,
    note: Note = note_nothing,
) -> Connectors:
    """Build the connectors of a configuration; does no I/O. Reads are tried again by `ops.retry`.

    `note` takes down what each does, with its name as the field `source`.
    """

    def build(port: Port, entry: ConnectorEntry) -> Any:
        spec = registry.load(_TABLES[port][entry.kind])
        context = replace(
            context_of(settings, entry.name, clock),
            again=partial(again, sleep=sleep),
            note=partial(note, source=entry.name),
        )
        return spec.build(connector_options(entry, spec.config), context)

    directories = [build(Port.DIRECTORY, entry) for entry in settings.directories]
    return Connectors(
        tuple(RetryingDirectory(directory, sleep) for directory in directories),
        tuple(RetryingInventory(build(Port.INVENTORY, entry), sleep) for entry in settings.inventories),
        tuple(build(Port.NOTIFY, entry) for entry in settings.notify),
        tuple(one.notifications for one in directories if hasattr(one, "notifications")),
        tuple(one.close for one in directories if hasattr(one, "close")),
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
    stale = {
        entry.name: settings.stale_after(entry.name)
        for entry in (*settings.directories, *settings.inventories)
    }
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
        Reconcile(
            store,
            ReconcileRules(
                rules,
                limits,
                tuple(settings.groups.sensitive),
                timezone,
                tuple(directory.name for directory in connectors.directories),
            ),
            progress,
        ),
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


def open_store(settings: Settings, engine: sa.Engine) -> SqlStore:
    """The store over an engine, as the configuration wants it."""
    return SqlStore(engine, settings.leaver.accounts)


def holder_name() -> str:
    """This process, as leases and claims name it: in containers, host name and process id alone may repeat."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


@contextmanager
def open_app(
    settings: Settings,
    clock: Clock,
    progress: Progress = no_progress,
    notifiers: Sequence[Notifier] | None = None,
) -> Iterator[App]:
    """The use cases over the configured database, whose tables must be this release's.

    The embedded default sets itself up; a database server's tables are changed by `whosleft migrate` alone.
    `notifiers` take the place of the configured ones (the demo's, which keeps what it is given).
    """
    engine = open_engine(settings.database.url)
    try:
        if sqlite_path(settings.database.url) is not None:
            migrate(engine)
        require_current(engine)
        connectors = build_connectors(settings, clock)
        if notifiers is not None:
            connectors = replace(connectors, notifiers=tuple(notifiers))
        with closing(connectors):
            yield build_app(settings, open_store(settings, engine), connectors, clock, progress)
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


# --- running ----------------------------------------------------------------------------------------------


def schedule_of(settings: Settings) -> ScheduleValues:
    """The schedule as plain values."""
    section = settings.schedule
    return ScheduleValues(
        poll=section.poll,
        inventory=section.inventory,
        reconcile=section.reconcile,
        deliver=section.deliver,
        escalate=section.escalate,
        verify=section.verify,
        full=section.full,
        lease=section.lease,
        timezone=settings.organisation.timezone,
    )


def run_jobs(settings: Settings, names: Sequence[str], now: datetime, *, full: bool) -> Iterator[Report]:
    """Run jobs once, in order, each under its lease; yields each report."""
    configure_logs(level="ERROR")  # the reports say the rest
    with progress_bars() as progress, open_app(settings, lambda: now, progress) as app:
        jobs = Jobs(app, app.store, system_now, holder_name(), schedule_of(settings))
        for name in names:
            report = jobs.run(name, now, full=full)
            yield (
                report if report is not None else Report(name, {}, (f"another worker is at {name} just now",))
            )


def serve_app(settings: Settings) -> int:
    """Run unattended until SIGTERM; returns the exit code."""
    configure_logs()
    interrupt = Interrupt()
    metrics = Metrics()
    connectors = build_connectors(settings, system_now, interrupt.sleep, Notes(metrics))
    engine = open_engine(settings.database.url)
    with (
        sole_worker(settings.database.url),
        _calls_taken(connectors.called),
        _metrics_served(settings, metrics),
    ):
        prepare_tables(settings, engine)
        store = InterruptibleStore(open_store(settings, engine), interrupt)
        app = build_app(settings, store, connectors, system_now)
        schedule = schedule_of(settings)
        jobs = Jobs(app, store, system_now, holder_name(), schedule, interrupt=interrupt)
        code = serve(jobs, schedule, lookout=Lookout(connectors.directories))
        engine.dispose()
    return code


@contextmanager
def _metrics_served(settings: Settings, metrics: Metrics) -> Iterator[None]:
    """Show them where the configuration says. Raises SettingsError when nothing can listen there."""
    with ExitStack() as stack:
        try:
            stack.enter_context(serving(metrics, settings.ops.address))
        except OSError as error:
            remedy = "Give this worker an address of its own (port 0: any that is free), or stop what listens there."
            raise _not_heard("ops.listen", settings.ops.listen, "/metrics", error, remedy) from error
        yield


@contextmanager
def _calls_taken(sources: Iterable[Called]) -> Iterator[None]:
    """Take the calls of whatever wants any. Raises SettingsError when nothing can listen there."""
    with ExitStack() as stack:
        for source in sources:
            try:
                stack.enter_context(receiving([source]))
            except OSError as error:
                key = f"directories.{source.name}.notifications.listen"
                remedy = (
                    "Give it a free address of this machine, the one to which your ingress passes the calls, "
                    "or stop what listens there."
                )
                raise _not_heard(key, str(source.listen), "Graph's calls", error, remedy) from error
        yield


def _not_heard(key: str, listen: str, what: str, error: OSError, remedy: str) -> SettingsError:
    message = f"nothing can listen on {listen} for {what} ({error.strerror or error})"
    return SettingsError([Problem("the configuration", 0, 0, key, message, remedy)])


# --- files ------------------------------------------------------------------------------------------------


def configuration_problems(path: Path) -> tuple[Problem, ...]:
    """What is wrong with a configuration, by line."""
    return problems_in(path, kinds=KINDS)


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration with all connectors' keys."""
    return json_schema(KINDS)


def write_register_template(path: Path, config: Path | None, language: str | None) -> None:
    """Write an empty register; in the organisation's language unless told otherwise."""
    from connectors.inventory.register import template  # noqa: PLC0415  see check_register

    spoken = language or (load_settings(config).organisation.language if config else "en")
    template.write_template(path, spoken)


def write_register(path: Path, rosters: Iterable[Roster], taken_at: datetime) -> None:
    """Write a register that says these rosters as of `taken_at`, replacing the file in one step."""
    from connectors.inventory.register import writer  # noqa: PLC0415  see check_register

    writer.write_register(path, rosters, taken_at)


def check_register(path: Path, config: Path | None, clock: Clock) -> RegisterReport:
    """Check a register as the inventory of the configuration that reads it would, or with the defaults."""
    # What reads and writes Excel and Word is a seventh of a worker's memory, and most workers have no use for it
    from connectors.inventory.register import report  # noqa: PLC0415
    from connectors.inventory.register.config import RegisterConfig  # noqa: PLC0415

    settings = load_settings(config) if config else Settings()
    context = replace(context_of(settings, path.stem, clock), base_dir=Path.cwd())
    wanted = path.resolve()
    for entry in settings.inventories:
        if entry.kind == "register":
            options = connector_options(entry, RegisterConfig)
            if (settings.base_dir / options.path).resolve() == wanted:
                return report.check_register(path, context, options)
    return report.check_register(path, context)
