"""An inventory that records who went, and a register beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from fakes.inventory import FakeInventory
from harness import Harness
from worker.domain.model import Coverage, Departed, Group, Renumbered, Roster
from worker.ports import Capabilities, SnapshotEnd

LIST = Capabilities(sees_all_groups=True, is_kept_by_people=True)
EXPORT = Capabilities(sees_roles=False, is_kept_by_people=True)


class Recording(FakeInventory):
    """Says who went or has another number, besides who is there."""

    went: tuple[Departed, ...] = ()
    changed: tuple[Renumbered, ...] = ()

    def changes(
        self, cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        for item in super().changes(cursor, groups):
            if isinstance(item, Roster):
                yield replace(item, departed=self.went, renumbered=self.changed)
            else:
                yield item


def leaver_with_export(found: Callable[..., Harness]) -> Harness:
    """A register's group and an export of its chat; Ann has left, and her removal is asked for."""
    harness = found(inventories=("register", "exports"), inventory_type=Recording)
    harness.hire("ann", "ben")
    harness.inventories[0].can, harness.inventories[1].can = LIST, EXPORT
    harness.start(harness.app.rules)
    harness.group("ward-7", "ann", admins=["ben"])
    harness.inventories[1].add_group(Group("ward-7", "Ward 7"))
    harness.inventories[1].mark("ward-7", Coverage.PARTIAL)
    harness.settle()
    harness.leave("ann")
    harness.later()
    harness.settle()
    return harness
