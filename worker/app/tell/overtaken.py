"""Leave out what is not true any more by the time it would go out, and whoever has left meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.messages.overtaken import is_overtaken
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
    return found
