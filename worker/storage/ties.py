"""Ties between handles: taken from what was staged, ended when they are over, and read with all that they lead to.

A roster that shows a number and a LID as one member is evidence that both are one human's; so is a messenger's record
of a changed number. Set-based: a read that shows nothing new writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from worker.domain.identity.matching import How, IdentityState
from worker.domain.identity.phones import canonical
from worker.domain.identity.ties import NUMBER_RESTS, Tie, TieKind
from worker.domain.model import AccountKey, Renumbered, Roster
from worker.storage.sql.bulk import bulk_upsert, clearing
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import (
    handle_tie,
    link,
    membership,
    staged_group,
    staged_membership,
    staged_renumbered,
    to_micros,
)

CLEAR_STAGE = clearing(staged_renumbered)
ROUNDS_MAX = 5  # number -> LID -> its other numbers -> numbers before those, and one more
_ACCOUNTS = (TieKind.LID.value, TieKind.BUSINESS_ID.value)
_COLUMNS = ("source", "kind", "handle", "other", "group_id", "at", "is_new")
_OF: sa.BindParameter[str] = sa.bindparam("of", type_=sa.String)
_ANY_NEW = sa.select(handle_tie.c.handle).where(handle_tie.c.source == _OF, handle_tie.c.is_new == 1).limit(1)
_IS_ANY = sa.select(sa.literal(1)).select_from(handle_tie).limit(1)


def stage(connection: sa.Connection, source: str, rosters: Iterable[Roster]) -> None:
    """Keep which numbers changed, until the read has proved itself complete; the latest of the same change counts."""
    rows: dict[tuple[str, str, str], tuple[str, int]] = {}
    for roster in rosters:
        for one in roster.renumbered:
            key = (source, canonical(one.old), canonical(one.new))
            found = (roster.group.group_id, to_micros(one.at) or 0)
            rows[key] = max(rows.get(key, found), found, key=lambda each: each[1])
    columns = ("source", "old", "new", "group_id", "at")
    bulk_upsert(connection, staged_renumbered, columns, [(*key, *found) for key, found in rows.items()])


def told(connection: sa.Connection, source: str, changes: Iterable[Renumbered]) -> None:
    """Keep at once which numbers changed, and have those with the new ones matched again; no read showed it.

    What is known by the same or a later date changes nothing.
    """
    rows = {
        (canonical(one.old), canonical(one.new)): one.at for one in sorted(changes, key=lambda one: one.at)
    }
    t = handle_tie.c
    of_numbers = (t.source == source) & (t.kind == TieKind.NUMBER.value)
    for chunk in chunked(sorted({old for old, _new in rows})):
        known = sa.select(t.handle, t.other, t.at).where(of_numbers, t.handle.in_(chunk))
        for old, new, at in connection.execute(known):
            if (old, new) in rows and rows[old, new] <= at:
                del rows[old, new]
    if not rows:
        return
    fixed = {"source": source, "kind": TieKind.NUMBER.value, "group_id": "", "is_new": 0}
    values = [{**fixed, "handle": old, "other": new, "at": at} for (old, new), at in rows.items()]
    connection.execute(_or_renewed(_insert(connection.dialect.name)), values)
    for chunk in chunked(sorted({new for _old, new in rows})):
        for which in (link.c.handle.in_(chunk), link.c.phone_key.in_(chunk)):
            these = (link.c.source == source) & which
            connection.execute(sa.update(link).where(these, link.c.is_dirty == 0).values(is_dirty=1))


def apply(connection: sa.Connection, source: str, now: datetime) -> None:
    """Make what was staged the state: new ties, older ones that they end, and links that are to be matched again."""
    for statement in _adding(connection.dialect.name):
        connection.execute(statement, {"of": source})
    if connection.execute(_ANY_NEW, {"of": source}).first() is not None:
        _end_older(connection, source)
        _begin_anew(connection, source, now)
        _rematch(connection, source)
        connection.execute(sa.update(handle_tie).where(*_is_new(source)).values(is_new=0))


@cache
def _adding(dialect: str) -> tuple[Any, ...]:
    """What adds the ties that were staged of the source `of`. Built once, which takes longer than to run it."""
    n = staged_membership.c
    main = sa.func.coalesce(n.phone_key, n.lid, n.business_id)
    has_account = sa.or_(n.lid.is_not(None), n.business_id.is_not(None))
    rows = (
        _shown(TieKind.LID, n.phone_key, n.lid),
        _shown(TieKind.BUSINESS_ID, n.phone_key, n.business_id),
        _pairs(TieKind.USERNAME, main, n.username, has_account),
        _renumbered(),
    )
    insert = _insert(dialect)
    return tuple(_or_renewed(insert.from_select(_COLUMNS, each)) for each in rows)


def _shown(kind: TieKind, number: sa.Column[Any], account: sa.Column[Any]) -> sa.Select[Any]:
    """The pairs of a number and an account, without those of which one is shown in two pairs at once."""
    both = (staged_membership.c.source == _OF) & number.is_not(None) & account.is_not(None)

    def once(key: sa.Column[Any], other: sa.Column[Any]) -> sa.Select[Any]:
        return sa.select(key).where(both).group_by(key).having(sa.func.min(other) == sa.func.max(other))

    return _pairs(
        kind, number, account, number.in_(once(number, account)) & account.in_(once(account, number))
    )


def _pairs(
    kind: TieKind, handle: sa.ColumnElement[Any], other: sa.ColumnElement[Any], which: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """The pairs of these columns that are not known."""
    n, g, t = staged_membership.c, staged_group.c, handle_tie.c
    is_known = sa.exists().where(
        t.source == _OF, t.kind == kind.value, t.handle == handle, t.other == other, t.until.is_(None)
    )
    return (
        sa.select(
            n.source, sa.literal(kind.value), handle, other, sa.func.min(n.group_id), sa.func.max(g.taken_at),
            sa.literal(1),
        )
        .join(staged_group, (g.source == n.source) & (g.group_id == n.group_id))
        .where(n.source == _OF, handle.is_not(None), other.is_not(None), which, ~is_known)
        .group_by(n.source, handle, other)
    )  # fmt: skip


def _renumbered() -> sa.Select[Any]:
    """The changes of numbers that are not known."""
    s, t = staged_renumbered.c, handle_tie.c
    kind = sa.literal(TieKind.NUMBER.value)
    is_known = sa.exists().where(
        t.source == s.source, t.kind == kind, t.handle == s.old, t.other == s.new, t.at >= s.at
    )
    rows = sa.select(s.source, kind, s.old, s.new, s.group_id, s.at, sa.literal(1))
    return rows.where(s.source == _OF, ~is_known)


def _insert(dialect: str) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(handle_tie)


def _or_renewed(insert: Any) -> Any:
    """Of a tie that is known, the later evidence counts, and it holds again."""
    new: dict[str, Any] = {name: insert.excluded[name] for name in ("group_id", "at", "is_new")}
    new |= dict.fromkeys(("until", "person_source", "person_id", "how"), sa.null())
    return insert.on_conflict_do_update(index_elements=["source", "kind", "handle", "other"], set_=new)


def _is_new(source: str) -> tuple[sa.ColumnElement[bool], ...]:
    return handle_tie.c.source == source, handle_tie.c.is_new == 1


def _new(source: str, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(*columns).where(*_is_new(source))


def _end_older(connection: sa.Connection, source: str) -> None:
    """End the ties that a newer one replaces: the account has another number, or the number another account.

    A LID is the same for everybody; a business-scoped id is compared within its own source.
    """
    t = handle_tie.c
    for same, other in (("other", "handle"), ("handle", "other")):
        new = handle_tie.alias("new")
        replaces = sa.and_(
            new.c.source == source, new.c.is_new == 1, new.c.kind == t.kind, new.c[same] == t[same],
            new.c[other] != t[other], new.c.at > t.at,
            sa.or_(t.kind == TieKind.LID.value, t.source == new.c.source),
        )  # fmt: skip
        at = sa.select(sa.func.min(new.c.at)).where(replaces).scalar_subquery()
        is_over = sa.and_(
            t.until.is_(None), t.kind.in_(_ACCOUNTS), t[same].in_(_new(source, t[same]).correlate(None)),
            sa.exists().where(replaces),
        )  # fmt: skip
        connection.execute(sa.update(handle_tie).where(is_over).values(until=at, **_known_as()))


def _known_as() -> dict[str, Any]:
    """Who is known to be behind the number of a tie that ends now; it has not been matched again yet."""
    t = handle_tie.c
    # An expression, or the databases read the source's links in this order until one has the number
    handle = link.c.handle.concat("")
    is_it = sa.and_(
        link.c.source == t.source, link.c.phone_key == t.handle, link.c.state == IdentityState.LINKED.value,
        link.c.decided_at >= t.at,
    )  # fmt: skip
    return {
        name: sa.select(link.c[name])
        .where(is_it)
        .order_by(handle)
        .limit(1)
        .correlate(handle_tie)
        .scalar_subquery()
        for name in ("person_source", "person_id", "how")
    }


def _taken_over(source: str) -> sa.Select[Any]:
    """The numbers that have another account now than before: they were given to somebody else."""
    new, old = handle_tie.alias("new"), handle_tie.alias("old")
    return sa.select(new.c.handle).where(
        new.c.source == source, new.c.is_new == 1, new.c.kind == TieKind.LID.value, old.c.kind == new.c.kind,
        old.c.handle == new.c.handle, old.c.other != new.c.other, old.c.at < new.c.at,
    )  # fmt: skip


def _begin_anew(connection: sa.Connection, source: str, now: datetime) -> None:
    """Whoever has a number that was another account's is somebody new: nothing leads from the earlier one to them."""
    t = handle_tie.c
    taken_over = _taken_over(source)
    is_led = sa.and_(t.kind == TieKind.NUMBER.value, t.until.is_(None), t.at < now, t.other.in_(taken_over))
    connection.execute(sa.update(handle_tie).where(is_led).values(until=now))
    has_it = (link.c.source == source) & link.c.phone_key.in_(taken_over)
    connection.execute(sa.update(link).where(has_it).values(first_seen_at=now, is_dirty=1))


