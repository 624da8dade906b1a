"""What machines did for tickets."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.kinds.kind import Deed
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.state.remediations import UNSETTLED, ActState, MachineAct
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import remediation, ticket, to_micros

_COLUMNS = (
    "ticket", "attempt", "rule", "deed", "source", "group_id", "handle", "state", "begun_at", "said",
)  # fmt: skip
_UNSETTLED = tuple(state.value for state in UNSETTLED)
_WITHOUT_EFFECT = (ActState.NOT_DONE.value, ActState.OVER.value)


class SqlRemediations:
    """The port `Remediations` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def put(self, act: MachineAct) -> None:
        row = (
            act.ticket, act.attempt, act.rule, act.deed.value, *act.group, act.handle, act.state.value,
            to_micros(act.begun_at), act.said,
        )  # fmt: skip
        bulk_upsert(self._c, remediation, _COLUMNS, [row])

    def unsettled(self) -> list[MachineAct]:
        r = remediation.c
        return self._acts(r.state.in_(_UNSETTLED), r.begun_at, r.ticket)

    def of_ticket(self, number: int) -> list[MachineAct]:
        return self._acts(remediation.c.ticket == number, remediation.c.attempt)

    def _acts(self, which: sa.ColumnElement[bool], *order: Any) -> list[MachineAct]:
        return [
            MachineAct(
                row.ticket, row.attempt, row.rule, Deed(row.deed), GroupKey(row.source, row.group_id), row.handle,
                ActState(row.state), row.begun_at, row.said,
            )
            for row in self._c.execute(sa.select(remediation).where(which).order_by(*order))
        ]  # fmt: skip

    def count(self, rule: str, since: datetime) -> int:
        r = remediation.c
        counts = (r.rule == rule) & (r.begun_at > since) & r.state.not_in(_WITHOUT_EFFECT)
        return int(self._c.execute(sa.select(sa.func.count()).where(counts)).scalar_one())

    def waiting(
        self, kinds: Collection[TicketKind], sources: Collection[str], after: int, limit: int
    ) -> list[Ticket]:
        t, r = ticket.c, remediation.c
        is_had = sa.exists().where(r.ticket == t.id, r.state.in_((*_UNSETTLED, ActState.REFUSED.value)))
        wanted = sa.and_(
            t.state == TicketState.OPEN.value, t.kind.in_(sorted(kinds)), t.source.in_(sorted(sources)), t.id > after,
            ~is_had,
        )  # fmt: skip
        query = sa.select(ticket).where(wanted).order_by(t.id).limit(limit)
        return [ticket_from_row(row) for row in self._c.execute(query)]
