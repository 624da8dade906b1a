"""A small company with a tracker, whose mirror runs every hour: much happens to few copies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sim.company import found_company
from sim.seeded import settings_of
from sim.tracker import SimTracker, trackers_of
from sim.world import HOUR, World

DAYS = 7
PEOPLE, GROUPS = 40, 6
ROBOTS = 0.5  # of the issues
HELD = frozenset({3, 4, *range(13, 20)})
SECTIONS: Mapping[str, Any] = {
    "controls": {},
    "remediate": [],
    "desk": {"url": "https://whosleft.example.org"},
}


class TrackerWorld(World):
    """One of these. `changes`: sections of the settings."""

    def __init__(self, seed: int, *, days: int = DAYS, only: frozenset[int] = HELD, **changes: Any) -> None:
        sections = {**SECTIONS, "trackers": trackers_of(seed), **changes}
        super().__init__(seed, days=days, settings=settings_of(seed, **sections), only=only)

    def _found(self) -> None:
        found_company(self.company, people=PEOPLE, groups=GROUPS)

    def _build_tracker(self) -> SimTracker | None:
        tracker = super()._build_tracker()
        assert tracker is not None
        tracker.robots = ROBOTS
        return tracker

    def _every(self, job: str) -> timedelta:
        return {"mirror": HOUR, "verify": 3 * HOUR, "reconcile": 3 * HOUR}.get(job) or super()._every(job)
