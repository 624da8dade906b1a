"""Deliver: outbox -> one message a recipient and window -> notifier.

Claim, send outside any transaction, mark. A claim whose holder died is unclear: the channel is asked
whether the message arrived before it is sent again, and where it cannot tell, the message says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from worker.app.report import Report
from worker.domain.message import Message, Recipient, RecipientKind
from worker.domain.tongue import ENGLISH_ONLY, Languages, Tongue
from worker.domain.wording import digest, last_today, may_be_repeat
from worker.ports import ConnectorError, Notifier, Rejected, Transient, Unreachable
from worker.ports.leases import Lease
from worker.ports.outbox import Delivered, Delivery, Outcome, tell_nobody
from worker.ports.store import Store

CLAIM_LIFE = timedelta(minutes=5)
ITEMS_MAX = 40  # messages in one digest
RETRY_FIRST = timedelta(seconds=30)
RETRY_MAX = timedelta(hours=1)
ATTEMPTS_MAX = 8  # about two hours; then another channel is tried
DELIVERIES_MAX = 200  # in one pass, so that a long queue does not outlive the lease


@dataclass(frozen=True, slots=True)
class DeliverRules:
    """`daily_max`: messages to one person in a day of `timezone`; the rest is folded into the next day's first."""

    digest_window: timedelta
    daily_max: int
    timezone: str
    languages: Languages = ENGLISH_ONLY


