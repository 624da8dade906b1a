"""The composition root: configuration in, use cases out. The only file that names connectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel
from tenacity.nap import sleep as nap

from connectors import registry
from connectors.kit.chat_exports import looked_into, new_count, read_given
from connectors.kit.member_lists import read_members
from connectors.kit.statement_lists import read_statements
from worker.app.acts.statements import StatementList
from worker.app.jobs.canary import CanaryRules
from worker.app.jobs.observer import SILENT, Observer
from worker.app.tell.health import Freshness
from worker.app.tell.holding import Holding
from worker.domain.controls.seals import Measured
from worker.domain.controls.statements import ImportedRow
from worker.domain.groups.exported import Readers
from worker.domain.model import Roster
from worker.domain.people.joiners import Placement
from worker.languages import BabelLanguages
from worker.ops.retry import RetryingDirectory, RetryingInventory, again
from worker.ports import (
    BadConfig,
    ConnectorContext,
    ConnectorSpec,
    Fact,
    Note,
    Noted,
    Notifier,
    Port,
    takes_all,
)
from worker.ports.connectors.rota_feed import RotaFeed
from worker.ports.ping import Pinger
from worker.ports.state.store import Store
from worker.running.app import App, Clock, assemble
from worker.running.connecting import Connectors
from worker.running.database import has_tables, open_store, prepare_tables
from worker.running.mirroring import TrackerRules
from worker.running.rules import AppRules, links_of
from worker.settings import (
    ConnectorEntry,
    InventoryEntry,
    Kinds,
    Settings,
    connector_options,
    load,
    load_changed,
)
from worker.storage.sql.engine import open_engine
from worker.storage.sql.scratch import scratch_engine

ADVISORIES_EVERY = timedelta(hours=4)  # of a kind of feed that names no pace
ADVISORIES_STALE = timedelta(days=31)


class _Models(Mapping[str, type[BaseModel]]):
    """Each kind's configuration model, imported at its first use."""

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


def load_changed_settings(path: Path, changes: Path) -> Settings:
    """The configuration with another file's sections in place of its own. Raises SettingsError."""
    return load_changed(path, changes, kinds=KINDS)


def build_connectors(
    settings: Settings,
    clock: Clock,
    sleep: Callable[[float], None] | None = None,
    observer: Observer = SILENT,
    *,
    has_own_files: bool = False,
) -> Connectors:
    """Build the connectors of a configuration; does no I/O. Failed reads are repeated by `ops.retry`.

    Each is behind `ops.guarding`: its faults are its own. `observer` gets each connector's notes, with its
    name as the field `source`.
    """

    def build(port: Port, entry: ConnectorEntry) -> Any:
        spec = registry.spec(port, entry.kind)
        context = replace(
            context_of(settings, entry.name, clock),
            again=partial(again, sleep=sleep),
            sleep=sleep or nap,
            takes=entry.takes if isinstance(entry, InventoryEntry) else takes_all,
            has_own_files=has_own_files,
            note=_noting(observer, entry.name),
        )
        return spec.build(connector_options(entry, spec.config), context)

    return Connectors(
        tuple(RetryingDirectory(build(Port.DIRECTORY, entry), sleep) for entry in settings.directories),
        tuple(RetryingInventory(build(Port.INVENTORY, entry), sleep) for entry in settings.inventories),
        tuple(build(Port.NOTIFY, entry) for entry in settings.notify),
        _feeds_of(settings),
        tuple(build(Port.ADVISORIES, entry) for entry in settings.advisory_feeds),
        tuple(build(Port.TRACKER, entry) for entry in settings.trackers),
    ).guarded()


def _feeds_of(settings: Settings) -> tuple[RotaFeed, ...]:
    feeds = settings.rota_rules().feeds
    if not feeds:
        return ()
    from connectors.kit.ical.feed import IcalFeed  # noqa: PLC0415  an HTTP client, which most workers do without

    return tuple(IcalFeed(name, settings.place_of_feed(name), rules) for name, rules in feeds.items())


def _noting(observer: Observer, source: str) -> Note:
    def note(event: Noted, /, **fields: Fact) -> None:
        observer.noted(event, {**fields, "source": source})

    return note


def notes_of(settings: Settings) -> list[Noted]:
    """The notes that the configured connectors may take."""
    used = {(port, entry.kind) for port in Port for entry in settings.entries(port)}
    return [note for port, kind in sorted(used) for note in registry.spec(port, kind).notes]


