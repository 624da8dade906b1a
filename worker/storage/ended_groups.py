"""Groups that a source does not show any more: those that ended, those out of sight, those that are left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from worker.domain.model import Coverage, GroupKey
from worker.storage import ties
from worker.storage.dirty import dirty_groups
from worker.storage.leading import leaders_of
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import chat_group, membership

_IN_SIGHT = sa.select(chat_group.c.source, chat_group.c.group_id).where(
    chat_group.c.source == sa.bindparam("of"), chat_group.c.is_gone == 0, chat_group.c.is_unseen == 0
)


def end_groups(connection: sa.Connection, source: str, gone: Sequence[GroupKey], now: datetime) -> None:
    g, m = chat_group.c, membership.c
    for chunk in chunked([group.group_id for group in gone]):
        these = (g.source == source) & g.group_id.in_(chunk)
        connection.execute(sa.update(chat_group).where(these).values(is_gone=1, size=0))
        out = sa.delete(membership).where(m.source == source, m.group_id.in_(chunk)).returning(m.handle)
        ties.went(connection, source, connection.execute(out).scalars().all(), now)


def lose_sight(connection: sa.Connection, source: str, groups: Sequence[GroupKey]) -> None:
    """Keep what was known of groups that the source does not show any more; it has seen none of it."""
    stale = sa.update(chat_group).values(coverage=Coverage.STALE.value, is_unseen=1)
    unlisted = sa.update(membership).values(is_unlisted=1)
    for chunk in chunked([group.group_id for group in groups]):
        for table, change in ((chat_group, stale), (membership, unlisted)):
            connection.execute(change.where(table.c.source == source, table.c.group_id.in_(chunk)))


def leave_out(connection: sa.Connection, source: str, now: datetime) -> list[GroupKey]:
    """Take the groups that a source showed at its last read as those that the configuration leaves out."""
    groups = [GroupKey(*row) for row in connection.execute(_IN_SIGHT, {"of": source})]
    end_groups(connection, source, groups, now)
    lose_sight(connection, source, groups)
    dirty_groups(connection, {*groups, *leaders_of(connection, groups)}, now)
    return groups
