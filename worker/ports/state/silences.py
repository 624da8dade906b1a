"""Silences that people made at run time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from worker.domain.escalation.silences import Silence


class Silences(Protocol):
    """Silences, and the tickets that somebody would have been told about under one."""

    def add(self, silence: Silence, now: datetime) -> Silence:
        """Store a new one; return it with its id."""

    def on(self, now: datetime) -> list[Silence]:
        """Return those that are on, the oldest first."""

    def all(self) -> list[Silence]:
        """Return every one, those that are over too, the newest first."""

    def end(self, silence_id: str, now: datetime) -> Silence | None:
        """End one now, and return it as it was; None if there is none, or if it is over."""

    def fired(self, silence_id: str, tickets: Collection[int], now: datetime) -> None:
        """Record that a step of these tickets was not taken because of it; each ticket once."""

    def counts(self) -> dict[str, int]:
        """Return the number of recorded tickets by silence, those of the configuration too."""
