"""Since when a register has had other members than the messenger. What can't be compared for now keeps its age."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from worker.domain.model import Coverage, GroupKey
from worker.storage.differences import lists_nobody, with_other_members
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.tables import chat_group, roster_difference, to_micros

COLUMNS = ("source", "group_id", "since_at", "seen_at")
_D = roster_difference.c
_SINCE = sa.select(_D.source, _D.group_id, _D.since_at).where(in_source(_D.source, _D.group_id))


def note(
    connection: sa.Connection, groups: Collection[GroupKey], registers: Collection[str], now: datetime
) -> None:
    """Note which of these groups a register lists with other members; what is known keeps since when."""
    at = to_micros(now)
    rows = [(*key, at, at) for key in with_other_members(connection, sorted(groups), registers)]
    bulk_upsert(connection, roster_difference, COLUMNS, rows, keep=("since_at",))


def forget_before(connection: sa.Connection, now: datetime) -> None:
    """Forget what was not noted at `now` or later, unless nobody could look."""
    connection.execute(sa.delete(roster_difference).where(_D.seen_at < now, ~_cannot_be_compared()))


def since(connection: sa.Connection, keys: Collection[GroupKey]) -> dict[GroupKey, datetime]:
    """Since when those of these groups differ that do."""
    return {
        GroupKey(row.source, row.group_id): row.since_at
        for page in by_source(keys)
        for row in connection.execute(_SINCE, page)
    }


@cache
def _cannot_be_compared() -> sa.ColumnElement[bool]:
    """The group is still one of a pair, but one of them was not read in full, or it is out of sight and led for now."""
    mine, other = chat_group.alias("mine").c, chat_group.alias("other").c
    is_pair = sa.or_(
        (mine.leader_source == other.source) & (mine.leader_group == other.group_id),
        (other.leader_source == mine.source) & (other.leader_group == mine.group_id),
    )
    full = Coverage.FULL.value
    return sa.exists().where(
        mine.source == _D.source, mine.group_id == _D.group_id, is_pair, mine.is_gone == 0, other.is_gone == 0,
        ~lists_nobody(mine), ~lists_nobody(other),
        sa.or_(mine.coverage != full, other.coverage != full,
            (mine.is_unseen == 1) & mine.leader_source.is_not(None),
        ),
    )  # fmt: skip
