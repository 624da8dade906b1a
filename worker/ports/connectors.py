"""The ports that connectors implement, and the declaration each of them makes.

A connector is one folder with a `SPEC`; `connectors/registry.py` maps its kind to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from worker.domain.message import Message
from worker.domain.model import PersonFacts, Roster
from worker.ports.errors import Malformed
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


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """At most some thousand records; each person at most once a page (last wins between pages).

    `unreadable_phones` counts numbers that could not be understood (they are left out of the facts).
    """

    records: tuple[PersonFacts, ...]
    malformed: tuple[Malformed, ...] = ()
    unreadable_phones: int = 0


@dataclass(frozen=True, slots=True)
class PassEnd:
    """The proof that a pass was complete: always the last item, and only of a complete pass.

    `cursor` is opaque to the worker. `taken_at` is the instant that the pass speaks of (a file's own
    date). A full pass lists everybody; a delta only what changed. `has_more`: another pass is ready
    now (the next dated file). `total` is how many records, each counted once, the source itself says that it
    has at least.
    `is_unchanged`: the source has nothing newer than the cursor; no page preceded.
    `unshown`: what a full pass showed of nobody.
    """

    cursor: str
    is_full: bool
    taken_at: datetime
    total: int | None = None
    has_more: bool = False
    is_unchanged: bool = False
    unshown: tuple[Unshown, ...] = ()


class Directory(Protocol):
    """Authority on people."""

    @property
    def name(self) -> str:
        """The configured name; `source` of its people."""

    @property
    def can_look_up(self) -> bool:
        """Whether the source can be asked about one person."""

    @property
    def has_delta(self) -> bool:
        """Whether a pass with a cursor lists only what changed; otherwise every pass is full."""

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        """Yield pages, then exactly one `PassEnd`.

        With `cursor=None` or `full` the pass lists everybody. An iterator that ends or raises
        before `PassEnd` proves nothing. Reading again with the same cursor yields the same or newer facts.
        Raises CursorExpired (foreign or too old cursor), Incomplete, Transient or Permanent.
        """

    def look_up(self, person_id: str) -> PersonFacts | None:
        """Ask about one person: facts, or None when the source says for certain that there is none.

        Only called when `can_look_up`. Raises PermissionDenied for somebody who may only be hidden from us,
        and Transient or Permanent when there was no answer.
        """

    def watermark(self) -> str | None:
        """A text that is another one when there is something new to read; None when that can't be told.

        Cheap enough to be asked every few seconds, from another thread than the rest. Never raises a
        ConnectorError. A change that it misses is read by the next poll all the same.
        """

    def check(self) -> CheckResult:
        """Reach, rights and counts, read only. Never raises a ConnectorError: it is the message."""


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
class SnapshotEnd:
    """The proof that a snapshot listed every group that the inventory can see; always last.

    `cells` of trouble that did not spoil the whole (rows set aside) are in `malformed`.
    """

    taken_at: datetime
    groups_total: int
    malformed: tuple[Malformed, ...] = ()


class Inventory(Protocol):
    """Who is in which group, with role, at which time."""

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""

    @property
    def is_kept_by_people(self) -> bool:
        """Whether it is a list that somebody writes, not what the messenger shows: it proves with grade B."""

    def snapshot(self) -> Iterator[Roster | SnapshotEnd]:
        """Yield each group's roster once, in group order, then exactly one `SnapshotEnd`.

        An iterator that ends or raises before it proves nothing about groups that it did not
        list. An empty roster is a group without members; an unreadable one is left out or PARTIAL.
        """

    def check(self) -> CheckResult:
        """As `Directory.check`."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel says of an accepted message: its own reference, shown in the journal."""

    reference: str


class Notifier(Protocol):
    """A channel to people."""

    @property
    def name(self) -> str:
        """The configured name."""

    @property
    def reaches_people(self) -> bool:
        """Whether it can address one person by e-mail address."""

    @property
    def has_channel(self) -> bool:
        """Whether it has a common channel to post to."""

    @property
    def is_log(self) -> bool:
        """Whether it only writes down what others are told: beside another notifier it gets copies, and nobody
        counts as reached by it.
        """

    def takes(self, message: Message) -> int:
        """How many of the message's leading paragraphs `send` shows, each with its link; at least 1. No I/O.

        Room for the note and for the repeat note is kept, whether or not it may be a repeat.
        """

    def send(self, message: Message) -> Receipt:
        """Deliver once. The same `message.key` may be sent again after an unclear answer.

        A long text is cut visibly, and keeps its link and its first facts. Raises NotDone (with the wait
        asked for) when it surely was not sent, Transient when it may have been, Unreachable when the
        recipient is not on this channel, Rejected, AuthFailed, PermissionDenied.
        """

    def find(self, message: Message) -> Receipt | None:
        """Whether a message with this key did arrive; None when it did not or the channel cannot tell."""

    def check(self) -> CheckResult:
        """As `Directory.check`; sends nothing."""


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
