"""Deliver: outbox -> one message per recipient, with as many items as the channel shows -> notifier.

Reserve a page, claim one, send it outside any transaction, mark it and claim the next in one transaction. If the
holder of a claim died, the delivery is unclear: the channel is asked whether the message arrived before it is sent
again. If it cannot tell, the message says that it may be a repeat. What was only reserved was not sent. A page goes on
for a moment, while all of it arrives; after a failure everything is looked at anew.
Items that a channel would not show stay pending, so that nothing counts as sent that nobody could see. What failed
while nothing arrived is tried at once when something does; see `after_failure` for what comes after a failure. A feed
(a program that follows events) gets one event a message.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from worker.app.jobs.after_failure import AfterFailure
from worker.app.jobs.bouncing import Bouncing
from worker.app.jobs.composing import Composing
from worker.app.jobs.delivery_pass import DeliveryPass
from worker.app.jobs.folding import Folding, FoldingLimits
from worker.app.jobs.keeping_true import KeepTrue, keep_shown
from worker.app.jobs.looking_again import LookedAgain, hold_in, look_again
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.onlookers import Onlookers
from worker.app.jobs.refusals import Refusals
from worker.app.jobs.report import Report
from worker.app.tell.conversing import Conversing
from worker.app.tell.feeds import Followers
from worker.app.tell.holding import Holding
from worker.app.tell.overtaken import newer_on_the_way
from worker.app.tell.reaching import Reaching
from worker.app.tell.teller import Teller
from worker.app.tell.zones import ChannelZones
from worker.domain.escalation.policy import Policy
from worker.domain.escalation.wall_clock import start_of_day
from worker.domain.messages.event import event_in
from worker.domain.messages.message import Message, Recipient, RecipientKind
from worker.domain.tickets.ticket import Ticket
from worker.ports import ConnectorError, Notifier, PermissionDenied
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import Claim, Delivery, Outcome
from worker.ports.state.store import Store, UnitOfWork

CLAIM_LIFE = timedelta(minutes=5)
PAGE = 50  # deliveries that are reserved at once
PAGE_TIME = timedelta(seconds=1)  # then it is asked anew what is due, and which channels may be used
FRESH = timedelta(minutes=1)  # so old a delivery has waited, and is looked at again
RESERVED_LIFE = timedelta(seconds=30)  # as long as a lease, after which others do the job


@dataclass(frozen=True, slots=True)
class DeliverRules:
    """`daily_max`: messages to one person in one local day of the organisation; `channel_max`: to a channel in an hour.

    The rest waits, or is summed up where one message could not hold it. `policy` says how a ticket escalates.
    """

    digest_window: timedelta
    daily_max: int
    channel_max: int
    teller: Teller
    policy: Callable[[Ticket], Policy]
    holding: Holding = field(default_factory=Holding)


class _Claimed(NamedTuple):
    """A delivery that is sent next, when it was claimed, and whether it is the last one to its reader today."""

    delivery: Delivery
    at: datetime
    is_last: bool


def _never() -> bool:
    return False


class Deliver:
    """Sends what the outbox holds; takes up nothing more once `is_stopping`."""

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
        self.is_stopping: Callable[[], bool] = _never  # set by the process that can be told to end
        conversing = Conversing(rules.teller)
        self._composing = Composing(store, self._notifiers, conversing, rules.teller, rules.daily_max)
        limits = FoldingLimits(rules.digest_window, rules.channel_max, rules.holding)
        self._folding = Folding(store, self._reaching, self._feeds, self._composing, limits)
        self._bouncing = Bouncing(store, notifiers, self._reaching, rules.holding, rules.policy, observer)
        self._refusals = Refusals()
        self._onlookers = Onlookers(self._notifiers, self._reaching)
        self._after_failure = AfterFailure(
            store, self._reaching, self._feeds, self._composing, self._onlookers, clock, observer
        )
        self._keep_true = KeepTrue(store, notifiers, conversing)
        self._zones = ChannelZones(store, notifiers, rules.holding.quiet)

    def begin(self) -> None:
        """Let new feeds start here: what the process's jobs find is news to them. Before any job runs; idempotent."""
        with self._store.reading() as reader:
            is_new = self._feeds.are_new(reader)
        if is_new:
            with self._store.begin() as uow:
                self._feeds.begin(uow)

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Fold messages that have waited long enough into deliveries, send due ones, and take up what came back.

        `now` is aware UTC.
        """
        run = DeliveryPass(lease, now)
        self._zones.learn(now, partial(self._told_now, now), lease)
        self._folding.run(now, lease, run.counts, run.troubles)
        with self._store.reading() as uow:
            run.failed = uow.outbox.failed(now)
        try:
            self._send_all(now, run)
        finally:
            if self.is_stopping():
                self._give_back(run)
        if not self.is_stopping():
            run.counts["bounced"] = self._bouncing.run(max(now, self._clock()), lease, run.troubles)
            run.counts["updated"] = self._keep_true.run(max(now, self._clock()), lease, run.troubles)
        return Report("deliver", dict(run.counts), tuple(dict.fromkeys(run.troubles)))

    def _send_all(self, now: datetime, run: DeliveryPass) -> None:
        following: _Claimed | None = None
        while following := following or self._claim(now, run):
            following = self._send(following, run)

    def _told_now(self, now: datetime, uow: UnitOfWork) -> list[Recipient]:
        """The people whose messages wait to be folded, and might be held."""
        waiting = self._folding.waiting(uow, now)
        return [to for to, _, is_alarm in waiting if to.kind is RecipientKind.PERSON and not is_alarm]

    # --- claiming --------------------------------------------------------------------------------

    def _claim(self, now: datetime, run: DeliveryPass) -> _Claimed | None:
        """Reserve a page, and claim its first delivery; None if nothing is due, or if the pass has sent enough."""
        if not run.left or self.is_stopping():
            return None
        at = max(now, self._clock())
        with self._store.begin(run.lease) as uow:
            some = uow.outbox.reserve(self._holder, at, RESERVED_LIFE, min(PAGE, run.left), run.slow)
            run.page = deque(zip(some, self._are_last_today(uow, some, at), strict=True))
            run.page_until = at + PAGE_TIME
            run.seq = uow.journal.head().seq
            return self._next_of_page(uow, at, run)

    def _next_of_page(self, uow: UnitOfWork, at: datetime, run: DeliveryPass) -> _Claimed | None:
        """Claim the next delivery of the page that is still as it was reserved; None at the end of the page."""
        while following := self._take(at, run):
            if uow.outbox.claim(self._claim_of(following)):
                return following
        return None

    def _take(self, at: datetime, run: DeliveryPass) -> _Claimed | None:
        """The next delivery of the page, to be claimed; None at the end of the page, of its time, or of the process."""
        if not run.page or at >= run.page_until or self.is_stopping():
            return None
        delivery, is_last = run.page.popleft()
        return _Claimed(delivery, at, is_last)

    def _give_back(self, run: DeliveryPass) -> None:
        """Let others have at once what was reserved and not claimed."""
        with self._store.begin(run.lease) as uow:
            uow.outbox.give_back(self._holder)

    def _claim_of(self, one: _Claimed) -> Claim:
        return Claim(one.delivery, self._holder, one.at + CLAIM_LIFE)

    def _are_last_today(self, uow: UnitOfWork, some: Sequence[Delivery], now: datetime) -> list[bool]:
        """Of each delivery, whether it is its reader's last one today, if all of them arrive."""
        since = start_of_day(self._rules.teller.timezone, now)
        told = uow.outbox.deliveries([one.to for one in some], since)
        before = Counter[Recipient]()
        found = []
        for one, count in zip(some, told, strict=True):
            is_counted = one.to.kind is RecipientKind.PERSON and not any(item.is_alarm for item in one.items)
            before[one.to] += is_counted
            found.append(is_counted and count.arrived + before[one.to] >= self._rules.daily_max)
        return found

    # --- sending ---------------------------------------------------------------------------------

    def _send(self, claimed: _Claimed, run: DeliveryPass) -> _Claimed | None:
        """Send one delivery; return the next one of the page if this one was sent."""
        run.left -= 1
        prepared = self._prepared(claimed, run)
        return None if prepared is None else self._try(claimed, *prepared, run)

    def _prepared(self, claimed: _Claimed, run: DeliveryPass) -> tuple[Delivery, Message] | None:
        """The delivery with what its channel shows at once, and its text; None if it can't go out so."""
        delivery, now, is_last = claimed
        if delivery.notifier not in self._reaching.over(delivery.to):
            self._after_failure.move_on(
                delivery, f"there is no channel {delivery.notifier} any more", now, run
            )
            return None
        paragraphs = self._composing.paragraphs(delivery.notifier, delivery.to, delivery.items)
        fitting = self._composing.shown(delivery.notifier, delivery.to, delivery.items, paragraphs)
        # It may have moved from a channel that shows more, or this one may show less than before
        if fitting < len(delivery.items):
            with self._store.begin(run.lease) as uow:
                delivery = uow.outbox.shorten(delivery, fitting)
            run.page.clear()
        message = self._composing.message_of(delivery, paragraphs[: len(delivery.items)], is_last=is_last)
        if delivery.to.kind is RecipientKind.FEED and event_in(message) is None:
            with self._store.begin(run.lease) as uow:
                uow.outbox.let_go(delivery)
            return None
        return delivery, message

    def _try(
        self, claimed: _Claimed, delivery: Delivery, message: Message, run: DeliveryPass
    ) -> _Claimed | None:
        notifier, now = self._notifiers[delivery.notifier], claimed.at
        again = self._look_again(delivery, now)
        try:
            with self._refusals.heeded(notifier.name, now) if notifier.can.by_password else nullcontext():
                may_go = bool(delivery.items) and not again
                reference = self._send_once(notifier, message, may_go=may_go)
        except ConnectorError as error:
            self._after_failure.failed(delivery, error, now, run)
        else:
            if reference is not None:
                return self._mark_sent(claimed, delivery, message, reference, run)
            self._put_back(delivery, again, now, run)
        return None

    def _mark_sent(
        self, claimed: _Claimed, delivery: Delivery, message: Message, reference: str, run: DeliveryPass
    ) -> _Claimed | None:
        """Record that a delivery was sent, and claim the next one of the page, in one transaction."""
        following = self._take(max(claimed.at, self._clock()), run)
        with self._store.begin(run.lease) as uow:
            claim = self._claim_of(following) if following else None
            is_claimed = uow.outbox.sent(delivery, reference, claimed.at, claim)
            if delivery.notifier in run.failed:
                run.failed.remove(delivery.notifier)
                uow.outbox.hurry(delivery, claimed.at)
            if following and not is_claimed:
                following = self._next_of_page(uow, following.at, run)
            if self._notifiers[delivery.notifier].can.can_update:
                keep_shown(uow, delivery.notifier, reference, message, claimed.at, run.seq)
        run.counts["sent"] += 1
        self._observer.delivered(delivery, Outcome.SENT, claimed.at)
        if delivery.items:
            self._onlookers.write_down(delivery.notifier, message, run.troubles)
        return following

    def _send_once(self, notifier: Notifier, message: Message, *, may_go: bool) -> str | None:
        """Send it, unless it arrived before; None if it did not, and may not go as it is."""
        if message.may_be_repeat:
            found = None
            with suppress(PermissionDenied):  # it says that it may be a repeat
                found = notifier.find(message)
            if found is not None:
                return found.reference
        return notifier.send(message).reference if may_go else None

    def _look_again(self, delivery: Delivery, now: datetime) -> LookedAgain:
        """What of it must not go out now. Folding has looked just before it is sent at first."""
        if delivery.attempts == 1 and not delivery.is_unclear and now - delivery.created_at <= FRESH:
            return LookedAgain()
        with self._store.reading() as uow:
            # Only a channel that can look for what may have been seen lets a later repeat go instead of it
            can_tell = not delivery.is_unclear or self._notifiers[delivery.notifier].can.can_find
            newer = newer_on_the_way(uow, delivery) if can_tell else {}
            return look_again(uow, delivery, self._rules.holding, now, newer)

    def _put_back(self, delivery: Delivery, again: LookedAgain, now: datetime, run: DeliveryPass) -> None:
        """Drop and hold what must not go out now; what is left is sent next. A delivery without any is over."""
        with self._store.begin(run.lease) as uow:
            left = uow.outbox.drop(delivery, again.gone)
            uow.outbox.go_instead(delivery, again.newer, now)
            if left is not None:
                hold_in(uow, left, again, now)
                uow.outbox.put_off(left, "", now, again.goes_at(left, now))
        run.counts["held"] += len(again.waiting)
        run.page.clear()
