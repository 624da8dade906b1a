"""Members of groups who decide something: admins, leavers, unknown members, those with tickets, those expected.

Each way to find them has an index of its own. Whoever merely is in a group costs a look-up in small indexes and no row.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from worker.domain.identity.matching import QUESTIONS
from worker.domain.kinds import REMOVAL, codes
from worker.domain.kinds.removals import UNREAD
from worker.domain.model import Role, Standing
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import LIVE, TicketState
from worker.storage.persons import has_left_elsewhere, is_joining
from worker.storage.sql.chunks import in_source
from worker.storage.sql.tables import IS_QUESTION, expected, link, membership, person, person_key, ticket

ADMINS = tuple(role.value for role in Role if role.is_admin)
LIVE_OR_WAIVED = tuple(state.value for state in (*sorted(LIVE), TicketState.WAIVED))
_ONE: sa.ColumnElement[int] = sa.literal_column("1")  # not all columns, which an index does not have
_LEFT: sa.ColumnElement[str] = sa.literal_column(
    f"'{Standing.LEFT.value}'"
)  # in the words of `ix_person_left`
# A join key of one account, and the same of another account
_THEIRS, _OTHER = person_key.alias("theirs"), person_key.alias("other")
_IS_SHARED = (
    (_OTHER.c.kind == _THEIRS.c.kind)
    & (_OTHER.c.value == _THEIRS.c.value)
    & ((_OTHER.c.source != _THEIRS.c.source) | (_OTHER.c.person_id != _THEIRS.c.person_id))
)
_IS_BEHIND_OTHER = (link.c.person_source == _OTHER.c.source) & (link.c.person_id == _OTHER.c.person_id)
_IS_BEHIND = (link.c.person_source == person.c.source) & (link.c.person_id == person.c.person_id)
_QUESTION_CODES = codes(lambda kind: kind.about is About.HANDLE)


FEW_COST = 4  # a search that begins at the few takes so many times as long for each


class Begin(StrEnum):
    """Where a search begins: at the members of the groups, or at those who may be among them, where these are few."""

    MEMBERS = "members"
    FEW = "few"


class Ways(NamedTuple):
    """Where the searches for leavers and for unknown members begin; `in_several`: there are several directories."""

    leavers: Begin
    unknown: Begin
    in_several: bool


def is_admin(member: Any = membership.c) -> sa.ColumnElement[bool]:
    """True for admins, of the table or an alias; in the words of `ix_membership_admin`, or no database would use it."""
    role: sa.ColumnElement[str] = member.role
    return role.in_([sa.literal_column(f"'{one}'") for one in ADMINS])


def is_in_page(columns: Any) -> sa.ColumnElement[bool]:
    """True if a row is of one of the groups in a page of `by_source`."""
    return in_source(columns.source, columns.group_id)


def deciding(dialect: str, ways: Ways) -> sa.CompoundSelect[Any]:
    """The keys of the members who decide something in a page of groups."""
    m = membership.c
    member = sa.select(m.source, m.group_id, m.handle)
    return sa.union(
        member.where(is_in_page(m), is_admin()),
        *_by_link(member, dialect, ways),
        *_with_ticket(member),
        *_expected(member),
        *(_elsewhere(member, ways.leavers) if ways.in_several else ()),
    )


def _by_link(member: sa.Select[Any], dialect: str, ways: Ways) -> list[sa.Select[Any]]:
    """Members who are not known, or who are known and have left.

    Where both searches begin at the members, SQLite looks at each once. PostgreSQL decides by itself where to begin; it
    can't for conditions with an OR.
    """
    unknown = link.c.state.in_([state.value for state in QUESTIONS])
    questions = (sa.text(IS_QUESTION), unknown & (link.c.is_dirty == 1))
    if dialect != "sqlite":
        return [_among_members(member, one) for one in (*questions, has_left())]
    if ways.leavers is ways.unknown is Begin.MEMBERS:
        return [_among_members(member, unknown | has_left())]
    of_links = [_through_links(member.select_from(link), link.c.source).where(one) for one in questions]
    of_leavers = _of_leavers(member.select_from(person).join(link, _IS_BEHIND))
    return [
        *(of_links if ways.unknown is Begin.FEW else [_among_members(member, unknown)]),
        of_leavers if ways.leavers is Begin.FEW else _among_members(member, has_left()),
    ]


def _among_members(member: sa.Select[Any], condition: Any) -> sa.Select[Any]:
    return member.where(is_in_page(membership.c), _has_link(condition))


def _of_leavers(links: sa.Select[Any]) -> sa.Select[Any]:
    # The source as an expression, or SQLite would begin with all that it shows
    return _through_links(links, membership.c.source.concat("")).where(person.c.standing == _LEFT)


def _through_links(links: sa.Select[Any], source: Any) -> sa.Select[Any]:
    """The members in the page's groups behind a few links."""
    m = membership.c
    return links.join(membership, (m.source == link.c.source) & (m.handle == link.c.handle)).where(
        _is_here(source)
    )


