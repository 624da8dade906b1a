"""Groups with what is wrong in them: leavers, admins, members that nobody knows; trouble first.

The order comes from live tickets and from leavings that wait, which are few; what is shown is counted for one page.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.matching import QUESTIONS
from worker.domain.model import GroupKey, Standing
from worker.domain.tickets.ticket import LIVE
from worker.ports.state.episodes import EpisodeKind
from worker.ports.state.overview import GroupHealth, GroupPlace
from worker.storage.cases import behind_link
from worker.storage.deciding import ADMINS, has_left
from worker.storage.episodes import UNDECIDED
from worker.storage.group_rows import group_rows
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.tables import (
    IS_LIVE_REMOVAL,
    chat_group,
    episode,
    link,
    membership,
    person,
    ticket,
)

_LIVE = tuple(state.value for state in sorted(LIVE))
_OPEN = tuple(state.value for state in QUESTIONS)


def groups_by_trouble(
    connection: sa.Connection, which: Collection[sa.ColumnElement[bool]], after: GroupPlace | None, limit: int
) -> list[GroupHealth]:
    """See the port. Groups in trouble are few, and sorted; the rest are read by name, in the order of an index."""
    places: list[GroupPlace] = []
    if after is None or after.leavers or after.others:
        places = _troubled(connection, which, after, limit)
        after = None
    if len(places) < limit:
        places += _calm(connection, which, after, limit - len(places))
    found = health_of(connection, places)
    return [found[place.key] for place in places]


def _troubled(
    connection: sa.Connection, which: Collection[sa.ColumnElement[bool]], after: GroupPlace | None, limit: int
) -> list[GroupPlace]:
    g, trouble = chat_group.c, _trouble().subquery("trouble")
    t = trouble.c
    is_same = (t.source == g.source) & (t.group_id == g.group_id) & (g.is_gone == 0)
    query = (
        sa.select(g.source, g.group_id, g.name, t.leavers, t.others)
        .join_from(chat_group, trouble, is_same)
        .where(*which)
        .order_by(t.leavers.desc(), t.others.desc(), g.name, g.source, g.group_id)
        .limit(limit)
    )
    if after is not None:
        is_next = sa.tuple_(g.name, g.source, g.group_id) > (after.name, *after.key)
        is_less = (t.others < after.others) | ((t.others == after.others) & is_next)
        query = query.where((t.leavers < after.leavers) | ((t.leavers == after.leavers) & is_less))
    return [
        GroupPlace(int(row.leavers), int(row.others), row.name, GroupKey(row.source, row.group_id))
        for row in connection.execute(query)
    ]


def _calm(
    connection: sa.Connection, which: Collection[sa.ColumnElement[bool]], after: GroupPlace | None, limit: int
) -> list[GroupPlace]:
    g, t = chat_group.c, _trouble().subquery("trouble").c
    is_calm = sa.tuple_(g.source, g.group_id).not_in(sa.select(t.source, t.group_id))
    query = sa.select(g.source, g.group_id, g.name).where(*which, (g.is_gone == 1) | is_calm)
    if after is not None:
        query = query.where(sa.tuple_(g.name, g.source, g.group_id) > (after.name, *after.key))
    rows = connection.execute(query.order_by(g.name, g.source, g.group_id).limit(limit))
    return [GroupPlace(0, 0, row.name, GroupKey(row.source, row.group_id)) for row in rows]


def health_of(connection: sa.Connection, places: Collection[GroupPlace]) -> dict[GroupKey, GroupHealth]:
    """What is wrong in each of these groups."""
    g, found, dialect = chat_group.c, {}, connection.dialect.name
    for chunk in chunked(places):
        by_key = {place.key: place for place in chunk}
        counted = {
            GroupKey(row.source, row.group_id): row for row in connection.execute(_counts(dialect, by_key))
        }
        these = among(g.source, g.group_id, by_key)
        for group in group_rows(connection, these, order=(g.source, g.group_id), limit=len(chunk)):
            row = counted.get(group.key)
            found[group.key] = GroupHealth(
                group,
                by_key[group.key],
                leavers=int(row.leavers) if row and not group.is_gone else 0,
                active_admins=int(row.active) if row else 0,
                unmatched=int(row.unmatched) if row and not group.is_gone else 0,
                knows_roles=bool(row and row.knows_roles),
            )
    return found


def _trouble() -> sa.Select[Any]:
    """By group, how many memberships should end and how many other tickets are live; calm groups have no row."""
    t, e, k, m, p = ticket.c, episode.c, link.c, membership.c, person.c
    one: sa.ColumnElement[int] = sa.literal_column("1")
    none: sa.ColumnElement[int] = sa.literal_column("0")
    asked = sa.select(t.source, t.group_id, one.label("leavers"), none.label("others")).where(
        sa.text(IS_LIVE_REMOVAL)
    )
    waiting = (
        sa.select(m.source, m.group_id, one, none)
        .select_from(episode)
        .join(person, (p.source == e.source) & (p.person_id == e.person_id))
        .join(link, (k.person_source == e.source) & (k.person_id == e.person_id))
        .join(membership, (m.source == k.source) & (m.handle == k.handle))
        .where(
            e.kind == EpisodeKind.LEFT.value,
            e.gate.in_(UNDECIDED),
            p.standing == Standing.LEFT.value,  # an episode outlasts a return
            m.is_unlisted == 0,
        )
    )
    others = sa.select(t.source, t.group_id, none, one).where(
        t.state.in_(_LIVE), sa.text(f"NOT ({IS_LIVE_REMOVAL})")
    )
    each = sa.union_all(asked, waiting, others).subquery("each")
    return sa.select(
        each.c.source,
        each.c.group_id,
        sa.func.sum(each.c.leavers).label("leavers"),
        sa.func.sum(each.c.others).label("others"),
    ).group_by(each.c.source, each.c.group_id)


def _counts(dialect: str, keys: Collection[GroupKey]) -> sa.Select[Any]:
    m, g = membership.c, chat_group.c
    is_here = sa.exists().where(behind_link(), person.c.standing != Standing.LEFT.value)
    # For each group once, and not joined with each member
    knows_roles = sa.select(g.knows_roles).where(g.source == m.source, g.group_id == m.group_id)
    return (
        sa.select(
            m.source,
            m.group_id,
            _how_many(has_left()).label("leavers"),
            _how_many(m.role.in_(ADMINS) & is_here).label("active"),
            _how_many(link.c.state.in_(_OPEN)).label("unmatched"),
            knows_roles.scalar_subquery().label("knows_roles"),
        )
        .select_from(membership)
        .outerjoin(link, _of_member(dialect))
        .where(among(m.source, m.group_id, keys), m.is_unlisted == 0)
        .group_by(m.source, m.group_id)
    )


def _of_member(dialect: str) -> sa.ColumnElement[bool]:
    """The link of a membership, by an index that has all that is asked; as an expression for SQLite, see `deciding`.

    PostgreSQL would take few links to have an expression's value, and look at all of them.
    """
    source = link.c.source.concat("") if dialect == "sqlite" else link.c.source
    return (source == membership.c.source) & (link.c.handle == membership.c.handle)


def _how_many(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((which, 1), else_=0))
