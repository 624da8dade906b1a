"""The last good copies of rotas' calendars, in both databases."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from worker.domain.escalation.feeds import FeedCopy
from worker.domain.escalation.spans import Span
from worker.storage.sql.tables import metadata
from worker.storage.store import SqlStore

NOW = datetime(2026, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)
TURN = Span(NOW, NOW + timedelta(hours=1), "ann@example.org")
COPY = FeedCopy(
    "site", NOW, NOW, NOW, NOW + timedelta(days=90), (TURN,), ("Odd: 'Ω'.",), '"1"', "asked", "It is down."
)


def test_a_copy_comes_back_as_it_was_put(engine: sa.Engine) -> None:
    metadata.create_all(engine)
    store, tried = SqlStore(engine), FeedCopy("tried", NOW)
    with store.begin() as uow:
        uow.rota_feeds.put(COPY)
        uow.rota_feeds.put(tried)

    with store.reading() as uow:
        assert uow.rota_feeds.get("site") == COPY
        assert uow.rota_feeds.get("other") is None
        assert uow.rota_feeds.all() == {"site": COPY, "tried": tried}


def test_a_copy_replaces_the_one_before_until_it_is_deleted(engine: sa.Engine) -> None:
    metadata.create_all(engine)
    store = SqlStore(engine)
    with store.begin() as uow:
        uow.rota_feeds.put(COPY)
        uow.rota_feeds.put(FeedCopy("site", NOW))
    with store.reading() as uow:
        assert uow.rota_feeds.get("site") == FeedCopy("site", NOW)

    with store.begin() as uow:
        uow.rota_feeds.delete(["site", "other"])

    with store.reading() as uow:
        assert uow.rota_feeds.all() == {}
