"""Messages that wait, and how they are folded into deliveries: a page of recipients at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.messages.message import Recipient, RecipientKind
from worker.ports.state.outbox import Bundle, DeliveryCount, MessageHead, OutMessage, WaitingRecipient
from worker.storage.outbox_rows import (
    UNSENT,
    delivery_key,
    is_to_page,
    may_go,
    message_from_row,
    pages_by_via,
    pages_of,
    recipient_from_row,
    via_text,
)
from worker.storage.sql.bulk import bulk_insert_values, bulk_update
from worker.storage.sql.chunks import chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.mapping import as_json
from worker.storage.sql.tables import delivery, outbox

COUNTED_MAX = timedelta(days=2)  # a day is counted, or an hour; a wrong clock sent what lies further ahead
_Who = tuple[str, str, str]  # a recipient's kind, address and notifiers, as the tables have them


class SqlFolding:
    """The part of the port `Outbox` about messages that are in no delivery yet."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def waiting(self, oldest_before: datetime, now: datetime) -> list[WaitingRecipient]:
        o = outbox.c
        query = (
            sa.select(
                o.recipient_kind,
                o.address,
                sa.func.max(o.name).label("name"),
                sa.func.max(o.language).label("language"),
                sa.func.max(o.phone).label("phone"),
                o.via,
                o.is_alarm,
                sa.func.count().label("n"),
            )
            .where(may_go(now))
            .group_by(o.recipient_kind, o.address, o.via, o.is_alarm)
            .having(
                sa.or_(
                    o.is_alarm == 1,
                    sa.func.min(sa.type_coerce(o.created_at, sa.BigInteger))
                    <= sa.literal(oldest_before, o.created_at.type),
                )
            )
            .order_by(o.is_alarm.desc(), o.recipient_kind, o.address, o.via)
        )
        return [
            WaitingRecipient(recipient_from_row(row), row.n, bool(row.is_alarm))
            for row in self._c.execute(query)
        ]

    def deliveries(self, to: Sequence[Recipient], since: datetime) -> list[DeliveryCount]:
        found, until = defaultdict[tuple[str, str], list[int]](lambda: [0, 0]), since + COUNTED_MAX
        for page in pages_of(to):
            for at, query in enumerate((_ARRIVED, _UNDER_WAY)):
                for address, count in self._c.execute(query, {**page, "since": since, "until": until}):
                    found[page["to_kind"], address][at] = int(count)
        return [DeliveryCount(*found[one.kind.value, one.address]) for one in to]

    def untried(self, to: Recipient) -> int:
        d = delivery.c
        theirs = (d.recipient_kind == to.kind.value) & (d.address == to.address)
        query = sa.select(sa.func.count()).where(theirs, d.state.in_(UNSENT), d.failed_at.is_(None))
        return self._c.execute(query).scalar_one()

    def pending(
        self, to: Sequence[Recipient], now: datetime, limit: int, *, is_alarm: bool = False
    ) -> list[list[OutMessage]]:
        found = defaultdict[_Who, list[OutMessage]](list)
        for row in self._pending(to, now, limit, is_alarm=is_alarm):
            found[row.recipient_kind, row.address, row.via].append(message_from_row(row))
        return [found[_who(one)] for one in to]

    def _pending(self, to: Sequence[Recipient], now: datetime, limit: int, *, is_alarm: bool) -> list[Any]:
        more = {"is_alarm": int(is_alarm), "now": now, "limit": limit}
        return [row for page in pages_by_via(to) for row in self._c.execute(_PENDING, {**page, **more})]

    def relink(self, links: Mapping[str, str]) -> None:
        o = outbox.c
        found = [
            (row.key, as_json(json.loads(row.body) | {"link": links[row.key]}))
            for part in chunked(sorted(links))
            for row in self._c.execute(sa.select(o.key, o.body).where(o.key.in_(part)))
        ]
        bulk_update(self._c, outbox, "key", ("body",), found)

    def heads(
        self, to: Sequence[Recipient], now: datetime, *, is_alarm: bool = False
    ) -> list[list[MessageHead]]:
        found, more = defaultdict[_Who, list[MessageHead]](list), {"now": now, "is_alarm": int(is_alarm)}
        for page in pages_by_via(to):
            for row in self._c.execute(_HEADS, {**page, **more}):
                head = MessageHead(row.key, row.ticket_id, bool(row.is_day_or_night), row.is_unclear == 1)
                found[page["to_kind"], row.address, page["via"]].append(head)
        return [found[_who(one)] for one in to]

    def bundle(self, bundles: Sequence[Bundle], now: datetime) -> None:
        if not bundles:
            return
        number = take_numbers(self._c, "delivery", sum(len(one.notifiers) for one in bundles))
        queued = self._queued([key for one in bundles for key in one.keys])
        deliveries, placed = list[dict[str, Any]](), list[tuple[Any, ...]]()
        for one in bundles:
            seen = [at for at, is_unclear in map(queued.__getitem__, one.keys) if is_unclear]
            names = [_seen_outside(key, queued[key][0], one.to) for key in one.keys]
            deliveries += [
                {
                    "id": number + at, "bundle_id": number, "key": delivery_key(notifier, names),
                    "notifier": notifier, "recipient_kind": one.to.kind.value, "address": one.to.address,
                    "name": one.to.name, "language": one.to.language, "phone": one.to.phone,
                    "via": via_text(one.to), "state": "waiting", "attempts": 0, "is_unclear": int(bool(seen)),
                    "next_at": now, "created_at": min(seen, default=now), "is_alarm": int(one.is_alarm),
                }
                for at, notifier in enumerate(one.notifiers)
            ]  # fmt: skip
            placed += [(key, number, "") for key in one.keys]
            number += len(one.notifiers)
        bulk_insert_values(self._c, delivery, deliveries)
        bulk_update(self._c, outbox, "key", ("bundle_id", "held_by"), placed)

    def _queued(self, keys: Sequence[str]) -> dict[str, tuple[datetime, bool]]:
        """When each message was queued, and whether it may have been seen before."""
        found = [row for part in chunked(keys) for row in self._c.execute(_QUEUED, {"keys": part})]
        return {row.key: (row.created_at, row.is_unclear == 1) for row in found}

    def give_up(self, to: Recipient, now: datetime) -> int:
        o = outbox.c
        theirs = sa.and_(
            o.recipient_kind == to.kind.value,
            o.address == to.address,
            o.via == via_text(to),
            o.ticket_id.is_not(None),
        )
        given_up = sa.update(outbox).where(theirs, may_go(now)).values(state="unreachable")
        return self._c.execute(given_up).rowcount


