"""What every connector is built with and declares, whichever port it fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from worker.ports.notes import Note, note_nothing


class Port(StrEnum):
    """Which seam a connector fills."""

    DIRECTORY = "directory"
    INVENTORY = "inventory"
    NOTIFY = "notify"


T = TypeVar("T")


class Again(Protocol):
    """Tries one call again while it raises Transient, as long and as often as is good (ops/retry.py)."""

    def __call__(self, call: Callable[[], T], /) -> T: ...


def call_once(call: Callable[[], T], /) -> T:
    """Not again."""
    return call()


@dataclass(frozen=True, slots=True)
class ConnectorContext:
    """What every connector is built with besides its own configuration.

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
    has_own_files: bool = (
        False  # this program wrote the files itself (the demo): they are nobody else's to be feared
    )
    note: Note = note_nothing  # whatever the log and the metrics should know of


@dataclass(frozen=True, slots=True)
class Unshown:
    """A fact (a field of `PersonFacts`) that a source shows of nobody: where it was looked for, and how to have it
    shown. What follows from it is the core's to say.
    """

    fact: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What `whosleft check` says of one connector; `remedy` is set whenever `ok` is false."""

    ok: bool
    message: str
    remedy: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    unshown: tuple[Unshown, ...] = ()


class Called(Protocol):
    """What a connector that the other side calls may have besides its port."""

    @property
    def name(self) -> str:
        """The configured name of the connector."""

    @property
    def listen(self) -> str | None:
        """Where its calls have to be taken, host:port; None when it wants none."""

    def receive(self, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Answer one POST with a status and plain text, at once. Never raises; believes nothing unproven."""


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """A connector's declaration: what `registry.py` finds under `module:SPEC`.

    `build(config, context)` must do no I/O. `config` is a pydantic model with `extra="forbid"`, whose
    fields are the keys of the configuration file besides `name` and `kind`.
    """

    kind: str
    port: Port
    config: type[BaseModel]
    build: Callable[[Any, ConnectorContext], Any]
    summary: str
