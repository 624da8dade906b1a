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

from worker.domain.model import Account, AccountKey, Standing
from worker.domain.people.lifecycle import Event, EventKind
from worker.domain.people.persons import AccountsRule
from worker.ports.state.episodes import EpisodeKind, Gate
from worker.ports.state.people import Applied, JudgedFacts, MissedPerson, Staged
from worker.storage import people_staging
from worker.storage.dirty import dirty_groups_of_people, dirty_groups_with_tickets_of, dirty_people
from worker.storage.people_rows import (
    PersonChange,
    _change,
    _has_moved,
    _is_stranger,
    _known_row,
    _person_row,
    _says_otherwise,
    keys_given,
    keys_of,
)
from worker.storage.people_staging import KEY_COLUMNS, KNOWN_COLUMNS
from worker.storage.regrouped import Regrouping
from worker.storage.sql.bulk import bulk_insert, bulk_stage, bulk_upsert, clearing
from worker.storage.sql.chunks import among, by_source, chunked
from worker.storage.sql.mapping import person_from_row
from worker.storage.sql.statistics import gather, gather_grown
from worker.storage.sql.tables import (
    episode,
    link,
    person,
    person_key,
    staged_person,
    staged_person_key,
    to_micros,
)
from worker.storage.waiting import WAITING

