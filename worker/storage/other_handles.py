"""One human's other handles: who is behind them, and whether one of them is still in a group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from worker.domain.identity.matching import Identity, IdentityState, KnownHandle
from worker.domain.identity.names import normalise
from worker.domain.identity.ties import Tie, given_up_for, known_before, known_then, maybe_same, surely_same
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Sees
from worker.domain.model import AccountKey, GroupKey, HandleKey, Role
from worker.domain.tickets.ticket import Ticket
from worker.storage.persons import accounts_of, joining_keys, people_of
from worker.storage.sql.chunks import among, by_source, chunked, in_source
from worker.storage.sql.lists import is_one_of
from worker.storage.sql.mapping import link_from_row
from worker.storage.sql.tables import link, membership
from worker.storage.ties import around, ties_around

_OF_SOMEBODY = frozenset({Sees.PERSON, Sees.MEMBER})
_SETTLED = (IdentityState.LINKED.value, IdentityState.NOBODY.value)
_SAID = (link.c.display_name, link.c.email_key, link.c.employee_key)
_LINKS = sa.select(link.c.source, link.c.handle, link.c.phone_key, *_SAID).where(
    in_source(link.c.source, link.c.handle)
)


class _Settled(NamedTuple):
    """A handle that is settled, since when."""

    key: HandleKey
    known: KnownHandle
    decided_at: datetime


def known_elsewhere(connection: sa.Connection, rows: Sequence[Any]) -> dict[HandleKey, list[KnownHandle]]:
    """By handle, who is behind the other handles that were surely the same member's, and who gave its number up.

    An identity that was settled after the handle was given up may be somebody else's, and does not count.
    """
    starts = _starts_of(rows)
    ties = ties_around(connection, set(starts.values()))
    if not ties:
        return {}
    near = {key: around(start, ties) for key, start in starts.items() if start in ties}
    same = {key: surely_same(starts[key], found) for key, found in near.items()}
    before = {key: given_up_for(starts[key], found) for key, found in near.items()}
    settled = _settled(connection, {one for key in near for one in (*same[key], *before[key])})
    seen = {HandleKey(row.source, row.handle): row.first_seen_at for row in rows}
    found: dict[HandleKey, list[KnownHandle]] = defaultdict(list)
    for key, ties_of in near.items():
        for handle, until in same[key].items():
            those = (one for one in settled.get(handle, ()) if one.key != key)
            found[key] += [one.known for one in those if until is None or one.decided_at < until]
        found[key] += [_as_known(tie) for tie in known_then(starts[key], ties_of)]
        given_up = [(one.known, at) for handle, at in before[key].items() for one in settled.get(handle, ())]
        given_up += [(_as_known(tie), tie.until) for tie in known_before(starts[key], ties_of) if tie.until]
        at = seen[key]
        found[key] += [
            replace(one, gave_up=True) for one, until in given_up if at is not None and at >= until
        ]
    return _with_people(connection, found)


def _as_known(tie: Tie) -> KnownHandle:
    return KnownHandle(Identity(IdentityState.LINKED, "", tie.person, tie.how))


def _starts_of(rows: Iterable[Any]) -> dict[HandleKey, str]:
    """The handle of each link as ties name it."""
    return {HandleKey(row.source, row.handle): row.phone_key or row.handle for row in rows}


def _settled(connection: sa.Connection, handles: set[str]) -> Mapping[str, list[_Settled]]:
    """The settled identities of these handles, in every inventory."""
    found: dict[str, list[_Settled]] = defaultdict(list)
    for chunk in chunked(sorted(handles)):
        by_number = link.c.phone_key.in_(chunk)
        by_id = link.c.handle.in_(chunk) & link.c.phone_key.is_(None)
        for which in (by_number, by_id):
            query = sa.select(link).where(which, link.c.state.in_(_SETTLED), link.c.decided_at.is_not(None))
            for row in connection.execute(query.order_by(link.c.source, link.c.handle)):
                if (identity := link_from_row(row)) is not None:
                    settled = _Settled(
                        HandleKey(row.source, row.handle), KnownHandle(identity), row.decided_at
                    )
                    found[row.phone_key or row.handle].append(settled)
    return found


def _with_people(
    connection: sa.Connection, found: dict[HandleKey, list[KnownHandle]]
) -> dict[HandleKey, list[KnownHandle]]:
    """The same, with the people's names, standings and join keys; without people who are forgotten."""
    people = {one.identity.person for others in found.values() for one in others if one.identity.person}
    known = {one.key: one for one in people_of(connection, people)}
    keys = joining_keys(connection, people)

    def complete(one: KnownHandle) -> KnownHandle:
        if (key := one.identity.person) is None:
            return one
        who = known[key]
        joining = keys.get(key, frozenset())
        return replace(one, name=who.facts.display_name, join_keys=joining, standing=who.standing)

    return {
        handle: [
            complete(one) for one in others if one.identity.person is None or one.identity.person in known
        ]
        for handle, others in found.items()
    }


