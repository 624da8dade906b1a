"""Removals over time: who left, what was opened and proved in each span between instants, and how long proofs took."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from worker.domain.kinds import codes
from worker.domain.tickets.ticket import LIVE, TicketState
from worker.ports.state.overview import Week
from worker.storage.sql.tables import EPOCH, ticket, to_micros

_REMOVALS = codes(lambda kind: kind.is_exposure)
_EXPOSING = (*(state.value for state in sorted(LIVE)), TicketState.VERIFIED.value)
_NO_EXPOSURE = (TicketState.CANCELLED.value,)
TICK = timedelta(microseconds=1)
# An expression, so that SQLite doesn't use an index on the kind, which nearly all tickets share
_KIND = ticket.c.kind.concat("")
_STATE = ticket.c.state.concat("")


def changes(connection: sa.Connection, ends: Sequence[datetime]) -> list[tuple[int, int]]:
    """For each span between two of these: how many tickets' people left, and how many tickets were verified."""
    if not ends[1:]:
        return []
    spans = _spans(ends)
    query = (
        sa.select(_count_within(ticket.c.left_at, spans), _count_within(ticket.c.verified_at, spans))
        .select_from(spans)
        .order_by(spans.c.low)
    )
    return [(left, verified) for left, verified in connection.execute(query)]


def weeks_of(connection: sa.Connection, starts: Sequence[datetime], now: datetime) -> list[Week]:
    """As the port `Overview.weeks` says."""
    proofs = _proofs(connection, starts[0])
    begins = [bisect_left(proofs, (one - EPOCH) // TICK, key=itemgetter(0)) for one in starts]
    # Ranking them here takes half as long as in the database
    took = [sorted(micros for _, micros in proofs[low:high]) for low, high in pairwise([*begins, None])]
    opened = _opened(connection, [*starts, now + TICK])
    return [_week(*week) for week in zip(starts, opened, took, strict=True)]


def _proofs(connection: sa.Connection, since: datetime) -> Sequence[sa.Row[int, int]]:
    """When each removal was verified, and how long after the leaving, in microseconds; the first proof first."""
    t = ticket.c
    verified, left = (
        sa.type_coerce(t.verified_at, sa.BigInteger),
        sa.func.coalesce(t.left_at, t.opened_at),
    )
    query = sa.select(verified, verified - sa.type_coerce(left, sa.BigInteger))
    these = query.where(t.verified_at >= since, *was_exposure())
    return connection.execute(these.order_by(t.verified_at)).all()


def _opened(connection: sa.Connection, bounds: Sequence[datetime]) -> list[int]:
    """How many removals were opened in each span between two of these."""
    spans, at = _spans(bounds), sa.type_coerce(ticket.c.opened_at, sa.BigInteger)
    count = sa.select(sa.func.count()).where(at >= spans.c.low, at < spans.c.high, *was_exposure())
    query = sa.select(count.correlate(spans).scalar_subquery()).select_from(spans).order_by(spans.c.low)
    return list(connection.execute(query).scalars())


def was_exposure() -> tuple[sa.ColumnElement[bool], ...]:
    """That a ticket is about a leaver in a group, and was not cancelled."""
    return _KIND.in_(_REMOVALS), ticket.c.evidence.is_not(None), ticket.c.state.not_in(_NO_EXPOSURE)


def _count_within(column: Any, spans: sa.CTE) -> sa.ColumnElement[int]:
    at = sa.type_coerce(column, sa.BigInteger)
    count = sa.select(sa.func.count()).where(at > spans.c.low, at <= spans.c.high, _KIND.in_(_REMOVALS))
    # Not of a member whom a review or their own word sends away
    is_of_leaver = ticket.c.evidence.is_not(None)
    return count.where(_STATE.in_(_EXPOSING), is_of_leaver).correlate(spans).scalar_subquery()


def _spans(bounds: Sequence[datetime]) -> sa.CTE:
    """A row for each span between two of these instants.

    As text: a parameter for each takes longer to prepare than the query to run.
    """
    rows = ", ".join(f"({to_micros(one)}, {to_micros(other)})" for one, other in pairwise(bounds))
    query = sa.text(f"SELECT column1 AS low, column2 AS high FROM (VALUES {rows}) AS bounds")  # noqa: S608  numbers
    return query.columns(low=sa.BigInteger, high=sa.BigInteger).cte("spans")


def _week(starts_at: datetime, opened: int, took: Sequence[int]) -> Week:
    """One week. Half of its proofs took no longer than the median, and nine in ten no longer than the p90."""
    if not took:
        return Week(starts_at, opened)
    last = len(took) - 1
    return Week(starts_at, opened, len(took), took[last // 2] * TICK, took[last * 9 // 10] * TICK)
