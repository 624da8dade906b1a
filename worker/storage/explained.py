"""Rows that the journal should explain, and the journal's events, for comparing both."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any, TypeVar

import sqlalchemy as sa

from worker.domain.controls.seals import CustodyLine, Seal, seal_label
from worker.domain.evidence import events
from worker.domain.evidence.actor import SYSTEM
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Sealed
from worker.domain.identity.matching import How, IdentityState
from worker.domain.model import AccountKey, HandleKey
from worker.domain.reconcile.guard import HoldState, plan_label
from worker.domain.tickets.ticket import ticket_label
from worker.ports.state.access import Shown
from worker.ports.state.episodes import Gate
from worker.ports.state.explained import (
    Admission,
    AnsweredLink,
    CohortWord,
    StoredTicket,
    StoredToken,
    Unreadable,
)
from worker.storage.access import shown_from_row, token_from_row
from worker.storage.journal import sealed_from_row
from worker.storage.persons import is_of_its_kind
from worker.storage.seals import custody_from_row, seal_from_row
from worker.storage.sql.chunks import chunked
from worker.storage.sql.mapping import ticket_from_row, ticket_values
from worker.storage.sql.tables import (
    Instant,
    api_token,
    approval,
    cohort,
    cohort_person,
    desk_session,
    episode,
    from_micros,
    journal,
    link,
    login_link,
    objection,
    seal,
    seal_custody,
    shown_link,
    ticket,
)

_T = TypeVar("_T")


class SqlExplained:
    """The port `Explained` within one transaction."""

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
        # Each kind by itself, in the order of its index: all of several would be sorted for each page
        query = sa.select(journal).where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
        pages = [self._c.execute(query.where(journal.c.kind == kind)) for kind in events.all_spellings(kinds)]
        rows = sorted(chain.from_iterable(pages), key=lambda row: row.seq)
        return [sealed_from_row(row) for row in rows[:limit]]

    def events_at(self, kinds: Collection[str], instants: Collection[datetime]) -> list[Sealed]:
        found: list[Sealed] = []
        for chunk in chunked(sorted(set(instants))):
            query = sa.select(journal).where(
                journal.c.at.in_(chunk), journal.c.kind.in_(events.all_spellings(kinds))
            )
            found += self._events(query)
        return found

    def _events(self, query: sa.Select[Any]) -> list[Sealed]:
        return [sealed_from_row(row) for row in self._c.execute(query.order_by(journal.c.seq))]

    # --- rows ------------------------------------------------------------------------------------

    def missing_tickets(self, numbers: Collection[int]) -> set[int]:
        return self._missing(ticket.c.id, numbers)

    def missing_seals(self, numbers: Collection[int]) -> set[int]:
        return self._missing(seal.c.id, numbers)

    def _missing(self, column: sa.Column[int], numbers: Collection[int]) -> set[int]:
        missing = set(numbers)
        for chunk in chunked(sorted(numbers)):
            missing -= set(self._c.execute(sa.select(column).where(column.in_(chunk))).scalars())
        return missing

    def tickets(self, after: int, limit: int) -> list[StoredTicket | Unreadable]:
        query = sa.select(ticket).where(ticket.c.id > after).order_by(ticket.c.id).limit(limit)
        return self._read(ticket, query, _ticket, lambda row: (row.id, ticket_label(row.id)))

    def seals(self, after: int, limit: int) -> list[Seal | Unreadable]:
        query = sa.select(seal).where(seal.c.id > after).order_by(seal.c.id).limit(limit)
        found = self._read(seal, query, seal_from_row, lambda row: (row.id, seal_label(row.id)))
        custody = self._custody([one.id for one in found if isinstance(one, Seal)])
        return [replace(one, custody=custody[one.id]) if isinstance(one, Seal) else one for one in found]

    def _custody(self, seals: Collection[int]) -> dict[int, tuple[CustodyLine, ...]]:
        """The hand-overs that can be read, by seal. One that can't be is missing, which the journal shows."""
        k, found = seal_custody.c, defaultdict[int, tuple[CustodyLine, ...]](tuple)
        for chunk in chunked(sorted(seals)):
            query = sa.select(seal_custody).where(k.seal_id.in_(chunk)).order_by(k.seal_id, k.number)
            lines = self._read(seal_custody, query, _line, lambda row: (row.number, seal_label(row.seal_id)))
            for one in lines:
                if not isinstance(one, Unreadable):
                    found[one[0]] += (one[1],)
        return found

    def answers(self, after: HandleKey | None, limit: int) -> list[AnsweredLink | Unreadable]:
        is_linked = (link.c.state == IdentityState.LINKED.value) & (link.c.how == How.CONFIRMED.value)
        query = sa.select(link).where(sa.or_(is_linked, link.c.state == IdentityState.NOBODY.value))
        if after is not None:
            query = query.where(sa.tuple_(link.c.source, link.c.handle) > sa.tuple_(*map(sa.literal, after)))
        query = query.order_by(link.c.source, link.c.handle).limit(limit)
        return self._read(link, query, _answer, lambda row: (_handle(row), "/".join(_handle(row))))

    def cohorts(self) -> list[CohortWord | Unreadable]:
        return [
            *self._words(cohort, _standing),
            *self._words(approval, partial(_word, HoldState.RELEASED)),
            *self._words(objection, partial(_word, HoldState.REJECTED)),
        ]

    def _words(self, table: sa.Table, make: Callable[[Any], CohortWord]) -> list[CohortWord | Unreadable]:
        query = sa.select(table).order_by(table.c.plan_id, table.c.cohort_id)
        return self._read(
            table, query, make, lambda row: (row.plan_id, f"{plan_label(row.plan_id)} {row.cohort_id}")
        )

    def plans_past_their_gate(self) -> Sequence[int]:
        e, p, c, later = episode.c, cohort_person.c, cohort.c, cohort_person.alias("later").c
        was_held_again = sa.exists().where(
            later.source == p.source,
            later.person_id == p.person_id,
            later.at == p.at,
            is_of_its_kind(later, e),
            later.plan_id > p.plan_id,
        )
        against = sa.or_(
            (c.state == HoldState.HELD.value) & e.gate.in_((Gate.PASSED.value, Gate.REJECTED.value)),
            (c.state == HoldState.REJECTED.value)
            & c.decided_by.is_distinct_from(SYSTEM.name)  # it ended by itself, as everybody in it was back
            & (e.gate == Gate.PASSED.value),
            (c.state == HoldState.RELEASED.value) & (e.gate == Gate.REJECTED.value),
        )
        query = (
            sa.select(c.plan_id)
            .distinct()
            .join(cohort_person, (p.plan_id == c.plan_id) & (p.cohort_id == c.cohort_id))
            .join(episode, (e.source == p.source) & (e.person_id == p.person_id) & (e.at == p.at))
            .where(is_of_its_kind(p, e))
            .where(against, ~was_held_again)  # the last plan about a leaving decides of it
            .order_by(c.plan_id)
        )
        return list(self._c.execute(query).scalars())

    def shown_links(self) -> list[Shown | Unreadable]:
        query = sa.select(shown_link).order_by(shown_link.c.at, shown_link.c.email)
        return self._read(
            shown_link, query, shown_from_row, lambda row: (row.email, f"shown link of {row.name}")
        )

    def tokens(self) -> list[StoredToken | Unreadable]:
        query = sa.select(api_token).order_by(api_token.c.id)
        return self._read(api_token, query, _token, lambda row: (row.id, f"token {row.id}"))

    def login_links(self) -> list[Admission | Unreadable]:
        query = sa.select(login_link).order_by(login_link.c.expires_at, login_link.c.id)
        return self._read(login_link, query, _login_link, lambda row: (row.id, f"login link of {row.name}"))

    def sessions(self) -> list[Admission | Unreadable]:
        query = sa.select(desk_session).order_by(desk_session.c.created_at, desk_session.c.id)
        return self._read(desk_session, query, _session, lambda row: (row.id, f"session of {row.name}"))

    def _read(
        self,
        table: sa.Table,
        query: sa.Select[Any],
        make: Callable[[Any], _T],
        name: Callable[[Any], tuple[Any, str]],
    ) -> list[_T | Unreadable]:
        """Read the rows one by one, since SQLite accepts any value in any column."""
        columns = [
            sa.type_coerce(c, sa.BigInteger).label(c.name) if c.name in _instants(table) else c
            for c in table.c
        ]
        return [_made(row, table, make, name) for row in self._c.execute(query.with_only_columns(*columns))]


