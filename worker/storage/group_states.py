"""The states of groups as controls see them, page by page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.state import AdminState, GroupState, RegisterRow
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds import KINDS, codes
from worker.domain.kinds.controlled import ONLY
from worker.domain.kinds.kind import InControls, Sees
from worker.domain.model import Account, AccountKey, Coverage, GroupKey, RegisterFacts
from worker.domain.people.persons import AccountsRule, Person, addresses_of
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import LIVE, Grade, Ticket, TicketState
from worker.ports.state.group_states import Lists, NameInUse
from worker.ports.state.reviews import LastReview
from worker.storage import known_differences
from worker.storage.cases import behind_link
from worker.storage.deciding import is_admin
from worker.storage.group_facts import facts_of, registered_facts
from worker.storage.leading import owner_of
from worker.storage.persons import PERSON_COLUMNS, humans_behind, people_of, person_of
from worker.storage.reviews import SqlReviews
from worker.storage.sql.chunks import among, by_source, chunked, in_source
from worker.storage.sql.mapping import person_from_row, ticket_from_row
from worker.storage.sql.tables import (
    chat_group,
    link,
    membership,
    person,
    source,
    ticket,
)

_OF_GROUPS = codes(lambda kind: isinstance(kind.found, InControls) and kind.about is About.GROUP)
_REMOVALS = codes(lambda kind: kind.is_exposure)
_REASSIGNMENTS = codes(lambda kind: any(one.waits and one.waits.for_ is kind.code for one in KINDS.values()))
_CONFIRMATIONS = codes(lambda kind: kind.sees is Sees.ROSTER)
_LIVE = tuple(state.value for state in sorted(LIVE))
GOVERNED = (chat_group.c.is_gone == 0) & chat_group.c.leader_source.is_(None)


@dataclass(slots=True)
class _Loaded:
    """What is loaded for one page of groups besides their own rows."""

    admins: dict[GroupKey, list[AdminState]] = field(default_factory=lambda: defaultdict(list))
    addresses: dict[GroupKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    tickets: dict[GroupKey, list[Ticket]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[GroupKey, RegisterRow] = field(default_factory=dict)
    removed: dict[GroupKey, datetime] = field(default_factory=dict)
    reviewed: dict[GroupKey, LastReview] = field(default_factory=dict)
    confirmed: dict[GroupKey, LastReview] = field(default_factory=dict)
    differing: dict[GroupKey, datetime] = field(default_factory=dict)
    confirming: set[GroupKey] = field(default_factory=set)
    reassigned: set[GroupKey] = field(default_factory=set)
    owners: dict[str, Account] = field(default_factory=dict)
    assignees: dict[AccountKey, Person] = field(default_factory=dict)
    own_rows: dict[GroupKey, dict[str, tuple[Account, ...]]] = field(
        default_factory=lambda: defaultdict(dict)
    )


_G, _T, _S, _F = chat_group.c, ticket.c, source.c, chat_group.alias("following").c
_GROUPS = sa.select(chat_group, owner_of(_G))
_THESE = _GROUPS.where(in_source(_G.source, _G.group_id))
_REGISTERED = sa.select(_G.source, _G.group_id, _G.owner_email, _G.registered, _G.taken_at).where(
    in_source(_G.source, _G.group_id)
)
_NEWEST = sa.select(sa.func.max(_S.taken_at)).where(
    _S.name.in_(sa.bindparam("registers", expanding=True)), _S.last_success_at.is_not(None)
)
_OF_THESE = in_source(_T.source, _T.group_id)
_TICKETS = sa.select(ticket).where(_OF_THESE, _T.kind.in_(_OF_GROUPS)).order_by(_T.id)
# Who was taken out, as somebody said and a list showed later, was out when they said so
_REMOVED = (
    sa.select(_T.source, _T.group_id, sa.func.max(sa.func.coalesce(_T.done_at, _T.verified_at)).label("at"))
    .where(_OF_THESE, _T.kind.in_(_REMOVALS), _T.state == TicketState.VERIFIED.value)
    .group_by(_T.source, _T.group_id)
)
_WITH_LIVE = sa.select(_T.source, _T.group_id).where(
    _OF_THESE, _T.kind.in_(sa.bindparam("kinds", expanding=True)), _T.state.in_(_LIVE)
)
_OWNERS = (
    sa.select(person)
    .where(person.c.email.in_(sa.bindparam("emails", expanding=True)))
    .order_by(person.c.standing.desc())
)


class SqlGroupStates:
    """The port `GroupStates` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def names_in_use(self, lists: Lists) -> frozenset[NameInUse]:
        g = chat_group.c
        rows = self._c.execute(sa.select(g.source, g.name, g.messenger).where(GOVERNED)).all()
        found = Counter(_folded(row) for row in rows)
        live = {(row.name, row.messenger) for row in rows if row.source not in lists.registers}
        listed = {(row.name, row.messenger): row for row in rows if row.source in lists.registers}
        found.subtract(_folded(listed[one]) for one in live & listed.keys())  # `_load_rows` takes these
        return frozenset(one for one, count in found.items() if count > 1)

    def groups(
        self, after: GroupKey | None, limit: int, lists: Lists, in_use: frozenset[NameInUse]
    ) -> list[GroupState]:
        g = chat_group.c
        query = _GROUPS.where(GOVERNED).order_by(g.source, g.group_id).limit(limit)
        if after is not None:
            later = (g.source > after.source) | ((g.source == after.source) & (g.group_id > after.group_id))
            query = query.where(later)
        return self._states(self._c.execute(query).all(), lists, in_use)

    def states(
        self, keys: Collection[GroupKey], lists: Lists, in_use: frozenset[NameInUse] = frozenset()
    ) -> dict[GroupKey, GroupState]:
        found: dict[GroupKey, GroupState] = {}
        for page in by_source(keys):
            rows = self._c.execute(_THESE, page).all()
            found |= {one.key: one for one in self._states(rows, lists, in_use)}
        return found

    def left_behind(self) -> list[GroupKey]:
        t, g = ticket.c, chat_group.c
        query = (
            sa.select(t.source, t.group_id)
            .distinct()
            .join(chat_group, (g.source == t.source) & (g.group_id == t.group_id))
            .where(t.state.in_(_LIVE), t.kind.in_(_OF_GROUPS), ~GOVERNED)
            .order_by(t.source, t.group_id)
        )
        return [GroupKey(*row) for row in self._c.execute(query)]

    def _states(self, rows: Sequence[Any], lists: Lists, in_use: frozenset[NameInUse]) -> list[GroupState]:
        register_at = self.register_at(lists)
        found: list[GroupState] = []
        for chunk in chunked(rows):
            loaded = self._load(chunk, lists)
            found += [_state(row, loaded, lists, register_at, in_use) for row in chunk]
        return found

    def register_rows(self, keys: Collection[GroupKey]) -> dict[GroupKey, RegisterRow]:
        return {
            GroupKey(row.source, row.group_id): _register_row(row)
            for page in by_source(keys)
            for row in self._c.execute(_REGISTERED, page)
        }

    def register_at(self, lists: Lists) -> datetime | None:
        registers = {"registers": sorted(lists.registers)}
        newest: datetime | None = self._c.execute(_NEWEST, registers).scalar_one()
        return newest

    def admin_addresses(self, group: GroupKey) -> frozenset[str]:
        loaded = _Loaded()
        self._load_admins([group], loaded)
        return frozenset(loaded.addresses[group])

    def _load(self, rows: Sequence[Any], lists: Lists) -> _Loaded:
        keys = [GroupKey(row.source, row.group_id) for row in rows]
        loaded = _Loaded()
        self._load_admins(keys, loaded)
        self._load_tickets(keys, loaded)
        self._load_rows(rows, lists, loaded)
        self._load_owners(rows, loaded)
        loaded.reviewed = SqlReviews(self._c).last_of(keys)
        loaded.confirmed = SqlReviews(self._c).last_of(keys, is_full=True)
        loaded.differing = known_differences.since(self._c, keys)
        return loaded

    def _load_admins(self, keys: Sequence[GroupKey], loaded: _Loaded) -> None:
        found = (row for page in by_source(keys) for row in self._c.execute(_admins(), page))
        rows = [(row, person_of(row)) for row in found]
        humans = humans_behind(self._c, [one for _, one in rows if one], self._rule)
        for row, one in rows:
            group = GroupKey(row.source, row.group_id)
            speaks = humans[one.key].person if one else None
            if one:
                loaded.addresses[group] |= addresses_of(humans[one.key])
            if row.is_unlisted:
                continue
            name = (speaks.facts.display_name if speaks else "") or row.display_name or row.handle
            is_nobody = row.state == IdentityState.NOBODY.value
            loaded.admins[group].append(AdminState(row.handle, name, speaks, is_nobody))

    def _load_tickets(self, keys: Sequence[GroupKey], loaded: _Loaded) -> None:
        loaded.tickets.update(self.tickets_of(keys))
        loaded.removed = {
            GroupKey(row.source, row.group_id): row.at
            for page in by_source(keys)
            for row in self._c.execute(_REMOVED, page)
        }
        loaded.reassigned = self._with_live(_REASSIGNMENTS, keys)
        loaded.confirming = self._with_live(_CONFIRMATIONS, keys)
        theirs = {one.assignee.person for those in loaded.tickets.values() for one in those if one.assignee}
        known = people_of(self._c, [key for key in theirs if key])
        loaded.assignees = humans_behind(self._c, known, self._rule)
        self._load_own_rows(loaded)

    def _load_own_rows(self, loaded: _Loaded) -> None:
        """Who is behind the members whom live tickets ask about apart from the others."""
        m = membership.c
        asked = {
            (key, handle)
            for key, those in loaded.tickets.items()
            for one in those
            if one.is_live
            for handle in one.details.get(ONLY, ())
        }
        for chunk in chunked(sorted(asked)):
            here = among(m.source, m.group_id, {key for key, _ in chunk}) & m.handle.in_(
                {one for _, one in chunk}
            )
            query = (
                sa.select(m.source, m.group_id, m.handle, *PERSON_COLUMNS)
                .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
                .outerjoin(person, behind_link())
                .where(here)
            )
            rows = [(row, person_of(row)) for row in self._c.execute(query)]
            humans = humans_behind(self._c, [one for _, one in rows if one], self._rule)
            for row, one in rows:
                loaded.own_rows[GroupKey(row.source, row.group_id)][row.handle] = (
                    humans[one.key].accounts if one else ()
                )

    def _with_live(self, kinds: Collection[str], keys: Sequence[GroupKey]) -> set[GroupKey]:
        """Those of these groups that have a live ticket of one of the kinds."""
        pages = ({**page, "kinds": sorted(kinds)} for page in by_source(keys))
        return {GroupKey(*row) for page in pages for row in self._c.execute(_WITH_LIVE, page)}

    def _load_rows(self, rows: Sequence[Any], lists: Lists, loaded: _Loaded) -> None:
        """The groups' rows in a register: their own, one of a group that they lead, or one with the same name."""
        registers = {"registers": sorted(lists.registers)}
        for page in by_source(GroupKey(row.source, row.group_id) for row in rows):
            for one in self._c.execute(_led(), page | registers):
                loaded.rows[GroupKey(one.leader_source, one.leader_group)] = _register_row(one)
        for row in rows:
            if row.source in lists.registers:
                loaded.rows[GroupKey(row.source, row.group_id)] = _register_row(row)
        nameless = [row for row in rows if GroupKey(row.source, row.group_id) not in loaded.rows]
        for part in chunked(sorted({row.name for row in nameless})):
            alike = self._c.execute(_alike(), registers | {"names": part})
            named = {(one.name, one.messenger): _register_row(one) for one in alike}
            for row in nameless:
                if (row.name, row.messenger) in named:
                    loaded.rows[GroupKey(row.source, row.group_id)] = named[row.name, row.messenger]

    def _load_owners(self, rows: Sequence[Any], loaded: _Loaded) -> None:
        emails = sorted({row.owner.casefold() for row in rows if row.owner})
        for part in chunked(emails):
            rows_of_owners = self._c.execute(_OWNERS, {"emails": part})
            loaded.owners |= {row.email: person_from_row(row) for row in rows_of_owners}
        speaking = humans_behind(self._c, loaded.owners.values(), self._rule)
        loaded.owners = {email: speaking[one.key].person for email, one in loaded.owners.items()}

    def tickets_of(self, keys: Collection[GroupKey]) -> dict[GroupKey, list[Ticket]]:
        found = defaultdict[GroupKey, list[Ticket]](list)
        for page in by_source(keys):
            for row in self._c.execute(_TICKETS, page):
                found[GroupKey(row.source, row.group_id)].append(ticket_from_row(row))
        return dict(found)


