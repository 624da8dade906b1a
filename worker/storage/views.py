"""Loading what reconciling a group needs: the few members that decide something, never whole rosters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.findings import Expected, GroupView, Leaving, MemberView
from worker.domain.identity import JOIN_KEY_SHARED_MAX, Link, LinkState
from worker.domain.model import Coverage, GroupKey, Member, Person, PersonKey, Role, Standing
from worker.domain.ticket import LIVE, Ticket, TicketKind, TicketState
from worker.storage.chunks import among, chunked
from worker.storage.mapping import (
    leaving_of,
    link_from_row,
    member_from_row,
    person_from_row,
    ticket_from_row,
)
from worker.storage.marks import JOIN_KINDS
from worker.storage.tables import chat_group, episode, expected, link, membership, person, person_key, ticket

LINK_COLUMNS = (
    "state", "person_source", "person_id", "how", "why", "suggestions", "decided_fingerprint", "fingerprint",
    "email_key", "employee_key",
)  # fmt: skip
PERSON_COLUMNS = tuple(
    person.c[name].label(f"p_{name}")
    for name in ("source", "person_id", "facts", "display_name", "standing", "evidence", "at")
)
LIVE_OR_WAIVED = tuple(state.value for state in (*sorted(LIVE), TicketState.WAIVED))


@dataclass(slots=True)
class _Page:
    """What was loaded for one page of groups."""

    members: dict[GroupKey, list[tuple[Member, Link, Person | None, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    tickets: dict[GroupKey, list[Ticket]] = field(default_factory=lambda: defaultdict(list))
    expected: dict[GroupKey, list[Expected]] = field(default_factory=lambda: defaultdict(list))
    leavings: dict[PersonKey, Leaving] = field(default_factory=dict)
    managers: dict[PersonKey, Person] = field(default_factory=dict)
    owners: dict[str, Person] = field(default_factory=dict)


def group_views(connection: sa.Connection, keys: Sequence[GroupKey]) -> list[GroupView]:
    """The views of these groups, in their order; a key without a group is left out."""
    views: list[GroupView] = []
    for chunk in chunked(keys):
        rows = {
            GroupKey(r.source, r.group_id): r
            for r in connection.execute(_in(sa.select(chat_group), chat_group.c, chunk))
        }
        page = _load(connection, chunk, [r.owner_email for r in rows.values() if r.owner_email])
        views += [_view(key, rows[key], page) for key in chunk if key in rows]
    return views


def person_of(row: Any) -> Person | None:
    """The person behind a member, from PERSON_COLUMNS of an outer join."""
    if row.p_source is None:
        return None
    return person_from_row(
        _Renamed(
            row.p_source,
            row.p_person_id,
            row.p_facts,
            row.p_display_name,
            row.p_standing,
            row.p_evidence,
            row.p_at,
        )
    )


@dataclass(frozen=True, slots=True)
class _Renamed:
    source: str
    person_id: str
    facts: str
    display_name: str
    standing: str
    evidence: str | None
    at: Any


def _view(key: GroupKey, row: Any, page: _Page) -> GroupView:
    members = tuple(
        MemberView(member, known, one, page.leavings.get(one.key) if one else None, seen)
        for member, known, one, seen in page.members[key]
    )
    leavers = {m.person.key for m in members if m.person and m.person.key in page.managers}
    return GroupView(
        key=key,
        name=row.name,
        messenger=row.messenger,
        taken_at=row.taken_at,
        coverage=Coverage(row.coverage),
        members=members,
        size=row.size,
        has_had_admin=bool(row.has_had_admin and row.knows_roles),
        is_gone=bool(row.is_gone),
        owner=page.owners.get((row.owner_email or "").casefold()),
        owner_email=row.owner_email,
        expected=tuple(page.expected[key]),
        tickets=tuple(page.tickets[key]),
        managers=tuple((leaver, page.managers[leaver]) for leaver in sorted(leavers)),
    )


def _load(connection: sa.Connection, keys: Sequence[GroupKey], owners: Collection[str]) -> _Page:
    page = _Page()
    for row in connection.execute(_deciding_members(keys)):
        known = link_from_row(row) or Link(LinkState.UNMATCHED, row.fingerprint)
        group = GroupKey(row.source, row.group_id)
        page.members[group].append((member_from_row(row), known, person_of(row), row.first_seen_at))
    for key, one in _tickets(connection, keys):
        page.tickets[key].append(one)
    for row in connection.execute(_expected(keys)):
        one_person = person_of(row)
        if one_person is not None:
            is_former = row.state == "former"
            page.expected[GroupKey(row.source, row.group_id)].append(
                Expected(one_person, row.since, is_former)
            )
    left = {
        p.key: p
        for members in page.members.values()
        for _, _, p, _ in members
        if p and p.standing is Standing.LEFT
    }
    page.leavings = effective_leavings(connection, left)
    page.managers = _managers(connection, left.values())
    page.owners = _owners(connection, owners)
    return page


def _deciding_members(keys: Sequence[GroupKey]) -> sa.Select[Any]:
    m, t, x = membership.c, ticket.c, expected.c
    has_ticket = sa.exists().where(
        t.source == m.source, t.handle == m.handle, t.state.in_(LIVE_OR_WAIVED),
        sa.or_(t.group_id == m.group_id, t.key_group == ""),
    )  # fmt: skip
    is_expected = sa.exists().where(
        x.source == m.source, x.group_id == m.group_id,
        x.person_source == link.c.person_source, x.person_id == link.c.person_id,
    )  # fmt: skip
    decides = sa.or_(
        m.role.in_((Role.ADMIN.value, Role.CREATOR.value)),
        link.c.state.in_((LinkState.AMBIGUOUS.value, LinkState.UNMATCHED.value)),
        person.c.standing == Standing.LEFT.value,
        has_ticket,
        is_expected,
    )
    query = (
        sa.select(membership, *(link.c[name] for name in LINK_COLUMNS), *PERSON_COLUMNS)
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .outerjoin(person, behind_link())
        .where(decides)
    )
    return _in(query, m, keys).order_by(m.source, m.group_id, m.handle)


def behind_link() -> sa.ColumnElement[bool]:
    """The person whom a link names."""
    return (person.c.source == link.c.person_source) & (person.c.person_id == link.c.person_id)


def has_moved_away() -> sa.ColumnElement[bool]:
    """Whether the joiner rules place this member's person here no more, and the guard let that through."""
    x, e, m = expected.c, episode.c, membership.c
    is_waiting = sa.exists().where(
        e.source == x.person_source, e.person_id == x.person_id, e.kind == "moved", e.at == x.since,
        e.gate != "passed",
    )  # fmt: skip
    return sa.exists().where(
        x.state == "former", x.source == m.source, x.group_id == m.group_id, ~is_waiting,
        x.person_source == link.c.person_source, x.person_id == link.c.person_id,
    )  # fmt: skip


