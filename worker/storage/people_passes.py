"""People: stage a pass and make it the state.

A first pass is copied as it is. A later one is compared in SQL, and only changed people come to Python, some hundred
at a time, where the domain says what happened. So the work is proportional to the change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.model import Account, AccountKey, Evidence, Standing
from worker.domain.people.lifecycle import Event, EventKind, events_between
from worker.domain.people.persons import AccountsRule
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.ports.state.people import Applied, JudgedFacts, MissedPerson, Staged
from worker.storage.dirty import dirty_groups_of_people, dirty_people
from worker.storage.episodes import WAITING
from worker.storage.people_rows import (
    _is_stranger,
    _known_row,
    _left_on_date,
    _pair,
    _person_row,
    _says_otherwise,
    keys_of,
)
from worker.storage.persons import JOIN_KINDS
from worker.storage.sql.bulk import bulk_insert, bulk_upsert, clearing
from worker.storage.sql.chunks import among, chunked
from worker.storage.sql.mapping import person_from_row
from worker.storage.sql.statistics import gather
from worker.storage.sql.tables import (
    cohort,
    cohort_person,
    episode,
    link,
    membership,
    person,
    person_key,
    staged_person,
    staged_person_key,
    to_micros,
)

KNOWN_COLUMNS = (
    "source", "person_id", "display_name", "email", "unit", "facts", "is_out_of_scope", "standing", "evidence", "at",
    "manager_id",
)  # fmt: skip
STAGE_COLUMNS = (*KNOWN_COLUMNS, "person_keys", "is_same")  # `is_same` until the comparison finds a change
PERSON_COLUMNS = (*KNOWN_COLUMNS, "first_seen_at", "changed_at")
KEY_COLUMNS = ("source", "person_id", "kind", "value", "raw")
AT_ONCE = 500  # people in memory while a pass is applied; each takes some kilobytes


_CLEAR_STAGE = [clearing(staged_person), clearing(staged_person_key)]


class SqlPasses:
    """Passes over a source's people: part of the port `People`, within one transaction."""

    def __init__(self, connection: sa.Connection, rule: AccountsRule) -> None:
        self._c = connection
        self._rule = rule

    # --- staging ---------------------------------------------------------------------------------

    def clear_stage(self, source: str) -> None:
        for statement in _CLEAR_STAGE:
            self._c.execute(statement, {"wanted": source})

    def stage(self, source: str, records: Iterable[JudgedFacts]) -> int:
        rows = {
            facts.person_id: (*_known_row(source, facts, judgement), json.dumps(keys_of(facts)), 1)
            for facts, judgement in records
        }
        bulk_upsert(self._c, staged_person, STAGE_COLUMNS, rows.values())
        return len(rows)

    def staged(self, source: str) -> Staged:
        records = self._count(sa.select(sa.func.count()).where(staged_person.c.source == source))
        known = self._count(sa.select(sa.func.count()).where(_here(source)))
        missing = self._count(
            sa.select(sa.func.count()).where(_here(source), _not_staged(), ~_released_as_missing())
        )
        return Staged(records, known, missing)

    def missing(self, source: str, *, also_out_of_scope: bool = False) -> list[AccountKey]:
        who = _here(source)
        if also_out_of_scope:
            who |= _is_active(source) & _is_in_a_group()
        query = sa.select(person.c.source, person.c.person_id).where(who, _not_staged())
        return [AccountKey(*row) for row in self._c.execute(query.order_by(person.c.person_id))]

    def apply_stage(
        self,
        source: str,
        *,
        is_full: bool,
        taken_at: datetime,
        now: datetime,
        listed_at: datetime | None = None,
    ) -> Applied:
        is_first = (
            self._c.execute(sa.select(person.c.source).where(person.c.source == source).limit(1)).first()
            is None
        )
        if is_first:
            applied = self._apply_first(source, taken_at, now)
        else:
            applied = self._apply_changes(source, taken_at, now)
            since = min(max(taken_at, listed_at or taken_at), now)
            self._count_absence(source, since, is_full=is_full)
        self.clear_stage(source)
        gather(self._c, applied.changed, person, person_key)
        return applied

    # --- a first pass ----------------------------------------------------------------------------

    def _apply_first(self, source: str, taken_at: datetime, now: datetime) -> Applied:
        s = staged_person.c
        counts = s.is_out_of_scope == 0  # nothing is concluded about people who were never in scope
        at = sa.case(
            (s.standing == Standing.LEFT.value, sa.func.coalesce(s.at, to_micros(taken_at))), else_=s.at
        )
        values = [
            s.source, s.person_id, s.display_name, s.email, s.unit, s.facts, s.is_out_of_scope,
            sa.case((counts, sa.func.coalesce(s.standing, Standing.ACTIVE.value)), else_=Standing.ACTIVE.value),
            sa.case((counts, s.evidence)), sa.case((counts, at)), s.manager_id,
            sa.literal(to_micros(now), sa.BigInteger), sa.literal(to_micros(now), sa.BigInteger),
        ]  # fmt: skip
        everybody = sa.select(*values).where(s.source == source).order_by(s.source, s.person_id)
        changed = self._insert_all(sa.insert(person).from_select(PERSON_COLUMNS, everybody))
        staged = sa.select(s.person_id, s.person_keys).where(s.source == source)
        for rows in self._in_parts(staged.order_by(s.source, s.person_id)):
            keys = ((source, row.person_id, *key) for row in rows for key in json.loads(row.person_keys))
            bulk_insert(self._c, person_key, KEY_COLUMNS, keys)
        self._c.execute(sa.update(link).values(is_dirty=1))
        left = (person.c.source == source) & (person.c.standing == Standing.LEFT.value)
        columns = ("source", "person_id", "kind", "at", "evidence", "gate", "seen_at")
        episodes = sa.select(
            person.c.source, person.c.person_id, sa.literal(EpisodeKind.LEFT.value), person.c.at, person.c.evidence,
            sa.literal(Gate.INITIAL.value), sa.literal(to_micros(taken_at), sa.BigInteger),
        ).where(left)  # fmt: skip
        leavers = self._insert_all(sa.insert(episode).from_select(columns, episodes))
        return Applied((), changed, leavers)

    def _insert_all(self, insert: sa.Insert) -> int:
        """Run an INSERT … SELECT; return the row count, which SQLAlchemy keeps only on request."""
        return int(self._c.execute(insert.execution_options(preserve_rowcount=True)).rowcount)

    def _in_parts(self, query: sa.Select[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
        """Yield lists of rows, each read when it is asked for; other statements may run in between."""
        return self._c.execute(query.execution_options(yield_per=AT_ONCE)).partitions()

    # --- later passes ----------------------------------------------------------------------------

    def _apply_changes(self, source: str, taken_at: datetime, now: datetime) -> Applied:
        staged = self._count(sa.select(sa.func.count()).where(staged_person.c.source == source))
        gather(self._c, staged, staged_person)
        events: list[Event] = []
        ids: list[str] = []
        changed = 0
        for pairs in self._changed(source, taken_at):
            self._mark_changed(source, [after.key.person_id for _, after in pairs])
            rows = [_person_row(after, now) for _, after in pairs]
            bulk_upsert(self._c, person, PERSON_COLUMNS, rows, keep=("first_seen_at",))
            self._remember_in_scope(pairs)
            keys = ((*after.key, *key) for _, after in pairs for key in keys_of(after.facts))
            bulk_insert(self._c, staged_person_key, KEY_COLUMNS, keys)
            events += (e for before, after in pairs for e in events_between(before, after, taken_at))
            ids += (after.key.person_id for before, after in pairs if _says_otherwise(before, after))
            dirty_people(self._c, [after.key for _, after in pairs], now)
            changed += len(pairs)
        if changed:
            gather(self._c, changed, staged_person_key)
            self._replace_keys(source, now)
        self._follow(events, taken_at, now)
        return Applied(tuple(events), changed, ids=tuple(ids))

    def _changed(self, source: str, taken_at: datetime) -> Iterator[list[tuple[Account | None, Account]]]:
        """Yield batches of (before, after) for people who changed."""
        s, p = staged_person.c, person.c
        same_standing = sa.or_(
            s.standing.is_(None),
            (s.is_out_of_scope == 1) & (p.is_out_of_scope == 1) & (p.was_in_scope == 0),
            (p.standing == s.standing) & sa.or_(s.standing != Standing.LEAVING.value, p.at == s.at),
        )
        same = sa.and_(
            p.facts == s.facts, p.display_name == s.display_name, same_standing,
            p.manager_id.is_not_distinct_from(s.manager_id),  # a release before wrote only the facts
            p.evidence.is_distinct_from(Evidence.ABSENT_CONFIRMED.value),  # being listed again is a change in itself
        )  # fmt: skip
        before = [p.standing.label("b_standing"), p.evidence.label("b_evidence"), p.facts.label("b_facts"),
                  p.at.label("b_at"), p.display_name.label("b_name"),
                  p.was_in_scope.label("b_was_in_scope")]  # fmt: skip
        query = (
            sa.select(*(s[name] for name in KNOWN_COLUMNS), *before)
            .select_from(
                staged_person.outerjoin(person, (p.source == s.source) & (p.person_id == s.person_id))
            )
            .where(s.source == source, same.is_not(sa.true()))
            .order_by(s.person_id)
        )
        for rows in self._in_parts(query):
            pairs = (_pair(row, taken_at) for row in rows)
            yield [pair for pair in pairs if not _is_stranger(*pair)]

    def _remember_in_scope(self, pairs: Iterable[tuple[Account | None, Account]]) -> None:
        """Remember who went out of scope: their account may be put away later."""
        gone = [
            after.key
            for before, after in pairs
            if before is not None and before.facts.is_in_scope and not after.facts.is_in_scope
        ]
        for chunk in chunked(gone):
            these = among(person.c.source, person.c.person_id, chunk)
            self._c.execute(sa.update(person).where(these).values(was_in_scope=1))

    def _mark_changed(self, source: str, ids: Sequence[str]) -> None:
        for chunk in chunked(ids):
            these = (staged_person.c.source == source) & staged_person.c.person_id.in_(chunk)
            self._c.execute(sa.update(staged_person).where(these).values(is_same=0))

    def _replace_keys(self, source: str, now: datetime) -> None:
        """Replace the keys of changed people, and make every handle with such a key wait to be matched again."""
        k, n, s = person_key.c, staged_person_key.c, staged_person.c
        changed = sa.select(s.person_id).where(s.source == source, s.is_same == 0)
        gone = (
            (k.source == source)
            & k.person_id.in_(changed)
            & ~sa.exists().where(
                n.source == k.source, n.person_id == k.person_id, n.kind == k.kind, n.value == k.value
            )
        )
        new = (
            (n.source == source)
            & n.person_id.in_(changed)
            & ~sa.exists().where(
                k.source == n.source, k.person_id == n.person_id, k.kind == n.kind, k.value == n.value
            )
        )
        for table, which in ((person_key, gone), (staged_person_key, new)):
            self._dirty_links(table, which)
        parted, joined = self._people_with(person_key, gone), self._people_with(staged_person_key, new)
        dirty_groups_of_people(self._c, parted, now)  # while they are still known as one person
        self._c.execute(sa.delete(person_key).where(gone))
        added = sa.select(*(staged_person_key.c[name] for name in KEY_COLUMNS)).where(new)
        self._c.execute(sa.insert(person_key).from_select(KEY_COLUMNS, added))
        dirty_groups_of_people(self._c, joined, now)

    def _people_with(self, table: sa.Table, which: sa.ColumnElement[bool]) -> set[AccountKey]:
        """The accounts that these keys may join to others."""
        query = sa.select(table.c.source, table.c.person_id).where(which, table.c.kind.in_(JOIN_KINDS))
        return {AccountKey(*row) for row in self._c.execute(query)}

    def _dirty_links(self, table: sa.Table, which: sa.ColumnElement[bool]) -> None:
        columns = {"phone": link.c.phone_key, "email": link.c.email_key, "employee": link.c.employee_key}
        for kind, column in columns.items():
            values = sa.select(table.c.value).where(which, table.c.kind == kind)
            self._c.execute(sa.update(link).where(column.in_(values)).values(is_dirty=1))

    def _count_absence(self, source: str, since: datetime, *, is_full: bool) -> None:
        back = (person.c.source == source) & (person.c.missed_passes > 0) & ~_not_staged()
        self._c.execute(sa.update(person).where(back).values(missed_passes=0, missing_since=None))
        if is_full:
            first = sa.func.coalesce(person.c.missing_since, to_micros(since))
            self._c.execute(
                sa.update(person)
                .where(_here(source), _not_staged())
                .values(missed_passes=person.c.missed_passes + 1, missing_since=first)
            )

    def _follow(self, events: Sequence[Event], seen_at: datetime, now: datetime) -> None:
        left = [e.person for e in events if e.kind is EventKind.LEFT]
        self._open_episodes(left, seen_at)
        returned = [e.person.key for e in events if e.kind is EventKind.RETURNED]
        self._end_episodes(returned)
        for chunk in chunked(returned):  # a number that was taken for recycled may be theirs again
            self._dirty_links(person_key, among(person_key.c.source, person_key.c.person_id, chunk))
        dirty_groups_of_people(self._c, {e.person.key for e in events}, now)

    def _open_episodes(self, people: Sequence[Account], seen_at: datetime) -> None:
        """Open an episode for each person, at gate NEW.

        An episode that was over and has the same date again (a leave date taken back and set again) starts anew:
        earlier decisions of the guard or a person no longer count.
        """
        rows = [
            (
                *p.key,
                EpisodeKind.LEFT.value,
                to_micros(p.left_at),
                p.evidence and p.evidence.value,
                Gate.NEW.value,
                to_micros(seen_at),
                None,
            )
            for p in people
        ]
        columns = ("source", "person_id", "kind", "at", "evidence", "gate", "seen_at", "passed_at")
        bulk_upsert(self._c, episode, columns, rows)

    def _end_episodes(self, keys: Sequence[AccountKey]) -> None:
        e = episode.c
        for chunk in chunked(keys):
            where = among(e.source, e.person_id, chunk)
            waiting = e.gate.in_(gate.value for gate in WAITING)
            is_leaving = e.kind == EpisodeKind.LEFT.value
            self._c.execute(sa.update(episode).where(where, waiting, is_leaving).values(gate=Gate.OVER.value))

    # --- absence and dates -----------------------------------------------------------------------

    def absent(self, source: str) -> list[MissedPerson]:
        query = (
            sa.select(person).where(_here(source), person.c.missed_passes > 0).order_by(person.c.person_id)
        )
        return [
            MissedPerson(person_from_row(row), row.missed_passes, row.missing_since)
            for row in self._c.execute(query)
        ]

    def miss_again(self, source: str) -> None:
        missing = (person.c.source == source) & (person.c.missed_passes > 0)
        self._c.execute(sa.update(person).where(missing).values(missed_passes=person.c.missed_passes + 1))

    def mark_left(self, people: Sequence[Account], seen_at: datetime, now: datetime) -> None:
        for one in people:
            self._c.execute(
                sa.update(person)
                .where(person.c.source == one.key.source, person.c.person_id == one.key.person_id)
                .values(
                    standing=one.standing.value,
                    evidence=one.evidence.value if one.evidence else None,
                    at=one.left_at,
                    changed_at=now,
                )
            )
        self._open_episodes(people, seen_at)
        dirty_groups_of_people(self._c, {one.key for one in people}, now)

    def due_leavers(self, now: datetime, sources: Sequence[str]) -> list[Account]:
        query = sa.select(person).where(
            person.c.standing == Standing.LEAVING.value, person.c.at <= now, person.c.source.in_(sources)
        )
        rows = self._c.execute(query.order_by(person.c.source, person.c.person_id))
        return [_left_on_date(row) for row in rows]

    def _count(self, query: sa.Select[Any]) -> int:
        return int(self._c.execute(query).scalar_one())


def _here(source: str) -> sa.ColumnElement[bool]:
    return _is_active(source) & (person.c.is_out_of_scope == 0)


def _is_active(source: str) -> sa.ColumnElement[bool]:
    return (person.c.source == source) & (person.c.standing != Standing.LEFT.value)


def _is_in_a_group() -> sa.ColumnElement[bool]:
    in_group = sa.exists().where(membership.c.source == link.c.source, membership.c.handle == link.c.handle)
    is_theirs = (link.c.person_source == person.c.source) & (link.c.person_id == person.c.person_id)
    return sa.exists().where(is_theirs, in_group)


def _not_staged() -> sa.ColumnElement[bool]:
    s = staged_person.c
    return ~sa.exists().where(s.source == person.c.source, s.person_id == person.c.person_id)


def _released_as_missing() -> sa.ColumnElement[bool]:
    """True for people who were released in a plan about a shrunken read, so that they may be missing."""
    c, m = cohort.c, cohort_person.c
    return sa.exists().where(
        m.source == person.c.source, m.person_id == person.c.person_id, c.plan_id == m.plan_id,
        c.cohort_id == m.cohort_id, c.state == "released", m.evidence == Evidence.ABSENT_CONFIRMED.value,
    )  # fmt: skip
