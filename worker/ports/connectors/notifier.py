"""Notifiers: channels to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from worker.domain.messages.message import Message
from worker.ports.connectors.base import Connector


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel says of an accepted message: its own reference, shown in the journal."""

    reference: str


class Notifier(Connector, Protocol):
    """A channel to people. Its `check` sends nothing."""

    @property
    def reaches_people(self) -> bool:
        """Whether it can address one person by e-mail address."""

    @property
    def has_channel(self) -> bool:
        """Whether it has a common channel to post to."""

    @property
    def is_log(self) -> bool:
        """Whether it only writes down what others are told: beside another notifier it gets copies, and nobody
        counts as reached by it.
        """

    def takes(self, message: Message) -> int:
        """How many of the message's leading paragraphs `send` shows, each with its link; at least 1. No I/O.

        Room for the note and for the repeat note is kept, whether or not it may be a repeat.
        """

    def send(self, message: Message) -> Receipt:
        """Deliver once. The same `message.key` may be sent again after an unclear answer.

        A long text is cut visibly, and keeps its link and its first facts. Raises NotDone (with the wait
        asked for) when it surely was not sent, Transient when it may have been, Unreachable when the
        recipient is not on this channel, Rejected, AuthFailed, PermissionDenied.
        """

    def find(self, message: Message) -> Receipt | None:
        """Whether a message with this key did arrive; None when it did not or the channel cannot tell."""