def _seen_outside(key: str, queued_at: datetime, to: Recipient) -> str:
    """A message's key, with when it was queued: after a restore, others get the numbers that are in keys.

    An event that is told again after a restore has the same key, by which its program knows it.
    """
    return key if to.kind is RecipientKind.FEED else f"{key} {queued_at.isoformat()}"


def _who(to: Recipient) -> _Who:
    return to.kind.value, to.address, via_text(to)


# Queries that run for each page are built once

_NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=outbox.c.not_before.type)
_THEIRS = is_to_page(outbox.c) & (outbox.c.via == sa.bindparam("via")) & may_go(_NOW)
_COUNTED = is_to_page(delivery.c) & (delivery.c.is_alarm == 0)
# What goes out over several notifiers is one message
_COUNT = sa.select(delivery.c.address, sa.func.count(delivery.c.bundle_id.distinct())).group_by(
    delivery.c.address
)


def _has_arrived(d: sa.FromClause) -> sa.ColumnElement[bool]:
    return (d.c.state == "sent") & d.c.sent_at.between(sa.bindparam("since"), sa.bindparam("until"))


_ARRIVED = _COUNT.where(_COUNTED, _has_arrived(delivery))
_OTHER = delivery.alias("other")
_UNDER_WAY = _COUNT.where(
    _COUNTED,
    delivery.c.state.in_(UNSENT),
    ~sa.exists().where(_OTHER.c.bundle_id == delivery.c.bundle_id, _has_arrived(_OTHER)),
)
_RANKED = (
    sa.select(
        outbox, sa.func.row_number().over(partition_by=outbox.c.address, order_by=outbox.c.id).label("rank")
    )
    .where(_THEIRS, outbox.c.is_alarm == sa.bindparam("is_alarm"))
    .subquery()
)
_PENDING = (
    sa.select(_RANKED).where(_RANKED.c.rank <= sa.bindparam("limit", type_=sa.Integer)).order_by(_RANKED.c.id)
)
_HEADS = (
    sa.select(
        outbox.c.key, outbox.c.address, outbox.c.ticket_id, outbox.c.is_day_or_night, outbox.c.is_unclear
    )
    .where(_THEIRS, outbox.c.is_alarm == sa.bindparam("is_alarm"))
    .order_by(outbox.c.id)
)
_QUEUED = sa.select(outbox.c.key, outbox.c.created_at, outbox.c.is_unclear).where(
    outbox.c.key.in_(sa.bindparam("keys", expanding=True))
)
