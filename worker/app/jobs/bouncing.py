"""Take up what comes back: a message that a channel accepted, and that did not reach its recipient after all.

Then the same is done as for a recipient who is refused at once: the next channel, or else the ticket's next step. Each
report is one transaction, and is acknowledged after it. Only a delivery that counts as sent can come back: once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from worker.app.jobs.looking_again import hold_in, look_again
from worker.app.jobs.observer import Observer
from worker.app.jobs.refusals import REFUSED_REST
from worker.app.tell.holding import Holding, hold_calls
from worker.app.tell.reaching import Reaching
from worker.domain.escalation.policy import Policy
from worker.domain.instants import has_come
from worker.domain.messages.message import RecipientKind
from worker.domain.tickets.ticket import Ticket
from worker.ports import AuthFailed, ConnectorError, Notifier, Returned
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import Delivery, Onward, Outcome
from worker.ports.state.store import Store, UnitOfWork

if TYPE_CHECKING:
    from worker.ports import ReturnTeller

LOOK_EVERY = timedelta(minutes=1)
PAUSE = timedelta(minutes=5)  # after a failure, so that it keeps no run waiting


class Bouncing:
    """Asks the notifiers that hear of returns."""

    def __init__(
        self,
        store: Store,
        notifiers: Sequence[Notifier],
        reaching: Reaching,
        holding: Holding,
        policy: Callable[[Ticket], Policy],
        observer: Observer,
    ) -> None:
        self._store = store
        self._tellers: list[ReturnTeller] = [
            cast("ReturnTeller", one) for one in notifiers if one.can.hears_returns
        ]
        self._reaching = reaching
        self._holding = holding
        self._policy = policy
        self._observer = observer
        self._next_look: dict[str, datetime] = {}

    def run(self, now: datetime, lease: Lease | None, troubles: list[str]) -> int:
        """Take up what came back since the last look; return how many deliveries did. Raises only LeaseLost."""
        bounced = 0
        for teller in self._tellers:
            if not has_come(self._next_look.get(teller.name, now), now, REFUSED_REST):
                continue
            self._next_look[teller.name] = now + LOOK_EVERY
            try:
                with closing(teller.returned()) as reports:
                    for report in reports:
                        bounced += self._take_up(teller.name, report, now, lease, troubles)
            except ConnectorError as error:
                rest = REFUSED_REST if isinstance(error, AuthFailed) else PAUSE
                self._next_look[teller.name] = now + rest
                troubles.append(f"{teller.name}: {error}")
        return bounced

    def _take_up(
        self, notifier: str, report: Returned, now: datetime, lease: Lease | None, troubles: list[str]
    ) -> bool:
        """Take up one report; False if it says nothing new of anything that was sent to this recipient."""
        with self._store.begin(lease) as uow:
            delivery = uow.outbox.accepted(report.key)
            if delivery is None or delivery.to.address.casefold() not in report.to:
                return False
            # It went on over another channel since; but a name that is no more was this one's before
            if delivery.notifier != notifier and self._reaching.has(delivery.notifier):
                return False
            following = self._reaching.next_over(delivery.to, notifier)
            onward = None
            if following is None:
                uow.outbox.bounce(delivery, report.why, None, now)
            else:  # reports come at any hour, and the next channel may be a phone
                again = look_again(uow, delivery, self._holding, now)
                wanted = tuple(one for one in delivery.items if one.key not in again.gone)
                delivery = replace(delivery, items=wanted)
                onward = Onward(following, again.goes_at(delivery, now))
                uow.outbox.bounce(delivery, report.why, onward, now)
                hold_in(uow, delivery, again, now)
                self._hold_calls(uow, delivery, now)
        if onward is None and delivery.to.kind is RecipientKind.CHANNEL:
            troubles.append(
                f"{notifier}: message {delivery.key} came back: {report.why} "
                "`whosleft deliveries list --state dead` shows it; retry or drop it there."
            )
        self._observer.delivered(delivery, Outcome.BOUNCED, now)
        return True

    def _hold_calls(self, uow: UnitOfWork, delivery: Delivery, now: datetime) -> None:
        """Hold the calls about tickets that somebody has by now, or has put off."""
        about = [item.ticket for item in delivery.items if item.ticket is not None]
        for ticket in uow.tickets.many(about).values():
            hold_calls(uow, ticket, self._policy(ticket), now)
