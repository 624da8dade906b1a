"""What controls found: failures, counts, and first runs."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.control import CheckValue
from worker.domain.controls.others import CONTROL_OF
from worker.domain.controls.state import CENSUS_SOURCE
from worker.domain.controls.statements import Statement
from worker.domain.instants import APART_MAX
from worker.domain.kinds import KINDS, REMOVALS, STATEMENTS, codes
from worker.domain.kinds.controlled import FAULTS
from worker.domain.kinds.kind import InControls, InReports, Sees
from worker.domain.model import GroupKey
from worker.domain.reconcile.guard import HeldSubject, HoldState
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import LIVE, Ticket, TicketState
from worker.ports.state.controls import (
    NO_TICKETS,
    ControlCounts,
    ControlDay,
    ControlFailure,
    FailurePlace,
    TicketCounts,
)
from worker.ports.state.group_states import Lists
from worker.storage import known_differences
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import by_source, in_source
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import (
    chat_group,
    cohort,
    cohort_subject,
    control_day,
    control_failure,
    control_start,
    from_micros,
    source,
    ticket,
    to_micros,
)

_WEIGHED = codes(lambda kind: kind.sees is Sees.CONTROLS)
_OF_GROUPS = codes(lambda kind: isinstance(kind.found, InControls) and kind.about is About.GROUP)
_ASKED = codes(lambda kind: isinstance(kind.found, InControls))
_KEPT = codes(lambda kind: isinstance(kind.found, InControls | InReports))
_LIVE = tuple(state.value for state in sorted(LIVE))
_HAS_LIVE = sa.select(sa.exists().where(ticket.c.state.in_(_LIVE), ticket.c.kind.in_(_KEPT)))
_CONTROL_OF = {code.value: kind.control for code, kind in KINDS.items() if kind.control}
FAILURE_COLUMNS = (
    "control", "source", "subject", "name", "value", "found", "wanted", "department", "is_sensitive", "time_s", "asks",
    "since_at", "seen_at",
)  # fmt: skip
# A removal that a review or the member's own word asked for is about nobody who left
_IS_COUNTED = ticket.c.kind.in_(sorted(_CONTROL_OF)) & (
    ticket.c.kind.not_in([kind.value for kind in REMOVALS]) | ticket.c.evidence.is_not(None)
)
_BY_KIND = (
    sa.select(
        ticket.c.kind,
        ticket.c.state,
        ticket.c.grade,
        sa.func.count().label("tickets"),
        sa.func.min(ticket.c.verified_at).label("oldest"),
    )
    .where(_IS_COUNTED, ticket.c.state != TicketState.CANCELLED.value)
    .group_by(ticket.c.kind, ticket.c.state, ticket.c.grade)
)
_COUNTED = ("subjects", "passed", "failed", "unknown", "waived", "declined")

_START = control_start.c
_IS_START = (cohort.c.plan_id == _START.plan_id) & (cohort.c.cohort_id == _START.control)
_ALLOWED = (
    sa.select(_START.control)
    .outerjoin(cohort, _IS_START)
    .where(sa.or_(_START.plan_id.is_(None), cohort.c.state != HoldState.HELD.value))
)
_IS_REJECTED = cohort.c.state == HoldState.REJECTED.value
_REFUSED = sa.select(_START.control).join(cohort, _IS_START).where(_IS_REJECTED)
_SUBJECT = cohort_subject.c
_SAID_NO = (
    sa.select(_SUBJECT.cohort_id, _SUBJECT.source, _SUBJECT.subject)
    .join(control_start, (_START.plan_id == _SUBJECT.plan_id) & (_START.control == _SUBJECT.cohort_id))
    .join(cohort, _IS_START)
    .where(_IS_REJECTED, in_source(_SUBJECT.source, _SUBJECT.subject))
)


class SqlControls:
    """The port `Controls` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    # --- what fails ------------------------------------------------------------------------------

    def keep(self, failures: Sequence[ControlFailure], now: datetime) -> None:
        at = to_micros(now)
        rows = [
            (one.control, one.source, one.subject, one.name, one.value.value, one.found, one.wanted, one.department,
             int(one.is_sensitive), one.time_s, int(one.asks), at, at)
            for one in failures
        ]  # fmt: skip
        bulk_upsert(self._c, control_failure, FAILURE_COLUMNS, rows, keep=("since_at",))

    def note_differences(self, groups: Collection[GroupKey], lists: Lists, now: datetime) -> None:
        known_differences.note(self._c, groups, lists.registers, now)

    def forget_before(self, now: datetime) -> None:
        self._c.execute(sa.delete(control_failure).where(control_failure.c.seen_at < now))
        known_differences.forget_before(self._c, now)

    def failures(self, control: str, after: FailurePlace | None, limit: int) -> list[ControlFailure]:
        found = (
            []
            if after and not after.is_sensitive
            else self._failures(control, after, limit, is_sensitive=True)
        )
        begin = None if after and after.is_sensitive else after
        return found + self._failures(control, begin, limit - len(found), is_sensitive=False)

    def _failures(
        self, control: str, after: FailurePlace | None, limit: int, *, is_sensitive: bool
    ) -> list[ControlFailure]:
        f = control_failure.c
        query = sa.select(control_failure).where(f.control == control, f.is_sensitive == int(is_sensitive))
        if after is not None:
            is_later = (f.source > after.source) | ((f.source == after.source) & (f.subject > after.subject))
            query = query.where(is_later)
        return [_failure(row) for row in self._c.execute(query.order_by(f.source, f.subject).limit(limit))]

    def departments(self, control: str) -> dict[str, int]:
        f = control_failure.c
        query = sa.select(f.department, sa.func.count().label("failing")).where(f.control == control)
        rows = self._c.execute(query.group_by(f.department).order_by(f.department))
        return {row.department: row.failing for row in rows}

    def failures_of(self, source: str, subject: str) -> list[ControlFailure]:
        f = control_failure.c
        query = sa.select(control_failure).where(f.source == source, f.subject == subject)
        return [_failure(row) for row in self._c.execute(query.order_by(f.control))]

    def to_open(self, controls: Collection[str], limit: int, skip: int) -> list[GroupKey]:
        f = control_failure.c
        query = (
            sa.select(f.source, f.subject)
            .where(f.asks == 1, f.control.in_(sorted(controls)))
            .group_by(f.source, f.subject)
            .order_by(
                sa.func.max(f.is_sensitive).desc(), sa.func.min(f.time_s), sa.func.min(f.since_at), f.source, f.subject
            )
            .limit(limit)
            .offset(skip)
        )  # fmt: skip
        return [GroupKey(*row) for row in self._c.execute(query)]

    # --- tickets ---------------------------------------------------------------------------------

    def opened_since(self, since: datetime) -> dict[str, int]:
        return {row.to: row.opened for row in self._c.execute(_opened(), {"since": since})}

    def has_live_tickets(self) -> bool:
        return bool(self._c.execute(_HAS_LIVE).scalar_one())

    def to_weigh(
        self, after: int, limit: int, registers: Collection[str], now: datetime, claimed_before: datetime
    ) -> list[Ticket]:
        given = {
            "after": after, "limit": limit, "registers": sorted(registers), "near": now + APART_MAX,
            "claimed_before": claimed_before,
        }  # fmt: skip
        return [ticket_from_row(row) for row in self._c.execute(_to_weigh(), given)]

    def ticket_counts(self, now: datetime) -> dict[str, TicketCounts]:
        t = ticket.c
        mine = sa.select(t.details, _is_overdue().label("is_overdue")).where(t.state.in_(_LIVE))
        live: dict[str, int] = defaultdict(int)
        overdue: dict[str, int] = defaultdict(int)
        for row in self._c.execute(mine.where(t.kind.in_(_OF_GROUPS)), {"now": now}):
            for fault in json.loads(row.details).get(FAULTS, ()):
                live[fault["control"]] += 1
                overdue[fault["control"]] += row.is_overdue
        for row in self._c.execute(mine.where(t.kind == STATEMENTS.value), {"now": now}):
            control = CONTROL_OF[Statement(json.loads(row.details)["statement"])]
            live[control] += 1
            overdue[control] += row.is_overdue
        of_kinds = dict.fromkeys(_CONTROL_OF.values(), NO_TICKETS)
        for row in self._c.execute(_live_by_kind(), {"now": now}):
            known = of_kinds[_CONTROL_OF[row.kind]]
            of_kinds[_CONTROL_OF[row.kind]] = TicketCounts(known.live + row.live, known.overdue + row.overdue)
        return {control: TicketCounts(count, overdue[control]) for control, count in live.items()} | of_kinds

    def by_tickets(self, at: datetime) -> dict[str, ControlCounts]:
        rows: dict[str, list[Any]] = {control: [] for control in _CONTROL_OF.values()}
        for row in self._c.execute(_BY_KIND):
            rows[_CONTROL_OF[row.kind]].append(row)
        return {control: _of_tickets(those, at) for control, those in rows.items()}

    # --- counts ----------------------------------------------------------------------------------

    def count(
        self, day: str, counts: Mapping[str, ControlCounts], tickets: Mapping[str, TicketCounts]
    ) -> None:
        rows = [
            (control, day, to_micros(one.at), _counts_text(one, tickets.get(control, NO_TICKETS)))
            for control, one in counts.items()
        ]
        bulk_upsert(self._c, control_day, ("control", "day", "at", "counts"), rows)

    def days(self, since: str) -> dict[str, list[ControlDay]]:
        d = control_day.c
        found: dict[str, list[ControlDay]] = defaultdict(list)
        query = sa.select(control_day).where(d.day >= since).order_by(d.control, d.day)
        for row in self._c.execute(query):
            found[row.control].append(_day(row))
        return dict(found)

    # --- first runs ------------------------------------------------------------------------------

    def started(self) -> dict[str, int | None]:
        query = sa.select(control_start.c.control, control_start.c.plan_id)
        return {row.control: row.plan_id for row in self._c.execute(query)}

    def start(self, controls: Mapping[str, int | None], now: datetime) -> None:
        rows = [(control, to_micros(now), plan) for control, plan in controls.items()]
        bulk_upsert(self._c, control_start, ("control", "started_at", "plan_id"), rows, update=False)

    def asking(self, control: str) -> list[HeldSubject]:
        f = control_failure.c
        query = sa.select(control_failure).where(f.control == control, f.asks == 1)
        rows = self._c.execute(query.order_by(f.name, f.source, f.subject))
        return [HeldSubject(row.source, row.subject, row.name, row.found, row.wanted) for row in rows]

    def allowed(self) -> set[str]:
        return set(self._c.execute(_ALLOWED).scalars())

    def refused(self) -> set[str]:
        return set(self._c.execute(_REFUSED).scalars())

    def forget_start(self, controls: Collection[str]) -> None:
        self._c.execute(sa.delete(control_start).where(control_start.c.control.in_(sorted(controls))))

    def rejected(self, keys: Collection[GroupKey]) -> set[tuple[str, GroupKey]]:
        return {
            (row.cohort_id, GroupKey(row.source, row.subject))
            for page in by_source(keys)
            for row in self._c.execute(_SAID_NO, page)
        }