def _tickets(connection: sa.Connection, keys: Sequence[GroupKey]) -> Iterable[tuple[GroupKey, Ticket]]:
    """Each group's tickets that may still matter; a question about a member is in each of their groups."""
    t, m = ticket.c, membership.c
    still_there = sa.exists().where(m.source == t.source, m.group_id == t.group_id, m.handle == t.handle)
    matters = sa.or_(
        t.state.in_(LIVE_OR_WAIVED),
        t.kind.in_((TicketKind.REASSIGN_ADMIN.value, TicketKind.ADD_MEMBER.value)),
        still_there,
    )
    is_question = t.kind == TicketKind.IDENTIFY_MEMBER.value
    of_groups = _in(sa.select(ticket).where(matters, ~is_question), t, keys)
    for row in connection.execute(of_groups.order_by(t.id)):
        yield GroupKey(row.source, row.group_id), ticket_from_row(row)
    asked = sa.select(ticket, m.group_id.label("in_group")).join(
        membership, (m.source == t.source) & (m.handle == t.handle)
    )
    for row in connection.execute(_in(asked.where(is_question), m, keys).order_by(t.id)):
        yield GroupKey(row.source, row.in_group), ticket_from_row(row)
    nowhere = ~sa.exists().where(m.source == t.source, m.handle == t.handle)
    orphans = _in(sa.select(ticket).where(is_question, nowhere, t.state.in_(LIVE_OR_WAIVED)), t, keys)
    for row in connection.execute(orphans.order_by(t.id)):
        yield GroupKey(row.source, row.group_id), ticket_from_row(row)


def _expected(keys: Sequence[GroupKey]) -> sa.Select[Any]:
    x, e = expected.c, episode.c
    is_waiting = sa.exists().where(
        e.source == x.person_source, e.person_id == x.person_id, e.kind == "moved", e.at == x.since,
        e.gate != "passed",
    )  # fmt: skip
    same_person = (person.c.source == x.person_source) & (person.c.person_id == x.person_id)
    query = (
        sa.select(x.source, x.group_id, x.state, x.since, *PERSON_COLUMNS)
        .join(person, same_person)
        .where(person.c.standing != Standing.LEFT.value, ~is_waiting)
    )
    return _in(query, x, keys).order_by(x.source, x.group_id, x.person_source, x.person_id)


