"""A trial of one notifier: a message that says that it is a test, sent at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from worker.app.refused import Refused
from worker.app.tell.addressing import person_at
from worker.app.tell.feeds import Followers
from worker.app.tell.teller import Teller
from worker.domain.messages.message import CHANNEL, Message, Paragraph, Recipient, RecipientKind, feed_of
from worker.ports import Notifier, Receipt
from worker.ports.state.store import Store


class Trial:
    """Sends test messages. Nothing is queued, and none counts towards anybody's day."""

    def __init__(self, store: Store, notifiers: Sequence[Notifier], teller: Teller) -> None:
        self._store = store
        self._notifiers = {one.name: one for one in notifiers}
        self._teller = teller
        self._feeds = Followers(notifiers, teller)

    def run(self, name: str, to: str, now: datetime) -> Receipt:
        """Send one test message over a notifier: to a person's e-mail address or phone number, else to its channel.

        A feed gets a test event, and one that was stopped goes on from there. Raises Refused if there is no such
        notifier, or if it can't reach whom it should; and as `Notifier.send`.
        """
        notifier = self._notifiers.get(name)
        if notifier is None:
            known = ", ".join(self._notifiers) or "none"
            raise Refused(f"There is no notifier '{name}'; there are: {known}.")
        recipient = self._recipient(notifier, to)
        if not notifier.can.reach(recipient):
            raise Refused(
                f"{name} has no way to {to}." if to else f"{name} has no channel; name a person: --to ADDRESS"
            )
        receipt = notifier.send(self._message(recipient, now))
        if recipient.kind is RecipientKind.FEED:
            with self._store.begin() as uow:
                uow.feeds.resume(name)
                uow.outbox.leave_alone(name, now)
        return receipt

    def _recipient(self, notifier: Notifier, to: str) -> Recipient:
        if to:
            return person_at(to)
        return feed_of(notifier.name) if notifier.can.events else CHANNEL

    def _message(self, to: Recipient, now: datetime) -> Message:
        tongue = self._teller.tongue
        key = f"test:{now.isoformat()}:{to.address}"
        if to.kind is RecipientKind.FEED:
            return Message(key, to, "notify.tested", (self._feeds.test_event(to.address, now),))
        title = tongue.say("A test message from Whosleft")
        text = tongue.say("This is a test. Nothing has happened, and there is nothing to do.")
        return Message(key, to, title, (Paragraph("", text),))
