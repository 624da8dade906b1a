"""Silences that people made, and what they kept quiet."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.escalation.silences import Silence, id_of_silence, silence_label
from worker.domain.tickets.ticket import TicketKind
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import silence, silenced_ticket, to_micros

_LISTS = ("groups", "people", "sources", "kinds")

_ON = (
    sa.select(silence)
    .where(
        silence.c.from_at <= sa.bindparam("now"),
        silence.c.until_at > sa.bindparam("now"),
        silence.c.ended_at.is_(None),
    )
    .order_by(silence.c.id)
)


class SqlSilences:
    """The port `Silences` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def add(self, new: Silence, now: datetime) -> Silence:
        stored = replace(new, id=silence_label(take_numbers(self._c, "silence", 1)))
        lists = {name: json.dumps(list(getattr(stored, name)), ensure_ascii=False) for name in _LISTS}
        self._c.execute(
            sa.insert(silence).values(
                id=stored.id, from_at=stored.from_at, until_at=stored.until_at, by=stored.by, reason=stored.reason,
                created_at=now, **lists,
            )
        )  # fmt: skip
        return stored

    def on(self, now: datetime) -> list[Silence]:
        return [_silence(row) for row in self._c.execute(_ON, {"now": now})]

    def all(self) -> list[Silence]:
        counts = self.counts()
        rows = self._c.execute(sa.select(silence).order_by(silence.c.id.desc()))
        return [replace(_silence(row), fired=counts.get(row.id, 0)) for row in rows]

    def end(self, silence_id: str, now: datetime) -> Silence | None:
        s = silence.c
        this = (s.id == id_of_silence(silence_id)) & (s.until_at > now) & s.ended_at.is_(None)
        row = self._c.execute(sa.select(silence).where(this)).first()
        if row is None:
            return None
        self._c.execute(sa.update(silence).where(this).values(ended_at=now))
        return _silence(row)

    def fired(self, silence_id: str, tickets: Collection[int], now: datetime) -> None:
        rows = [(silence_id, number, to_micros(now)) for number in sorted(tickets)]
        bulk_upsert(self._c, silenced_ticket, ("silence_id", "ticket_id", "at"), rows, update=False)

    def counts(self) -> dict[str, int]:
        f = silenced_ticket.c
        query = sa.select(f.silence_id, sa.func.count()).group_by(f.silence_id)
        return {silence_id: int(count) for silence_id, count in self._c.execute(query)}


def _silence(row: Any) -> Silence:
    groups, people, sources = (tuple(json.loads(getattr(row, name))) for name in _LISTS[:3])
    kinds = tuple(TicketKind(kind) for kind in json.loads(row.kinds))
    return Silence(
        row.id, row.from_at, row.until_at, row.by, row.reason, groups, people, sources, kinds, row.ended_at
    )
