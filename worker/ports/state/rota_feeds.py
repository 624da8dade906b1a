"""The last good copies of rotas' calendars."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from worker.domain.escalation.feeds import FeedCopy


class RotaFeeds(Protocol):
    """One copy for each rota, by the rota's name."""

    def get(self, rota: str) -> FeedCopy | None:
        """The copy; None if the calendar was never tried."""

    def put(self, copy: FeedCopy) -> None:
        """Insert it, or replace the one that is there."""

    def all(self) -> dict[str, FeedCopy]:
        """Every copy, by its rota's name."""

    def delete(self, rotas: Collection[str]) -> None:
        """Delete copies: of a rota that is gone, who was on call is nobody's to keep."""
