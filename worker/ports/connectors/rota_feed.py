"""Calendars of rotas that are kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from worker.domain.escalation.spans import Span


@dataclass(frozen=True, slots=True)
class FeedRead:
    """A calendar as a whole: its turns (e-mail addresses) by beginning, which are known until `known_until`.

    `notes` are sentences about what was odd. `etag` is opaque; None if it can't tell changes.
    """

    turns: tuple[Span[str], ...]
    known_until: datetime
    notes: tuple[str, ...] = ()
    etag: str | None = None


class RotaFeed(Protocol):
    """One calendar."""

    @property
    def name(self) -> str:
        """The rota's name."""

    def read(self, etag: str | None, now: datetime) -> FeedRead | None:
        """Read it; None if it has not changed since the read that gave this `etag`.

        Raises ConnectorError; Incomplete for one that proves nothing: no calendar, cut, too large, or without turns.
        """

    def close(self) -> None:
        """End the open connections. Idempotent; the next call connects again."""
