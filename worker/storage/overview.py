"""The console's queries: each is limited, and uses an index or reads one narrow table once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from worker.domain.evidence.journal import Sealed
from worker.domain.messages.weekly import Load, Loads
from worker.domain.model import Account, AccountKey, GroupKey, HandleKey, Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import LIVE, Ticket, TicketState
from worker.ports.state.groups import GroupRow
from worker.ports.state.overview import (
    DuePlace,
    Exposed,
    Exposure,
    GroupHealth,
    GroupPlace,
    JournalFilter,
    NamedGroup,
    Part,
    Period,
    Sighting,
    SourceDay,
    TicketFilter,
    Unasked,
    Week,
)
from worker.storage.deciding import ADMINS, is_admin
from worker.storage.exposure import SqlExposure
from worker.storage.group_health import groups_by_trouble, health_of
from worker.storage.group_rows import group_rows
from worker.storage.journal import sealed_from_row
from worker.storage.journal_pages import page_of_journal
from worker.storage.over_time import changes, was_exposure, weeks_of
from worker.storage.persons import PERSON_COLUMNS, people_of, person_of
from worker.storage.searching import holds
from worker.storage.sources import days_of
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import person_from_row, ticket_from_row
from worker.storage.sql.tables import (
    IS_QUESTION,
    chat_group,
    cohort,
    journal,
    link,
    membership,
    person,
    person_key,
    ticket,
)

_LIVE = tuple(state.value for state in sorted(LIVE))


class SqlOverview:
    """The port `Overview` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    # --- who is exposed --------------------------------------------------------------------------

    def exposure(self) -> Exposure:
        return self._exposure.counts()

    def unasked(self) -> int:
        return sum(one.why is not Unasked.WAIVED and not one.is_followed for one in self._exposure.unticketed)

    def exposed(self, part: Part | None, skip: int, limit: int) -> list[Exposed]:
        return self._exposure.people(part, skip, limit)

    @cached_property
    def _exposure(self) -> SqlExposure:
        return SqlExposure(self._c, self._rule)

    # --- tickets ---------------------------------------------------------------------------------

    def tickets(self, wanted: TicketFilter, before: int | None, limit: int) -> list[Ticket]:
        query = sa.select(ticket).where(*_of(wanted))
        if before is not None:
            query = query.where(ticket.c.id < before)
        query = query.order_by(ticket.c.id.desc()).limit(limit)
        return [ticket_from_row(row) for row in self._c.execute(query)]

    def tickets_by_due(self, wanted: TicketFilter, after: DuePlace | None, limit: int) -> list[Ticket]:
        """See the port. Each state is read in the order of its index, and no further than the limit."""
        t = ticket.c
        found: list[Ticket] = []
        for state in wanted.states:
            query = sa.select(ticket).where(*_of(replace(wanted, states=(state,))))
            if after is not None:
                query = query.where(
                    t.due_at >= after.due_at, (t.due_at > after.due_at) | (t.id > after.number)
                )
            rows = self._c.execute(query.order_by(t.due_at, t.id).limit(limit))
            found += [ticket_from_row(row) for row in rows]
        return sorted(found, key=lambda one: (one.due_at, one.id))[:limit]

    def how_many(self, wanted: TicketFilter, at_most: int) -> int:
        some = sa.select(ticket.c.id).where(*_of(wanted)).limit(at_most).subquery()
        return int(self._c.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())

    # --- over time -------------------------------------------------------------------------------

    def exposure_at(self, ends: Sequence[datetime]) -> list[int]:
        """See the port. Counts backwards from now, so that the work depends on the period and not on all tickets."""
        without_ticket = [one.left_at for one in self._exposure.unticketed]
        counts = [self.exposure().memberships]
        for span, (left, verified) in reversed(
            list(zip(pairwise(ends), changes(self._c, ends), strict=True))
        ):
            others = sum(span[0] < at <= span[1] for at in without_ticket)
            counts.append(counts[-1] - left - others + verified)
        return counts[::-1]

    def weeks(self, starts: Sequence[datetime], now: datetime) -> list[Week]:
        return weeks_of(self._c, starts, now)

    # --- what waits for a person -----------------------------------------------------------------

    def loads(self, before: datetime, now: datetime, limit: int) -> Loads:
        t = ticket.c
        address = sa.func.coalesce(t.assignee_email, "").label("address")
        overdue = sa.func.sum(sa.case((t.due_at < now, 1), else_=0)).label("overdue")
        query = (
            sa.select(
                address, sa.func.max(t.assignee).label("assignee"), sa.func.count().label("tickets"), overdue
            )
            .where(t.state == TicketState.OPEN.value, t.opened_at < before)
            .group_by(address)
        )
        rows = self._c.execute(query).all()
        found = [Load(_name_of(row), row.tickets, int(row.overdue)) for row in rows]
        found.sort(key=lambda one: (-one.overdue, -one.is_open, one.name))
        return Loads(
            sum(one.is_open for one in found),
            sum(one.overdue for one in found),
            len(found),
            tuple(found[:limit]),
        )

    def waiting_plans(self) -> list[int]:
        c = cohort.c
        query = sa.select(c.plan_id).distinct().where(c.state == HoldState.HELD.value)
        return list(self._c.execute(query.order_by(c.plan_id.desc())).scalars())

    def questions(self, at_most: int) -> int:
        some = sa.select(link.c.handle).where(sa.text(IS_QUESTION)).limit(at_most).subquery()
        return int(self._c.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())

    # --- groups and people -----------------------------------------------------------------------

    def groups(self, text: str, after: tuple[str, GroupKey] | None, limit: int) -> list[GroupRow]:
        g = chat_group.c
        which = _of_text(text)
        if after is not None:
            which.append(sa.tuple_(g.name, g.source, g.group_id) > (after[0], *after[1]))
        return group_rows(self._c, *which, order=(g.name, g.source, g.group_id), limit=limit)

    def groups_by_trouble(self, text: str, after: GroupPlace | None, limit: int) -> list[GroupHealth]:
        return groups_by_trouble(self._c, _of_text(text), after, limit)

    def health(self, group: GroupKey) -> GroupHealth | None:
        return health_of(self._c, [GroupPlace(0, 0, "", group)]).get(group)

    def first_seen(self, people: Collection[AccountKey]) -> dict[AccountKey, datetime]:
        p, found = person.c, dict[AccountKey, datetime]()
        for chunk in chunked(sorted(set(people))):
            query = sa.select(p.source, p.person_id, p.first_seen_at).where(
                among(p.source, p.person_id, chunk)
            )
            found |= {
                AccountKey(row.source, row.person_id): row.first_seen_at for row in self._c.execute(query)
            }
        return found

    def people(self, text: str, after: tuple[str, AccountKey] | None, limit: int) -> list[Account]:
        p = person.c
        query = sa.select(person).where(p.is_out_of_scope == 0)
        if text:
            query = query.where(
                sa.or_(holds(p.display_name, text), holds(p.email, text), p.person_id == text)
            )
        if after is not None:
            query = query.where(sa.tuple_(p.display_name, p.source, p.person_id) > (after[0], *after[1]))
        query = query.order_by(p.display_name, p.source, p.person_id).limit(limit)
        return [person_from_row(row) for row in self._c.execute(query)]

    def named(self, people: Collection[AccountKey]) -> dict[AccountKey, Account]:
        return {one.key: one for one in people_of(self._c, people)}

    def group_names(self, groups: Collection[GroupKey]) -> dict[GroupKey, str]:
        g, found = chat_group.c, {}
        for part in chunked(sorted(set(groups))):
            query = sa.select(g.source, g.group_id, g.name).where(sa.tuple_(g.source, g.group_id).in_(part))
            found.update({GroupKey(source, id_): name for source, id_, name in self._c.execute(query)})
        return found

    def known_as(self, texts: Collection[str]) -> list[Account]:
        p, k, found = person.c, person_key.c, dict[AccountKey, Account]()
        for chunk in chunked(sorted(set(texts))):
            folded = [text.casefold() for text in chunk]
            employed = sa.exists().where(
                k.kind == "employee", k.value.in_(folded), k.source == p.source, k.person_id == p.person_id
            )
            for which in (p.display_name.in_(chunk), p.email.in_(folded), employed):
                rows = self._c.execute(sa.select(person).where(which))
                found |= {one.key: one for one in map(person_from_row, rows)}
        return [found[key] for key in sorted(found)]

    def groups_of(self, people: Collection[AccountKey]) -> dict[AccountKey, list[NamedGroup]]:
        k, m, g = link.c, membership.c, chat_group.c
        found: dict[AccountKey, list[NamedGroup]] = defaultdict(list)
        for chunk in chunked(sorted(set(people))):
            query = (
                sa.select(k.person_source, k.person_id, g.source, g.group_id, g.name)
                .distinct()
                .join(membership, (m.source == k.source) & (m.handle == k.handle))
                .join(chat_group, (g.source == m.source) & (g.group_id == m.group_id))
                .where(among(k.person_source, k.person_id, chunk), m.is_unlisted == 0, g.is_gone == 0)
            )
            for row in self._c.execute(query.order_by(g.name, g.source, g.group_id)):
                place = NamedGroup(GroupKey(row.source, row.group_id), row.name)
                found[AccountKey(row.person_source, row.person_id)].append(place)
        return dict(found)

    def sightings(self, members: Collection[HandleKey]) -> dict[HandleKey, list[Sighting]]:
        m, g = membership.c, chat_group.c
        found: dict[HandleKey, list[Sighting]] = defaultdict(list)
        for chunk in chunked(sorted(set(members))):
            query = (
                sa.select(m.source, m.handle, m.display_name, g.group_id, g.name)
                .join(chat_group, (g.source == m.source) & (g.group_id == m.group_id))
                .where(among(m.source, m.handle, chunk), g.is_gone == 0)
            )
            for row in self._c.execute(query.order_by(g.name, g.source, g.group_id)):
                place = NamedGroup(GroupKey(row.source, row.group_id), row.name)
                found[HandleKey(row.source, row.handle)].append(Sighting(place, row.display_name))
        return dict(found)

    def admins_of(self, groups: Collection[GroupKey]) -> dict[GroupKey, list[Account]]:
        """See the port. Outer joins, or SQLite would begin with all links of the source."""
        m, k, p = membership.c, link.c, person.c
        found: dict[GroupKey, list[Account]] = defaultdict(list)
        for chunk in chunked(sorted(set(groups))):
            query = (
                sa.select(m.source.label("in_source"), m.group_id, *PERSON_COLUMNS)
                .select_from(membership)
                .outerjoin(link, (k.source == m.source) & (k.handle == m.handle))
                .outerjoin(person, (p.source == k.person_source) & (p.person_id == k.person_id))
                .where(among(m.source, m.group_id, chunk), is_admin())
            )
            for row in self._c.execute(query.order_by(p.display_name, p.source, p.person_id)):
                one = person_of(row)
                if one is not None and one.standing is not Standing.LEFT:
                    found[GroupKey(row.in_source, row.group_id)].append(one)
        return dict(found)

    def admins(self) -> list[Account]:
        m, k, p = membership.c, link.c, person.c
        is_admin = sa.exists().where(
            k.person_source == p.source, k.person_id == p.person_id, m.source == k.source, m.handle == k.handle,
            m.role.in_(ADMINS), chat_group.c.source == m.source, chat_group.c.group_id == m.group_id,
            chat_group.c.is_gone == 0,
        )  # fmt: skip
        query = sa.select(person).where(p.standing != Standing.LEFT.value, is_admin)
        rows = self._c.execute(query.order_by(p.display_name, p.source, p.person_id))
        return [person_from_row(row) for row in rows]

    # --- the journal -----------------------------------------------------------------------------

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> list[Sealed]:
        return list(map(sealed_from_row, page_of_journal(self._c, wanted, before, limit)))

    def actors(self, entries: int) -> list[str]:
        last = sa.select(journal.c.actor).order_by(journal.c.seq.desc()).limit(entries).subquery()
        query = sa.select(last.c.actor).distinct().order_by(last.c.actor)
        return list(self._c.execute(query).scalars())

    def history(self, subjects: Collection[str], limit: int) -> list[Sealed]:
        j, found = journal.c, []
        for chunk in chunked(sorted(set(subjects))):
            query = sa.select(journal).where(j.subject.in_(chunk)).order_by(j.seq.desc()).limit(limit)
            found += [sealed_from_row(row) for row in self._c.execute(query)]
        return sorted(found, key=lambda one: -one.seq)[:limit]

    def source_days(self, name: str, since: date) -> list[SourceDay]:
        return days_of(self._c, name, since)


