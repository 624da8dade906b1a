"""The feed table: how far each notifier that follows events has got."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from worker.ports.state.feeds import FeedState
from worker.storage.sql.tables import feed


class SqlFeeds:
    """The port `Feeds` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def get(self, notifier: str) -> FeedState | None:
        row = self._c.execute(sa.select(feed).where(feed.c.notifier == notifier)).first()
        return None if row is None else FeedState(row.seq, row.stopped_at)

    def move(self, notifier: str, seq: int) -> None:
        moved = self._c.execute(sa.update(feed).where(feed.c.notifier == notifier).values(seq=seq))
        if moved.rowcount == 0:
            self._c.execute(sa.insert(feed).values(notifier=notifier, seq=seq))

    def stop(self, notifier: str, at: datetime) -> None:
        self._c.execute(sa.update(feed).where(feed.c.notifier == notifier).values(stopped_at=at))

    def resume(self, notifier: str) -> None:
        self._c.execute(sa.update(feed).where(feed.c.notifier == notifier).values(stopped_at=None))