def context_of(settings: Settings, name: str, clock: Clock) -> ConnectorContext:
    """The context that a connector of this name is built with."""
    organisation = settings.organisation
    return ConnectorContext(
        name=name,
        base_dir=settings.base_dir,
        default_region=organisation.default_region,
        timezone=organisation.timezone,
        language=BabelLanguages(organisation.language).of(None).code,
        now=clock,
    )


def build_app(
    settings: Settings,
    store: Store,
    connectors: Connectors,
    clock: Clock,
    observer: Observer = SILENT,
    *,
    is_scratch: bool = False,
    since: datetime | None = None,
) -> App:
    """The use cases of a configuration. `is_scratch`, `since`: see `assemble`."""
    return assemble(
        settings,
        rules_of(settings),
        store,
        connectors,
        clock,
        observer,
        connectors.feeds,
        _pinger_of(settings),
        is_scratch=is_scratch,
        since=since,
    )


def _pinger_of(settings: Settings) -> Pinger | None:
    ping = settings.watch.ping
    if ping is None:
        return None
    from worker.ops.ping import HttpPinger  # noqa: PLC0415  see _feeds_of

    return HttpPinger(ping.url.get_secret_value(), ping.style, ping.timeout)


def rules_of(settings: Settings) -> AppRules:
    """The rules for the use cases, from a configuration."""
    fresh_directories, fresh_inventories = freshness_of(settings)
    canary = settings.watch.canary
    return AppRules(
        organisation=settings.organisation.name,
        timezone=settings.organisation.timezone,
        languages=BabelLanguages(settings.organisation.language),
        links=links_of(settings),
        readers=Readers(
            partial(read_members, region=settings.organisation.default_region),
            partial(read_given, timezone=settings.organisation.timezone),
        ),
        new_count=partial(new_count, timezone=settings.organisation.timezone),
        # Without an address that works outside this machine, messages have no links
        has_told_links=settings.desk.url is not None,
        leaver=settings.leaver_policy(),
        accounts=settings.leaver.accounts,
        limits=settings.guard_limits(),
        paces=paces_of(settings),
        takes={one.name: one.takes for one in settings.inventories},
        fresh_directories=fresh_directories,
        fresh_inventories=fresh_inventories,
        confirm_every=confirmed_every(settings),
        joiners=tuple(Placement(tuple(rule.when.items()), rule.groups) for rule in settings.joiners),
        sensitive=tuple(settings.groups.sensitive),
        tickets=settings.ticket_rules(),
        remediate=settings.remediation_rules(),
        controls=settings.control_policy(),
        statement_lists=tuple(
            StatementList(statement, path.name, partial(read_statements, path))
            for statement, path in settings.statement_lists()
        ),
        rotas=settings.rota_rules(),
        digest_window=settings.escalation.digest_window,
        daily_max=settings.escalation.daily_max,
        channel_max=settings.escalation.channel_max,
        holding=Holding(settings.silenced(), settings.quiet_times()),
        alarms=settings.alarm_rules(),
        canary=CanaryRules(canary.to, canary.at) if canary else None,
        advisory_paces=advisory_paces_of(settings),
        fresh_advisories=fresh_advisories_of(settings),
        ping_every=settings.watch.ping.every if settings.watch.ping else timedelta(),
        job_every=settings.schedule.every,
        trackers={
            one.name: TrackerRules(frozenset(one.when.kinds), one.when.sensitive, one.content, one.assign)
            for one in settings.trackers
        },
        two_approvers_from=settings.desk.two_approvers_from,
        erase_after=settings.leaver.erase_after,
    )


def paces_of(settings: Settings) -> dict[str, timedelta]:
    """How long after a read each inventory is due again, by its name: its own pace, its kind's, or the job's."""
    return {
        one.name: one.every
        or registry.spec(Port.INVENTORY, one.kind).every
        or settings.schedule.every["inventory"]
        for one in settings.inventories
    }


def advisory_paces_of(settings: Settings) -> dict[str, timedelta]:
    """How long after a read each feed of advisories is due again, by its name: its own pace, or its kind's."""
    return {
        one.name: one.every or registry.spec(Port.ADVISORIES, one.kind).every or ADVISORIES_EVERY
        for one in settings.advisory_feeds
    }


def fresh_advisories_of(settings: Settings) -> Freshness:
    """How old the last data of feeds of advisories may be."""
    stale = {one.name: one.stale_after for one in settings.advisory_feeds if one.stale_after}
    return Freshness(ADVISORIES_STALE, stale)