STAGE_COLUMNS = (*KNOWN_COLUMNS, "person_keys", "is_same")  # `is_same` until the comparison finds a change
PERSON_COLUMNS = (*KNOWN_COLUMNS, "first_seen_at", "changed_at")
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
        bulk_stage(self._c, staged_person, STAGE_COLUMNS, rows.values())
        return len(rows)

    def staged(self, source: str, believed_at: datetime | None = None) -> Staged:
        since = to_micros(believed_at) if believed_at else 0
        missing = self._c.execute(people_staging.missing_count(), {"of": source, "since": since}).scalar_one()
        return Staged(
            self._count(people_staging.STAGED, source), self._count(people_staging.KNOWN, source), missing
        )

    def missing(
        self, source: str, *, also_out_of_scope: bool = False, came_by: datetime | None = None
    ) -> list[AccountKey]:
        query = people_staging.missing(also_out_of_scope=also_out_of_scope, without_new=came_by is not None)
        given = {"of": source} if came_by is None else {"of": source, "since": came_by}
        return [AccountKey(*row) for row in self._c.execute(query, given)]

    def apply_stage(
        self,
        source: str,
        *,
        is_full: bool,
        taken_at: datetime,
        now: datetime,
        listed_at: datetime | None = None,
        doubts_since: datetime | None = None,
    ) -> Applied:
        if self._c.execute(people_staging.ANYBODY, {"of": source}).first() is None:
            applied = self._apply_first(source, taken_at, now)
        else:
            applied = self._apply_changes(source, taken_at, now, doubts_since)
            since = min(max(taken_at, listed_at or taken_at), now)
            is_another = listed_at is None or taken_at > listed_at
            self._count_absence(source, since, is_full=is_full, is_another=is_another)
        self.clear_stage(source)
        gather_grown(self._c, applied.changed, person, person_key)
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
            sa.case((counts, s.evidence)), sa.case((counts, at)), s.manager_id, s.username,
            sa.literal(to_micros(now), sa.BigInteger), sa.literal(to_micros(now), sa.BigInteger),
        ]  # fmt: skip
        everybody = sa.select(*values).where(s.source == source).order_by(s.source, s.person_id)
        changed = self._insert_all(sa.insert(person).from_select(PERSON_COLUMNS, everybody))
        for rows in self._in_parts(people_staging.KEYS_OF_ALL, source):
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

    def _in_parts(self, query: sa.Select[Any], source: str) -> Iterator[Sequence[sa.Row[Any]]]:
        """Yield lists of rows, each read when it is asked for; other statements may run in between."""
        return self._c.execute(query, {"of": source}, execution_options={"yield_per": AT_ONCE}).partitions()

    # --- later passes ----------------------------------------------------------------------------

    def _apply_changes(
        self, source: str, taken_at: datetime, now: datetime, doubts_since: datetime | None
    ) -> Applied:
        gather(self._c, self._count(people_staging.STAGED, source), staged_person)
        events: list[Event] = []
        ids: list[str] = []
        changed = doubted = 0
        regrouping = Regrouping(self._c)
        for found in self._changed(source, taken_at):
            doubts = self._doubts(found, doubts_since) if doubts_since else set()
            changes = [one for one in found if one.after.key not in doubts]
            doubted += len(doubts)
            for page in by_source(one.after.key for one in changes):
                self._c.execute(people_staging.MARK_CHANGED, page)
            regrouping.note(one.after.key for one in changes if one.may_be_another)
            rows = [_person_row(one.after, now) for one in changes]
            bulk_upsert(self._c, person, PERSON_COLUMNS, rows, keep=("first_seen_at",))
            self._remember_in_scope(changes)
            keys = ((*one.after.key, *key) for one in changes for key in keys_given(one.before, one.after))
            bulk_insert(self._c, staged_person_key, KEY_COLUMNS, keys)
            events += (event for one in changes for event in one.events(taken_at))
            ids += (one.after.key.person_id for one in changes if _says_otherwise(one.before, one.after))
            dirty_people(self._c, [one.after.key for one in changes], now)
            moved = [one.after.key for one in changes if _has_moved(one.before, one.after)]
            dirty_groups_with_tickets_of(self._c, moved, now)
            changed += len(changes)
            self._rematch(one.after.key for one in changes if one.is_new_in_scope)
        if changed:
            gather(self._c, changed, staged_person_key)
            self._replace_keys(source, now, regrouping)
        self._follow(events, taken_at, now)
        return Applied(tuple(events), changed, ids=tuple(ids), doubted=doubted)

    def _doubts(self, found: Sequence[PersonChange], since: datetime) -> set[AccountKey]:
        """Who left after `since` and would be back, and who came or came back after it and would have left."""
        recent = [one for one in found if one.changed_at is not None and one.changed_at > since]
        gone = [one.after.key for one in recent if one.is_gone]
        came = (
            AccountKey(*row)
            for page in by_source(gone)
            for row in self._c.execute(people_staging.CAME, {**page, "since": since})
        )
        return {*came, *(one.after.key for one in recent if one.is_back)}

    def _changed(self, source: str, taken_at: datetime) -> Iterator[list[PersonChange]]:
        """Yield batches of people who changed."""
        for rows in self._in_parts(people_staging.changed(), source):
            changes = (_change(row, taken_at) for row in rows)
            yield [one for one in changes if not _is_stranger(one.before, one.after)]

    def _remember_in_scope(self, changes: Iterable[PersonChange]) -> None:
        """Remember who went out of scope: their account may be put away later."""
        gone = [
            one.after.key
            for one in changes
            if one.before is not None and one.before.facts.is_in_scope and not one.after.facts.is_in_scope
        ]
        for chunk in chunked(gone):
            these = among(person.c.source, person.c.person_id, chunk)
            self._c.execute(sa.update(person).where(these).values(was_in_scope=1))

    def _replace_keys(self, source: str, now: datetime, regrouping: Regrouping) -> None:
        """Replace the keys of changed people, and make every handle with such a key wait to be matched again."""
        of = {"of": source}
        for statement in (people_staging.mark_shared(), *people_staging.REMATCH_CHANGED):
            self._c.execute(statement, of)
        regrouping.note(self._accounts(people_staging.HOLDERS_OF_NEW, of))
        less_shared, less_crowded = (
            [{"a_kind": row.kind, "a_value": row.value} for row in self._c.execute(query, of)]
            for query in (people_staging.LESS_SHARED, people_staging.LESS_CROWDED)
        )
        self._c.execute(people_staging.DELETE_KEYS, of)
        self._c.execute(people_staging.ADD_KEYS, of)
        for key in less_shared:
            self._c.execute(people_staging.DELETE_LEFT_OVER, key)
        still = [one for key in less_crowded for one in self._accounts(people_staging.HOLDERS, key)]
        parted, joined = regrouping.compare(still)
        dirty_groups_of_people(self._c, parted | joined, now)
        # One person's number may turn out to be several people's, and several people's to be one person's
        self._rematch(parted)
        self._rematch(joined, people_staging.ASK_AGAIN)

    def _accounts(self, query: sa.Select[Any], given: dict[str, str]) -> list[AccountKey]:
        return [AccountKey(*row) for row in self._c.execute(query, given)]

    def _count_absence(self, source: str, since: datetime, *, is_full: bool, is_another: bool) -> None:
        self._c.execute(people_staging.FOUND, {"of": source})
        if is_full:
            values = {"of": source, "since": to_micros(since), "again": int(is_another)}
            self._c.execute(people_staging.MISSED, values)

    def _follow(self, events: Sequence[Event], seen_at: datetime, now: datetime) -> None:
        left = [e for e in events if e.kind is EventKind.LEFT]
        stand = self._standing([e.person for e in left if e.is_by_date], now)
        begun = [e.person for e in left if e.before is not None and e.person.key not in stand]
        self._open_episodes(begun, seen_at, now)
        self._open_episodes([e.person for e in left if e.before is None], seen_at, now, Gate.INITIAL)
        returned = [e.person.key for e in events if e.kind is EventKind.RETURNED]
        on_another_day = [e.person.key for e in events if e.kind is EventKind.LEAVING and not e.is_by_date]
        by_date = {e.person.key for e in events if e.is_by_date}
        self._end_episodes([key for key in (*returned, *on_another_day) if key not in by_date])
        self._rematch(returned)  # a number that was taken for recycled may be theirs again
        self._rematch([e.person.key for e in left], people_staging.REMATCH_SEVERAL)
        dirty_groups_of_people(self._c, {e.person.key for e in events}, now)

    def _rematch(
        self, people: Iterable[AccountKey], statements: Sequence[sa.Update] = people_staging.REMATCH_PEOPLE
    ) -> None:
        """Have every handle with a key of theirs matched again."""
        for page in by_source(people):
            for statement in statements:
                self._c.execute(statement, page)

    def _standing(self, people: Sequence[Account], now: datetime) -> set[AccountKey]:
        """Those of these leavers by date whose episode goes on: a clock that was behind had brought them back.

        One that was noticed ahead of now was noticed by a clock that was ahead: its date comes for the first time.
        """
        at = {one.key: one.left_at for one in people}
        return {
            key
            for page in by_source(at)
            for row in self._c.execute(people_staging.GO_ON, {**page, "now": now})
            if row.at == at[key := AccountKey(row.source, row.person_id)]
        }

    def _open_episodes(
        self, people: Sequence[Account], seen_at: datetime, now: datetime, gate: Gate = Gate.NEW
    ) -> None:
        """Open an episode for each person whose leaving began.

        An episode that was over and has the same date again (a leave date taken back and set again) starts anew:
        earlier decisions of the guard or a person no longer count.
        """
        rows = [
            (
                *p.key,
                EpisodeKind.LEFT.value,
                to_micros(p.left_at),
                p.evidence and p.evidence.value,
                gate.value,
                to_micros(seen_at),
                None,
                to_micros(now),
            )
            for p in people
        ]
        columns = (
            "source",
            "person_id",
            "kind",
            "at",
            "evidence",
            "gate",
            "seen_at",
            "passed_at",
            "noticed_at",
        )
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
        return [
            MissedPerson(person_from_row(row), row.missed_passes, row.missing_since)
            for row in self._c.execute(people_staging.ABSENT, {"of": source})
        ]

    def miss_again(self, source: str) -> None:
        self._c.execute(people_staging.MISSED_AGAIN, {"of": source})

    def mark_left(self, people: Sequence[Account], seen_at: datetime, now: datetime) -> None:
        self._set_standing(people, now)
        self._open_episodes(people, seen_at, now)
        dirty_groups_of_people(self._c, {one.key for one in people}, now)

    def _set_standing(self, people: Iterable[Account], now: datetime) -> None:
        for one in people:
            self._c.execute(
                sa.update(person)
                .where(person.c.source == one.key.source, person.c.person_id == one.key.person_id)
                .values(
                    standing=one.standing.value,
                    evidence=one.evidence.value if one.evidence else None,
                    at=one.left_at or one.leaves_at,
                    changed_at=now,
                )
            )

    def due_leavers(self, now: datetime, sources: Sequence[str]) -> list[Account]:
        rows = self._c.execute(people_staging.DUE, {"until": now, "sources": [*sources]})
        return [person_from_row(row) for row in rows]

    def left_too_early(self, now: datetime) -> list[Account]:
        return [person_from_row(row) for row in self._c.execute(people_staging.TOO_EARLY, {"now": now})]

    def end_returned(self, back_by: datetime, now: datetime) -> None:
        self._c.execute(people_staging.END_RETURNED, {"back_by": back_by, "now": now})

    def follow(self, events: Sequence[Event], now: datetime) -> None:
        self._set_standing({event.person.key: event.person for event in events}.values(), now)
        self._follow(events, now, now)

    def _count(self, query: sa.Select[Any], source: str) -> int:
        return int(self._c.execute(query, {"of": source}).scalar_one())
