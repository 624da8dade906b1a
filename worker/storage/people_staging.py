"""The statements that make a staged pass over people the state.

They are built once, which takes longer than to run them. Each is given its directory as `of`.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from worker.domain.identity.humans import JOIN_KEY_SHARED_MAX
from worker.domain.identity.matching import IdentityState
from worker.domain.model import ENDS_WITH_A_DAY, Evidence, Standing
from worker.domain.people.lifecycle import DECISION_LASTS
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.storage.persons import JOIN_NUMBERS, is_joining, is_of_few
from worker.storage.sql.chunks import in_source
from worker.storage.sql.tables import (
    cohort,
    cohort_person,
    episode,
    link,
    membership,
    person,
    person_key,
    source,
    staged_person,
    staged_person_key,
)

KNOWN_COLUMNS = (
    "source", "person_id", "display_name", "email", "unit", "facts", "is_out_of_scope", "standing", "evidence", "at",
    "manager_id", "username",
)  # fmt: skip
KEY_COLUMNS = ("source", "person_id", "kind", "value", "raw")
SHARED = "shared"  # `raw` of a number that too many accounts were given at once
_MARK: sa.ColumnElement[str] = sa.literal_column(f"'{SHARED}'")  # in the words of `ix_person_key_shared`
LINKED_BY = {"phone": link.c.phone_key, "email": link.c.email_key, "employee": link.c.employee_key}

_OF: sa.BindParameter[str] = sa.bindparam("of", type_=sa.String)
_IS_ACTIVE = (person.c.source == _OF) & (person.c.standing != Standing.LEFT.value)
_IS_HERE = _IS_ACTIVE & (person.c.is_out_of_scope == 0)
_IS_LISTED = sa.exists().where(membership.c.source == link.c.source, membership.c.handle == link.c.handle)
_IS_STAGED = sa.exists().where(
    staged_person.c.source == person.c.source, staged_person.c.person_id == person.c.person_id
)
_SINCE: sa.BindParameter[Any] = sa.bindparam("since", type_=person.c.first_seen_at.type)
_FIRST_PASS_AT = sa.select(source.c.first_pass_at).where(source.c.name == person.c.source).scalar_subquery()
# Who came after `since`; a first pass brings those who were there before
_CAME_SINCE = (person.c.first_seen_at > _SINCE) & (
    person.c.first_seen_at > sa.func.coalesce(_FIRST_PASS_AT, _SINCE)
)

# --- what is staged, and what is missing -------------------------------------------------------------------

STAGED = sa.select(sa.func.count()).where(staged_person.c.source == _OF)
KNOWN = sa.select(sa.func.count()).where(_IS_HERE)
ANYBODY = sa.select(person.c.source).where(person.c.source == _OF).limit(1)
KEYS_OF_ALL = (
    sa.select(staged_person.c.person_id, staged_person.c.person_keys)
    .where(staged_person.c.source == _OF)
    .order_by(staged_person.c.source, staged_person.c.person_id)
)
ABSENT = sa.select(person).where(_IS_HERE, person.c.missed_passes > 0).order_by(person.c.person_id)


@cache
def missing_count() -> sa.Select[Any]:
    """How many people who are here are not staged, nor released in a plan about a shrunken read.

    A release is over once a pass listed them: the one at `since`, if it came later and they miss no pass, or one before
    they were missed anew.
    """
    c, m = cohort.c, cohort_person.c
    begun_by = c.decided_at + sa.literal(DECISION_LASTS // timedelta(microseconds=1), sa.BigInteger)
    counts = sa.or_(
        (person.c.missed_passes > 0) & (person.c.missing_since <= begun_by),
        (person.c.missed_passes == 0) & (c.decided_at >= sa.bindparam("since", type_=sa.BigInteger)),
    )
    was_released = sa.exists().where(
        m.source == person.c.source, m.person_id == person.c.person_id, c.plan_id == m.plan_id,
        c.cohort_id == m.cohort_id, c.state == "released", m.evidence == Evidence.ABSENT_CONFIRMED.value, counts,
    )  # fmt: skip
    return sa.select(sa.func.count()).where(_IS_HERE, ~_IS_STAGED, ~was_released)


@cache
def missing(*, also_out_of_scope: bool, without_new: bool) -> sa.Select[Any]:
    """Who is here and not staged; if asked for, also those out of scope who are in a group by any account of theirs.

    `without_new`: but for those who came after `since`.
    """
    known = [~_CAME_SINCE] if without_new else []
    who = [person.c.is_out_of_scope == 0]
    if also_out_of_scope:
        who += [_is_in_group(), _is_in_group_otherwise()]
    query = sa.select(person.c.source, person.c.person_id).where(
        _IS_ACTIVE, ~_IS_STAGED, sa.or_(*who), *known
    )
    return query.order_by(person.c.person_id)


def _is_in_group() -> sa.ColumnElement[bool]:
    is_theirs = (link.c.person_source == person.c.source) & (link.c.person_id == person.c.person_id)
    return sa.exists().where(is_theirs, _IS_LISTED)


def _is_in_group_otherwise() -> sa.ColumnElement[bool]:
    """Another account, which has a join key of theirs, is in a group."""
    k, o = person_key.alias("k").c, person_key.alias("o").c
    same_kind = o.kind == k.kind.concat("")  # an expression, or SQLite would read all keys of these kinds
    is_behind = (link.c.person_source == o.source) & (link.c.person_id == o.person_id)
    return sa.exists().where(
        k.source == person.c.source, k.person_id == person.c.person_id, is_joining(k, o),
        same_kind, o.value == k.value, o.source != k.source, is_behind, _IS_LISTED,
    )  # fmt: skip


# --- who changed -------------------------------------------------------------------------------------------


@cache
def changed() -> sa.Select[Any]:
    """Staged people who are new or other than before, with what was known of them as `b_…`."""
    s, p = staged_person.c, person.c
    same_standing = sa.or_(
        s.standing.is_(None),
        (s.is_out_of_scope == 1) & (p.is_out_of_scope == 1) & (p.was_in_scope == 0),
        (p.standing == s.standing) & sa.or_(s.standing != Standing.LEAVING.value, p.at == s.at),
    )
    same = sa.and_(
        p.facts == s.facts, p.display_name == s.display_name, same_standing,
        p.manager_id.is_not_distinct_from(s.manager_id),  # a release before wrote only the facts
        p.username.is_not_distinct_from(s.username),
        p.evidence.is_distinct_from(Evidence.ABSENT_CONFIRMED.value),  # being listed again is a change in itself
    )  # fmt: skip
    before = [p.standing.label("b_standing"), p.evidence.label("b_evidence"), p.facts.label("b_facts"),
              p.at.label("b_at"), p.display_name.label("b_name"),
              p.was_in_scope.label("b_was_in_scope"), p.changed_at.label("b_changed_at")]  # fmt: skip
    return (
        sa.select(*(s[name] for name in KNOWN_COLUMNS), *before)
        .select_from(staged_person.outerjoin(person, (p.source == s.source) & (p.person_id == s.person_id)))
        .where(s.source == _OF, same.is_not(sa.true()))
        .order_by(s.person_id)
    )


# With a page of `by_source`: who came after `since`, or came back at any time
CAME = sa.select(person.c.source, person.c.person_id).where(
    in_source(person.c.source, person.c.person_id),
    sa.or_(
        _CAME_SINCE,
        sa.exists().where(
            episode.c.source == person.c.source,
            episode.c.person_id == person.c.person_id,
            episode.c.kind == EpisodeKind.LEFT.value,
        ),
    ),
)
MARK_CHANGED = (
    sa.update(staged_person)
    .where(in_source(staged_person.c.source, staged_person.c.person_id))
    .values(is_same=0)
)

# --- their keys --------------------------------------------------------------------------------------------

_K, _N = person_key.c, staged_person_key.c
_CHANGED = sa.select(staged_person.c.person_id).where(
    staged_person.c.source == _OF, staged_person.c.is_same == 0
)
_IS_OF_ONE = (_N.source == _K.source) & (_N.person_id == _K.person_id) & (_N.kind == _K.kind)
_IS_GONE = (
    (_K.source == _OF) & _K.person_id.in_(_CHANGED) & ~sa.exists().where(_IS_OF_ONE, _N.value == _K.value)
)
_IS_NEW = (
    (_N.source == _OF) & _N.person_id.in_(_CHANGED) & ~sa.exists().where(_IS_OF_ONE, _K.value == _N.value)
)


def _rematching(table: sa.Table, which: sa.ColumnElement[bool]) -> list[sa.Update]:
    """Have every handle with such a key matched again."""
    keys = {kind: sa.select(table.c.value).where(which, table.c.kind == kind) for kind in LINKED_BY}
    return [
        sa.update(link).where(column.in_(keys[kind])).values(is_dirty=1) for kind, column in LINKED_BY.items()
    ]


REMATCH_CHANGED = (*_rematching(person_key, _IS_GONE), *_rematching(staged_person_key, _IS_NEW))
# With a page of `by_source`
_IS_THEIRS = in_source(_K.source, _K.person_id)
REMATCH_PEOPLE = _rematching(person_key, _IS_THEIRS)
# By one of several keys a handle may say a leaver, and by another somebody who is here
_HAS_SEVERAL = sa.or_(
    *(one.is_not(None) & other.is_not(None) for one, other in combinations(LINKED_BY.values(), 2))
)
REMATCH_SEVERAL = [one.where(_HAS_SEVERAL) for one in _rematching(person_key, _IS_THEIRS)]
ASK_AGAIN = [
    one.where(link.c.state == IdentityState.AMBIGUOUS.value) for one in _rematching(person_key, _IS_THEIRS)
]
_H = person_key.alias("holder").c
# Who has a key that somebody is given now, if they are few: one more may be too many, or another person
HOLDERS_OF_NEW = sa.select(_H.source, _H.person_id).where(
    # An expression, or SQLite would read all keys of these kinds
    _IS_NEW, _H.kind == _N.kind.concat(""), _H.value == _N.value, is_of_few(_H),
).distinct()  # fmt: skip
# Keys that too many have, and somebody has no longer: who has them still may be few
LESS_CROWDED = sa.select(_K.kind, _K.value).where(_IS_GONE, _K.value != "", ~is_of_few(_K)).distinct()
# With `a_kind` and `a_value`: who has a key, but not more than one too many
HOLDERS = (
    sa.select(_K.source, _K.person_id)
    .where(_K.kind == sa.bindparam("a_kind"), _K.value == sa.bindparam("a_value"))
    .limit(JOIN_KEY_SHARED_MAX + 1)
)
# What too many are given at once, a number or none, says nothing of each of them
_IS_REPLACED = _K.kind.not_in(JOIN_NUMBERS) | sa.exists().where(_IS_OF_ONE, _N.raw != SHARED)
DELETE_KEYS = sa.delete(person_key).where(_IS_GONE, _IS_REPLACED)
ADD_KEYS = sa.insert(person_key).from_select(
    KEY_COLUMNS,
    sa.select(*(_N[name] for name in KEY_COLUMNS)).where(_IS_NEW, (_N.value != "") | (_N.raw == SHARED)),
)

# --- numbers that too many are given at once ---------------------------------------------------------------


@cache
def mark_shared() -> sa.Update:
    """Mark the staged numbers that this read gave to too many accounts at once, or one before, and are so still.

    So are blanks, in the place of numbers that a directory no longer shows; those of one say nothing of another's.
    """
    given, known = staged_person_key.alias("given").c, person_key.alias("known").c
    is_known = sa.exists().where(
        known.source == given.source, known.person_id == given.person_id, known.kind == given.kind,
        known.value == given.value,
    )  # fmt: skip
    begun = (
        sa.select(given.kind, given.value)
        .where(given.source == _OF, given.kind.in_(JOIN_NUMBERS), ~is_known)
        .group_by(given.kind, given.value)
        .having(sa.func.count() > JOIN_KEY_SHARED_MAX)
    )
    is_alike = (_N.value != "") | (_K.source == _N.source)
    is_marked = sa.exists().where(_K.kind == _N.kind, _K.value == _N.value, _K.raw == _MARK, is_alike)
    return (
        sa.update(staged_person_key)
        .where(_N.source == _OF, sa.tuple_(_N.kind, _N.value).in_(begun) | is_marked)
        .values(raw=SHARED)
    )


LESS_SHARED = sa.select(_K.kind, _K.value).where(_IS_GONE, _K.raw == _MARK).distinct()
# With `a_kind` and `a_value`
_IS_LEFT_OVER = sa.and_(
    _K.kind == sa.bindparam("a_kind"), _K.value == sa.bindparam("a_value"), _K.raw == _MARK, is_of_few(_K)
)
DELETE_LEFT_OVER = sa.delete(person_key).where(_IS_LEFT_OVER)

# --- absence -----------------------------------------------------------------------------------------------

_MISSES = person.c.missed_passes
# Listed again
FOUND = (
    sa.update(person)
    .where(person.c.source == _OF, _MISSES > 0, _IS_STAGED)
    .values(missed_passes=0, missing_since=None)
)
# `since`: where an absence that begins now began, in microseconds; `again`: 1 if it is another pass for those who were
# missing before, 0 if it is the one before, read again
MISSED = (
    sa.update(person)
    .where(_IS_HERE, ~_IS_STAGED)
    .values(
        missed_passes=_MISSES + sa.case((_MISSES == 0, 1), else_=sa.bindparam("again", type_=sa.Integer)),
        missing_since=sa.func.coalesce(person.c.missing_since, sa.bindparam("since", type_=sa.BigInteger)),
    )
)
MISSED_AGAIN = sa.update(person).where(person.c.source == _OF, _MISSES > 0).values(missed_passes=_MISSES + 1)
# `sources`: of these directories; `until`: an instant
DUE = (
    sa.select(person)
    .where(
        person.c.standing == Standing.LEAVING.value,
        person.c.at <= sa.bindparam("until"),
        person.c.source.in_(sa.bindparam("sources", expanding=True)),
    )
    .order_by(person.c.source, person.c.person_id)
)
# Who left by a date that is ahead of `now`
TOO_EARLY = (
    sa.select(person)
    .where(
        person.c.standing == Standing.LEFT.value,
        person.c.at > sa.bindparam("now"),
        person.c.evidence.in_(sorted(one.value for one in ENDS_WITH_A_DAY)),
    )
    .order_by(person.c.source, person.c.person_id)
)
# With a page of `by_source`: their leavings that go on if their date comes again without news
GO_ON = sa.select(episode.c.source, episode.c.person_id, episode.c.at).where(
    in_source(episode.c.source, episode.c.person_id),
    episode.c.kind == EpisodeKind.LEFT.value,
    episode.c.gate != Gate.OVER.value,
    sa.func.coalesce(episode.c.noticed_at, episode.c.seen_at) <= sa.bindparam("now"),
)
# Held leavings of those who are back by then, since their date is ahead of `now`
END_RETURNED = (
    sa.update(episode)
    .where(
        episode.c.gate == Gate.HELD.value,
        episode.c.kind == EpisodeKind.LEFT.value,
        sa.exists().where(
            person.c.source == episode.c.source,
            person.c.person_id == episode.c.person_id,
            person.c.standing == Standing.LEAVING.value,
            person.c.at > sa.bindparam("now"),
            person.c.changed_at <= sa.bindparam("back_by"),
        ),
    )
    .values(gate=Gate.OVER.value)
)