def rematch_others(connection: sa.Connection, changed: Mapping[HandleKey, IdentityState]) -> None:
    """Have the other handles of these members matched again: what is known of these says who they are.

    `changed`: by handle, its new state. Handles that changed at once were matched without each other's new answers: of
    them, those without an answer are matched again if another one has one now.
    """
    starts: dict[HandleKey, str] = {}
    for page in by_source(changed):
        starts |= _starts_of(connection.execute(_LINKS, page))
    every = set(starts.values())
    ties = ties_around(connection, every)
    same = {start: set(surely_same(start, around(start, ties))) for start in every & ties.keys()}
    settled = {start for key, start in starts.items() if changed[key].value in _SETTLED}
    for part in chunked(sorted(_others(same, every) | _others(same, settled))):
        for column in (link.c.handle, link.c.phone_key):
            connection.execute(sa.update(link).where(column.in_(part)).values(is_dirty=1))


def _others(same: Mapping[str, set[str]], starts: set[str]) -> set[str]:
    """The handles of the same members as these, besides these."""
    return set[str]().union(*(same.get(one, ()) for one in starts)) - starts


# --- who may still be there --------------------------------------------------------------------------------


def roles_of_people(
    connection: sa.Connection, tickets: Sequence[Ticket], *, besides: bool = False
) -> dict[int, Role]:
    """By ticket, the role of a listed member of its group who is known to be the ticket's person, under any handle.

    With `besides`, the ticket's own handle does not count.
    """
    m = membership.c
    roles: dict[int, Role] = {}
    people = [(one, one.person) for one in tickets if kind_of(one).sees in _OF_SOMEBODY and one.person]
    for chunk in chunked(people):
        accounts = accounts_of(connection, [who for _, who in chunk])
        query = (
            sa.select(m.source, m.group_id, m.handle, link.c.person_source, link.c.person_id, m.role)
            .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
            .where(among(m.source, m.group_id, {one.home for one, _ in chunk}), m.is_unlisted == 0)
            .where(
                among(
                    link.c.person_source,
                    link.c.person_id,
                    {key for keys in accounts.values() for key in keys},
                )
            )
        )
        found: dict[tuple[GroupKey, AccountKey], dict[str, Role]] = defaultdict(dict)
        for row in connection.execute(query):
            key = AccountKey(row.person_source, row.person_id)
            found[GroupKey(row.source, row.group_id), key][row.handle] = Role(row.role)
        for one, who in chunk:
            for key in accounts.get(who, set()):
                for handle, role in found.get((one.home, key), {}).items():
                    if not besides or handle != one.handle:
                        roles[one.id] = role
    return roles


class _What(StrEnum):
    """What can show that two rows are of one member."""

    HANDLE = "handles"
    EMAIL = "emails"
    EMPLOYEE = "employees"
    NAME = "names"


_Shown = tuple[_What, str]
_M = membership.c
_IS_NAMED = sa.func.coalesce(_M.lid, _M.business_id, _M.native_id, "") == ""  # nothing else says who it is
_SAYING_IT = sa.union(
    *(
        sa.select(link.c.handle).where(is_one_of(column, what))
        for column, what in (
            (link.c.phone_key, _What.HANDLE),
            (link.c.email_key, _What.EMAIL),
            (link.c.employee_key, _What.EMPLOYEE),
        )
    )
)
# Those in the groups who may be somebody looked for: a channel has thousands of others, who are not brought here
_MAYBE = (
    sa.select(_M.source, _M.group_id, _M.role, _M.handle, _M.lid, _M.business_id, _M.native_id, _M.username)
    .add_columns(link.c.phone_key, *_SAID)
    .join(link, (link.c.source == _M.source) & (link.c.handle == _M.handle))
    .where(in_source(_M.source, _M.group_id), _M.is_unlisted == 0, ~link.c.state.in_(_SETTLED))
    .where(
        sa.or_(
            _IS_NAMED,
            _M.handle.in_(_SAYING_IT),
            *(is_one_of(column, _What.HANDLE) for column in (_M.handle, _M.lid, _M.business_id, _M.username)),
        )
    )
)


