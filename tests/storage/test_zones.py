"""What channels said of people's time zones, in both databases."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from worker.storage.sql.tables import metadata
from worker.storage.store import SqlStore

NOW = datetime(2026, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
ANN, BEN = "ann@example.org", "ben@example.org"


def stored(engine: sa.Engine) -> SqlStore:
    metadata.create_all(engine)
    store = SqlStore(engine)
    with store.begin() as uow:
        uow.zones.put({"Ann@Example.org": "Asia/Tokyo", BEN: None}, NOW)
    return store


def test_an_answer_is_there_in_whatever_case_and_that_there_is_none_is_one(engine: sa.Engine) -> None:
    with stored(engine).reading() as uow:
        assert [uow.zones.of(one) for one in (ANN, ANN.upper(), BEN, "x")] == [
            "Asia/Tokyo",
            "Asia/Tokyo",
            None,
            None,
        ]
        assert uow.zones.asked([ANN.upper(), BEN, "x"], NOW, NOW) == {ANN, BEN}
        assert uow.zones.asked([ANN], NOW + timedelta(microseconds=1), NOW + DAY) == frozenset()
        assert uow.zones.asked([ANN], NOW - DAY, NOW - timedelta(microseconds=1)) == frozenset()
        assert uow.zones.asked([], NOW, NOW) == frozenset()


def test_a_later_answer_replaces_the_one_before_until_it_is_forgotten(engine: sa.Engine) -> None:
    store = stored(engine)
    with store.begin() as uow:
        uow.zones.put({ANN: None}, NOW + DAY)
        uow.zones.forget(NOW)
    with store.reading() as uow:
        assert uow.zones.of(ANN) is None
        assert uow.zones.asked([ANN, BEN], NOW, NOW + DAY) == {ANN, BEN}
    with store.begin() as uow:
        uow.zones.forget(NOW + DAY)
    with store.reading() as uow:
        assert uow.zones.asked([ANN, BEN], NOW, NOW + DAY) == {ANN}
