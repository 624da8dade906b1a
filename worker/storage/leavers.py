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
from worker.domain.model import GroupKey, HandleKey, Standing
from worker.domain.tickets.ticket import TicketState
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.tables import chat_group, link, membership, person, staged_group, ticket

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
_T, _G, _S = ticket.c, chat_group.c, staged_group.c
_WAS_PROVEN = sa.exists().where(
    _T.source == _M.source, _T.group_id == _M.group_id, _T.handle == _M.handle,
    _T.state == TicketState.VERIFIED.value, _T.verified_at >= _G.taken_at, _T.verified_at < _S.taken_at,
)  # fmt: skip
OVERTAKEN = (
    sa.select(_M.source, _M.group_id)
    .distinct()
    .join(chat_group, (_G.source == _M.source) & (_G.group_id == _M.group_id))
    .join(staged_group, (_S.source == _M.source) & (_S.group_id == _M.group_id))
    .where(IS_LEAVER, _M.source == sa.bindparam("of"), _WAS_PROVEN)
)


def listed_after_all(connection: sa.Connection, source: str) -> set[GroupKey]:
    """The groups whose staged lists are newer than the proof that a leaver is out, and whose lists until now were not.

    To be asked before the stage is applied. A list from before the proof says nothing against it, although it shows
    them; the same list, saved anew, does, although nothing in it has changed.
    """
    return {GroupKey(*row) for row in connection.execute(OVERTAKEN, {"of": source})}


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
