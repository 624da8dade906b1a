"""What groups of one source show of one handle at once, made one: a link has one fingerprint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.fingerprints import agreed, is_of_a_name, merged
from worker.storage import staging
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import staged_membership

AT_ONCE = 1_000  # rows
_COLUMNS = (*staging.MEMBER_COLUMNS, *staging.MARKS)
_KEYS = range(1 - len(staging.MARKS), 0)  # they come last, after the fingerprint


def agree(connection: sa.Connection, source: str) -> None:
    """Give all staged rows of a handle the same marks, those of all of them together."""
    # Sorted before the first row comes, so that what is written meanwhile is not read again
    rows = connection.execute(_differing(), {"of": source}, execution_options={"yield_per": AT_ONCE})
    for some in chunked(_merged(rows), AT_ONCE):
        bulk_upsert(connection, staged_membership, _COLUMNS, some)


@cache
def _differing() -> sa.Select[Any]:
    """The staged rows of the source `of` whose handle is shown in more ways than one."""
    n, other = staged_membership.c, staged_membership.alias("other").c
    of: sa.BindParameter[str] = sa.bindparam("of", type_=sa.String)
    differing = (
        sa.select(other.handle)
        .where(other.source == of)
        .group_by(other.handle)
        .having(sa.func.min(other.fingerprint) != sa.func.max(other.fingerprint))
    )
    query = sa.select(*(n[name] for name in _COLUMNS)).where(n.source == of, n.handle.in_(differing))
    return query.order_by(n.handle)


def _merged(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for _, of_handle in groupby(rows, lambda row: row.handle):
        same = list(of_handle)
        mark = merged([row.fingerprint for row in same])
        keys = [None if is_of_a_name(mark) else agreed(row[at] for row in same) for at in _KEYS]
        for row in same:
            yield (*row[: -len(staging.MARKS)], mark, *keys)
