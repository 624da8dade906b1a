"""Run until SIGTERM: the jobs, the desk, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from threading import Event
from time import monotonic

import structlog
from sqlalchemy.exc import DBAPIError

from worker.app.jobs.observer import All, Observer
from worker.app.tell.signed_links import signing_key
from worker.ops import events
from worker.ops.attending import attended
from worker.ops.clock import system_now
from worker.ops.health import Health, Trouble, reason
from worker.ops.interrupt import Interrupt, InterruptibleStore
from worker.ops.jobs import Jobs
from worker.ops.logs import configure as configure_logs
from worker.ops.metrics import Metrics
from worker.ops.notes import LoggedNotes
from worker.ops.pages import serving
from worker.ops.receiver import receiving
from worker.ops.scheduler import Loop, serve, wait_for
from worker.ops.statusz import Source, Status
from worker.ops.stored_metrics import StoredMetrics
from worker.ports import Port
from worker.running.app import App, holder_name
from worker.running.connecting import Connectors
from worker.running.database import open_store, prepare_tables
from worker.running.listening import Announce, not_heard
from worker.running.reloading import Reloading, watching
from worker.running.wiring import (
    build_app,
    build_connectors,
    freshness_of,
    kinds_of,
    notes_of,
    open_app,
)
from worker.settings import Settings, SettingsError, SettingsProblem
from worker.settings.connectors import SECTIONS
from worker.storage.figures import SqlVitals
from worker.storage.sql.engine import open_engine, open_impatient_engine, sqlite_path
from worker.storage.sql.errors import FileReplaced, SchemaNewer, StorageError
from worker.storage.sql.single_worker import sole_worker

PATIENCE_S = 2  # how long health and metrics wait for the database
TABLES_WAIT_MAX_S = 300.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts that one process runs."""

    worker: bool = True
    desk: bool = True


def serve_app(load: Callable[[], Settings], roles: Roles, announce: Announce) -> None:
    """Run unattended until SIGTERM; `announce` gets what people need to sign in.

    The settings are read by `load` again and again. When they have changed, everything is ended as by SIGTERM and
    started with the new settings. If those can't be served, or their database can't be used, it goes back to the old
    ones. Raises SettingsError if the first settings can't be served, and the database's errors. Raises SchemaNewer
    once a later release has changed the tables so that this one may not work on them, and FileReplaced once the path
    of an SQLite database leads to another file.
    """
    settings = load()
    configure_logs()
    reloading = Reloading(settings, load)
    serve_once = _serve_jobs if roles.worker else _serve_desk_alone
    is_told_to_end: bool | None = False
    while not is_told_to_end:
        changed, settings = Event(), reloading.settings
        try:
            with watching(reloading.look, changed):
                is_told_to_end = serve_once(settings, roles, announce, changed)
        except (SettingsError, StorageError, DBAPIError) as error:
            if not reloading.went_back(error):
                raise
        else:
            if is_told_to_end is not None:
                reloading.served(settings)


def _serve_jobs(settings: Settings, roles: Roles, announce: Announce, changed: Event) -> bool | None:
    """Run the jobs, and the desk if it is wanted; True if told to end, else False: `changed` was set.

    None if it was set before anything began.
    """
    interrupt = Interrupt()
    metrics = Metrics((entry.name for entry in settings.notify), notes_of(settings))
    holder = holder_name()
    with (
        _observed(settings, metrics, holder) as observer,
        closing(build_connectors(settings, system_now, interrupt.sleep, observer)) as connectors,
        sole_worker(settings.database.url),
        calls_taken(connectors),
        _shown(settings, roles, metrics, holder, interrupt) as shown,
    ):
        if not _tables_are_there(settings, shown.health, changed):
            return None if changed.is_set() else True
        engine = open_engine(settings.database.url)
        prepare_tables(settings, engine)
        store = InterruptibleStore(open_store(settings, engine), interrupt)
        app = build_app(settings, store, connectors, system_now, observer, since=system_now())
        app.deliver.is_stopping = lambda: interrupt.is_stopping
        with store.begin() as uow:
            observer.opened(signing_key(uow))
        app.deliver.begin()
        schedule = settings.job_schedule()
        jobs = Jobs(
            app.use_cases,
            store,
            system_now,
            holder,
            schedule,
            interrupt=interrupt,
            observer=observer,
        )
        lookout = connectors.lookout(app.use_cases, system_now)
        loop = Loop(jobs, schedule, lookout=lookout, jumped=app.jumps.happened)
        with (
            _other_tables_noticed(shown.health, changed),
            attended(app.interacting, system_now),
            _desk_served(app, announce) if roles.desk else nullcontext() as desk_trouble,
        ):
            shown.health.watch(loop.watch.trouble)
            shown.status.next_run_at = loop.next_run_at
            shown.begun(desk_trouble)
            is_told_to_end = serve(jobs, schedule, changed, loop=loop)
        engine.dispose()
    return is_told_to_end


@contextmanager
def _observed(settings: Settings, metrics: Metrics, process: str) -> Iterator[Observer]:
    """Metrics, the log, and traces if the configuration has a collector for them.

    Raises SettingsError if the packages for traces are not installed.
    """
    notes = LoggedNotes()
    if settings.ops.otlp is None:
        yield All(metrics, notes)
        return
    try:
        from worker.ops.otlp import OtlpTraces  # noqa: PLC0415  an extra
    except ImportError as error:
        message = f"traces need packages that are not installed ({error})"
        remedy = "Install them with: pip install 'whosleft[opentelemetry]'"
        problem = SettingsProblem("the configuration", 0, 0, "ops.otlp", message, remedy)
        raise SettingsError([problem]) from error
    with closing(OtlpTraces(settings.ops.otlp, process, version("whosleft"), system_now)) as traces:
        yield All(metrics, traces, notes)


