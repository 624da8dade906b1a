"""Inventory: read each group's members, roster by roster, and make them the state.

changes() -> rosters, staged -> believed? -> applied -> members added, removed, regraded -> dirty groups
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.report import Report
from worker.app.tell.health import record_failure, record_success
from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.model import GroupKey, Roster
from worker.domain.reconcile.guard import GuardLimits
from worker.ports import ConnectorError, Incomplete, Inventory, Port, SnapshotEnd
from worker.ports.state.groups import RosterChanges, ShrunkenRoster
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork

PAGE_MEMBERS = 5_000


class TakeInventory:
    """Reads all inventories."""

    def __init__(
        self,
        store: Store,
        inventories: Sequence[Inventory],
        limits: GuardLimits,
        teller: Teller,
        observer: Observer = SILENT,
    ) -> None:
        self._store = store
        self._inventories = inventories
        self._limits = limits
        self._teller = teller
        self._observer = observer

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Read every inventory once. One that fails changes nothing and never stops the others."""
        counts = {"sources": 0, "groups": 0, "members": 0, "added": 0, "removed": 0, "role_changes": 0,
                  "groups_new": 0, "groups_gone": 0}  # fmt: skip
        troubles = []
        for inventory in self._inventories:
            counts["sources"] += 1
            try:
                troubles += self._read(inventory, now, lease, counts)
            except ConnectorError as error:
                with self._store.begin(lease) as uow:
                    state = uow.sources.get(inventory.name, Port.INVENTORY)
                    record_failure(uow, state, error, now, self._teller)
                troubles.append(f"{inventory.name}: {error}")
        return Report("inventory", counts, tuple(troubles))

    def _read(
        self, inventory: Inventory, now: datetime, lease: Lease | None, counts: dict[str, int]
    ) -> list[str]:
        end, groups, members = self._stage(inventory, lease)
        if end is None:
            raise Incomplete(
                f"The read of {inventory.name} ended without proof that it was complete.",
                remedy="It is tried again; if it stays, look at the connector's log.",
            )
        if end.groups_total != groups:
            raise Incomplete(
                f"{inventory.name} says that it has {end.groups_total} groups and gave {groups}.",
                remedy="It is read again at the next pass.",
                expected=end.groups_total,
                got=groups,
            )
        with self._store.begin(lease) as uow:
            changes = uow.rosters.apply_stage(inventory.name, now=now, limits=self._limits)
            if changes.too_few_groups is not None:
                known, missing = changes.too_few_groups
                raise Incomplete(
                    f"{missing} of the {known} groups of {inventory.name} are missing at once.",
                    remedy="Restore them, or take them out over several readings.",
                    expected=known,
                    got=known - missing,
                )
            self._tell(uow, changes, now)
            state = uow.sources.get(inventory.name, Port.INVENTORY)
            is_first = state.first_pass_at is None
            counted = {"groups": groups, "members": members, "malformed": len(end.malformed)}
            record_success(
                uow,
                replace(
                    state,
                    taken_at=end.taken_at,
                    first_pass_at=now if is_first else state.first_pass_at,
                    last_full_at=now,
                    counts=counted,
                ),
                now,
                self._teller.tongue,
            )
        _count(counts, groups, members, changes)
        return [f"{inventory.name}: {_shrunken(one)}" for one in changes.shrunken]

    def _stage(self, inventory: Inventory, lease: Lease | None) -> tuple[SnapshotEnd | None, int, int]:
        with self._store.begin(lease) as uow:
            uow.rosters.clear_stage(inventory.name)
        end, groups, members = None, 0, 0
        for page in _pages(inventory.changes(None)):
            if isinstance(page, SnapshotEnd):
                end = page
                continue
            if end is not None:
                raise Incomplete(f"{inventory.name} went on after it had said that it was at the end.")
            with self._store.begin(lease) as uow:
                members += uow.rosters.stage(inventory.name, page)
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
