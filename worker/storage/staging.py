"""The statements that make a staged snapshot of groups and members the state.

They are built once, which takes longer than to run them. Each is given its source as `of`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from worker.domain.kinds.kind import Deed
from worker.domain.model import Coverage
from worker.storage.group_facts import FACT_COLUMNS
from worker.storage.sql.tables import (
    chat_group,
    link,
    membership,
    remediation,
    staged_departed,
    staged_group,
    staged_membership,
    staged_renumbered,
)

GROUP_COLUMNS = (
    "source", "group_id", "name", "messenger", "owner_email", "coverage", "taken_at", "knows_roles",
    "has_had_admin", "size", "warning", *FACT_COLUMNS,
)  # fmt: skip
SHOWN = ("display_name", "role", "phone", "username", "lid", "business_id", "native_id", "joined_at")
MEMBER_COLUMNS = ("source", "group_id", "handle", *SHOWN)
MARKS = ("fingerprint", "phone_key", "email_key", "employee_key")

_OF: sa.BindParameter[str] = sa.bindparam("of", type_=sa.String)
_IN_SIGHT = sa.and_(chat_group.c.source == _OF, chat_group.c.is_gone == 0, chat_group.c.is_unseen == 0)

STAGED = sa.select(sa.func.count()).where(staged_membership.c.source == _OF)
LISTED = sa.select(sa.func.count()).where(staged_group.c.source == _OF)
IN_SIGHT = sa.select(sa.func.count()).where(_IN_SIGHT)


def same_group(a: Any, b: Any) -> sa.ColumnElement[bool]:
    """True if two tables' columns name the same group."""
    return sa.and_(a.source == b.source, a.group_id == b.group_id)


# --- groups ------------------------------------------------------------------------------------------------


@cache
def missing() -> sa.Select[Any]:
    """The groups that are not gone and not listed, with their names and whether they were out of sight."""
    g = chat_group.c
    listed = sa.exists().where(same_group(staged_group.c, g))
    columns = (g.source, g.group_id, g.name, g.is_unseen)
    return sa.select(*columns).where(g.source == _OF, g.is_gone == 0, ~listed).order_by(g.group_id)


@cache
def new() -> sa.Select[Any]:
    """The groups that are listed and were never seen."""
    s = staged_group.c
    known = sa.exists().where(same_group(s, chat_group.c))
    return sa.select(s.source, s.group_id).where(s.source == _OF, ~known).order_by(s.group_id)


@cache
def restated() -> sa.Select[Any]:
    """Groups of which the source says something else than before, whoever their members are."""
    g, s = chat_group.c, staged_group.c
    differs = sa.or_(
        g.name != s.name, g.messenger != s.messenger, g.owner_email.is_distinct_from(s.owner_email),
        g.coverage != s.coverage, g.is_gone == 1, g.facts != s.facts,
        g.registered.is_distinct_from(s.registered),
    )  # fmt: skip
    query = sa.select(g.source, g.group_id).join(staged_group, same_group(s, g))
    return query.where(g.source == _OF, differs)


@cache
def shrunken() -> sa.Select[Any]:
    """How many members each whole roster has lost, but for those whom a machine of ours took out."""
    g, s = chat_group.c, staged_group.c
    return (
        sa.select(g.group_id, g.size, sa.func.count().label("removed"), g.shrunken_at, s.taken_at)
        .select_from(membership)
        .join(chat_group, same_group(g, membership.c))
        .join(staged_group, same_group(s, membership.c))
        .where(membership.c.source == _OF, s.coverage == Coverage.FULL.value, ~_in_stage(), ~_by_us())
        .group_by(g.group_id, g.size, g.shrunken_at, s.taken_at)
    )


@cache
def unshown() -> sa.Select[Any]:
    """The groups that had members, and of which a part is listed without anybody in it."""
    g, s = chat_group.c, staged_group.c
    return (
        sa.select(g.group_id, g.size, s.warning)
        .join(staged_group, same_group(s, g))
        .where(s.source == _OF, s.coverage == Coverage.PARTIAL.value, s.size == 0, g.size > 0)
        .order_by(g.group_id)
    )


