"""Find the accounts of one person, and judge them together.

people -> accounts that share a join key, and theirs in turn -> one human each -> domain.accounts.human_of
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from worker.domain.identity.humans import (
    JOIN_KEY_SHARED_MAX,
    NAME_SHARED_MAX,
    humans_among,
)
from worker.domain.model import Account, AccountFacts, AccountKey, Evidence, Standing
from worker.domain.people.persons import AccountsRule, AccountState, Person, human_of
from worker.domain.reconcile.guard import HoldState
from worker.ports.connectors.base import Port
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.storage.sql.chunks import among, by_source, chunked, in_source
from worker.storage.sql.mapping import facts_from_json, person_from_row
from worker.storage.sql.tables import (
    cohort,
    cohort_person,
    episode,
    link,
    person,
    person_key,
    source,
)

_Leaving: TypeAlias = "tuple[AccountKey, datetime | None]"  # an account, and when it left
JOIN_NUMBERS = ("employee", "immutable")
JOIN_KINDS = (*JOIN_NUMBERS, "email")
PERSON_COLUMNS = tuple(
    person.c[name].label(f"p_{name}")
    for name in ("source", "person_id", "facts", "display_name", "standing", "evidence", "at")
)


def person_of(row: Any) -> Account | None:
    """The account in PERSON_COLUMNS; None if an outer join left them empty."""
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
    connection: sa.Connection, people: Iterable[Account], rule: AccountsRule, *, released: int | None = None
) -> dict[AccountKey, Person]:
    """The person behind each of these accounts, by the account's key. The work doesn't grow with the company.

    Accounts of directories that are no longer configured do not count, unless there are no others; `formerly` has them.
    `released`: the number of a plan of which all that is held counts as let through.
    """
    removed = set(connection.execute(_REMOVED).scalars())
    whole = _joined(connection, {one.key: one for one in people})
    groups = {
        key: [one for one in group if one.key.source not in removed] or group for key, group in whole.items()
    }
    accounts = {one.key: one for group in groups.values() for one in group}
    left = [one.key for one in accounts.values() if one.standing is Standing.LEFT]
    noticed, let_through = _leavings(connection, left)
    if released is not None:
        let_through |= _held_by(connection, left, released)
    several = {one.key: one for group in groups.values() if len(group) > 1 for one in group}
    joined = joined_at(connection, several)
    aside = were_in_scope(connection, several.values())
    humans = {
        key: human_of(
            [
                AccountState(
                    one,
                    (one.key, one.left_at) in let_through,
                    joined.get(one.key),
                    noticed.get((one.key, one.left_at)),
                    one.key in aside,
                )
                for one in group
            ],
            rule,
        )
        for key, group in groups.items()
    }
    for key, group in groups.items():
        if len(group) < len(whole[key]):
            humans[key] = replace(humans[key], formerly=frozenset(_keys(whole[key]) - _keys(group)))
    return humans


def accounts_of(connection: sa.Connection, keys: Iterable[AccountKey]) -> dict[AccountKey, set[AccountKey]]:
    """By account, the keys of all accounts of its person, this one included."""
    known = {one.key: one for one in people_of(connection, keys)}
    return {key: _keys(group) for key, group in _joined(connection, known).items()}


def people_of(connection: sa.Connection, keys: Iterable[AccountKey]) -> list[Account]:
    """The accounts with these keys, without unknown ones."""
    pages = (connection.execute(_PEOPLE, page) for page in by_source(keys))
    return [person_from_row(row) for rows in pages for row in rows]


def _keys(people: Iterable[Account]) -> set[AccountKey]:
    return {one.key for one in people}


def humans_near(
    connection: sa.Connection, keys: Collection[AccountKey]
) -> dict[AccountKey, frozenset[AccountKey]]:
    """By account, all accounts of its person: of these accounts, and of all whom join keys connect with them.

    Without those that have no join key in common with another account: each of them is one person.
    """
    _others, humans = _connected(connection, keys)
    return {one: human for human in humans for one in human}


def _joined(connection: sa.Connection, people: dict[AccountKey, Account]) -> dict[AccountKey, list[Account]]:
    """By account, all accounts of its person."""
    others, humans = _connected(connection, people)
    accounts = others | people
    alone = {key: [one] for key, one in people.items()}
    return alone | {
        key: [accounts[one] for one in human] for human in humans for key in human & people.keys()
    }


def _connected(
    connection: sa.Connection, keys: Collection[AccountKey]
) -> tuple[dict[AccountKey, Account], list[frozenset[AccountKey]]]:
    """The accounts found by following join keys from these to the end, and who of all that are connected is one."""
    accounts: dict[AccountKey, Account] = {}
    new: Collection[AccountKey] = keys
    known, linked = {*keys}, set[AccountKey]()
    while new:
        found = {}
        for key, other in _sharing(connection, new):
            linked |= {key, other.key}
            found[other.key] = other
        new = found.keys() - known
        known |= new
        accounts |= found
    return accounts, humans_among(joining_keys(connection, linked))


def _sharing(connection: sa.Connection, keys: Iterable[AccountKey]) -> Iterator[tuple[AccountKey, Account]]:
    """Pairs of one of these keys and another account that shares a join key, if not too many share it."""
    for page in by_source(keys):
        for row in connection.execute(_SHARING, page):
            if (other := person_of(row)) is not None:
                yield AccountKey(row.k_source, row.k_person), other


def joining_keys(connection: sa.Connection, people: Iterable[AccountKey]) -> dict[AccountKey, frozenset[str]]:
    """The keys that may join these accounts to others, as `humans.join_keys` writes them; for `humans_among`.

    With names and phone numbers, which tell strangers with one key apart.
    """
    found: dict[AccountKey, set[str]] = defaultdict(set)
    _gather_keys(connection, _JOINING_KEYS, people, found)
    for query in _TELLING:
        _gather_keys(connection, query, list(found), found)
    return {key: frozenset(keys) for key, keys in found.items()}


def _gather_keys(
    connection: sa.Connection,
    query: sa.Select[Any],
    people: Iterable[AccountKey],
    found: dict[AccountKey, set[str]],
) -> None:
    for page in by_source(people):
        for row in connection.execute(query, page):
            found[AccountKey(row.source, row.person_id)].add(f"{row.kind}:{row.value}")


def _leavings(
    connection: sa.Connection, keys: Iterable[AccountKey]
) -> tuple[dict[_Leaving, datetime | None], set[_Leaving]]:
    """When each leaving of these accounts became known, and those that the guard let through.

    They are all that ever were. The present one of an account may be older than another.
    """
    noticed: dict[_Leaving, datetime | None] = {}
    let_through = set()
    for page in by_source(keys):
        for row in connection.execute(_LEAVINGS, page):
            leaving = AccountKey(row.source, row.person_id), row.at
            noticed[leaving] = row.noticed_at
            if row.gate == Gate.PASSED.value:
                let_through.add(leaving)
    return noticed, let_through


def _held_by(connection: sa.Connection, keys: Iterable[AccountKey], plan: int) -> set[_Leaving]:
    """The leavings of these accounts that a plan holds."""
    p = cohort_person.c
    found: set[_Leaving] = set()
    for chunk in chunked(sorted(set(keys))):
        query = sa.select(p.source, p.person_id, p.at).where(
            p.plan_id == plan,
            p.evidence != Evidence.MOVED.value,
            is_held(p),
            among(p.source, p.person_id, chunk),
        )
        found |= {(AccountKey(row.source, row.person_id), row.at) for row in connection.execute(query)}
    return found


def is_of_its_kind(people: Any, episodes: Any) -> sa.ColumnElement[bool]:
    """True if this row of `cohort_person` is about this episode, by kind; a move and a leaving may have one instant."""
    is_same: sa.ColumnElement[bool] = (people.evidence == Evidence.MOVED.value) == (
        episodes.kind == EpisodeKind.MOVED.value
    )
    return is_same


def is_held(people: Any) -> sa.ColumnElement[bool]:
    """True if this row of `cohort_person` is in a part of its plan that waits for a decision."""
    return sa.exists().where(
        cohort.c.plan_id == people.plan_id,
        cohort.c.cohort_id == people.cohort_id,
        cohort.c.state == HoldState.HELD.value,
    )


def joined_at(connection: sa.Connection, keys: Iterable[AccountKey]) -> dict[AccountKey, datetime]:
    """When each of these accounts came to its directory, without those that its first pass listed."""
    pages = (connection.execute(_JOINED_AT, page) for page in by_source(keys))
    return {AccountKey(row.source, row.person_id): row.first_seen_at for rows in pages for row in rows}


def were_in_scope(connection: sa.Connection, accounts: Iterable[Account]) -> set[AccountKey]:
    """Those of these accounts that went out of scope."""
    outside = [one.key for one in accounts if not one.facts.is_in_scope]
    pages = (connection.execute(_WERE_IN_SCOPE, page) for page in by_source(outside))
    return {AccountKey(*row) for rows in pages for row in rows}


def is_joining(key: Any, other: Any = None) -> sa.ColumnElement[bool]:
    """True if a `person_key` joins accounts: a value of the right kind that not too many share (as with "N/A").

    `other`: the key of another account with the same kind and value. Where most people have none, how many share a
    value is asked of the few that have one.
    """
    return sa.and_(key.kind.in_(JOIN_KINDS), key.value != "", is_of_few(key if other is None else other))


def is_of_few(key: Any) -> sa.ColumnElement[bool]:
    """True if no more accounts share a `person_key` than may be one person's."""
    other = person_key.alias("another")
    one_more = (
        sa.select(other.c.value)
        .where(other.c.kind == key.kind, other.c.value == key.value)
        .limit(1)
        .offset(JOIN_KEY_SHARED_MAX)
    )
    return ~one_more.exists()


