"""The outbox: messages are committed with the state, and folded into deliveries, which are claimed one by one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.tickets.ticket import TicketState, ticket_label
from worker.ports.state.outbox import ACKNOWLEDGED, SNOOZED, Backlog, OutMessage
from worker.storage.outbox_folding import SqlFolding
from worker.storage.outbox_righting import SqlRighting
from worker.storage.outbox_rows import UNSENT, message_row, recipient_from_row
from worker.storage.outbox_sending import SqlSending, let_go_of_reserved
from worker.storage.sql.bulk import bulk_insert_values
from worker.storage.sql.chunks import chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import delivery, outbox, ticket, undo

_KNOWN = sa.select(outbox.c.key).where(outbox.c.key.in_(sa.bindparam("keys", expanding=True)))


class SqlOutbox(SqlFolding, SqlSending, SqlRighting):
    """The port `Outbox` within one transaction."""

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
            seen = sa.update(outbox).where(waiting, o.is_unclear == 1).values(state="dropped")
            gone += self._c.execute(seen).rowcount
            gone += self._c.execute(sa.delete(outbox).where(waiting)).rowcount
        return gone

    def known(self, keys: Collection[str]) -> set[str]:
        return {key for part in chunked(keys) for key in self._c.execute(_KNOWN, {"keys": part}).scalars()}

    def withdraw_about(
        self, tickets: Collection[int], said: str = "", but: tuple[str, ...] = ()
    ) -> list[str]:
        beginnings = tuple(f"{ticket_label(number)}:{said}:" for number in tickets)
        untried = [row for row in self._untried(tickets) if not row.key.startswith(but)]
        rows = [one for one in untried if not said or one.key.startswith(beginnings)]
        self._take_back(rows)
        return [row.key for row in rows]

    def withdraw_unseen(self, beginning: str) -> list[str]:
        rows = [row for row in self._c.execute(_ALARMS) if row.key.startswith(beginning)]
        self._take_back(rows)
        return [row.key for row in rows]

    def _take_back(self, rows: Sequence[Any]) -> None:
        o = outbox.c
        for part in chunked([row.id for row in rows]):
            held = o.id.in_(part) & (o.held_by != "")
            self._c.execute(sa.update(outbox).where(held).values(state="dropped", bundle_id=None))
            self._c.execute(sa.delete(outbox).where(o.id.in_(part), o.held_by == ""))
        self._end_empty({row.bundle_id for row in rows if row.bundle_id is not None})

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

    def end_rests(self, now: datetime) -> None:
        self._c.execute(_END_RESTS, {"now": now})

    def _untried(self, tickets: Collection[int], *which: sa.ColumnElement[bool]) -> list[Any]:
        """The messages to people about these tickets that no channel has tried to send."""
        o, found = outbox.c, list[Any]()
        for chunk in chunked(sorted(set(tickets))):
            untried = o.ticket_id.in_(chunk) & (o.state == "pending") & ~_was_tried() & _IS_TO_PEOPLE
            query = sa.select(o.id, o.key, o.bundle_id).where(untried, *which)
            found += self._c.execute(query.order_by(o.id))
        return found

    def _end_empty(self, bundles: Collection[int]) -> None:
        """Delete deliveries that have no messages left."""
        for chunk in chunked(sorted(bundles)):
            is_empty = ~sa.exists().where(outbox.c.bundle_id == delivery.c.bundle_id)
            self._c.execute(sa.delete(delivery).where(delivery.c.bundle_id.in_(chunk), is_empty))
        if bundles:
            let_go_of_reserved(self._c)

    def may_reach(self, ticket: int, beginning: str) -> bool:
        o = outbox.c
        is_of_it = (o.ticket_id == ticket) & o.key.startswith(beginning, autoescape=True)
        query = sa.select(o.key).where(is_of_it, o.state.in_(("pending", "sent"))).limit(1)
        return self._c.execute(query).first() is not None

    def told_about(self, since: Mapping[int, datetime]) -> dict[int, tuple[Recipient, ...]]:
        o, told = outbox.c, dict[int, dict[tuple[str, str], Recipient]]()
        for chunk in chunked(sorted(since)):
            was_overtaken = (o.state == "dropped") & (o.is_unclear == 1)
            was_sent = sa.or_(o.state == "sent", (o.state == "pending") & _was_tried(), was_overtaken)
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

    def backlog(self) -> Backlog:
        o, d = outbox.c, delivery.c
        pending = sa.select(sa.func.count()).where(o.state == "pending", o.bundle_id.is_(None))
        unsent = sa.select(sa.func.count()).where(d.state.in_(UNSENT))
        messages, deliveries = (int(self._c.execute(query).scalar_one()) for query in (pending, unsent))
        return Backlog(messages, deliveries)


def _was_tried() -> sa.ColumnElement[bool]:
    """True if the message has arrived, may have arrived, or is on its way; not after a clear failure."""
    d = delivery.c
    is_clear = d.state.in_(("waiting", "bounced")) & (d.is_unclear == 0)
    on_its_way = (d.bundle_id == outbox.c.bundle_id) & ~is_clear
    return sa.or_(outbox.c.is_unclear == 1, sa.exists().where(on_its_way))


_ALARMS = sa.select(outbox.c.id, outbox.c.key, outbox.c.bundle_id).where(
    outbox.c.state == "pending", outbox.c.is_alarm == 1, ~_was_tried()
)
# What a program is sent is no message about a ticket: it stays true, and tells nobody
_IS_TO_PEOPLE = outbox.c.recipient_kind != RecipientKind.FEED.value

_NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=outbox.c.not_before.type)
_RESTS_NO_MORE = sa.exists().where(
    ticket.c.id == outbox.c.ticket_id, ticket.c.state == TicketState.OPEN.value,
    ticket.c.acknowledged_until.is_(None), ticket.c.snoozed_until.is_(None),
)  # fmt: skip
_CAN_BE_TAKEN_BACK = sa.exists().where(undo.c.ticket_id == outbox.c.ticket_id, undo.c.until > _NOW)
_END_RESTS = (
    sa.update(outbox)
    .where(
        outbox.c.state == "pending", outbox.c.bundle_id.is_(None), outbox.c.not_before > _NOW,
        outbox.c.held_by.in_((ACKNOWLEDGED, SNOOZED)), _RESTS_NO_MORE, ~_CAN_BE_TAKEN_BACK,
    )
    .values(not_before=None)
)  # fmt: skip
