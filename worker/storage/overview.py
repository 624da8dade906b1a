"""The console's questions in SQL: every one is limited, and goes by an index or reads one narrow table once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.guard import HoldState
from worker.domain.identity import LinkState
from worker.domain.journal import Sealed
from worker.domain.model import Evidence, GroupKey, Person, PersonKey
from worker.domain.ticket import LIVE, REMOVALS, Ticket, TicketState
from worker.ports.overview import Exposed, JournalFilter, SourceDay, TicketFilter, Week
from worker.ports.store import GroupRow
from worker.storage.chunks import among, chunked
from worker.storage.journal import sealed_from_row
from worker.storage.mapping import person_from_row, ticket_from_row
from worker.storage.rosters import group_rows
from worker.storage.sources import days_of
from worker.storage.tables import chat_group, cohort, from_micros, journal, link, person, ticket, to_micros

_REMOVALS = tuple(kind.value for kind in sorted(REMOVALS))
_LIVE = tuple(state.value for state in sorted(LIVE))
_NO_EXPOSURE = (TicketState.CANCELLED.value,)
WEEK = timedelta(days=7)
# An expression, so that SQLite doesn't take an index on the kind, which nearly all tickets share
_KIND = ticket.c.kind.concat("")


class SqlOverview:
    """`ports.overview.Overview` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    # --- who is exposed --------------------------------------------------------------------------

    def exposed(self, after: Exposed | None, limit: int) -> list[Exposed]:
        found = _exposed().subquery()
        f = found.c
        query = sa.select(found).order_by(f.since, f.person_source, f.person_id).limit(limit)
        if after is not None:
            since = to_micros(after.left_at or after.opened_at)
            query = query.where(
                sa.tuple_(f.since, f.person_source, f.person_id) > (since, *after.person),
            )
        return [
            Exposed(
                PersonKey(row.person_source, row.person_id), row.name, Evidence(row.evidence) if row.evidence else None,
                from_micros(row.left_at), from_micros(row.opened_at) or datetime.min.replace(tzinfo=UTC), row.groups,
            )
            for row in self._c.execute(query)
        ]  # fmt: skip

    def exposed_counts(self) -> tuple[int, int]:
        t = ticket.c
        live = sa.select(t.person_source, t.person_id, sa.func.count().label("n")).where(_is_live_removal())
        each = live.group_by(t.person_source, t.person_id).subquery()
        row = self._c.execute(sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(each.c.n), 0))).one()
        return int(row[0]), int(row[1])

    # --- tickets ---------------------------------------------------------------------------------

    def tickets(self, wanted: TicketFilter, before: int | None, limit: int) -> list[Ticket]:
        query = sa.select(ticket).where(*_of(wanted))
        if before is not None:
            query = query.where(ticket.c.id < before)
        query = query.order_by(ticket.c.id.desc()).limit(limit)
        return [ticket_from_row(row) for row in self._c.execute(query)]

    def how_many(self, wanted: TicketFilter, at_most: int) -> int:
        some = sa.select(ticket.c.id).where(*_of(wanted)).limit(at_most).subquery()
        return int(self._c.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())

    # --- over time -------------------------------------------------------------------------------

    def exposure(self, ends: Sequence[datetime]) -> list[int]:
        """Backwards from now, so that the work goes with the time that is asked for and not with all tickets."""
        t = ticket.c
        _, exposed = self.exposed_counts()
        waived = sa.select(sa.func.count()).where(_KIND.in_(_REMOVALS), t.state == TicketState.WAIVED.value)
        exposed += int(self._c.execute(waived).scalar_one())
        opened, verified = self._since(t.opened_at, ends[0]), self._since(t.verified_at, ends[0])
        counts = []
        for end in map(to_micros, reversed(ends)):
            while opened and opened[-1] > (end or 0):
                opened.pop()
                exposed -= 1
            while verified and verified[-1] > (end or 0):
                verified.pop()
                exposed += 1
            counts.append(exposed)
        return counts[::-1]

    def _since(self, column: sa.ColumnElement[Any], since: datetime) -> list[int]:
        """The column's instants after one, ascending."""
        plain = sa.type_coerce(column, sa.BigInteger)
        query = sa.select(plain).where(column > since, *_was_exposure()).order_by(plain)
        return list(self._c.execute(query).scalars())

    def weeks(self, since: datetime, now: datetime) -> list[Week]:
        t = ticket.c
        opened, verified = self._weekly(t.opened_at, since), self._weekly(t.verified_at, since)
        took: dict[int, list[float]] = {}
        for week, micros in self._c.execute(_ranked(since)):
            took.setdefault(week, []).append(micros / 1e6)
        return [
            Week(
                since + at * WEEK, opened.get(at, 0), verified.get(at, 0),
                took[at][0] if at in took else None, took[at][-1] if at in took else None,
            )
            for at in range(-(-(now - since) // WEEK))
        ]  # fmt: skip

    def _weekly(self, column: Any, since: datetime) -> dict[int, int]:
        week = _week_of(column, since)
        query = sa.select(week, sa.func.count()).where(column >= since, *_was_exposure()).group_by(week)
        return {int(number): int(count) for number, count in self._c.execute(query)}

    # --- what waits for a person -----------------------------------------------------------------

    def waiting_plans(self) -> list[int]:
        c = cohort.c
        query = sa.select(c.plan_id).distinct().where(c.state == HoldState.HELD.value)
        return list(self._c.execute(query.order_by(c.plan_id.desc())).scalars())

    def questions(self, at_most: int) -> int:
        unknown = (LinkState.AMBIGUOUS.value, LinkState.UNMATCHED.value)
        which = link.c.state.in_(unknown), link.c.decided_fingerprint.is_not(None)
        some = sa.select(link.c.handle).where(*which).limit(at_most).subquery()
        return int(self._c.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())

    # --- groups and people -----------------------------------------------------------------------

    def groups(self, text: str, after: tuple[str, GroupKey] | None, limit: int) -> list[GroupRow]:
        g = chat_group.c
        which = [sa.or_(_holds(g.name, text), g.group_id == text)] if text else []
        if after is not None:
            which.append(sa.tuple_(g.name, g.source, g.group_id) > (after[0], *after[1]))
        return group_rows(self._c, *which, order=(g.name, g.source, g.group_id), limit=limit)

    def people(self, text: str, after: tuple[str, PersonKey] | None, limit: int) -> list[Person]:
        p = person.c
        query = sa.select(person).where(p.is_out_of_scope == 0)
        if text:
            query = query.where(
                sa.or_(_holds(p.display_name, text), _holds(p.email, text), p.person_id == text)
            )
        if after is not None:
            query = query.where(sa.tuple_(p.display_name, p.source, p.person_id) > (after[0], *after[1]))
        query = query.order_by(p.display_name, p.source, p.person_id).limit(limit)
        return [person_from_row(row) for row in self._c.execute(query)]

    def named(self, people: Collection[PersonKey]) -> dict[PersonKey, Person]:
        found = {}
        for chunk in chunked(sorted(set(people))):
            query = sa.select(person).where(among(person.c.source, person.c.person_id, chunk))
            found.update({one.key: one for one in map(person_from_row, self._c.execute(query))})
        return found

    # --- the journal -----------------------------------------------------------------------------

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> list[Sealed]:
        j = journal.c
        query = sa.select(journal)
        if wanted.kind.endswith(".*"):
            query = query.where(j.kind >= wanted.kind[:-1], j.kind < wanted.kind[:-2] + "/")
        elif wanted.kind:
            query = query.where(j.kind == wanted.kind)
        if wanted.actor:
            query = query.where(j.actor == wanted.actor)
        if wanted.subject:
            query = query.where(j.subject == wanted.subject)
        if wanted.from_at:
            query = query.where(j.at >= wanted.from_at)
        if wanted.to_at:
            query = query.where(j.at < wanted.to_at)
        if before is not None:
            query = query.where(j.seq < before)
        return [sealed_from_row(row) for row in self._c.execute(query.order_by(j.seq.desc()).limit(limit))]

    def history(self, subjects: Collection[str], limit: int) -> list[Sealed]:
        j, found = journal.c, []
        for chunk in chunked(sorted(set(subjects))):
            query = sa.select(journal).where(j.subject.in_(chunk)).order_by(j.seq.desc()).limit(limit)
            found += [sealed_from_row(row) for row in self._c.execute(query)]
        return sorted(found, key=lambda one: -one.seq)[:limit]

    def source_days(self, name: str, since: date) -> list[SourceDay]:
        return days_of(self._c, name, since)


def _is_live_removal() -> sa.ColumnElement[bool]:
    return ticket.c.state.in_(_LIVE) & _KIND.in_(_REMOVALS)


def _exposed() -> sa.Select[Any]:
    t = ticket.c
    left_at = sa.func.min(sa.type_coerce(t.left_at, sa.BigInteger))
    opened_at = sa.func.min(sa.type_coerce(t.opened_at, sa.BigInteger))
    return (
        sa.select(
            t.person_source, t.person_id, sa.func.max(t.person_name).label("name"), left_at.label("left_at"),
            sa.func.max(t.evidence).label("evidence"), opened_at.label("opened_at"), sa.func.count().label("groups"),
            sa.func.coalesce(left_at, opened_at).label("since"),
        )
        .where(_is_live_removal(), t.person_source.is_not(None))
        .group_by(t.person_source, t.person_id)
    )  # fmt: skip


def _of(wanted: TicketFilter) -> list[sa.ColumnElement[bool]]:
    t = ticket.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.states:
        found.append(t.state.in_([state.value for state in wanted.states]))
    if wanted.kinds:
        found.append(t.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.text:
        found.append(t.search.contains(wanted.text.replace("\0", "").casefold(), autoescape=True))
    if wanted.overdue_at is not None:
        found.append((t.state == TicketState.OPEN.value) & (t.due_at <= wanted.overdue_at))
    if wanted.is_disputed:
        found.append(t.disputed_at.is_not(None) & t.state.in_(_LIVE))
    if wanted.group is not None:
        found.append((t.source == wanted.group.source) & (t.group_id == wanted.group.group_id))
    if wanted.assignee:
        found.append(t.assignee_email == wanted.assignee.casefold())
    return found


def _holds(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """Whether the text is somewhere in the column, whatever case; % and _ are just characters."""
    return column.icontains(text.replace("\0", ""), autoescape=True)


def _was_exposure() -> tuple[sa.ColumnElement[bool], ...]:
    return _KIND.in_(_REMOVALS), ticket.c.state.not_in(_NO_EXPOSURE)


def _week_of(column: Any, since: datetime) -> sa.ColumnElement[int]:
    at: sa.ColumnElement[int] = sa.type_coerce(column, sa.BigInteger)
    return (at - sa.literal(to_micros(since), sa.BigInteger)) // sa.literal(
        WEEK // timedelta(microseconds=1), sa.BigInteger
    )


def _ranked(since: datetime) -> sa.Select[Any]:
    """Of each week's proofs the median time from opening to proof, and that which nine in ten stay below."""
    t = ticket.c
    week = _week_of(t.verified_at, since)
    took = sa.type_coerce(t.verified_at, sa.BigInteger) - sa.type_coerce(t.opened_at, sa.BigInteger)
    each = (
        sa.select(
            week.label("week"), took.label("took"), sa.func.count().over(partition_by=week).label("n"),
            sa.func.row_number().over(partition_by=week, order_by=took).label("rank"),
        )
        .where(t.verified_at >= since, *_was_exposure())
        .subquery()
    )  # fmt: skip
    c = each.c
    wanted = sa.or_(c.rank == (c.n - 1) // 2 + 1, c.rank == (c.n - 1) * 9 // 10 + 1)
    return sa.select(c.week, c.took).where(wanted).order_by(c.week, c.rank)
