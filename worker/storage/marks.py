"""Marking groups dirty: what changed decides which groups are reconciled next."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.model import GroupKey, PersonKey
from worker.storage.bulk import bulk_upsert
from worker.storage.chunks import among, chunked
from worker.storage.tables import dirty_group, expected, link, membership, person_key, to_micros

JOIN_KINDS = ("employee", "immutable", "email")


def dirty_groups(connection: sa.Connection, groups: Iterable[GroupKey], now: datetime) -> None:
    """Put groups on the list; those that are on it keep their place."""
    rows = [(*group, to_micros(now)) for group in sorted(set(groups))]
    bulk_upsert(connection, dirty_group, ("source", "group_id", "since"), rows, update=False)


def dirty_groups_of_people(connection: sa.Connection, people: Collection[PersonKey], now: datetime) -> None:
    """The groups in which these people, or other accounts of the same humans, are or are expected."""
    for chunk in chunked(sorted(people)):
        humans = {*chunk, *(PersonKey(*row) for row in connection.execute(_other_accounts(chunk)))}
        for part in chunked(sorted(humans)):
            groups = [GroupKey(source, group_id) for source, group_id in connection.execute(_groups_of(part))]
            dirty_groups(connection, groups, now)


def _other_accounts(keys: list[PersonKey]) -> sa.Select[Any]:
    k, other = person_key.alias("k").c, person_key.alias("other").c
    return (
        sa.select(other.source, other.person_id)
        .distinct()
        .where(among(k.source, k.person_id, keys), k.kind.in_(JOIN_KINDS))
        .where(other.kind == k.kind, other.value == k.value)
    )


def _groups_of(keys: list[PersonKey]) -> sa.CompoundSelect[Any]:
    in_groups = sa.select(membership.c.source, membership.c.group_id).join(
        link, (link.c.source == membership.c.source) & (link.c.handle == membership.c.handle)
    )
    expected_in = sa.select(expected.c.source, expected.c.group_id)
    return sa.union(
        in_groups.where(among(link.c.person_source, link.c.person_id, keys)),
        expected_in.where(among(expected.c.person_source, expected.c.person_id, keys)),
    )
