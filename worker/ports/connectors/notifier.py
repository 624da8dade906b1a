"""Notifiers: channels to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from worker.domain.messages.message import Message
from worker.ports.connectors.base import Connector


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel's own reference for an accepted message, shown in the journal."""

    reference: str


class Notifier(Connector, Protocol):
    """A channel to people. Its `check` sends nothing."""

    @property
    def reaches_people(self) -> bool:
        """True if it can address one person by e-mail address."""

    @property
    def has_channel(self) -> bool:
        """True if it has a common channel to post to."""

    @property
    def is_log(self) -> bool:
        """True if it only records messages: beside another notifier it gets copies, and it never counts as having
        reached anybody.
        """

    def takes(self, message: Message) -> int:
        """The number of the message's first paragraphs that `send` can show, each with its link; at least 1. No I/O.

        Leaves room for the note, and always for the repeat note.
        """

    def send(self, message: Message) -> Receipt:
        """Deliver once. After an unclear answer, the same `message.key` may be sent again.

        A long text is cut visibly, and keeps its link and its first facts. Raises NotDone (with the wait that the
        channel asks for) if it surely was not sent, Transient if it may have been, Unreachable if the recipient
        is not on this channel, Rejected, AuthFailed, PermissionDenied.
        """

    def find(self, message: Message) -> Receipt | None:
        """The receipt of the message with this key if it arrived; None if it did not, or if the channel can't tell."""
