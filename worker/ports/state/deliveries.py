"""What the outbox holds, as people look at it: waiting, held, sent, or dead; and what they do about the dead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from worker.domain.messages.message import Recipient
from worker.domain.messages.paragraphs import Cause


class PostState(StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    HELD = "held"  # until an instant
    SENT = "sent"
    BOUNCED = (
        "bounced"  # it was sent and came back, and what goes out over another channel is a post of its own
    )
    DEAD = "dead"  # nobody was reached; only a person makes it go on


@dataclass(frozen=True, slots=True)
class Post:
    """One message on its way, or one that was. `id` is D-000001, or M-000001 while it is in no delivery.

    `over` is the notifier, empty while none is chosen. `held_by` says what holds it: quiet, silence:ID, or nothing.
    A delivery is held while all its messages are.
    """

    id: str
    to: Recipient
    over: str
    state: PostState
    held_until: datetime | None
    held_by: str
    attempts: int
    error: str
    tickets: tuple[str, ...]
    created_at: datetime


class PostAbout(NamedTuple):
    """A post, when the message was queued in the transaction of what it tells, and when it was sent.

    `reference` is its receipt; empty while there is none.
    """

    post: Post
    queued_at: datetime
    sent_at: datetime | None = None
    reference: str = ""


class PostPlace(NamedTuple):
    """Where a list of posts goes on: below the message and the delivery of these numbers; None: at the newest one."""

    message: int | None = None
    delivery: int | None = None

    def after(self, shown: Sequence[Post]) -> PostPlace:
        """The place after these posts, which were listed from here."""
        numbers = [post.id.partition("-") for post in shown]
        messages, deliveries = (
            [int(number) for kind, _, number in numbers if kind == wanted] for wanted in ("M", "D")
        )
        return PostPlace(min(messages, default=self.message), min(deliveries, default=self.delivery))


NEWEST = PostPlace()


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts. `text` is part of the recipient's name or address, or a ticket's whole id; empty: of everybody."""

    states: tuple[PostState, ...] = tuple(PostState)
    text: str = ""


class Deliveries(Protocol):
    """Messages that are held, and the dead ones."""

    def posts(self, wanted: PostFilter, now: datetime, limit: int, place: PostPlace = NEWEST) -> list[Post]:
        """Return posts from a place on, the newest first."""

    def about(self, ticket: int, now: datetime, limit: int) -> list[PostAbout]:
        """Return the posts of the last `limit` messages about a ticket, the newest first; none that was given up."""

    def count(self, state: PostState, now: datetime) -> int:
        """Return the number of posts in a state."""

    def hold(self, keys: Sequence[str], until: datetime, by: str) -> None:
        """Hold messages until an instant; `by` says why. A delivery of theirs is put off by whoever has claimed it."""

    def release(self, by: str, now: datetime) -> list[int]:
        """Let go at once what is held for this reason; return the numbers of the tickets that it is about.

        What is closed before it goes out is said nevertheless.
        """

    def release_all(self, now: datetime) -> list[int]:
        """As `release`, for whatever reason it is held. What still is a reason has to hold it again."""

    def take_dropped(self, to: Collection[Recipient], now: datetime) -> dict[Recipient, list[str]]:
        """Return, by recipient, the labels of tickets that ended while messages about them were held.

        Each is given once, and a recipient without any is left out. A held call to act is dropped, too, once somebody
        has claimed that the work is done. A ticket that was reopened is not named, because something is to be done
        about it.
        """

    def sum_up(self, to: Recipient, now: datetime) -> list[Cause]:
        """Take the waiting messages about tickets to a recipient out of the queue; return how many of each cause.

        Of each cause a bounded number of tickets is named. What no ticket would tell again stays: what people
        said, what is over, and what is to be passed on.
        """

    def retry(self, post_id: str, now: datetime) -> Post | None:
        """Send a dead post once more; return it as it was, or None if there is no such dead post."""

    def drop(self, post_id: str) -> Post | None:
        """Give up a post that is not sent; return it as it was, or None if there is none."""
