"""One pass over a directory: staged, believed or not, and applied in one transaction with its cursor.

A pass that proves nothing changes nobody's status.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from worker.app.jobs.absence import confirm_missing, require_enough, staged_of, unseen_error
from worker.app.jobs.holding import end_shrunken
from worker.app.jobs.observer import Observer
from worker.app.jobs.placing import place
from worker.app.reads.blind import blind_spot
from worker.app.tell.alarms import Alarms
from worker.app.tell.health import (
    FAILED_FULL,
    Freshness,
    record_failure,
    record_still_failing,
    record_success,
)
from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.model import Account, AccountFacts, AccountKey, Evidence, Standing
from worker.domain.people.joiners import Placement
from worker.domain.people.leaver import LeaverPolicy, counted, is_absence_proof, judge
from worker.domain.people.lifecycle import Event, EventKind, is_too_malformed
from worker.domain.people.unshown import completed
from worker.domain.reconcile.guard import GuardLimits, people_count
from worker.ports import (
    Directory,
    DirectoryPage,
    Incomplete,
    PassEnd,
    PermissionDenied,
    Port,
)
from worker.ports.state.leases import Lease
from worker.ports.state.people import Applied, JudgedFacts
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store, UnitOfWork

COUNTS = (
    "sources", "unchanged", "changed", "joined", "moved", "leaving", "left", "returned", "unseen", "repaired",
)  # fmt: skip
BEHIND_MAX = timedelta(days=1)  # how far a copy of a directory may be behind another one


# What to do about a read that lacks so many people that it isn't believed
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
    malformed_staged: int = 0  # of the malformed: people who are known, or of whom the rest can be read
    unreadable_phones: int = 0
    in_scope: int = 0
    enabled: int = 0  # of those in scope
    unshown: frozenset[str] = frozenset()  # as its last page says
    unsure: frozenset[str] = frozenset()
    still_on_leave: int = 0  # disabled people who were on long leave, which is shown of nobody any more


@dataclass(frozen=True, slots=True)
class PassTally:
    """The counts of a run, over all sources."""

    counts: dict[str, int]
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PassDone:
    """The end of a pass that was applied, and the ids of the people whose facts it changed."""

    end: PassEnd
    ids: tuple[str, ...] = ()


class DirectoryPass:
    """Reads one directory within a run, pass by pass. `now` is aware UTC."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        rules: PollRules,
        observer: Observer,
        now: datetime,
        lease: Lease | None,
        tally: PassTally,
    ) -> None:
        self._store = store
        self._directory = directory
        self._name = directory.name
        self._rules = rules
        self._observer = observer
        self._now = now
        self._lease = lease
        self._tally = tally

    def run(self, cursor: str | None, *, full: bool) -> PassDone:
        """Read what changed since a cursor (None: everybody), and make it the state with the new cursor.

        `full` asks for everybody, whatever the cursor. Raises ConnectorError if the pass proves nothing: then nobody's
        standing has changed.
        """
        tally = self._tally
        read = self._stage(cursor, full=full)
        end = read.end
        if end is None:
            raise Incomplete(
                f"The read of {self._name} ended without proof that it was complete.",
                remedy="It is tried again; if it stays, look at the connector's log.",
            )
        if end.is_unchanged:
            tally.counts["unchanged"] += 1
            tally.counts["left"] += self._finish_unchanged(end)
            return PassDone(end)
        unseen = self._confirmed(read, end, is_alone=cursor is None or not self._directory.has_delta)
        self._believe(read)
        taken_at = min(end.taken_at, self._now)  # nothing has happened later than now
        with self._store.begin(self._lease) as uow:
            state = uow.sources.get(self._name, Port.DIRECTORY)
            applied = uow.people.apply_stage(
                self._name,
                is_full=end.is_full,
                taken_at=taken_at,
                now=self._now,
                listed_at=state.taken_at,
                doubts_since=self._doubts_since(end),
            )
            is_first = state.first_pass_at is None
            left = [] if self._directory.can_look_up or not end.is_full else self._absent(uow, taken_at)
            uow.people.mark_left(left, taken_at, self._now)
            self._end_shrunken(uow, end)
            self._tell(uow, applied, left, taken_at, is_first=is_first)
            if is_first:  # questions about members waited for this source's first read
                uow.rosters.mark_dirty([row.key for row in uow.rosters.groups()], self._now)
            after = self._state_after(state, applied, read, end, len(unseen))
            error = self._record(uow, after, unseen)
        tally.counts["changed"] += applied.changed
        for event in applied.events:
            tally.counts[event.kind.value] += 1
        tally.counts["left"] += len(left)
        if applied.doubted:
            tally.troubles.append(
                f"{self._name} was read from another copy, which may be behind: it says otherwise of "
                f"{people_count(applied.doubted)} who left or came lately. A later full pass tells."
            )
        if read.still_on_leave:
            tally.troubles.append(
                f"{self._name} shows long leave (attributes.long_leave) of nobody any more: "
                f"{people_count(read.still_on_leave)} whose accounts are disabled still count as on leave. Show it to "
                "the worker again; or, if they have left, take attributes.long_leave out until everybody was read."
            )
        if unseen:
            tally.counts["unseen"] += len(unseen)
            tally.troubles.append(str(error))
        return PassDone(end, applied.ids)

    def _doubts_since(self, end: PassEnd) -> datetime | None:
        """Since when a copy may not have heard of what happened; None for a pass that knows all that is known."""
        return self._now - BEHIND_MAX if end.may_be_behind else None

    def _confirmed(self, read: _Read, end: PassEnd, *, is_alone: bool) -> list[PermissionDenied]:
        """Look up who is missing. `is_alone`: no delta before it told who was deleted out of scope."""
        if not (end.is_full and self._directory.can_look_up):
            return []
        return confirm_missing(
            self._store,
            self._directory,
            lambda uow, facts: self._judged(self._completed(uow, [facts], read.unshown, read.unsure)),
            self._rules.limits,
            self._lease,
            also_out_of_scope=is_alone,
            came_by=self._doubts_since(end),
        )

    def _record(
        self, uow: UnitOfWork, state: SourceState, unseen: Sequence[PermissionDenied] = ()
    ) -> PermissionDenied | None:
        """Turn the source green; or red, until a full pass lists those who can't be found, or says that they are gone.

        Returns the error for them.
        """
        read, alarms = replace(state, last_success_at=self._now), self._rules.alarms
        if (error := unseen_error(uow, state, unseen)) is None:
            record_success(uow, state, self._now, alarms)
        elif unseen:
            record_failure(uow, read, error, self._now, alarms)
        else:
            record_still_failing(uow, read, error, self._now)
        return error

    def _stage(self, cursor: str | None, *, full: bool) -> _Read:
        with self._store.begin(self._lease) as uow:
            uow.people.clear_stage(self._name)
        read = _Read()
        for item in self._directory.changes(cursor, full=full):
            if read.end is not None:
                raise Incomplete(f"{self._name} went on after it had said that it was at the end.")
            if isinstance(item, DirectoryPage):
                with self._store.begin(self._lease) as uow:
                    seen = self._seen(uow, item)
                    records = self._completed(uow, item.records, item.unshown, item.unsure)
                    uow.people.stage(self._name, [*self._judged(records), *seen])
                read.still_on_leave += sum(
                    one.is_on_long_leave and not shown.is_on_long_leave and shown.enabled is False
                    for one, shown in zip(records, item.records, strict=True)
                )
                named = {one.record_id for one in item.malformed}
                read.malformed += len(item.malformed)
                read.malformed_staged += len(seen) + sum(one.person_id in named for one in item.records)
                read.unreadable_phones += item.unreadable_phones
                read.unshown, read.unsure = item.unshown, item.unsure
                in_scope = [facts for facts in item.records if facts.is_in_scope]
                read.in_scope += len(in_scope)
                read.enabled += sum(facts.enabled is True for facts in in_scope)
                self._observer.progressed(self._name, len(item.records))
            else:
                read.end = item
        return read

    def _seen(self, uow: UnitOfWork, page: DirectoryPage) -> list[JudgedFacts]:
        """The people whose records are set aside, as they are known: they are listed, and nothing else is concluded."""
        set_aside = {one.record_id for one in page.malformed} - {one.person_id for one in page.records}
        known = uow.people.facts({AccountKey(self._name, one) for one in set_aside})
        return [JudgedFacts(facts, None) for facts in known.values()]

    def _completed(
        self,
        uow: UnitOfWork,
        records: Sequence[AccountFacts],
        unshown: frozenset[str],
        unsure: frozenset[str],
    ) -> Sequence[AccountFacts]:
        """Records with what was known before of the facts that the source shows for nobody."""
        if not unshown | unsure:
            return records
        keys = {AccountKey(self._name, one.person_id) for one in records}
        known = uow.people.facts(keys, having=unshown | unsure)
        return [
            completed(one, known.get(AccountKey(self._name, one.person_id), one), unshown, unsure)
            for one in records
        ]

    def _judged(self, records: Iterable[AccountFacts]) -> list[JudgedFacts]:
        policy = self._rules.leaver
        those = (counted(facts, policy) for facts in records)
        return [JudgedFacts(facts, judge(facts, policy, self._now)) for facts in those]

    def _believe(self, read: _Read) -> None:
        """Raise Incomplete if a full pass cannot be believed, and BadConfig if it lacks what the rules need."""
        end = read.end
        if end is None or not end.is_full:
            return
        if (blind := blind_spot(end.unshown, self._rules.leaver)) is not None:
            raise blind
        with self._store.begin(self._lease) as uow:
            staged = staged_of(uow, self._directory)
        good = staged.records - read.malformed_staged
        if is_too_malformed(read.malformed, good):
            raise Incomplete(
                f"{read.malformed} of {read.malformed + good} records of {self._name} can't be understood.",
                remedy="whosleft check names the first of them. Mend it where it comes from, and poll again.",
            )
        if end.total is not None and end.total > good + read.malformed:
            raise Incomplete(
                f"{self._name} says that it has {end.total} records and gave {good}.",
                remedy="It is read again at the next poll.",
                expected=end.total,
                got=good,
            )
        if not good:
            raise Incomplete(
                f"{self._name} lists nobody.", remedy="Check the export, the path and the scope."
            )
        rules = self._rules
        require_enough(
            self._store, self._directory, staged, rules.limits, self._now, self._lease, rules.teller
        )

    def _end_shrunken(self, uow: UnitOfWork, end: PassEnd) -> None:
        if end.is_full:
            end_shrunken(uow, self._name, self._now, self._rules.teller)

    def _absent(self, uow: UnitOfWork, taken_at: datetime) -> list[Account]:
        """People who were missing from enough complete passes over enough time; the last was true for `taken_at`.

        A pass that is dated in the future counts as of now: a clock that runs ahead proves nothing sooner.
        """
        policy = self._rules.leaver.absent
        return [
            replace(person, standing=Standing.LEFT, evidence=Evidence.ABSENT_CONFIRMED, left_at=taken_at)
            for person, missed, since in uow.people.absent(self._name)
            if is_absence_proof(missed, since, taken_at, policy)
        ]

    def _finish_unchanged(self, end: PassEnd) -> int:
        """Finish a pass without changes; return how many people left by it.

        A full source (a file) with a newer date confirms the absence of the people whom it lacked before.
        """
        with self._store.begin(self._lease) as uow:
            self._end_shrunken(uow, end)
            state = uow.sources.get(self._name, Port.DIRECTORY)
            left: list[Account] = []
            if end.is_full and state.taken_at is not None and end.taken_at > state.taken_at:
                uow.people.miss_again(self._name)
                at = min(end.taken_at, self._now)
                left = self._absent(uow, at)
                uow.people.mark_left(left, at, self._now)
                uow.journal.append(
                    [
                        person_entry(Event(EventKind.LEFT, person, person.left_at or self._now))
                        for person in left
                    ]
                )
            counts = {
                name: count for name, count in state.counts.items() if name != FAILED_FULL or not end.is_full
            }
            self._record(uow, replace(state, cursor=end.cursor, taken_at=end.taken_at, counts=counts))
        return len(left)

    def _state_after(
        self, state: SourceState, applied: Applied, read: _Read, end: PassEnd, unseen: int
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
        if not end.is_full and FAILED_FULL in state.counts:
            counts[FAILED_FULL] = state.counts[FAILED_FULL]
        return replace(
            state,
            cursor=end.cursor,
            taken_at=end.taken_at,
            first_pass_at=state.first_pass_at or self._now,
            last_full_at=self._now if end.is_full else state.last_full_at,
            counts=counts,
        )

    def _tell(
        self,
        uow: UnitOfWork,
        applied: Applied,
        absent: Sequence[Account],
        taken_at: datetime,
        *,
        is_first: bool,
    ) -> None:
        entries = [person_entry(event) for event in applied.events]
        entries += [
            person_entry(Event(EventKind.LEFT, person, person.left_at or self._now)) for person in absent
        ]
        if is_first:
            data = {"people": applied.changed, "already_left": applied.first_run_leavers}
            entries.append(
                Entry(self._now, "whosleft", events.SOURCE_FIRST_READ, f"source:{self._name}", data=data)
            )
        uow.journal.append(entries)
        place(uow, self._rules.joiners, applied.events, taken_at)


_EVENTS = {
    EventKind.JOINED: events.PERSON_JOINED,
    EventKind.MOVED: events.PERSON_MOVED,
    EventKind.LEAVING: events.PERSON_LEAVING_ANNOUNCED,
    EventKind.LEFT: events.PERSON_LEFT,
    EventKind.RETURNED: events.PERSON_RETURNED,
}


def person_entry(event: Event) -> Entry:
    """What the journal says of something that happened to a person."""
    person = event.person
    data = {"evidence": person.evidence.value} if person.evidence else {}
    subject = f"person:{person.key.source}/{person.key.person_id}"
    return Entry(event.at, person.key.source, _EVENTS[event.kind], subject, data=data)
