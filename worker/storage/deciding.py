"""Members of groups who decide something: admins, leavers, unknown members, those with tickets, those expected.

Each way to find them has an index of its own. Whoever merely is in a group costs a look-up in small indexes and no row.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

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
_QUESTION_CODES = codes(lambda kind: kind.about is About.HANDLE)


class Elsewhere(StrEnum):
    """From where leavings in another directory are looked for: from whatever is fewer, or not, if there is none."""

    NOWHERE = "nowhere"
    FROM_MEMBERS = "from members"
    FROM_LEAVERS = "from leavers"


def is_admin(member: Any = membership.c) -> sa.ColumnElement[bool]:
    """True for admins, of the table or an alias; in the words of `ix_membership_admin`, or no database would use it."""
    role: sa.ColumnElement[str] = member.role
    return role.in_([sa.literal_column(f"'{one}'") for one in ADMINS])


def is_in_page(columns: Any) -> sa.ColumnElement[bool]:
    """True if a row is of one of the groups in a page of `by_source`."""
    return in_source(columns.source, columns.group_id)


def deciding(dialect: str, elsewhere: Elsewhere) -> sa.CompoundSelect[Any]:
    """The keys of the members who decide something in a page of groups."""
    m = membership.c
    member = sa.select(m.source, m.group_id, m.handle)
    ways = [
        member.where(is_in_page(m), is_admin()),
        *(member.where(is_in_page(m), one) for one in _by_link(dialect)),
        *_with_ticket(member),
        *_expected(member),
    ]
    return sa.union(*ways, *_elsewhere(member, elsewhere))


def _by_link(dialect: str) -> list[sa.ColumnElement[bool]]:
    """True for members who are not known, or who are known and have left.

    SQLite looks at each member once, so it asks all at once. PostgreSQL looks at few links instead of many members,
    where that is less; it can't for conditions with an OR.
    """
    unknown = link.c.state.in_([state.value for state in QUESTIONS])
    if dialect == "sqlite":
        return [_has_link(unknown | has_left())]
    return [
        _has_link(sa.text(IS_QUESTION)),
        _has_link(unknown & (link.c.is_dirty == 1)),
        _has_link(has_left()),
    ]


def _has_link(condition: Any) -> sa.ColumnElement[bool]:
    # The source as an expression, or SQLite would take the primary key, and read a row for each member; PostgreSQL
    # takes longer over many groups, too, without it
    of_member = (link.c.source.concat("") == membership.c.source) & (link.c.handle == membership.c.handle)
    return sa.exists(_ONE).where(of_member, condition)


# How many have left, so far as that is not more than a limit
HOW_MANY_LEFT = sa.select(sa.func.count()).select_from(
    sa.select(_ONE)
    .select_from(person)
    .where(person.c.standing == _LEFT)
    .limit(sa.bindparam("limit"))
    .subquery()
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
        .where(is_in_page(t), stands, is_joining(_THEIRS.c)),
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
        .where(is_in_page(x), is_joining(_THEIRS.c)),
    ]


def _is_here(source: Any) -> sa.ColumnElement[bool]:
    """As `is_in_page`, of memberships that were found by their handle: SQLite won't look in each group of the page."""
    return in_source(source, membership.c.group_id.concat(""))


def _elsewhere(member: sa.Select[Any], elsewhere: Elsewhere) -> list[sa.Select[Any]]:
    """Members of whom an account in another directory may have left."""
    if elsewhere is Elsewhere.NOWHERE:
        return []
    m = membership.c
    if elsewhere is Elsewhere.FROM_MEMBERS:
        return [member.where(is_in_page(m), _has_link(has_left_elsewhere()))]
    is_theirs = (_THEIRS.c.source == person.c.source) & (_THEIRS.c.person_id == person.c.person_id)
    is_here = _is_here(m.source.concat(""))  # nor does SQLite begin with all that a source shows
    return [
        member.select_from(person)
        .join(_THEIRS, is_theirs)
        .join(_OTHER, _IS_SHARED & (_OTHER.c.source != _THEIRS.c.source))
        .join(link, _IS_BEHIND_OTHER)
        .join(membership, (m.source == link.c.source) & (m.handle == link.c.handle))
        .where(person.c.standing == _LEFT, is_joining(_THEIRS.c), is_here)
    ]
