"""Notifiers: channels to people."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from worker.domain.messages.message import Message, Recipient, RecipientKind
from worker.ports.connectors.base import Connector


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel's own reference for an accepted message, shown in the journal."""

    reference: str


class Reach(StrEnum):
    """By what a notifier reaches somebody: a person's address, or a channel that several people read."""

    EMAIL = "email"
    PHONE = "phone"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a notifier can do, as it declares it.

    `channels` are the names of its channels besides the security team's. `can_find`: after an unclear answer it can
    tell whether a message arrived. `has_key`: the other side drops a second message with the same key. `can_update`:
    a message that was sent can be changed in place. `is_two_way`: people can act in it. `is_log`: it only records
    messages; beside another notifier it gets copies, and it never counts as having reached anybody. `events`: globs of
    the journal's events (ticket.*) that a program behind it follows, each sent as a message to its feed, which
    `event_in` reads; `wants_names`: with the names of the group and the person. `knows_zones`: it is a `ZoneTeller`.
    `hears_returns`: it is a `ReturnTeller`. `by_password`: it signs in with a password, and whoever counts refusals may
    lock the account.
    `channel_page`: where a browser shows a channel, with {channel} for what a receipt has before its slash; empty if
    nowhere.
    """

    reaches: frozenset[Reach]
    channels: frozenset[str] = frozenset()
    can_find: bool = False
    has_key: bool = False
    can_update: bool = False
    is_two_way: bool = False
    is_log: bool = False
    events: tuple[str, ...] = ()
    wants_names: bool = False
    knows_zones: bool = False
    hears_returns: bool = False
    by_password: bool = False
    channel_page: str = ""

    def reach(self, to: Recipient) -> bool:
        """True if it has an address of the recipient that it can use."""
        if to.kind is RecipientKind.FEED:
            return bool(self.events)
        if to.kind is RecipientKind.CHANNEL:
            return to.address in self.channels if to.address else Reach.CHANNEL in self.reaches
        by_email = Reach.EMAIL in self.reaches and bool(to.email)
        return by_email or (Reach.PHONE in self.reaches and bool(to.number))


class Notifier(Connector, Protocol):
    """A channel to people. Its `check` sends nothing."""

    @property
    def can(self) -> Abilities:
        """What it can do; the same for its whole life."""

    def takes(self, message: Message) -> int:
        """Return how many of the message's first paragraphs `send` can show, each with its link; at least 1.

        Does no I/O. It leaves room for the note if there is one, and always for the repeat note.
        """

    def send(self, message: Message) -> Receipt:
        """Deliver once. After an unclear answer, the same `message.key` may be sent again.

        A long text is cut visibly, and keeps its link and its first facts. Raises NotDone (with the wait that the
        channel asks for) if it surely was not sent, Transient if it may have been, Unreachable if the recipient
        is not on this channel, Rejected, AuthFailed, PermissionDenied.
        """

    def find(self, message: Message) -> Receipt | None:
        """Return the receipt of the message with this key.

        None if it did not arrive, or if the channel can't tell. Raises ConnectorError: PermissionDenied if we may not
        look there.
        """


class ZoneTeller(Notifier, Protocol):
    """A notifier with `can.knows_zones`: people's time zones are known there."""

    def zone_of(self, email: str) -> str | None:
        """Return the time zone that the channel stores for a person; None if it stores none.

        The name may not be one of IANA's. Raises ConnectorError if the channel can't be asked now; Unreachable and
        Rejected are about this person alone.
        """


@dataclass(frozen=True, slots=True)
class Returned:
    """A report that a message which the channel had accepted did not arrive after all.

    `key` is the message's, as the report has it: anybody may have written it. `to` are the recipient's addresses in the
    report, case-folded, as `Recipient.address` has them. `why` is one line in English.
    """

    key: str
    to: frozenset[str]
    why: str


class ReturnTeller(Notifier, Protocol):
    """A notifier with `can.hears_returns`: it is told which messages came back."""

    def returned(self) -> Generator[Returned]:
        """Yield the reports that nobody has acknowledged, in any order; a bounded number.

        Those that are left out come in later calls, also where each call is a new process's.

        A report is acknowledged when the next one is asked for, or the end: commit what follows from it before. One
        that was not, comes again. Raises ConnectorError if they can't be read now.
        """
