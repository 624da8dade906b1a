"""What becomes of a delivery whose attempt failed: it is tried again later, goes over the next channel, or is dead.

A channel that asks to wait is left alone until then. So is, for a moment, one whose failures of this pass took long,
such as a mail server that answers nothing: it is tried no more in the pass, and keeps nobody waiting who is told over
another one. Failures that take no time rest nothing. A feed (a program that follows events) is left alone as a whole
after a failure. While it takes nothing, its events are tried on; one that fails while it takes others is given up in
the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from worker.app.jobs.asked_wait import asked_wait
from worker.app.jobs.composing import Composing
from worker.app.jobs.delivery_pass import DeliveryPass
from worker.app.jobs.observer import Observer
from worker.app.jobs.onlookers import Onlookers
from worker.app.tell.feeds import Followers
from worker.app.tell.reaching import Reaching
from worker.domain.messages.message import RecipientKind
from worker.ports import ConnectorError, NotDone, Rejected, Transient, Unsubscribed
from worker.ports.state.outbox import Delivery, Outcome
from worker.ports.state.store import Store

RETRY_FIRST = timedelta(seconds=30)
ATTEMPTS_MAX = 8  # then another channel is tried; on the last one the message is dead
# How much longer each wait is than the one before, and the longest: an hour in all
WAITS = (2, timedelta(hours=1))
# On the last channel 15 hours in all, so that a night's outage kills nothing
LAST_WAITS = (4, timedelta(hours=6))
REST_MAX = timedelta(hours=1)  # for a feed that takes nothing, as long as it takes


class AfterFailure:
    """Decides what comes after a failed attempt, and writes it down."""

    def __init__(
        self,
        store: Store,
        reaching: Reaching,
        feeds: Followers,
        composing: Composing,
        onlookers: Onlookers,
        clock: Callable[[], datetime],
        observer: Observer,
    ) -> None:
        self._store = store
        self._reaching = reaching
        self._feeds = feeds
        self._composing = composing
        self._onlookers = onlookers
        self._clock = clock
        self._observer = observer

    def failed(self, delivery: Delivery, error: ConnectorError, now: datetime, run: DeliveryPass) -> None:
        """Take up an attempt that began at `now` and failed. Raises only LeaseLost."""
        if isinstance(error, Rejected) and not self._must_arrive(delivery):
            self.move_on(delivery, error.message, now, run)
            return
        if not isinstance(error, Transient):
            run.troubles.append(f"{delivery.notifier}: {error}")
        if not isinstance(error, Rejected):
            self._rest(delivery.notifier, now, run)
        self._later(delivery, error, now, run)
        if isinstance(error, Unsubscribed) and delivery.to.kind is RecipientKind.FEED:
            with self._store.begin(run.lease) as uow:
                self._feeds.stop(uow, delivery.notifier, error, now)

    def _rest(self, notifier: str, began_at: datetime, run: DeliveryPass) -> None:
        """Leave a channel alone whose failures of this pass took long."""
        ended_at = max(began_at, self._clock())
        if run.lose(notifier, ended_at - began_at):
            with self._store.begin(run.lease) as uow:
                uow.outbox.leave_alone(notifier, ended_at + RETRY_FIRST)

    def _later(self, delivery: Delivery, error: ConnectorError, now: datetime, run: DeliveryPass) -> None:
        is_unclear = isinstance(error, Transient) and not isinstance(error, NotDone)
        asked = asked_wait(error)
        if asked is not None:
            with self._store.begin(run.lease) as uow:
                uow.outbox.leave_alone(delivery.notifier, now + asked)
                if not is_unclear:
                    uow.outbox.put_off(delivery, error.message, now, now + asked)
        if asked is not None and not is_unclear:
            run.counts["retried"] += 1
            self._observer.delivered(delivery, Outcome.RETRIED, now)
        elif delivery.to.kind is RecipientKind.FEED:
            self._event_failed(delivery, error, now, run, is_unclear=is_unclear)
        elif delivery.attempts >= ATTEMPTS_MAX:
            unclear = replace(delivery, is_unclear=delivery.is_unclear or is_unclear)
            self.move_on(unclear, error.message, now, run)
        else:
            self._retry(delivery, error, now, run, is_unclear=is_unclear)

    def _retry(
        self,
        delivery: Delivery,
        error: ConnectorError,
        now: datetime,
        run: DeliveryPass,
        *,
        is_unclear: bool,
    ) -> None:
        run.counts["retried"] += 1
        with self._store.begin(run.lease) as uow:
            uow.outbox.retry(delivery, error.message, now, now + self._wait(delivery), is_unclear=is_unclear)
        self._observer.delivered(delivery, Outcome.RETRIED, now)

    def _wait(self, delivery: Delivery) -> timedelta:
        """How long it waits for its next attempt."""
        is_last = self._reaching.next_over(delivery.to, delivery.notifier) is None
        times, longest = LAST_WAITS if is_last else WAITS
        wait: timedelta = min(RETRY_FIRST * times ** (min(delivery.attempts, ATTEMPTS_MAX) - 1), longest)
        return wait

    def _event_failed(
        self,
        delivery: Delivery,
        error: ConnectorError,
        now: datetime,
        run: DeliveryPass,
        *,
        is_unclear: bool,
    ) -> None:
        """A failure counts for an event only if it is its own: it is refused, or its program took others meanwhile."""
        with self._store.reading() as uow:
            is_up = uow.outbox.others_arrived(delivery, now)
        is_own = is_up or isinstance(error, Rejected)
        if is_own and delivery.attempts >= ATTEMPTS_MAX:
            self.move_on(delivery, error.message, now, run)
            return
        out_for = max(now - delivery.created_at, RETRY_FIRST)
        wait = self._wait(delivery) if is_own else min(out_for, REST_MAX)
        rest = RETRY_FIRST if is_up else min(wait, REST_MAX)
        run.counts["retried"] += 1
        with self._store.begin(run.lease) as uow:
            uow.outbox.fail_event(
                delivery, error.message, now, now + wait, is_own=is_own, is_unclear=is_unclear
            )
            uow.outbox.leave_alone(delivery.notifier, now + max(rest, asked_wait(error) or rest))
        self._observer.delivered(delivery, Outcome.RETRIED, now)

    def move_on(self, delivery: Delivery, why: str, now: datetime, run: DeliveryPass) -> None:
        """Send it over its next channel; without one it reaches nobody. One that says nothing is over."""
        with self._store.begin(run.lease) as uow:
            if not delivery.items:
                uow.outbox.drop(delivery, ())
                return
            sent = uow.outbox.notifiers_of(delivery)
            following = self._reaching.next_over(delivery.to, delivery.notifier, sent)
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
        paragraphs = self._composing.paragraphs(delivery.notifier, delivery.to, delivery.items)
        message = self._composing.message_of(delivery, paragraphs, is_last=False)
        self._onlookers.write_down(delivery.notifier, message, run.troubles)

    def _must_arrive(self, delivery: Delivery) -> bool:
        """True of an event, and if no later step of a ticket would tell the security team."""
        if delivery.to.kind is RecipientKind.FEED:
            return True
        is_channel = delivery.to.kind is RecipientKind.CHANNEL
        return is_channel and any(item.ticket is None for item in delivery.items)
