"""Leave out what is not true any more by the time it would go out, and whoever has left meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.messages.overtaken import (
    is_alarm_overtaken,
    is_of_alarm,
    is_of_plan,
    is_overtaken,
    newer_repeats,
    plan_key,
    step_and_repeat,
)
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import Delivery, MessageHead, OutMessage
from worker.ports.state.store import UnitOfWork


class Waiting(NamedTuple):
    """A message that waits, and its reader."""

    to: Recipient
    message: MessageHead | OutMessage


def waiting_in(deliveries: Collection[Delivery]) -> list[Waiting]:
    """The messages of some deliveries."""
    return [Waiting(one.to, item) for one in deliveries for item in one.items]


def overtaken(uow: UnitOfWork, waiting: Collection[Waiting], tickets: Mapping[int, Ticket]) -> set[str]:
    """The keys of those that must not be sent. `tickets` are those that they are about, by number."""
    about = [one for one in waiting if one.message.ticket is not None]
    people = [one for one in about if one.to.kind is RecipientKind.PERSON]
    left = uow.people.who_left({one.to.address for one in people})
    found = {one.message.key for one in people if one.to.address in left}
    for to, message in about:
        ticket = None if message.ticket is None else tickets.get(message.ticket)
        if is_overtaken(message.key, to, ticket):
            found.add(message.key)
    return found | _no_more(uow, [one.message.key for one in waiting if one.message.ticket is None])


def repeated(heads: Collection[MessageHead]) -> set[str]:
    """The keys of one reader's messages that a later repeat of the same step makes needless: it says the same.

    What may have been seen already stays.
    """
    unseen = [head.key for head in heads if not head.is_unclear]
    return set(newer_repeats(unseen, [head.key for head in heads]))


def newer_on_the_way(uow: UnitOfWork, delivery: Delivery) -> dict[str, str]:
    """By the keys of a delivery's messages, those of later repeats that its reader got or is about to get instead."""
    steps = {item.key: item.ticket for item in delivery.items if item.ticket and step_and_repeat(item.key)}
    if not steps:
        return {}
    return newer_repeats(steps, uow.outbox.beside(delivery, set(steps.values())))


def _no_more(uow: UnitOfWork, keys: Sequence[str]) -> set[str]:
    """Those of these about no ticket whose alarm or held plan is not so any more."""
    of_alarms, of_plans = [list(filter(is_it, keys)) for is_it in (is_of_alarm, is_of_plan)]
    standing = uow.watched.standing() if of_alarms else []
    waiting = {plan_key(number) for number in uow.overview.waiting_plans()} if of_plans else set()
    return {key for key in of_alarms if is_alarm_overtaken(key, standing)} | {*of_plans} - waiting
