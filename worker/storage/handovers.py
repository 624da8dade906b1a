"""Handovers of rotas that were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.ports.state.handovers import ToldHandover
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.tables import handover, to_micros

_COLUMNS = ("rota", "from_at", "until_at", "person", "told", "told_at", "link")
_ORDER = (handover.c.rota, handover.c.from_at, handover.c.person, handover.c.told)


class SqlHandovers:
    """The port `Handovers` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def add(self, one: ToldHandover) -> None:
        row = (
            one.rota, to_micros(one.from_at), to_micros(one.until_at), one.person, one.told, to_micros(one.told_at),
            one.link,
        )  # fmt: skip
        bulk_upsert(self._c, handover, _COLUMNS, [row], update=False)

    def all(self) -> Sequence[ToldHandover]:
        return [_handover(row) for row in self._c.execute(sa.select(handover).order_by(*_ORDER))]

    def by_link(self, link: str) -> ToldHandover | None:
        row = self._c.execute(sa.select(handover).where(handover.c.link == link)).first()
        return None if row is None or not link else _handover(row)

    def take(self, one: ToldHandover, now: datetime) -> bool:
        h = handover.c
        this = _same(one) & (h.told == one.told) & h.taken_at.is_(None)
        return self._c.execute(sa.update(handover).where(this).values(taken_at=now)).rowcount > 0

    def miss(self, one: ToldHandover, now: datetime) -> None:
        self._c.execute(sa.update(handover).where(_same(one)).values(missed_at=now))

    def drop(self, rota: str, from_at: datetime) -> None:
        h = handover.c
        self._c.execute(sa.delete(handover).where(h.rota == rota, h.from_at == from_at))

    def forget(self, ended_by: datetime) -> Sequence[ToldHandover]:
        is_over = handover.c.until_at <= ended_by
        over = self._c.execute(sa.select(handover).where(is_over).order_by(*_ORDER)).all()
        if over:
            self._c.execute(sa.delete(handover).where(is_over))
        return [_handover(row) for row in over]


def _same(one: ToldHandover) -> sa.ColumnElement[bool]:
    """The rows of this handover, whomever it was told."""
    h = handover.c
    return (h.rota == one.rota) & (h.from_at == one.from_at) & (h.person == one.person)


def _handover(row: Any) -> ToldHandover:
    return ToldHandover(
        row.rota, row.from_at, row.until_at, row.person, row.told, row.told_at, row.link, row.taken_at, row.missed_at
    )  # fmt: skip