def _serve_desk_alone(settings: Settings, roles: Roles, announce: Announce, changed: Event) -> bool | None:
    """Serve only the desk, beside workers that share its database; returns as `_serve_jobs`."""
    metrics = Metrics(notes=notes_of(settings))
    with _shown(settings, roles, metrics, holder_name()) as shown:
        if not _tables_are_there(settings, shown.health, changed):
            return None if changed.is_set() else True
        with (
            open_app(settings, system_now) as app,
            _other_tables_noticed(shown.health, changed),
            _desk_served(app, announce) as desk_trouble,
        ):
            shown.begun(desk_trouble)
            return not wait_for(changed.is_set)


def _desk_served(app: App, announce: Announce) -> AbstractContextManager[Callable[[], Trouble]]:
    from worker.running.desk_serving import desk_served  # noqa: PLC0415  20 MiB that a worker alone does without

    return desk_served(app, system_now, announce)


def _tables_are_there(settings: Settings, health: Health, changed: Event) -> bool:
    """Wait for a database server and its tables; False if told to end, or if `changed` was set, meanwhile.

    Raises their error if it lasts, or if waiting can't help. The embedded default sets itself up.
    """
    if sqlite_path(settings.database.url) is not None:
        return True
    give_up_at_s = monotonic() + TABLES_WAIT_MAX_S
    said = ""

    def are_there() -> bool:
        nonlocal said
        try:
            health.require_database()
        except SchemaNewer:
            raise
        except (StorageError, DBAPIError) as error:
            if monotonic() >= give_up_at_s:
                raise
            if said != (said := reason(error)):
                log.warning(events.TABLES_AWAITED, why=said)
            return False
        return True

    return wait_for(lambda: changed.is_set() or are_there()) and not changed.is_set()


@contextmanager
def _other_tables_noticed(health: Health, changed: Event) -> Iterator[None]:
    """Set `changed` once the tables are of a later release beside which this one may not work: it ends as it starts.

    Raises FileReplaced at the end, if `changed` was set as the SQLite file is another one.
    """
    replaced: list[FileReplaced] = []

    def are_others() -> bool:
        try:
            health.require_database()
        except SchemaNewer:
            return True
        except FileReplaced as error:
            replaced.append(error)
            return True
        except Exception:  # noqa: BLE001  /readyz says what is wrong
            return False
        return False

    with watching(are_others, changed):
        yield
    if replaced:
        raise replaced[0]


@dataclass(frozen=True, slots=True)
class _Shown:
    """The data of the pages for machines."""

    health: Health
    status: Status

    def begun(self, desk_trouble: Callable[[], Trouble] | None) -> None:
        """Record that everything runs, and watch the desk if there is one."""
        if desk_trouble is not None:
            self.health.watch(desk_trouble)
        self.health.started()


@contextmanager
def _shown(
    settings: Settings, roles: Roles, metrics: Metrics, process: str, interrupt: Interrupt | None = None
) -> Iterator[_Shown]:
    """Serve health, status and metrics at the configured address. Raises SettingsError if nothing can listen there.

    `interrupt` is the jobs', if the process has jobs.
    """
    engine = open_impatient_engine(settings.database.url, PATIENCE_S)
    vitals = SqlVitals(engine, settings.leaver.accounts)
    sources = _sources_of(settings)
    health = Health(partial(vitals.check, has_desk=roles.desk))
    status = Status(process, version("whosleft"), sources, vitals.standing, system_now)
    held = None if interrupt is None else partial(_held, interrupt)
    metrics.registry.register(StoredMetrics(vitals.figures, sources, system_now, held))
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        try:
            stack.enter_context(serving(metrics.registry, health, status, settings.ops.address))
        except OSError as error:
            remedy = "Give this worker an address of its own (port 0: any that is free), or stop what listens there."
            raise not_heard("ops.listen", settings.ops.listen, "/metrics", error, remedy) from error
        yield _Shown(health, status)


def _held(interrupt: Interrupt) -> set[str]:
    return {tenure.lease.job for tenure in interrupt.tenures()}


def _sources_of(settings: Settings) -> list[Source]:
    """The sources, in the configuration's order."""
    kinds = kinds_of(settings)
    fresh_directories, fresh_inventories = freshness_of(settings)
    return [
        *(Source(e.name, Port.DIRECTORY, kinds[e.name], fresh_directories) for e in settings.directories),
        *(Source(e.name, Port.INVENTORY, kinds[e.name], fresh_inventories) for e in settings.inventories),
    ]


@contextmanager
def calls_taken(connectors: Connectors) -> Iterator[None]:
    """Take the calls for connectors that want them. Raises SettingsError if nothing can listen at an address."""
    with ExitStack() as stack:
        for section, called in (
            (".".join(place), called)
            for place, port in SECTIONS.items()
            for one in connectors.of(port)
            for called in one.calls
        ):
            try:
                stack.enter_context(receiving([called]))
            except OSError as error:
                key = f"{section}.{called.name}.{called.key}"
                remedy = (
                    "Give it a free address of this machine, the one to which your ingress passes the calls, "
                    "or stop what listens there."
                )
                raise not_heard(key, called.listen, f"{called.caller}'s calls", error, remedy) from error
        yield
