"""The database plans by what is there, right after a large pass."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from builders import facts
from harness import Harness
from worker.domain.model import Group, Member, Standing
from worker.domain.people.leaver import Judgement
from worker.ports.state.people import JudgedFacts
from worker.storage.sql.statistics import MANY
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
