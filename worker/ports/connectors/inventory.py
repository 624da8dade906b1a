"""Inventories: they list each group's members with their roles at one time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from worker.domain.groups.capabilities import Capabilities
from worker.domain.model import Fact, GroupFacts, Renumbered, Roster
from worker.ports.connectors.base import Connector
from worker.ports.errors import Malformed

__all__ = ["Capabilities", "Inventory", "KeepRenumbered", "SnapshotEnd"]

KeepRenumbered = Callable[[Sequence[Renumbered]], None]  # raises if it can't; what is known has no effect


@dataclass(frozen=True, slots=True)
class SnapshotEnd:
    """The proof that a read listed every group that it had to; always last.

    A full read lists every group that the inventory can see; any other only what changed, or what was asked for.
    `cursor` is opaque to the worker, and given to the next read. Rows that were set aside are in `malformed`.
    `out_of_sight`: whether a group, by its id, may be there although a full read did not list it. `left_out`: whether
    one is of a kind that the connector's settings switch off; it is left out, as `exclude` does.
    """

    taken_at: datetime
    groups_total: int
    malformed: tuple[Malformed, ...] = ()
    is_full: bool = True
    cursor: str | None = None
    left_out: Callable[[str], bool] = field(default=lambda _group_id: False, compare=False)
    out_of_sight: Callable[[str], bool] = field(default=lambda _group_id: False, compare=False)


class Inventory(Connector, Protocol):
    """A source that lists each group's members with their roles at one time."""

    @property
    def can(self) -> Capabilities:
        """What this source can see and do."""

    def changes(
        self, cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield each group's roster once, then exactly one `SnapshotEnd`.

        Without a cursor the read is full. With `groups`, only the groups with these ids are read, and one that is
        not there is left out; the end then keeps the cursor as it was. An iterator that ends or raises before its end
        proves nothing about groups that it did not list. An empty roster is a group without members; an unreadable
        one is left out or PARTIAL. Raises CursorExpired, Incomplete, Transient or Permanent.
        """

    def look_closely(self, wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        """Read facts that take calls of their own (`can.costly`).

        `wanted` has the facts to ask for, by the group's id. Yields the id and the facts of each group at most once.
        Only the facts in `read_apart` count; it also says when each of them was asked for. A fact that can't be asked
        for just now is not in it, and a group that is not there is left out. Raises Transient or Permanent; what was
        yielded before stays true.
        """

    def news(self) -> frozenset[str]:
        """Return the ids of the groups that calls from outside named since the last time.

        An empty text among them stands for the whole source. Never blocks, never raises. May be called from any
        thread.
        """

    def keep_renumbered_by(self, keep: KeepRenumbered, /) -> None:
        """Give the source the function that stores changed numbers and ids of which a call alone tells.

        It stores first, and acknowledges the call then, so that none is lost.
        """