def _failure(row: Any) -> ControlFailure:
    return ControlFailure(
        row.control, row.source, row.subject, row.name, CheckValue(row.value), row.found, row.wanted, row.department,
        bool(row.is_sensitive), row.time_s, bool(row.asks), row.since_at,
    )  # fmt: skip


@cache
def _opened() -> sa.Select[Any]:
    """Tickets of controls that were opened or reopened since, by assignee."""
    t = ticket.c
    since: sa.BindParameter[Any] = sa.bindparam("since")
    to = sa.func.coalesce(t.assignee_email, "").label("to")
    asked = sa.select(t.id, to).where(t.kind.in_(_ASKED))
    again = asked.where(t.reopened > 0, t.clock_from >= since, t.due_at >= since)
    # What was reopened since is due later still: state by state, an index finds it by that
    by_state = (again.where(t.state == state.value) for state in TicketState)
    both = sa.union(asked.where(t.opened_at >= since), *by_state).subquery()
    return sa.select(both.c.to, sa.func.count().label("opened")).group_by(both.c.to)


@cache
def _live_by_kind() -> sa.Select[Any]:
    t = ticket.c
    late = sa.func.sum(_is_overdue()).label("overdue")
    mine = _IS_COUNTED & t.state.in_(_LIVE)
    return sa.select(t.kind, sa.func.count().label("live"), late).where(mine).group_by(t.kind)


