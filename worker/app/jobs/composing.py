"""Write the message of a delivery, and ask its channel how much of it is shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from worker.app.tell.conversing import Conversing, is_conversing, plain
from worker.app.tell.teller import Teller
from worker.domain.messages.message import Message, Paragraph, Recipient, RecipientKind
from worker.domain.messages.sentences import digest, last_today, may_be_repeat, open_ticket
from worker.ports import Notifier
from worker.ports.state.outbox import Delivery, OutMessage
from worker.ports.state.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class Composing:
    """Writes the messages of deliveries.

    `daily_max` is how many one person gets in a day; the last of them says so.
    """

    store: Store
    notifiers: Mapping[str, Notifier]
    conversing: Conversing
    teller: Teller
    daily_max: int

    def fitting(
        self, channel: str, to: Recipient, items: Sequence[OutMessage], uow: UnitOfWork | None = None
    ) -> int:
        """How many of the items one message over a channel shows, with the longest note; one is always shown."""
        if len(items) == 1:
            return 1
        return self.shown(channel, to, items, self.paragraphs(channel, to, items, uow))

    def shown(
        self, channel: str, to: Recipient, items: Sequence[OutMessage], paragraphs: Sequence[Paragraph]
    ) -> int:
        """As `fitting`, of paragraphs that are written already."""
        if len(items) == 1:
            return 1
        message = self._message("", to, items, paragraphs, is_last=to.kind is RecipientKind.PERSON)
        begun = list(accumulate(_are_new(paragraphs)))  # by item: how many paragraphs of the message it takes
        return bisect_right(begun, self.notifiers[channel].takes(message))

    def paragraphs(
        self, channel: str, to: Recipient, items: Sequence[OutMessage], uow: UnitOfWork | None = None
    ) -> list[Paragraph]:
        """The items as a channel shows them; as they are for one that is no more."""
        notifier = self.notifiers.get(channel)
        if notifier is None or not is_conversing(notifier.can):
            return plain(items)
        if uow is not None:
            return self.conversing.paragraphs(uow, notifier, to, items)
        with self.store.reading() as reading:
            return self.conversing.paragraphs(reading, notifier, to, items)

    def message_of(self, delivery: Delivery, paragraphs: Sequence[Paragraph], *, is_last: bool) -> Message:
        """The message of a delivery, from the paragraphs of its items, to its reader in the language that it is in."""
        to = delivery.to
        if to.language is not None:
            to = replace(to, language=self.teller.languages.of(to.language).code)
        message = self._message(delivery.key, to, delivery.items, paragraphs, is_last=is_last)
        return replace(message, may_be_repeat=delivery.is_unclear, tried_from=delivery.created_at)

    def _message(
        self,
        key: str,
        to: Recipient,
        items: Sequence[OutMessage],
        paragraphs: Sequence[Paragraph],
        *,
        is_last: bool,
    ) -> Message:
        tongue = self.teller.languages.of(to.language)
        note = last_today(self.daily_max, tongue) if is_last else ""
        is_urgent = any(item.is_urgent for item in items)
        told = zip(items, paragraphs, _are_new(paragraphs), strict=True)
        parts = [(item.title, paragraph) for item, paragraph, is_new in told if is_new]
        message = digest(key, to, parts, note, is_urgent=is_urgent, tongue=tongue)
        return replace(message, repeat_note=may_be_repeat(tongue), link_label=open_ticket(tongue))


def _are_new(paragraphs: Sequence[Paragraph]) -> list[bool]:
    """Which of them say something new: two steps of one ticket that come together may say the same."""
    said = set[Paragraph]()
    found = []
    for one in paragraphs:
        found.append(one not in said)
        if one.ticket:
            said.add(one)
    return found
