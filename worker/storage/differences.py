"""In what the sources of a group differ: groups that only one of them has, and members that only one of them lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from worker.domain.groups.pairing import Difference
from worker.domain.model import Coverage, GroupKey
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.tables import chat_group, link, membership

_ONE, _OTHER = chat_group.alias("a"), chat_group.alias("b")


def differences_of(
    connection: sa.Connection, keys: Iterable[GroupKey], registers: Collection[str], live: Collection[str]
) -> dict[GroupKey, tuple[Difference, ...]]:
    """See `ports.state.groups.Rosters.differences`."""
    found: dict[GroupKey, list[Difference]] = {}
    for page in chunked(keys):
        for what, query in (
            (Difference.UNREGISTERED, _alone(page, live, registers)),
            (Difference.NOT_SEEN, _alone(page, registers, live)),
            (Difference.MEMBERS, _with_other_members(page)),
        ):
            for row in connection.execute(query):
                found.setdefault(GroupKey(row.source, row.group_id), []).append(what)
    return {key: tuple(whats) for key, whats in found.items()}


def with_other_members(
    connection: sa.Connection, keys: Iterable[GroupKey], registers: Collection[str]
) -> list[GroupKey]:
    """Those of these groups that a register, or the messenger for a register, lists with other members."""
    a, b = _ONE.c, _OTHER.c
    of_register = a.source.in_(sorted(registers)) | b.source.in_(sorted(registers))
    return [
        GroupKey(*row)
        for page in chunked(keys)
        for row in connection.execute(_with_other_members(page).where(of_register))
    ]


def _alone(page: Collection[GroupKey], sources: Collection[str], others: Collection[str]) -> sa.Select[Any]:
    """Groups of some sources that no group of the others is paired with, although those have this messenger."""
    g, o = chat_group.c, chat_group.alias("o").c
    has_messenger = sa.exists().where(o.source.in_(others), o.messenger == g.messenger, o.is_gone == 0)
    follower, leader = chat_group.alias("f").c, chat_group.alias("l").c
    is_followed = sa.exists().where(
        follower.leader_source == g.source, follower.leader_group == g.group_id, follower.source.in_(others)
    )
    follows = sa.exists().where(
        leader.source == g.leader_source, leader.group_id == g.leader_group, leader.source.in_(others)
    )
    return sa.select(g.source, g.group_id).where(
        among(g.source, g.group_id, page), g.source.in_(sources), g.is_gone == 0, has_messenger,
        ~is_followed, ~follows,
    )  # fmt: skip


def _with_other_members(page: Collection[GroupKey]) -> sa.Select[Any]:
    """Groups of a pair, both read in full, of which one lists a member whom the other does not.

    A register that lists nobody says nothing of the members.
    """
    one, other = _ONE, _OTHER
    a, b = one.c, other.c
    is_pair = sa.or_(
        (a.leader_source == b.source) & (a.leader_group == b.group_id),
        (b.leader_source == a.source) & (b.leader_group == a.group_id),
    )
    both_full = (a.coverage == Coverage.FULL.value) & (b.coverage == Coverage.FULL.value)
    return (
        sa.select(a.source, a.group_id)
        .distinct()
        .select_from(one.join(other, is_pair))
        .where(
            among(a.source, a.group_id, page), both_full, a.is_gone == 0, b.is_gone == 0,
            ~lists_nobody(a), ~lists_nobody(b),
            sa.or_(_lists_more(one, other), _lists_more(other, one)),
        )
    )  # fmt: skip


def lists_nobody(group: Any) -> sa.ColumnElement[bool]:
    """Whether the group is one of a register, without members."""
    return sa.and_(group.registered.is_not(None), group.size == 0)


def _lists_more(one: Any, other: Any) -> sa.ColumnElement[bool]:
    """A member of one group is in the other one under no handle of theirs.

    Each way to be the same is a question of its own, so that each is answered by an index.
    """
    m, n = membership.alias(), membership.alias()
    p, q = link.alias(), link.alias()
    there = (n.c.source == other.c.source) & (n.c.group_id == other.c.group_id)
    linked = n.join(q, (q.c.source == n.c.source) & (q.c.handle == n.c.handle))
    is_person = (q.c.person_source == p.c.person_source) & (q.c.person_id == p.c.person_id)
    counterparts = (
        sa.select(sa.literal(1)).select_from(n).where(there, n.c.handle == m.c.handle),
        sa.select(sa.literal(1)).select_from(linked).where(there, q.c.phone_key == p.c.phone_key),
        sa.select(sa.literal(1)).select_from(linked).where(there, is_person),
    )
    mine = (
        sa.select(sa.literal(1))
        .select_from(m.join(p, (p.c.source == m.c.source) & (p.c.handle == m.c.handle)))
        .where(
            m.c.source == one.c.source,
            m.c.group_id == one.c.group_id,
            *(~same.correlate(m, p, other).exists() for same in counterparts),
        )
        .correlate(one, other)
    )
    return mine.exists()