# These run for every page of groups, tickets and people. They are built once, which takes longer than to run them


def _sharing_statement() -> sa.Select[Any]:
    k, o = person_key.alias("k").c, person_key.alias("o").c
    # An expression, or SQLite would conclude the kinds of `o`, and for one account read all keys of these kinds
    same_kind = o.kind == k.kind.concat("")
    return sa.select(k.source.label("k_source"), k.person_id.label("k_person"), *PERSON_COLUMNS).where(
        in_source(k.source, k.person_id), is_joining(k, o), same_kind, o.value == k.value,
        sa.or_(o.source != k.source, o.person_id != k.person_id),
        sa.or_(k.kind != "email", o.source != k.source),
        person.c.source == o.source, person.c.person_id == o.person_id,
    )  # fmt: skip


_SHARING = _sharing_statement()
_PEOPLE = sa.select(person).where(in_source(person.c.source, person.c.person_id))
_JOINING_KEYS = sa.select(
    person_key.c.source, person_key.c.person_id, person_key.c.kind, person_key.c.value
).where(in_source(person_key.c.source, person_key.c.person_id), is_joining(person_key.c))
_SAME_NAME = person.alias("same_name")
_MANY_HAVE_NAME = sa.exists(
    sa.select(_SAME_NAME.c.person_id)
    .where(_SAME_NAME.c.display_name == person.c.display_name)
    .limit(1)
    .offset(NAME_SHARED_MAX)
)
# A number that many have (a ward's, a switchboard's) does not show that two are one
_TELLING = (
    sa.select(person_key.c.source, person_key.c.person_id, person_key.c.kind, person_key.c.value).where(
        in_source(person_key.c.source, person_key.c.person_id),
        person_key.c.kind == "phone",
        is_of_few(person_key.c),
    ),
    sa.select(
        person.c.source,
        person.c.person_id,
        sa.literal_column("'name'").label("kind"),
        person.c.display_name.label("value"),
    ).where(in_source(person.c.source, person.c.person_id), ~_MANY_HAVE_NAME),
)
_LEAVINGS = sa.select(
    episode.c.source, episode.c.person_id, episode.c.at, episode.c.gate, episode.c.noticed_at
).where(in_source(episode.c.source, episode.c.person_id), episode.c.kind == EpisodeKind.LEFT.value)
_JOINED_AT = (
    sa.select(person.c.source, person.c.person_id, person.c.first_seen_at)
    .join(source, source.c.name == person.c.source)
    .where(in_source(person.c.source, person.c.person_id), person.c.first_seen_at > source.c.first_pass_at)
)
_WERE_IN_SCOPE = sa.select(person.c.source, person.c.person_id).where(
    in_source(person.c.source, person.c.person_id), person.c.was_in_scope == 1
)
_DIRECTORIES = sa.select(sa.func.count()).where(source.c.port == Port.DIRECTORY.value)
_REMOVED = sa.select(source.c.name).where(source.c.port == Port.DIRECTORY.value, source.c.is_removed == 1)
_FACTS = sa.select(person.c.source, person.c.person_id, person.c.facts).where(
    in_source(person.c.source, person.c.person_id)
)