def _is_overdue() -> sa.Case[int]:
    """1 if it is open and its time is over. A claim waits for proof, and a blocked ticket for another one."""
    is_late = (ticket.c.state == TicketState.OPEN.value) & (ticket.c.due_at < sa.bindparam("now"))
    return sa.case((is_late, 1), else_=0)


@cache
def _to_weigh() -> sa.Select[Any]:
    t, g = ticket.c, chat_group.c
    weighed = sa.func.coalesce(t.weighed_at, t.opened_at)
    registers: sa.BindParameter[Any] = sa.bindparam("registers", expanding=True)
    register = sa.exists().where(source.c.name.in_(registers), source.c.last_success_at > weighed)
    is_old_claim = (t.state == TicketState.DONE.value) & (t.done_at <= sa.bindparam("claimed_before"))
    return (
        sa.select(ticket)
        .outerjoin(chat_group, (g.source == t.source) & (g.group_id == t.group_id))
        .where(t.state.in_(_LIVE), t.kind.in_(_WEIGHED), t.id > sa.bindparam("after"))
        .where(sa.or_(g.source.is_not(None), t.source == CENSUS_SOURCE))
        .where(
            sa.or_(
                g.read_at > weighed,
                weighed > sa.bindparam("near"),
                t.done_at > sa.bindparam("near"),
                g.is_gone == 1,
                register,
                is_old_claim,
            )
        )
        .order_by(t.id)
        .limit(sa.bindparam("limit"))
    )


