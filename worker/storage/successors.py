"""Groups that move to another messenger: the group that goes on there, and who is placed in it already.

goal of a group (its register, else a ticket to close it) -> the group of that messenger with the same name -> people
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa

from worker.domain.groups.case import GroupView
from worker.domain.model import AccountKey, GroupKey
from worker.ports.state.groups import Expectation
from worker.storage.sql.chunks import among
from worker.storage.sql.tables import chat_group, expected


def with_successors(connection: sa.Connection, views: Iterable[GroupView]) -> list[GroupView]:
    """The same views; those that move know who is placed in the group that goes on. Reads nothing if none moves."""
    known = list(views)
    goals = {one.key: one.goal for one in known if one.goal and one.expected}
    if not goals:
        return known
    placed = _placed(connection, goals)
    return [replace(one, placed_there=frozenset(placed.get(one.key, ()))) for one in known]


def _placed(connection: sa.Connection, goals: dict[GroupKey, str]) -> dict[GroupKey, set[AccountKey]]:
    """By moving group, the accounts that joiner rules place in the group of the same name in its goal."""
    old, new, x = chat_group.alias("old").c, chat_group.alias("new").c, expected.c
    query = (
        sa.select(old.source, old.group_id, new.messenger, x.person_source, x.person_id)
        .where(among(old.source, old.group_id, goals))
        .where(new.name == old.name, new.messenger.in_(set(goals.values())), new.is_gone == 0)
        .where(x.source == new.source, x.group_id == new.group_id, x.state == Expectation.DUE.value)
    )
    found: dict[GroupKey, set[AccountKey]] = defaultdict(set)
    for source, group_id, messenger, *who in connection.execute(query):
        if goals[GroupKey(source, group_id)] == messenger:
            found[GroupKey(source, group_id)].add(AccountKey(*who))
    return found
