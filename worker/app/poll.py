"""Poll: read each directory, prove the pass complete, make it the state in one transaction.

    changes(cursor) -> pages, staged -> believed? -> applied with its cursor -> Joined | Moved | … -> dirty groups

One source failing never stops the others. A pass that proves nothing changes nobody's status.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.app.health import Freshness, record_failure, record_success
from worker.app.report import Progress, Report, no_progress
from worker.domain.directory import Event, EventKind, is_too_malformed, is_too_shrunken
from worker.domain.guard import Cohort, GuardLimits, HeldPlan, HoldState, Newcomer
from worker.domain.joiners import JoinerRule, places
from worker.domain.journal import Entry
from worker.domain.leaver import Judgement, LeaverPolicy, is_absence_proof, judge
from worker.domain.message import CHANNEL
from worker.domain.model import Evidence, GroupKey, Person, PersonFacts, PersonKey, Standing
from worker.domain.wording import held_paragraph
from worker.ports import ConnectorError, CursorExpired, Directory, DirectoryPage, Incomplete, PassEnd, Port
from worker.ports.store import Applied, Lease, OutMessage, SourceState, Store, UnitOfWork

MISSING_NAMED_MAX = 1000  # people called by name in a plan about a shrunken read; more make no one wiser
MISSING = "missing from the latest read"


@dataclass(frozen=True, slots=True)
class PollRules:
    """What a poll decides by."""

    leaver: LeaverPolicy
    limits: GuardLimits
    fresh: Freshness
    joiners: tuple[JoinerRule, ...]
    timezone: str


@dataclass(slots=True)
class _Read:
    """What one pass said, while its pages are staged."""

    end: PassEnd | None = None
    malformed: int = 0
    unreadable_phones: int = 0


class Poll:
    """Reads all directories."""

    def __init__(
        self,
        store: Store,
        directories: Sequence[Directory],
        rules: PollRules,
        progress: Progress = no_progress,
    ) -> None:
        self._store = store
        self._directories = directories
        self._rules = rules
        self._progress = progress

    def run_once(self, now: datetime, lease: Lease | None = None, *, full: bool = False) -> Report:
        """Read every directory once (a folder of dated files: all that are ready), then let dates come due.

        `now` is aware UTC. Idempotent: an unchanged directory changes nothing. Never raises a ConnectorError:
        a source's failure is in the report, in its state, and announced.
        """
        counts = {"sources": 0, "unchanged": 0, "changed": 0, "joined": 0, "moved": 0, "leaving": 0, "left": 0,
                  "returned": 0}  # fmt: skip
        troubles = []
        for directory in self._directories:
            counts["sources"] += 1
            try:
                self._read(directory, now, lease, counts, full=full)
            except ConnectorError as error:
                self._fail(directory.name, error, now, lease)
                troubles.append(f"{directory.name}: {error}")
        self._let_dates_come(now, lease, counts)
        return Report("poll", counts, tuple(troubles))

    def _fail(self, name: str, error: ConnectorError, now: datetime, lease: Lease | None) -> None:
        with self._store.begin(lease) as uow:
            state = uow.sources.get(name, Port.DIRECTORY.value)
            record_failure(uow, state, error, now, self._rules.timezone)

    def _read(
        self, directory: Directory, now: datetime, lease: Lease | None, counts: dict[str, int], *, full: bool
    ) -> None:
        with self._store.begin(lease) as uow:
            cursor = uow.sources.get(directory.name, Port.DIRECTORY.value).cursor
        while True:
            try:
                end = self._pass(directory, cursor, now, lease, counts, full=full)
            except CursorExpired:
                if cursor is None:
                    raise
                cursor, full = None, True
                continue
            cursor, full = end.cursor, False
            if not end.has_more:
                return

    def _pass(
        self,
        directory: Directory,
        cursor: str | None,
        now: datetime,
        lease: Lease | None,
        counts: dict[str, int],
        *,
        full: bool,
    ) -> PassEnd:
        read = self._stage(directory, cursor, now, lease, full=full)
        end = read.end
        if end is None:
            raise Incomplete(
                f"The read of {directory.name} ended without proof that it was complete.",
                remedy="It is tried again; if it stays, look at the connector's log.",
            )
        if end.is_unchanged:
            counts["unchanged"] += 1
            counts["left"] += self._finish_unchanged(directory.name, end, now, lease)
            return end
        if end.is_full and directory.can_look_up:
            self._confirm_missing(directory, now, lease)
        self._believe(directory.name, read, now, lease)
        with self._store.begin(lease) as uow:
            applied = uow.people.apply_stage(
                directory.name, is_full=end.is_full, taken_at=end.taken_at, now=now
            )
            state = uow.sources.get(directory.name, Port.DIRECTORY.value)
            is_first = state.first_pass_at is None
            left = [] if directory.can_look_up or not end.is_full else self._absent(uow, directory.name, end)
            uow.people.mark_left(left, end.taken_at, now)
            self._tell(uow, directory.name, applied, left, end, now, is_first=is_first)
            if (
                is_first
            ):  # members whom nobody could know so far are asked about now, if nobody knows them still
                uow.rosters.mark_dirty([row.key for row in uow.rosters.groups()], now)
            record_success(uow, self._state_after(state, applied, read, end, now), now)
        counts["changed"] += applied.changed
        for event in applied.events:
            counts[event.kind.value] += 1
        counts["left"] += len(left)
        return end

    def _stage(
        self, directory: Directory, cursor: str | None, now: datetime, lease: Lease | None, *, full: bool
    ) -> _Read:
        with self._store.begin(lease) as uow:
            uow.people.clear_stage(directory.name)
        read = _Read()
        for item in directory.changes(cursor, full=full):
            if read.end is not None:
                raise Incomplete(f"{directory.name} went on after it had said that it was at the end.")
            if isinstance(item, DirectoryPage):
                with self._store.begin(lease) as uow:
                    uow.people.stage(directory.name, self._judged(item.records, now))
                read.malformed += len(item.malformed)
                read.unreadable_phones += item.unreadable_phones
                self._progress(directory.name, len(item.records))
            else:
                read.end = item
        return read

    def _judged(
        self, records: Iterable[PersonFacts], now: datetime
    ) -> Iterable[tuple[PersonFacts, Judgement | None]]:
        return [(facts, judge(facts, self._rules.leaver, now)) for facts in records]

    def _believe(self, name: str, read: _Read, now: datetime, lease: Lease | None) -> None:
        """Raise Incomplete when a pass that says it is complete cannot be true."""
        end = read.end
        if end is None or not end.is_full:
            return
        with self._store.begin(lease) as uow:
            staged = uow.people.staged(name)
        limits = self._rules.limits
        if is_too_malformed(read.malformed, staged.records):
            raise Incomplete(
                f"{read.malformed} of {read.malformed + staged.records} records of {name} can't be understood.",
                remedy="whosleft check names the first of them; mend the export and poll again.",
            )
        if end.total is not None and end.total > staged.records + read.malformed:
            raise Incomplete(
                f"{name} says that it has {end.total} records and gave {staged.records}.",
                remedy="It is read again at the next poll.",
                expected=end.total,
                got=staged.records,
            )
        if not staged.records:
            raise Incomplete(f"{name} lists nobody.", remedy="Check the export, the path and the scope.")
        if is_too_shrunken(staged.missing, staged.known, limits.shrink_share_max, limits.share_from):
            self._hold_shrunken(name, now, lease)
            raise Incomplete(
                f"{name} lists {staged.known - staged.missing} of the {staged.known} people known before: "
                f"{staged.missing} are missing at once.",
                remedy="If that is true, release the held plan (whosleft plans list); else mend the source.",
                expected=staged.known,
                got=staged.known - staged.missing,
            )

    def _hold_shrunken(self, name: str, now: datetime, lease: Lease | None) -> None:
        """Ask, once, whether so many may really be missing; a release lets the next such pass through."""
        with self._store.begin(lease) as uow:
            missing = uow.people.missing(name)
            if uow.episodes.open_shrunken(name) is not None or set(missing) <= _said_to_be_here(uow, name):
                return
            people = tuple(_as_missing(uow, key, now) for key in missing[:MISSING_NAMED_MAX])
            people += tuple(
                Newcomer(key, now, Evidence.ABSENT_CONFIRMED) for key in missing[MISSING_NAMED_MAX:]
            )
            why = f"{name} lists so few people that it can't be believed"
            cohort = Cohort("c1", MISSING, people)
            plan = uow.episodes.hold(HeldPlan(name, why, now, (cohort,)), kind="shrunken")
            body = held_paragraph(plan)
            uow.outbox.add([OutMessage(f"plan:{plan.id}", CHANNEL, body.headline, body, is_urgent=True)], now)
            uow.journal.append(
                [Entry(now, "whosleft", "plan.held", f"plan:{plan.label}", data={"source": name})]
            )

    def _confirm_missing(self, directory: Directory, now: datetime, lease: Lease | None) -> None:
        """Absence makes a candidate; a direct look-up decides. Only asked when so few are missing that it helps."""
        with self._store.begin(lease) as uow:
            staged = uow.people.staged(directory.name)
            missing = uow.people.missing(directory.name)
        limits = self._rules.limits
        if is_too_shrunken(staged.missing, staged.known, limits.shrink_share_max, limits.share_from):
            return
        for key in missing:
            facts = directory.look_up(key.person_id)
            with self._store.begin(lease) as uow:
                known = uow.people.get(key)
                if facts is not None:
                    uow.people.stage(directory.name, self._judged([facts], now))
                elif known is not None:
                    gone = Judgement(Standing.LEFT, Evidence.ABSENT_CONFIRMED)
                    uow.people.stage(directory.name, [(replace(known.facts, is_deleted=True), gone)])

    def _absent(self, uow: UnitOfWork, name: str, end: PassEnd) -> list[Person]:
        """People whom enough complete passes over enough time did not list."""
        policy = self._rules.leaver.absent
        return [
            replace(person, standing=Standing.LEFT, evidence=Evidence.ABSENT_CONFIRMED, left_at=end.taken_at)
            for person, missed, since in uow.people.absent(name)
            if is_absence_proof(missed, since, end.taken_at, policy)
        ]

    def _finish_unchanged(self, name: str, end: PassEnd, now: datetime, lease: Lease | None) -> int:
        """The same content: with a newer date it says again who is missing. Returns how many left by that."""
        with self._store.begin(lease) as uow:
            state = uow.sources.get(name, Port.DIRECTORY.value)
            left: list[Person] = []
            if state.taken_at is not None and end.taken_at > state.taken_at:
                uow.people.miss_again(name)
                left = self._absent(uow, name, end)
                uow.people.mark_left(left, end.taken_at, now)
                uow.journal.append([_entry(Event(EventKind.LEFT, person, end.taken_at)) for person in left])
            taken_at = max(end.taken_at, state.taken_at or end.taken_at)
            record_success(uow, replace(state, cursor=end.cursor, taken_at=taken_at), now)
        return len(left)

    def _state_after(
        self, state: SourceState, applied: Applied, read: _Read, end: PassEnd, now: datetime
    ) -> SourceState:
        counts = {
            "changed": applied.changed,
            "malformed": read.malformed,
            "unreadable_phones": read.unreadable_phones,
        }
        return replace(
            state,
            cursor=end.cursor,
            taken_at=end.taken_at,
            first_pass_at=state.first_pass_at or now,
            last_full_at=now if end.is_full else state.last_full_at,
            counts=counts,
        )

    def _tell(
        self,
        uow: UnitOfWork,
        name: str,
        applied: Applied,
        absent: Sequence[Person],
        end: PassEnd,
        now: datetime,
        *,
        is_first: bool,
    ) -> None:
        entries = [_entry(event) for event in applied.events]
        entries += [_entry(Event(EventKind.LEFT, person, end.taken_at)) for person in absent]
        if is_first:
            data = {"people": applied.changed, "already_left": applied.first_run_leavers}
            entries.append(Entry(now, "whosleft", "source.first_read", f"source:{name}", data=data))
        uow.journal.append(entries)
        if self._rules.joiners and applied.events:
            self._place(uow, applied.events, end.taken_at)

    def _place(self, uow: UnitOfWork, events: Sequence[Event], at: datetime) -> None:
        """Say what the joiner rules make of who came and who moved."""
        groups = [(row.key, row.name) for row in uow.rosters.groups() if not row.is_gone]
        moved = []
        for event in events:
            if event.kind not in {EventKind.JOINED, EventKind.MOVED, EventKind.RETURNED}:
                continue
            states = self._placement(uow, event, groups)
            if states:
                uow.rosters.expect(event.person.key, states, at)
                if event.kind is EventKind.MOVED:
                    moved.append(event.person)
        uow.episodes.add_moves(moved, at)

    def _placement(
        self, uow: UnitOfWork, event: Event, groups: Sequence[tuple[GroupKey, str]]
    ) -> dict[GroupKey, str]:
        """The groups for which something changes: `due` where the person belongs now, `former` where no more."""
        rules = self._rules.joiners
        known = uow.rosters.expectations(event.person.key)
        before = {group for group, state in known.items() if state == "due"}
        if event.kind is EventKind.MOVED and event.before is not None:
            before |= places(event.before.facts, rules, groups)
        now = places(event.person.facts, rules, groups)
        return dict.fromkeys(sorted(now - before), "due") | dict.fromkeys(sorted(before - now), "former")

    def _let_dates_come(self, now: datetime, lease: Lease | None, counts: dict[str, int]) -> None:
        """Our own timer: no directory says that a leave date has come. A stale one may not know of a change."""
        with self._store.begin(lease) as uow:
            fresh = [
                directory.name
                for directory in self._directories
                if self._is_fresh(uow.sources.get(directory.name, Port.DIRECTORY.value), now)
            ]
            due = uow.people.due_leavers(now, fresh)
            uow.people.mark_left(due, now, now)
            uow.journal.append([_entry(Event(EventKind.LEFT, person, now)) for person in due])
        counts["left"] += len(due)

    def _is_fresh(self, state: SourceState, now: datetime) -> bool:
        return self._rules.fresh.is_fresh(state.name, state.taken_at, now)


def _entry(event: Event) -> Entry:
    person = event.person
    data = {"evidence": person.evidence.value} if person.evidence else {}
    subject = f"person:{person.key.source}/{person.key.person_id}"
    return Entry(event.at, person.key.source, f"person.{event.kind.value}", subject, data=data)


def _said_to_be_here(uow: UnitOfWork, name: str) -> set[PersonKey]:
    """Whose absence from the source somebody has rejected: the source is wrong, and asking again is noise."""
    return {
        missing.person
        for plan in uow.episodes.plans()
        if plan.source == name
        for cohort in plan.cohorts
        if cohort.cause == MISSING and cohort.state is HoldState.REJECTED
        for missing in cohort.people
    }


def _as_missing(uow: UnitOfWork, key: PersonKey, now: datetime) -> Newcomer:
    person = uow.people.get(key)
    name = person.facts.display_name if person else key.person_id
    return Newcomer(key, now, Evidence.ABSENT_CONFIRMED, name)
