"""Deliver: outbox -> one message per recipient, with as many items as the channel shows -> notifier.

Claim, send outside any transaction, mark. If the holder of a claim died, the delivery is unclear: the channel is
asked whether the message arrived before it is sent again. If it cannot tell, the message says that it may be a repeat.
Items that a channel would not show stay pending, so that nothing counts as sent that nobody could see.
A channel that asks to wait is left alone until then. A feed (a program that follows events) gets one event a message;
after a failure it is left alone as a whole, so that it keeps nobody waiting for its time-outs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from worker.app.jobs.asked_wait import asked_wait
from worker.app.jobs.keeping_true import KeepTrue, keep_shown
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.report import Report
from worker.app.tell.conversing import Conversing, is_conversing, plain
from worker.app.tell.feeds import Followers
from worker.app.tell.holding import Held, Holding, Holds
from worker.app.tell.reaching import Reaching
from worker.app.tell.teller import Teller
from worker.app.tell.zones import ChannelZones
from worker.domain.messages.event import event_in
from worker.domain.messages.message import Message, Paragraph, Recipient, RecipientKind
from worker.domain.messages.paragraphs import dropped_paragraph, summary_paragraph
from worker.domain.messages.sentences import digest, last_today, may_be_repeat, open_ticket
from worker.ports import ConnectorError, NotDone, Notifier, Rejected, Transient, Unreachable, Unsubscribed
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import Delivery, MessageHead, Outcome, OutMessage
from worker.ports.state.store import Store, UnitOfWork

CLAIM_LIFE = timedelta(minutes=5)
ITEMS_MAX = 40  # messages in one digest
CHANNEL_TIME = timedelta(hours=1)
RETRY_FIRST = timedelta(seconds=30)
ATTEMPTS_MAX = 8  # then another channel is tried; on the last one the message is dead
WAITS = (
    2,
    timedelta(hours=1),
)  # how much longer each wait is than the one before, and the longest: an hour in all
LAST_WAITS = (
    4,
    timedelta(hours=6),
)  # on the last channel 15 hours in all, so that a night's outage kills nothing
DELIVERIES_MAX = 200  # in one pass, so that a long queue does not outlive the lease


@dataclass(frozen=True, slots=True)
class DeliverRules:
    """`daily_max`: messages to one person in one local day of the organisation; `channel_max`: to a channel in an hour.

    The rest waits, or is summed up where one message could not hold it.
    """

    digest_window: timedelta
    daily_max: int
    channel_max: int
    teller: Teller
    holding: Holding = field(default_factory=Holding)


@dataclass(slots=True)
class _DeliveryPass:
    """The counts of one pass, and the lease that it works under."""

    lease: Lease | None
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("folded", "sent", "retried", "unreachable", "held", "held_for_tomorrow", "updated"), 0
        )
    )
    troubles: list[str] = field(default_factory=list)


class Deliver:
    """Sends what the outbox holds."""

    def __init__(
        self,
        store: Store,
        notifiers: Sequence[Notifier],
        rules: DeliverRules,
        clock: Callable[[], datetime],
        holder: str,
        observer: Observer = SILENT,
    ) -> None:
        self._store = store
        self._notifiers = {notifier.name: notifier for notifier in notifiers}
        self._feeds = Followers(notifiers, rules.teller)
        self._reaching = Reaching(notifiers)
        self._rules = rules
        self._clock = clock
        self._holder = holder
        self._observer = observer
        self._conversing = Conversing(rules.teller)
        self._keep_true = KeepTrue(store, notifiers, self._conversing)
        self._zones = ChannelZones(store, notifiers, rules.holding.quiet)

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Fold messages that have waited long enough into deliveries, and send due ones. `now` is aware UTC."""
        run = _DeliveryPass(lease)
        self._zones.learn(now, partial(self._told_now, now), lease)
        self._fold(now, run)
        for _ in range(DELIVERIES_MAX):
            at = max(now, self._clock())
            with self._store.begin(lease) as uow:
                delivery = uow.outbox.claim(self._holder, at, CLAIM_LIFE)
                is_last = delivery is not None and self._is_last_today(uow, delivery, at)
            if delivery is None:
                break
            self._send(delivery, at, run, is_last=is_last)
        run.counts["updated"] = self._keep_true.run(max(now, self._clock()), lease, run.troubles)
        return Report("deliver", run.counts, tuple(dict.fromkeys(run.troubles)))

    def _told_now(self, now: datetime, uow: UnitOfWork) -> list[Recipient]:
        """The people whose messages wait to be folded, and might be held."""
        waiting = uow.outbox.waiting(now - self._rules.digest_window, now)
        return [to for to, _, is_alarm in waiting if to.kind is RecipientKind.PERSON and not is_alarm]

    # --- folding ---------------------------------------------------------------------------------

    def _fold(self, now: datetime, run: _DeliveryPass) -> None:
        with self._store.begin(run.lease) as uow:
            run.troubles += self._feeds.queue(uow, now)
            holds = self._rules.holding.at(uow, now)
            for recipient, queued, is_alarm in uow.outbox.waiting(now - self._rules.digest_window, now):
                channels = self._reaching.first_over(recipient)
                held = (
                    _hold(uow, holds, recipient, now, is_reached=bool(channels))
                    if holds and not is_alarm
                    else 0
                )
                run.counts["held"] += held
                waiting = queued - held
                if not waiting:
                    continue
                if not channels:
                    run.counts["unreachable"] += uow.outbox.give_up(recipient, now)
                    continue
                self._say_dropped(uow, recipient, now)
                folded = 0
                budget = DELIVERIES_MAX if is_alarm else self._budget(uow, recipient, now)
                for left in range(budget, 0, -1):
                    if left == 1 and not is_alarm:
                        folded += self._sum_up(uow, recipient, channels, now)
                    if not (more := self._bundle(uow, recipient, channels, now, is_alarm=is_alarm)):
                        break
                    folded += more
                run.counts["folded"] += folded
                run.counts["held_for_tomorrow"] += max(waiting - folded, 0)

    def _say_dropped(self, uow: UnitOfWork, to: Recipient, now: datetime) -> None:
        """Name the tickets that were closed while messages about them were held."""
        labels = uow.deliveries.take_dropped(to, now)
        if labels:
            body = dropped_paragraph(labels, self._rules.teller.languages.of(to.language))
            key = f"dropped:{to.kind.value}:{to.address}:{now.isoformat()}"
            uow.outbox.add([OutMessage(key, to, body.headline, body)], now)

    def _sum_up(self, uow: UnitOfWork, to: Recipient, channels: Sequence[str], now: datetime) -> int:
        """Replace messages about tickets that the last message of the time would not hold by one line for each cause.

        To a person, the rest of a day goes out tomorrow, unless it is more than one message could ever hold.
        """
        items = uow.outbox.pending(to, now, ITEMS_MAX + 1)
        most = (
            ITEMS_MAX
            if to.kind is RecipientKind.PERSON
            else min(self._fitting(n, to, items, uow) for n in channels)
        )
        if len(items) <= most:
            return 0
        causes = uow.deliveries.sum_up(to, now)
        if not causes:
            return 0
        teller = self._rules.teller
        link = next((item.body.link for item in items if item.ticket is not None and item.body.link), None)
        desk = f"{teller.links.base}/" if teller.links and to.kind is RecipientKind.CHANNEL else link
        body = replace(summary_paragraph(causes, teller.languages.of(to.language)), link=desk)
        key = f"summary:{to.kind.value}:{to.address}:{'.'.join(to.via)}:{now.isoformat()}"
        uow.outbox.add([OutMessage(key, to, body.headline, body, is_urgent=True)], now)
        return sum(cause.count for cause in causes)

    def _bundle(
        self, uow: UnitOfWork, to: Recipient, channels: Sequence[str], now: datetime, *, is_alarm: bool
    ) -> int:
        """Fold as many items as every one of the channels shows into one message; return how many."""
        items = uow.outbox.pending(to, now, ITEMS_MAX, is_alarm=is_alarm)
        if not items:
            return 0
        fitting = min(self._fitting(name, to, items, uow) for name in channels)
        return uow.outbox.bundle(to, channels, now, fitting, is_alarm=is_alarm)

    def _fitting(
        self, channel: str, to: Recipient, items: Sequence[OutMessage], uow: UnitOfWork | None = None
    ) -> int:
        """How many of the items one message over a channel shows, with the longest note."""
        paragraphs = self._paragraphs(channel, to, items, uow)
        message = self._message("", to, items, paragraphs, is_last=to.kind is RecipientKind.PERSON)
        return self._notifiers[channel].takes(message)

    def _paragraphs(
        self, channel: str, to: Recipient, items: Sequence[OutMessage], uow: UnitOfWork | None = None
    ) -> list[Paragraph]:
        """The items as a channel shows them; as they are for one that is no more."""
        notifier = self._notifiers.get(channel)
        if notifier is None or not is_conversing(notifier.can):
            return plain(items)
        if uow is not None:
            return self._conversing.paragraphs(uow, notifier, to, items)
        with self._store.reading() as reading:
            return self._conversing.paragraphs(reading, notifier, to, items)

    def _budget(self, uow: UnitOfWork, to: Recipient, now: datetime) -> int:
        """How many more messages a person may get today, and a channel within an hour."""
        if to.kind is RecipientKind.CHANNEL:
            return self._rules.channel_max - sum(uow.outbox.deliveries(to, now - CHANNEL_TIME))
        today = uow.outbox.deliveries(to, self._day_start(now))
        return self._rules.daily_max - sum(today)

    def _is_last_today(self, uow: UnitOfWork, delivery: Delivery, now: datetime) -> bool:
        if delivery.to.kind is not RecipientKind.PERSON or any(item.is_alarm for item in delivery.items):
            return False
        today = uow.outbox.deliveries(delivery.to, self._day_start(now))
        return today.arrived + 1 >= self._rules.daily_max

    def _day_start(self, now: datetime) -> datetime:
        local = now.astimezone(ZoneInfo(self._rules.teller.timezone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0)

    # --- sending ---------------------------------------------------------------------------------

    def _send(self, delivery: Delivery, now: datetime, run: _DeliveryPass, *, is_last: bool) -> None:
        if delivery.notifier not in self._reaching.over(delivery.to):
            self._move_on(delivery, f"there is no channel {delivery.notifier} any more", now, run)
            return
        notifier = self._notifiers[delivery.notifier]
        delivery = self._shortened(delivery, run)
        message = self._message_of(delivery, is_last=is_last)
        if delivery.to.kind is RecipientKind.FEED and event_in(message) is None:
            with self._store.begin(run.lease) as uow:
                uow.outbox.let_go(delivery)
            return
        try:
            reference = self._send_once(notifier, message)
        except Transient as error:
            self._later(delivery, error, now, run)
        except (Unreachable, Rejected) as error:
            if self._must_arrive(delivery):
                run.troubles.append(f"{delivery.notifier}: {error}")
                self._later(delivery, error, now, run)
            else:
                self._move_on(delivery, error.message, now, run)
        except ConnectorError as error:
            run.troubles.append(f"{delivery.notifier}: {error}")
            self._later(delivery, error, now, run)
            if isinstance(error, Unsubscribed) and delivery.to.kind is RecipientKind.FEED:
                with self._store.begin(run.lease) as uow:
                    self._feeds.stop(uow, delivery.notifier, error, now)
        else:
            run.counts["sent"] += 1
            with self._store.begin(run.lease) as uow:
                uow.outbox.sent(delivery, reference, now)
                if notifier.can.can_update:
                    keep_shown(uow, delivery.notifier, reference, message, now)
            self._observer.delivered(delivery, Outcome.SENT, now)
            self._write_down(delivery, message, run)

    def _shortened(self, delivery: Delivery, run: _DeliveryPass) -> Delivery:
        """The delivery without items that its channel would not show.

        It may have moved from a channel that shows more, or this one may show less than before.
        """
        fitting = self._fitting(delivery.notifier, delivery.to, delivery.items)
        if fitting >= len(delivery.items):
            return delivery
        with self._store.begin(run.lease) as uow:
            return uow.outbox.shorten(delivery, fitting)

    def _send_once(self, notifier: Notifier, message: Message) -> str:
        if message.may_be_repeat:
            found = notifier.find(message)
            if found is not None:
                return found.reference
        return notifier.send(message).reference

    def _later(self, delivery: Delivery, error: ConnectorError, now: datetime, run: _DeliveryPass) -> None:
        is_unclear = isinstance(error, Transient) and not isinstance(error, NotDone)
        asked = asked_wait(error)
        if asked is not None:
            with self._store.begin(run.lease) as uow:
                uow.outbox.leave_alone(delivery.notifier, now + asked)
                if not is_unclear:
                    uow.outbox.put_off(delivery, error.message, now + asked)
        if asked is not None and not is_unclear:
            run.counts["retried"] += 1
            self._observer.delivered(delivery, Outcome.RETRIED, now)
        elif delivery.attempts >= ATTEMPTS_MAX:
            unclear = replace(delivery, is_unclear=delivery.is_unclear or is_unclear)
            self._move_on(unclear, error.message, now, run)
        else:
            self._retry(delivery, error, now, run, is_unclear=is_unclear)

    def _retry(
        self,
        delivery: Delivery,
        error: ConnectorError,
        now: datetime,
        run: _DeliveryPass,
        *,
        is_unclear: bool,
    ) -> None:
        times, longest = LAST_WAITS if self._next(delivery) is None else WAITS
        wait = min(RETRY_FIRST * times ** (delivery.attempts - 1), longest)
        run.counts["retried"] += 1
        with self._store.begin(run.lease) as uow:
            uow.outbox.retry(delivery, error.message, now + wait, is_unclear=is_unclear)
            if delivery.to.kind is RecipientKind.FEED:
                longest = max(wait, asked_wait(error) or wait)
                uow.outbox.leave_alone(delivery.notifier, now + longest)
        self._observer.delivered(delivery, Outcome.RETRIED, now)

    def _move_on(self, delivery: Delivery, why: str, now: datetime, run: _DeliveryPass) -> None:
        following = self._next(delivery)
        with self._store.begin(run.lease) as uow:
            uow.outbox.move(delivery, following, why, now)
        if following is not None:
            self._observer.delivered(delivery, Outcome.MOVED, now)
            return
        run.counts["unreachable"] += 1
        if self._must_arrive(delivery):
            run.troubles.append(
                f"{delivery.notifier}: message {delivery.key} is dead after {delivery.attempts} attempts: {why} "
                "`whosleft deliveries list --state dead` shows it; retry or drop it there."
            )
        self._observer.delivered(delivery, Outcome.UNREACHABLE, now)
        self._write_down(delivery, self._message_of(delivery, is_last=False), run)

    def _write_down(self, delivery: Delivery, message: Message, run: _DeliveryPass) -> None:
        """Give each log its copy, at most once. A log is only for onlookers; it reaches no recipient."""
        for name in self._reaching.onlookers(message.to):
            if name == delivery.notifier:
                continue
            try:
                self._notifiers[name].send(message)
            except ConnectorError as error:
                run.troubles.append(f"{name}: {error}")

    def _next(self, delivery: Delivery) -> str | None:
        return self._reaching.next_over(delivery.to, delivery.notifier)

    def _must_arrive(self, delivery: Delivery) -> bool:
        """True if no later step of a ticket would tell the security team, or if it is an event that is tried on."""
        if delivery.to.kind is RecipientKind.FEED:
            return delivery.attempts < ATTEMPTS_MAX
        is_channel = delivery.to.kind is RecipientKind.CHANNEL
        return is_channel and any(item.ticket is None for item in delivery.items)

    # --- what is said ----------------------------------------------------------------------------

    def _message_of(self, delivery: Delivery, *, is_last: bool) -> Message:
        paragraphs = self._paragraphs(delivery.notifier, delivery.to, delivery.items)
        message = self._message(delivery.key, delivery.to, delivery.items, paragraphs, is_last=is_last)
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
        tongue = self._rules.teller.languages.of(to.language)
        note = last_today(self._rules.daily_max, tongue) if is_last else ""
        is_urgent = any(item.is_urgent for item in items)
        parts = [(item.title, paragraph) for item, paragraph in zip(items, paragraphs, strict=True)]
        message = digest(key, to, parts, note, is_urgent=is_urgent, tongue=tongue)
        return replace(message, repeat_note=may_be_repeat(tongue), link_label=open_ticket(tongue))


def _hold(uow: UnitOfWork, holds: Holds, to: Recipient, now: datetime, *, is_reached: bool) -> int:
    """Hold back what a silence or the reader's quiet hours keep; return how many messages.

    Whom nothing reaches has no quiet hours: what comes in their place comes at once.
    """
    held: dict[Held, list[MessageHead]] = defaultdict(list)
    heads = uow.outbox.heads(to, now)
    tickets = uow.tickets.many([head.ticket for head in heads if head.ticket is not None])
    for head in heads:
        ticket = None if head.ticket is None else tickets.get(head.ticket)
        if why := holds.of_message(to, ticket, is_day_or_night=head.is_day_or_night or not is_reached):
            held[why].append(head)
    for why, those in held.items():
        uow.deliveries.hold([head.key for head in those], why.until, why.by)
        if why.silence:
            uow.silences.fired(why.silence, {head.ticket for head in those if head.ticket is not None}, now)
    return sum(map(len, held.values()))
