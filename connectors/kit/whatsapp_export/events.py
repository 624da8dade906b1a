"""What a chat export says: plain values, which pass between the worker and the process that reads the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.domain.controls.seals import Counted
from worker.domain.groups.exported import ExportFault
from worker.ports import Incomplete


class TooLarge(Incomplete):
    """The file has more than any chat."""


class OtherCalendar(Incomplete):
    """The file's dates are those of a calendar that is not read."""


class Platform(StrEnum):
    """The kind of phone that wrote the export."""

    ANDROID = "android"
    IOS = "ios"


class Kind(StrEnum):
    """What a system line says."""

    CREATED = "created"
    ADDED = "added"
    JOINED = "joined"
    LEFT = "left"
    REMOVED = "removed"
    SUBJECT = "subject"
    DESCRIPTION = "description"
    PICTURE = "picture"
    NUMBER = "number"  # `actor` has the number or name until then, `subjects` the new number, if it is said
    ADMIN = "admin"  # said of the exporter alone
    NO_ADMIN = "no_admin"  # as ADMIN
    LINK_RESET = "link_reset"
    SETTINGS = "settings"

    @property
    def is_departure(self) -> bool:
        """Whether somebody is not in the group any more."""
        return self in {Kind.LEFT, Kind.REMOVED}

    @property
    def is_arrival(self) -> bool:
        """Whether somebody is in the group from then on."""
        return self in {Kind.ADDED, Kind.JOINED}


@dataclass(frozen=True, slots=True)
class Who:
    """A person as the exporter's phone shows them: a name of its address book, or else the number in E.164."""

    name: str = ""
    phone: str | None = None
    is_exporter: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One system line. `at` is aware UTC, None where the file does not prove its order of day and month.

    `text` is a new group name. `is_whole` is false for "and 3 others", who are not named.
    """

    at: datetime | None
    kind: Kind
    actor: Who | None = None
    subjects: tuple[Who, ...] = ()
    text: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Export:
    """One chat. `first_at` and `last_at` (aware UTC) are those of its first and last line.

    `is_dated` is false if day and month can't be told apart: then `last_at` is the earlier of both readings. `is_group`
    is false for a chat of two, which has neither system lines of a group nor a third person.
    """

    group_name: str
    platform: Platform
    events: tuple[Event, ...]
    first_at: datetime | None
    last_at: datetime
    is_dated: bool
    is_group: bool
    lines: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """In place of an `Export`: why there is none."""

    fault: ExportFault


@dataclass(frozen=True, slots=True)
class ZipSeen:
    """What an archive holds, for a seal: whether more than one text, and what was counted of the text."""

    media: bool | None
    counted: Counted | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The request: the file's name, the zone of its times (IANA), now (aware UTC), and how much is too much.

    `text_max` is in bytes, `events_max` in system lines that are understood; more is refused by name.
    """

    name: str
    timezone: str
    now: datetime
    text_max: int = 512 << 20
    events_max: int = 100_000
