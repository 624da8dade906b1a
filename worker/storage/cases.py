"""Load what reconciling a group needs: the few members that decide something, never whole rosters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.groups.case import Expected, GroupView, MemberView, active_admins
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.kinds import codes
from worker.domain.kinds.kind import Sees
from worker.domain.kinds.person_case import PersonCase
from worker.domain.model import Account, AccountKey, Coverage, Evidence, GroupKey, HandleKey, Member, Standing
from worker.domain.people.persons import AccountsRule, Person
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.ports.state.groups import Expectation
from worker.storage.deciding import (
    FEW_COST,
    HOW_MANY,
    LIVE_OR_WAIVED,
    Begin,
    Ways,
    deciding,
    is_admin,
    is_in_page,
)
from worker.storage.group_facts import facts_of, registered_facts
from worker.storage.leading import owner_of, registered_of
from worker.storage.own_leavings import own_leavings
from worker.storage.persons import (
    PERSON_COLUMNS,
    has_several_directories,
    humans_behind,
    is_held,
    people_of,
    person_of,
)
from worker.storage.sql.chunks import among, by_source, chunked, in_source
from worker.storage.sql.mapping import (
    link_from_row,
    member_from_row,
    person_from_row,
    ticket_from_row,
)
from worker.storage.sql.tables import (
    chat_group,
    cohort_person,
    episode,
    expected,
    link,
    membership,
    person,
    ticket,
)
from worker.storage.successors import with_successors

LINK_COLUMNS = (
    "state", "person_source", "person_id", "how", "why", "why_words", "suggestions", "decided_fingerprint",
    "fingerprint", "email_key", "employee_key", "decided_by",
)  # fmt: skip
_QUESTIONS = codes(lambda kind: kind.about is About.HANDLE)
# Tickets about a group, or about a person who need not be in it, matter even if nobody of theirs is listed
_ALWAYS = codes(lambda kind: kind.sees in {Sees.ADMINS, Sees.PERSON, Sees.ROSTER, Sees.CONTROLS})


@dataclass(slots=True)
class _Page:
    """The data loaded for one page of groups."""

    members: dict[GroupKey, list[tuple[Member, Identity, Account | None, Any, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    tickets: dict[GroupKey, list[Ticket]] = field(default_factory=lambda: defaultdict(list))
    expected: dict[GroupKey, list[Expected]] = field(default_factory=lambda: defaultdict(list))
    humans: dict[AccountKey, Person] = field(default_factory=dict)
    managers: dict[AccountKey, Account] = field(default_factory=dict)
    went: dict[GroupKey, list[tuple[AccountKey, datetime]]] = field(default_factory=dict)
    owners: dict[str, Account] = field(default_factory=dict)
    assignees: tuple[tuple[AccountKey, Person], ...] = ()


def group_views(
    connection: sa.Connection,
    keys: Sequence[GroupKey],
    rule: AccountsRule,
    *,
    with_everybody: bool = False,
    released: int | None = None,
) -> list[GroupView]:
    """The views of these groups, in the same order, without unknown groups.

    They have the members who decide something, or every member. `released`: the number of a plan of which all
    that is held counts as let through.
    """
    views: list[GroupView] = []
    for chunk in chunked(keys):
        rows = _groups(connection, chunk)
        members = _everybody() if with_everybody else _deciding(connection, rows.values())
        owners = [row.owner for row in rows.values() if row.owner]
        page = _load(connection, chunk, members, owners, rule, released)
        found = (_view(key, rows[key], page) for key in chunk if key in rows)
        views += with_successors(connection, found)
    return views


def active_admins_of(
    connection: sa.Connection, keys: Iterable[GroupKey], rule: AccountsRule
) -> dict[GroupKey, tuple[Account, ...]]:
    """The active admins of each known group among these. Reads nothing else of the groups."""
    found: dict[GroupKey, tuple[Account, ...]] = {}
    for chunk in chunked(sorted(set(keys))):
        page = _load_members(connection, chunk, _admins(), rule)
        for key, row in _groups(connection, chunk).items():
            active = active_admins(_view(key, row, page))
            found[key] = tuple(view.person for view in active if view.person is not None)
    return found


def _groups(connection: sa.Connection, keys: Sequence[GroupKey]) -> dict[GroupKey, Any]:
    return {GroupKey(row.source, row.group_id): row for row in _rows(connection, _groups_there(), keys)}


def _rows(
    connection: sa.Connection, statement: sa.Select[Any], keys: Iterable[GroupKey], **given: Any
) -> Iterator[Any]:
    """What a statement finds that takes groups as `in_source` does, in the order of their sources."""
    for page in by_source(keys):
        yield from connection.execute(statement, {**page, **given})


def _deciding(connection: sa.Connection, groups: Iterable[Any]) -> sa.Select[Any]:
    few_max = sum(group.size for group in groups) // FEW_COST
    found = connection.execute(HOW_MANY, {"limit": few_max + 1}).one()
    leavers, unknown = (Begin.FEW if some <= few_max else Begin.MEMBERS for some in found)
    return _deciding_members(
        connection.dialect.name, Ways(leavers, unknown, has_several_directories(connection))
    )


def _view(key: GroupKey, row: Any, page: _Page) -> GroupView:
    members = tuple(
        _member_view(member, known, seen, page.humans[one.key] if one else None, is_listed=is_listed)
        for member, known, one, seen, is_listed in page.members[key]
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
        has_lost_roles=bool(row.has_had_admin and not row.knows_roles),
        is_gone=bool(row.is_gone),
        is_followed=row.leader_source is not None,
        owner=page.owners.get((row.owner or "").casefold()),
        owner_email=row.owner,
        facts=facts_of(row),
        registered=registered_facts(row.said_of_it),
        expected=tuple(page.expected[key]),
        tickets=tuple(page.tickets[key]),
        managers=tuple((leaver, page.managers[leaver]) for leaver in sorted(leavers)),
        went=tuple(page.went.get(key, ())),
        assignees=page.assignees,
    )


def _member_view(
    member: Member, known: Identity, seen_at: datetime | None, human: Person | None, *, is_listed: bool
) -> MemberView:
    if human is None:
        return MemberView(member, known, first_seen_at=seen_at, is_listed=is_listed)
    who = (human.person, human.leaving, seen_at, human.accounts, is_listed, human.formerly)
    return MemberView(member, known, *who)


def _load(
    connection: sa.Connection,
    keys: Sequence[GroupKey],
    members: sa.Select[Any],
    owners: Collection[str],
    rule: AccountsRule,
    released: int | None,
) -> _Page:
    page = _load_members(connection, keys, members, rule, released)
    for key, work in _tickets(connection, keys):
        page.tickets[key].append(work)
    _add_questions(connection, page)
    page.managers = _managers(connection, page.humans.values(), rule)
    page.owners = _owners(connection, owners, rule)
    page.assignees = _assignees(connection, page, rule)
    page.went = own_leavings(connection, keys)
    return page


def _load_members(
    connection: sa.Connection,
    keys: Sequence[GroupKey],
    members: sa.Select[Any],
    rule: AccountsRule,
    released: int | None = None,
) -> _Page:
    """Load these members, the people expected in these groups, and the persons behind both."""
    page = _Page()
    for row in _rows(connection, members, keys):
        known = link_from_row(row) or Identity(IdentityState.UNMATCHED, row.fingerprint)
        group = GroupKey(row.source, row.group_id)
        seen = (person_of(row), row.first_seen_at, not row.is_unlisted)
        page.members[group].append((member_from_row(row), known, *seen))
    wanted = [
        (GroupKey(row.source, row.group_id), row, one)
        for row in _rows(connection, _expected(are_released=released is not None), keys, released=released)
        if (one := person_of(row)) is not None
    ]
    behind = [one for found in page.members.values() for _, _, one, *_ in found if one]
    everybody = [*behind, *(one for _, _, one in wanted)]
    page.humans = humans_behind(connection, everybody, rule, released=released)
    for group, row, one in wanted:
        human = page.humans[one.key]
        if human.person.standing is not Standing.LEFT:
            is_former = Expectation(row.state) is Expectation.FORMER
            page.expected[group].append(Expected(one, row.since, is_former, human.accounts))
    return page


# These run for every page of groups. They are built once, which takes longer than to run them


@cache
def _groups_there() -> sa.Select[Any]:
    return sa.select(chat_group, owner_of(chat_group.c), registered_of(chat_group.c)).where(
        is_in_page(chat_group.c)
    )


@cache
def _members() -> sa.Select[Any]:
    m = membership.c
    return (
        sa.select(membership, *(link.c[name] for name in LINK_COLUMNS), *PERSON_COLUMNS)
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .outerjoin(person, behind_link())
        .order_by(m.source, m.group_id, m.handle)
    )


@cache
def _everybody() -> sa.Select[Any]:
    return _members().where(is_in_page(membership.c))


@cache
def _admins() -> sa.Select[Any]:
    return _everybody().where(is_admin())


@cache
def _deciding_members(dialect: str, ways: Ways) -> sa.Select[Any]:
    m, d = membership.c, deciding(dialect, ways).subquery("deciding").c
    return _members().where(m.source == d.source, m.group_id == d.group_id, m.handle == d.handle)


def behind_link() -> sa.ColumnElement[bool]:
    """The person whom a link names."""
    return (person.c.source == link.c.person_source) & (person.c.person_id == link.c.person_id)


def _tickets(connection: sa.Connection, keys: Sequence[GroupKey]) -> Iterable[tuple[GroupKey, Ticket]]:
    """Each group's tickets that may still matter, without questions about its members."""
    of_groups, _, orphans = _ticket_statements()
    for statement in (of_groups, orphans):
        for row in _rows(connection, statement, keys):
            yield GroupKey(row.source, row.group_id), ticket_from_row(row)