@cache
def merge_groups(dialect: str) -> Any:
    """Write the groups; `now`, in microseconds, is when they were read."""
    s = staged_group.c
    at: sa.BindParameter[int] = sa.bindparam("now", type_=sa.BigInteger)
    shrunken_at = sa.case((s.is_shrunken == 1, s.taken_at), else_=sa.null())
    rows = sa.select(*(s[name] for name in GROUP_COLUMNS), at, at, shrunken_at).where(s.source == _OF)
    insert = _insert(dialect, chat_group).from_select(
        [*GROUP_COLUMNS, "read_at", "first_seen_at", "shrunken_at"], rows
    )
    shown, old = insert.excluded, chat_group.c
    plain = ("name", "messenger", "owner_email", "coverage", "taken_at", "knows_roles", "warning", "read_at",
             "shrunken_at", *FACT_COLUMNS)  # fmt: skip
    values: dict[str, Any] = {name: shown[name] for name in plain}
    values["is_gone"] = values["is_unseen"] = 0
    values["has_had_admin"] = sa.case((shown.has_had_admin == 1, 1), else_=old.has_had_admin)
    is_partial = (shown.coverage != Coverage.FULL.value) & (old.size > shown.size)
    values["size"] = sa.case((is_partial, old.size), else_=shown.size)
    return insert.on_conflict_do_update(index_elements=["source", "group_id"], set_=values)


# --- members -----------------------------------------------------------------------------------------------


@cache
def changes() -> tuple[sa.Select[Any], sa.Select[Any], sa.Select[Any]]:
    """How many members each known group has more, less, and with another role."""
    m, n, g = membership.c, staged_membership.c, staged_group.c
    removed = (
        sa.select(m.group_id, sa.func.count())
        .join(staged_group, same_group(g, m))
        .where(m.source == _OF, sa.or_(g.coverage == Coverage.FULL.value, _is_recorded()), ~_in_stage())
        .group_by(m.group_id)
    )
    known = sa.exists().where(same_group(chat_group.c, n))
    added = (
        sa.select(n.group_id, sa.func.count())
        .where(n.source == _OF, known, ~_in_state())
        .group_by(n.group_id)
    )
    same_member = same_group(n, m) & (n.handle == m.handle)
    regraded = (
        sa.select(m.group_id, sa.func.count())
        .join(staged_membership, same_member)
        .where(m.source == _OF, m.role != n.role)
        .group_by(m.group_id)
    )
    return added, removed, regraded


@cache
def gone_members() -> tuple[Any, Any]:
    """Delete the members whom a whole roster does not list, and those of whom one says that they went.

    Both return their handles.
    """
    m, g = membership.c, staged_group.c
    full = sa.select(g.group_id).where(g.source == _OF, g.coverage == Coverage.FULL.value)
    unlisted = sa.delete(membership).where(m.source == _OF, m.group_id.in_(full), ~_in_stage())
    recorded = sa.delete(membership).where(
        m.source == _OF, m.group_id.in_(_partial()), _is_recorded(), ~_in_stage()
    )
    return unlisted.returning(m.handle), recorded.returning(m.handle)


@cache
def merge_members(dialect: str) -> Any:
    """Write the members who are new, or shown differently; its result counts them."""
    n, g = staged_membership.c, staged_group.c
    first_seen = sa.case((chat_group.c.group_id.is_(None), sa.null()), else_=g.taken_at)
    rows = (
        sa.select(*(n[name] for name in MEMBER_COLUMNS), first_seen)
        .join(staged_group, same_group(g, n))
        .outerjoin(chat_group, same_group(chat_group.c, n))
        .where(n.source == _OF, ~_unchanged())
        .order_by(n.source, n.group_id, n.handle)
    )
    insert = _insert(dialect, membership).from_select([*MEMBER_COLUMNS, "first_seen_at"], rows)
    shown = {name: insert.excluded[name] for name in SHOWN}
    merge = insert.on_conflict_do_update(index_elements=["source", "group_id", "handle"], set_=shown)
    return merge.execution_options(preserve_rowcount=True)


