"""Seals of files, by ticket."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.seals import CustodyLine, Seal
from worker.storage.sql.chunks import chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import seal, seal_custody

_S, _K = seal.c, seal_custody.c


class SqlSeals:
    """The port `Seals` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def add(self, new: Seal) -> Seal:
        kept = replace(new, id=take_numbers(self._c, "seal"), custody=())
        self._c.execute(sa.insert(seal).values(_values(kept)))
        return kept

    def hand_over(self, kept: Seal, line: CustodyLine) -> Seal:
        values = {
            "seal_id": kept.id,
            "number": len(kept.custody) + 1,
            "at": line.at,
            "giver": line.giver,
            "taker": line.taker,
            "sha256": line.sha256,
        }
        self._c.execute(sa.insert(seal_custody).values(values))
        return replace(kept, custody=(*kept.custody, line))

    def of_ticket(self, ticket: int) -> list[Seal]:
        return self._read(sa.select(seal).where(_S.ticket_id == ticket).order_by(_S.id))

    def page(self, after: int, limit: int) -> list[Seal]:
        return self._read(sa.select(seal).where(_S.id > after).order_by(_S.id).limit(limit))

    def _read(self, query: sa.Select[Any]) -> list[Seal]:
        rows = self._c.execute(query).all()
        custody = custody_of(self._c, [row.id for row in rows])
        return [seal_from_row(row, custody.get(row.id, ())) for row in rows]


def custody_of(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, tuple[CustodyLine, ...]]:
    """The custody of seals, by their number."""
    found: dict[int, tuple[CustodyLine, ...]] = defaultdict(tuple)
    for chunk in chunked(sorted(numbers)):
        query = sa.select(seal_custody).where(_K.seal_id.in_(chunk)).order_by(_K.seal_id, _K.number)
        for row in connection.execute(query):
            found[row.seal_id] += (custody_from_row(row),)
    return found


def custody_from_row(row: Any) -> CustodyLine:
    """The hand-over of a row."""
    return CustodyLine(row.at, row.giver, row.taker, row.sha256)


def seal_from_row(row: Any, custody: tuple[CustodyLine, ...] = ()) -> Seal:
    """The seal of a row."""
    return Seal(
        ticket=row.ticket_id,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        media=None if row.media is None else bool(row.media),
        lines=row.lines,
        first_on=date.fromisoformat(row.first_on) if row.first_on else None,
        last_on=date.fromisoformat(row.last_on) if row.last_on else None,
        made_by=row.made_by,
        made_at=row.made_at,
        how=row.how,
        custody=custody,
        id=row.id,
    )


def _values(new: Seal) -> dict[str, Any]:
    return {
        "id": new.id,
        "ticket_id": new.ticket,
        "name": new.name,
        "size": new.size,
        "sha256": new.sha256,
        "media": None if new.media is None else int(new.media),
        "lines": new.lines,
        "first_on": new.first_on.isoformat() if new.first_on else None,
        "last_on": new.last_on.isoformat() if new.last_on else None,
        "made_by": new.made_by,
        "made_at": new.made_at,
        "how": new.how,
    }
