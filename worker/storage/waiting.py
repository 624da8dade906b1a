"""The statements about episodes at the guard's gate: who waits, who was let through lately, and among how many."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.domain.reconcile.guard import HoldState
from worker.ports import Port
from worker.ports.state.episodes import Gate
from worker.storage.persons import PERSON_COLUMNS, is_joining, is_of_its_kind
from worker.storage.sql.chunks import in_source
from worker.storage.sql.tables import (
    cohort,
    cohort_person,
    episode,
    held_plan,
    link,
    membership,
    person,
    person_key,
)
from worker.storage.sql.tables import source as source_table


@cache
def departures() -> sa.Select[Any]:
    """The episodes that wait, but for those of accounts that came as left."""
    return _waiting().where(episode.c.gate == Gate.NEW.value)


@cache
def early_departures(*, in_several: bool) -> sa.Select[Any]:
    """Those of accounts that came as left, of people in a group. `in_several`: there are several directories."""
    return _waiting().where(episode.c.gate == Gate.INITIAL.value, _is_in_a_group(in_several=in_several))


def _waiting() -> sa.Select[Any]:
    e, p = episode.c, person.c
    return (
        sa.select(episode, p.display_name, p.unit, *PERSON_COLUMNS)
        .join(person, (p.source == e.source) & (p.person_id == e.person_id))
        .order_by(e.source, e.kind, e.person_id, e.at)
    )


@cache
def early() -> sa.Select[Any]:
    """One waiting episode of an account that came as left, of a page of accounts."""
    e = episode.c
    # As an expression, or SQLite might walk all that first passes found, which are many, to find one of these
    return (
        sa.select(e.at)
        .where(in_source(e.source, e.person_id), e.gate.concat("") == Gate.INITIAL.value)
        .limit(1)
    )


@cache
def groups_of_accounts() -> sa.Select[Any]:
    """The groups that each of a page of accounts is in."""
    m = membership.c
    return (
        sa.select(link.c.person_source, link.c.person_id, m.source, m.group_id)
        .distinct()
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .where(in_source(link.c.person_source, link.c.person_id))
    )


@cache
def active() -> sa.Select[Any]:
    """How many active people of the directory `of` were known at `since`."""
    p, src, of = person.c, source_table.c, sa.bindparam("of", type_=sa.String)
    first_pass_at = sa.select(src.first_pass_at).where(src.name == of, src.port == Port.DIRECTORY.value)
    was_known = sa.or_(
        p.first_seen_at.is_(None),
        p.first_seen_at <= sa.bindparam("since"),
        p.first_seen_at <= first_pass_at.scalar_subquery(),
    )
    return sa.select(sa.func.count()).where(
        p.source == of, p.standing != Standing.LEFT.value, p.is_out_of_scope == 0, was_known
    )


@cache
def let_through() -> sa.Select[Any]:
    """How many episodes of the directory `of`, of one kind, the guard let through after `since`."""
    e = episode.c
    return sa.select(sa.func.count()).where(
        e.source == sa.bindparam("of"), e.kind == sa.bindparam("as"), _was_let_through()
    )


@cache
def passed() -> sa.Select[Any]:
    """The people of all episodes that the guard let through after `since`."""
    is_theirs = (episode.c.source == person.c.source) & (episode.c.person_id == person.c.person_id)
    return sa.select(*PERSON_COLUMNS).join(episode, is_theirs).where(_was_let_through())


def _was_let_through() -> sa.ColumnElement[bool]:
    e = episode.c
    return (e.gate == Gate.PASSED.value) & (e.passed_at > sa.bindparam("since")) & ~_was_released()


def _is_in_a_group(*, in_several: bool) -> sa.ColumnElement[bool]:
    """True for an account with a person who is in a group, under any account: leavers outside groups are no work.

    There may be many of them, who all left before the first pass. So the other accounts come last, and only if there
    are several directories.
    """
    k, o = person_key.alias("k").c, person_key.alias("o").c
    one: sa.ColumnElement[int] = sa.literal_column("1")  # not all columns, which an index does not have
    in_group = sa.exists(one).where(
        membership.c.source == link.c.source, membership.c.handle == link.c.handle
    )
    itself = sa.exists(one).where(
        link.c.person_source == episode.c.source, link.c.person_id == episode.c.person_id, in_group
    )
    under_another = sa.exists(one).where(
        k.source == episode.c.source, k.person_id == episode.c.person_id,
        o.kind == k.kind, o.value == k.value, o.source != k.source, is_joining(o),
        link.c.person_source == o.source, link.c.person_id == o.person_id, in_group,
    )  # fmt: skip
    return itself | under_another if in_several else itself


def _was_released() -> sa.ColumnElement[bool]:
    """True if a person's release let the episode through. They saw the number, so it does not count for the limits.

    To have been in a plan is not enough: that may have been rejected, or the episode may have begun anew since.
    """
    m, c = cohort_person.c, cohort.c
    is_in_it = sa.exists().where(
        m.plan_id == c.plan_id, m.cohort_id == c.cohort_id,
        m.source == episode.c.source, m.person_id == episode.c.person_id, m.at == episode.c.at,
        is_of_its_kind(m, episode.c),
    )  # fmt: skip
    return sa.exists().where(
        c.state == HoldState.RELEASED.value, c.decided_at == episode.c.passed_at, is_in_it
    )


@cache
def parts_of_plans() -> sa.Select[Any]:
    """The parts of each plan of which one waits for a decision, with how many people or findings each has."""
    c, p, h = cohort.c, cohort_person.c, held_plan.c
    waits = sa.select(c.plan_id).where(c.state == HoldState.HELD.value)
    people = (
        sa.select(p.plan_id, p.cohort_id, sa.func.count().label("people"))
        .where(p.plan_id.in_(waits))
        .group_by(p.plan_id, p.cohort_id)
        .subquery()
    )
    has = people.c
    return (
        sa.select(h.id, h.created_at, c.cohort_id, c.state, c.findings, has.people)
        .join(cohort, c.plan_id == h.id)
        .outerjoin(people, (has.plan_id == h.id) & (has.cohort_id == c.cohort_id))
        .where(h.id.in_(waits))
        .order_by(h.id, sa.func.length(c.cohort_id), c.cohort_id)
    )
