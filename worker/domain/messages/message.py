"""Messages to people, before any channel renders them.

A message is plain values; each notifier turns it into its own form (Block Kit, text, mail). Text
from outside (group and person names) is never marked up here: escaping is the renderer's work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RecipientKind(StrEnum):
    """One person, or the security team's common channel."""

    PERSON = "person"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A message's recipient; `address` is an e-mail address for a person, empty for the channel.

    `language` (BCP 47) is the message's, None for the organisation's. It is no part of the recipient's identity.
    """

    kind: RecipientKind
    address: str = ""
    name: str = ""
    language: str | None = field(default=None, compare=False)

    @property
    def label(self) -> str:
        """The recipient's name in tables and in the journal."""
        return self.name or self.address or self.kind.value


CHANNEL = Recipient(RecipientKind.CHANNEL)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One item of a message: a headline (may be empty), a text, and fact lines under it."""

    headline: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()  # (label, value)
    steps: tuple[str, ...] = ()  # numbered instructions
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `key` is the idempotency key, the same whenever this message is tried again.

    `is_urgent` marks an escalation. `may_be_repeat` is set when an earlier attempt ended unclearly, and
    `repeat_note` says so in the recipient's language. `note` stands at the end, and is always shown.
    """

    key: str
    to: Recipient
    title: str
    paragraphs: tuple[Paragraph, ...] = ()
    is_urgent: bool = False
    may_be_repeat: bool = False
    repeat_note: str = ""
    note: str = ""
