"""Removals of whom a list may show without the number that it had: it began to show hidden identities alone.

A messenger, or a gateway's new release, may hide the numbers of a whole group from one list to the next. All of them
are gone from it then, a leaver's too, and nothing says which identity is whose. A removal whose number goes as the
first hidden identities come remembers it, and is proven by no list while one of these is there and is nobody's yet.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.matching import IdentityState
from worker.domain.identity.ties import TieKind
from worker.domain.kinds import codes
from worker.domain.kinds.removals import HIDDEN_SINCE
from worker.domain.model import Coverage, GroupKey
from worker.domain.tickets.ticket import LIVE, Ticket
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.tables import (
    handle_tie,
    link,
    membership,
    staged_group,
    staged_membership,
    ticket,
)

_OF: sa.BindParameter[str] = sa.bindparam("of", type_=sa.String)
_SETTLED = (IdentityState.LINKED.value, IdentityState.NOBODY.value)
_LIVE = tuple(state.value for state in sorted(LIVE))
_REMOVALS = codes(lambda kind: kind.is_exposure)
_ACCOUNTS = (TieKind.LID.value, TieKind.BUSINESS_ID.value)
_M, _N, _T = membership.c, staged_membership.c, ticket.c


def note_hidden(connection: sa.Connection, source: str) -> None:
    """Have removals remember that their members may be hidden in what is staged of a source; before it is applied."""
    for row in connection.execute(_hidden_now(), {"of": source}).all():
        details = json.loads(row.details) | {HIDDEN_SINCE: row.taken_at.isoformat()}
        text = json.dumps(details, ensure_ascii=False, sort_keys=True)
        connection.execute(sa.update(ticket).where(_T.id == row.id).values(details=text))


def maybe_there(connection: sa.Connection, tickets: Sequence[Ticket]) -> set[int]:
    """Those of these tickets whose member may be one of the hidden identities that their group lists."""
    since = {
        one.id: datetime.fromisoformat(one.details[HIDDEN_SINCE])
        for one in tickets
        if HIDDEN_SINCE in one.details
    }
    homes = {one.home for one in tickets if one.id in since}
    first = {
        GroupKey(row.source, row.group_id): row.first_at
        for page in by_source(homes)
        for row in connection.execute(_nobody_s(), page)
    }
    return {
        one.id
        for one in tickets
        if one.id in since and one.home in first and first[one.home] <= since[one.id]
    }


@cache
def _hidden_now() -> sa.Select[Any]:
    """Live removals whose member's number a whole list does not have, which has hidden identities for the first time.

    So it is if the list before was not believed, or was a part, and they came since then.
    """
    s, x, n, t = staged_group.c, membership.alias("x").c, staged_membership.alias("n").c, handle_tie.c
    # Expressions, or SQLite would read every removal that there ever was, and not those that live
    is_removal, source = _T.kind.concat("").in_(_REMOVALS), _T.source.concat("")
    is_theirs = (_M.source == s.source) & (_M.group_id == s.group_id) & (_M.handle == _T.handle)
    is_listed = sa.exists().where(_N.source == _M.source, _N.group_id == _M.group_id, _N.handle == _M.handle)
    is_tied = sa.exists().where(t.handle == link.c.phone_key, t.kind.in_(_ACCOUNTS), t.until.is_(None))
    shows_one = sa.exists().where(
        n.source == _M.source, n.group_id == _M.group_id, _account(n).is_not(None), n.phone_key.is_(None)
    )  # fmt: skip
    showed_one = sa.exists().where(
        x.source == _M.source, x.group_id == _M.group_id, _account(x).is_not(None), x.phone.is_(None),
        sa.or_(x.first_seen_at.is_(None), _M.is_unlisted == 0),
    )  # fmt: skip
    return (
        sa.select(_T.id, _T.details, s.taken_at)
        .select_from(staged_group)
        .join(ticket, (source == s.source) & (_T.group_id == s.group_id))
        .join(membership, is_theirs)
        .join(link, (link.c.source == _M.source) & (link.c.handle == _M.handle))
        .where(s.source == _OF, s.coverage == Coverage.FULL.value, is_removal)
        .where(_T.state.in_(_LIVE))
        .where(link.c.phone_key.is_not(None), _account(_M).is_(None))
        .where(~is_listed, ~is_tied, shows_one, ~showed_one)
    )


@cache
def _nobody_s() -> sa.Select[Any]:
    """When the first was seen of the hidden identities that a group lists and that are nobody's, by group."""
    is_settled = sa.exists().where(
        link.c.source == _M.source, link.c.handle == _M.handle, link.c.state.in_(_SETTLED)
    )
    return (
        sa.select(_M.source, _M.group_id, sa.func.min(_M.first_seen_at).label("first_at"))
        .where(in_source(_M.source, _M.group_id), _M.is_unlisted == 0, _M.first_seen_at.is_not(None))
        .where(_account(_M).is_not(None), _M.phone.is_(None), ~is_settled)
        .group_by(_M.source, _M.group_id)
    )


def _account(member: Any) -> sa.ColumnElement[str | None]:
    """The identity that WhatsApp shows in place of a number."""
    return sa.func.coalesce(member.lid, member.business_id)
