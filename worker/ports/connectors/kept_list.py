"""Lists kept by people that take the days on which their rows were verified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Protocol

from worker.ports.connectors.inventory import Inventory


class ProvenRow(NamedTuple):
    """A ticket that was verified on a local day.

    `group_id` is that of its group; its member may be listed under any of the handles. Without handles, the ticket is
    about the group.
    """

    group_id: str
    handles: tuple[str, ...]
    day: date


class KeptList(Inventory, Protocol):
    """An inventory with `can.takes_days`."""

    def write_back(self, proven: Sequence[ProvenRow], /) -> int:
        """Write each row's day, and return how many rows got one. Writing again changes nothing.

        The list is replaced in one step, or stays as it is. Raises InUse (somebody has it open, or changed it
        meanwhile), Transient (its disk is full or fails), PermissionDenied, BadConfig or Incomplete.
        """
