"""People who have left and were still in a group, over time: from tickets, and from memberships without one.

removals, by group and leaving -> one stay each -----------------> those with a ticket
memberships of leavers without a live ticket -> one a group -----> the others

The first are many, and are read as they are needed; the others are few unless a plan is held.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.exposed_hours import Stay
from worker.domain.model import ENDS_WITH_A_DAY, AccountKey, Evidence, GroupKey, Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import LIVE, Grade, TicketState
from worker.storage.exposure import REMOVALS, unticketed
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import person, ticket

ROWS = 2000  # that the database hands over at a time
_EXPOSING = (*(state.value for state in sorted(LIVE)), TicketState.VERIFIED.value)


class SqlStays:
    """The port `Stays` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def between(self, from_at: datetime, to_at: datetime) -> Iterator[Stay]:
        without = {
            (one.group, account.key): one
            for one in unticketed(self._c, self._rule)
            if not one.is_followed and one.left_at < to_at
            for account in one.human.accounts
        }
        for stay in self._with_ticket(from_at, to_at):
            one = without.get((stay.group, stay.person))
            if one is None or not (stay.ended_at is None or one.left_at == stay.left_at):
                yield stay
                continue
            # The same leaving and group: under another handle, or the person is back
            for account in one.human.accounts:
                without.pop((one.group, account.key), None)
            yield replace(stay, ended_at=None, is_claimed=False)
        for one in {(one.group, one.human.person.key): one for one in without.values()}.values():
            speaks = one.human.person
            yield Stay(
                speaks.key, one.group, (speaks.facts.department or "").strip(), one.messenger, one.left_at,
                is_sensitive=None, is_first_sight=_is_first_sight(speaks.evidence),
            )  # fmt: skip

    def _with_ticket(self, from_at: datetime, to_at: datetime) -> Iterator[Stay]:
        rows = self._c.execution_options(yield_per=ROWS).execute(_tickets(self._c, from_at, to_at))
        for (source, group_id, *who, _), those in groupby(rows, key=lambda row: tuple(row[:5])):
            yield _stay(AccountKey(*who), GroupKey(source, group_id), list(those))

    def department_sizes(self, names: Collection[str]) -> dict[str, int]:
        department = _department(self._c)
        found: dict[str, int] = {}
        for part in chunked(sorted(names)):
            query = (
                sa.select(department, sa.func.count())
                .where(person.c.is_out_of_scope == 0, person.c.standing != Standing.LEFT.value)
                .where(department.in_(part))
                .group_by(department)
            )
            found.update((name, count) for name, count in self._c.execute(query))
        return found


def _tickets(connection: sa.Connection, from_at: datetime, to_at: datetime) -> sa.Select[Any]:
    t, p = ticket.c, person.c
    return (
        sa.select(
            t.source, t.group_id, t.person_source, t.person_id, t.episode, t.messenger, t.is_sensitive, t.left_at,
            t.opened_at, t.evidence, t.state, t.grade, t.done_at, t.verified_at,
            _department(connection).label("department"),
        )
        .outerjoin(person, (p.source == t.person_source) & (p.person_id == t.person_id))
        .where(
            t.kind.in_(REMOVALS), t.evidence.is_not(None), t.state.in_(_EXPOSING),
            sa.func.coalesce(t.left_at, t.opened_at) < to_at,
            sa.or_(t.verified_at.is_(None), t.verified_at >= from_at),
        )
        .order_by(t.source, t.group_id, t.person_source, t.person_id, t.episode, t.id)
    )  # fmt: skip


def _department(connection: sa.Connection) -> sa.ColumnElement[Any]:
    """The department in an account's facts; null where there is none."""
    facts = person.c.facts
    text = (
        sa.func.json_extract(facts, "$.department")
        if connection.dialect.name == "sqlite"
        else sa.func.json_extract_path_text(sa.cast(facts, sa.JSON), "department")
    )
    return sa.func.trim(text, type_=sa.Text)


def _stay(who: AccountKey, group: GroupKey, rows: list[Any]) -> Stay:
    """One leaving and one group; several rows are several handles of the person, or a creator and then a member."""
    ends = [_end(row) for row in rows]
    lasts = any(at is None for at, _ in ends)
    ended_at, is_claimed = (None, False) if lasts else max(ends)
    first = min(rows, key=lambda row: row.left_at or row.opened_at)
    return Stay(
        who, group, first.department or "", first.messenger, first.left_at or first.opened_at,
        is_sensitive=any(row.is_sensitive for row in rows),
        is_first_sight=first.left_at is None or _is_first_sight(Evidence(first.evidence)),
        ended_at=ended_at, is_claimed=is_claimed,
    )  # fmt: skip


def _end(row: Any) -> tuple[Any, bool]:
    """When a membership ended, and whether that is only somebody's word."""
    if row.state == TicketState.VERIFIED.value:
        return row.verified_at, row.grade == Grade.C.value
    return (row.done_at, True) if row.state == TicketState.DONE.value else (None, False)


def _is_first_sight(evidence: Evidence | None) -> bool:
    """Whether the directory gives no instant of such a leaving."""
    return evidence not in ENDS_WITH_A_DAY
