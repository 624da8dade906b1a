"""Find what the rules of retention may forget, for the nightly pass: accounts, and what people said of policies."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.controls.statements import Statement
from worker.domain.model import AccountKey, Evidence, Standing
from worker.domain.tickets.ticket import LIVE
from worker.storage.episodes import is_undecided
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.tables import (
    attestation,
    attestation_person,
    cohort_person,
    link,
    membership,
    person,
    ticket,
)

_GONE = (Evidence.DELETED.value, Evidence.ABSENT_CONFIRMED.value)
_DELETED = (
    '%"is_deleted":true%'  # as `mapping.facts_to_json` writes it; a quote within a text is escaped there
)
_LIVE = tuple(state.value for state in sorted(LIVE))


def erasable(before: datetime, after: AccountKey | None, limit: int) -> sa.Select[Any]:
    """Query for (source, person_id) of accounts that may be forgotten; the person's others are judged later."""
    p, t = person.c, ticket.c
    in_group = sa.exists().where(
        link.c.person_source == p.source, link.c.person_id == p.person_id,
        membership.c.source == link.c.source, membership.c.handle == link.c.handle,
    )  # fmt: skip
    has_work = sa.exists().where(t.person_source == p.source, t.person_id == p.person_id, t.state.in_(_LIVE))
    is_held = sa.exists().where(
        cohort_person.c.source == p.source, cohort_person.c.person_id == p.person_id,
        is_undecided(cohort_person.c.plan_id),
    )  # fmt: skip
    is_gone = p.evidence.in_(_GONE) | p.facts.like(_DELETED)
    query = (
        sa.select(p.source, p.person_id)
        .where(p.standing == Standing.LEFT.value, p.at < before, is_gone, ~in_group, ~has_work, ~is_held)
        .order_by(p.source, p.person_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(sa.tuple_(p.source, p.person_id) > sa.tuple_(*map(sa.literal, after)))
    return query


def leavers_with_statements(
    policy: str, before: datetime, after: AccountKey | None, limit: int
) -> sa.Select[Any]:
    """Query for (source, person_id) of accounts that left before then and said something of a policy."""
    p, ap, a = person.c, attestation_person.c, attestation.c
    said = sa.exists().where(
        ap.person_source == p.source, ap.person_id == p.person_id, a.id == ap.attestation_id,
        a.statement == Statement.POLICY.value, a.subject == policy,
    )  # fmt: skip
    query = (
        sa.select(p.source, p.person_id)
        .where(p.standing == Standing.LEFT.value, p.at < before, said)
        .order_by(p.source, p.person_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(sa.tuple_(p.source, p.person_id) > sa.tuple_(*map(sa.literal, after)))
    return query


def delete_statements(connection: sa.Connection, policy: str, people: Collection[AccountKey]) -> int:
    """Delete what these accounts said of a policy; return how much."""
    ap, a = attestation_person.c, attestation.c
    theirs = sa.select(ap.attestation_id).where(among(ap.person_source, ap.person_id, sorted(people)))
    of_policy = (a.statement == Statement.POLICY.value) & (a.subject == policy)
    ids = connection.execute(sa.select(a.id).where(of_policy, a.id.in_(theirs))).scalars().all()
    for chunk in chunked(ids):
        connection.execute(sa.delete(attestation_person).where(ap.attestation_id.in_(chunk)))
        connection.execute(sa.delete(attestation).where(a.id.in_(chunk)))
    return len(ids)
