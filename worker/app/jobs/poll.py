"""Poll: read each directory, prove the pass complete, make it the state in one transaction.

    changes(cursor) -> pages, staged -> believed? -> applied with its cursor -> Joined | Moved | … -> dirty groups

A source that fails never stops the others. A pass that proves nothing changes nobody's status.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from worker.app.jobs.absence import confirm_missing, hold_shrunken, unseen_error
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.placing import place
from worker.app.jobs.report import Report
from worker.app.reads.blind import blind_spot
from worker.app.tell.alarms import Alarms
from worker.app.tell.health import Freshness, record_failure, record_still_failing, record_success
from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.model import Account, AccountFacts, Evidence, Standing
from worker.domain.people.joiners import Placement
from worker.domain.people.leaver import Judgement, LeaverPolicy, is_absence_proof, judge
from worker.domain.people.lifecycle import Event, EventKind, is_too_malformed, is_too_shrunken
from worker.domain.reconcile.guard import GuardLimits
from worker.ports import (
    AuthFailed,
    ConnectorError,
    CursorExpired,
    Directory,
    DirectoryPage,
    Incomplete,
    PassEnd,
    PermissionDenied,
    Port,
    Transient,
)
from worker.ports.state.leases import Lease
from worker.ports.state.people import Applied
from worker.ports.state.sources import SourceState, WantedRead
from worker.ports.state.store import Store, UnitOfWork

COUNTS = (
    "sources", "unchanged", "changed", "joined", "moved", "leaving", "left", "returned", "unseen", "repaired",
)  # fmt: skip
REPAIRED_NAMED_MAX = 20  # ids in the journal of people whom a full pass had to repair


@dataclass(frozen=True, slots=True)
class PollRules:
    leaver: LeaverPolicy
    limits: GuardLimits
    fresh: Freshness
    joiners: tuple[Placement, ...]
    teller: Teller
    alarms: Alarms = field(default_factory=Alarms)


@dataclass(slots=True)
class _Read:
    """What one pass has said so far, while its pages are staged."""

    end: PassEnd | None = None
    malformed: int = 0
    unreadable_phones: int = 0
    in_scope: int = 0
    enabled: int = 0  # of those in scope


@dataclass(frozen=True, slots=True)
class _Tally:
    """The counts of a run, over all sources."""

    counts: dict[str, int]
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _DirectoryPass:
    """The end of a pass that was applied, and the ids of the people whose facts it changed."""

    end: PassEnd
    ids: tuple[str, ...] = ()


class Poll:
    """Reads all directories."""

    def __init__(
        self,
        store: Store,
        directories: Sequence[Directory],
        rules: PollRules,
        observer: Observer = SILENT,
    ) -> None:
        self._store = store
        self._directories = directories
        self._rules = rules
        self._observer = observer

    def is_due(self, _now: datetime) -> bool:
        """Whether somebody asked for a read of one of the directories."""
        with self._store.reading() as uow:
            return bool(self._asked(uow))

    def _asked(self, uow: UnitOfWork) -> list[WantedRead]:
        names = {directory.name for directory in self._directories}
        return [one for one in uow.sources.wanted() if one.source in names]

    def _forget_asked(self, lease: Lease | None) -> None:
        """Forget what was asked for: this run reads it. If it dies before that, the next one does."""
        with self._store.reading() as reader:
            asked = self._asked(reader)
        if asked:
            with self._store.begin(lease) as uow:
                uow.sources.had(asked)

    def run_once(self, now: datetime, lease: Lease | None = None, *, full: bool = False) -> Report:
        """Read every directory once (of a folder of dated files, all that are ready), then apply due dates.

        `now` is aware UTC. Idempotent: an unchanged directory changes nothing. Never raises a ConnectorError: a
        source's failure is in the report and in its state, and is announced.
        """
        tally = _Tally(dict.fromkeys(COUNTS, 0))
        self._forget_asked(lease)
        for directory in self._directories:
            tally.counts["sources"] += 1
            try:
                self._read(directory, now, lease, tally, full=full)
            except ConnectorError as error:
                self._fail(directory.name, error, now, lease)
                tally.troubles.append(f"{directory.name}: {error}")
        self._let_dates_come(now, lease, tally)
        return Report("poll", tally.counts, tuple(tally.troubles))

    def _fail(self, name: str, error: ConnectorError, now: datetime, lease: Lease | None) -> None:
        with self._store.begin(lease) as uow:
            state = uow.sources.get(name, Port.DIRECTORY)
            record_failure(uow, state, error, now, self._rules.alarms)

    def _read(
        self, directory: Directory, now: datetime, lease: Lease | None, tally: _Tally, *, full: bool
    ) -> None:
        with self._store.begin(lease) as uow:
            cursor = uow.sources.get(directory.name, Port.DIRECTORY).cursor
        while True:
            try:
                if full and cursor is not None and directory.has_delta:
                    self._compare(directory, cursor, now, lease, tally)
                    return
                end = self._pass(directory, cursor, now, lease, tally, full=full).end
            except CursorExpired:
                if cursor is None:
                    raise
                cursor, full = None, True
                continue
            cursor, full = end.cursor, False
            if not end.has_more:
                return

    def _compare(
        self, directory: Directory, cursor: str, now: datetime, lease: Lease | None, tally: _Tally
    ) -> None:
        """Read a delta, and a full pass right after it. Changes in the full pass are those that the deltas missed.

        If the delta proves nothing, or is refused, the full pass follows nevertheless, since it mends that. A
        source that is down, or does not let us see, is not asked twice.
        """
        try:
            cursor = self._pass(directory, cursor, now, lease, tally, full=False).end.cursor
        except (Transient, AuthFailed, PermissionDenied):
            raise
        except ConnectorError:
            self._pass(directory, None, now, lease, tally, full=True)
            return
        done = self._pass(directory, cursor, now, lease, tally, full=True)
        missed = set(done.ids) - self._changed_since(directory, cursor, done.ids)
        tally.counts["repaired"] += len(missed)
        if missed:
            data = {"count": len(missed), "people": sorted(missed)[:REPAIRED_NAMED_MAX]}
            entry = Entry(now, "whosleft", events.SOURCE_REPAIRED, f"source:{directory.name}", data=data)
            with self._store.begin(lease) as uow:
                uow.journal.append([entry])

    def _changed_since(self, directory: Directory, cursor: str, ids: Sequence[str]) -> set[str]:
        """The ids among these that changed while the full pass was read: no delta could have had them."""
        if not ids:
            return set()
        try:
            pages = [item for item in directory.changes(cursor) if isinstance(item, DirectoryPage)]
        except ConnectorError:
            return set(ids)  # unknown which of them changed, but all of them were repaired
        return {facts.person_id for page in pages for facts in page.records}

    def _pass(
        self,
        directory: Directory,
        cursor: str | None,
        now: datetime,
        lease: Lease | None,
        tally: _Tally,
        *,
        full: bool,
    ) -> _DirectoryPass:
        read = self._stage(directory, cursor, now, lease, full=full)
        end = read.end
        if end is None:
            raise Incomplete(
                f"The read of {directory.name} ended without proof that it was complete.",
                remedy="It is tried again; if it stays, look at the connector's log.",
            )
        if end.is_unchanged:
            tally.counts["unchanged"] += 1
            tally.counts["left"] += self._finish_unchanged(directory.name, end, now, lease)
            return _DirectoryPass(end)
        unseen = self._confirmed(directory, end, now, lease)
        self._believe(directory.name, read, now, lease)
        with self._store.begin(lease) as uow:
            applied = uow.people.apply_stage(
                directory.name, is_full=end.is_full, taken_at=end.taken_at, now=now
            )
            state = uow.sources.get(directory.name, Port.DIRECTORY)
            is_first = state.first_pass_at is None
            left = (
                []
                if directory.can_look_up or not end.is_full
                else self._absent(uow, directory.name, end, now)
            )
            uow.people.mark_left(left, min(end.taken_at, now), now)
            self._tell(uow, directory.name, applied, left, end, now, is_first=is_first)
            if is_first:  # questions about members waited for this source's first read
                uow.rosters.mark_dirty([row.key for row in uow.rosters.groups()], now)
            after = self._state_after(state, applied, read, end, now, len(unseen))
            self._record(uow, after, now, unseen)
        tally.counts["changed"] += applied.changed
        for event in applied.events:
            tally.counts[event.kind.value] += 1
        tally.counts["left"] += len(left)
        if unseen:
            tally.counts["unseen"] += len(unseen)
            tally.troubles.append(str(unseen_error(directory.name, len(unseen), unseen[0].remedy)))
        return _DirectoryPass(end, applied.ids)

    def _confirmed(
        self, directory: Directory, end: PassEnd, now: datetime, lease: Lease | None
    ) -> list[PermissionDenied]:
        if not (end.is_full and directory.can_look_up):
            return []
        return confirm_missing(
            self._store, directory, lambda facts: self._judged([facts], now), self._rules.limits, lease
        )

    def _record(
        self, uow: UnitOfWork, state: SourceState, now: datetime, unseen: Sequence[PermissionDenied] = ()
    ) -> None:
        """Turn the source green, or red if people known before can't be found.

        It stays red until a full pass lists those people, or says that they are gone.
        """
        if unseen:
            error = unseen_error(state.name, len(unseen), unseen[0].remedy)
            failed, rules = replace(state, last_success_at=now), self._rules
            record_failure(uow, failed, error, now, rules.alarms)
        elif count := state.counts.get("unseen", 0):
            error = unseen_error(state.name, count)
            record_still_failing(uow, replace(state, last_success_at=now), error, now)
        else:
            record_success(uow, state, now, self._rules.alarms)

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
                in_scope = [facts for facts in item.records if facts.is_in_scope]
                read.in_scope += len(in_scope)
                read.enabled += sum(facts.enabled is True for facts in in_scope)
                self._observer.progressed(directory.name, len(item.records))
            else:
                read.end = item
        return read

    def _judged(
        self, records: Iterable[AccountFacts], now: datetime
    ) -> Iterable[tuple[AccountFacts, Judgement | None]]:
        return [(facts, judge(facts, self._rules.leaver, now)) for facts in records]

    def _believe(self, name: str, read: _Read, now: datetime, lease: Lease | None) -> None:
        """Raise Incomplete if a full pass cannot be believed, and BadConfig if it lacks what the rules need."""
        end = read.end
        if end is None or not end.is_full:
            return
        if (blind := blind_spot(end.unshown, self._rules.leaver)) is not None:
            raise blind
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
            hold_shrunken(self._store, name, now, lease, self._rules.teller)
            raise Incomplete(
                f"{name} lists {staged.known - staged.missing} of the {staged.known} people known before: "
                f"{staged.missing} are missing at once.",
                remedy="If that is true, release the held plan (whosleft plans list); else mend the source.",
                expected=staged.known,
                got=staged.known - staged.missing,
            )

    def _absent(self, uow: UnitOfWork, name: str, end: PassEnd, now: datetime) -> list[Account]:
        """People who were missing from enough complete passes over enough time.

        A pass that is dated in the future counts as of now: a clock that runs ahead proves nothing sooner.
        """
        policy, taken_at = self._rules.leaver.absent, min(end.taken_at, now)
        return [
            replace(person, standing=Standing.LEFT, evidence=Evidence.ABSENT_CONFIRMED, left_at=taken_at)
            for person, missed, since in uow.people.absent(name)
            if is_absence_proof(missed, since, taken_at, policy)
        ]

    def _finish_unchanged(self, name: str, end: PassEnd, now: datetime, lease: Lease | None) -> int:
        """Finish a pass without changes; return how many people left by it.

        A full source (a file) with a newer date confirms the absence of the people whom it lacked before.
        """
        with self._store.begin(lease) as uow:
            state = uow.sources.get(name, Port.DIRECTORY)
            left: list[Account] = []
            if end.is_full and state.taken_at is not None and end.taken_at > state.taken_at:
                uow.people.miss_again(name)
                left = self._absent(uow, name, end, now)
                uow.people.mark_left(left, min(end.taken_at, now), now)
                uow.journal.append(
                    [_entry(Event(EventKind.LEFT, person, person.left_at or now)) for person in left]
                )
            taken_at = max(end.taken_at, state.taken_at or end.taken_at)
            self._record(uow, replace(state, cursor=end.cursor, taken_at=taken_at), now)
        return len(left)

    def _state_after(
        self,
        state: SourceState,
        applied: Applied,
        read: _Read,
        end: PassEnd,
        now: datetime,
        unseen: int,
    ) -> SourceState:
        counts = {
            "changed": applied.changed,
            "malformed": read.malformed,
            "unreadable_phones": read.unreadable_phones,
            "unseen": unseen if end.is_full else state.counts.get("unseen", 0),
            # Only a full pass counts everybody: after a delta, the last full pass's count stays
            "in_scope": read.in_scope if end.is_full else state.counts.get("in_scope", 0),
            "enabled": read.enabled if end.is_full else state.counts.get("enabled", 0),
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
        absent: Sequence[Account],
        end: PassEnd,
        now: datetime,
        *,
        is_first: bool,
    ) -> None:
        entries = [_entry(event) for event in applied.events]
        entries += [_entry(Event(EventKind.LEFT, person, person.left_at or now)) for person in absent]
        if is_first:
            data = {"people": applied.changed, "already_left": applied.first_run_leavers}
            entries.append(Entry(now, "whosleft", events.SOURCE_FIRST_READ, f"source:{name}", data=data))
        uow.journal.append(entries)
        if self._rules.joiners and applied.events:
            place(uow, self._rules.joiners, applied.events, end.taken_at)

    def _let_dates_come(self, now: datetime, lease: Lease | None, tally: _Tally) -> None:
        """Mark people as left when their date has come, since no directory announces it.

        Stale directories are left out: they may not know that a date was changed.
        """
        with self._store.begin(lease) as uow:
            fresh = [
                directory.name
                for directory in self._directories
                if self._is_fresh(uow.sources.get(directory.name, Port.DIRECTORY), now)
            ]
            due = uow.people.due_leavers(now, fresh)
            uow.people.mark_left(due, now, now)
            uow.journal.append([_entry(Event(EventKind.LEFT, person, now)) for person in due])
        tally.counts["left"] += len(due)

    def _is_fresh(self, state: SourceState, now: datetime) -> bool:
        return self._rules.fresh.is_fresh(state.name, state.taken_at, now)


_EVENTS = {
    EventKind.JOINED: events.PERSON_JOINED,
    EventKind.MOVED: events.PERSON_MOVED,
    EventKind.LEAVING: events.PERSON_LEAVING_ANNOUNCED,
    EventKind.LEFT: events.PERSON_LEFT,
    EventKind.RETURNED: events.PERSON_RETURNED,
}


def _entry(event: Event) -> Entry:
    person = event.person
    data = {"evidence": person.evidence.value} if person.evidence else {}
    subject = f"person:{person.key.source}/{person.key.person_id}"
    return Entry(event.at, person.key.source, _EVENTS[event.kind], subject, data=data)
