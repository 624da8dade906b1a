"""Inventory: read who is in which group, roster by roster, and make it the state.

what is due -> changes() -> rosters, staged -> believed? -> applied -> members added, removed, regraded -> dirty groups

   -> a closer look at some groups: facts that cost a call each

Each inventory is read at its own pace, and before its time if somebody asked for it: a call from outside, the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from worker.app.acts.pairing import Pairing
from worker.app.jobs.matching import Matching
from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.report import Report, said_of
from worker.app.tell.alarms import Alarms
from worker.app.tell.health import record_failure, record_success
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.groups.untold_roles import with_untold_roles
from worker.domain.instants import has_come
from worker.domain.model import NOTHING_SHOWN, GroupFacts, GroupKey, Roster
from worker.domain.people.lifecycle import is_too_malformed
from worker.domain.reconcile.guard import GuardLimits
from worker.ports import (
    ConnectorError,
    CursorExpired,
    Incomplete,
    Inventory,
    Malformed,
    Port,
    SnapshotEnd,
    Takes,
)
from worker.ports.state.groups import RosterChanges, ShrunkenRoster, Unlisted, UnshownRoster
from worker.ports.state.leases import Lease
from worker.ports.state.sources import WHOLE, WantedRead
from worker.ports.state.store import Store, UnitOfWork

PAGE_MEMBERS = 5_000
LOOK_EVERY = timedelta(hours=20)  # once a day, at whatever time the day's reads come
LOOKS_MAX = (
    50  # groups in one read, so that no other source waits long: a phone may ask thirty times a minute
)
EARLY_SHARE = 0.1  # of its pace: a read comes up to so much early, so that sources are not all read at once


@dataclass(frozen=True, slots=True)
class InventoryRules:
    """What inventories are read by; `paces` and `takes` by the inventory's name.

    `paces`: how long after a read the next one is due. `takes`: which groups the configuration wants.
    """

    limits: GuardLimits
    paces: Mapping[str, timedelta]
    takes: Mapping[str, Takes]


@dataclass(frozen=True, slots=True)
class _Due:
    """A read to be done: of these groups, or of all (None). `wanted` is what it answers."""

    inventory: Inventory
    groups: frozenset[str] | None
    wanted: tuple[WantedRead, ...]


class TakeInventory:
    """Reads the inventories."""

    def __init__(
        self,
        store: Store,
        inventories: Sequence[Inventory],
        rules: InventoryRules,
        alarms: Alarms,
        pairing: Pairing | None = None,
        observer: Observer = SILENT,
    ) -> None:
        self._store = store
        self._inventories = inventories
        self._rules = rules
        self._alarms = alarms
        self._observer = observer
        self._pairing = pairing or Pairing(inventories)
        self._marks: dict[str, str] = {}

    def is_due(self, now: datetime) -> bool:
        """Whether a read is due. Notes first what calls from outside spoke of, and what changed."""
        for inventory in self._inventories:
            if news := inventory.news() | self._changed(inventory):
                with self._store.begin() as uow:
                    uow.sources.want(inventory.name, news, now)
        with self._store.reading() as uow:
            return self._is_removed_anew(uow) or any(True for _ in self._due(uow, now, due_only=True))

    def _changed(self, inventory: Inventory) -> frozenset[str]:
        """WHOLE if the inventory's mark is another than at the last look. The first look only remembers it."""
        mark = inventory.watermark()
        if mark is None:
            return frozenset()
        known, self._marks[inventory.name] = self._marks.get(inventory.name, mark), mark
        return frozenset() if known == mark else frozenset({WHOLE})

    def run_once(self, now: datetime, lease: Lease | None = None, *, due_only: bool = False) -> Report:
        """Read every inventory once, or only what is due; a failed read changes nothing and never stops the others."""
        counts = {"sources": 0, "groups": 0, "members": 0, "added": 0, "removed": 0, "role_changes": 0,
                  "groups_new": 0, "groups_gone": 0}  # fmt: skip
        troubles = []
        is_removed_anew = self._leave_out_removed(now, lease)
        with self._store.reading() as reader:
            due = list(self._due(reader, now, due_only=due_only))
        for one in due:
            counts["sources"] += 1
            try:
                troubles += self._read(one, now, lease, counts)
                troubles += self._look(one, now, lease)
            except ConnectorError as error:
                self._failed(one, error, now, lease)
                troubles.append(said_of(one.inventory.name, error))
        if counts["sources"] or is_removed_anew:
            with Matching(self._store, now, lease).begin() as uow:
                self._pairing.pair(uow, now, is_new=bool(counts["groups_new"]) or not due_only)
        return Report("inventory", counts, tuple(troubles))

    def _removed(self, uow: UnitOfWork) -> set[str]:
        """The inventories that the configuration does not name any more."""
        known = {one.name for one in uow.sources.all() if one.port is Port.INVENTORY}
        return known - {inventory.name for inventory in self._inventories}

    def _is_removed_anew(self, uow: UnitOfWork) -> bool:
        return uow.sources.removed(Port.INVENTORY) != self._removed(uow)

    def _leave_out_removed(self, now: datetime, lease: Lease | None) -> bool:
        """Leave out the groups of inventories that the configuration names no more: nothing can prove their tickets.

        What nobody would list again stays, so that nothing is lost by a mistake: what admins declared, and groups that
        the source did not show any more.
        """
        with self._store.reading() as reader:
            if not self._is_removed_anew(reader):
                return False
        with self._store.begin(lease) as uow:
            removed = self._removed(uow)
            for name in sorted(removed - uow.sources.removed(Port.INVENTORY)):
                if uow.sources.get(name, Port.INVENTORY).last_full_at is not None:
                    gone = uow.rosters.leave_out(name, now)
                    uow.journal.append([_entry(group, events.GROUP_GONE, now, {}) for group in gone])
            uow.sources.remove(Port.INVENTORY, removed)
        return True

    def _due(self, uow: UnitOfWork, now: datetime, *, due_only: bool) -> Iterator[_Due]:
        asked: dict[str, list[WantedRead]] = {}
        for read in uow.sources.wanted():
            asked.setdefault(read.source, []).append(read)
        for inventory in self._inventories:
            wanted = tuple(asked.get(inventory.name, ()))
            groups = frozenset(read.group_id for read in wanted)
            last_at = uow.sources.get(inventory.name, Port.INVENTORY).last_attempt_at
            if not due_only or WHOLE in groups or self._is_over(inventory.name, last_at, now):
                yield _Due(inventory, None, wanted)
            elif groups:
                yield _Due(inventory, groups, wanted)

    def _is_over(self, name: str, last_at: datetime | None, now: datetime) -> bool:
        """Whether the inventory's pace since the last read is over."""
        if last_at is None:
            return True
        early = EARLY_SHARE * crc32(f"{name} {last_at.isoformat()}".encode()) / (1 << 32)
        pace = self._rules.paces[name] * (1 - early)
        return has_come(last_at + pace, now, pace)

    def _read(self, due: _Due, now: datetime, lease: Lease | None, counts: dict[str, int]) -> list[str]:
        name = due.inventory.name
        end, groups, members = self._stage(due, lease)
        if end is None:
            raise Incomplete(
                f"The read of {name} ended without proof that it was complete.",
                remedy="It is tried again; if it stays, look at the connector's log.",
            )
        if end.groups_total != groups:
            raise Incomplete(
                f"{name} says that it has {end.groups_total} groups and gave {groups}.",
                remedy="It is read again at the next pass.",
                expected=end.groups_total,
                got=groups,
            )
        with self._store.begin(lease) as uow:
            changes = uow.rosters.apply_stage(
                name, now=now, limits=self._rules.limits, rest=self._rest(due, end)
            )
            if changes.too_few_groups is not None:
                known, missing = changes.too_few_groups
                raise Incomplete(
                    f"{missing} of the {known} groups of {name} are missing at once.",
                    remedy="Restore them. If they are gone for good, name them under exclude of the source.",
                    expected=known,
                    got=known - missing,
                )
            self._tell(uow, changes, now)
            uow.sources.had(due.wanted)
            if due.groups is None:
                counted = {"groups": groups, "members": members, "malformed": len(end.malformed)}
                self._record(uow, name, end, counted, now)
        _count(counts, groups, members, changes)
        doubts = [*map(_shrunken, changes.shrunken), *map(_unshown, changes.unshown)]
        if due.inventory.can.sees_all_groups and changes.hidden:
            doubts.append(_hidden(changes.hidden, end.malformed))
        if is_too_malformed(len(end.malformed), members):
            doubts.append(_unread(end.malformed, members))
        return [f"{name}: {doubt}" for doubt in doubts]

    def _look(self, due: _Due, now: datetime, lease: Lease | None) -> list[str]:
        """Look closely at some groups. The roster was read whatever comes of it, and what is seen by then stays."""
        inventory = due.inventory
        if not inventory.can.costly:
            return []
        with self._store.reading() as uow:
            wanted = uow.rosters.to_look_at(
                inventory.name,
                inventory.can.costly,
                before=None if due.groups is not None else now - LOOK_EVERY,
                limit=LOOKS_MAX,
                groups=due.groups,
            )
        asked = {group_id: facts for group_id, facts in wanted.items() if facts}
        try:
            for group_id, seen in inventory.look_closely(asked) if asked else ():
                self._keep(inventory.name, {group_id: seen}, now, lease)
                wanted.pop(group_id, None)
        except ConnectorError as error:
            return [f"{inventory.name}, asked for more of its groups: {error}"]
        self._keep(inventory.name, dict.fromkeys(wanted, NOTHING_SHOWN), now, lease)
        return []

    def _keep(self, source: str, seen: Mapping[str, GroupFacts], now: datetime, lease: Lease | None) -> None:
        with self._store.begin(lease) as uow:
            for group_id, facts in seen.items():
                uow.rosters.looked(GroupKey(source, group_id), facts, now)

    def _rest(self, due: _Due, end: SnapshotEnd) -> Unlisted:
        """What the read means for the groups that it did not list."""
        if not end.is_full:
            return Unlisted(is_unread=True)
        takes = self._rules.takes[due.inventory.name]

        def left_out(group_id: str, name: str) -> bool:
            return end.left_out(group_id) or not takes(group_id, name)

        def is_gone(group_id: str, _name: str) -> bool:
            return not end.out_of_sight(group_id)

        if due.inventory.can.sees_all_groups:
            return Unlisted(is_gone=is_gone, left_out=left_out, is_hidden=end.out_of_sight)
        return Unlisted(is_gone=left_out, left_out=left_out)

    def _record(
        self, uow: UnitOfWork, name: str, end: SnapshotEnd, counted: Mapping[str, int], now: datetime
    ) -> None:
        state = uow.sources.get(name, Port.INVENTORY)
        state = replace(
            state,
            cursor=end.cursor,
            taken_at=end.taken_at,
            first_pass_at=now if state.first_pass_at is None else state.first_pass_at,
            last_full_at=now if end.is_full else state.last_full_at,
            counts=counted if end.is_full else state.counts,
        )
        record_success(uow, state, now, self._alarms)

    def _failed(self, due: _Due, error: ConnectorError, now: datetime, lease: Lease | None) -> None:
        with self._store.begin(lease) as uow:
            uow.rosters.clear_stage(due.inventory.name)
            uow.sources.had(due.wanted)
            state = uow.sources.get(due.inventory.name, Port.INVENTORY)
            if isinstance(error, CursorExpired):
                state = replace(state, cursor=None)
            record_failure(uow, state, error, now, self._alarms, is_whole=due.groups is None)

    def _stage(self, due: _Due, lease: Lease | None) -> tuple[SnapshotEnd | None, int, int]:
        inventory = due.inventory
        with self._store.begin(lease) as uow:
            uow.rosters.clear_stage(inventory.name)
            cursor = uow.sources.get(inventory.name, Port.INVENTORY).cursor
        end, groups, members = None, 0, 0
        for page in _pages(inventory.changes(cursor, due.groups)):
            if isinstance(page, SnapshotEnd):
                end = page
                continue
            if end is not None:
                raise Incomplete(f"{inventory.name} went on after it had said that it was at the end.")
            with self._store.begin(lease) as uow:
                believed = [with_untold_roles(roster, inventory.can) for roster in page]
                members += uow.rosters.stage(inventory.name, believed)
            groups += len(page)
            self._observer.progressed(inventory.name, len(page))
        return end, groups, members

    def _tell(self, uow: UnitOfWork, changes: RosterChanges, now: datetime) -> None:
        """Journal counts by group, never phone numbers or names: the journal is kept longer than people's data."""
        entries = [
            _entry(group, events.GROUP_ROSTER_CHANGED, now, change._asdict())
            for group, change in sorted(changes.changed.items())
        ]
        entries += [_entry(group, events.GROUP_SEEN, now, {}) for group in changes.new_groups]
        entries += [_entry(group, events.GROUP_GONE, now, {}) for group in changes.gone_groups]
        uow.journal.append(entries)


