"""People who have left and are still in a group: those with a ticket, and the others, with the reason for none.

    live removals ----------------------------------------------------------------------> asked
    left -> their other accounts -> handles -> rosters, without those that a ticket asks for
         -> people (by the accounts' rule) -> waived | held | rejected | not looked at yet -> waiting, nobody

The first are many, so the database counts them. The others are few unless a plan is held; the domain decides whether
they have left at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.kinds import codes
from worker.domain.model import AccountKey, Coverage, Evidence, GroupKey, Standing
from worker.domain.people.persons import AccountsRule, Person, leaving_of
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.ports.state.overview import Exposed, Exposure, Part, PartCount, Unasked
from worker.storage.cases import behind_link
from worker.storage.leavers import IS_LEAVER
from worker.storage.persons import accounts_of, has_several_directories, humans_behind, people_of
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.tables import (
    EPOCH,
    IS_LIVE_REMOVAL,
    chat_group,
    dirty_group,
    episode,
    from_micros,
    link,
    membership,
    person,
    ticket,
)

REMOVALS = codes(lambda kind: kind.is_exposure)
_UNDECIDED = (Gate.NEW.value, Gate.HELD.value, Gate.REJECTED.value)


@dataclass(frozen=True, slots=True)
class Unticketed:
    """A membership of a person who has left, without a live ticket to end it."""

    human: Person
    part: Part
    why: Unasked | None
    left_at: datetime  # when the account left by which the person counts as out
    group: GroupKey
    messenger: str
    is_followed: bool  # another source shows the group, and better


class SqlExposure:
    """What is exposed now, within one transaction. The memberships without a ticket are read once."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self.unticketed = unticketed(connection, rule)

    def counts(self) -> Exposure:
        """People and memberships of each part; a person may be in several."""
        asked = _asked().subquery()
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(asked.c.groups), 0))
        people, memberships = self._c.execute(query.select_from(asked)).one()
        parts = {Part.ASKED: PartCount(int(people), int(memberships))}
        for part in (Part.WAITING, Part.NOBODY):
            found = [one.human.person.key for one in self.unticketed if one.part is part]
            parts[part] = PartCount(len(set(found)), len(found))
        others = {one.human.person.key for one in self.unticketed}
        return Exposure(
            parts,
            people=int(people) + len(others) - len(self._asked_among(others)),
            is_settled=self._is_settled(),
        )

    def people(self, part: Part | None, skip: int, limit: int) -> list[Exposed]:
        """The people of one part, or of all, those exposed longest first."""
        wanted = [one for one in self.unticketed if part in (None, one.part)]
        if part not in (None, Part.ASKED):
            return _by_age(_of_unticketed(wanted))[skip : skip + limit]
        # A person may have memberships of both sorts, so the tickets of people found without one are needed, too
        asked = self._asked_people(skip + limit, {one.human.person.key for one in wanted})
        merged = _merged([*asked, *_of_unticketed(wanted)])
        return _by_age(merged)[skip : skip + limit]

    def _asked_people(self, limit: int, also: Collection[AccountKey]) -> list[Exposed]:
        asked = _asked().subquery()
        c = asked.c
        rows = list(
            self._c.execute(sa.select(asked).order_by(c.since, c.person_source, c.person_id).limit(limit))
        )
        known = {(row.person_source, row.person_id) for row in rows}
        for chunk in chunked(sorted(key for key in also if key not in known)):
            rows += self._c.execute(sa.select(asked).where(among(c.person_source, c.person_id, chunk)))
        return [
            Exposed(
                AccountKey(row.person_source, row.person_id), row.name,
                Evidence(row.evidence) if row.evidence else None,
                from_micros(row.left_at), _instant(row.since), {Part.ASKED: row.groups},
            )
            for row in rows
        ]  # fmt: skip

    def _asked_among(self, people: Collection[AccountKey]) -> set[AccountKey]:
        c, found = _asked().subquery().c, set()
        for chunk in chunked(sorted(people)):
            query = sa.select(c.person_source, c.person_id).where(among(c.person_source, c.person_id, chunk))
            found |= {AccountKey(*row) for row in self._c.execute(query)}
        return found

    def _is_settled(self) -> bool:
        """True if everything that was read has been processed: members matched, groups reconciled."""
        unmatched = sa.exists().where(link.c.is_dirty == 1)
        return not (_is_any_unmended(self._c) or self._c.execute(sa.select(unmatched)).scalar_one())