def _add_questions(connection: sa.Connection, page: _Page) -> None:
    """Add the questions about members, each with every group in which the member was loaded."""
    _, asked, _ = _ticket_statements()
    groups: dict[HandleKey, list[GroupKey]] = defaultdict(list)
    for group, members in page.members.items():
        for member, *_ in members:
            groups[HandleKey(group.source, member.handle)].append(group)
    for given in by_source(groups):
        for row in connection.execute(asked, given):
            work = ticket_from_row(row)
            for group in groups[HandleKey(row.source, row.handle)]:
                page.tickets[group].append(work)


@cache
def _ticket_statements() -> tuple[sa.Select[Any], sa.Select[Any], sa.Select[Any]]:
    """Those of groups, the questions about members, and the questions about who is in no group."""
    t, m = ticket.c, membership.c
    still_there = sa.exists().where(m.source == t.source, m.group_id == t.group_id, m.handle == t.handle)
    matters = sa.or_(t.state.in_(LIVE_OR_WAIVED), t.kind.in_(_ALWAYS), still_there)
    is_question = t.kind.in_(_QUESTIONS)
    nowhere = ~sa.exists().where(m.source == t.source, m.handle == t.handle)
    return (
        sa.select(ticket).where(matters, ~is_question, is_in_page(t)).order_by(t.id),
        sa.select(ticket).where(is_question, in_source(t.source, t.handle)).order_by(t.id),
        sa.select(ticket)
        .where(is_question, nowhere, t.state.in_(LIVE_OR_WAIVED), is_in_page(t))
        .order_by(t.id),
    )


