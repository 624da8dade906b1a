"""Poll: read each directory, prove the pass complete, make it the state in one transaction.

    changes(cursor) -> pages, staged -> believed? -> applied with its cursor -> Joined | Moved | … -> dirty groups

A source that fails never stops the others. A pass that proves nothing changes nobody's status.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.app.jobs.directory_pass import COUNTS, DirectoryPass, PassTally, PollRules, person_entry
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.placing import place
from worker.app.jobs.report import Report, said_of
from worker.app.tell.health import count_failed_full, record_failure
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.people.leaver import judge_again
from worker.domain.people.lifecycle import events_between
from worker.ports import (
    AuthFailed,
    ConnectorError,
    CursorExpired,
    Directory,
    DirectoryPage,
    PermissionDenied,
    Port,
    Transient,
)
from worker.ports.state.leases import Lease
from worker.ports.state.sources import SourceState, WantedRead
from worker.ports.state.store import Store, UnitOfWork

BELIEVED_AFTER = timedelta(days=1)  # a clock must say so long that a date is ahead, to end what is held by it
REPAIRED_NAMED_MAX = 20  # ids in the journal of people whom a full pass had to repair


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

    def _leave_out_removed(self, lease: Lease | None) -> None:
        """Note which directories the configuration no longer names: nobody hears of their accounts any more.

        Whose number is whose may be another question with a directory more or less.
        """
        names = {directory.name for directory in self._directories}
        with self._store.reading() as reader:
            known = {one.name for one in reader.sources.all() if one.port is Port.DIRECTORY}
            is_noted = reader.sources.removed(Port.DIRECTORY) == known - names
        if not is_noted:
            with self._store.begin(lease) as uow:
                uow.sources.remove(Port.DIRECTORY, known - names)
                uow.identities.match_all_again()

    def run_once(self, now: datetime, lease: Lease | None = None, *, full: bool = False) -> Report:
        """Read every directory once (of a folder of dated files, all that are ready), then apply due dates.

        `now` is aware UTC. Idempotent: an unchanged directory changes nothing. Never raises a ConnectorError: a
        source's failure is in the report and in its state, and is announced.
        """
        tally = PassTally(dict.fromkeys(COUNTS, 0))
        self._forget_asked(lease)
        self._leave_out_removed(lease)
        for directory in self._directories:
            tally.counts["sources"] += 1
            try:
                one = DirectoryPass(self._store, directory, self._rules, self._observer, now, lease, tally)
                self._read(directory, one, now, lease, tally, full=full)
            except ConnectorError as error:
                self._fail(directory.name, error, now, lease)
                tally.troubles.append(said_of(directory.name, error))
        self._let_dates_come(now, lease, tally)
        return Report("poll", tally.counts, tuple(tally.troubles))

    def _fail(self, name: str, error: ConnectorError, now: datetime, lease: Lease | None) -> None:
        with self._store.begin(lease) as uow:
            uow.people.clear_stage(name)
            state = uow.sources.get(name, Port.DIRECTORY)
            record_failure(uow, state, error, now, self._rules.alarms)

    def _read(
        self,
        directory: Directory,
        one: DirectoryPass,
        now: datetime,
        lease: Lease | None,
        tally: PassTally,
        *,
        full: bool,
    ) -> None:
        with self._store.begin(lease) as uow:
            cursor = uow.sources.get(directory.name, Port.DIRECTORY).cursor
        while True:
            try:
                if full and cursor is not None and directory.has_delta:
                    missed = self._compare(directory, one, cursor, lease)
                    tally.counts["repaired"] += len(missed)
                    self._name_missed(directory.name, missed, now, lease)
                    return
                end = one.run(cursor, full=full).end
            except CursorExpired:
                if cursor is None:
                    raise
                # One without deltas may have a history, which is not to be replayed
                cursor, full = (None if full or directory.has_delta else cursor), True
                continue
            cursor, full = end.cursor, False
            if not end.has_more:
                return

    def _compare(
        self, directory: Directory, one: DirectoryPass, cursor: str, lease: Lease | None
    ) -> set[str]:
        """Read a delta, and a full pass right after it; return the ids of those whom the deltas missed.

        If the delta proves nothing, or is refused, the full pass follows nevertheless, since it mends that. A
        source that is down, or does not let us see, is not asked twice.
        """
        try:
            since = one.run(cursor, full=False).end.cursor
        except (Transient, AuthFailed, PermissionDenied):
            raise
        except ConnectorError:
            one.run(None, full=True)
            return set()
        try:
            done = one.run(since, full=True)
        except ConnectorError as error:
            with self._store.begin(lease) as uow:
                count_failed_full(uow, uow.sources.get(directory.name, Port.DIRECTORY), error)
            raise
        return set(done.ids) - self._changed_since(directory, since, done.ids)

    def _name_missed(self, name: str, missed: set[str], now: datetime, lease: Lease | None) -> None:
        if missed:
            data = {"count": len(missed), "people": sorted(missed)[:REPAIRED_NAMED_MAX]}
            entry = Entry(now, "whosleft", events.SOURCE_REPAIRED, f"source:{name}", data=data)
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

    def _let_dates_come(self, now: datetime, lease: Lease | None, tally: PassTally) -> None:
        """Judge anew, by what is known of them, those whose date has come, since no directory announces it.

        Stale directories are left out: they may not know that a date was changed. Whoever left by a date that is
        ahead is judged as well, of stale and removed directories too: the date came by a clock that was wrong.
        """
        with self._store.begin(lease) as uow:
            fresh = [
                directory.name
                for directory in self._directories
                if self._is_fresh(uow.sources.get(directory.name, Port.DIRECTORY), now)
            ]
            happened = [
                event
                for before in (*uow.people.left_too_early(now), *uow.people.due_leavers(now, fresh))
                for event in events_between(before, judge_again(before, self._rules.leaver, now), now)
            ]
            uow.people.follow(happened, now)
            uow.people.end_returned(now - BELIEVED_AFTER, now)
            uow.journal.append([person_entry(event) for event in happened])
            place(uow, self._rules.joiners, happened, now)
        for event in happened:
            tally.counts[event.kind.value] += 1

    def _is_fresh(self, state: SourceState, now: datetime) -> bool:
        return self._rules.fresh.is_fresh(state.name, state.taken_at, now)
