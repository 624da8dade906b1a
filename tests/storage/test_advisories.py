"""Advisories in both databases."""

from datetime import UTC, datetime

import sqlalchemy as sa

from worker.domain.watch.advisories import Advisory, AdvisoryKey, Dismissal, FeedWord
from worker.domain.watch.matching import MatchedBy
from worker.domain.watch.versions import Fix
from worker.storage.sql.tables import metadata
from worker.storage.store import SqlStore

NOW = datetime(2026, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)
KEY = AdvisoryKey("CVE-2026-10001", "whatsapp")
WORD = FeedWord(
    MatchedBy.CPE, {"ios": Fix("2.26.1", is_newer=True)}, True, 9.8, ("disputed",), "Bad: 'Ω'.", "https://x.example",
    "Say it.",
)  # fmt: skip


def test_one_comes_back_as_it_was_put(engine: sa.Engine) -> None:
    metadata.create_all(engine)
    store = SqlStore(engine)
    bare = Advisory(AdvisoryKey("CVE-2026-10002", "signal"), NOW)
    whole = Advisory(
        KEY,
        NOW,
        {"kev": WORD, "nvd": FeedWord(MatchedBy.WORDS)},
        "told",
        NOW,
        Dismissal("dee", NOW, "why"),
        True,
    )
    with store.begin() as uow:
        uow.advisories.put([bare, Advisory(KEY, NOW)])
        uow.advisories.put([whole])
        uow.advisories.put([])

    with store.reading() as uow:
        assert uow.advisories.all() == {KEY: whole, bare.key: bare}
        assert uow.advisories.messengers_in_use() == []