def _made(
    row: sa.Row[Any], table: sa.Table, make: Callable[[Any], _T], name: Callable[[Any], tuple[Any, str]]
) -> _T | Unreadable:
    try:
        instants = {column: from_micros(getattr(row, column)) for column in _instants(table)}
        return make(SimpleNamespace(**row._asdict() | instants))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return Unreadable(*name(row), f"its row can't be read ({type(error).__name__}: {error})")


def _instants(table: sa.Table) -> set[str]:
    return {column.name for column in table.c if isinstance(column.type, Instant)}


def _ticket(row: Any) -> StoredTicket:
    one = ticket_from_row(row)
    ticket_facts(one)  # raises for values that our tickets never have
    values = ticket_values(one)
    odd = [name for name in _DERIVED if getattr(row, name) != values[name]]
    return StoredTicket(
        one, "; ".join(f"{name} is {getattr(row, name)}, and by its row {values[name]}" for name in odd)
    )


_DERIVED = ("key_group", "assignee_email")


def _line(row: Any) -> tuple[int, CustodyLine]:
    return row.seal_id, custody_from_row(row)


def _answer(row: Any) -> AnsweredLink:
    person = AccountKey(row.person_source, row.person_id) if row.person_source else None
    return AnsweredLink(_handle(row), person, row.decided_at, row.decided_by)


def _handle(row: Any) -> HandleKey:
    return HandleKey(row.source, row.handle)


def _standing(row: Any) -> CohortWord:
    return CohortWord(row.plan_id, row.cohort_id, HoldState(row.state), row.decided_by, row.decided_at)


def _word(state: HoldState, row: Any) -> CohortWord:
    return CohortWord(row.plan_id, row.cohort_id, state, row.by, row.at, is_word=True, by_id=row.subject)


def _token(row: Any) -> StoredToken:
    return StoredToken(token_from_row(row), row.hash)


def _login_link(row: Any) -> Admission:
    return Admission(row.name, _roles(row), row.expires_at, row.subject, row.id, by=row.created_by)


def _session(row: Any) -> Admission:
    return Admission(row.name, _roles(row), row.expires_at, row.subject, row.id, row.created_at)


def _roles(row: Any) -> tuple[str, ...]:
    return tuple(json.loads(row.roles))
