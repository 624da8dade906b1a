"""Handovers that were told, in both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from worker.ports.state.handovers import ToldHandover
from worker.storage.sql.tables import metadata
from worker.storage.store import SqlStore

NOW = datetime(2026, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN = ToldHandover("site", NOW, NOW + HOUR, "ann@example.org", "ann@example.org", NOW, "a")
BEN = replace(ANN, told="ben@example.org", link="b")
PLAIN = ToldHandover("ward", NOW, NOW + 2 * HOUR, "cem@example.org", "cem@example.org", NOW)


def stored(engine: sa.Engine) -> SqlStore:
    metadata.create_all(engine)
    store = SqlStore(engine)
    with store.begin() as uow:
        for one in (PLAIN, BEN, ANN, replace(ANN, link="again")):
            uow.handovers.add(one)
    return store


def test_they_come_back_in_order_and_each_once(engine: sa.Engine) -> None:
    with stored(engine).reading() as uow:
        assert list(uow.handovers.all()) == [ANN, BEN, PLAIN]
        assert uow.handovers.by_link("b") == BEN
        assert uow.handovers.by_link("again") is None
        assert uow.handovers.by_link("") is None, "those without a link have none"


def test_one_is_taken_once_by_whom_it_was_told(engine: sa.Engine) -> None:
    store = stored(engine)
    with store.begin() as uow:
        assert [uow.handovers.take(BEN, NOW + n * HOUR) for n in (0, 1)] == [True, False]
    with store.reading() as uow:
        assert [one.taken_at for one in uow.handovers.all()] == [None, NOW, None]


def test_all_whom_it_was_told_have_missed_it(engine: sa.Engine) -> None:
    store = stored(engine)
    with store.begin() as uow:
        uow.handovers.miss(ANN, NOW)
    with store.reading() as uow:
        assert [one.missed_at for one in uow.handovers.all()] == [NOW, NOW, None]


def test_what_is_over_is_forgotten(engine: sa.Engine) -> None:
    store = stored(engine)
    with store.begin() as uow:
        assert list(uow.handovers.forget(NOW + HOUR - timedelta(microseconds=1))) == []
        assert list(uow.handovers.forget(NOW + HOUR)) == [ANN, BEN]
        assert list(uow.handovers.all()) == [PLAIN]


def test_one_is_dropped_with_all_whom_it_was_told(engine: sa.Engine) -> None:
    store, later = stored(engine), replace(ANN, from_at=NOW + HOUR, link="c")
    with store.begin() as uow:
        uow.handovers.add(later)
        uow.handovers.drop("site", NOW)
        assert list(uow.handovers.all()) == [later, PLAIN]
