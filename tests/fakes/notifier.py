"""A notifier that keeps what it was given, and fails when told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from worker.domain.messages.message import Message
from worker.ports import (
    Abilities,
    CheckResult,
    ConnectorError,
    Passive,
    Reach,
    Receipt,
    Rejected,
    Returned,
    Transient,
    Unreachable,
)
from worker.ports.connectors.conversing import Clicker, Form, Interaction, Keep


class FakeNotifier(Passive):
    """`sent` is the log of effects: one entry for each message that a person would see.

    Without `can_find` it is a channel that cannot tell what arrived. It shows `capacity` paragraphs of a message and
    drops the rest, as channels do. If it `is_conversing`, what was sent can be changed, and people act in it.
    """

    def __init__(
        self,
        name: str = "fake",
        *,
        reaches_people: bool = True,
        reaches_phones: bool = False,
        has_channel: bool = True,
        channels: Iterable[str] = (),
        can_find: bool = True,
        is_log: bool = False,
        events: Iterable[str] = (),
        wants_names: bool = False,
        is_conversing: bool = False,
        knows_zones: bool = False,
        hears_returns: bool = False,
        by_password: bool = False,
        channel_page: str = "",
        capacity: int = 1_000_000,
    ) -> None:
        self.name = name
        reaches = {
            Reach.EMAIL: reaches_people, Reach.PHONE: reaches_phones, Reach.CHANNEL: has_channel,
        }  # fmt: skip
        self.can = Abilities(
            frozenset(reach for reach, is_so in reaches.items() if is_so),
            channels=frozenset(channels),
            can_find=can_find,
            is_log=is_log,
            events=tuple(events),
            wants_names=wants_names,
            can_update=is_conversing,
            is_two_way=is_conversing,
            knows_zones=knows_zones,
            hears_returns=hears_returns,
            by_password=by_password,
            channel_page=channel_page,
        )
        self.capacity = capacity
        self.sent: list[Message] = []
        self.attempts: list[Message] = []
        self.unreachable: set[str] = set()
        self.chokes_on: set[str] = set()  # titles of messages that it fails at, each time
        self.down: ConnectorError | None = None  # the answer to everything, check too, while it is set
        self.standing: dict[str, Message] = {}  # what stands in the channel, by reference
        self.replies: list[tuple[str, Message]] = []
        self.people: dict[str, Clicker] = {}
        self.zones: dict[str, str | ConnectorError | None] = {}  # by e-mail address
        self.zones_asked: list[str] = []
        self.returns: deque[Returned | BaseException] = deque()  # reports that nobody has acknowledged
        self.looks = 0  # for such reports
        self.forms: list[Form] = []
        self.answers: list[Message] = []
        self.is_late = False  # for a form
        self.answering: BaseException | None = None  # what goes wrong with every answer
        self.cannot_change: ConnectorError | None = None
        self.cannot_change_one: dict[str, ConnectorError] = {}  # by reference
        self._before: deque[BaseException] = deque()
        self._after: deque[BaseException] = deque()

    def fail_next(self, error: BaseException, times: int = 1) -> None:
        """The next `times` sends raise `error` and have no effect."""
        self._before.extend([error] * times)

    def lose_next_answer(self, error: BaseException | None = None) -> None:
        """The next send has its effect and then raises `error` (a lost answer, a crash)."""
        self._after.append(
            error or Transient("Fake: no answer after the message was handed over.", remedy="Wait.")
        )

    def keys(self) -> list[str]:
        return [message.key for message in self.sent]

    def to(self, address: str) -> list[Message]:
        """What one person was sent; an empty address is the channel."""
        return [message for message in self.sent if message.to.address == address]

    def takes(self, message: Message) -> int:
        return max(1, min(self.capacity, len(message.paragraphs)))

    def send(self, message: Message) -> Receipt:
        self.attempts.append(message)
        if self.down:
            raise self.down
        if self._before:
            raise self._before.popleft()
        if message.title in self.chokes_on:
            raise Transient("Fake: 500.", remedy="Wait.")
        if message.to.address in self.unreachable or not self.can.reach(message.to):
            raise Unreachable(f"Fake: {message.to.label} is not here.", remedy="Use another channel.")
        self.sent.append(replace(message, paragraphs=message.paragraphs[: self.takes(message)]))
        self.standing[f"fake/{len(self.sent)}"] = self.sent[-1]
        if self._after:
            raise self._after.popleft()
        return Receipt(f"fake/{len(self.sent)}")

    def zone_of(self, email: str) -> str | None:
        self.zones_asked.append(email)
        known = self.down or self.zones.get(email)
        if isinstance(known, ConnectorError):
            raise known
        return known

    def bounce(self, message: Message, why: str = "Fake: no such mailbox.") -> None:
        """A message that was sent comes back."""
        self.returns.append(Returned(message.key, frozenset({message.to.address.casefold()}), why))

    def returned(self) -> Generator[Returned]:
        self.looks += 1
        if self.down:
            raise self.down
        while self.returns:
            if isinstance(self.returns[0], BaseException):
                raise self.returns.popleft()  # type: ignore[misc]
            yield self.returns[0]
            self.returns.popleft()

    # --- conversing ------------------------------------------------------------------------------

    def update(self, reference: str, message: Message) -> None:
        if error := self.cannot_change or self.cannot_change_one.get(reference):
            raise error
        self.standing[reference] = message

    def reply(self, reference: str, message: Message) -> None:
        self.replies.append((reference, message))

    @contextmanager
    def listen(self, keep: Keep) -> Iterator[None]:
        self.keep = keep
        yield

    def prepare(self, asked: Interaction) -> Interaction:
        if self.is_late:
            raise Rejected("Fake: too late.", remedy="Click again.")
        return replace(asked, place="prepared")

    def who(self, user: str) -> Clicker:
        if self.down:
            raise self.down
        if user not in self.people:
            raise Unreachable(f"Fake: {user} is nobody here.", remedy="Ask somebody else.")
        return self.people[user]

    def ask(self, asked: Interaction, form: Form) -> None:
        assert asked.place == "prepared"
        self.forms.append(form)

    def answer(self, to: Interaction, message: Message) -> None:
        if self.answering:
            raise self.answering
        self.answers.append(message)

    def find(self, message: Message) -> Receipt | None:
        if self.down:
            raise self.down
        for number, earlier in enumerate(self.sent, 1):
            if self.can.can_find and earlier.key == message.key and earlier.to == message.to:
                return Receipt(f"fake/{number}")
        return None

    def check(self) -> CheckResult:
        if self.down:
            return CheckResult(ok=False, message=self.down.message, remedy=self.down.remedy or "Look at it.")
        return CheckResult(ok=True, message="keeps what it is given")