def _rematch(connection: sa.Connection, source: str) -> None:
    """Have every handle of a new tie matched again: it may be known by the other one."""
    t = handle_tie.c
    ids = _new(source, t.other).where(t.kind.in_(_ACCOUNTS))
    numbers = _new(source, t.handle).where(t.kind.in_(_ACCOUNTS))
    renewed = _new(source, t.other).where(t.kind == TieKind.NUMBER.value)
    for which in (link.c.handle.in_(ids), link.c.phone_key.in_(numbers), link.c.phone_key.in_(renewed)):
        connection.execute(sa.update(link).where(which, link.c.is_dirty == 0).values(is_dirty=1))


# --- handles that no group lists ---------------------------------------------------------------------------


def went(connection: sa.Connection, source: str, handles: Iterable[str], now: datetime) -> None:
    """Note since when these handles are in no group, unless another group has them."""
    m = membership.c
    is_listed = sa.exists().where(m.source == link.c.source, m.handle == link.c.handle)
    for chunk in chunked(sorted(set(handles))):
        these = (link.c.source == source) & link.c.handle.in_(chunk)
        gone = sa.update(link).where(these, link.c.gone_at.is_(None), ~is_listed)
        connection.execute(gone.values(gone_at=now))


def came_back(connection: sa.Connection, source: str, now: datetime) -> None:
    """Whoever comes with a number that was given up, or rested long enough to be somebody else's, is somebody new.

    Unless the messenger shows the account that had it before.
    """
    given = {"of": source, "now": now}
    renewed, back = _coming_back()
    connection.execute(renewed, {**given, "rested_before": now - NUMBER_RESTS})
    connection.execute(back, {"of": source})