def has_several_directories(connection: sa.Connection) -> bool:
    """True if there are several directories, so that a person can have several accounts."""
    return int(connection.execute(_DIRECTORIES).scalar_one()) > 1


def has_left_elsewhere() -> sa.ColumnElement[bool]:
    """True if the account of a link may belong to a leaver of another directory. That is judged later."""
    k, o, p = person_key.alias("k").c, person_key.alias("o").c, person.alias("p").c
    is_shared = is_joining(o)  # said of the other one's key: so it is asked only where there is one
    return sa.exists(sa.literal_column("1")).where(
        k.source == link.c.person_source, k.person_id == link.c.person_id,
        o.kind == k.kind, o.value == k.value, o.source != k.source, is_shared,
        p.source == o.source, p.person_id == o.person_id, p.standing == Standing.LEFT.value,
    )  # fmt: skip


def facts_of(
    connection: sa.Connection, people: Collection[AccountKey], having: Collection[str] = ()
) -> dict[AccountKey, AccountFacts]:
    """What the directory says of each of these accounts; with names, of those that have one of these facts."""
    query = _FACTS
    if having:
        # A fact without a value is not in the text; a value that is spelled like a name finds one too many
        names = (person.c.facts.contains(f'"{name}"', autoescape=True) for name in sorted(having))
        query = query.where(sa.or_(*names))
    return {
        AccountKey(row.source, row.person_id): facts_from_json(row.person_id, row.facts)
        for page in by_source(people)
        for row in connection.execute(query, page)
    }
