"""What every connector is built with and declares, for any port."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from worker.domain.model import Fact, GroupFacts, Renumbered, Roster
from worker.ports.notes import Note, Noted


class Port(StrEnum):
    """Which seam a connector fills."""

    DIRECTORY = "directory"
    INVENTORY = "inventory"
    NOTIFY = "notify"
    ADVISORIES = "advisories"
    TRACKER = "tracker"


T = TypeVar("T")


class Again(Protocol):
    """Repeats one call while it raises Transient, within the limits of ops/retry.py."""

    def __call__(self, call: Callable[[], T], /) -> T: ...


def call_once(call: Callable[[], T], /) -> T:
    """Make the call once, and let its error through."""
    return call()


def no_wait(_wait_s: float) -> None:
    """Return at once, without waiting."""


class Takes(Protocol):
    """Says whether a group is wanted, by its id or its name, because a source may show either first."""

    def __call__(self, group_id: str, name: str, /) -> bool: ...


def takes_all(_group_id: str, _name: str, /) -> bool:
    """Want every group."""
    return True


@dataclass(frozen=True, slots=True)
class ConnectorContext:
    """What every connector is built with, besides its own configuration.

    `name` is the configured name and the `source` of everything read. Relative paths are
    resolved against `base_dir`. `now` is the process clock (aware UTC).
    """

    name: str
    base_dir: Path
    default_region: str  # ISO 3166 alpha-2, for phone numbers without a country code
    timezone: str  # IANA, for local days and dates without a zone
    language: str
    now: Callable[[], datetime]
    again: Again = call_once  # for a single answer within a long read
    sleep: Callable[[float], None] = no_wait  # seconds; ends early when the worker stops
    takes: Takes = takes_all  # the groups that the configuration wants read (`groups`, `exclude`)
    has_own_files: bool = (
        False  # this program wrote the files itself (the demo): they are nobody else's to be feared
    )
    note: Note = lambda _event, /, **_fields: None  # whatever the log and the metrics should know of


@dataclass(frozen=True, slots=True)
class Unshown:
    """A fact (a field of `AccountFacts`) that a source shows for nobody.

    `message` says where it was looked for, `remedy` how to make the source show it. The core decides what follows.
    """

    fact: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What `whosleft check` says about one connector; `remedy` is set whenever `ok` is false."""

    ok: bool
    message: str
    remedy: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    unshown: tuple[Unshown, ...] = ()


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that a connector knows about itself and that its reads don't show: a connection that hears nothing, or
    a credential that ends at `ends_at` (aware UTC). `about` names it briefly, the same for as long as it lasts.
    """

    about: str
    message: str
    remedy: str
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboundCall:
    """One request from outside. `headers` have lower-case names; a header that was sent twice has its last value."""

    method: str  # GET or POST
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Called(Protocol):
    """Takes the calls that the other side makes to a connector, at one address."""

    @property
    def name(self) -> str:
        """The configured name of the connector."""

    @property
    def caller(self) -> str:
        """The caller's name, for an error: "nothing can listen on … for CALLER's calls"."""

    @property
    def listen(self) -> str:
        """The address to take the calls at, host:port."""

    @property
    def key(self) -> str:
        """The configuration key of `listen`, within the connector's."""

    def receive(self, call: InboundCall) -> tuple[int, str]:
        """Answer with a status and a text, at once. Never raises; believes nothing unproven.

        A text that starts with "{" is sent as JSON, any other as plain text.
        """


class Connector(Protocol):
    """What every connector has, for any port; `Passive` is the minimum."""

    @property
    def name(self) -> str:
        """The configured name, which is the `source` of everything read."""

    @property
    def calls(self) -> Sequence[Called]:
        """The calls from outside that the worker should take for it while it runs."""

    def watermark(self) -> str | None:
        """An opaque marker that changes when there is something new to read; None if unknown.

        Cheap enough to be called every few seconds, from another thread than the other methods. Never raises a
        ConnectorError. The next run reads a change even if the marker misses it.
        """

    def check(self) -> CheckResult:
        """Check reach, rights and counts; read only. Never raises a ConnectorError: the result has its message."""

    def concerns(self) -> Sequence[Concern]:
        """Return what the connector knows about itself, without asking the other side.

        Credentials are in it, however far away their end is. Never raises a ConnectorError.
        """

    def close(self) -> None:
        """End the open connections. Idempotent; the next call connects again."""


class Passive:
    """The defaults for a connector without calls from outside, watermark and open connections."""

    calls: Sequence[Called] = ()

    def watermark(self) -> str | None:
        return None

    def news(self) -> frozenset[str]:
        return frozenset()

    def keep_renumbered_by(self, _keep: Callable[[Sequence[Renumbered]], None], /) -> None:
        """Nobody calls."""

    def look_closely(self, _wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        return iter(())

    def concerns(self) -> Sequence[Concern]:
        return ()

    def close(self) -> None:
        """Do nothing."""


def lazily(place: str) -> Callable[..., Any]:
    """Return a stand-in for the function at `place` ("module:name"), which is imported at the first call."""

    def call(*given: Any, **named: Any) -> Any:
        module, _, name = place.partition(":")
        return getattr(import_module(module), name)(*given, **named)

    return call


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands below `whosleft NAME`: `build` gets a `CommandLine`, and returns a `typer.Typer`."""

    name: str
    build: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """A connector's declaration, which `registry.py` finds under `module:SPEC`.

    `build(config, context)` must do no I/O. `config` is a pydantic model with `extra="forbid"`, whose
    fields are the keys of the configuration file besides `name` and `kind`; a notifier's may have `reaching`, which is
    its `can.reaches`, so that steps over it are checked as the file is read. `notes` are all notes that it may take.
    `every`: the pace of an inventory that its entry gives none; None: that of the job. `write(path, rosters, taken_at)`
    is for inventories that are files: it replaces one in one step. `fresh_for(config)`: how long data of an inventory
    counts, where its entry has no `stale_after`; None: as `fresh.inventory` says. `confirm_every(config)`: how long a
    declared roster counts as confirmed; then somebody is asked to declare it again.

    Commands that need nothing else of the connector import the SPEC's module, so it names what needs heavy packages
    `lazily`.
    """

    kind: str
    port: Port
    config: type[BaseModel]
    build: Callable[[Any, ConnectorContext], Any]
    summary: str
    notes: tuple[Noted, ...] = ()
    commands: Commands | None = None
    write: Callable[[Path, Iterable[Roster], datetime], None] | None = None
    every: timedelta | None = None
    fresh_for: Callable[[Any], timedelta] | None = None
    confirm_every: Callable[[Any], timedelta] | None = None
