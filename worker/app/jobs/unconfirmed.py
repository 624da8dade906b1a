"""Rosters that people declare, and that nobody has confirmed for so long that somebody should be asked to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.domain.escalation.wall_clock import MORNING
from worker.domain.groups.case import GroupView
from worker.ports.state.store import UnitOfWork

EVENING = time(18)  # local, as `MORNING`: a month-old list can wait for the next day


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Finds declared rosters that nobody has confirmed for long.

    `every` says how long one counts as confirmed, by its inventory; `timezone` is IANA.
    """

    every: Mapping[str, timedelta]
    timezone: str

    def mark(self, uow: UnitOfWork, now: datetime) -> None:
        """Mark the groups of these rosters as dirty, unless somebody was asked about them since."""
        if self.every and self._is_asking(now):
            uow.rosters.mark_unconfirmed_dirty({name: now - every for name, every in self.every.items()}, now)

    def holds(self, group: GroupView, now: datetime) -> bool:
        """Return True if nobody has confirmed the group's roster for long, at an hour when people are asked."""
        every = self.every.get(group.key.source)
        return every is not None and group.taken_at <= now - every and self._is_asking(now)

    def _is_asking(self, now: datetime) -> bool:
        return MORNING <= now.astimezone(ZoneInfo(self.timezone)).time() < EVENING
