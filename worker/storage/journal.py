"""The journal table: sealed entries, appended under a lock on the chain's head."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.evidence.journal import GENESIS, Entry, Sealed, recorded, seal
from worker.ports.state.journal import Head
from worker.storage.sql.bulk import bulk_insert_values
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import journal

PAGE = 1000
_HASH = sa.select(journal.c.hash).where(journal.c.seq == sa.bindparam("wanted"))


class SqlJournal:
    """The port `Journal` within one transaction."""

    def __init__(self, connection: sa.Connection, recorded_by: Callable[[], datetime] | None = None) -> None:
        self._c = connection
        self._recorded_by = recorded_by

    def append(self, entries: Iterable[Entry]) -> None:
        waiting = list(entries)
        if self._recorded_by is not None:
            real = self._recorded_by()
            waiting = [recorded(entry, real) for entry in waiting]
        if not waiting:
            return
        seq = take_numbers(self._c, "journal", len(waiting))  # locks out other writers until we commit
        previous = self._c.execute(_HASH, {"wanted": seq - 1}).scalar() or GENESIS
        rows = []
        for entry in waiting:
            sealed = seal(entry, seq, previous)
            rows.append(_row(sealed))
            previous, seq = sealed.hash, seq + 1
        bulk_insert_values(self._c, journal, rows)

    def of(self, subject: str) -> list[Sealed]:
        query = sa.select(journal).where(journal.c.subject == subject).order_by(journal.c.seq)
        return [sealed_from_row(row) for row in self._c.execute(query)]

    def chain(self) -> Iterator[Sealed]:
        after = 0
        while page := self.page(after, PAGE):
            yield from page
            after = page[-1].seq

    def page(self, after: int, limit: int) -> list[Sealed]:
        query = sa.select(journal).where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
        return [sealed_from_row(row) for row in self._c.execute(query)]

    def head(self) -> Head:
        row = self._c.execute(
            sa.select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)
        ).first()
        return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)


def _row(sealed: Sealed) -> dict[str, Any]:
    entry = sealed.entry
    return {
        "seq": sealed.seq,
        "at": entry.at,
        "actor": entry.actor,
        "kind": entry.kind,
        "subject": entry.subject,
        "reason": entry.reason,
        "data": json.dumps(entry.data, sort_keys=True, ensure_ascii=False),
        "previous": sealed.previous,
        "hash": sealed.hash,
    }


def sealed_from_row(row: Any) -> Sealed:
    """A row of the journal as an entry with its seal."""
    entry = Entry(row.at, row.actor, row.kind, row.subject, row.reason, _data(row.data))
    return Sealed(row.seq, entry, row.previous, row.hash)


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # changed by somebody: its hash no longer fits, so the chain shows where
        return {"unreadable": text}
