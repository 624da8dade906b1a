"""Messages for tests of delivering, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from builders import ticket
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import Paragraph, Recipient
from worker.ports.state.outbox import OutMessage

Found = Callable[..., Harness]
ANN = person_at("Ann@example.org", "Ann")


def letter(key: str, to: Recipient = ANN, number: int | None = None) -> OutMessage:
    return OutMessage(key, to, f"Title {key}", Paragraph(f"Headline {key}", "Text."), ticket=number)


def with_ticket(harness: Harness) -> int:
    """A ticket for messages to be about."""
    with harness.store.begin() as uow:
        [stored] = uow.tickets.insert([ticket()])
    return stored.id


def state_of(harness: Harness) -> list[int]:
    with harness.store.begin() as uow:
        return uow.tickets.unreachable()


def minutes(harness: Harness, count: float) -> None:
    harness.later(minutes=count)


def shown(*notifiers: FakeNotifier) -> list[str]:
    """The headlines of all that was seen, in order."""
    return [part.headline for one in notifiers for message in one.sent for part in message.paragraphs]


def headlines(keys: Iterable[str]) -> list[str]:
    return [f"Headline {key}" for key in keys]
