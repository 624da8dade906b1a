"""How far each feed has followed the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FeedState:
    """`seq` is the last entry that was looked at. `stopped_at`: since when the other side wants nothing more."""

    seq: int
    stopped_at: datetime | None = None


class Feeds(Protocol):
    """A row for each notifier that follows events, by its configured name."""

    def get(self, notifier: str) -> FeedState | None:
        """How far it is; None if it has never followed."""

    def move(self, notifier: str, seq: int) -> None:
        """Set how far it is."""

    def stop(self, notifier: str, at: datetime) -> None:
        """Send it nothing more: no delivery to it is claimed. It keeps its place."""

    def resume(self, notifier: str) -> None:
        """Go on from where it was stopped. Does nothing for one that was not."""
