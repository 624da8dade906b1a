"""What a notifier offers besides sending: messages that are kept true, and people who act where they read.

The connector proves who asks and says where to answer; the core decides who may do what, and does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from worker.domain.messages.message import Message, ReaderAct
from worker.ports.connectors.notifier import Notifier


@dataclass(frozen=True, slots=True)
class Interaction:
    """What somebody did in a channel; nothing of it is believed yet.

    `key` tells it apart from all others of the notifier: who, what and when. `user` is the channel's own id of a
    person. Without an `act` they want to see their tickets. `version` is of the ticket, as they saw it. `given` is what
    they gave: `reason` (a text), `person` (the channel's id of one) or `span` (one of the choices). `is_asking`: they
    want the form for it first. `place` says where to answer, in the notifier's own words.
    """

    key: str
    user: str
    at: datetime
    act: ReaderAct | None = None
    ticket: int = 0
    version: int = 0
    given: Mapping[str, str] = field(default_factory=dict)
    is_asking: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Clicker:
    """The person behind a channel's id. `id` is as in `Actor`. An operator may do everything that is offered."""

    email: str
    name: str
    id: str
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form: `name` is a key of `Interaction.given`.

    The answer is a text, a person, or one of `choices` (value, label).
    """

    name: str
    label: str
    is_person: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What has to be said before an act, in the reader's language. `text` says what it is about."""

    title: str
    text: str
    submit: str
    cancel: str
    field: Field


Keep = Callable[[Interaction], None]


class Updating(Notifier, Protocol):
    """A notifier with `can.can_update`. Both methods raise as `send` does."""

    def update(self, reference: str, message: Message) -> None:
        """Change a message in the channel, which notifies nobody.

        A second call changes nothing. Raises Unreachable if the message is not there any more, Rejected if it can't be
        changed any more.
        """

    def reply(self, reference: str, message: Message) -> None:
        """Write a reply below a message, which notifies nobody.

        After an unclear answer it may be lost, or stand there twice.
        """


class TwoWay(Notifier, Protocol):
    """A notifier with `can.is_two_way`. Methods are called from several threads."""

    def listen(self, keep: Keep) -> AbstractContextManager[None]:
        """Take what people do, until the end of the context.

        `keep` stores it; only then is it acknowledged to the other side. Whatever it raises leaves it unacknowledged.
        """

    def prepare(self, asked: Interaction) -> Interaction:
        """Show at once that something is coming, where a form is wanted; return where to put it.

        Raises Rejected if it is too late for that.
        """

    def who(self, user: str) -> Clicker:
        """Look a person up. Raises Unreachable for guests, bots, other workspaces, and people without an address."""

    def ask(self, asked: Interaction, form: Form) -> None:
        """Show the form. What the person sends with it arrives as another interaction."""

    def answer(self, to: Interaction, message: Message) -> None:
        """Tell this person alone what came of what they did."""
