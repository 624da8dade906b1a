"""The clock of this process was set: what was due by the wrong clock is not told at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.ports.state.store import Store
from worker.ports.state.watched import WatchMark

JUMP = "jump"


class Jumps:
    """Remembers that the clock was set by more than `limit`: in this process until `take_hold`, and for the watch."""

    def __init__(self, store: Store, limit: timedelta) -> None:
        self._store = store
        self._limit_s = limit.total_seconds()
        self._is_held = False

    def happened(self, by_s: float, now: datetime) -> None:
        """Take note that the clock was set by so many seconds; `now` is what it shows since (aware UTC)."""
        if abs(by_s) <= self._limit_s:
            return
        self._is_held = True
        with self._store.begin() as uow:
            uow.watched.mark(WatchMark(JUMP, now, str(round(by_s))))

    def take_hold(self) -> bool:
        """Return True if escalation is to rest in this round, which is once after each jump."""
        is_held, self._is_held = self._is_held, False
        return is_held