def _of(wanted: TicketFilter) -> list[sa.ColumnElement[bool]]:
    t = ticket.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.states:
        found.append(t.state.in_([state.value for state in wanted.states]))
    if wanted.kinds:
        found.append(t.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.texts:
        folded = [text.replace("\0", "").casefold() for text in wanted.texts]
        addressed = sa.select(person.c.source, person.c.person_id).where(person.c.email.in_(folded))
        found.append(
            sa.or_(
                *(t.search.contains(text, autoescape=True) for text in folded),
                sa.tuple_(t.person_source, t.person_id).in_(addressed),
            )
        )
    if wanted.overdue_at is not None:
        found.append((t.state == TicketState.OPEN.value) & (t.due_at <= wanted.overdue_at))
    marks = (
        (wanted.is_disputed, t.disputed_at.is_not(None) & t.state.in_(_LIVE)),
        (wanted.is_sensitive, t.is_sensitive == 1),
        (wanted.is_reopened, t.reopened > 0),
        (wanted.is_unassigned, t.assignee.is_(None)),
    )
    found += [which for is_wanted, which in marks if is_wanted]
    if wanted.group is not None:
        found.append((t.source == wanted.group.source) & (t.group_id == wanted.group.group_id))
    if wanted.assignee:
        found.append(t.assignee_email == wanted.assignee.casefold())
    if wanted.is_removal:
        found += was_exposure()
    periods = ((t.opened_at, wanted.opened), (t.verified_at, wanted.verified), (t.due_at, wanted.due))
    found += [_within(column, period) for column, period in periods if period is not None]
    return found


def _of_text(text: str) -> list[sa.ColumnElement[bool]]:
    g = chat_group.c
    return [sa.or_(holds(g.name, text), g.group_id == text)] if text else []


def _within(column: Any, period: Period) -> sa.ColumnElement[bool]:
    begun: sa.ColumnElement[bool] = column >= period.from_at
    return begun if period.to_at is None else begun & (column < period.to_at)


def _name_of(row: Any) -> str:
    """The name of whoever has tickets, else their address; empty for tickets that nobody has."""
    return (json.loads(row.assignee)["name"] if row.assignee else "") or row.address