class Deliver:
    """Sends what the outbox holds."""

    def __init__(
        self,
        store: Store,
        notifiers: Sequence[Notifier],
        rules: DeliverRules,
        clock: Callable[[], datetime],
        holder: str,
        delivered: Delivered = tell_nobody,
    ) -> None:
        self._store = store
        self._notifiers = {notifier.name: notifier for notifier in notifiers}
        self._rules = rules
        self._clock = clock
        self._holder = holder
        self._delivered = delivered

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Fold what has waited long enough into deliveries, and send those that are due. `now` is aware UTC."""
        counts = {"folded": 0, "sent": 0, "retried": 0, "unreachable": 0, "held_for_tomorrow": 0}
        troubles: list[str] = []
        self._fold(now, lease, counts)
        for _ in range(DELIVERIES_MAX):
            with self._store.begin(lease) as uow:
                delivery = uow.outbox.claim(self._holder, max(now, self._clock()), CLAIM_LIFE)
            if delivery is None:
                break
            self._send(delivery, max(now, self._clock()), lease, counts, troubles)
        return Report("deliver", counts, tuple(dict.fromkeys(troubles)))

    # --- folding ---------------------------------------------------------------------------------

    def _fold(self, now: datetime, lease: Lease | None, counts: dict[str, int]) -> None:
        with self._store.begin(lease) as uow:
            for recipient, waiting in uow.outbox.waiting(now - self._rules.digest_window, now):
                left = self._budget(recipient, uow.outbox.sent_since(recipient, self._day_start(now)))
                if left <= 0:
                    counts["held_for_tomorrow"] += waiting
                    continue
                tongue = self._rules.languages.of(recipient.language)
                note = last_today(self._rules.daily_max, tongue) if left == 1 else ""
                channels = self._channels(recipient)
                counts["folded"] += uow.outbox.bundle(recipient, channels, note, now, ITEMS_MAX)

    def _budget(self, recipient: Recipient, sent: int) -> int:
        if recipient.kind is RecipientKind.CHANNEL:
            return 2  # the channel has no daily limit: never the last message
        return self._rules.daily_max - sent

    def _day_start(self, now: datetime) -> datetime:
        local = now.astimezone(ZoneInfo(self._rules.timezone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0)

    def _channels(self, recipient: Recipient) -> list[str]:
        """A person is told over the first channel that reaches people; the common channel over each there is."""
        if recipient.kind is RecipientKind.CHANNEL:
            return [name for name, notifier in self._notifiers.items() if notifier.has_channel]
        return self._people_channels()[:1]

    def _people_channels(self) -> list[str]:
        return [name for name, notifier in self._notifiers.items() if notifier.reaches_people]

    # --- sending ---------------------------------------------------------------------------------

    def _send(
        self,
        delivery: Delivery,
        now: datetime,
        lease: Lease | None,
        counts: dict[str, int],
        troubles: list[str],
    ) -> None:
        notifier = self._notifiers.get(delivery.notifier)
        if notifier is None:
            self._move_on(delivery, f"there is no channel {delivery.notifier} any more", now, lease, counts)
            return
        try:
            reference = self._send_once(
                notifier, _message(delivery, self._rules.languages.of(delivery.to.language))
            )
        except Transient as error:
            self._later(delivery, error, now, lease, counts, troubles)
        except (Unreachable, Rejected) as error:
            if self._must_arrive(delivery):
                troubles.append(f"{delivery.notifier}: {error}")
                self._later(delivery, error, now, lease, counts, troubles)
            else:
                self._move_on(delivery, error.message, now, lease, counts)
        except ConnectorError as error:
            troubles.append(f"{delivery.notifier}: {error}")
            self._later(delivery, error, now, lease, counts, troubles)
        else:
            counts["sent"] += 1
            with self._store.begin(lease) as uow:
                uow.outbox.sent(delivery, reference, now)
            self._delivered(delivery, Outcome.SENT, now)

    def _send_once(self, notifier: Notifier, message: Message) -> str:
        if message.may_be_repeat:
            found = notifier.find(message)
            if found is not None:
                return found.reference
        return notifier.send(message).reference

    def _later(
        self,
        delivery: Delivery,
        error: ConnectorError,
        now: datetime,
        lease: Lease | None,
        counts: dict[str, int],
        troubles: list[str],
    ) -> None:
        asked = error.retry_after_s if isinstance(error, Transient) else None
        is_unclear = isinstance(error, Transient) and asked is None
        if delivery.attempts >= ATTEMPTS_MAX and self._next_channel(delivery) is not None:
            unclear = replace(delivery, is_unclear=delivery.is_unclear or is_unclear)
            self._move_on(unclear, error.message, now, lease, counts)
            return
        wait = min(RETRY_FIRST * 2 ** (min(delivery.attempts, ATTEMPTS_MAX) - 1), RETRY_MAX)
        if asked is not None:
            wait = timedelta(seconds=asked)
        if delivery.attempts >= ATTEMPTS_MAX:
            troubles.append(
                f"{delivery.notifier} has refused message {delivery.key} {delivery.attempts} times: {error}"
            )
        counts["retried"] += 1
        with self._store.begin(lease) as uow:
            uow.outbox.retry(delivery, error.message, now + wait, is_unclear=is_unclear)
        self._delivered(delivery, Outcome.RETRIED, now)

    def _move_on(
        self, delivery: Delivery, why: str, now: datetime, lease: Lease | None, counts: dict[str, int]
    ) -> None:
        following = self._next_channel(delivery)
        counts["unreachable"] += following is None
        with self._store.begin(lease) as uow:
            uow.outbox.move(delivery, following, why, now)
        self._delivered(delivery, Outcome.UNREACHABLE if following is None else Outcome.MOVED, now)

    def _must_arrive(self, delivery: Delivery) -> bool:
        """Whether nothing else would tell it: no other channel, and no next step of a ticket."""
        return self._next_channel(delivery) is None and any(item.ticket is None for item in delivery.items)

    def _next_channel(self, delivery: Delivery) -> str | None:
        """The next channel that reaches people, for a person; the common channel's copies stand by themselves."""
        if delivery.to.kind is RecipientKind.CHANNEL:
            return None
        names = self._people_channels()
        if delivery.notifier not in names:
            return names[0] if names else None
        later = names[names.index(delivery.notifier) + 1 :]
        return later[0] if later else None


def _message(delivery: Delivery, tongue: Tongue) -> Message:
    items = [(item.title, item.body) for item in delivery.items]
    is_urgent = any(item.is_urgent for item in delivery.items)
    message = digest(delivery.key, delivery.to, items, delivery.note, is_urgent=is_urgent, tongue=tongue)
    return replace(message, may_be_repeat=delivery.is_unclear, repeat_note=may_be_repeat(tongue))
