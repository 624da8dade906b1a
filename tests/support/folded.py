"""Fold and claim for tests of the outbox: one recipient, one delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.domain.messages.message import Recipient
from worker.ports.state.outbox import Bundle, Claim, Delivery, OutMessage
from worker.ports.state.store import UnitOfWork


def pending(
    uow: UnitOfWork, to: Recipient, now: datetime, limit: int, *, is_alarm: bool = False
) -> list[OutMessage]:
    [found] = uow.outbox.pending([to], now, limit, is_alarm=is_alarm)
    return found


def fold(
    uow: UnitOfWork,
    to: Recipient,
    notifiers: Sequence[str],
    now: datetime,
    limit: int,
    *,
    is_alarm: bool = False,
) -> int:
    """Fold so many of a recipient's messages into one delivery over each notifier; return how many."""
    keys = [message.key for message in pending(uow, to, now, limit, is_alarm=is_alarm)]
    if keys:
        uow.outbox.bundle([Bundle(to, notifiers, keys, is_alarm)], now)
    return len(keys)


def claim(uow: UnitOfWork, holder: str, now: datetime, life: timedelta) -> Delivery | None:
    """Reserve the next delivery and claim it."""
    for one in uow.outbox.reserve(holder, now, life, 1):
        assert uow.outbox.claim(Claim(one, holder, now + life))
        return one
    return None
