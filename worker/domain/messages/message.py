"""Messages to people, before any channel renders them.

A message is plain values; each notifier turns it into its own form (Block Kit, text, mail). Text
from outside (group and person names) is never marked up here: escaping is the renderer's work.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class RecipientKind(StrEnum):
    """One person, a channel that several people read, or a program that follows events (see `event`)."""

    PERSON = "person"
    CHANNEL = "channel"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A message's recipient.

    `address` identifies them: the e-mail address of a person, else their phone number (E.164); the name of a channel,
    empty for the security team's; the notifier of a feed. `phone` (E.164) is a further address of a person.
    `language` (BCP 47) is the message's, None for the organisation's. `via` names the notifiers to use, the first
    choice first; empty: all.
    """

    kind: RecipientKind
    address: str = ""
    name: str = field(default="", compare=False)
    language: str | None = field(default=None, compare=False)
    phone: str = field(default="", compare=False)
    via: tuple[str, ...] = field(default=(), compare=False)

    @property
    def label(self) -> str:
        """The recipient's name in tables and in the journal."""
        return self.name or self.address or self.kind.value

    @property
    def email(self) -> str:
        """The e-mail address of a person; empty if they have none."""
        return self.address if "@" in self.address else ""

    @property
    def number(self) -> str:
        """The phone number of a person, as E.164; empty if none is known."""
        return self.phone or (self.address if self.address.startswith("+") else "")


CHANNEL = Recipient(RecipientKind.CHANNEL)


def feed_of(notifier: str) -> Recipient:
    """The program behind a notifier that follows events."""
    return Recipient(RecipientKind.FEED, notifier, via=(notifier,))


class ReaderAct(StrEnum):
    """What a reader can do about a ticket where they read of it."""

    ACKNOWLEDGE = "acknowledge"
    DONE = "done"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    WAIVE = "waive"


@dataclass(frozen=True, slots=True)
class Offer:
    """An act that a reader is offered, in their language."""

    act: ReaderAct
    label: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One item of a message: a headline (may be empty), a text, and fact lines under it.

    `ticket` is the label of the ticket that it is about, such as T-000123; empty if it is about none. `title` is that
    ticket's own: what is to be done, the same in everything that one reader gets about it. `offers` are for channels in
    which people can act, about the ticket as it was at `version`. `thread` is the notifier's reference of the message
    that this one continues; empty if it stands alone. `is_call`: it asks its reader to act, so it has to be noticed.
    `is_fixed`: it stays as it was sent, whatever becomes of the ticket. `link_label` is what its link may be called, in
    the reader's language; empty: as `Message` has it. `pasted`: texts that the reader copies into a messenger, each
    with a label. They come after the steps, in their lines and to the letter, or are left out: a channel never cuts
    them.
    """

    headline: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()  # (label, value)
    steps: tuple[str, ...] = ()  # numbered instructions
    link: str | None = None
    ticket: str = ""
    title: str = ""
    version: int = 0
    offers: tuple[Offer, ...] = ()
    thread: str = ""
    is_call: bool = False
    is_fixed: bool = False
    link_label: str = ""
    pasted: tuple[tuple[str, str], ...] = ()  # (label, text)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `key` is the idempotency key, the same whenever this message is tried again.

    `is_urgent` marks an escalation. `may_be_repeat` is set when an earlier attempt ended unclearly, and
    `repeat_note` says so in the recipient's language. `note` stands at the end, and is always shown.
    `link_label` is what links may be called, in the recipient's language. `tried_from` is the earliest instant (aware
    UTC) at which it may have been sent.
    """

    key: str
    to: Recipient
    title: str
    paragraphs: tuple[Paragraph, ...] = ()
    is_urgent: bool = False
    may_be_repeat: bool = False
    repeat_note: str = ""
    note: str = ""
    link_label: str = ""
    tried_from: datetime | None = None

    @property
    def under_title(self) -> tuple[Paragraph, ...]:
        """The paragraphs for a channel that shows the title above them: no headline only says it once more."""
        return tuple(
            replace(one, headline="") if one.headline == self.title else one for one in self.paragraphs
        )
