"""The lists of what is reconciled next: changes put groups and people on them, and reconcile takes them off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from worker.domain.kinds import KINDS
from worker.domain.kinds.kind import InPerson
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.ticket import LIVE
from worker.storage.persons import accounts_of
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.tables import (
    chat_group,
    dirty_group,
    dirty_person,
    expected,
    link,
    membership,
    person,
    ticket,
    to_micros,
)

MEMBERS_MAX = 100_000  # of a page of groups: all of them may have to be loaded


def dirty_groups(connection: sa.Connection, groups: Iterable[GroupKey], now: datetime) -> None:
    """Put groups on the list; groups that are on it already keep their place."""
    rows = [(*group, to_micros(now)) for group in sorted(set(groups))]
    bulk_upsert(connection, dirty_group, ("source", "group_id", "since"), rows, update=False)


def dirty_groups_of_people(
    connection: sa.Connection, people: Collection[AccountKey], now: datetime
) -> set[AccountKey]:
    """Mark the people dirty, and each group where they are, are expected, or have a ticket of; return all accounts."""
    accounts = _all_accounts(connection, people)
    dirty_groups(connection, _groups_of_accounts(connection, accounts), now)
    dirty_people(connection, people, now)
    return accounts


def dirty_groups_with_tickets_of(
    connection: sa.Connection, people: Collection[AccountKey], now: datetime
) -> None:
    """Mark each group that these accounts have a ticket of: their address may be another one now."""
    rows = (row for page in by_source(people) for row in connection.execute(_with_tickets_of(), page))
    dirty_groups(connection, (GroupKey(*row) for row in rows), now)


def groups_of_people(connection: sa.Connection, people: Collection[AccountKey]) -> set[GroupKey]:
    """Each group where these people are or are expected, under any of their accounts, or that they have a ticket of."""
    return _groups_of_accounts(connection, _all_accounts(connection, people))


def _all_accounts(connection: sa.Connection, people: Collection[AccountKey]) -> set[AccountKey]:
    return {*people}.union(*accounts_of(connection, people).values())


def _groups_of_accounts(connection: sa.Connection, accounts: Collection[AccountKey]) -> set[GroupKey]:
    return {
        GroupKey(source, group_id)
        for page in by_source(accounts)
        for source, group_id in connection.execute(_groups_of(), page)
    }


def dirty_people(connection: sa.Connection, people: Iterable[AccountKey], now: datetime) -> None:
    """Put people on the list for tickets about people; do nothing if there is no such kind of ticket."""
    if any(isinstance(kind.found, InPerson) for kind in KINDS.values()):
        queue_people(connection, people, now)


def queue_people(connection: sa.Connection, people: Iterable[AccountKey], now: datetime) -> None:
    """Put people on the list, whatever kinds of tickets there are: what they said is looked at, too."""
    rows = [(*account, to_micros(now)) for account in sorted(set(people))]
    bulk_upsert(connection, dirty_person, ("source", "person_id", "since"), rows, update=False)


def take_groups(connection: sa.Connection, limit: int) -> list[GroupKey]:
    """Take the groups off the list that are on it the longest, but for those that make them too many members."""
    rows = connection.execute(_longest_groups(), {"limit": limit}).all()
    members = accumulate(row.size or 0 for row in rows)
    keys = [
        GroupKey(row.source, row.group_id)
        for at, (row, so_far) in enumerate(zip(rows, members, strict=True))
        if so_far <= MEMBERS_MAX or at == 0
    ]
    _take_off(connection, dirty_group, keys)
    return keys


def take_people(connection: sa.Connection, limit: int) -> list[AccountKey]:
    """Take the people off the list that are on it the longest."""
    keys = [AccountKey(*row) for row in connection.execute(_longest(dirty_person), {"limit": limit})]
    _take_off(connection, dirty_person, keys)
    return keys


def _take_off(connection: sa.Connection, queue: sa.Table, keys: Iterable[tuple[str, str]]) -> None:
    for page in by_source(keys):
        connection.execute(sa.delete(queue).where(in_source(*queue.primary_key)), page)


@cache
def _longest_groups() -> sa.Select[Any]:
    d, g = dirty_group.c, chat_group.c
    is_it = (g.source == d.source) & (g.group_id == d.group_id)
    return _longest(dirty_group).outerjoin(chat_group, is_it).add_columns(g.size)


@cache
def _longest(queue: sa.Table) -> sa.Select[Any]:
    """So many of a list that are on it the longest."""
    source, identity = queue.primary_key
    first = sa.select(source, identity).order_by(queue.c.since, source, identity)
    return first.limit(sa.bindparam("limit", type_=sa.Integer))


@cache
def _with_tickets_of() -> sa.Select[Any]:
    is_theirs = in_source(ticket.c.assignee_source, ticket.c.assignee_id)
    return _live_tickets().where(is_theirs)


def _live_tickets() -> sa.Select[Any]:
    is_live = ticket.c.state.in_([state.value for state in sorted(LIVE)])
    return sa.select(ticket.c.source, ticket.c.group_id).where(is_live)


@cache
def _groups_of() -> sa.CompoundSelect[Any]:
    in_groups = sa.select(membership.c.source, membership.c.group_id).join(
        link, (link.c.source == membership.c.source) & (link.c.handle == membership.c.handle)
    )
    expected_in = sa.select(expected.c.source, expected.c.group_id)
    # A release before writes no account; and some are given a ticket by their address alone
    at_address = _live_tickets().join(person, person.c.email == ticket.c.assignee_email)
    return sa.union(
        in_groups.where(in_source(link.c.person_source, link.c.person_id)),
        expected_in.where(in_source(expected.c.person_source, expected.c.person_id)),
        _with_tickets_of(),
        at_address.where(in_source(person.c.source, person.c.person_id)),
    )
