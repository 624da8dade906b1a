"""Members to be asked out whom only groups that follow list, while the group that leads shows a part of its own.

Whoever a part does not show is unknown, and not absent. So what a weaker source says of them counts: they are asked out
in the group that leads, under the handle that the other one shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.groups.case import GroupView, MemberView, with_movers
from worker.domain.identity.phones import canonical
from worker.domain.kinds import REMOVALS
from worker.domain.model import Coverage, GroupKey
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.proof import proven_at
from worker.domain.tickets.ticket import Ticket
from worker.storage.cases import group_views
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.lists import is_one_of
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import chat_group, link, membership, ticket

LIFE = timedelta(days=7)  # of what a source said last, as the lists of inventories have by default
_LIFE_US = int(LIFE / timedelta(microseconds=1))


def with_leaders(connection: sa.Connection, keys: Sequence[GroupKey]) -> list[GroupKey]:
    """These groups, and those that lead one of them and show a part: its members may be asked out there."""
    leading = {leader for _, leader in _pairs(connection, _leading(), keys)}
    return [*keys, *sorted(leading.difference(keys))]


def with_led(
    connection: sa.Connection, keys: Sequence[GroupKey], rule: AccountsRule, *, released: int | None = None
) -> list[GroupView]:
    """As `group_views`, with those to be asked out whom only groups that follow one of these list."""
    views = group_views(connection, keys, rule, released=released)
    parts = [view.key for view in views if view.coverage is Coverage.PARTIAL]
    leader = dict(_pairs(connection, _following(), parts))
    asking = {view.key for view in views if _is_about_others(view)}
    others: dict[GroupKey, list[GroupView]] = defaultdict(list)
    for is_asking in (False, True):
        some = sorted(one for one in leader if (leader[one] in asking) is is_asking)
        for view in group_views(connection, some, rule, with_everybody=is_asking, released=released):
            others[leader[view.key]].append(view)
    return [_completed(connection, view, others[view.key]) if view.key in others else view for view in views]


def _is_about_others(view: GroupView) -> bool:
    """Whether a removal is about somebody whom the group does not list. To the others they may be anybody."""
    handles = {one.member.handle for one in view.members}
    return any(one.is_live and one.kind in REMOVALS and one.handle not in handles for one in view.tickets)


def _pairs(
    connection: sa.Connection, query: sa.Select[Any], keys: Iterable[GroupKey]
) -> list[tuple[GroupKey, GroupKey]]:
    """Groups that follow, each with its leader."""
    rows = [row for page in by_source(keys) for row in connection.execute(query, page)]
    return [
        (GroupKey(row.source, row.group_id), GroupKey(row.leader_source, row.leader_group)) for row in rows
    ]


_F, _L = chat_group.alias("follower").c, chat_group.alias("leader").c


@cache
def _leading() -> sa.Select[Any]:
    return _led_by_parts().where(in_source(_F.source, _F.group_id))


@cache
def _following() -> sa.Select[Any]:
    return _led_by_parts().where(in_source(_F.leader_source, _F.leader_group))


def _led_by_parts() -> sa.Select[Any]:
    """Groups whose leader shows a part, and not only since its last list was too short to be believed.

    What a source said long before counts no more: it may not be configured any more.
    """
    is_leader = (_L.source == _F.leader_source) & (_L.group_id == _F.leader_group)
    is_part = (_L.coverage == Coverage.PARTIAL.value) & _L.shrunken_at.is_(None)

    def read_at(group: Any) -> sa.ColumnElement[int]:
        return sa.type_coerce(group.read_at, sa.BigInteger)

    return (
        sa.select(_F.source, _F.group_id, _F.leader_source, _F.leader_group)
        .select_from(sa.join(_F.source.table, _L.source.table, is_leader))
        .where(
            is_part,
            _F.is_gone == 0,
            _F.coverage != Coverage.STALE.value,
            read_at(_F) > read_at(_L) - _LIFE_US,
        )
    )


def _completed(connection: sa.Connection, view: GroupView, others: Sequence[GroupView]) -> GroupView:
    """The group, with those of the others' members whom it does not know: leavers, and whoever has a removal here."""
    removals = [one for one in view.tickets if one.is_live and one.kind in REMOVALS]
    asked, handles = {one.person for one in removals}, {one.handle for one in removals}
    present = {key for one in view.members for key in one.known_as}
    of_others = (one for other in others for one in other.members if not present & one.known_as.keys())
    members = with_movers(replace(view, members=tuple(of_others))).members
    wanted = [
        one
        for one in members
        if one.leaving is not None or one.member.handle in handles or asked & one.known_as.keys()
    ]
    if not wanted:
        return view
    known = _listed(connection, view.key, wanted)
    tickets = _removals(connection, [view.key, *(other.key for other in others)], wanted)
    more: dict[str, MemberView] = {}
    for one in wanted:
        is_known = one.member.handle in known or _number(one) in known or present & one.known_as.keys()
        if not is_known and not any(_is_proof(each, one) for each in tickets):
            more[one.member.handle] = one
            present |= one.known_as.keys()
    loaded = {one.id for one in view.tickets}
    theirs = [one for one in tickets if one.group == view.key and one.handle in more and one.id not in loaded]
    managers = dict(pair for other in others for pair in other.managers) | dict(view.managers)
    return replace(
        view,
        members=(*view.members, *more.values()),
        led=frozenset(more),
        tickets=(*view.tickets, *theirs),
        managers=tuple(managers.items()),
    )