def _pages(items: Iterator[Roster | SnapshotEnd]) -> Iterator[list[Roster] | SnapshotEnd]:
    """Rosters gathered until they have some thousand members."""
    page: list[Roster] = []
    waiting = 0
    for item in items:
        if isinstance(item, SnapshotEnd):
            if page:
                yield page
            page, waiting = [], 0
            yield item
            continue
        page.append(item)
        waiting += len(item.members)
        if waiting >= PAGE_MEMBERS:
            yield page
            page, waiting = [], 0
    if page:
        yield page


def _entry(group: GroupKey, kind: str, now: datetime, data: dict[str, int]) -> Entry:
    return Entry(now, group.source, kind, f"group:{group.source}/{group.group_id}", data=data)


def _count(counts: dict[str, int], groups: int, members: int, changes: RosterChanges) -> None:
    counts["groups"] += groups
    counts["members"] += members
    counts["groups_new"] += len(changes.new_groups)
    counts["groups_gone"] += len(changes.gone_groups)
    for change in changes.changed.values():
        counts["added"] += change.added
        counts["removed"] += change.removed
        counts["role_changes"] += change.roles


def _shrunken(roster: ShrunkenRoster) -> str:
    return (
        f"the group {roster.group.group_id} has {roster.now} of {roster.before} members at once; "
        "until a later roster says the same, nobody is taken to be out of it"
    )


def _unshown(roster: UnshownRoster) -> str:
    why = f" ({roster.warning})" if roster.warning else ""
    return (
        f"the group {roster.group_id} shows none of its {roster.before} members{why}; nobody is taken to be out "
        "of it. See that the source is in the group and may list it, or name the group under exclude"
    )


def _hidden(groups: Sequence[GroupKey], malformed: Sequence[Malformed]) -> str:
    first, cause = groups[0].group_id, f" {malformed[0]}" if malformed else ""
    return (
        f"groups out of sight: {len(groups)}; nobody is taken to be out of them. The first: {first}.{cause} "
        "If it stays, name them under exclude"
    )


def _unread(malformed: Sequence[Malformed], members: int) -> str:
    first, count = malformed[0], len(malformed)
    return f"{count} of {count + members} rows can't be understood, and prove nobody to be out. The first: {first}"