def _asked() -> sa.Select[Any]:
    """The people with live removal tickets, with the number of groups. One scan of these tickets' index."""
    t = ticket.c
    left_at = sa.func.min(sa.type_coerce(t.left_at, sa.BigInteger))
    since = sa.func.coalesce(left_at, sa.func.min(sa.type_coerce(t.opened_at, sa.BigInteger)))
    return (
        sa.select(
            t.person_source, t.person_id, sa.func.max(t.person_name).label("name"), left_at.label("left_at"),
            sa.func.max(t.evidence).label("evidence"), since.label("since"), sa.func.count().label("groups"),
        )
        .where(sa.text(IS_LIVE_REMOVAL))
        .group_by(t.person_source, t.person_id)
    )  # fmt: skip


def unticketed(connection: sa.Connection, rule: AccountsRule) -> list[Unticketed]:
    """The memberships of people who have left that no live ticket asks to end."""
    rows = list(connection.execute(_of_leavers(connection)))
    if has_several_directories(connection):
        for chunk in chunked(_other_accounts(connection)):
            these = among(link.c.person_source, link.c.person_id, chunk)
            rows += connection.execute(_memberships_without_ticket().where(these, ~_has_left()))
    keys = [AccountKey(row.person_source, row.person_id) for row in rows]
    humans = humans_behind(connection, people_of(connection, keys), rule)
    gates = _gates(connection, {account.key for human in humans.values() for account in human.accounts})
    found = []
    for row, key in zip(rows, keys, strict=True):
        human = humans[key]
        if (leaving := leaving_of(human.person)) is not None:
            group, is_followed = GroupKey(row.source, row.group_id), row.leader_source is not None
            part, why = _part_of(row, human, gates)
            found.append(Unticketed(human, part, why, leaving.at, group, row.messenger, is_followed))
    return found


def _is_any_unmended(connection: sa.Connection) -> bool:
    """True if a group waits for reconcile."""
    return bool(connection.execute(sa.select(sa.exists().select_from(dirty_group))).scalar_one())


def _of_leavers(connection: sa.Connection) -> sa.Select[Any]:
    """The memberships of accounts that have left. If no group waits, among those that are marked: see `leavers`."""
    if _is_any_unmended(connection):
        return _memberships_without_ticket().where(_has_left())
    m = membership.c
    marked = sa.select(m.source, m.group_id, m.handle).where(IS_LEAVER, *_without_ticket())
    # First, since a ticket asks for nearly all of them, which no database knows
    few = marked.cte("marked").prefix_with("MATERIALIZED")
    # An expression, or SQLite begins with everybody who ever left
    standing = person.c.standing.concat("") if connection.dialect.name == "sqlite" else person.c.standing
    return _joined(few.c).where(standing == Standing.LEFT.value)


def _part_of(row: Any, human: Person, gates: _Gates) -> tuple[Part, Unasked | None]:
    """The membership's part, and why nobody is asked. A waiver is about this membership, so it outranks the guard."""
    said = {gates.get((one.key, one.left_at)) for one in human.accounts if one.left_at is not None}
    if row.is_waived:
        return Part.NOBODY, Unasked.WAIVED
    if human.leaving is None and Gate.HELD in said:
        return Part.WAITING, None
    if human.leaving is None and Gate.REJECTED in said:
        return Part.NOBODY, Unasked.REJECTED
    if row.coverage == Coverage.STALE.value:
        return Part.NOBODY, Unasked.UNREAD
    return Part.NOBODY, Unasked.NOT_YET


def _memberships_without_ticket() -> sa.Select[Any]:
    """The memberships of linked accounts, without those that a live ticket asks to end."""
    return _joined(membership.c).where(*_without_ticket())


def _without_ticket() -> tuple[sa.ColumnElement[bool], ...]:
    return membership.c.is_unlisted == 0, ~_is_asked()


