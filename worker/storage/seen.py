"""What the sources of a group show of the member that a ticket is about, for many tickets in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from worker.domain.model import AccountKey, Coverage, GroupKey
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.tickets import SeenIn
from worker.storage.hidden_members import maybe_there
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.tables import chat_group, departed, link, membership


def seen_in(connection: sa.Connection, tickets: Sequence[Ticket]) -> dict[int, list[SeenIn]]:
    """See `ports.state.tickets.StoredTickets.seen_in`."""
    found: dict[int, list[SeenIn]] = {ticket.id: [] for ticket in tickets}
    for page in chunked(ticket for ticket in tickets if ticket.group is not None):
        groups = _groups(connection, {ticket.home for ticket in page})
        keys = {row.key for rows in groups.values() for row in rows}
        listed, went = _listed(connection, page, keys), _went(connection, page, keys)
        unsure = maybe_there(connection, page)
        for ticket in page:
            rows = sorted(groups[ticket.home], key=lambda row: (row.key != ticket.home, row.key))
            found[ticket.id] = [
                SeenIn(row.key.source, _shows(ticket, row, listed[row.key], went, unsure), row.taken_at)
                for row in rows
            ]
    return found


class _Row:
    """One group as one source shows it."""

    def __init__(self, row: Any) -> None:
        self.key = GroupKey(row.source, row.group_id)
        self.leader = GroupKey(row.leader_source, row.leader_group) if row.leader_source else self.key
        self.coverage = Coverage(row.coverage)
        self.is_gone = bool(row.is_gone)
        self.taken_at = row.taken_at


def _groups(connection: sa.Connection, keys: Iterable[GroupKey]) -> dict[GroupKey, list[_Row]]:
    """Each group with the groups that follow it, and the one that it follows."""
    g = chat_group.c
    own = [
        _Row(row)
        for row in connection.execute(sa.select(chat_group).where(among(g.source, g.group_id, keys)))
    ]
    leaders = {row.leader for row in own}
    query = sa.select(chat_group).where(
        sa.or_(among(g.source, g.group_id, leaders), among(g.leader_source, g.leader_group, leaders))
    )
    family: dict[GroupKey, list[_Row]] = defaultdict(list)
    for row in map(_Row, connection.execute(query)):
        family[row.leader].append(row)
    return defaultdict(list, {row.key: family[row.leader] for row in own})


def _listed(
    connection: sa.Connection, tickets: Sequence[Ticket], groups: Iterable[GroupKey]
) -> dict[GroupKey, set[str | AccountKey]]:
    """The handles and people of these tickets that each group lists."""
    m = membership.c
    handles = {ticket.handle for ticket in tickets if ticket.handle}
    people = {ticket.person for ticket in tickets if ticket.person}
    is_listed = among(m.source, m.group_id, groups) & (m.is_unlisted == 0)
    found: dict[GroupKey, set[str | AccountKey]] = defaultdict(set)
    # Two queries: for one with an OR the databases look at every member of the groups
    by_handle = sa.select(m.source, m.group_id, m.handle).where(is_listed, m.handle.in_(sorted(handles)))
    for source, group, handle in connection.execute(by_handle):
        found[GroupKey(source, group)].add(handle)
    by_person = (
        sa.select(m.source, m.group_id, link.c.person_source, link.c.person_id)
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .where(is_listed, among(link.c.person_source, link.c.person_id, people))
    )
    for source, group, *person in connection.execute(by_person):
        found[GroupKey(source, group)].add(AccountKey(*person))
    return found


def _went(
    connection: sa.Connection, tickets: Sequence[Ticket], groups: Iterable[GroupKey]
) -> set[tuple[GroupKey, tuple[str, str]]]:
    """The handles of these tickets (with their source) that went from each group, as it was recorded."""
    d = departed.c
    handles = {(ticket.home.source, ticket.handle) for ticket in tickets if ticket.handle}
    query = (
        sa.select(d.source, d.group_id, link.c.source.label("of"), link.c.handle)
        .join(link, link.c.phone_key == d.phone_key)
        .where(among(d.source, d.group_id, groups), among(link.c.source, link.c.handle, handles))
    )
    return {(GroupKey(row.source, row.group_id), (row.of, row.handle)) for row in connection.execute(query)}


def _shows(
    ticket: Ticket,
    row: _Row,
    listed: set[str | AccountKey],
    went: set[tuple[GroupKey, tuple[str, str]]],
    unsure: Collection[int],
) -> bool | None:
    if not ticket.handle:
        return None
    if ticket.handle in listed or (ticket.person is not None and ticket.person in listed):
        return True
    if (row.key, (ticket.home.source, ticket.handle)) in went:
        return False
    is_unsure = ticket.id in unsure and row.key == ticket.home
    return False if row.coverage is Coverage.FULL and not row.is_gone and not is_unsure else None
