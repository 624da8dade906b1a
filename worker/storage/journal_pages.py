"""Pages of the journal by a filter, newest first: each is read by an index in its own order, however long the journal.

A database sorts all entries of two kinds before it gives the first page of them. So each kind is asked for by itself,
and the pages are merged. Within a period, and of one actor, the order is that of the instants, since the indexes for
these begin with them; otherwise it is that of the chain. Only an act whose instant was stated stands elsewhere.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.evidence import events
from worker.ports.state.overview import JournalFilter
from worker.storage.sql.tables import journal


def page_of_journal(
    connection: sa.Connection, wanted: JournalFilter, before: int | None, limit: int
) -> list[sa.Row[Any]]:
    """The rows of a page. `before`: the number of the last entry of the page before."""
    j = journal.c
    is_by_time = bool(wanted.actor or wanted.from_at or wanted.to_at)
    order = [j.at.desc(), j.seq.desc()] if is_by_time else [j.seq.desc()]
    query = sa.select(journal).where(*_of(wanted)).order_by(*order).limit(limit)
    if before is not None:
        query = query.where(_after(connection, before) if is_by_time else j.seq < before)
    if not wanted.kind:
        return list(connection.execute(query))
    kinds = _kinds(connection, wanted.kind)
    if (
        wanted.subject
    ):  # has fewer entries than any kind; an expression, so that no index on the kind is taken
        return list(connection.execute(query.where(j.kind.concat("").in_(kinds))))
    rows = [row for kind in kinds for row in connection.execute(query.where(j.kind == kind))]
    return sorted(rows, key=lambda row: (row.at, row.seq) if is_by_time else row.seq, reverse=True)[:limit]


def _of(wanted: JournalFilter) -> list[sa.ColumnElement[bool]]:
    j = journal.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.actor:
        found.append(j.actor == wanted.actor)
    if wanted.subject:
        found.append(j.subject == wanted.subject)
    if wanted.from_at:
        found.append(j.at >= wanted.from_at)
    if wanted.to_at:
        found.append(j.at < wanted.to_at)
    return found


def _after(connection: sa.Connection, before: int) -> sa.ColumnElement[bool]:
    """Entries that are older than this one, by their instants; all of them if the journal is not that long."""
    j = journal.c
    at = connection.execute(sa.select(j.at).where(j.seq == before)).scalar()
    if at is None:
        return j.seq < before
    return sa.tuple_(j.at, j.seq) < sa.tuple_(sa.literal(at, j.at.type), sa.literal(before))


def _kinds(connection: sa.Connection, wanted: str) -> list[str]:
    """The spellings of an event; of `noun.*` every kind that the journal has, by one step in the index for each."""
    if not wanted.endswith(".*"):
        return list(events.spellings(wanted))
    kind, found = journal.c.kind, list[str]()
    step = sa.select(sa.func.min(kind)).where(kind > sa.bindparam("last"), kind < wanted[:-2] + "/")
    while (
        one := connection.execute(step, {"last": found[-1] if found else wanted[:-1]}).scalar()
    ) is not None:
        found.append(one)
    return found
