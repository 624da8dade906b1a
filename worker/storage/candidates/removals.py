"""Groups with members who left or moved, without a ticket for their removal."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.ports.state.groups import Expectation
from worker.storage.candidates.states import REMOVAL_CODES, SETTLED
from worker.storage.persons import is_joining
from worker.storage.sql.tables import episode, expected, link, membership, person, person_key, ticket


def leavers_without_ticket() -> sa.Select[Any]:
    """Groups with a handle linked to a leaver's account, or to an account that may be the same person's.

    Whether they are one person is judged later.
    """
    m, p, t, e = membership.c, person.c, ticket.c, episode.c
    k, o = person_key.alias("k").c, person_key.alias("o").c
    has_ticket = sa.exists().where(
        t.source == m.source, t.group_id == m.group_id, t.handle == m.handle, t.kind.in_(REMOVAL_CODES),
        t.state.in_(SETTLED),
    )  # fmt: skip
    passed = sa.exists().where(
        e.source == p.source,
        e.person_id == p.person_id,
        e.kind == EpisodeKind.LEFT.value,
        e.gate == Gate.PASSED.value,
        e.at == p.at,
    )
    left = sa.select(p.source, p.person_id).where(p.standing == Standing.LEFT.value, passed)
    elsewhere = sa.select(o.source, o.person_id).where(
        k.source == p.source, k.person_id == p.person_id, is_joining(k, o),
        o.kind == k.kind, o.value == k.value, o.source != k.source,
        p.standing == Standing.LEFT.value, passed,
    )  # fmt: skip
    accounts = sa.union(left, elsewhere).subquery("accounts")
    return (
        sa.select(m.source, m.group_id)
        .distinct()
        .select_from(accounts)
        .join(link, (link.c.person_source == accounts.c.source) & (link.c.person_id == accounts.c.person_id))
        .join(membership, (m.source == link.c.source) & (m.handle == link.c.handle))
        .where(~has_ticket)
    )


def former_members() -> sa.Select[Any]:
    """Groups with a handle linked to a mover's account, or to an account that may be the same person's.

    Whether they are one person is judged later. All is asked of each mover, or SQLite would read all memberships.
    """
    x, k, o = expected.c, person_key.alias("k"), person_key.alias("o")
    elsewhere = sa.exists().where(
        k.c.source == x.person_source, k.c.person_id == x.person_id, is_joining(k.c, o.c),
        o.c.kind == k.c.kind.concat(""), o.c.value == k.c.value, o.c.source != k.c.source, _is_in_without_ticket(o),
    )  # fmt: skip
    is_there = sa.or_(_is_in_without_ticket(expected), elsewhere)
    return sa.select(x.source, x.group_id).distinct().where(x.state == Expectation.FORMER.value, is_there)


def _is_in_without_ticket(account: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a handle of an account is in the group of `expected`, and no removal asks for it.

    `account`: `expected` itself, or keys of another account.
    """
    x, m, t = expected.c, membership.c, ticket.c
    asked = sa.exists().where(
        t.source == m.source, t.group_id == m.group_id, t.handle == m.handle, t.kind.in_(REMOVAL_CODES),
        t.state.in_(SETTLED),
    )  # fmt: skip
    a = (x.person_source, x.person_id) if account is expected else (account.c.source, account.c.person_id)
    there = sa.select(sa.literal(1)).where(
        link.c.person_source == a[0], link.c.person_id == a[1], link.c.source == x.source,
        m.source == link.c.source, m.handle == link.c.handle, m.group_id == x.group_id, ~asked,
    )  # fmt: skip
    return there.correlate(expected, account).exists()
