"""Tickets' copies in trackers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from worker.domain.mirror.copy import Copy, CopyState
from worker.domain.mirror.outside import TrackerSaid
from worker.domain.model import Account
from worker.domain.tickets.ticket import Ticket, TicketKind


class Mirrored(NamedTuple):
    """A copy, and its ticket as it is now."""

    copy: Copy
    ticket: Ticket


class CopySort(NamedTuple):
    """The sort of copies that one count is about."""

    tracker: str
    state: CopyState


class Left(NamedTuple):
    """Copies of live tickets that a tracker left at its place of before, and the name that they are listed by now."""

    tracker: str
    place: str
    name: str
    copies: int


class Unnamed(NamedTuple):
    """How many copies of live tickets have a status in a tracker that the configuration does not name."""

    tracker: str
    status: str
    copies: int


class Mirrors(Protocol):
    """One row for each ticket and tracker that has to have a copy of it."""

    def settle(self, places: Mapping[str, str]) -> list[Left]:
        """Let each copy belong to the tracker that is at its place; `places` are those of all trackers, by their names.

        What a tracker has at another place goes on under a name that no tracker has. A tracker without any copies takes
        over those that are at its place under such a name, and what was told there. Copies from before places were
        stored are where their tracker is.
        """

    def want(self, tracker: str, place: str, kinds: Collection[TicketKind], *, sensitive: bool | None) -> int:
        """Want a copy of each live ticket of these kinds (none: of all) that has none yet; return how many are new.

        A ticket that waits for another one needs none before it can be done. A report that no admin of the group may
        hear of needs none unless `kinds` names its kind. A copy that is only wanted is dropped when its ticket needs
        none; not one that may have been made, and was not found.
        """

    def set_right(self, tracker: str, now: datetime, longest: timedelta) -> None:
        """Let go what waits for an instant that a wrong clock set: further ahead than `longest`, or begun after now."""

    def unmade(self, tracker: str, now: datetime, limit: int) -> list[Mirrored]:
        """Copies to be made, or to be looked for, whose time has come; what is due first comes first.

        What is only to be made waits while its ticket needs none.
        """

    def made_again(self, tracker: str, now: datetime, limit: int) -> list[Mirrored]:
        """Copies that are there, are gone, were given up or were not found, and are to be looked for once more; the
        longest due come first.
        """

    def linked(self, tracker: str, settled_after: datetime, after: int, limit: int) -> list[Mirrored]:
        """Copies that are there, by their tickets' ids above `after`, without those that were settled before."""

    def put(self, copy: Copy) -> None:
        """Insert it, or store its new state."""

    def looked_at(self, tracker: str, tickets: Collection[int], now: datetime) -> None:
        """Note that these tickets' copies were looked at, and found unchanged."""

    def of(self, tickets: Collection[int]) -> dict[int, list[Copy]]:
        """The copies of each ticket, by tracker; tickets without any are left out."""

    def concerning(self, tickets: Collection[int], people: Collection[Account]) -> list[Copy]:
        """The copies, made already, of these tickets, or that these people have there, by ticket and tracker."""

    def find(self, tracker: str, ticket: int) -> Copy | None:
        """Return one copy; None if there is none."""

    def get(self, tracker: str, ticket: int) -> Mirrored:
        """One copy that there is, and its ticket, as they are now. Raises LookupError if there is none."""

    def all(self, limit: int, *, with_problem: bool) -> list[Copy]:
        """The first copies by tracker and ticket; only those with a problem, if asked for."""

    def counts(self) -> Mapping[CopySort, int]:
        """How many copies there are, by tracker and state."""

    def unnamed(self) -> list[Unnamed]:
        """The statuses that the configuration did not name when they were read, by tracker and status."""

    def keep(self, tracker: str, told: TrackerSaid, now: datetime) -> None:
        """Store what a tracker told. What it told before is known by its id, and changes nothing."""

    def told(self, tracker: str, limit: int) -> list[TrackerSaid]:
        """What was told and not used yet, in the order in which it was said, by the tracker's own time."""

    def used(self, tracker: str, call_id: str) -> None:
        """Mark what was told with this id as used. The id stays known."""

    def notice(self, tracker: str, cause: str, now: datetime, again_after: timedelta) -> bool:
        """Note that somebody is told of a cause now; False if they were not so long ago."""

    def forget_notices(self, before: datetime) -> None:
        """Forget notices, and what was told, from before an instant.

        What was not used by then was told by a tracker that is not configured any more.
        """
