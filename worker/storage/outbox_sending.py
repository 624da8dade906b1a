"""Deliveries on their way: reserved by the page, claimed one by one, and what became of them.

A reserved delivery is `waiting` and has `claimed_by`. Whoever changes the messages of one that waits lets go of it
(`let_go_of_reserved`), so that its holder does not send what it read before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.messages.message import RecipientKind
from worker.ports.state.outbox import Claim, Delivery, Onward, OutMessage
from worker.storage.outbox_rows import UNSENT, delivery_key, message_from_row, recipient_from_row, via_text
from worker.storage.sql.chunks import chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import EPOCH, delivery, feed, outbox, quiet_channel

LATE = timedelta(hours=1)  # a delivery goes out within seconds; a long queue takes minutes
OF_A_WAIT = 4  # a wait is at most so many times as long as the silence of a channel that explains it
_MICROSECOND = timedelta(microseconds=1)


class SqlSending:
    """The part of the port `Outbox` about deliveries."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def reserve(
        self, holder: str, now: datetime, life: timedelta, limit: int, but: Collection[str] = ()
    ) -> list[Delivery]:
        quiet = self._quiet()
        silent = [*but, *(name for name, until in quiet.items() if until > now)]
        given = {"now": now, "quiet": silent, "holder": holder, "limit": limit}
        rows = self._c.execute(_NEXT, given).all()
        unclear = {row.id for row in rows if _may_have_been_sent(row, quiet, now)}
        for is_unclear in (False, True):
            ids = [row.id for row in rows if (row.id in unclear) is is_unclear]
            change = _RESERVE_UNCLEAR if is_unclear else _RESERVE
            for part in chunked(ids):
                self._c.execute(change, {"ids": part, "holder": holder, "until": now + life})
        items, shown = self._items({row.bundle_id for row in rows})
        return [
            Delivery(
                row.id, row.key, row.bundle_id, row.notifier, recipient_from_row(row), items[row.bundle_id],
                row.attempts + 1, bool(row.is_unclear) or row.id in unclear, row.created_at,
                shown.get(row.bundle_id, frozenset()),
            )
            for row in rows
        ]  # fmt: skip

    def claim(self, claim: Claim) -> bool:
        return self._c.execute(_CLAIM, _claiming(claim)).rowcount > 0

    def give_back(self, holder: str) -> None:
        self._c.execute(_GIVE_BACK, {"holder": holder})

    def _quiet(self) -> dict[str, datetime]:
        """By channel, the instant until which it is or was to be left alone."""
        return {row.notifier: row.quiet_until for row in self._c.execute(_QUIET)}

    def _items(
        self, bundles: Collection[int]
    ) -> tuple[dict[int, tuple[OutMessage, ...]], dict[int, frozenset[str]]]:
        """By bundle: its messages, and the keys of those that were shown."""
        found = defaultdict[int, tuple[OutMessage, ...]](tuple)
        shown = defaultdict[int, frozenset[str]](frozenset)
        for part in chunked(sorted(bundles)):
            for row in self._c.execute(_ITEMS, {"bundles": part}):
                found[row.bundle_id] = (*found[row.bundle_id], message_from_row(row))
                if row.state == "sent":
                    shown[row.bundle_id] |= {row.key}
        return found, shown

    def shorten(self, one: Delivery, kept: int) -> Delivery:
        o = outbox.c
        rest = [message.key for message in one.items[kept:]]
        unseen = (o.bundle_id == one.bundle) & o.key.in_(rest) & (o.state == "pending")
        is_unclear = int(self._may_have_been_seen(one))
        self._c.execute(sa.update(outbox).where(unseen).values(bundle_id=None, is_unclear=is_unclear))
        let_go_of_reserved(self._c)
        return replace(one, items=one.items[:kept])

    def drop(self, one: Delivery, keys: Collection[str]) -> Delivery | None:
        o = outbox.c
        these = (o.bundle_id == one.bundle) & o.key.in_(keys)
        was_seen = sa.case((o.state == "sent", 1), else_=int(self._may_have_been_seen(one)))
        self._c.execute(sa.update(outbox).where(these).values(state="dropped", is_unclear=was_seen))
        let_go_of_reserved(self._c)
        left = tuple(message for message in one.items if message.key not in keys)
        if not left:
            self._finish(one, state="dropped")
        return replace(one, items=left) if left else None

    def beside(self, one: Delivery, tickets: Collection[int]) -> set[str]:
        d, o, found = delivery.c, outbox.c, set[str]()
        over_it = (d.notifier == one.notifier) & d.state.in_(UNSENT)
        goes = sa.exists().where(d.bundle_id == o.bundle_id, over_it)
        tells = (o.bundle_id != one.bundle) & sa.or_(o.state == "sent", (o.state == "pending") & goes)
        for part in chunked(sorted(tickets)):
            found.update(self._c.scalars(sa.select(o.key).where(o.ticket_id.in_(part), tells)))
        return found

    def go_instead(self, one: Delivery, keys: Collection[str], now: datetime) -> None:
        d, before = delivery.c, delivery.alias("before")
        its_own = sa.case((before.c.id == one.id, 1), else_=0)  # the attempt that is not made
        had = (
            sa.select(sa.func.max(before.c.attempts - its_own))
            .where(before.c.bundle_id == one.bundle, before.c.notifier == d.notifier)
            .scalar_subquery()
        )
        change = {
            "attempts": sa.case((had > d.attempts, had), else_=d.attempts),
            "next_at": sa.case(
                (d.notifier == one.notifier, sa.literal(now, d.next_at.type)), else_=d.next_at
            ),
        }
        for part in chunked(sorted(keys)):
            those = d.bundle_id.in_(sa.select(outbox.c.bundle_id).where(outbox.c.key.in_(part)))
            self._c.execute(sa.update(delivery).where(those, d.state == "waiting").values(change))

    def _may_have_been_seen(self, one: Delivery) -> bool:
        """True if its messages may have been seen over any channel of its bundle."""
        d = delivery.c
        may = (d.is_unclear == 1) | ((d.state == "claimed") & (d.id != one.id))
        query = sa.select(d.id).where(d.bundle_id == one.bundle, may).limit(1)
        return one.is_unclear or self._c.execute(query).first() is not None

    def sent(self, one: Delivery, reference: str, now: datetime, following: Claim | None = None) -> bool:
        that = {"sent_id": one.id, "receipt": reference, "at": now}
        about = {"bundle": one.bundle}
        # Of what was said to a feed the journal has the event; the message is not kept
        is_feed = one.to.kind is RecipientKind.FEED
        if following is not None and self._c.dialect.name == "postgresql":
            all_three = _FORGET_AND_CLAIM if is_feed else _SHOWN_AND_CLAIM
            return self._c.execute(all_three, {**that, **about, **_claiming(following)}).rowcount > 0
        self._c.execute(_SENT, that)
        self._c.execute(_FORGET if is_feed else _SHOWN, about)
        return following is not None and self.claim(following)

    def let_go(self, one: Delivery) -> None:
        self._finish(one, state="dropped")
        self._c.execute(_FORGET, {"bundle": one.bundle})

    def retry(self, one: Delivery, error: str, now: datetime, at: datetime, *, is_unclear: bool) -> None:
        self._finish(
            one, state="waiting", next_at=at, error=error, failed_at=now,
            is_unclear=int(one.is_unclear or is_unclear),
        )  # fmt: skip

    def failed(self, now: datetime) -> set[str]:
        return set(self._c.execute(_FAILED, {"now": now}).scalars())

    def hurry(self, arrived: Delivery, now: datetime) -> int:
        over = {"channel": arrived.notifier}
        last = self._c.execute(_LAST_BEFORE, {**over, "wanted": arrived.id}).scalar() or EPOCH
        longest = OF_A_WAIT * (now - last) // _MICROSECOND
        return self._c.execute(_HURRY, {**over, "now": now, "last": last, "longest": longest}).rowcount

    def leave_alone(self, notifier: str, until: datetime) -> None:
        q = quiet_channel
        known = self._c.execute(sa.update(q).where(q.c.notifier == notifier).values(quiet_until=until))
        if known.rowcount == 0:
            self._c.execute(sa.insert(q).values(notifier=notifier, quiet_until=until))

    def put_off(self, one: Delivery, error: str, now: datetime, at: datetime) -> None:
        failed = {"failed_at": now} if error else {}
        self._finish(one, state="waiting", next_at=at, error=error, attempts=one.attempts - 1, **failed)

    def others_arrived(self, one: Delivery, now: datetime) -> bool:
        d = delivery.c
        since = sa.select(sa.func.coalesce(d.failed_at, d.next_at)).where(d.id == one.id).scalar_subquery()
        theirs = (d.address == one.to.address) & (d.recipient_kind == one.to.kind.value)
        arrived = sa.select(d.id).where(theirs, d.state == "sent", d.sent_at.between(since, now)).limit(1)
        return self._c.execute(arrived).first() is not None

    def fail_event(
        self, one: Delivery, error: str, now: datetime, at: datetime, *, is_own: bool, is_unclear: bool
    ) -> None:
        self._finish(
            one, state="waiting", next_at=at, error=error, attempts=one.attempts - (not is_own), failed_at=now,
            is_unclear=int(one.is_unclear or is_unclear),
        )  # fmt: skip

    def move(self, one: Delivery, notifier: str | None, error: str, now: datetime) -> None:
        if notifier is not None:
            # if it may have arrived over the other channel, it may be a repeat on this one
            self._finish(
                one, state="waiting", notifier=notifier, next_at=now, error=error, attempts=0,
                failed_at=None, is_unclear=int(one.is_unclear),
            )  # fmt: skip
            return
        self._finish(one, state="unreachable", error=error)
        d = delivery.c
        others = (d.bundle_id == one.bundle) & (d.id != one.id) & d.state.in_((*UNSENT, "sent"))
        if self._c.execute(sa.select(sa.func.count()).where(others)).scalar_one():
            return
        of_bundle = outbox.c.bundle_id == one.bundle
        self._c.execute(sa.update(outbox).where(of_bundle, _IS_IN_IT).values(state="unreachable"))

    def notifiers_of(self, one: Delivery) -> frozenset[str]:
        d = delivery.c
        return frozenset(self._c.scalars(sa.select(d.notifier).where(d.bundle_id == one.bundle)))

    def accepted(self, key: str) -> Delivery | None:
        d = delivery.c
        row = self._c.execute(sa.select(delivery).where(d.key == key, d.state == "sent")).first()
        if row is None:
            return None
        items = self._items({row.bundle_id})[0][row.bundle_id]
        return Delivery(
            row.id, row.key, row.bundle_id, row.notifier, recipient_from_row(row), items, row.attempts,
            bool(row.is_unclear), row.created_at,
        )  # fmt: skip

    def bounce(self, one: Delivery, error: str, onward: Onward | None, now: datetime) -> None:
        self._finish(one, state="bounced", error=error, sent_at=None)
        if onward is None:
            self.move(one, None, error, now)
            return
        o, keys = outbox.c, [message.key for message in one.items]
        of_bundle = o.bundle_id == one.bundle
        self._c.execute(sa.update(outbox).where(of_bundle, o.key.not_in(keys)).values(state="dropped"))
        if not keys:
            return
        self._c.execute(sa.update(outbox).where(of_bundle, o.key.in_(keys)).values(state="pending"))
        again = {
            "id": take_numbers(self._c, "delivery", 1), "bundle_id": one.bundle,
            "key": delivery_key(onward.notifier, [one.key]), "notifier": onward.notifier,
            "recipient_kind": one.to.kind.value, "address": one.to.address, "name": one.to.name,
            "language": one.to.language, "phone": one.to.phone, "via": via_text(one.to), "state": "waiting",
            "attempts": 0, "is_unclear": 0, "next_at": onward.at, "created_at": now,
            "is_alarm": int(any(message.is_alarm for message in one.items)),
        }  # fmt: skip
        self._c.execute(sa.insert(delivery).values(again))

    def _finish(self, one: Delivery, **values: Any) -> None:
        self._c.execute(_FINISH, {"wanted": one.id, **_FREED, **values})