def _number(view: MemberView) -> str | None:
    return canonical(view.member.phone) if view.member.phone else None


def _is_proof(one: Ticket, view: MemberView) -> bool:
    """Whether the member was seen to be out of the group since they left, and since they are listed."""
    leaving, seen_at = view.leaving, view.first_seen_at
    at = proven_at(one)
    if leaving is None or at is None or one.person not in view.known_as:
        return False
    is_same = one.occasion == leaving.name or one.occasion in leaving.also
    return is_same and (seen_at is None or seen_at <= at)


def _listed(connection: sa.Connection, group: GroupKey, members: Sequence[MemberView]) -> set[str]:
    """The handles and numbers of these members that the group has, whoever is behind them there."""
    numbers = [number for one in members if (number := _number(one)) is not None]
    given = {"of": group.source, "id": group.group_id, "numbers": numbers}
    handles = {"handles": [one.member.handle for one in members]}
    return {one for row in connection.execute(_known(), given | handles) for one in row if one is not None}


@cache
def _known() -> sa.CompoundSelect[Any]:
    m = membership.c
    rows = (
        sa.select(m.handle, link.c.phone_key)
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .where(m.source == sa.bindparam("of"), m.group_id == sa.bindparam("id"))
    )
    return sa.union(
        rows.where(is_one_of(m.handle, "handles")), rows.where(is_one_of(link.c.phone_key, "numbers"))
    )


def _removals(
    connection: sa.Connection, groups: Sequence[GroupKey], members: Sequence[MemberView]
) -> list[Ticket]:
    """The groups' removals of these members, by handle or by person, in any state."""
    given = {
        "handles": [one.member.handle for one in members],
        "people": [key.person_id for one in members for key in one.known_as],
    }
    pages = (page | given for page in by_source(groups))
    return [ticket_from_row(row) for page in pages for row in connection.execute(_asked(), page)]


@cache
def _asked() -> sa.Select[Any]:
    t = ticket.c
    theirs = is_one_of(t.handle, "handles") | is_one_of(t.person_id, "people")
    is_removal = t.kind.in_([kind.value for kind in sorted(REMOVALS)])
    return sa.select(ticket).where(in_source(t.source, t.group_id), theirs, is_removal).order_by(t.id)
