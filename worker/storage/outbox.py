"""The outbox: messages are committed with the state, and folded into deliveries, which are claimed one by one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.messages.message import Recipient, RecipientKind
from worker.ports.state.outbox import (
    Backlog,
    Delivery,
    DeliveryCount,
    MessageHead,
    OutMessage,
    WaitingRecipient,
)
from worker.storage.outbox_rows import (
    address_of,
    delivery_key,
    is_counted,
    is_to,
    may_go,
    message_from_row,
    message_row,
    recipient_from_row,
    via_text,
    was_tried,
)
from worker.storage.sql.bulk import bulk_insert_values
from worker.storage.sql.chunks import chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import delivery, feed, outbox, quiet_channel

UNSENT = ("waiting", "claimed")
_KNOWN = sa.select(outbox.c.key).where(outbox.c.key.in_(sa.bindparam("keys", expanding=True)))

LATE = timedelta(hours=1)  # a delivery goes out within seconds; a long queue takes minutes


class SqlOutbox:
    """The port `Outbox` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def add(self, messages: Sequence[OutMessage], now: datetime) -> int:
        known = self.known([message.key for message in messages])
        new = {message.key: message for message in messages if message.key not in known}
        if new:
            first = take_numbers(self._c, "outbox", len(new))
            rows = [message_row(first + at, message, now) for at, message in enumerate(new.values())]
            bulk_insert_values(self._c, outbox, rows)
        return len(new)

    def withdraw(self, keys: Sequence[str]) -> int:
        o, gone = outbox.c, 0
        for chunk in chunked(keys):
            waiting = o.key.in_(chunk) & (o.state == "pending") & o.bundle_id.is_(None)
            gone += self._c.execute(sa.delete(outbox).where(waiting)).rowcount
        return gone

    def known(self, keys: Collection[str]) -> set[str]:
        return {key for part in chunked(keys) for key in self._c.execute(_KNOWN, {"keys": part}).scalars()}

    def withdraw_about(self, tickets: Collection[int]) -> list[str]:
        o, rows = outbox.c, self._untried(tickets)
        for part in chunked([row.id for row in rows]):
            held = o.id.in_(part) & (o.held_by != "")
            self._c.execute(sa.update(outbox).where(held).values(state="dropped"))
            self._c.execute(sa.delete(outbox).where(o.id.in_(part), o.held_by == ""))
        self._end_empty({row.bundle_id for row in rows if row.bundle_id is not None})
        return [row.key for row in rows]

    def hold_about(self, ticket: int, until: datetime, by: str, but: tuple[str, ...] = ()) -> int:
        o = outbox.c
        is_sooner = sa.or_(o.not_before.is_(None), o.not_before < until, o.held_by == by)
        calls = (o.is_urgent == 1) & is_sooner
        rows = [row for row in self._untried([ticket], calls) if not row.key.startswith(but)]
        for part in chunked([row.id for row in rows]):
            held = {"bundle_id": None, "not_before": until, "held_by": by}
            self._c.execute(sa.update(outbox).where(o.id.in_(part)).values(held))
        self._end_empty({row.bundle_id for row in rows if row.bundle_id is not None})
        return len(rows)

    def _untried(self, tickets: Collection[int], *which: sa.ColumnElement[bool]) -> list[Any]:
        """The messages to people about these tickets that no channel has tried to send."""
        o, found = outbox.c, list[Any]()
        for chunk in chunked(sorted(set(tickets))):
            untried = o.ticket_id.in_(chunk) & (o.state == "pending") & ~was_tried() & _IS_TO_PEOPLE
            query = sa.select(o.id, o.key, o.bundle_id).where(untried, *which)
            found += self._c.execute(query.order_by(o.id))
        return found

    def _end_empty(self, bundles: Collection[int]) -> None:
        """Delete deliveries that have no messages left."""
        for chunk in chunked(sorted(bundles)):
            is_empty = ~sa.exists().where(outbox.c.bundle_id == delivery.c.bundle_id)
            self._c.execute(sa.delete(delivery).where(delivery.c.bundle_id.in_(chunk), is_empty))

    def told_about(self, since: Mapping[int, datetime]) -> dict[int, tuple[Recipient, ...]]:
        o, told = outbox.c, dict[int, dict[tuple[str, str], Recipient]]()
        for chunk in chunked(sorted(since)):
            was_sent = sa.or_(o.state == "sent", (o.state == "pending") & was_tried())
            query = (
                sa.select(outbox)
                .where(o.ticket_id.in_(chunk), was_sent, _IS_TO_PEOPLE)
                .order_by(o.ticket_id, o.id)
            )
            for row in self._c.execute(query):
                if row.created_at >= since[row.ticket_id]:
                    told.setdefault(row.ticket_id, {})[row.recipient_kind, row.address] = recipient_from_row(
                        row
                    )
        return {number: tuple(recipients.values()) for number, recipients in told.items()}

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

    def deliveries(self, to: Recipient, since: datetime) -> DeliveryCount:
        arrived, under_way = self._c.execute(_DELIVERIES, {**address_of(to), "since": since}).one()
        return DeliveryCount(int(arrived), int(under_way))

    def pending(
        self, to: Recipient, now: datetime, limit: int, *, is_alarm: bool = False
    ) -> list[OutMessage]:
        return [message_from_row(row) for row in self._pending(to, now, limit, is_alarm=is_alarm)]

    def heads(self, to: Recipient, now: datetime) -> list[MessageHead]:
        o = outbox.c
        query = sa.select(o.key, o.ticket_id, o.is_day_or_night).where(
            is_to(o), o.via == sa.bindparam("via"), o.is_alarm == 0, may_go(now)
        )
        rows = self._c.execute(query.order_by(o.id), {**address_of(to), "via": via_text(to)})
        return [MessageHead(key, number, bool(day_or_night)) for key, number, day_or_night in rows]

    def bundle(
        self, to: Recipient, notifiers: Sequence[str], now: datetime, limit: int, *, is_alarm: bool = False
    ) -> int:
        rows = self._pending(to, now, limit, is_alarm=is_alarm)
        if not rows:
            return 0
        ids = [row.id for row in rows]
        is_unclear = int(any(row.is_unclear for row in rows))
        number = take_numbers(self._c, "delivery", len(notifiers))
        for at, notifier in enumerate(notifiers):
            key = delivery_key(notifier, [row.key for row in rows])
            row = {
                "id": number + at, "bundle_id": number, "key": key, "notifier": notifier,
                "recipient_kind": to.kind.value, "address": to.address, "name": to.name, "language": to.language,
                "phone": to.phone, "via": via_text(to), "state": "waiting", "is_unclear": is_unclear,
                "next_at": now, "created_at": now, "is_alarm": int(is_alarm),
            }  # fmt: skip
            self._c.execute(_DELIVER, row)
        o = outbox.c
        claimed = (
            sa.update(outbox).where(o.id.in_(ids), o.bundle_id.is_(None)).values(bundle_id=number, held_by="")
        )
        self._c.execute(claimed)
        return len(ids)

    def _pending(self, to: Recipient, now: datetime, limit: int, *, is_alarm: bool) -> Sequence[Any]:
        which = {**address_of(to), "via": via_text(to), "is_alarm": int(is_alarm)}
        return self._c.execute(_PENDING, {**which, "now": now, "limit": limit}).all()

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

    def claim(self, holder: str, now: datetime, life: timedelta) -> Delivery | None:
        quiet = self._quiet()
        given = {"now": now, "quiet": [name for name, until in quiet.items() if until > now]}
        row = self._c.execute(_NEXT, given).first()
        if row is None:
            return None
        # Its holder died, or it comes from a restored backup: nobody knows whether it was sent
        due_at = max(row.next_at, quiet.get(row.notifier, row.next_at))
        was_cut_off = row.state == "claimed" or now - due_at > LATE
        is_unclear = bool(row.is_unclear or was_cut_off)
        claimed = {
            "state": "claimed", "claimed_by": holder, "claimed_until": now + life, "attempts": row.attempts + 1,
            "is_unclear": int(is_unclear),
        }  # fmt: skip
        if self._c.execute(_CLAIM, {"wanted": row.id, "now": now, **claimed}).rowcount == 0:
            return None
        items = self._items(row.bundle_id)
        return Delivery(
            row.id,
            row.key,
            row.bundle_id,
            row.notifier,
            recipient_from_row(row),
            items,
            row.attempts + 1,
            is_unclear,
            row.created_at,
        )

    def _quiet(self) -> dict[str, datetime]:
        """By channel, the instant until which it is or was to be left alone."""
        return {row.notifier: row.quiet_until for row in self._c.execute(_QUIET)}

    def _items(self, bundle: int) -> tuple[OutMessage, ...]:
        return tuple(message_from_row(one) for one in self._c.execute(_ITEMS, {"bundle": bundle}))

    def shorten(self, one: Delivery, kept: int) -> Delivery:
        d, o = delivery.c, outbox.c
        may_have_been_seen = (d.bundle_id == one.bundle) & (
            (d.is_unclear == 1) | ((d.state == "claimed") & (d.id != one.id))
        )
        is_unclear = self._c.execute(sa.select(d.id).where(may_have_been_seen).limit(1)).first() is not None
        rest = [message.key for message in one.items[kept:]]
        unseen = (o.bundle_id == one.bundle) & o.key.in_(rest) & (o.state == "pending")
        released = sa.update(outbox).where(unseen)
        self._c.execute(released.values(bundle_id=None, is_unclear=int(is_unclear)))
        return replace(one, items=one.items[:kept])

    def sent(self, one: Delivery, reference: str, now: datetime) -> None:
        self._finish(one, state="sent", reference=reference, sent_at=now, error="")
        if one.to.kind is RecipientKind.FEED:  # the journal has the event; what was said of it is not kept
            self._c.execute(sa.delete(outbox).where(outbox.c.bundle_id == one.bundle))
            return
        self._c.execute(sa.update(outbox).where(outbox.c.bundle_id == one.bundle).values(state="sent"))

    def let_go(self, one: Delivery) -> None:
        self._finish(one, state="dropped")
        self._c.execute(sa.delete(outbox).where(outbox.c.bundle_id == one.bundle))

    def retry(self, one: Delivery, error: str, at: datetime, *, is_unclear: bool) -> None:
        self._finish(
            one, state="waiting", next_at=at, error=error, is_unclear=int(one.is_unclear or is_unclear)
        )

    def leave_alone(self, notifier: str, until: datetime) -> None:
        q = quiet_channel
        known = self._c.execute(sa.update(q).where(q.c.notifier == notifier).values(quiet_until=until))
        if known.rowcount == 0:
            self._c.execute(sa.insert(q).values(notifier=notifier, quiet_until=until))

    def put_off(self, one: Delivery, error: str, at: datetime) -> None:
        self._finish(one, state="waiting", next_at=at, error=error, attempts=one.attempts - 1)

    def move(self, one: Delivery, notifier: str | None, error: str, now: datetime) -> None:
        if notifier is not None:
            # if it may have arrived over the other channel, it may be a repeat on this one
            self._finish(
                one, state="waiting", notifier=notifier, next_at=now, error=error, attempts=0,
                is_unclear=int(one.is_unclear),
            )  # fmt: skip
            return
        self._finish(one, state="unreachable", error=error)
        d = delivery.c
        others = (d.bundle_id == one.bundle) & (d.id != one.id) & d.state.in_((*UNSENT, "sent"))
        if self._c.execute(sa.select(sa.func.count()).where(others)).scalar_one():
            return
        self._c.execute(sa.update(outbox).where(outbox.c.bundle_id == one.bundle).values(state="unreachable"))

    def _finish(self, one: Delivery, **values: Any) -> None:
        freed = {"claimed_by": None, "claimed_until": None}
        self._c.execute(_CHANGE, {"wanted": one.id, **freed, **values})

    def backlog(self) -> Backlog:
        o, d = outbox.c, delivery.c
        pending = sa.select(sa.func.count()).where(o.state == "pending", o.bundle_id.is_(None))
        unsent = sa.select(sa.func.count()).where(d.state.in_(UNSENT))
        messages, deliveries = (int(self._c.execute(query).scalar_one()) for query in (pending, unsent))
        return Backlog(messages, deliveries)


