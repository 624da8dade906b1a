"""The recorded past, for replays: what the state and the journal still know of it. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.model import AccountKey, GroupKey
from worker.domain.replay.history import GroupPast, Growth, GuardedLeaving, HumanPast, Newcomers, Told
from worker.domain.tickets.ticket import Ticket


class Losses(NamedTuple):
    """What happened between two instants and left no more than a count.

    `departed` and `came` are memberships that ended or began, whoever's they were.
    """

    departed: int
    came: int


class Past(Protocol):
    """What is still known of earlier days. All instants are aware UTC; `until` is excluded."""

    def begins_at(self) -> datetime | None:
        """When the journal begins; None while it is empty."""

    def judgements(
        self, from_at: datetime, until: datetime, also: Collection[AccountKey] = ()
    ) -> list[GuardedLeaving]:
        """What the guard did with departures at its passes between two instants, by instant and key.

        Of the people in them, and of those in `also`, the earlier ones of all of their accounts, too. Without leavings
        that were over before the guard looked, and without those of people who were erased since.
        """

    def populations(self) -> dict[str, Growth]:
        """The active people of each directory over time."""

    def newcomers(self, from_at: datetime) -> dict[str, Newcomers]:
        """The people who came to each directory after an instant and after its first pass, and were ever in scope."""

    def groups(self, keys: Collection[GroupKey]) -> dict[GroupKey, GroupPast]:
        """These groups, as far as they are known, with their sizes over time."""

    def humans(self, people: Collection[AccountKey]) -> dict[AccountKey, HumanPast]:
        """By account, the people among these who have several accounts, with all that is known of their leavings."""

    def tickets(self, from_at: datetime, until: datetime, after: int, limit: int) -> list[Ticket]:
        """The next tickets with an id above `after` that were opened before `until`, and were not over at `from_at`."""

    def told(self, tickets: Collection[int]) -> dict[int, list[Told]]:
        """By ticket, what people were told of it, in order. What was taken back before it was sent is not known."""

    def losses(self, from_at: datetime, until: datetime) -> Losses:
        """What of the time between two instants is known as a count alone."""
