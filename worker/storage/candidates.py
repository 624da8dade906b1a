"""One set-based query for each way in which a group and its tickets can disagree, for the nightly pass."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.identity.matching import LinkState
from worker.domain.model import Coverage, Standing
from worker.domain.tickets.ticket import LIVE, REMOVALS, TicketKind, TicketState
from worker.storage.persons import is_joining
from worker.storage.sql.tables import (
    chat_group,
    episode,
    expected,
    link,
    membership,
    person,
    person_key,
    ticket,
)

_LIVE = tuple(state.value for state in sorted(LIVE))
_SETTLED = (*_LIVE, TicketState.WAIVED.value)
_REMOVALS = tuple(kind.value for kind in sorted(REMOVALS))


def wrong_groups() -> list[sa.Select[Any]]:
    """Queries for (source, group_id); together they cover every finding and every reason to cancel."""
    return [
        _leavers_without_ticket(),
        _unknown_without_question(),
        _tickets_without_reason(),
        _waivers(),
        _blocked(),
        _missing_joiners(),
        _former_members(),
        _lost_admins(),
    ]


def _leavers_without_ticket() -> sa.Select[Any]:
    """Leavers whom a handle is linked to; and those of whom only another account is (which is judged later)."""
    m, p, t, e = membership.c, person.c, ticket.c, episode.c
    k, o = person_key.alias("k").c, person_key.alias("o").c
    has_ticket = sa.exists().where(
        t.source == m.source, t.group_id == m.group_id, t.handle == m.handle, t.kind.in_(_REMOVALS),
        t.state.in_(_SETTLED),
    )  # fmt: skip
    passed = sa.exists().where(
        e.source == p.source, e.person_id == p.person_id, e.kind == "left", e.gate == "passed", e.at == p.at
    )
    left = sa.select(p.source, p.person_id).where(p.standing == Standing.LEFT.value, passed)
    elsewhere = sa.select(o.source, o.person_id).where(
        k.source == p.source, k.person_id == p.person_id, is_joining(k),
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


def _unknown_without_question() -> sa.Select[Any]:
    m, t = membership.c, ticket.c
    asked = sa.exists().where(
        t.source == m.source,
        t.handle == m.handle,
        t.kind == TicketKind.IDENTIFY_MEMBER.value,
        t.state.in_(_SETTLED),
    )
    unknown = link.c.state.in_((LinkState.AMBIGUOUS.value, LinkState.UNMATCHED.value))
    return (
        sa.select(m.source, m.group_id)
        .distinct()
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .where(unknown, ~asked)
    )


def _tickets_without_reason() -> sa.Select[Any]:
    """Live removals of somebody who has not left, or whose link names another; questions that have an answer."""
    t, p = ticket.c, person.c
    joined = ticket.outerjoin(person, (p.source == t.person_source) & (p.person_id == t.person_id)).outerjoin(
        link, (link.c.source == t.source) & (link.c.handle == t.handle)
    )
    unfounded = t.kind.in_(_REMOVALS) & sa.or_(
        p.source.is_(None),
        p.standing != Standing.LEFT.value,
        link.c.person_id.is_distinct_from(t.person_id),
    )
    group_gone = sa.exists().where(
        chat_group.c.source == t.source, chat_group.c.group_id == t.group_id, chat_group.c.is_gone == 1
    )
    addition = t.kind == TicketKind.ADD_MEMBER.value
    return (
        sa.select(t.source, t.group_id)
        .distinct()
        .select_from(joined)
        .where(t.state.in_(_LIVE), sa.or_(unfounded, group_gone, addition))
    )


def _waivers() -> sa.Select[Any]:
    t = ticket.c
    limited = (t.state == TicketState.WAIVED.value) & t.waived_until.is_not(None)
    return sa.select(t.source, t.group_id).distinct().where(limited)


def _blocked() -> sa.Select[Any]:
    t = ticket.c
    waiting = t.state == TicketState.BLOCKED.value
    return sa.select(t.source, t.group_id).distinct().where(waiting)


def _missing_joiners() -> sa.Select[Any]:
    x, m, t = expected.c, membership.c, ticket.c
    present = (
        sa.exists()
        .where(m.source == x.source, m.group_id == x.group_id)
        .where(link.c.source == m.source, link.c.handle == m.handle)
        .where(link.c.person_source == x.person_source, link.c.person_id == x.person_id)
    )
    asked = sa.exists().where(
        t.source == x.source, t.group_id == x.group_id, t.kind == TicketKind.ADD_MEMBER.value,
        t.person_source == x.person_source, t.person_id == x.person_id, t.state.in_(_SETTLED),
    )  # fmt: skip
    full = sa.exists().where(
        chat_group.c.source == x.source, chat_group.c.group_id == x.group_id,
        chat_group.c.coverage == Coverage.FULL.value,
    )  # fmt: skip
    return sa.select(x.source, x.group_id).distinct().where(x.state == "due", full, ~present, ~asked)


def _former_members() -> sa.Select[Any]:
    """Movers whom a handle is linked to; and those of whom only another account is (which is judged later)."""
    x, m, t = expected.c, membership.c, ticket.c
    k, o = person_key.alias("k").c, person_key.alias("o").c
    asked = sa.exists().where(
        t.source == m.source, t.group_id == m.group_id, t.handle == m.handle, t.kind.in_(_REMOVALS),
        t.state.in_(_SETTLED),
    )  # fmt: skip
    moved = sa.select(x.source, x.group_id, x.person_source, x.person_id).where(x.state == "former")
    elsewhere = sa.select(x.source, x.group_id, o.source, o.person_id).where(
        x.state == "former", k.source == x.person_source, k.person_id == x.person_id, is_joining(k),
        o.kind == k.kind, o.value == k.value, o.source != k.source,
    )  # fmt: skip
    movers = sa.union(moved, elsewhere).subquery("movers").c
    return (
        sa.select(m.source, m.group_id)
        .distinct()
        .where(
            link.c.person_source == movers.person_source, link.c.person_id == movers.person_id,
            m.source == link.c.source, m.handle == link.c.handle,
            m.source == movers.source, m.group_id == movers.group_id, ~asked,
        )
    )  # fmt: skip


def _lost_admins() -> sa.Select[Any]:
    g, m, t = chat_group.c, membership.c, ticket.c
    has_admin = sa.exists().where(
        m.source == g.source, m.group_id == g.group_id, m.role.in_(("admin", "creator"))
    )
    asked = sa.exists().where(
        t.source == g.source,
        t.group_id == g.group_id,
        t.kind == TicketKind.REASSIGN_ADMIN.value,
        t.state.in_(_SETTLED),
    )
    lost = (g.has_had_admin == 1) & (g.knows_roles == 1) & (g.is_gone == 0) & (g.size > 0)
    return sa.select(g.source, g.group_id).where(lost, ~has_admin, ~asked)
