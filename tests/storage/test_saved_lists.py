"""Lists that people keep under a name, in both databases."""

import pytest
import sqlalchemy as sa

from builders import NOW
from worker.ports.state.saved_lists import SavedList
from worker.storage.saved_lists import erase_from_lists
from worker.storage.sql.tables import metadata
from worker.storage.store import SqlStore

LATE, LATER = SavedList("late", {"view": "overdue"}), SavedList("late", {"state": "all", "text": "Ward 7"})
ANN = SavedList("ann", {"text": "ann"})


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    metadata.create_all(engine)
    made = SqlStore(engine)
    with made.begin() as uow:
        for one in (LATE, ANN, LATER):
            uow.saved_lists.put("sam", one, NOW)
        uow.saved_lists.put("kim", LATE, NOW)
    return made


def test_each_account_has_its_own_and_a_name_stands_for_one(store: SqlStore) -> None:
    with store.begin() as uow:
        assert uow.saved_lists.of("sam") == [ANN, LATER]
        assert uow.saved_lists.of("kim") == [LATE]
        uow.saved_lists.drop("sam", "late")
        uow.saved_lists.drop("sam", "late")
        assert uow.saved_lists.of("sam") == [ANN]
        assert uow.saved_lists.of("kim") == [LATE]


@pytest.mark.parametrize(
    "texts, left", [({"Ann Smith", ""}, [LATER]), ({"Ward"}, [ANN]), ({"Ben"}, [ANN, LATER])], ids=range(3)
)
def test_what_searches_for_an_erased_person_is_gone(
    store: SqlStore, engine: sa.Engine, texts: set[str], left: list[SavedList]
) -> None:
    with engine.begin() as connection:
        erase_from_lists(connection, texts)
    with store.reading() as uow:
        assert uow.saved_lists.of("sam") == left
        assert uow.saved_lists.of("kim") == [LATE]
