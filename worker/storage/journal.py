"""The journal table: sealed entries, appended under a lock on the chain's head."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from worker.domain.evidence import events
from worker.domain.evidence.journal import GENESIS, Entry, EntryRow, Sealed, recorded, write
from worker.ports.state.journal import Head
from worker.storage.sql.bulk import bulk_insert_values
from worker.storage.sql.chunks import chunked
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.tables import journal

PAGE = 1000
FETCHED = 250  # rows at a time: Python's garbage collector goes through all that are kept
_TEXTS = tuple(journal.c[name] for name in EntryRow._fields[2:])
_WRITTEN = (
    sa.select(journal.c.seq, sa.type_coerce(journal.c.at, sa.BigInteger), *_TEXTS)
    .where(journal.c.seq > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(journal.c.seq)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
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
            one = write(entry, seq, previous)
            rows.append(one._asdict() | {"at": entry.at})
            previous, seq = one.hash, seq + 1
        bulk_insert_values(self._c, journal, rows)

    def of(self, subject: str) -> list[Sealed]:
        query = sa.select(journal).where(journal.c.subject == subject).order_by(journal.c.seq)
        return [sealed_from_row(row) for row in self._c.execute(query)]

    def last(
        self, subjects: Collection[str], kinds: Collection[str], before: datetime | None = None
    ) -> Mapping[str, datetime]:
        j, found = journal.c, dict[str, datetime]()
        is_before = sa.true() if before is None else j.at < before
        is_wanted = j.kind.in_(events.all_spellings(kinds)) & is_before
        for chunk in chunked(sorted(subjects)):
            query = sa.select(j.subject, sa.func.max(j.at)).where(j.subject.in_(chunk), is_wanted)
            found.update((subject, at) for subject, at in self._c.execute(query.group_by(j.subject)))
        return found

    def chain(self) -> Iterator[Sealed]:
        after = 0
        while page := self.page(after, PAGE):
            yield from page
            after = page[-1].seq

    def page(self, after: int, limit: int) -> list[Sealed]:
        query = sa.select(journal).where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
        return [sealed_from_row(row) for row in self._c.execute(query)]

    def written(self, after: int, limit: int) -> list[EntryRow]:
        found = self._c.execute(_WRITTEN, {"after": after, "limit": limit})
        return [
            EntryRow(seq, _stamp(at), actor, kind, subject, reason, data, previous, hash_)
            for rows in found.partitions(FETCHED)
            for seq, at, actor, kind, subject, reason, data, previous, hash_ in rows
        ]

    def head(self) -> Head:
        row = self._c.execute(
            sa.select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)
        ).first()
        return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)


def sealed_from_row(row: Any) -> Sealed:
    """A row of the journal as an entry with its seal."""
    entry = Entry(row.at, row.actor, row.kind, row.subject, row.reason, _data(row.data))
    return Sealed(row.seq, entry, row.previous, row.hash)


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # changed by somebody: its hash no longer fits, so the chain shows where
        return {"unreadable": text}


def _stamp(at: Any) -> str:
    """An instant as `journal.stamp` writes it; of a value that is no instant, one that fits no hash."""
    try:
        seconds, micros = divmod(at, 1_000_000)
        hour, second = divmod(seconds, 3600)
        return f"{_hour(hour)}{_SECONDS[second]}.{micros:06}+00:00"
    except (OverflowError, TypeError, ValueError):
        return ""


_SECONDS = [f":{minute:02}:{second:02}" for minute in range(60) for second in range(60)]  # of an hour


@lru_cache  # events are read in their order, and a date is written slowly
def _hour(since_1970: int) -> str:
    return (_EPOCH + timedelta(hours=since_1970)).isoformat(timespec="hours")


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  without a zone it is written in half of the time