def roles_under_other_handles(connection: sa.Connection, tickets: Sequence[Ticket]) -> dict[int, Role]:
    """By ticket, the role of a listed member of its group who may be the ticket's under another handle.

    Under one that is tied to it, or that a list shows with the same address, employee id or name: a row's number may
    have been spoilt, or filled in. Only members whom nobody has identified: who is known to be somebody else is, and
    who is known to be the ticket's person is found by that.
    """
    about = [one for one in tickets if kind_of(one).sees is Sees.MEMBER and one.handle and one.group]
    starts, said = _starts(connection, about)
    ties = ties_around(connection, {one for handles in starts.values() for one in handles}, with_weak=True)
    wanted: dict[GroupKey, dict[_Shown, list[Ticket]]] = defaultdict(lambda: defaultdict(list))
    for ticket in about:
        near = {tie for start in starts[ticket.id] for tie in around(start, ties)}
        tied = maybe_same(starts[ticket.id], near, ticket.opened_at) - starts[ticket.id]
        for one in said[ticket.id] | {(_What.HANDLE, handle) for handle in tied}:
            wanted[ticket.home][one].append(ticket)
    return _listed(connection, wanted)


def _starts(
    connection: sa.Connection, tickets: Sequence[Ticket]
) -> tuple[dict[int, frozenset[str]], dict[int, frozenset[_Shown]]]:
    """By ticket, the member's handle as ties name it, and what else the inventory said of the member."""
    keys = {one.id: HandleKey(one.home.source, one.handle) for one in tickets}
    names: dict[HandleKey, str] = {}
    said: dict[HandleKey, frozenset[_Shown]] = {}
    for page in by_source(keys.values()):
        rows = connection.execute(_LINKS, page).all()
        names |= _starts_of(rows)
        said |= {HandleKey(row.source, row.handle): _said_of(row) for row in rows}
    starts = {number: frozenset({names.get(key, key.handle)}) for number, key in keys.items()}
    return starts, {number: said.get(key, frozenset()) for number, key in keys.items()}


def _said_of(row: Any) -> frozenset[_Shown]:
    """Address, employee id and name of a member, for a comparison."""
    said = {
        _What.EMAIL: row.email_key,
        _What.EMPLOYEE: row.employee_key,
        _What.NAME: normalise(row.display_name),
    }
    return frozenset((what, value) for what, value in said.items() if value)


def _listed(
    connection: sa.Connection, wanted: Mapping[GroupKey, Mapping[_Shown, Sequence[Ticket]]]
) -> dict[int, Role]:
    roles: dict[int, Role] = {}
    for page in by_source(wanted):
        keys = {key for group_id in page["ids"] for key in wanted[GroupKey(page["of"], group_id)]}
        lists = {what: sorted(value for its, value in keys if its is what) for what in _What}
        for row in connection.execute(_MAYBE, page | lists):
            here = wanted[GroupKey(row.source, row.group_id)]
            for one in _shown_by(row):
                theirs = [ticket.id for ticket in here.get(one, ()) if ticket.handle != row.handle]
                roles |= dict.fromkeys(theirs, Role(row.role))
    return roles


def _shown_by(row: Any) -> frozenset[_Shown]:
    """What a list shows of one who is in a group; a name counts only where no account says who it is."""
    has_account = row.lid or row.business_id or row.native_id
    said = {one for one in _said_of(row) if not (has_account and one[0] is _What.NAME)}
    handles = {row.handle, row.phone_key, row.lid, row.business_id, row.username} - {None}
    return frozenset(said | {(_What.HANDLE, handle) for handle in handles})
