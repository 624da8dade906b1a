"""A rota's calendar that says what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.domain.escalation.spans import Span
from worker.ports import ConnectorError
from worker.ports.connectors.rota_feed import FeedRead


@dataclass
class FakeFeed:
    """Obeys `worker.ports.connectors.rota_feed.RotaFeed`. `asked` are the tags of all reads."""

    name: str
    turns: tuple[Span[str], ...] = ()
    notes: tuple[str, ...] = ()
    error: ConnectorError | None = None
    version: int = 1
    asked: list[str | None] = field(default_factory=list)

    def read(self, etag: str | None, now: datetime) -> FeedRead | None:
        self.asked.append(etag)
        if self.error:
            raise self.error
        if etag == str(self.version):
            return None
        return FeedRead(self.turns, now + timedelta(days=90), self.notes, str(self.version))

    def put(self, *turns: Span[str]) -> None:
        self.turns, self.version, self.error = turns, self.version + 1, None

    def close(self) -> None:
        """Nothing is open."""
