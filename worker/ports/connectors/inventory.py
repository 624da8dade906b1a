"""Inventories: they list each group's members with their roles at one time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from worker.domain.model import Roster
from worker.ports.connectors.base import Connector
from worker.ports.errors import Malformed


@dataclass(frozen=True, slots=True)
class SnapshotEnd:
    """The proof that a snapshot listed every group that the inventory can see; always last.

    `cells` of trouble that did not spoil the whole (rows set aside) are in `malformed`.
    """

    taken_at: datetime
    groups_total: int
    malformed: tuple[Malformed, ...] = ()


class Inventory(Connector, Protocol):
    """A source that lists each group's members with their roles at one time."""

    @property
    def is_kept_by_people(self) -> bool:
        """True if it is a list that people write, not what the messenger shows: its proofs have grade B."""

    def snapshot(self) -> Iterator[Roster | SnapshotEnd]:
        """Yield each group's roster once, in group order, then exactly one `SnapshotEnd`.

        An iterator that ends or raises before it proves nothing about groups that it did not
        list. An empty roster is a group without members; an unreadable one is left out or PARTIAL.
        """