def _claiming(claim: Claim) -> dict[str, Any]:
    one = claim.delivery
    return {"wanted": one.id, "holder": claim.holder, "until": claim.until, "tries": one.attempts}


def let_go_of_reserved(connection: sa.Connection) -> None:
    """Give up what anybody has reserved and not claimed, since messages in it may have changed."""
    connection.execute(_LET_GO)


def _may_have_been_sent(row: Any, quiet: dict[str, datetime], now: datetime) -> bool:
    """True if its holder died, or if it comes from a restored backup: nobody knows whether it was sent."""
    due_at: datetime = max(row.next_at, quiet.get(row.notifier, row.next_at))
    return bool(row.state == "claimed") or now - due_at > LATE


# Statements that run for each page or each delivery are built once

_NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=delivery.c.next_at.type)
_HOLDER = sa.bindparam("holder", type_=sa.Text)
_UNTIL: sa.BindParameter[datetime] = sa.bindparam("until", type_=delivery.c.claimed_until.type)
_FREED = {"claimed_by": None, "claimed_until": None}
_IS_RESERVED = (delivery.c.state == "waiting") & delivery.c.claimed_by.is_not(None)
_IS_FREE = sa.or_(
    delivery.c.claimed_by.is_(None), delivery.c.claimed_by == _HOLDER, delivery.c.claimed_until <= _NOW
)
_IS_DUE = sa.or_(
    (delivery.c.state == "waiting") & (delivery.c.next_at <= _NOW) & _IS_FREE,
    (delivery.c.state == "claimed") & (delivery.c.claimed_until <= _NOW),
)
_IS_FEED = delivery.c.recipient_kind == RecipientKind.FEED.value  # after people, however long it has waited
IS_STOPPED = sa.exists().where(feed.c.notifier == delivery.c.notifier, feed.c.stopped_at.is_not(None))
_IS_AT_FAULT = _IS_FEED & (delivery.c.attempts > 0)  # it may never be taken, and keeps no other waiting
_NEXT = (
    sa.select(delivery)
    .where(_IS_DUE, delivery.c.notifier.not_in(sa.bindparam("quiet", expanding=True)), ~IS_STOPPED)
    .order_by(delivery.c.is_alarm.desc(), _IS_FEED, _IS_AT_FAULT, delivery.c.next_at, delivery.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
_THIS = delivery.c.id == sa.bindparam("wanted")
_OF_BUNDLE = outbox.c.bundle_id == sa.bindparam("bundle")
_FINISH = sa.update(delivery).where(_THIS)
_RESERVE = (
    sa.update(delivery)
    .where(delivery.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(state="waiting", claimed_by=_HOLDER, claimed_until=_UNTIL)
)
_RESERVE_UNCLEAR = _RESERVE.values(is_unclear=1)
_CLAIM = (
    sa.update(delivery)
    .where(_THIS, delivery.c.state == "waiting", delivery.c.claimed_by == _HOLDER)
    .values(state="claimed", claimed_until=_UNTIL, attempts=sa.bindparam("tries"))
)
_SENT = sa.update(delivery).where(delivery.c.id == sa.bindparam("sent_id")).values(
    state="sent", reference=sa.bindparam("receipt"), error="", **_FREED,
    sent_at=sa.bindparam("at", type_=delivery.c.sent_at.type),
)  # fmt: skip
_IS_IN_IT = outbox.c.state != "dropped"  # when an earlier delivery of the bundle came back
_SHOWN = sa.update(outbox).where(_OF_BUNDLE, _IS_IN_IT).values(state="sent")
_FORGET = sa.delete(outbox).where(_OF_BUNDLE)
# PostgreSQL does several changes in one statement, so that others wait for fewer answers of ours
_SHOWN_AND_CLAIM, _FORGET_AND_CLAIM = (
    _CLAIM.add_cte(_SENT.cte("sent"), about.cte("about")) for about in (_SHOWN, _FORGET)
)
_HAS_FAILED = sa.and_(
    delivery.c.state == "waiting", delivery.c.error != "", delivery.c.failed_at.is_not(None),
    delivery.c.next_at > _NOW, ~_IS_FEED,
)  # fmt: skip
_FAILED = sa.select(delivery.c.notifier).distinct().where(_HAS_FAILED)
_IS_OVER_IT = delivery.c.notifier == sa.bindparam("channel")
_LAST_BEFORE = (
    sa.select(delivery.c.sent_at)
    .where(_IS_OVER_IT, delivery.c.sent_at.is_not(None), ~_THIS)
    .order_by(delivery.c.sent_at.desc())
    .limit(1)
)
_WAIT: sa.ColumnElement[int] = sa.type_coerce(delivery.c.next_at, sa.BigInteger) - sa.type_coerce(
    delivery.c.failed_at, sa.BigInteger
)
_HURRY = (
    sa.update(delivery)
    .where(
        _HAS_FAILED, _IS_OVER_IT, delivery.c.failed_at > sa.bindparam("last", type_=delivery.c.sent_at.type)
    )
    .where(sa.bindparam("longest", type_=sa.BigInteger) >= _WAIT)
    .values(next_at=_NOW)
)
_LET_GO = sa.update(delivery).where(_IS_RESERVED).values(_FREED)
_GIVE_BACK = _LET_GO.where(delivery.c.claimed_by == _HOLDER)
_ITEMS = (
    sa.select(outbox)
    .where(outbox.c.bundle_id.in_(sa.bindparam("bundles", expanding=True)), _IS_IN_IT)
    .order_by(outbox.c.id)
)
_QUIET = sa.select(quiet_channel)
