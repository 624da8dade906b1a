"""An inventory that records who went, and a register beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from fakes.inventory import FakeInventory
from worker.domain.model import Departed, Renumbered, Roster
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