@cache
def marks() -> tuple[sa.Update, sa.Update]:
    """Mark members whom a partial roster does not list, and take the mark from those who are listed again.

    The second gives the groups of those.
    """
    m = membership.c
    lost = (m.source == _OF) & m.group_id.in_(_partial()) & (m.is_unlisted == 0) & ~_in_stage()
    back = (m.source == _OF) & (m.is_unlisted == 1) & _in_stage()
    return (
        sa.update(membership).where(lost).values(is_unlisted=1),
        sa.update(membership).where(back).values(is_unlisted=0).returning(m.group_id),
    )


@cache
def merge_links(dialect: str) -> Any:
    """Write one row for each handle that is new, or has another fingerprint: it waits to be matched.

    All rows of a handle have the same marks by now (see `staged_marks`).
    """
    n = staged_membership.c
    known = sa.exists().where(
        link.c.source == n.source, link.c.handle == n.handle, link.c.fingerprint == n.fingerprint
    )
    group_known = sa.exists().where(same_group(chat_group.c, n))
    taken_at = sa.select(staged_group.c.taken_at).where(same_group(staged_group.c, n)).scalar_subquery()
    seen = sa.func.min(sa.case((group_known, taken_at), else_=0))
    phone = sa.case((n.phone_key.is_not(None), n.phone))  # one that several people have is nobody's
    rows = (
        sa.select(
            n.source, n.handle, sa.func.max(n.display_name), sa.func.max(n.fingerprint), sa.func.max(phone),
            sa.func.max(n.phone_key), sa.func.max(n.email_key), sa.func.max(n.employee_key),
            sa.func.nullif(seen, 0), sa.literal(1),
        )
        .where(n.source == _OF, ~known)
        .group_by(n.source, n.handle)
    )  # fmt: skip
    renewed = ("display_name", "fingerprint", "phone", "phone_key", "email_key", "employee_key")
    columns = ["source", "handle", *renewed, "first_seen_at", "is_dirty"]
    insert = _insert(dialect, link).from_select(columns, rows)
    return insert.on_conflict_do_update(
        index_elements=["source", "handle"],
        set_={name: insert.excluded[name] for name in (*renewed, "is_dirty")},
    )


def _insert(dialect: str, table: sa.Table) -> Any:
    """The dialect's INSERT, which supports ON CONFLICT."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _partial() -> sa.Select[Any]:
    g = staged_group.c
    return sa.select(g.group_id).where(g.source == _OF, g.coverage != Coverage.FULL.value)


def _in_stage() -> sa.ColumnElement[bool]:
    m, n = membership.c, staged_membership.c
    return sa.exists().where(n.source == m.source, n.group_id == m.group_id, n.handle == m.handle)


def _is_recorded() -> sa.ColumnElement[bool]:
    """The roster says that the member went, or has another number, which it lists."""
    m, n, d, r = membership.c, staged_membership.c, staged_departed.c, staged_renumbered.c
    is_theirs = (link.c.source == m.source) & (link.c.handle == m.handle)
    went = sa.exists().where(
        is_theirs, d.source == m.source, d.group_id == m.group_id, d.phone_key == link.c.phone_key
    )
    # One within the other, or SQLite would look at the group's new roster for each member first
    is_new_listed = (
        sa.exists()
        .where(n.source == m.source, n.group_id == m.group_id, n.phone_key == r.new)
        .correlate(membership, staged_renumbered)
    )
    changed = sa.exists().where(is_theirs, r.source == m.source, r.old == link.c.phone_key, is_new_listed)
    return went | changed


def _by_us() -> sa.ColumnElement[bool]:
    """A machine of ours was to take the member out."""
    m, r = membership.c, remediation.c
    return sa.exists().where(
        r.source == m.source, r.group_id == m.group_id, r.handle == m.handle, r.deed == Deed.REMOVE.value
    )


def _in_state() -> sa.ColumnElement[bool]:
    m, n = membership.c, staged_membership.c
    return sa.exists().where(m.source == n.source, m.group_id == n.group_id, m.handle == n.handle)


def _unchanged() -> sa.ColumnElement[bool]:
    m, n = membership.c, staged_membership.c
    return sa.exists().where(
        m.source == n.source, m.group_id == n.group_id, m.handle == n.handle, m.role == n.role,
        m.display_name == n.display_name,
        *(m[name].is_not_distinct_from(n[name]) for name in SHOWN[2:]),
    )  # fmt: skip
