"""Running: the jobs once or until SIGTERM, and the desk, alone or beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

import structlog

from worker.app.access import Access
from worker.app.links import signing_key
from worker.app.report import Report
from worker.bootstrap import (
    App,
    Clock,
    build_app,
    build_connectors,
    holder_name,
    kinds_of,
    open_app,
    open_store,
    prepare_tables,
)
from worker.desk.app import desk_app
from worker.desk.server import serving as serving_desk
from worker.desk.services import Place, Services
from worker.desk.sessions import LOGIN_LINK_LIFE
from worker.desk.sign_in import SignIn
from worker.ops import events
from worker.ops.clock import system_now
from worker.ops.interrupt import Interrupt, InterruptibleStore
from worker.ops.jobs import Jobs
from worker.ops.logs import configure as configure_logs
from worker.ops.lookout import Lookout
from worker.ops.metrics import Metrics, serving
from worker.ops.notes import Notes
from worker.ops.progress import progress_bars
from worker.ops.receiver import receiving
from worker.ops.schedule import ScheduleValues
from worker.ops.scheduler import serve, wait_for_signal
from worker.ports import Called, Port
from worker.settings import Problem, Settings, SettingsError
from worker.storage.engine import open_engine, sqlite_path
from worker.storage.single_worker import sole_worker

log = structlog.stdlib.get_logger(__name__)


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


@dataclass(frozen=True, slots=True)
class Roles:
    """What one process does."""

    worker: bool = True
    desk: bool = True


def serve_app(settings: Settings, roles: Roles, announce: Callable[[str], None]) -> int:
    """Run unattended until SIGTERM; returns the exit code. `announce` is given what people at the terminal need."""
    if not roles.worker:
        return _serve_desk_alone(settings, announce)
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
        with desk_served(app, system_now, announce) if roles.desk else nullcontext():
            code = serve(jobs, schedule, lookout=Lookout(connectors.directories))
        engine.dispose()
    return code


def _serve_desk_alone(settings: Settings, announce: Callable[[str], None]) -> int:
    """Only the desk, beside workers that share its database."""
    configure_logs()
    with (
        open_app(settings, system_now) as app,
        _metrics_served(settings, Metrics()),
        desk_served(app, system_now, announce),
    ):
        wait_for_signal()
    return 0


@contextmanager
def desk_served(app: App, clock: Clock, announce: Callable[[str], None]) -> Iterator[None]:
    """The desk where the configuration says. Raises SettingsError when nothing can listen there.

    On the embedded default, with nobody to ask who people are, a link that signs in once is announced.
    """
    settings = app.settings
    services = services_of(app, clock)
    with ExitStack() as stack:
        try:
            listen = stack.enter_context(serving_desk(desk_app(services), settings.desk.address))
        except OSError as error:
            remedy = (
                "Give the desk an address of its own (port 0: any that is free), or stop what listens there."
            )
            raise _not_heard("desk.listen", settings.desk.listen, "the desk", error, remedy) from error
        log.info(events.DESK_SERVED, listen=listen)
        if settings.desk.sign_in is None and sqlite_path(settings.database.url) is not None:
            base = settings.desk.url or f"http://{listen}"
            announce(f"The console, by a link that works once: {base}{login_path(app, clock())}")
        yield


def login_path(app: App, now: datetime) -> str:
    """A new link that signs in once, with every role."""
    secret = Access(app.store).make_login_link(
        "console", ("approver", "auditor"), "whosleft", now, LOGIN_LINK_LIFE
    )
    return f"/login/{secret}"


def services_of(app: App, clock: Clock) -> Services:
    """What the desk's pages work with."""
    settings = app.settings
    section = settings.desk.sign_in
    kinds = kinds_of(settings)
    with app.store.begin() as uow:
        key = signing_key(uow)
    return Services(
        store=app.store,
        desk=app.desk,
        approvals=app.approvals,
        assigned=app.assigned,
        audit=app.audit,
        languages=app.languages,
        rules=settings.ticket_rules(),
        place=Place(settings.organisation.name, settings.organisation.timezone, settings.desk.base),
        clock=clock,
        fresh_directories=app.fresh_directories,
        fresh_inventories=app.fresh_inventories,
        sources=(
            *((one.name, Port.DIRECTORY.value, kinds[one.name]) for one in settings.directories),
            *((one.name, Port.INVENTORY.value, kinds[one.name]) for one in settings.inventories),
        ),
        key=key,
        sign_in=None if section is None else SignIn(section, settings.base_dir),
    )


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
