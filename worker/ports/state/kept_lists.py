"""What was verified since a list that people keep was last told."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol


class ProvenIn(NamedTuple):
    """A verified ticket as a list has it: its group's id there, and the handles that its member may have there.

    `at` (aware UTC): when it was verified. Without handles, it is about the group.
    """

    group_id: str
    handles: tuple[str, ...]
    at: datetime


class KeptLists(Protocol):
    """The lists that get the days on which their rows were verified."""

    def proven(self, source: str, now: datetime) -> list[ProvenIn]:
        """The newest verification of each group and member of a list since it was last told; all if it never was.

        A group counts that the list has, or that is one with a group of the list.
        """

    def told(self, source: str, until: datetime) -> None:
        """The list has the days of what was verified before this instant. Idempotent."""
