"""What we know of a ticket's copy in a tracker: how far it is, and what we saw there last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from worker.domain.mirror.outside import CLOSED, CopyStanding, Goal

WHO = 16  # hexadecimal digits


def mark_of(who: str) -> str:
    """What is kept of whoever has a copy there, by address or name: enough to see that somebody else has it.

    No name or address, as it may be of a person who is to be forgotten here. Empty for nobody.
    """
    return hashlib.sha256(who.casefold().encode(errors="surrogatepass")).hexdigest()[:WHO] if who else ""


class Content(StrEnum):
    """How much a copy says."""

    MINIMAL = "minimal"  # what to do, and the ticket's number: no names
    FULL = "full"


class CopyState(StrEnum):
    """How far a copy is."""

    WANTED = "wanted"
    SENDING = "sending"  # a create was begun: it may be there
    UNCLEAR = "unclear"  # a create had no clear answer: it is looked for
    LINKED = "linked"
    GONE = "gone"  # it was there; it is made again only by hand
    REFUSED = "refused"  # it could not be made, three times without a clear answer


@dataclass(frozen=True, slots=True)
class Copy:
    """A ticket's copy in one tracker. Instants are aware UTC.

    `standing`, `status` and `assignee` are what was seen last, after our own last write (the base): what differs from
    them now is what people did there; of the assignee it is a `mark_of`. `intent` is what we were about to do, stored
    before it was done: what we then see there is our own doing, although we may have died. `given` is whom we gave it
    to last, by address, and `noted` what was said there last.
    """

    tracker: str
    ticket: int
    identity: str
    place: str  # where it is: what `ref` is a number of
    state: CopyState = CopyState.WANTED
    ref: str = ""
    key: str = ""
    url: str = ""
    standing: CopyStanding = CopyStanding.OPEN
    status: str = ""
    assignee: str = ""
    given: str = ""
    noted: str = ""
    intent: Goal | None = None
    version: int = -1  # of the ticket that was told last, to a tracker that wants changes
    mark: str = ""
    attempts: int = 0
    attempted_at: datetime | None = None
    next_at: datetime | None = None  # nothing is tried before
    look_again_at: datetime | None = None  # of one made again, or gone: the first may still appear
    told_at: datetime | None = (
        None  # by the tracker's clock: when it was closed, as heard last, or what it told last
    )
    declines: int = 0
    reopens: int = 0
    reopened_at: datetime | None = None  # the first of `reopens`
    missing_since: datetime | None = None
    settled_at: datetime | None = None  # since when neither side has anything to do
    synced_at: datetime | None = None
    problem: str = ""

    @property
    def shown(self) -> Literal["wanted", "open", "done", "closed", "gone"]:
        """Its state in lists: wanted, open, done (closed there as done, and live here), closed or gone.

        closed: on both sides, or there alone without being done. One whose ticket is over here, and that was only noted
        there, is open.
        """
        if self.state in {CopyState.WANTED, CopyState.SENDING, CopyState.UNCLEAR, CopyState.REFUSED}:
            return "wanted"
        if self.state is CopyState.GONE:
            return "gone"
        if self.standing not in CLOSED:
            return "open"
        return "done" if self.standing is CopyStanding.DONE and self.settled_at is None else "closed"
