"""The connectors that use cases get: each one's faults are its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from worker.app.reads.check import Checked
from worker.ops.guarding import guarded
from worker.ports import Directory, Inventory, Notifier
from worker.ports.connectors.advisory_feed import AdvisoryFeed
from worker.ports.connectors.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Guarded:
    """Connectors behind `ops.guarding`."""

    directories: tuple[Directory, ...]
    inventories: tuple[Inventory, ...]
    notifiers: tuple[Notifier, ...]
    advisory_feeds: tuple[AdvisoryFeed, ...]
    trackers: tuple[Tracker, ...]

    @classmethod
    def of(cls, connectors: Checked) -> Self:
        """Guard each of them."""
        return cls(
            tuple(map(guarded, connectors.directories)),
            tuple(map(guarded, connectors.inventories)),
            tuple(map(guarded, connectors.notifiers)),
            tuple(map(guarded, connectors.advisory_feeds)),
            tuple(map(guarded, connectors.trackers)),
        )
