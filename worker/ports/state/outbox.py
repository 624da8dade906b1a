"""The outbox: messages, committed in one transaction with the state they are about, and their deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from worker.domain.messages.message import Paragraph, Recipient
from worker.domain.tickets.ticket import ticket_label

ACKNOWLEDGED, SNOOZED = "acknowledged", "snoozed"  # what holds the calls to act on a ticket that rests


@dataclass(frozen=True, slots=True)
class OutMessage:
    """A message, committed together with the state it is about. It waits for `not_before`, if set.

    One that is for `day_or_night` does not wait for its recipient's quiet hours to end. An alarm waits for nothing, and
    goes before everything else.
    """

    key: str
    to: Recipient
    title: str
    body: Paragraph
    is_urgent: bool = False
    ticket: int | None = None
    not_before: datetime | None = None
    is_day_or_night: bool = False
    is_alarm: bool = False

    @property
    def label(self) -> str:
        """The ticket's label, such as T-000123; empty if it is about none."""
        return "" if self.ticket is None else ticket_label(self.ticket)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one recipient: some outbox rows folded into one, all alarms or none.

    Deliveries of the same rows over several channels share their `bundle`; `shown` are the keys of those rows that
    another one of them has shown. Before `created_at`, nothing was sent.
    """

    id: int
    key: str
    bundle: int
    notifier: str
    to: Recipient
    items: tuple[OutMessage, ...]
    attempts: int
    is_unclear: bool
    created_at: datetime
    shown: frozenset[str] = frozenset()


class Claim(NamedTuple):
    """A reserved delivery, who claims it, and until when nobody else may."""

    delivery: Delivery
    holder: str
    until: datetime


class Onward(NamedTuple):
    """Over which channel a message goes that came back, and not before when."""

    notifier: str
    at: datetime


class Outcome(StrEnum):
    """The outcome of one attempt to deliver."""

    SENT = "sent"
    RETRIED = "retried"  # it failed, and will be tried again
    MOVED = "moved"  # it failed, and goes out over another channel
    UNREACHABLE = "unreachable"  # it failed, and there is no other channel
    BOUNCED = "bounced"  # it was sent, and came back later


class WaitingRecipient(NamedTuple):
    """A recipient, and how many messages wait for them: of alarms, or of all else."""

    to: Recipient
    messages: int
    is_alarm: bool = False


class MessageHead(NamedTuple):
    """What decides whether a message may go now: its key, its ticket, and whether it waits for no quiet hours.

    `is_unclear`: somebody may have seen it already.
    """

    key: str
    ticket: int | None
    is_day_or_night: bool
    is_unclear: bool = False


class Bundle(NamedTuple):
    """Messages of one recipient, by key and in order, to go out as one delivery over each notifier."""

    to: Recipient
    notifiers: Sequence[str]
    keys: Sequence[str]
    is_alarm: bool = False


class DeliveryCount(NamedTuple):
    """How many messages arrived at a recipient, and how many more are under way to them."""

    arrived: int
    under_way: int


class Backlog(NamedTuple):
    """How many messages are in no delivery yet, and how many deliveries are not sent."""

    messages: int
    deliveries: int


class Outbox(Protocol):
    """Messages, and their deliveries.

    Deliveries are reserved by the page and claimed one by one. Only a claimed one may have been sent. Both are
    conditional UPDATEs with a time limit.
    """

    def add(self, messages: Sequence[OutMessage], now: datetime) -> int:
        """Queue messages, without those with a key that was queued before; return how many were new."""

    def withdraw(self, keys: Sequence[str]) -> int:
        """Take back messages that are not on their way yet; return how many."""

    def known(self, keys: Collection[str]) -> set[str]:
        """Return those of these keys under which a message was ever added."""

    def withdraw_about(
        self, tickets: Collection[int], said: str = "", but: tuple[str, ...] = ()
    ) -> list[str]:
        """Take back messages about these tickets that no channel has tried to send; return their keys.

        They are false now. `said`: only those whose keys say this after the ticket's label; else all, as the tickets
        are over. Left alone are those whose keys begin with one of `but`. Of those that were held, the ticket is kept,
        for `Deliveries.take_dropped`.
        """

    def withdraw_unseen(self, beginning: str) -> list[str]:
        """Take back the alarms whose keys begin so, as far as no channel can have shown them; return their keys."""

    def hold_about(self, ticket: int, until: datetime, by: str, but: tuple[str, ...] = ()) -> int:
        """Hold back the calls to act on a ticket that no channel has tried to send; return how many. `by` says why.

        Left alone are those that wait longer for something else, and those whose keys begin with one of `but`.
        """

    def end_rests(self, now: datetime) -> None:
        """Let go the calls that somebody's "I have it" or "later" holds, of open tickets that do not rest any more.

        A ticket whose last change can be taken back counts as it was before.
        """

    def may_reach(self, ticket: int, beginning: str) -> bool:
        """True if a message about a ticket whose key begins so reached somebody, or still may."""

    def told_about(self, since: Mapping[int, datetime]) -> dict[int, tuple[Recipient, ...]]:
        """By ticket, the recipients who got, or may have got, a message about it.

        `since` has the tickets, each with the earliest instant of queueing that counts. Tickets that nobody was told
        about are left out. Recipients are in a stable order, each once.
        """

    def set_right(self, now: datetime, longest: timedelta) -> None:
        """Let go what waits for an instant that lies further ahead than it can: a clock was wrong when it was set.

        `longest`: the longest wait between two attempts, or that a channel is left alone for.
        """

    def waiting(self, oldest_before: datetime, now: datetime) -> list[WaitingRecipient]:
        """Recipients with pending messages, if their oldest was queued at or before `oldest_before`. Alarms come first,
        whenever they were queued.

        Messages that have to wait beyond `now` are left out, here and in `bundle`.
        """

    def deliveries(self, to: Sequence[Recipient], since: datetime) -> list[DeliveryCount]:
        """Count each recipient's messages: those that arrived since an instant, and others under way; no alarms.

        What goes out over several notifiers is one, and has arrived once one of them took it.
        """

    def untried(self, to: Recipient) -> int:
        """Count the events under way to a feed that have not failed yet."""

    def pending(
        self, to: Sequence[Recipient], now: datetime, limit: int, *, is_alarm: bool = False
    ) -> list[list[OutMessage]]:
        """The messages of each recipient that may be folded now, the oldest first, at most `limit` of each."""

    def relink(self, links: Mapping[str, str]) -> None:
        """Give messages other links, by key."""

    def heads(
        self, to: Sequence[Recipient], now: datetime, *, is_alarm: bool = False
    ) -> list[list[MessageHead]]:
        """The heads of all messages that `pending` has for each recipient."""

    def bundle(self, bundles: Sequence[Bundle], now: datetime) -> None:
        """Fold pending messages into deliveries that are due at once.

        One with an unclear message is unclear, and may have been sent since that was queued.
        """

    def give_up(self, to: Recipient, now: datetime) -> int:
        """Give up messages to a recipient whom no channel reaches; return how many were given up.

        Pending messages about tickets become unreachable, so that the tickets' next step comes. The others wait for
        a channel.
        """

    def reserve(
        self, holder: str, now: datetime, life: timedelta, limit: int, but: Collection[str] = ()
    ) -> list[Delivery]:
        """Set aside the next deliveries, alarms first, that are due, nobody else's, and over channels that may be used.

        None is over a channel that is left alone, or that is one of `but`.
        Feeds come after people, and none that is stopped (see `feeds`); events that failed by their own fault come
        last. What is reserved is still waiting: it can be withdrawn, held or dropped until it is claimed, and after
        `life` it is anybody's. The holder's own may be reserved again at any time. `attempts` counts the claim to come.
        If an earlier claim expired, the delivery is unclear.
        """

    def claim(self, claim: Claim) -> bool:
        """Claim what the holder reserved; from now on it may have been sent. False if it is no longer as it was."""

    def give_back(self, holder: str) -> None:
        """Let anybody have at once what the holder reserved and did not claim."""

    def shorten(self, delivery: Delivery, kept: int) -> Delivery:
        """Keep the first `kept` messages in the delivery; the others are pending again.

        A message that may have been seen by then will say so when it is sent again. A message that another delivery
        of the bundle has shown stays as it is.
        """

    def drop(self, delivery: Delivery, keys: Collection[str]) -> Delivery | None:
        """Never send these messages of the delivery, which are not true any more; None if no other is left.

        Of one that may have been seen, that is remembered: its reader counts as told. What others have reserved is let
        go. Other deliveries of the bundle have no messages any more then, and are to be dropped when they are due.
        """

    def beside(self, delivery: Delivery, tickets: Collection[int]) -> set[str]:
        """The keys of other messages about these tickets that arrived, or are on their way over the delivery's channel.

        Whoever they are to.
        """

    def go_instead(self, delivery: Delivery, keys: Collection[str], now: datetime) -> None:
        """Let what waits with these messages take the place of a delivery: it is due over the same channel.

        Over each channel of the bundle it has made as many attempts as that had, the delivery's last one not counted.
        """

    def sent(self, delivery: Delivery, reference: str, now: datetime, following: Claim | None = None) -> bool:
        """Record that it arrived; idempotent. What was said to a feed is not kept: the journal has the event.

        With `following`, do `claim` too, in as few statements as the database can; return what it returns.
        """

    def let_go(self, delivery: Delivery) -> None:
        """Never send this delivery, and forget its messages, because the person whom they are about was erased."""

    def retry(self, delivery: Delivery, error: str, now: datetime, at: datetime, *, is_unclear: bool) -> None:
        """Try again at `at` what has failed `now`."""

    def failed(self, now: datetime) -> set[str]:
        """The channels over which messages to people or to the channel have failed, and wait for a later attempt."""

    def hurry(self, arrived: Delivery, now: datetime) -> int:
        """Make due what failed over a channel while nothing arrived over it, until `arrived` did; return how many.

        Left alone are events for programs, what is held, and what waits more than four times as long as nothing
        arrived: it may be at fault itself, and would use up its attempts.
        """

    def leave_alone(self, notifier: str, until: datetime) -> None:
        """Claim no delivery over this channel before `until`."""

    def put_off(self, delivery: Delivery, error: str, now: datetime, at: datetime) -> None:
        """Try again at `at`; this attempt does not count.

        `error` is what the channel said `now`; empty if it was not asked.
        """

    def others_arrived(self, delivery: Delivery, now: datetime) -> bool:
        """True if a feed took another event since this one failed last, or since it was due at first."""

    def fail_event(
        self, delivery: Delivery, error: str, now: datetime, at: datetime, *, is_own: bool, is_unclear: bool
    ) -> None:
        """Try an event again at `at`. This attempt counts only if the event is at fault itself."""

    def move(self, delivery: Delivery, notifier: str | None, error: str, now: datetime) -> None:
        """Move a delivery to another channel; with None, it is unreachable.

        Its messages are then unreachable, too, unless another delivery of the bundle may still reach somebody.
        """

    def notifiers_of(self, delivery: Delivery) -> frozenset[str]:
        """The channels of all deliveries of its bundle, itself among them."""

    def accepted(self, key: str) -> Delivery | None:
        """The delivery with this key, if it counts as arrived; with all its messages."""

    def bounce(self, delivery: Delivery, error: str, onward: Onward | None, now: datetime) -> None:
        """Record that an accepted delivery came back, so that it never arrived.

        Its messages go out as a new delivery over another channel; those of its bundle that it no longer has are
        dropped. With None it is unreachable, and so are its messages, as after `move`.
        """

    def backlog(self) -> Backlog:
        """Count the messages and deliveries that still have to be sent."""