def _joined(m: Any) -> sa.Select[Any]:
    """What is told of memberships: who it is, where, and whether it is waived."""
    g = chat_group.c
    return (
        sa.select(
            link.c.person_source,
            link.c.person_id,
            g.source,
            g.group_id,
            g.messenger,
            g.leader_source,
            g.coverage,
            _is_waived(m).label("is_waived"),
        )
        .join(person, behind_link())
        .join(m.source.table, (m.source == link.c.source) & (m.handle == link.c.handle))
        .join(chat_group, (g.source == m.source) & (g.group_id == m.group_id))
        .where(g.is_gone == 0)
    )


def _is_asked() -> sa.ColumnElement[bool]:
    return sa.exists().select_from(ticket).where(sa.text(IS_LIVE_REMOVAL), _is_of_membership(membership.c))


def _is_waived(m: Any) -> sa.ColumnElement[bool]:
    is_waived = (ticket.c.state == TicketState.WAIVED.value) & ticket.c.kind.in_(REMOVALS)
    return sa.exists().where(_is_of_membership(m), is_waived)


def _is_of_membership(m: Any) -> sa.ColumnElement[bool]:
    t = ticket.c
    return sa.and_(t.source == m.source, t.group_id == m.group_id, t.handle == m.handle)


def _has_left() -> sa.ColumnElement[bool]:
    return person.c.standing == Standing.LEFT.value


def _other_accounts(connection: sa.Connection) -> list[AccountKey]:
    """All accounts of people with a leaving that was not let through, or with a waived removal.

    A handle may be linked to such a person's account that is still here. All other leavers have tickets, or get them
    with the next pass, which has their groups on its list.
    """
    e, t = episode.c, ticket.c
    undecided = sa.select(e.source, e.person_id).where(
        e.kind == EpisodeKind.LEFT.value, e.gate.in_(_UNDECIDED)
    )
    waived = sa.select(t.person_source, t.person_id).where(
        t.state == TicketState.WAIVED.value, t.kind.in_(REMOVALS)
    )
    # A waived removal may be of a member whom nobody knows
    some = [AccountKey(*row) for row in connection.execute(sa.union(undecided, waived)) if row.person_id]
    return sorted(set().union(*accounts_of(connection, some).values()))


_Gates = dict[tuple[AccountKey, datetime], Gate]


def _gates(connection: sa.Connection, people: Iterable[AccountKey]) -> _Gates:
    """The guard's gate for each leaving of these accounts."""
    e = episode.c
    found: _Gates = {}
    for chunk in chunked(sorted(people)):
        query = sa.select(e.source, e.person_id, e.at, e.gate).where(
            e.kind == EpisodeKind.LEFT.value, among(e.source, e.person_id, chunk)
        )
        found |= {
            (AccountKey(row.source, row.person_id), row.at): Gate(row.gate)
            for row in connection.execute(query)
        }
    return found


def _of_unticketed(found: Iterable[Unticketed]) -> list[Exposed]:
    """One entry for each person."""
    each: dict[AccountKey, list[Unticketed]] = defaultdict(list)
    for one in found:
        each[one.human.person.key].append(one)
    return [_exposed(ones[0], ones) for ones in each.values()]


def _exposed(first: Unticketed, ones: list[Unticketed]) -> Exposed:
    person = first.human.person
    groups = Counter(one.part for one in ones)
    why = sorted({one.why for one in ones if one.why})
    return Exposed(
        person.key,
        person.facts.display_name,
        person.evidence,
        first.left_at,
        first.left_at,
        groups,
        tuple(why),
    )


def _merged(people: Iterable[Exposed]) -> list[Exposed]:
    """One entry for each person, also if they have both tickets and memberships without one."""
    each: dict[AccountKey, Exposed] = {}
    for one in people:
        before = each.get(one.person)
        each[one.person] = (
            one
            if before is None
            else replace(
                before,
                since=min(before.since, one.since),
                groups={**before.groups, **one.groups},
                why=one.why,
            )
        )
    return list(each.values())


def _by_age(people: Iterable[Exposed]) -> list[Exposed]:
    return sorted(people, key=lambda one: (one.since, one.person))


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
