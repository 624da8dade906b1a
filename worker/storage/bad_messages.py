"""Reports of bad messages, and the public links by which people report them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.reports import BadMessage, ReportOutcome, SeenWhen, Tier
from worker.domain.kinds import REPORTED_MESSAGES
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import LIVE, Grade, Ticket, TicketState
from worker.ports.state.bad_messages import ReportCounts, ReportedPlace, ReportLink
from worker.storage.sql.counters import take_numbers
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import bad_message, report_link, ticket

_B, _L = bad_message.c, report_link.c
_LIVE = tuple(state.value for state in sorted(LIVE))
_OVER = (TicketState.WAIVED.value, TicketState.CANCELLED.value)


class SqlBadMessages:
    """The port `BadMessages` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    # --- links -----------------------------------------------------------------------------------

    def link(self, token: str) -> ReportLink | None:
        return self._link(_L.token == token)

    def link_of(self, group: GroupKey, rules_sha256: str) -> ReportLink | None:
        mine = (_L.source == group.source) & (_L.group_id == group.group_id)
        return self._link(mine & (_L.rules_sha256 == rules_sha256))

    def _link(self, which: sa.ColumnElement[bool]) -> ReportLink | None:
        query = sa.select(report_link).where(which).order_by(_L.made_at, _L.token).limit(1)
        row = self._c.execute(query).first()
        if row is None:
            return None
        return ReportLink(row.token, GroupKey(row.source, row.group_id), row.rules_sha256, row.made_at)

    def add_link(self, link: ReportLink) -> None:
        values = {
            "token": link.token,
            "source": link.group.source,
            "group_id": link.group.group_id,
            "rules_sha256": link.rules_sha256,
            "made_at": link.made_at,
        }
        self._c.execute(sa.insert(report_link).values(values))

    # --- reports ---------------------------------------------------------------------------------

    def add(self, report: BadMessage) -> BadMessage:
        new = replace(report, id=take_numbers(self._c, "bad_message"))
        values = {
            "id": new.id,
            "source": new.group.source,
            "group_id": new.group.group_id,
            "group_name": new.group_name,
            "department": new.department,
            "tier": new.tier.value,
            "about_admin": int(new.about_admin),
            "at": new.at,
            "receipt": new.receipt,
            "words": new.words,
            "seen": new.seen.value if new.seen else "",
            "once": new.once,
        }
        self._c.execute(sa.insert(bad_message).values(values))
        return new

    def under(self, report: BadMessage, ticket: int) -> None:
        self._c.execute(sa.update(bad_message).where(_B.id == report.id).values(ticket_id=ticket))

    def same(self, report: BadMessage, since: datetime) -> BadMessage | None:
        if not report.once:
            return None
        query = _reports().where(
            _B.source == report.group.source,
            _B.group_id == report.group.group_id,
            _B.at > since,
            _B.tier == report.tier.value,
            _B.about_admin == int(report.about_admin),
            _B.words == report.words,
            _B.once == report.once,
        )
        return self._first(query)

    def count_since(self, group: GroupKey, since: datetime) -> int:
        mine = (_B.source == group.source) & (_B.group_id == group.group_id)
        return self._count(mine & (_B.at >= since))

    def of_ticket(self, ticket: int, limit: int) -> list[BadMessage]:
        query = _reports().where(_B.ticket_id == ticket).order_by(_B.id.desc()).limit(limit)
        return [_report(row) for row in self._c.execute(query)]

    def count_of_ticket(self, ticket: int) -> int:
        return self._count(_B.ticket_id == ticket)

    def by_receipt(self, receipt: str) -> BadMessage | None:
        found = self._first(_reports().where(_B.receipt == receipt))
        return found and replace(found, is_among_others=self.count_of_ticket(found.ticket) > 1)

    def page(self, after: int, limit: int) -> list[BadMessage]:
        query = _reports().where(_B.id > after).order_by(_B.id).limit(limit)
        return [_report(row) for row in self._c.execute(query)]

    def _first(self, query: sa.Select[Any]) -> BadMessage | None:
        row = self._c.execute(query.order_by(_B.id).limit(1)).first()
        return _report(row) if row is not None else None

    def _count(self, which: sa.ColumnElement[bool]) -> int:
        return int(self._c.execute(sa.select(sa.func.count()).where(which)).scalar_one())

    # --- what came of them -----------------------------------------------------------------------

    def settle(self, ticket: int, outcome: ReportOutcome, words: str, now: datetime) -> None:
        values = {"outcome": outcome.value, "outcome_words": words, "outcome_at": now}
        self._c.execute(sa.update(bad_message).where(_B.ticket_id == ticket).values(values))

    def void(self, ticket: int) -> None:
        values = {"outcome": None, "outcome_words": "", "outcome_at": None}
        self._c.execute(sa.update(bad_message).where(_B.ticket_id == ticket).values(values))

    def forget_texts(self, before: datetime) -> int:
        over = sa.select(ticket.c.id).where(ticket.c.id == _B.ticket_id, ticket.c.state.in_(_OVER))
        is_over = (_B.at < before) & sa.exists(over)
        which = _B.words.is_not(None) & sa.or_(_B.outcome_at < before, is_over)
        done = self._c.execute(
            sa.update(bad_message).where(which).values(words=None, outcome_words="", once="")
        )
        return done.rowcount

    def live_tickets(self) -> list[Ticket]:
        t = ticket.c
        which = (t.kind == REPORTED_MESSAGES.value) & t.state.in_(_LIVE)
        return [
            ticket_from_row(row) for row in self._c.execute(sa.select(ticket).where(which).order_by(t.id))
        ]

    # --- counts ----------------------------------------------------------------------------------

    def counts(self) -> ReportCounts:
        is_settled = _B.outcome.is_not(None).label("is_settled")
        query = (
            sa.select(
                is_settled, ticket.c.state, ticket.c.grade, sa.func.count().label("reports"),
                sa.func.min(_B.outcome_at).label("oldest"),
            )
            .join(ticket, ticket.c.id == _B.ticket_id)
            .group_by(is_settled, ticket.c.state, ticket.c.grade)
        )  # fmt: skip
        sums, grades, oldest = Counter[str](), Counter[str](), []
        for row in self._c.execute(query):
            if row.is_settled:
                sums["settled"] += row.reports
                grades[row.grade or Grade.C.value] += row.reports
                oldest.append(row.oldest)
            else:
                sums["waived" if row.state == TicketState.WAIVED.value else "waiting"] += row.reports
        return ReportCounts(
            sums["settled"], sums["waiting"], sums["waived"], dict(grades), min(oldest, default=None)
        )

    def repeated(self) -> list[ReportedPlace]:
        n = sa.func.count().label("reports")
        groups = sa.select(sa.func.max(_B.group_name).label("name"), n).group_by(_B.source, _B.group_id)
        departments = sa.select(_B.department, n).where(_B.department != "").group_by(_B.department)
        found = [ReportedPlace(row.name, "", row.reports) for row in self._c.execute(groups.having(n > 1))]
        rows = self._c.execute(departments.having(n > 1))
        found += [ReportedPlace("", row.department, row.reports) for row in rows]
        return sorted(found, key=lambda one: (bool(one.department), -one.reports, one))


def _reports() -> sa.Select[Any]:
    t = ticket.c
    return sa.select(bad_message, t.grade).outerjoin(ticket, t.id == _B.ticket_id)


def _report(row: Any) -> BadMessage:
    return BadMessage(
        group=GroupKey(row.source, row.group_id),
        group_name=row.group_name,
        tier=Tier(row.tier),
        about_admin=bool(row.about_admin),
        at=row.at,
        receipt=row.receipt,
        words=row.words,
        seen=SeenWhen(row.seen) if row.seen else None,
        department=row.department,
        once=row.once,
        id=row.id,
        ticket=row.ticket_id,
        outcome=ReportOutcome(row.outcome) if row.outcome else None,
        outcome_at=row.outcome_at,
        outcome_words=row.outcome_words,
        grade=Grade(row.grade) if row.outcome and row.grade else None,
    )