def effective_leavings(connection: sa.Connection, left: dict[PersonKey, Person]) -> dict[PersonKey, Leaving]:
    """Whose leaving counts: no other account of the human is still here, and the guard let it through.

    The latest leaving of all their accounts names the episode, so that a rehire who leaves again starts a
    new one.
    """
    twins = _twins(connection, left)
    here = {key for key, others in twins.items() if any(o.standing is not Standing.LEFT for o in others)}
    candidates = {key: [one, *twins.get(key, ())] for key, one in left.items() if key not in here}
    accounts = {one.key: one for group in candidates.values() for one in group}
    passed = _passed(connection, accounts)
    leavings: dict[PersonKey, Leaving] = {}
    for key, group in candidates.items():
        known = [leaving for one in group if (leaving := leaving_of(one)) is not None]
        known = [leaving for leaving in known if (leaving.person, leaving.at) in passed]
        latest = max((one.left_at for one in group if one.left_at), default=None)
        newest = max(known, key=lambda leaving: leaving.at, default=None)
        if newest is not None and newest.at == latest:
            leavings[key] = newest
    return leavings


def _twins(connection: sa.Connection, left: Collection[PersonKey]) -> dict[PersonKey, list[Person]]:
    k, o = person_key.alias("k").c, person_key.alias("o").c
    found: dict[PersonKey, dict[PersonKey, Person]] = defaultdict(dict)
    for chunk in chunked(sorted(left)):
        shared = sa.select(sa.func.count()).where(person_key.c.kind == k.kind, person_key.c.value == k.value)
        query = sa.select(k.source.label("k_source"), k.person_id.label("k_person"), *PERSON_COLUMNS).where(
            among(k.source, k.person_id, chunk),
            k.kind.in_(JOIN_KINDS), o.kind == k.kind, o.value == k.value,
            sa.or_(o.source != k.source, o.person_id != k.person_id),
            sa.or_(k.kind != "email", o.source != k.source),  # colleagues may share a mailbox, accounts of one don't
            person.c.source == o.source, person.c.person_id == o.person_id,
            shared.scalar_subquery() <= JOIN_KEY_SHARED_MAX,
        )  # fmt: skip
        for row in connection.execute(query):
            twin = person_of(row)
            if twin is not None:
                found[PersonKey(row.k_source, row.k_person)][twin.key] = twin
    return {key: list(twins.values()) for key, twins in found.items()}


def _passed(connection: sa.Connection, keys: Collection[PersonKey]) -> set[tuple[PersonKey, datetime]]:
    """Their leavings that the guard let through. The one that stands need not be the latest: dates are set back."""
    e = episode.c
    passed: set[tuple[PersonKey, datetime]] = set()
    for chunk in chunked(sorted(keys)):
        query = sa.select(e.source, e.person_id, e.at).where(
            among(e.source, e.person_id, chunk),
            e.kind == "left",
            e.gate == "passed",
        )
        passed |= {(PersonKey(row.source, row.person_id), row.at) for row in connection.execute(query)}
    return passed


def _managers(connection: sa.Connection, left: Iterable[Person]) -> dict[PersonKey, Person]:
    wanted = {p.key: PersonKey(p.key.source, p.facts.manager_id) for p in left if p.facts.manager_id}
    people: dict[PersonKey, Person] = {}
    for chunk in chunked(sorted(set(wanted.values()))):
        which = among(person.c.source, person.c.person_id, chunk)
        people |= {p.key: p for p in map(person_from_row, connection.execute(sa.select(person).where(which)))}
    return {leaver: people[manager] for leaver, manager in wanted.items() if manager in people}


def _owners(connection: sa.Connection, emails: Collection[str]) -> dict[str, Person]:
    owners: dict[str, Person] = {}
    for chunk in chunked(sorted({email.casefold() for email in emails})):
        query = sa.select(person).where(person.c.email.in_(chunk)).order_by(person.c.standing.desc())
        owners |= {row.email: person_from_row(row) for row in connection.execute(query)}
    return owners


def _in(query: sa.Select[Any], columns: Any, keys: Sequence[GroupKey]) -> sa.Select[Any]:
    return query.where(among(columns.source, columns.group_id, keys))
