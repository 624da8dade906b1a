"""A ticket's copy in somebody else's tracker, as we write it and as we see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class CopyStanding(StrEnum):
    """What a copy's status means for us, as the configuration says."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"  # closed without being done
    UNKNOWN = "unknown"  # the configuration does not name it


CLOSED = frozenset({CopyStanding.DONE, CopyStanding.DECLINED})


class Goal(StrEnum):
    """Where we want a copy."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


SHOWS: Mapping[Goal, frozenset[CopyStanding]] = {
    Goal.OPEN: frozenset({CopyStanding.OPEN}),
    Goal.DONE: frozenset({CopyStanding.DONE}),
    Goal.CANCELLED: CLOSED,
}  # where a copy is once it was brought there


@dataclass(frozen=True, slots=True)
class Draft:
    """Our ticket, as a tracker shows it.

    `identity` is the same for one copy for ever, and no other copy's, of any tracker or installation: letters, digits
    and hyphens, as `whosleft-3f9a1c2b7d40e6-t-000123`. `title` is one line, `paragraphs` are plain text; no web address
    in them is whole. `url` leads to the desk, behind sign-in; empty if there is no desk. `assignee` is an e-mail
    address. `data` is the ticket's JSON, as the API has it, with no more than may be shown there; it is only for
    trackers that `tell`.
    """

    identity: str
    label: str  # T-000123
    title: str
    paragraphs: tuple[str, ...]
    url: str = ""
    due_on: date | None = None
    assignee: str = ""
    version: int = 0
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A copy, as its tracker shows it now.

    `ref` never changes, whatever happens to the copy; `key` is what people call it. `status` is their word for where
    it is. `assignee` is an e-mail address or, where none is shown, the name of an account; empty: nobody, or unknown.
    `is_elsewhere`: it is not in the configured project any more, so it is only read and noted on. `revision` is what
    a write asks to be unchanged, where the tracker can. `is_merged`: others were merged into it, and it may have its
    identity from one of these.
    """

    ref: str
    key: str
    url: str
    identity: str
    status: str
    standing: CopyStanding
    assignee: str = ""
    revision: str = ""
    is_elsewhere: bool = False
    is_merged: bool = False
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CopyGone:
    """A copy that can't be read. `why`: deleted, hidden, or merged into another ticket, as far as it can be told.

    `is_taken`: another ticket has its `ref`.
    """

    ref: str
    why: str
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class CopyUnread:
    """A copy that is there, and of which the tracker shows too little to say what it is now.

    `why` is one or more sentences that name it, `remedy` what to do.
    """

    ref: str
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class LastMove:
    """Who gave a copy its present status, and when (aware UTC).

    `email` is empty where the tracker does not show it, `account` where it tells nobody.
    """

    account: str = ""
    email: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrackerSaid:
    """What a tracker that `tells` said of a copy; `call_id` is the same if it says it again."""

    call_id: str
    label: str  # T-000123
    is_done: bool
    by: str = ""
    note: str = ""
    at: datetime | None = None
