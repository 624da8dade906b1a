"""The connectors that use cases get: each one's faults are its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from worker.app.reads.check import Checked
from worker.ops.guarding import guarded
from worker.ports import Directory, Inventory, Notifier
from worker.ports.connectors.advisory_feed import AdvisoryFeed
from worker.ports.connectors.tracker import Tracker

C = TypeVar("C")


def all_guarded(connectors: Sequence[C]) -> tuple[C, ...]:
    """The connectors behind `ops.guarding`, in their order."""
    return tuple(guarded(one) for one in connectors)


@dataclass(frozen=True, slots=True)
class GuardedConnectors:
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
            all_guarded(connectors.directories),
            all_guarded(connectors.inventories),
            all_guarded(connectors.notifiers),
            all_guarded(connectors.advisory_feeds),
            all_guarded(connectors.trackers),
        )
