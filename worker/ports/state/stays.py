"""People who have left and were still in a group, over time: the data behind exposed member-hours."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from worker.domain.controls.exposed_hours import Stay


class Stays(Protocol):
    """One row for each leaving and group."""

    def between(self, from_at: datetime, to_at: datetime) -> Iterator[Stay]:
        """The stays that began before `to_at` and had not been proven over before `from_at`, read as they are needed.

        Those with a ticket come first. The others (a held plan, a waiver, what no pass has looked at yet) last until
        now, and don't say whether their group is sensitive.
        """

    def department_sizes(self, names: Collection[str]) -> dict[str, int]:
        """How many people the directories have in each of these departments, without those who have left."""