# What a program is sent is no message about a ticket: it stays true, and tells nobody
_IS_TO_PEOPLE = outbox.c.recipient_kind != RecipientKind.FEED.value
_IS_FEED = delivery.c.recipient_kind == RecipientKind.FEED.value  # after people, however long it has waited
IS_STOPPED = sa.exists().where(feed.c.notifier == delivery.c.notifier, feed.c.stopped_at.is_not(None))

# Queries that run for each delivery are built once

_DELIVERIES = sa.select(
    sa.select(sa.func.count())
    .where(is_counted(), delivery.c.state == "sent", delivery.c.sent_at >= sa.bindparam("since"))
    .scalar_subquery(),
    sa.select(sa.func.count()).where(is_counted(), delivery.c.state.in_(UNSENT)).scalar_subquery(),
)
_PENDING = (
    sa.select(outbox)
    .where(
        is_to(outbox.c),
        outbox.c.via == sa.bindparam("via"),
        outbox.c.is_alarm == sa.bindparam("is_alarm"),
        may_go(sa.bindparam("now", type_=outbox.c.not_before.type)),
    )
    .order_by(outbox.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=outbox.c.not_before.type)
_IS_DUE = sa.or_(
    (delivery.c.state == "waiting") & (delivery.c.next_at <= _NOW),
    (delivery.c.state == "claimed") & (delivery.c.claimed_until <= _NOW),
)
_NEXT = (
    sa.select(delivery)
    .where(_IS_DUE, delivery.c.notifier.not_in(sa.bindparam("quiet", expanding=True)), ~IS_STOPPED)
    .order_by(delivery.c.is_alarm.desc(), _IS_FEED, delivery.c.next_at, delivery.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_DELIVER = sa.insert(delivery)
_CHANGE = sa.update(delivery).where(delivery.c.id == sa.bindparam("wanted"))
_CLAIM = _CHANGE.where(_IS_DUE)
_ITEMS = sa.select(outbox).where(outbox.c.bundle_id == sa.bindparam("bundle")).order_by(outbox.c.id)
_QUIET = sa.select(quiet_channel)
