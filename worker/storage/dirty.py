"""The lists of what is reconciled next: changes put groups and people on them, and reconcile takes them off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
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
    dirty_group,
    dirty_person,
    expected,
    link,
    membership,
    person,
    ticket,
    to_micros,
)


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
    """Take the groups off the list that are on it the longest."""
    return [GroupKey(*key) for key in _taken(connection, dirty_group, limit)]


def take_people(connection: sa.Connection, limit: int) -> list[AccountKey]:
    """Take the people off the list that are on it the longest."""
    return [AccountKey(*key) for key in _taken(connection, dirty_person, limit)]


def _taken(connection: sa.Connection, queue: sa.Table, limit: int) -> list[tuple[str, str]]:
    first, taken = _taking(queue)
    keys = [(of, id_) for of, id_ in connection.execute(first, {"limit": limit})]
    for page in by_source(keys):
        connection.execute(taken, page)
    return keys


@cache
def _taking(queue: sa.Table) -> tuple[sa.Select[Any], sa.Delete]:
    """The longest waiting of a list, and the deletion of a page of them."""
    source, identity = queue.primary_key
    first = sa.select(source, identity).order_by(queue.c.since, source, identity)
    limited = first.limit(sa.bindparam("limit", type_=sa.Integer))
    return limited, sa.delete(queue).where(in_source(source, identity))


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
