"""Which accounts are one human's, and what they say together.

people -> accounts that share a join key, and theirs in turn -> one human each -> domain.accounts.human_of
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.accounts import Account, AccountsRule, Human, human_of
from worker.domain.identity import JOIN_KEY_SHARED_MAX, humans_among
from worker.domain.model import Person, PersonKey, Standing
from worker.storage.chunks import among, chunked
from worker.storage.mapping import facts_from_json, person_from_row
from worker.storage.tables import episode, expected, link, person, person_key, source

JOIN_KINDS = ("employee", "immutable", "email")
PERSON_COLUMNS = tuple(
    person.c[name].label(f"p_{name}")
    for name in ("source", "person_id", "facts", "display_name", "standing", "evidence", "at")
)


def person_of(row: Any) -> Person | None:
    """The person in PERSON_COLUMNS, which an outer join may have left empty."""
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


def humans_behind(
    connection: sa.Connection, people: Iterable[Person], rule: AccountsRule
) -> dict[PersonKey, Human]:
    """The human behind each of these accounts, by the account's key. Work by these people, not by the company."""
    groups = _joined(connection, {one.key: one for one in people})
    accounts = {one.key: one for group in groups.values() for one in group}
    let_through = _let_through(
        connection, [one.key for one in accounts.values() if one.standing is Standing.LEFT]
    )
    joined = _joined_at(
        connection, {key for group in groups.values() if len(group) > 1 for key in _keys(group)}
    )
    return {
        key: human_of(
            [Account(one, (one.key, one.left_at) in let_through, joined.get(one.key)) for one in group],
            rule,
        )
        for key, group in groups.items()
    }


def accounts_of(connection: sa.Connection, keys: Iterable[PersonKey]) -> dict[PersonKey, set[PersonKey]]:
    """The keys of all accounts of the human behind each of these, itself among them."""
    known = {one.key: one for one in people_of(connection, keys)}
    return {key: _keys(group) for key, group in _joined(connection, known).items()}


def people_of(connection: sa.Connection, keys: Iterable[PersonKey]) -> list[Person]:
    """Those of these accounts that are known."""
    found: list[Person] = []
    for chunk in chunked(sorted(set(keys))):
        query = sa.select(person).where(among(person.c.source, person.c.person_id, chunk))
        found += map(person_from_row, connection.execute(query))
    return found


def _keys(people: Iterable[Person]) -> set[PersonKey]:
    return {one.key for one in people}


def _joined(connection: sa.Connection, people: dict[PersonKey, Person]) -> dict[PersonKey, list[Person]]:
    """All accounts of the human behind each of these people, found by following join keys to their end."""
    accounts = dict(people)
    new: Collection[PersonKey] = list(people)
    linked: set[PersonKey] = set()
    while new:
        found = {}
        for key, other in _sharing(connection, new):
            linked |= {key, other.key}
            found[other.key] = other
        new = found.keys() - accounts.keys()
        accounts |= {key: found[key] for key in new}
    alone = {key: [one] for key, one in people.items()}
    humans = humans_among(joining_keys(connection, linked))
    return alone | {
        key: [accounts[one] for one in human] for human in humans for key in human & people.keys()
    }


def _sharing(connection: sa.Connection, keys: Iterable[PersonKey]) -> Iterator[tuple[PersonKey, Person]]:
    """Each of these with another account that shares a join key, but for one that too many have."""
    k, o = person_key.alias("k").c, person_key.alias("o").c
    for chunk in chunked(sorted(keys)):
        query = sa.select(k.source.label("k_source"), k.person_id.label("k_person"), *PERSON_COLUMNS).where(
            among(k.source, k.person_id, chunk), is_joining(k), o.kind == k.kind, o.value == k.value,
            sa.or_(o.source != k.source, o.person_id != k.person_id),
            sa.or_(k.kind != "email", o.source != k.source),
            person.c.source == o.source, person.c.person_id == o.person_id,
        )  # fmt: skip
        for row in connection.execute(query):
            if (other := person_of(row)) is not None:
                yield PersonKey(row.k_source, row.k_person), other


