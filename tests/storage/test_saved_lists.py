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


THEIRS = {"Ann Archer", "+447700900001", "ann@corp.example", "Ω"}


@pytest.mark.parametrize(
    "name, text",
    [
        ("1", "07700 900001"),
        ("2", "0044 7700 900001"),
        ("3", "ward 7, 07700 900001"),
        ("4", "7700-900"),
        ("5", "Archer Ann"),
        ("6", "Archer, Ann: ward 7"),
        ("7", "ARCHER"),
        ("8", "to ann@corp.example"),
        ("Ann Archer, ward 7", ""),
        ("archer ann", "T-000001"),
        ("+44 (0)7700 900001", "T-000001"),
    ],
)
def test_whatever_names_an_erased_person_is_gone(
    store: SqlStore, engine: sa.Engine, name: str, text: str
) -> None:
    with store.begin() as uow:
        uow.saved_lists.put("eve", SavedList(name, {"text": text}), NOW)
    with engine.begin() as connection:
        erase_from_lists(connection, THEIRS)
    with store.reading() as uow:
        assert uow.saved_lists.of("eve") == []


@pytest.mark.parametrize(
    "name, text",
    [
        ("Ann", "ward 7"),
        ("Archer", "T-000001"),
        ("Ben Archer", "Ben Archer"),
        ("ward", "ann archibald"),
        ("07700 900002", "07700 900002"),
        ("@", "@"),
        ("Archery of Anna", ""),
    ],
)
def test_what_shares_a_word_with_them_stays(store: SqlStore, engine: sa.Engine, name: str, text: str) -> None:
    kept = SavedList(name, {"text": text})
    with store.begin() as uow:
        uow.saved_lists.put("eve", kept, NOW)
    with engine.begin() as connection:
        erase_from_lists(connection, THEIRS)
    with store.reading() as uow:
        assert uow.saved_lists.of("eve") == [kept]


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
