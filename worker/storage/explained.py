"""Rows that the journal should explain, and its events, as a comparison of both reads them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.evidence import events
from worker.domain.evidence.journal import Sealed
from worker.domain.identity.matching import How, IdentityState
from worker.domain.model import AccountKey, HandleKey
from worker.domain.reconcile.guard import HoldState
from worker.ports.state.episodes import Gate
from worker.ports.state.explained import Admission, AnsweredLink, CohortWord
from worker.storage.journal import sealed_from_row
from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import (
    approval,
    cohort,
    cohort_person,
    desk_session,
    episode,
    journal,
    link,
    login_link,
    objection,
    ticket,
)


def _spelled(kinds: Collection[str]) -> list[str]:
    return sorted({each for kind in kinds for each in events.spellings(kind)})


class SqlExplained:
    """`ports.explained.Explained` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    # --- events ----------------------------------------------------------------------------------

    def events_of(self, subjects: Collection[str]) -> dict[str, list[Sealed]]:
        found: dict[str, list[Sealed]] = defaultdict(list)
        for chunk in chunked(sorted(subjects)):
            for one in self._events(sa.select(journal).where(journal.c.subject.in_(chunk))):
                found[one.entry.subject].append(one)
        return found

    def events(self, kinds: Collection[str], after: int, limit: int) -> list[Sealed]:
        query = sa.select(journal).where(journal.c.kind.in_(_spelled(kinds)), journal.c.seq > after)
        return self._events(query.limit(limit))

    def events_at(self, kinds: Collection[str], instants: Collection[datetime]) -> list[Sealed]:
        found: list[Sealed] = []
        for chunk in chunked(sorted(set(instants))):
            query = sa.select(journal).where(journal.c.at.in_(chunk), journal.c.kind.in_(_spelled(kinds)))
            found += self._events(query)
        return found

    def _events(self, query: sa.Select[Any]) -> list[Sealed]:
        return [sealed_from_row(row) for row in self._c.execute(query.order_by(journal.c.seq))]

    # --- rows ------------------------------------------------------------------------------------

    def missing_tickets(self, numbers: Collection[int]) -> set[int]:
        missing = set(numbers)
        for chunk in chunked(sorted(numbers)):
            missing -= set(self._c.execute(sa.select(ticket.c.id).where(ticket.c.id.in_(chunk))).scalars())
        return missing

    def answers(self, after: HandleKey | None, limit: int) -> list[AnsweredLink]:
        is_linked = (link.c.state == IdentityState.LINKED.value) & (link.c.how == How.CONFIRMED.value)
        query = sa.select(link).where(sa.or_(is_linked, link.c.state == IdentityState.NOBODY.value))
        if after is not None:
            query = query.where(sa.tuple_(link.c.source, link.c.handle) > sa.tuple_(*map(sa.literal, after)))
        rows = self._c.execute(query.order_by(link.c.source, link.c.handle).limit(limit))
        return [
            AnsweredLink(
                HandleKey(row.source, row.handle),
                AccountKey(row.person_source, row.person_id) if row.person_source else None,
                row.decided_at,
                row.decided_by,
            )
            for row in rows
        ]

    def cohorts(self) -> list[CohortWord]:
        states = self._c.execute(sa.select(cohort).order_by(cohort.c.plan_id, cohort.c.cohort_id))
        return [
            *(CohortWord(row.plan_id, row.cohort_id, HoldState(row.state), row.decided_by, row.decided_at)
              for row in states),
            *(CohortWord(row.plan_id, row.cohort_id, state, row.by, row.at, is_word=True, by_id=row.subject)
              for state, words in ((HoldState.RELEASED, approval), (HoldState.REJECTED, objection))
              for row in self._c.execute(sa.select(words).order_by(words.c.plan_id, words.c.cohort_id))),
        ]  # fmt: skip

    def plans_past_their_gate(self) -> Sequence[int]:
        e, p, c = episode.c, cohort_person.c, cohort.c
        against = sa.or_(
            (c.state == HoldState.HELD.value) & e.gate.in_((Gate.PASSED.value, Gate.REJECTED.value)),
            (c.state == HoldState.REJECTED.value) & (e.gate == Gate.PASSED.value),
            (c.state == HoldState.RELEASED.value) & (e.gate == Gate.REJECTED.value),
        )
        query = (
            sa.select(c.plan_id)
            .distinct()
            .join(cohort_person, (p.plan_id == c.plan_id) & (p.cohort_id == c.cohort_id))
            .join(episode, (e.source == p.source) & (e.person_id == p.person_id) & (e.at == p.at))
            .where(against)
            .order_by(c.plan_id)
        )
        return list(self._c.execute(query).scalars())

    def login_links(self) -> list[Admission]:
        rows = self._c.execute(sa.select(login_link).order_by(login_link.c.expires_at, login_link.c.id))
        return [Admission(row.name, tuple(json.loads(row.roles)), row.expires_at) for row in rows]

    def sessions(self) -> list[Admission]:
        rows = self._c.execute(sa.select(desk_session).order_by(desk_session.c.created_at, desk_session.c.id))
        return [Admission(row.name, tuple(json.loads(row.roles)), row.created_at) for row in rows]