@cache
def _expected(*, are_released: bool) -> sa.Select[Any]:
    """The people expected in groups; `are_released`: what the plan `released` holds counts as let through."""
    x, e, p = expected.c, episode.c, cohort_person.c
    is_released = sa.exists().where(
        p.plan_id == sa.bindparam("released"), p.source == e.source, p.person_id == e.person_id, p.at == e.at,
        p.evidence == Evidence.MOVED.value, is_held(p),
    )  # fmt: skip
    is_waiting = sa.exists().where(
        e.source == x.person_source, e.person_id == x.person_id, e.kind == EpisodeKind.MOVED.value, e.at == x.since,
        e.gate != Gate.PASSED.value, *((~is_released,) if are_released else ()),
    )  # fmt: skip
    same_person = (person.c.source == x.person_source) & (person.c.person_id == x.person_id)
    return (
        sa.select(x.source, x.group_id, x.state, x.since, *PERSON_COLUMNS)
        .join(person, same_person)
        .where(person.c.standing != Standing.LEFT.value, ~is_waiting, is_in_page(x))
        .order_by(x.source, x.group_id, x.person_source, x.person_id)
    )


def _managers(
    connection: sa.Connection, humans: Iterable[Person], rule: AccountsRule
) -> dict[AccountKey, Account]:
    """The manager of each person who has left, by the account that speaks for the leaver."""
    wanted = {
        human.person.key: AccountKey(one.key.source, one.facts.manager_id)
        for human in humans
        if human.person.standing is Standing.LEFT
        for one in reversed((human.person, *human.accounts))
        if one.facts.manager_id
    }
    people: dict[AccountKey, Account] = {}
    for chunk in chunked(sorted(set(wanted.values()))):
        which = among(person.c.source, person.c.person_id, chunk)
        people |= {p.key: p for p in map(person_from_row, connection.execute(sa.select(person).where(which)))}
    speaking = humans_behind(connection, people.values(), rule)
    return {leaver: speaking[manager].person for leaver, manager in wanted.items() if manager in speaking}


