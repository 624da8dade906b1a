"""What somebody said, or was asked, under another account of theirs than the one that a rule asks now.

An answer is kept for all accounts that a person has by then. One that comes later, such as each one of a directory that
got another name, has none of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from worker.domain.controls.statements import StatementRule
from worker.domain.kinds import STATEMENTS
from worker.domain.model import AccountKey, Standing
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.attestations import AskingRule
from worker.storage.persons import has_several_directories, is_joining
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import attestation, attestation_person, person, person_key, ticket
from worker.storage.statements import (
    LIVE_STATES,
    excuses,
    has_left_since,
    is_of_scope,
    is_ticket_of,
    missing_statements,
)

Others: TypeAlias = Mapping[AccountKey, AbstractSet[AccountKey]]
_A, _AP = attestation.c, attestation_person.c


def under_other_accounts(connection: sa.Connection, asking: AskingRule, now: datetime) -> list[AccountKey]:
    """As the port says. Only those whom the rule would ask are looked at, and nobody where there is one directory."""
    if not has_several_directories(connection):
        return []
    rows = connection.execute(_under_other_accounts(asking, now))
    return sorted({AccountKey(*row) for row in rows})


def _under_other_accounts(asking: AskingRule, now: datetime) -> sa.Select[Any]:
    rule, t = asking.rule, ticket.c
    s = missing_statements(rule, now, is_everywhere=asking.is_everywhere).subquery("subjects").c
    k, o, mine = person_key.alias("k").c, person_key.alias("o").c, attestation_person.alias("mine")
    is_known_here = sa.exists().where(
        mine.c.person_source == s.person_source, mine.c.person_id == s.person_id,
        mine.c.attestation_id == _AP.attestation_id,
    ).correlate_except(mine)  # fmt: skip
    has_said = sa.exists().where(
        _AP.person_source == o.source, _AP.person_id == o.person_id, *_counts(rule), ~is_known_here
    )
    is_asked_there = sa.exists().where(
        t.person_source == o.source, t.person_id == o.person_id, *_of_rule(rule, now)
    )
    # Looked up for each of them: as a join, SQLite would begin with all keys of everybody
    has_something = sa.exists(sa.literal_column("1")).where(
        k.source == s.person_source, k.person_id == s.person_id,
        o.kind == k.kind, o.value == k.value, sa.or_(o.source != k.source, o.person_id != k.person_id),
        is_joining(o), sa.or_(has_said, is_asked_there),
    )  # fmt: skip
    return sa.select(s.person_source, s.person_id).where(has_something)


def _counts(rule: StatementRule) -> list[sa.ColumnElement[bool]]:
    """An attestation of what the rule is about, of an account that is here and has not left since."""
    is_here = sa.exists().where(
        person.c.source == _AP.person_source, person.c.person_id == _AP.person_id,
        person.c.standing != Standing.LEFT.value,
    )  # fmt: skip
    return [
        _A.id == _AP.attestation_id, _A.statement == rule.statement.value, _A.subject == rule.subject,
        _A.voided_at.is_(None), is_here, ~has_left_since(),
    ]  # fmt: skip


def _of_rule(rule: StatementRule, now: datetime) -> list[sa.ColumnElement[bool]]:
    """A ticket that asks by the rule, or excuses from it."""
    t = ticket.c
    holds = sa.or_(t.state.in_(LIVE_STATES), excuses(rule, now))
    return [t.kind == STATEMENTS.value, is_ticket_of(rule), holds]


def share(connection: sa.Connection, rule: StatementRule, others: Others) -> None:
    """Have what was said under other accounts of these people count for these."""
    owners = _owners(others)
    rows = set()
    for chunk in chunked(sorted(owners)):
        query = sa.select(_AP.person_source, _AP.person_id, _AP.attestation_id).where(
            among(_AP.person_source, _AP.person_id, chunk), *_counts(rule)
        )
        for row in connection.execute(query):
            rows |= {
                (*key, row.attestation_id) for key in owners[AccountKey(row.person_source, row.person_id)]
            }
    columns = ("person_source", "person_id", "attestation_id")
    bulk_upsert(connection, attestation_person, columns, sorted(rows), update=False)


def left_behind(
    connection: sa.Connection, asking: AskingRule, others: Others, now: datetime
) -> list[tuple[Ticket, AccountKey]]:
    """As the port says. Nobody gets a ticket of an occasion that they have one of."""
    t, owners, found = ticket.c, _owners(others), []
    taken = _occasions(connection, others)
    for chunk in chunked(sorted(owners)):
        query = sa.select(ticket).where(
            among(t.person_source, t.person_id, chunk), *_of_rule(asking.rule, now),
            ~is_of_scope(asking.rule, is_everywhere=asking.is_everywhere),
        )  # fmt: skip
        for one in map(ticket_from_row, connection.execute(query.order_by(t.id))):
            assert one.person is not None  # noqa: S101  it is of one of these
            key = min(owners[one.person])
            if (key, one.occasion) not in taken:
                taken.add((key, one.occasion))
                found.append((one, key))
    return found


def _occasions(connection: sa.Connection, people: Iterable[AccountKey]) -> set[tuple[AccountKey, str]]:
    """Those that these accounts have a ticket of."""
    t = ticket.c
    found = set()
    for chunk in chunked(sorted(people)):
        query = sa.select(t.person_source, t.person_id, t.episode).where(
            among(t.person_source, t.person_id, chunk), t.kind == STATEMENTS.value
        )
        found |= {(AccountKey(source, person_id), of) for source, person_id, of in connection.execute(query)}
    return found


def _owners(others: Others) -> dict[AccountKey, set[AccountKey]]:
    """By other account, those of these people's accounts whose person has it."""
    found = defaultdict(set)
    for key, accounts in others.items():
        for one in accounts:
            found[one].add(key)
    return found
