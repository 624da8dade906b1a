"""Who left a group by themself: they vanished from a complete roster, and no ticket of ours asked for it.

So is whoever went as the group's review asked: the people in it know better than a rule who belongs there. Noted only
of whom the joiner rules place in the group, since nobody else would be asked for again. It lives until they are listed
again, the rules place them anew or no more (both seen at the source's next read), or they are erased.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from worker.domain.controls.statements import Statement
from worker.domain.kinds import codes
from worker.domain.kinds.removals import REVIEW
from worker.domain.model import AccountKey, Coverage, GroupKey, Standing
from worker.domain.tickets.ticket import LIVE, TicketState
from worker.ports.state.groups import Expectation
from worker.storage.persons import is_joining
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.tables import (
    attestation,
    attestation_person,
    chat_group,
    expected,
    left_by_themself,
    link,
    membership,
    person,
    person_key,
    staged_group,
    staged_membership,
    ticket,
)

_OF: sa.BindParameter[str] = sa.bindparam("of", type_=sa.String)
_REMOVALS = codes(lambda kind: kind.is_exposure)
_L, _M, _N, _T = left_by_themself.c, membership.c, staged_membership.c, ticket.c


def note(connection: sa.Connection, source: str) -> None:
    """Note who is missing in what is staged of a source; forget whom it is over for. Runs before it is applied.

    Only complete rosters count, and none that lost so many at once that it was doubted before.
    """
    of = {"of": source}
    connection.execute(_over(), of)
    connection.execute(_went(connection.dialect.name), of)


@cache
def _over() -> sa.Delete:
    """Whoever is listed again, or is not placed there since before they left."""
    listed = sa.exists().where(
        _M.source == _L.source, _M.group_id == _L.group_id, _M.is_unlisted == 0,
        link.c.source == _M.source, link.c.handle == _M.handle,
        link.c.person_source == _L.person_source, link.c.person_id == _L.person_id,
    )  # fmt: skip
    return sa.delete(left_by_themself).where(_L.source == _OF, sa.or_(listed, ~_is_placed(_L, _L.at)))


def _is_placed(left: Any, at: Any) -> sa.ColumnElement[bool]:
    """The joiner rules had placed the person in the group by then, and do still.

    If the person may have several accounts, so they may have anybody: which are theirs is judged later.
    """
    x, k, o = expected.c, person_key.alias("k").c, person_key.alias("o").c
    same_kind = o.kind == k.kind.concat("")  # an expression, or SQLite would read all keys of these kinds
    has_others = sa.exists().where(
        k.source == left.person_source, k.person_id == left.person_id, is_joining(k, o), same_kind, o.value == k.value,
        sa.or_(o.source != k.source, o.person_id != k.person_id),
    )  # fmt: skip
    is_theirs = (x.person_source == left.person_source) & (x.person_id == left.person_id)
    return sa.exists().where(
        x.source == left.source, x.group_id == left.group_id, x.state == Expectation.DUE.value, x.since <= at,
        sa.or_(is_theirs, has_others),
    )  # fmt: skip


@cache
def _went(dialect: str) -> Any:
    s, g, p = staged_group.c, chat_group.c, person.c
    who = SimpleNamespace(
        source=_M.source, group_id=_M.group_id, person_source=p.source, person_id=p.person_id
    )
    rows = (
        sa.select(_M.source, _M.group_id, p.source, p.person_id, s.taken_at)
        .distinct()
        .select_from(membership)
        .join(staged_group, (s.source == _M.source) & (s.group_id == _M.group_id))
        .join(chat_group, (g.source == _M.source) & (g.group_id == _M.group_id))
        .join(link, (link.c.source == _M.source) & (link.c.handle == _M.handle))
        .join(person, (p.source == link.c.person_source) & (p.person_id == link.c.person_id))
        .where(
            _M.source == _OF, s.coverage == Coverage.FULL.value, g.shrunken_at.is_(None), g.leader_source.is_(None),
            p.standing != Standing.LEFT.value, ~_is_listed(), ~_is_listed_otherwise(), ~_was_asked_out(),
            _is_placed(who, s.taken_at),
        )
    )  # fmt: skip
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    keys = ["source", "group_id", "person_source", "person_id"]
    insert = make(left_by_themself).from_select([*keys, "at"], rows)
    return insert.on_conflict_do_update(index_elements=keys, set_={"at": insert.excluded.at})


def _is_listed() -> sa.ColumnElement[bool]:
    return sa.exists().where(_N.source == _M.source, _N.group_id == _M.group_id, _N.handle == _M.handle)


def _is_listed_otherwise() -> sa.ColumnElement[bool]:
    """The person has another handle in the roster, or somebody with a number of theirs is new in it."""
    other, k = link.alias("other"), person_key.c
    here = (_N.source == _M.source) & (_N.group_id == _M.group_id)
    known = sa.exists().where(
        here, other.c.source == _N.source, other.c.handle == _N.handle,
        other.c.person_source == person.c.source, other.c.person_id == person.c.person_id,
    )  # fmt: skip
    by_number = sa.exists().where(
        here, k.kind == "phone", k.value == _N.phone_key,
        k.source == person.c.source, k.person_id == person.c.person_id,
    )  # fmt: skip
    return sa.or_(known, by_number)


def _was_asked_out() -> sa.ColumnElement[bool]:
    """A removal of the worker's own explains it: a live one, or one that was proven since they came.

    So does one that was live when the last roster had them, and was cancelled since: it may have been done.
    """
    proven = (_T.state == TicketState.VERIFIED.value) & sa.or_(
        _M.first_seen_at.is_(None), _T.verified_at >= _M.first_seen_at
    )
    was_live = (_T.state == TicketState.CANCELLED.value) & (_T.weighed_at >= chat_group.c.taken_at)
    theirs = sa.or_(
        _T.handle == _M.handle, (_T.person_source == person.c.source) & (_T.person_id == person.c.person_id)
    )
    return sa.exists().where(
        _T.source == _M.source, _T.group_id == _M.group_id, _T.kind.in_(_REMOVALS), theirs,
        ~_T.details.contains(f'"{REVIEW}"'),
        sa.or_(_T.state.in_([state.value for state in sorted(LIVE)]), proven, was_live),
    )  # fmt: skip


def own_leavings(
    connection: sa.Connection, keys: Iterable[GroupKey]
) -> dict[GroupKey, list[tuple[AccountKey, datetime]]]:
    """Who left these groups by themself, by account, and the instant of the roster that showed it."""
    found: dict[GroupKey, list[tuple[AccountKey, datetime]]] = defaultdict(list)
    for page in by_source(keys):
        for row in connection.execute(_of_groups(), page):
            who = AccountKey(row.person_source, row.person_id)
            found[GroupKey(row.source, row.group_id)].append((who, row.at))
    return found


@cache
def _of_groups() -> sa.Select[Any]:
    order = (_L.source, _L.group_id, _L.person_source, _L.person_id)
    return (
        sa.select(left_by_themself)
        .where(in_source(_L.source, _L.group_id), ~has_consented_since())
        .order_by(*order)
    )


def has_consented_since() -> sa.ColumnElement[bool]:
    """Whoever left said since that groups may see their number."""
    a, ap = attestation.c, attestation_person.c
    return sa.exists().where(
        ap.person_source == _L.person_source, ap.person_id == _L.person_id, a.id == ap.attestation_id,
        a.statement == Statement.CONSENT.value, a.is_pass == 1, a.voided_at.is_(None), a.at > _L.at,
    )  # fmt: skip
