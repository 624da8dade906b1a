"""Look at a delivery again before it goes out: what is not true any more is dropped, and what must wait is held.

A silence, or the reader's night, may have begun since its messages were folded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from worker.app.tell.holding import Held, Holding, hold
from worker.app.tell.overtaken import Waiting, overtaken, waiting_in
from worker.domain.messages.message import RecipientKind
from worker.ports.state.outbox import Delivery
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class LookedAgain:
    """What must not go out now: the keys of what is `gone`, and what is `held`.

    `newer`: the keys of messages that are told instead of some that are gone.
    """

    gone: frozenset[str] = frozenset()
    held: Mapping[Held, Sequence[Waiting]] = field(default_factory=dict)
    newer: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.gone or self.held)

    @property
    def waiting(self) -> set[str]:
        """The keys of what is held."""
        return {one.message.key for those in self.held.values() for one in those}

    def goes_at(self, delivery: Delivery, now: datetime) -> datetime:
        """When the first of a delivery's messages may go."""
        is_all = self.waiting.issuperset(item.key for item in delivery.items)
        return min((why.until for why in self.held), default=now) if is_all else now


def look_again(
    uow: UnitOfWork,
    delivery: Delivery,
    holding: Holding,
    now: datetime,
    newer: Mapping[str, str] = MappingProxyType({}),
) -> LookedAgain:
    """What is not true any more, and what is held now. What another channel has shown is told, and is not held.

    `newer`: what its reader is told instead of some of its messages, by key.
    """
    tickets = uow.tickets.many([item.ticket for item in delivery.items if item.ticket is not None])
    gone = overtaken(uow, waiting_in([delivery]), tickets) | newer.keys()
    is_for_people = delivery.to.kind is not RecipientKind.FEED
    may_wait = [
        Waiting(delivery.to, item)
        for item in delivery.items
        if is_for_people and not item.is_alarm and item.key not in gone and item.key not in delivery.shown
    ]
    held = holding.at(uow, now).of_all(may_wait, tickets)
    return LookedAgain(frozenset(gone), held, frozenset(newer.values()))


def hold_in(uow: UnitOfWork, delivery: Delivery, again: LookedAgain, now: datetime) -> None:
    """Hold what must wait: within the delivery if all of it must, so that its attempts count on, else without it."""
    kept = [item for item in delivery.items if item.key not in again.waiting]
    if kept and again.held:
        rest = [item for item in delivery.items if item.key in again.waiting]
        uow.outbox.shorten(replace(delivery, items=(*kept, *rest)), len(kept))
    hold(uow, again.held, now)