def joining_keys(connection: sa.Connection, people: Iterable[PersonKey]) -> dict[PersonKey, frozenset[str]]:
    """The keys that may join these accounts to others, as `identity.join_keys` writes them."""
    found: dict[PersonKey, set[str]] = defaultdict(set)
    k = person_key.c
    for chunk in chunked(sorted(set(people))):
        query = sa.select(k.source, k.person_id, k.kind, k.value)
        for row in connection.execute(query.where(among(k.source, k.person_id, chunk), is_joining(k))):
            found[PersonKey(row.source, row.person_id)].add(f"{row.kind}:{row.value}")
    return {key: frozenset(keys) for key, keys in found.items()}


def _let_through(
    connection: sa.Connection, keys: Iterable[PersonKey]
) -> set[tuple[PersonKey, datetime | None]]:
    """Their leavings that the guard let through. The one that stands need not be the latest: dates are set back."""
    e = episode.c
    found: set[tuple[PersonKey, datetime | None]] = set()
    for chunk in chunked(sorted(keys)):
        query = sa.select(e.source, e.person_id, e.at).where(
            among(e.source, e.person_id, chunk), e.kind == "left", e.gate == "passed"
        )
        found |= {(PersonKey(row.source, row.person_id), row.at) for row in connection.execute(query)}
    return found


def _joined_at(connection: sa.Connection, keys: Iterable[PersonKey]) -> dict[PersonKey, datetime]:
    """When each of these came to its directory; those whom its first pass listed are left out."""
    p = person.c
    found: dict[PersonKey, datetime] = {}
    for chunk in chunked(sorted(keys)):
        query = (
            sa.select(p.source, p.person_id, p.first_seen_at)
            .join(source, source.c.name == p.source)
            .where(among(p.source, p.person_id, chunk), p.first_seen_at > source.c.first_pass_at)
        )
        found |= {
            PersonKey(row.source, row.person_id): row.first_seen_at for row in connection.execute(query)
        }
    return found


def is_joining(key: Any) -> sa.ColumnElement[bool]:
    """Whether a `person_key` joins accounts: of the right kind, and not one that too many have ("N/A")."""
    other = person_key.alias("another")
    one_more = (
        sa.select(other.c.value)
        .where(other.c.kind == key.kind, other.c.value == key.value)
        .limit(1)
        .offset(JOIN_KEY_SHARED_MAX)
    )
    return sa.and_(key.kind.in_(JOIN_KINDS), ~one_more.exists())


def has_several_directories(connection: sa.Connection) -> bool:
    """Whether anybody can have accounts in two of them at all."""
    query = sa.select(sa.func.count()).select_from(source).where(source.c.port == "directory")
    return int(connection.execute(query).scalar_one()) > 1


def has_left_elsewhere() -> sa.ColumnElement[bool]:
    """Whether another directory says that the person behind a link has left; who is one human is judged later."""
    p = person.alias("p").c
    return _is_linked_elsewhere(p.source, p.person_id, p.standing == Standing.LEFT.value)


def is_expected_elsewhere(group: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the person behind a link is expected in a group under an account of another directory."""
    return _is_linked_elsewhere(expected.c.person_source, expected.c.person_id, group)


def _is_linked_elsewhere(
    source: sa.ColumnElement[str], person_id: sa.ColumnElement[str], where: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    k, o = person_key.alias("k").c, person_key.alias("o").c
    return sa.exists().where(
        k.source == link.c.person_source, k.person_id == link.c.person_id, is_joining(k),
        o.kind == k.kind, o.value == k.value, o.source != k.source,
        o.source == source, o.person_id == person_id, where,
    )  # fmt: skip


def languages_of(connection: sa.Connection, people: Collection[PersonKey]) -> dict[PersonKey, str]:
    """What language the directory states for each of these accounts that has one."""
    p = person.c
    found: dict[PersonKey, str] = {}
    for chunk in chunked(people):
        query = sa.select(p.source, p.person_id, p.facts).where(among(p.source, p.person_id, chunk))
        for row in connection.execute(query.where(p.facts.contains('"language":'))):
            if stated := facts_from_json(row.person_id, row.facts).language:
                found[PersonKey(row.source, row.person_id)] = stated
    return found
