"""The database plans by what is there, right after a large pass."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from builders import NOW, facts
from harness import Harness
from worker.domain.model import Group, Member, Standing
from worker.domain.people.leaver import Judgement
from worker.ports.state.people import JudgedFacts
from worker.storage.sql.statistics import MANY, gather, gather_grown
from worker.storage.sql.tables import person
from worker.storage.store import SqlStore

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)


def known_rows(engine: sa.Engine, table: str) -> int:
    """What the planner takes for the table's length; -1 for not looked at."""
    with engine.connect() as connection:
        query = sa.text("SELECT reltuples FROM pg_class WHERE relname = :table")
        return int(connection.execute(query, {"table": table}).scalar_one())


@pytest.mark.parametrize("people, is_known", [(MANY, True), (MANY - 1, False)])
def test_a_large_pass_is_known_to_the_planner_at_once(engine: sa.Engine, people: int, is_known: bool) -> None:
    store = SqlStore(engine)
    with store.begin() as uow:
        here = Judgement(Standing.ACTIVE)
        uow.people.stage("corp", [JudgedFacts(facts(f"p{number}"), here) for number in range(people)])
        uow.people.apply_stage("corp", is_full=True, taken_at=NINE, now=NINE)

    if engine.dialect.name == "postgresql":
        assert (known_rows(engine, "person") == people) is is_known


def test_a_first_read_of_many_members_is_known_at_once(engine: sa.Engine) -> None:
    company = Harness(engine=engine)
    for ward in range(10):
        members = [Member(f"+4477{ward}{n:07}", phone=f"+4477{ward}{n:07}") for n in range(MANY // 10)]
        company.wards.add_group(Group(f"g{ward}", "G", "whatsapp"), members)
    company.inventory()

    if engine.dialect.name == "postgresql":
        tables = ("chat_group", "link", "membership")
        assert [known_rows(engine, table) for table in tables] == [10, MANY, MANY]


def test_the_planner_knows_after_a_first_match_whom_handles_have(engine: sa.Engine) -> None:
    """What was gathered with the read says that nobody has a person, so that joins by person would read all."""
    company = Harness(engine=engine)
    names = [f"p{n}" for n in range(MANY)]
    company.hire(*names)
    company.group("ward-7", *names)
    company.settle()

    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            nobody = "SELECT null_frac FROM pg_stats WHERE tablename = 'link' AND attname = 'person_source'"
            assert connection.exec_driver_sql(nobody).scalar_one() == 0


def test_a_kept_table_is_looked_at_when_a_tenth_of_it_is_new(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite plans by its indexes alone")
    before = 20_000
    _add(engine, 0, before)
    _gather_grown(engine, before)
    assert known_rows(engine, "person") == before

    _add(engine, before, 1_500)
    _gather_grown(engine, 1_500)
    assert known_rows(engine, "person") == before
    with engine.begin() as connection:
        gather(connection, 1_500, person)
    assert known_rows(engine, "person") == before + 1_500

    _add(engine, before + 1_500, 2_500)
    _gather_grown(engine, 2_500)
    assert known_rows(engine, "person") == before + 4_000


def _gather_grown(engine: sa.Engine, rows: int) -> None:
    with engine.begin() as connection:
        gather_grown(connection, rows, person)


def _add(engine: sa.Engine, first: int, count: int) -> None:
    values = {"source": "corp", "display_name": "P", "facts": "{}", "standing": "active",
              "first_seen_at": NOW, "changed_at": NOW}  # fmt: skip
    with engine.begin() as connection:
        rows = [{**values, "person_id": f"p{number}"} for number in range(first, first + count)]
        connection.execute(sa.insert(person), rows)
