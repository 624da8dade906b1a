"""What a group has from the groups that it leads: those of weaker sources that are the same group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from worker.domain.model import GroupKey
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.tables import chat_group


def owner_of(group: Any) -> sa.Label[str | None]:
    """The owner's address, as `owner`: what a register says, where one shows the same group; else the group's own."""
    f = chat_group.alias("followed").c
    follows = (f.leader_source == group.source) & (f.leader_group == group.group_id) & (f.is_gone == 0)
    registered = sa.select(sa.func.min(f.owner_email)).where(follows).scalar_subquery()
    return sa.func.coalesce(registered, group.owner_email).label("owner")


def registered_of(group: Any) -> sa.Label[str | None]:
    """What a register says of the group, as `said_of_it`: of the first one that shows the same group, or is its source.

    On a group's purpose, sensitivity and class the register is the truth, whoever shows its members best.
    """
    f = chat_group.alias("registering").c
    follows = (f.leader_source == group.source) & (f.leader_group == group.group_id) & (f.is_gone == 0)
    said = sa.select(f.registered).where(follows, f.registered.is_not(None))
    first = said.order_by(f.source, f.group_id).limit(1).scalar_subquery()
    return sa.func.coalesce(first, group.registered).label("said_of_it")


def leaders_of(connection: sa.Connection, groups: Iterable[GroupKey]) -> set[GroupKey]:
    """Return the groups that lead these; the ones without a leader have none here."""
    found: set[GroupKey] = set()
    for page in by_source(groups):
        found |= {GroupKey(*row) for row in connection.execute(_LEADERS, page)}
    return found


def shown_as(connection: sa.Connection, groups: Iterable[GroupKey]) -> dict[GroupKey, dict[GroupKey, str]]:
    """Return each of these groups as every source shows it, gone or not: its names by key, the one that leads first."""
    found: dict[GroupKey, dict[GroupKey, str]] = {}
    pages = list(by_source(groups))
    for query in _SHOWN_AS:
        for row in (row for page in pages for row in connection.execute(query, page)):
            names = found.setdefault(GroupKey(row.source, row.group_id), {})
            names[GroupKey(row.other_source, row.other_group)] = row.name
    return found


def _shown_as() -> tuple[sa.Select[Any], sa.Select[Any]]:
    """The groups that lead, and those that follow."""
    g, o = chat_group.c, chat_group.alias("other").c
    source, group_id = (
        sa.func.coalesce(g.leader_source, g.source),
        sa.func.coalesce(g.leader_group, g.group_id),
    )
    leads = (o.source == source) & (o.group_id == group_id)
    follows = (o.leader_source == source) & (o.leader_group == group_id)
    columns = g.source, g.group_id, o.source.label("other_source"), o.group_id.label("other_group"), o.name
    query = sa.select(*columns).where(in_source(g.source, g.group_id))
    return query.where(leads), query.where(follows)


_SHOWN_AS = _shown_as()
_LEADERS = sa.select(chat_group.c.leader_source, chat_group.c.leader_group).where(
    in_source(chat_group.c.source, chat_group.c.group_id), chat_group.c.leader_source.is_not(None)
)