@cache
def _coming_back() -> tuple[sa.Update, sa.Update]:
    """Begin anew with those who are somebody else at `now`, of the source `of`; note that all are back."""
    n, t, change = staged_membership.c, handle_tie.c, handle_tie.alias("change").c
    is_back = sa.and_(
        link.c.source == _OF, link.c.gone_at.is_not(None),
        link.c.handle.in_(sa.select(n.handle).where(n.source == _OF)),
    )  # fmt: skip
    is_same_account = sa.exists().where(
        n.source == link.c.source, n.handle == link.c.handle, t.kind == TieKind.LID.value,
        t.handle == link.c.phone_key, t.other == n.lid, t.until.is_(None), t.at <= link.c.gone_at,
    )  # fmt: skip
    was_given_up = sa.exists().where(
        change.handle == link.c.phone_key,
        sa.or_(
            (change.kind == TieKind.NUMBER.value) & change.until.is_(None),
            change.kind.in_(_ACCOUNTS) & change.until.is_not(None),
        ),
    )
    rested = sa.and_(
        link.c.phone_key.is_not(None),
        sa.or_(was_given_up, link.c.gone_at <= sa.bindparam("rested_before")),
        ~is_same_account,
    )
    now = sa.bindparam("now", type_=link.c.first_seen_at.type)
    renewed = sa.update(link).where(is_back, rested).values(first_seen_at=now, is_dirty=1)
    return renewed, sa.update(link).where(is_back).values(gone_at=None)


