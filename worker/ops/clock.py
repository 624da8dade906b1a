"""The clock. Only this module reads the wall clock; everything else gets `now` as an argument.

A clock is any callable that returns the present instant, aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def system_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Stands still at one instant (`--now`). Raises ValueError for an instant without a time zone."""

    at: datetime

    def __post_init__(self) -> None:
        _require_aware(self.at)

    def __call__(self) -> datetime:
        return self.at.astimezone(UTC)


class ManualClock:
    """Moves only when told to (the demo, tests). Raises ValueError for an instant without a time zone."""

    def __init__(self, at: datetime) -> None:
        _require_aware(at)
        self._at = at.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move on, or back for a negative `by`; return the new instant."""
        self._at += by
        return self._at

    def set(self, at: datetime) -> None:
        """Go to an instant."""
        _require_aware(at)
        self._at = at.astimezone(UTC)


def _require_aware(at: datetime) -> None:
    if at.utcoffset() is None:
        text = at.isoformat()
        raise ValueError(f"{text} has no time zone, so it names no instant; write {text}Z for UTC")
