"""What stands in channels about tickets, and what people did there. Instants are aware UTC."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from worker.domain.messages.message import Recipient
from worker.ports.connectors.conversing import Interaction


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message that is kept true. `versions`: of each ticket in it, as it is shown; in the order of the tickets.

    It was posted or changed last at `told_at`. What the journal had up to `told_seq` is told in it, or below it; None:
    what happened until `told_at`, as earlier releases knew it.
    """

    notifier: str
    reference: str
    to: Recipient
    versions: Mapping[int, int]
    posted_at: datetime
    told_at: datetime
    told_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An interaction that one process is at. `attempts` counts from 1."""

    id: int
    notifier: str
    interaction: Interaction
    attempts: int


class Conversations(Protocol):
    """Messages that are kept true."""

    def keep(self, message: ShownMessage) -> None:
        """Store a message, or what it shows now."""

    def first_of(self, notifier: str, to: Recipient, tickets: Collection[int]) -> dict[int, str]:
        """By ticket, the reference of the oldest message about it to this recipient; without tickets that have none."""

    def outdated(self, notifiers: Collection[str], now: datetime, limit: int) -> list[ShownMessage]:
        """Return messages that show a ticket otherwise than it is now, the oldest first.

        Notifiers that are to be left alone at present are left out.
        """

    def forget(self, notifier: str, reference: str) -> None:
        """Forget a message that is not in its channel any more."""


class Interactions(Protocol):
    """What people did: stored before the channel is told so, and taken once."""

    def keep(self, notifier: str, one: Interaction, now: datetime) -> bool:
        """Store it; False if it was stored before. Those taken more than a day ago are forgotten."""

    def claim(self, now: datetime, life: timedelta) -> Claimed | None:
        """Claim the oldest interaction that waits, or whose claim has expired; None if there is none.

        A claim is a conditional UPDATE with a time limit.
        """

    def finish(self, number: int) -> bool:
        """Mark an interaction as done, and forget what it said. Return False if it was marked before."""