# --- looking up --------------------------------------------------------------------------------------------


def ties_around(
    connection: sa.Connection, handles: Collection[str], *, with_weak: bool = False
) -> Mapping[str, list[Tie]]:
    """The ties that lead to and from these handles, step by step, by each handle in them.

    Usernames lead further only `with_weak`.
    """
    found: dict[tuple[str, str, str, str], Tie] = {}
    if connection.execute(_IS_ANY).first() is None:
        return {}
    t, seen, new = handle_tie.c, set[str](), set(handles)
    for _ in range(ROUNDS_MAX):
        before = len(found)
        for chunk in chunked(sorted(new)):
            for column in (t.handle, t.other):
                query = sa.select(handle_tie).where(column.in_(chunk))
                rows = connection.execute(
                    query if with_weak else query.where(t.kind != TieKind.USERNAME.value)
                )
                found |= {(row.source, row.kind, row.handle, row.other): _tie(row) for row in rows}
        if len(found) == before:
            break
        seen |= new
        new = {one for tie in found.values() for one in (tie.handle, tie.other)} - seen
    by_handle: dict[str, list[Tie]] = defaultdict(list)
    for tie in found.values():
        by_handle[tie.handle].append(tie)
        by_handle[tie.other].append(tie)
    return by_handle


def around(start: str, by_handle: Mapping[str, list[Tie]]) -> list[Tie]:
    """The ties that lead to and from one handle, of `ties_around`; in an order that does not change."""
    found, seen, new = set[Tie](), set[str](), {start}
    while new:
        seen |= new
        found |= {tie for one in new for tie in by_handle.get(one, ())}
        new = {one for tie in found for one in (tie.handle, tie.other)} - seen
    return sorted(found, key=lambda tie: (tie.at, tie.kind, tie.handle, tie.other, tie.source))


def _tie(row: Any) -> Tie:
    person = AccountKey(row.person_source, row.person_id) if row.person_source else None
    how = How(row.how) if row.how else None
    return Tie(
        TieKind(row.kind), row.handle, row.other, row.at, row.until, row.source, row.group_id, person, how
    )
