"""Whose private number a group is about to be shown: found group by group, noted for the run of the controls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.consent import Numbers
from worker.domain.controls.statements import AttestAnswer, Statement, StatementRule
from worker.domain.kinds import STATEMENTS
from worker.domain.messengers import MESSENGERS
from worker.domain.model import AccountKey, Coverage, GroupKey, Standing
from worker.domain.people.persons import AccountsRule, Person
from worker.domain.tickets.ticket import LIVE, Ticket
from worker.ports.state.consents import GroupsToShow
from worker.ports.state.groups import Expectation
from worker.storage.cases import group_views
from worker.storage.dirty import queue_people
from worker.storage.persons import humans_behind, people_of
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import ticket_from_row
from worker.storage.sql.tables import (
    attestation,
    attestation_person,
    chat_group,
    consent_subject,
    expected,
    link,
    membership,
    ticket,
    to_micros,
)
from worker.storage.statements import in_groups_of, is_governed, is_newest

_A, _AP, _G, _X, _T = attestation.c, attestation_person.c, chat_group.c, expected.c, ticket.c
_BY_NUMBER = tuple(sorted(name for name, one in MESSENGERS.items() if one.is_by_number))
_IS_OURS = (_T.kind == STATEMENTS.value) & (_T.episode == Statement.CONSENT.value)
_IS_ASKING = _IS_OURS & _T.state.in_([state.value for state in sorted(LIVE)])
_IS_CONSENT = (_A.statement == Statement.CONSENT.value) & _A.voided_at.is_(None)


class SqlConsents:
    """The port `Consents` within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    def groups(
        self, rule: StatementRule, after: GroupKey | None, limit: int, *, is_everywhere: bool
    ) -> GroupsToShow:
        query = _groups(rule, is_everywhere=is_everywhere).limit(limit)
        if after is not None:
            query = query.where(sa.tuple_(_G.source, _G.group_id) > sa.tuple_(*map(sa.literal, after)))
        keys = [GroupKey(*row) for row in self._c.execute(query)]
        return GroupsToShow(keys[-1] if keys else None, group_views(self._c, keys, self._rule))

    def asked(self) -> set[AccountKey]:
        query = sa.select(_T.person_source, _T.person_id).where(_IS_ASKING)
        return {AccountKey(*row) for row in self._c.execute(query)}

    def tickets(self, people: Collection[AccountKey]) -> list[Ticket]:
        found: list[Ticket] = []
        for chunk in chunked(sorted(people)):
            mine = among(_T.person_source, _T.person_id, chunk)
            query = sa.select(ticket).where(mine, _IS_OURS).order_by(_T.id)
            found += map(ticket_from_row, self._c.execute(query))
        return found

    def answered(self, after: AccountKey | None, limit: int) -> list[AccountKey]:
        query = (
            sa.select(_AP.person_source, _AP.person_id)
            .distinct()
            .join(attestation, _A.id == _AP.attestation_id)
            .where(_IS_CONSENT)
            .order_by(_AP.person_source, _AP.person_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(
                sa.tuple_(_AP.person_source, _AP.person_id) > sa.tuple_(*map(sa.literal, after))
            )
        return [AccountKey(*row) for row in self._c.execute(query)]

    def people(self, keys: list[AccountKey]) -> list[Person]:
        humans = humans_behind(self._c, people_of(self._c, keys), self._rule).values()
        here = (one for one in humans if one.person.standing is not Standing.LEFT)
        return list({one.person.key: one for one in here}.values())

    def note(self, found: Mapping[AccountKey, Numbers], now: datetime) -> None:
        rows = [(*key, numbers.value, to_micros(now)) for key, numbers in sorted(found.items())]
        bulk_upsert(self._c, consent_subject, ("person_source", "person_id", "numbers", "seen_at"), rows)

    def forget_before(self, now: datetime) -> None:
        self._c.execute(sa.delete(consent_subject).where(consent_subject.c.seen_at < now))

    def mark_withdrawn_dirty(self, now: datetime) -> None:
        query = (
            sa.select(_AP.person_source, _AP.person_id)
            .distinct()
            .join(attestation, _A.id == _AP.attestation_id)
            .where(_IS_CONSENT, _A.answer == AttestAnswer.DECLINED.value, is_newest())
        )
        self.mark_dirty([AccountKey(*row) for row in self._c.execute(query)], now)

    def mark_dirty(self, people: Collection[AccountKey], now: datetime) -> None:
        queue_people(self._c, people, now)


def _groups(rule: StatementRule, *, is_everywhere: bool) -> sa.Select[Any]:
    m = membership.c
    present = (
        sa.exists()
        .where(m.source == _X.source, m.group_id == _X.group_id)
        .where(link.c.source == m.source, link.c.handle == m.handle)
        .where(link.c.person_source == _X.person_source, link.c.person_id == _X.person_id)
    )
    asked = sa.exists().where(_IS_ASKING, _T.person_source == _X.person_source, _T.person_id == _X.person_id)
    matters = sa.exists().where(
        _X.source == _G.source, _X.group_id == _G.group_id, _X.state == Expectation.DUE.value,
        sa.or_(~present, asked),
    )  # fmt: skip
    return (
        sa.select(_G.source, _G.group_id)
        .where(
            is_governed(), _G.coverage == Coverage.FULL.value, sa.func.lower(_G.messenger).in_(_BY_NUMBER), matters,
            sa.true() if is_everywhere else in_groups_of(rule, _G.source, _G.group_id),
        )
        .order_by(_G.source, _G.group_id)
    )  # fmt: skip
