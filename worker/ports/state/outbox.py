"""The outbox: messages committed with the state that they tell of, and their deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from worker.domain.messages.message import Paragraph, Recipient


@dataclass(frozen=True, slots=True)
class OutMessage:
    """A message committed together with the state that it tells of. It waits for `not_before`, if it has one."""

    key: str
    to: Recipient
    title: str
    body: Paragraph
    is_urgent: bool = False
    ticket: int | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one recipient on its way: some outbox rows folded into one.

    `bundle` is shared by the deliveries of the same rows over several channels.
    """

    id: int
    key: str
    bundle: int
    notifier: str
    to: Recipient
    items: tuple[OutMessage, ...]
    attempts: int
    is_unclear: bool


class Outcome(StrEnum):
    """What became of one attempt to deliver."""

    SENT = "sent"
    RETRIED = "retried"  # it failed, and will be tried again
    MOVED = "moved"  # it failed, and goes out over another channel
    UNREACHABLE = "unreachable"  # it failed, and there is no other channel


class WaitingRecipient(NamedTuple):
    """A recipient, and how many messages wait for them."""

    to: Recipient
    messages: int


class DeliveryCount(NamedTuple):
    """How many deliveries arrived at a recipient, and how many are under way to them."""

    arrived: int
    under_way: int


class Backlog(NamedTuple):
    """How many messages are in no delivery yet, and how many deliveries are not sent."""

    messages: int
    deliveries: int


class Outbox(Protocol):
    """Messages, and their deliveries. A claim is a conditional UPDATE with a time limit."""

    def add(self, messages: Sequence[OutMessage], now: datetime) -> int:
        """Queue messages but those whose key was queued before; return how many were new."""

    def withdraw(self, keys: Sequence[str]) -> int:
        """Take back messages that are not on their way yet; return how many."""

    def withdraw_about(self, tickets: Collection[int]) -> list[str]:
        """Take back messages about these tickets that no channel has tried to send; return their keys."""

    def told_about(self, since: Mapping[int, datetime]) -> dict[int, tuple[Recipient, ...]]:
        """By ticket, who got a message about it that was queued at or after an instant, or may have got it.

        Only tickets of which somebody was told; recipients in a stable order, each once.
        """

    def waiting(self, oldest_before: datetime, now: datetime) -> list[WaitingRecipient]:
        """Recipients with pending messages of which the oldest was queued at or before `oldest_before`.

        Messages that are to wait until later than `now` are left out here and in `bundle`.
        """

    def deliveries(self, to: Recipient, since: datetime) -> DeliveryCount:
        """Count one recipient's deliveries: those that arrived since an instant, and those under way."""

    def pending(self, to: Recipient, now: datetime, limit: int) -> list[OutMessage]:
        """The recipient's messages that `bundle` would fold."""

    def bundle(self, to: Recipient, notifiers: Sequence[str], now: datetime, limit: int) -> int:
        """Fold the recipient's pending messages (at most `limit`, oldest first) into one delivery for each of
        the notifiers; return how many were folded.
        """

    def give_up(self, to: Recipient, now: datetime) -> int:
        """No channel reaches the recipient: what is pending about tickets is unreachable, so that their next
        step comes; the rest waits for a channel. Return how many were given up.
        """

    def claim(self, holder: str, now: datetime, life: timedelta) -> Delivery | None:
        """Take the next delivery that is due, that nobody holds, and whose channel is not to be left alone.

        An expired claim makes it unclear.
        """

    def shorten(self, delivery: Delivery, kept: int) -> Delivery:
        """Keep the first `kept` messages in the delivery; the rest is pending again.

        What may have been seen by then says so when it is sent. What another delivery of the bundle has shown
        stays as it is.
        """

    def sent(self, delivery: Delivery, reference: str, now: datetime) -> None:
        """It arrived; idempotent."""

    def retry(self, delivery: Delivery, error: str, at: datetime, *, is_unclear: bool) -> None:
        """Try again at `at`."""

    def leave_alone(self, notifier: str, until: datetime) -> None:
        """Claim no delivery over this channel before `until`."""

    def put_off(self, delivery: Delivery, error: str, at: datetime) -> None:
        """Try again at `at`, as if it had not been tried."""

    def move(self, delivery: Delivery, notifier: str | None, error: str, now: datetime) -> None:
        """Hand it to another channel; with None nobody could be reached over it, and unless another delivery of
        the bundle may, its messages are unreachable.
        """

    def backlog(self) -> Backlog:
        """What is still to be sent."""