def confirmed_every(settings: Settings) -> dict[str, timedelta]:
    """How long a roster counts as confirmed, for each inventory whose rosters people declare."""
    found: dict[str, timedelta] = {}
    for one in settings.inventories:
        spec = registry.spec(Port.INVENTORY, one.kind)
        if spec.confirm_every is not None:
            found[one.name] = spec.confirm_every(connector_options(one, spec.config))
    return found


def freshness_of(settings: Settings) -> tuple[Freshness, Freshness]:
    """How old the last data of directories, and of inventories, may be."""
    stale = {
        entry.name: settings.stale_after(entry.name)
        for entry in (*settings.directories, *settings.inventories)
    }
    for one in settings.inventories:
        spec = registry.spec(Port.INVENTORY, one.kind)
        if one.stale_after is None and spec.fresh_for is not None:
            stale[one.name] = spec.fresh_for(connector_options(one, spec.config))
    return Freshness(settings.fresh.directory, stale), Freshness(settings.fresh.inventory, stale)


@contextmanager
def open_app(
    settings: Settings,
    clock: Clock,
    observer: Observer = SILENT,
    notifiers: Sequence[Notifier] | None = None,
    recorded_by: Clock | None = None,
    *,
    has_own_files: bool = False,
) -> Iterator[App]:
    """The use cases over the configured database, which must have this release's tables.

    `recorded_by` is the real clock, if somebody set `clock`: the journal has the instants of both.

    The embedded default sets itself up; only `whosleft migrate` changes a database server's tables. `notifiers`
    replace the configured ones (for the demo, which keeps its messages). `has_own_files`: see `ConnectorContext`.
    """
    engine = open_engine(settings.database.url)
    try:
        prepare_tables(settings, engine)
        connectors = build_connectors(settings, clock, has_own_files=has_own_files)
        if notifiers is not None:
            connectors = replace(connectors, notifiers=tuple(notifiers))
        with closing(connectors):
            yield build_app(settings, open_store(settings, engine, recorded_by), connectors, clock, observer)
    finally:
        engine.dispose()


@contextmanager
def scratch_app(settings: Settings, clock: Clock) -> Iterator[App]:
    """The use cases over a temporary copy of the database: nothing is written to the real one, nor into a list."""
    with (
        scratch_engine(settings.database.url) as engine,
        closing(build_connectors(settings, clock)) as connectors,
    ):
        yield build_app(settings, open_store(settings, engine), connectors, clock, is_scratch=True)


@contextmanager
def check_app(settings: Settings, clock: Clock) -> Iterator[App]:
    """The use cases for read-only commands: over the database if it has tables, else over an empty one."""
    opened = open_app if has_tables(settings) else scratch_app
    with opened(settings, clock) as app:
        yield app


def kinds_of(settings: Settings) -> dict[str, str]:
    """Each connector's kind by its configured name."""
    return {entry.name: entry.kind for port in Port for entry in settings.entries(port)}


# --- files ------------------------------------------------------------------------------------------------


def write_rosters(kind: str, path: Path, rosters: Iterable[Roster], taken_at: datetime) -> None:
    """Write the file of an inventory of this kind, with these rosters as of `taken_at`."""
    write = registry.spec(Port.INVENTORY, kind).write
    if write is None:
        raise ValueError(f"an inventory of kind {kind} is no file that can be written")
    write(path, rosters, taken_at)


def read_statement_list(path: Path) -> list[ImportedRow]:
    """The rows of a list of statements. Raises BadConfig."""
    return read_statements(path)


# --- commands of connectors ---------------------------------------------------------------------------------


def commands_of_connectors() -> dict[str, ConnectorSpec]:
    """The connectors with commands, by the commands' common name. Raises BadConfig if two share one."""
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
    """The context for a connector of this name, and the options of all of its kind: see `CommandLine`."""
    settings = load_settings(config) if config else Settings()
    entries = [entry for entry in settings.entries(spec.port) if entry.kind == spec.kind]
    return context_of(settings, name, clock), [connector_options(entry, spec.config) for entry in entries]


def look_into_archive(file: BinaryIO, measured: Measured, settings: Settings, now: datetime) -> Measured:
    """Add to what was measured of a file what it holds, if it is an archive. Raises ConnectorError."""
    return looked_into(file, measured, now, timezone=settings.organisation.timezone)