@cache
def _admins() -> sa.Select[Any]:
    m = membership.c
    return (
        sa.select(
            m.source, m.group_id, m.handle, m.display_name, m.is_unlisted, link.c.state, *PERSON_COLUMNS
        )
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .outerjoin(person, behind_link())
        .where(in_source(m.source, m.group_id), is_admin())
        .order_by(m.source, m.group_id, m.handle)
    )


@cache
def _led() -> sa.Select[Any]:
    """The rows of registers that these groups lead; of several for one group, the first comes last."""
    query = _in_registers().where(in_source(_F.leader_source, _F.leader_group))
    return query.order_by(_F.source.desc(), _F.group_id.desc())


@cache
def _alike() -> sa.Select[Any]:
    """The rows of registers with these names; of several with one name, the first comes last."""
    named = _F.name.in_(sa.bindparam("names", expanding=True))
    return _in_registers().where(named).order_by(_F.source.desc(), _F.group_id.desc())


def _in_registers() -> sa.Select[Any]:
    columns = (
        _F.source,
        _F.owner_email,
        _F.registered,
        _F.taken_at,
        _F.leader_source,
        _F.leader_group,
        _F.name,
        _F.messenger,
    )
    in_register = _F.source.in_(sa.bindparam("registers", expanding=True))
    return sa.select(*columns).where(in_register, _F.is_gone == 0)


