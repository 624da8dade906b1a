"""What stands in channels about tickets, and what people did there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.instants import APART_MAX
from worker.domain.messages.message import ReaderAct, Recipient, RecipientKind
from worker.ports.connectors.conversing import Interaction
from worker.ports.state.conversations import Claimed, ShownMessage
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import interaction, quiet_channel, shown_message, ticket, to_micros

KEPT_FOR = timedelta(days=1)  # a channel may send the same again for some minutes
_COLUMNS = (
    "notifier", "reference", "ticket_id", "recipient_kind", "address", "name", "language", "version", "posted_at",
    "told_at", "told_seq",
)  # fmt: skip


class SqlConversations:
    """The port `Conversations` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def keep(self, message: ShownMessage) -> None:
        to, instants = message.to, (to_micros(message.posted_at), to_micros(message.told_at))
        place = (message.notifier, message.reference)
        about = (to.kind.value, to.address, to.name, to.language)
        until = (*instants, message.told_seq)
        rows = [(*place, number, *about, version, *until) for number, version in message.versions.items()]
        bulk_upsert(self._c, shown_message, _COLUMNS, rows)

    def first_of(self, notifier: str, to: Recipient, tickets: Collection[int]) -> dict[int, str]:
        s, found = shown_message.c, dict[int, str]()
        theirs = (s.notifier == notifier) & (s.recipient_kind == to.kind.value) & (s.address == to.address)
        for chunk in chunked(sorted(tickets)):
            query = sa.select(s.ticket_id, s.reference).where(theirs, s.ticket_id.in_(chunk))
            for number, reference in self._c.execute(query.order_by(s.posted_at.desc(), s.reference.desc())):
                found[number] = reference
        return found

    def outdated(self, notifiers: Collection[str], now: datetime, limit: int) -> list[ShownMessage]:
        s, q = shown_message.c, quiet_channel.c
        is_quiet = sa.exists().where(q.notifier == s.notifier, q.quiet_until > now)
        query = (
            sa.select(s.notifier, s.reference)
            .join(ticket, ticket.c.id == s.ticket_id)
            .where(s.version != ticket.c.version, s.notifier.in_(sorted(notifiers)), ~is_quiet)
            .group_by(s.notifier, s.reference)
            .order_by(sa.func.min(sa.type_coerce(s.posted_at, sa.BigInteger)), s.reference)
            .limit(limit)
        )
        places = [(row.notifier, row.reference) for row in self._c.execute(query)]
        rows = defaultdict(list)
        for chunk in chunked(places):
            whole = sa.select(shown_message).where(sa.tuple_(s.notifier, s.reference).in_(chunk))
            for row in self._c.execute(whole.order_by(s.ticket_id)):
                rows[row.notifier, row.reference].append(row)
        return [_shown_message(rows[place]) for place in places]

    def forget(self, notifier: str, reference: str) -> None:
        s = shown_message.c
        this = (s.notifier == notifier) & (s.reference == reference)
        self._c.execute(sa.delete(shown_message).where(this))


class SqlInteractions:
    """The port `Interactions` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def keep(self, notifier: str, one: Interaction, now: datetime) -> bool:
        i = interaction.c
        over = (i.state == "taken") & (i.received_at < now - KEPT_FOR)
        self._c.execute(sa.delete(interaction).where(over))
        known = sa.select(i.id).where(i.notifier == notifier, i.key == one.key)
        if self._c.execute(known).first() is not None:
            return False
        number = take_numbers(self._c, "interaction")
        body = json.dumps({**asdict(one), "at": one.at.isoformat()}, ensure_ascii=False)
        row = {"id": number, "notifier": notifier, "key": one.key, "body": body, "received_at": now}
        self._c.execute(sa.insert(interaction).values(**row, state="waiting"))
        return True

    def claim(self, now: datetime, life: timedelta) -> Claimed | None:
        i = interaction.c
        is_over = sa.or_(
            i.claimed_until <= now, i.claimed_until > now + life + APART_MAX
        )  # see domain.instants
        is_due = sa.or_(i.state == "waiting", (i.state == "claimed") & is_over)
        query = sa.select(interaction).where(is_due).order_by(i.id).limit(1)
        row = self._c.execute(query.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        taken = sa.update(interaction).where(i.id == row.id, is_due)
        values = {"state": "claimed", "claimed_until": now + life, "attempts": row.attempts + 1}
        if self._c.execute(taken.values(values)).rowcount == 0:
            return None
        return Claimed(row.id, row.notifier, _interaction(row.body), row.attempts + 1)

    def finish(self, number: int) -> bool:
        i = interaction.c
        this = sa.update(interaction).where(i.id == number, i.state != "taken")
        return self._c.execute(this.values(state="taken", body="", claimed_until=None)).rowcount > 0


def _shown_message(rows: list[Any]) -> ShownMessage:
    first = rows[0]
    to = Recipient(RecipientKind(first.recipient_kind), first.address, first.name, first.language)
    versions = {row.ticket_id: row.version for row in rows}
    until = (first.posted_at, first.told_at, first.told_seq)
    return ShownMessage(first.notifier, first.reference, to, versions, *until)


def _interaction(body: str) -> Interaction:
    values = json.loads(body)
    act = values.pop("act")
    at = datetime.fromisoformat(values.pop("at"))
    return Interaction(**values, at=at, act=ReaderAct(act) if act else None)