def _owners(connection: sa.Connection, emails: Collection[str], rule: AccountsRule) -> dict[str, Account]:
    owners: dict[str, Account] = {}
    for chunk in chunked(sorted({email.casefold() for email in emails})):
        query = sa.select(person).where(person.c.email.in_(chunk)).order_by(person.c.standing.desc())
        owners |= {row.email: person_from_row(row) for row in connection.execute(query)}
    speaking = humans_behind(connection, owners.values(), rule)
    return {email: speaking[owner.key].person for email, owner in owners.items()}


def _assignees(
    connection: sa.Connection, page: _Page, rule: AccountsRule
) -> tuple[tuple[AccountKey, Person], ...]:
    """The assignees of live tickets. Most are members, who are loaded already."""
    live = (one for tickets in page.tickets.values() for one in tickets if one.is_live and one.assignee)
    wanted = {one.assignee.person for one in live if one.assignee and one.assignee.person}
    others = people_of(connection, wanted - page.humans.keys())
    humans = page.humans | humans_behind(connection, others, rule)
    return tuple((key, humans[key]) for key in sorted(wanted & humans.keys()))


def person_cases(
    connection: sa.Connection, keys: Collection[AccountKey], rule: AccountsRule
) -> list[PersonCase]:
    """The cases of the people with these accounts, one for each person."""
    people = humans_behind(connection, people_of(connection, keys), rule)
    humans = {min(one.key for one in human.accounts): human for human in people.values()}
    tickets: dict[AccountKey, list[Ticket]] = defaultdict(list)
    about = ticket.c.kind.in_(codes(lambda kind: kind.about is About.PERSON))
    for chunk in chunked(sorted(humans)):
        which = among(ticket.c.person_source, ticket.c.person_id, chunk)
        for row in connection.execute(sa.select(ticket).where(about, which).order_by(ticket.c.id)):
            tickets[AccountKey(row.person_source, row.person_id)].append(ticket_from_row(row))
    bosses = {key: _manager_key(human) for key, human in humans.items()}
    known = {one.key: one for one in people_of(connection, [key for key in bosses.values() if key])}
    return [
        PersonCase(human, known.get(boss) if (boss := bosses[key]) else None, tuple(tickets[key]))
        for key, human in sorted(humans.items())
    ]


def _manager_key(human: Person) -> AccountKey | None:
    named = ((one.key.source, one.facts.manager_id) for one in (human.person, *human.accounts))
    return next((AccountKey(source, boss) for source, boss in named if boss), None)
