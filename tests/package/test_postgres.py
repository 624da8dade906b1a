"""The tests' own PostgreSQL server is what the storage suites take it for."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.postgres


@pytest.fixture
def engine(postgres_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_has_an_empty_database(engine: sa.Engine, attempt: int) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE made_by_a_test (n int)"))

    assert sa.inspect(engine).get_table_names() == ["made_by_a_test"], attempt


def test_sorts_as_people_do_not_as_bytes(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        names = connection.scalars(
            sa.text("SELECT n FROM (VALUES ('b'), ('A'), ('a'), ('B')) v(n) ORDER BY n")
        )

        assert list(names) == ["a", "A", "b", "B"]