def _folded(row: Any) -> NameInUse:
    """Folded here, since a database's lower() does less."""
    return NameInUse(row.name.strip().casefold(), row.messenger)


def _register_row(row: Any) -> RegisterRow:
    return RegisterRow(
        row.owner_email, registered_facts(row.registered) or RegisterFacts(), row.taken_at, row.source
    )


def _state(
    row: Any, loaded: _Loaded, lists: Lists, register_at: datetime | None, in_use: frozenset[NameInUse]
) -> GroupState:
    key = GroupKey(row.source, row.group_id)
    reviewed, confirmed = loaded.reviewed.get(key), loaded.confirmed.get(key)
    return GroupState(
        key=key,
        name=row.name,
        messenger=row.messenger,
        size=row.size,
        coverage=Coverage(row.coverage),
        taken_at=row.taken_at,
        is_fresh=True,
        grade=Grade.B if row.source in lists.kept_by_people else Grade.A,
        first_seen_at=row.first_seen_at,
        knows_roles=bool(row.knows_roles),
        facts=facts_of(row),
        row=loaded.rows.get(key),
        register_at=register_at,
        admins=tuple(loaded.admins[key]),
        admin_addresses=frozenset(loaded.addresses[key]),
        owner=loaded.owners.get((row.owner or "").casefold()),
        owner_email=row.owner,
        is_alike=_folded(row) in in_use,
        removed_at=loaded.removed.get(key),
        is_gone=bool(row.is_gone),
        is_unseen=bool(row.is_unseen),
        is_followed=row.leader_source is not None,
        reviewed_at=reviewed.completed_at if reviewed else None,
        reviewed_grade=reviewed.grade if reviewed else None,
        confirmed_at=confirmed.completed_at if confirmed else None,
        confirmed_grade=confirmed.grade if confirmed else None,
        differs_since=loaded.differing.get(key),
        has_confirmation=key in loaded.confirming,
        has_reassignment=key in loaded.reassigned,
        tickets=tuple(loaded.tickets[key]),
        assignees=loaded.assignees,
        own_rows=loaded.own_rows[key],
    )