def _has_link(condition: Any) -> sa.ColumnElement[bool]:
    # The source as an expression, or SQLite would take the primary key, and read a row for each member; PostgreSQL
    # takes longer over many groups, too, without it
    of_member = (link.c.source.concat("") == membership.c.source) & (link.c.handle == membership.c.handle)
    return sa.exists(_ONE).where(of_member, condition)


def _count(*few: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    """How many there are, so far as each is not more than a limit."""
    limited = [sa.select(_ONE).select_from(one.limit(sa.bindparam("limit")).subquery()) for one in few]
    return sa.select(sa.func.count()).select_from(sa.union_all(*limited).subquery()).scalar_subquery()


HOW_MANY = sa.select(
    _count(sa.select(_ONE).select_from(person).where(person.c.standing == _LEFT)).label("leavers"),
    _count(
        sa.select(_ONE).select_from(link).where(sa.text(IS_QUESTION)),
        sa.select(_ONE).select_from(link).where(link.c.is_dirty == 1),
    ).label("unknown"),
)


def has_left() -> sa.ColumnElement[bool]:
    """True if the account behind a link has left; as above, and in the words of `ix_person_left`."""
    p = person.c
    return sa.exists(_ONE).where(
        p.source.concat("") == link.c.person_source,
        p.person_id == link.c.person_id,
        p.standing == _LEFT,
    )


def _with_ticket(member: sa.Select[Any]) -> list[sa.Select[Any]]:
    """Members with a ticket that is live or waived: in this group, or about their handle in all of its groups.

    So is who is to be asked out again, now that their group is read again, and who is listed under another handle than
    that of a ticket about them, be it by another account of theirs.
    """
    m, t = membership.c, ticket.c
    same_person = (link.c.person_source == t.person_source) & (link.c.person_id == t.person_id)
    is_about = (_THEIRS.c.source == t.person_source) & (_THEIRS.c.person_id == t.person_id)
    in_group = (m.source == t.source) & (m.group_id == t.group_id) & (m.handle == link.c.handle)
    same = (m.source == t.source) & (m.handle == t.handle)
    stands = t.state.in_(LIVE_OR_WAIVED)
    # The state as an expression, or SQLite would read all that were ever cancelled
    is_unread = (
        (t.kind == REMOVAL.value)
        & (t.state.concat("") == TicketState.CANCELLED.value)
        & t.details.contains(f'"{UNREAD}"')
    )
    is_question = t.kind.in_(_QUESTION_CODES) & (t.key_group == "")
    return [
        member.join(ticket, same & (m.group_id == t.group_id)).where(is_in_page(t), stands),
        member.join(ticket, same & (m.group_id == t.group_id)).where(is_in_page(t), is_unread),
        member.select_from(ticket)
        .join(link, same_person & (link.c.source == t.source))
        .join(membership, in_group)
        .where(is_in_page(t), stands),
        member.select_from(ticket)
        .join(_THEIRS, is_about)
        .join(_OTHER, _IS_SHARED)
        .join(link, _IS_BEHIND_OTHER & (link.c.source.concat("") == t.source))
        .join(membership, in_group)
        .where(is_in_page(t), stands, is_joining(_THEIRS.c, _OTHER.c)),
        member.join(ticket, same).where(_is_here(m.source), stands, is_question),
    ]


def _expected(member: sa.Select[Any]) -> list[sa.Select[Any]]:
    """Members who are expected in their group, by the account that is, or by another one of theirs."""
    m, x = membership.c, expected.c
    behind = (link.c.person_source == x.person_source) & (link.c.person_id == x.person_id)
    is_expected = (_THEIRS.c.source == x.person_source) & (_THEIRS.c.person_id == x.person_id)
    in_group = (m.source == x.source) & (m.group_id == x.group_id) & (m.handle == link.c.handle)
    return [
        member.select_from(expected)
        .join(link, behind & (link.c.source == x.source))
        .join(membership, in_group)
        .where(is_in_page(x)),
        member.select_from(expected)
        .join(_THEIRS, is_expected)
        .join(_OTHER, _IS_SHARED)
        .join(link, _IS_BEHIND_OTHER & (link.c.source.concat("") == x.source))
        .join(membership, in_group)
        .where(is_in_page(x), is_joining(_THEIRS.c, _OTHER.c)),
    ]


def _is_here(source: Any) -> sa.ColumnElement[bool]:
    """As `is_in_page`, of memberships that were found by their handle: SQLite won't look in each group of the page."""
    return in_source(source, membership.c.group_id.concat(""))


def _elsewhere(member: sa.Select[Any], leavers: Begin) -> list[sa.Select[Any]]:
    """Members of whom an account in another directory may have left."""
    if leavers is Begin.MEMBERS:
        return [_among_members(member, has_left_elsewhere())]
    is_theirs = (_THEIRS.c.source == person.c.source) & (_THEIRS.c.person_id == person.c.person_id)
    links = (
        member.select_from(person)
        .join(_THEIRS, is_theirs)
        .join(_OTHER, _IS_SHARED & (_OTHER.c.source != _THEIRS.c.source))
        .join(link, _IS_BEHIND_OTHER)
    )
    return [_of_leavers(links).where(is_joining(_THEIRS.c, _OTHER.c))]
