"""The statements about episodes at the guard's gate: who waits, who was let through lately, and among how many."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.domain.reconcile.guard import HoldState
from worker.ports import Port
from worker.ports.state.episodes import EpisodeKind, Gate, PlanKind
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

WAITING = (Gate.INITIAL, Gate.NEW, Gate.HELD)  # gates that may still open


@cache
def departures() -> sa.Select[Any]:
    """The episodes that wait, but for those of accounts that came as left."""
    return _waiting().where(episode.c.gate == Gate.NEW.value)


@cache
def early_departures(*, in_several: bool) -> sa.Select[Any]:
    """Those of accounts that came as left, of people in a group. `in_several`: there are several directories."""
    is_in_a_group = sa.tuple_(episode.c.source, episode.c.person_id).in_(
        _early_in_groups(in_several=in_several)
    )
    return _waiting().where(episode.c.gate == Gate.INITIAL.value, is_in_a_group)


def _waiting() -> sa.Select[Any]:
    """But for leavings of those whom a clock brought back."""
    e, p = episode.c, person.c
    is_present = (e.kind != EpisodeKind.LEFT.value) | (p.standing == Standing.LEFT.value)
    return (
        sa.select(episode, p.display_name, p.unit, *PERSON_COLUMNS)
        .join(person, (p.source == e.source) & (p.person_id == e.person_id))
        .where(is_present)
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


def _early_in_groups(*, in_several: bool) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Accounts that came as left, of people who are in a group under any account: leavers outside groups are no work.

    There may be many of them, who all left before the first pass. So other accounts are looked at only if there are
    several directories, and each is looked up: with `or` for `union`, PostgreSQL would read all memberships.
    """
    e, k, o = episode.alias("early").c, person_key.alias("k").c, person_key.alias("o").c
    is_early = e.gate == Gate.INITIAL.value
    accounts = sa.select(e.source, e.person_id)
    itself = accounts.where(is_early, _is_in_a_group(e))
    under_another = accounts.where(
        is_early, k.source == e.source, k.person_id == e.person_id,
        o.kind == k.kind, o.value == k.value, o.source != k.source, is_joining(o), _is_in_a_group(o),
    )  # fmt: skip
    return sa.union(itself, under_another) if in_several else itself


def _is_in_a_group(account: Any) -> sa.ColumnElement[bool]:
    """True if an account is in a group. The offset keeps PostgreSQL from joining all links, by the directory alone.

    It would do so by statistics of when hardly any link had a person, as before the first match.
    """
    one: sa.ColumnElement[int] = sa.literal_column("1")  # not all columns, which an index does not have
    m, of = membership.c, (link.c.person_source == account.source, link.c.person_id == account.person_id)
    in_it = sa.select(one).where(*of, m.source == link.c.source, m.handle == link.c.handle)
    return in_it.limit(1).offset(0).exists()


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


@cache
def parts_without_people() -> sa.Select[Any]:
    """The parts of plans about leavers that wait for a decision, of which no episode waits at the gate.

    One that began anew waits, too, until the guard has judged it: a decision on the part would be one on it.
    """
    c, p, e = cohort.c, cohort_person.c, episode.c
    waits = sa.exists().where(
        p.plan_id == c.plan_id, p.cohort_id == c.cohort_id,
        e.source == p.source, e.person_id == p.person_id, e.at == p.at, is_of_its_kind(p, e),
        e.gate.in_([gate.value for gate in WAITING]),
    )  # fmt: skip
    return _parts_that_wait(PlanKind.LEAVERS).where(~waits)


@cache
def parts_about_short_lists() -> sa.Select[Any]:
    """The parts that wait for a decision of plans about lists of the source `of` that were too short."""
    return _parts_that_wait(PlanKind.SHRUNKEN).where(held_plan.c.source == sa.bindparam("of"))


def _parts_that_wait(kind: PlanKind) -> sa.Select[Any]:
    c, h = cohort.c, held_plan.c
    return (
        sa.select(c.plan_id, c.cohort_id)
        .join(held_plan, h.id == c.plan_id)
        .where(c.state == HoldState.HELD.value, h.kind == kind.value)
        .order_by(c.plan_id, sa.func.length(c.cohort_id), c.cohort_id)
    )
