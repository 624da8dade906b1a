"""The console's questions in SQL: every one is limited, and goes by an index or reads one narrow table once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain.journal import Sealed
from worker.domain.model import Evidence, GroupKey, Person, PersonKey
from worker.domain.ticket import LIVE, REMOVALS, Ticket, TicketState
from worker.ports.overview import Exposed, JournalFilter, SourceDay, TicketFilter, Week
from worker.ports.store import GroupRow
from worker.storage.journal import sealed_from_row
from worker.storage.mapping import person_from_row, ticket_from_row
from worker.storage.rosters import group_rows
from worker.storage.sources import days_of
from worker.storage.tables import chat_group, from_micros, journal, person, ticket, to_micros

_REMOVALS = tuple(kind.value for kind in sorted(REMOVALS))
_LIVE = tuple(state.value for state in sorted(LIVE))
_NO_EXPOSURE = (TicketState.CANCELLED.value,)
WEEK = timedelta(days=7)
_TAIL = 0.9


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
        waived = sa.select(sa.func.count()).where(t.kind.in_(_REMOVALS), t.state == TicketState.WAIVED.value)
        exposed += int(self._c.execute(waived).scalar_one())
        changes = [(at, +1) for at in self._instants(t.opened_at, ends[0])]
        changes += [(at, -1) for at in self._instants(t.verified_at, ends[0])]
        changes.sort(reverse=True)
        counts = []
        for end in reversed(ends):
            while changes and changes[0][0] > (to_micros(end) or 0):
                exposed -= changes.pop(0)[1]
            counts.append(exposed)
        return counts[::-1]

    def _instants(self, column: sa.ColumnElement[Any], since: datetime) -> list[int]:
        plain = sa.type_coerce(column, sa.BigInteger)
        t = ticket.c
        query = sa.select(plain).where(column > since, t.kind.in_(_REMOVALS), t.state.not_in(_NO_EXPOSURE))
        return list(self._c.execute(query).scalars())

    def weeks(self, since: datetime, now: datetime) -> list[Week]:
        start, length = to_micros(since) or 0, WEEK // timedelta(microseconds=1)
        opened = self._weekly(ticket.c.opened_at, since, start, length)
        verified = self._weekly(ticket.c.verified_at, since, start, length)
        number = -(-(now - since) // WEEK)
        return [_week(since + at * WEEK, opened.get(at, []), verified.get(at, [])) for at in range(number)]

    def _weekly(self, column: Any, since: datetime, start: int, length: int) -> dict[int, list[float]]:
        """Seconds from opening to proof of each ticket, by the week in which the column's instant lies."""
        t = ticket.c
        at, opened = sa.type_coerce(column, sa.BigInteger), sa.type_coerce(t.opened_at, sa.BigInteger)
        took = sa.type_coerce(t.verified_at, sa.BigInteger) - opened
        query = sa.select((at - start) // length, took).where(column >= since, t.kind.in_(_REMOVALS))
        found: dict[int, list[float]] = {}
        for week, micros in self._c.execute(query.where(t.state.not_in(_NO_EXPOSURE))):
            found.setdefault(int(week), []).append((micros or 0) / 1e6)
        return found

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

    def source_days(self, name: str, since: date) -> list[SourceDay]:
        return days_of(self._c, name, since)


def _is_live_removal() -> sa.ColumnElement[bool]:
    return ticket.c.state.in_(_LIVE) & ticket.c.kind.in_(_REMOVALS)


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
        found.append(_holds(t.search, wanted.text.casefold()))
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


def _week(starts_at: datetime, opened: list[float], took: list[float]) -> Week:
    ranked = sorted(took)
    if not ranked:
        return Week(starts_at, len(opened))
    return Week(
        starts_at,
        len(opened),
        len(ranked),
        ranked[(len(ranked) - 1) // 2],
        ranked[int((len(ranked) - 1) * _TAIL)],
    )