def _of_tickets(rows: Sequence[Any], at: datetime) -> ControlCounts:
    """What tickets say of a control: each is a subject, proven, live or waived."""
    states, grades = Counter[TicketState](), Counter[str]()
    for row in rows:
        states[TicketState(row.state)] += row.tickets
        if row.state == TicketState.VERIFIED.value and row.grade:
            grades[row.grade] += row.tickets
    oldest = [row.oldest for row in rows if row.oldest is not None]
    return ControlCounts(
        at,
        subjects=states.total(),
        passed=states[TicketState.VERIFIED],
        failed=sum(states[state] for state in LIVE),
        waived=states[TicketState.WAIVED],
        grades=grades,
        oldest_evidence_at=min(oldest, default=None),
    )


def _counts_text(one: ControlCounts, tickets: TicketCounts) -> str:
    values: dict[str, Any] = {name: getattr(one, name) for name in _COUNTED} | {"tickets": tickets}
    values |= {"grades": dict(one.grades), "unknown_why": dict(one.unknown_why)}
    values["oldest_evidence_at"] = to_micros(one.oldest_evidence_at)
    return json.dumps(values, separators=(",", ":"))


def _day(row: Any) -> ControlDay:
    values = json.loads(row.counts)
    oldest = from_micros(values.pop("oldest_evidence_at"))
    tickets = TicketCounts(*values.pop("tickets", NO_TICKETS))
    return ControlDay(row.day, ControlCounts(at=row.at, oldest_evidence_at=oldest, **values), tickets)
