"""Link, as a set, the handles behind which nobody but one account can be: nearly all of a first match.

What is linked here, and why, is exactly what `domain.identity.matching.match` says of such a handle; a property test
compares the two. Whatever is left takes that way.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.matching import SAME, How, IdentityState
from worker.domain.model import HandleKey, Standing
from worker.storage.sql.mapping import reason_values
from worker.storage.sql.tables import (
    chat_group,
    dirty_group,
    handle_tie,
    link,
    membership,
    person,
    person_key,
)

_BY_KEY = (
    ("phone", "phone_key", How.VARIANT),
    ("email", "email_key", How.EMAIL),
    ("employee", "employee_key", How.EMPLOYEE_ID),
)
_KEY_COLUMNS = tuple(column for _, column, _ in _BY_KEY)
_REMEMBERED = ("decided_fingerprint", "rejected")
_STRENGTH = {how: rank for rank, how in enumerate(How)}


def link_sure(
    connection: sa.Connection, after: HandleKey | None, limit: int, now: datetime
) -> tuple[HandleKey | None, int]:
    """Link the sure ones of the next `limit` waiting handles, and mark their groups dirty.

    Returns the last of these handles, sure or not (None: no more wait), and how many were linked.
    """
    which = {
        "after_source": after.source if after else "",
        "after": after.handle if after else "",
        "limit": limit,
    }
    last = connection.execute(_last(), which).first()
    if last is None:
        return None, 0
    if connection.execute(_UNMARKED).first() is not None:  # in a first match, all groups are marked already
        connection.execute(_mark_groups(), {**which, "now": now})
    return HandleKey(*last), connection.execute(_link(), {**which, "now": now}).rowcount


_NOW = sa.bindparam("now", type_=link.c.decided_at.type)
_UNMARKED = (
    sa.select(chat_group.c.group_id)
    .where(
        ~sa.exists().where(
            dirty_group.c.source == chat_group.c.source, dirty_group.c.group_id == chat_group.c.group_id
        )
    )
    .limit(1)
)


def _page() -> Any:
    """The page's handles. Its limit also keeps SQLite from beginning with everybody who has a number."""
    key = sa.tuple_(link.c.source, link.c.handle)
    after = sa.tuple_(sa.bindparam("after_source"), sa.bindparam("after"))
    shown = (link.c[name] for name in ("source", "handle", "phone", *_KEY_COLUMNS, *_REMEMBERED))
    waiting = (
        sa.select(*shown).where(link.c.is_dirty == 1, key > after).order_by(link.c.source, link.c.handle)
    )
    return waiting.limit(sa.bindparam("limit")).subquery("page")


def _is_new(page: Any) -> sa.ColumnElement[bool]:
    """True for handles of which nothing is remembered, neither an earlier identity nor who it is not."""
    return sa.and_(page.c.decided_fingerprint.is_(None), page.c.rejected == "[]")


@cache
def _last() -> sa.Select[Any]:
    page = _page()
    return (
        sa.select(page.c.source, page.c.handle).order_by(page.c.source.desc(), page.c.handle.desc()).limit(1)
    )


@cache
def _mark_groups() -> sa.Insert:
    """Mark the groups of all new handles: whatever is found of these, it is news."""
    page, m, d = _page(), membership.c, dirty_group.c
    same = (m.source == page.c.source) & (m.handle == page.c.handle)
    listed = sa.select(m.source, m.group_id).distinct().select_from(page).join(membership, same)
    groups = listed.where(_is_new(page)).subquery("groups").c
    is_marked = sa.exists().where(d.source == groups.source, d.group_id == groups.group_id)
    new = sa.select(groups.source, groups.group_id, _NOW).where(~is_marked)
    return sa.insert(dirty_group).from_select(["source", "group_id", "since"], new)


@cache
def _link() -> sa.Update:
    one = _one_account()
    how = {rank: how for how, rank in _STRENGTH.items() if how in SAME}
    whys = {rank: reason_values("why", SAME[how]) for rank, how in how.items()}
    values = {
        "state": IdentityState.LINKED.value,
        "person_source": one.person_source,
        "person_id": one.person_id,
        "how": sa.case({rank: how.value for rank, how in how.items()}, value=one.rank),
        "why": sa.case({rank: why["why"] for rank, why in whys.items()}, value=one.rank),
        "why_words": sa.case({rank: why["why_words"] for rank, why in whys.items()}, value=one.rank),
        "suggestions": "[]",
        "decided_fingerprint": link.c.fingerprint,
        "decided_at": _NOW,
        "decided_by": None,
        "is_dirty": 0,
    }
    same = (link.c.source == one.source) & (link.c.handle == one.handle)
    p, t = person.c, handle_tie.c
    is_here = sa.exists().where(
        p.source == one.person_source, p.person_id == one.person_id, p.standing != Standing.LEFT.value
    )
    start = sa.func.coalesce(link.c.phone_key, link.c.handle)
    has_tie = sa.exists().where(t.handle == start) | sa.exists().where(t.other == start)
    return sa.update(link).values(values).where(same, is_here, ~has_tie)


def _keys() -> Any:
    """All that the page's new handles may share with a person, with the evidence that it would be."""
    found = []
    for kind, column, how in _BY_KEY:
        page = _page()
        exact = page.c.phone if kind == "phone" else sa.null()  # beside a variant of the number
        columns = (
            page.c.source,
            page.c.handle,
            sa.literal(kind).label("kind"),
            page.c[column].label("value"),
            exact.label("exact"),
            sa.literal(_STRENGTH[how]).label("rank"),
        )
        found.append(sa.select(*columns).where(_is_new(page), page.c[column].is_not(None)))
    return sa.union_all(*found).subquery("key").c


def _one_account() -> Any:
    """The new handles of which every number, address and employee id is one account's, with the strongest evidence."""
    k, keys = person_key.c, _keys()
    rank = sa.case((k.raw == keys.exact, _STRENGTH[How.PHONE]), else_=keys.rank)
    found = sa.select(
        keys.source, keys.handle, k.source.label("person_source"), k.person_id, rank.label("rank")
    )
    c = found.where(k.kind == keys.kind, k.value == keys.value).subquery("candidate").c
    least = {name: sa.func.min(c[name]) for name in ("person_source", "person_id", "rank")}
    is_one = [least[name] == sa.func.max(c[name]) for name in ("person_source", "person_id")]
    return (
        sa.select(c.source, c.handle, *(value.label(name) for name, value in least.items()))
        .group_by(c.source, c.handle)
        .having(sa.and_(*is_one))
        .subquery("one")
        .c
    )
