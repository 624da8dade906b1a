"""Which handles wait again after a pass that parts accounts of one person, or joins them: no others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import builders
from builders import NOW
from plans_of_queries import steps_of
from worker.domain.model import AccountFacts, AccountKey
from worker.ports import Port
from worker.ports.state.people import JudgedFacts
from worker.ports.state.sources import SourceState
from worker.storage import people_passes
from worker.storage.people_staging import HOLDERS_OF_NEW, LESS_CROWDED
from worker.storage.regrouped import Regrouping
from worker.storage.sql.tables import link, person_key, staged_person, staged_person_key
from worker.storage.store import SqlStore

NAMES = ("ann", "ben", "cem", "dee")
TABLES = ("person", "person_key", "staged_person_key", "link")


@pytest.fixture(params=[2, people_passes.AT_ONCE], ids=["in parts", "at once"])
def store(engine: sa.Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SqlStore:
    """Four people, each with an account in both directories; a list has each of their numbers."""
    monkeypatch.setattr(people_passes, "AT_ONCE", request.param)
    store = SqlStore(engine)
    with store.begin() as uow:
        for directory in ("corp", "tenant"):
            uow.sources.put(SourceState(directory, Port.DIRECTORY, first_pass_at=NOW))
    for directory in ("corp", "tenant"):
        read(store, directory, [account(one) for one in NAMES])
    shown = {
        "source": "wards",
        "state": "linked",
        "display_name": "",
        "fingerprint": "f",
        "suggestions": "[]",
    }
    rows = [
        shown
        | {
            "handle": one,
            "phone_key": number(one),
            "rejected": "[]",
            "person_source": "corp",
            "person_id": one,
        }
        for one in NAMES
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(link), rows)
    return store


def number(one: str) -> str:
    return f"+44770090000{NAMES.index(one)}"


def account(one: str, **changes: Any) -> AccountFacts:
    stated = {
        "email": None,
        "employee_id": f"E-{one}",
        "phones": (number(one),),
        "display_name": f"{one} Larsen",
    }
    return builders.facts(one, **(stated | changes))


def read(store: SqlStore, source: str, people: Iterable[AccountFacts], *, hours: int = 0) -> None:
    at = NOW + timedelta(hours=hours)
    with store.begin() as uow:
        uow.people.stage(source, [JudgedFacts(one, None) for one in people])
        uow.people.apply_stage(source, is_full=False, taken_at=at, now=at)


def waiting(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        query = sa.select(link.c.handle).where(link.c.is_dirty == 1).order_by(link.c.handle)
        return list(connection.execute(query).scalars())


def test_the_handles_of_those_who_part_wait_and_no_others(engine: sa.Engine, store: SqlStore) -> None:
    read(store, "corp", [account("ann", employee_id="E-1"), account("dee", title="Matron")], hours=1)
    assert waiting(engine) == ["ann"]


def test_who_keeps_all_accounts_does_not_wait(engine: sa.Engine, store: SqlStore) -> None:
    read(store, "corp", [account("ann", immutable_id="g"), account("ben", immutable_id="h")], hours=1)
    read(store, "tenant", [account("ann", immutable_id="g"), account("cem", email="c@corp.example")], hours=2)
    read(store, "corp", [account("ann", immutable_id="g", employee_id="E-1")], hours=3)
    assert waiting(engine) == []


def test_two_who_part_in_different_parts_of_a_read_are_found(engine: sa.Engine, store: SqlStore) -> None:
    changed = [account(one, display_name=f"{one} Moss", phones=(), employee_id="E-ann") for one in NAMES]
    with engine.begin() as connection:
        connection.execute(sa.update(link).values(phone_key=None, employee_key="e-ann"))
        connection.execute(sa.update(link).where(link.c.handle != "ann").values(employee_key="e-nobody"))
    read(store, "corp", changed, hours=1)
    assert waiting(engine) == ["ann"]


def test_those_who_part_as_a_key_is_given_to_one_too_many_wait(engine: sa.Engine, store: SqlStore) -> None:
    more = [f"p{n}" for n in range(3)]
    read(store, "corp", [builders.facts(one, email=None, employee_id="E-ann") for one in more], hours=1)
    with store.begin() as uow:
        assert len(uow.people.accounts([AccountKey("corp", "ann")])[AccountKey("corp", "ann")]) == 5
    assert waiting(engine) == []
    read(store, "corp", [builders.facts("p3", email=None, employee_id="E-ann")], hours=2)
    assert waiting(engine) == ["ann"]


def test_a_question_waits_once_a_key_that_too_many_had_joins_again(
    engine: sa.Engine, store: SqlStore
) -> None:
    more = [f"p{n}" for n in range(4)]
    for hours, one in enumerate(more, 1):
        read(store, "corp", [builders.facts(one, email=None, employee_id="E-ann")], hours=hours)
    with engine.begin() as connection:
        connection.execute(sa.update(link).values(is_dirty=0, state="ambiguous"))
    read(store, "corp", [builders.facts("p3", email=None, employee_id="E-3")], hours=9)
    assert waiting(engine) == ["ann"]


def test_accounts_that_are_compared_are_named_by_what_became_of_them(
    engine: sa.Engine, store: SqlStore
) -> None:
    ann, bens = AccountKey("corp", "ann"), {AccountKey("corp", "ben"), AccountKey("tenant", "ben")}
    with engine.begin() as connection:
        regrouping = Regrouping(connection)
        regrouping.note([ann])
        this = (
            (person_key.c.source == "corp")
            & (person_key.c.person_id == "ann")
            & (person_key.c.kind == "employee")
        )
        connection.execute(sa.update(person_key).where(this).values(value="e-ben"))
        parted, joined = regrouping.compare(bens)
    assert parted == {ann, AccountKey("tenant", "ann")}
    assert joined == {ann, *bens}


def test_a_pass_reads_no_table_as_a_whole(engine: sa.Engine, store: SqlStore) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")

    def part() -> None:
        read(store, "corp", [account("ann", employee_id="E-1")], hours=1)

    steps = {step for table in TABLES for plan in steps_of(engine, part, table) for step in plan}
    assert "SEARCH holder USING INDEX ix_person_key_kind_value (kind=? AND value=?)" in steps
    whole = {f"SCAN {table}" for table in TABLES}
    assert not [step for step in steps if step in whole or step.startswith("SCAN holder")]
    assert not [step for step in steps if step.endswith("ix_person_key_kind_value (kind=?)")]


@pytest.mark.parametrize("query", [HOLDERS_OF_NEW, LESS_CROWDED], ids=["holders", "less crowded"])
def test_postgresql_looks_up_the_holders_of_keys_by_an_index(
    engine: sa.Engine, query: sa.Select[Any]
) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite plans by its indexes alone")
    keys = [
        {"source": "corp", "person_id": f"p{n}", "kind": kind, "value": f"{kind[0]}{n}", "raw": ""}
        for n in range(20_000)
        for kind in ("phone", "employee")
    ]
    known = builders.facts("p1")
    with SqlStore(engine).begin() as uow:
        uow.people.stage("corp", [JudgedFacts(known, None)])
    with engine.begin() as connection:
        connection.execute(sa.insert(person_key), keys)
        connection.execute(sa.insert(staged_person_key), [keys[2] | {"value": "p9"}])
        connection.execute(sa.update(staged_person).values(is_same=0))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE person_key, staged_person_key, staged_person")
        text = str(query.params(of="corp").compile(engine, compile_kwargs={"literal_binds": True}))
        steps = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {text}")]
    assert not [step for step in steps if "Seq Scan on person_key" in step], steps
