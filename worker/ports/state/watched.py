"""What the watch reads of the state, and what it keeps: which alarms stand, and what it did last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.watch.alarms import ToldAlarm
from worker.ports.state.leases import ListedLease


class Failing(NamedTuple):
    """A notifier over which nothing has arrived since an instant, and what it said last."""

    notifier: str
    since_at: datetime
    error: str


class LateMessages(NamedTuple):
    """Messages and deliveries that are due and not under way: how many, and since when the oldest is."""

    messages: int
    since_at: datetime | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a message is: the key of its delivery over a notifier, and when that was sent; None: not yet."""

    key: str
    notifier: str
    sent_at: datetime | None


class WatchMark(NamedTuple):
    """Something that the watch did, when, and a text of its own about it."""

    name: str
    at: datetime
    text: str


class Watched(Protocol):
    """Everything is counted in the state that the transaction sees."""

    def standing(self) -> list[ToldAlarm]:
        """The alarms that were told and are not over, the oldest first."""

    def put(self, one: ToldAlarm) -> None:
        """Record that an alarm was told; the first time, or again."""

    def end(self, key: str) -> ToldAlarm | None:
        """Forget an alarm; return it, or None if it did not stand."""

    def marks(self) -> dict[str, WatchMark]:
        """Every mark, by name."""

    def mark(self, one: WatchMark) -> None:
        """Insert or replace a mark."""

    def unmark(self, name: str) -> None:
        """Delete a mark, if there is one."""

    def failing(self) -> list[Failing]:
        """The notifiers with a delivery that failed after the last one that arrived, and waits: each since that one
        arrived, or since the first that failed was made, if that is later.
        """

    def due(self, now: datetime) -> LateMessages:
        """Deliveries and alarms that could have been sent by now; other messages may wait for their day or hour.

        Programs whose feed is stopped, and channels that asked to wait, are left out; what waited for one is due since
        its wait was over.
        """

    def dead(self) -> int:
        """The number of deliveries that reached nobody and were neither retried nor dropped."""

    def arrivals(self, key: str) -> list[Arrival]:
        """The deliveries that a message with this key is in."""

    def leases(self) -> list[ListedLease]:
        """Every lease ever taken, by job."""

    def clock(self) -> datetime | None:
        """The database's own clock; None if it is this machine's."""
