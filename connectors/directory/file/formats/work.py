"""The values that the worker and the process that reads an export exchange. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from connectors.directory.file.config import FileConfig
from connectors.kit.child import Work
from worker.domain.model import AccountFacts
from worker.ports import Unshown


@dataclass(frozen=True, slots=True)
class Asked:
    """The request: an export's name, and how to read it."""

    name: str
    config: FileConfig
    region: str
    timezone: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that can't be understood, or not all of it, with the values of `Malformed`."""

    message: str
    record_id: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Page:
    """At most a thousand records; see `DirectoryPage`."""

    records: tuple[AccountFacts, ...]
    set_aside: tuple[SetAside, ...]
    unreadable_phones: int
    unshown: frozenset[str]
    unsure: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """The facts known at the end of a whole file, and how it was read; the delimiter is empty for LDIF."""

    size: int
    digest: str
    total: int
    format_label: str
    encoding: str
    delimiter: str
    warnings: Mapping[str, str]
    unshown: tuple[Unshown, ...]


WORK: Work[Asked, Page | Told] = Work(
    "connectors.directory.file.formats.work:WORK",
    "connectors.directory.file.formats.reading:read_file",
    TypeAdapter(Asked),
    TypeAdapter(Page | Told),
)
