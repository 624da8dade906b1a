"""The memberships of people who have left, marked, so that nobody looks for them among all who ever left.

Whatever makes somebody a leaver in a group puts the group on reconcile's list, and reconcile marks them as it takes the
group. So while nothing is on the list, each of these memberships is marked. Some are marked whose people are back: a
mark says where to look, and not what is so. The nightly pass marks again from the beginning, and so does the first
run of a process: the release before does not mark, and may have worked on these tables until then.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from worker.domain.groups.case import GroupView
from worker.domain.model import HandleKey, Standing
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.tables import link, membership, person

IS_LEAVER = sa.text("membership.is_leaver = 1")
_M = membership.c
_IS_LEFT = sa.tuple_(_M.source, _M.handle).in_(
    sa.select(link.c.source, link.c.handle)
    .join(person, (person.c.source == link.c.person_source) & (person.c.person_id == link.c.person_id))
    .where(person.c.standing == Standing.LEFT.value)
)
_MARK_ALL = sa.update(membership).where(_M.is_leaver == 0, _IS_LEFT).values(is_leaver=1)
_UNMARK = sa.update(membership).where(IS_LEAVER, ~_IS_LEFT).values(is_leaver=0)
_MARK = sa.update(membership).where(in_source(_M.source, _M.handle), _M.is_leaver == 0).values(is_leaver=1)


def mark(connection: sa.Connection, views: Iterable[GroupView]) -> None:
    """Mark the leavers of these groups, of which the views have all who decide something, in all their groups."""
    handles = {
        HandleKey(view.key.source, one.member.handle)
        for view in views
        for one in view.members
        if any(account.standing is Standing.LEFT for account in one.known_as.values())
    }
    for page in by_source(handles):
        connection.execute(_MARK, page)


def mark_again(connection: sa.Connection) -> None:
    """Mark every membership of an account that has left, and no other."""
    connection.execute(_MARK_ALL)
    connection.execute(_UNMARK)
