import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.storage.sql import bulk
from worker.storage.sql.bulk import bulk_insert, bulk_insert_values, bulk_stage, bulk_update, bulk_upsert
from worker.storage.sql.engine import open_engine
from worker.storage.sql.tables import Instant, to_micros

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
Row = tuple[Any, ...]

schema = sa.MetaData()
shelf = sa.Table(
    "shelf",
    schema,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("nr", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("label", sa.Text),
    sa.Column("at", Instant),
    sa.Column("note", sa.Text, nullable=False, server_default="none"),
)
COLUMNS = ("room", "nr", "label", "at")
MANY = bulk.ARRAYS_MAX + 1  # the fewest rows for which PostgreSQL uses COPY


@pytest.fixture
def connection(empty_engine: sa.Engine) -> Iterator[sa.Connection]:
    schema.create_all(empty_engine)
    with empty_engine.begin() as connection:
        yield connection


def rows_of(connection: sa.Connection) -> set[Row]:
    columns = [sa.type_coerce(shelf.c[name], shelf.c[name].type) for name in COLUMNS]
    return {tuple(row) for row in connection.execute(sa.select(*columns))}


def filling(n: int) -> list[Row]:
    """Rows that no test looks at, to make a call long."""
    return [("filling", i, "x", None) for i in range(n)]


def rewritten(connection: sa.Connection, rows: list[Row]) -> int:
    """Upsert rows that are all there; return how many the database wrote anew."""
    if connection.dialect.name == "sqlite":
        changes = sa.select(sa.func.total_changes())
        before = connection.execute(changes).scalar_one()
        bulk_upsert(connection, shelf, COLUMNS, rows)
        return int(connection.execute(changes).scalar_one() - before)
    places = sa.text("SELECT room, nr, ctid::text FROM shelf")  # an UPDATE moves its row
    places_before = set(connection.execute(places).all())
    bulk_upsert(connection, shelf, COLUMNS, rows)
    return len(places_before - set(connection.execute(places).all()))


@pytest.mark.parametrize("more", [0, MANY], ids=["few", "many"])
class TestBothWays:
    """PostgreSQL takes few rows as arrays and many by COPY: nobody may see the difference."""

    def test_new_and_changed_rows_are_stored(self, connection: sa.Connection, more: int) -> None:
        bulk_upsert(
            connection, shelf, COLUMNS, [*filling(more), ("a", 1, "old", None), ("a", 2, "kept", None)]
        )

        given = bulk_upsert(
            connection,
            shelf,
            COLUMNS,
            [*filling(more), ("a", 1, "new", to_micros(AT)), ("b", 1, "é 🏥", None)],
        )

        assert given == more + 2
        assert rows_of(connection) >= {
            ("a", 1, "new", AT), ("a", 2, "kept", None), ("b", 1, "é 🏥", None),
        }  # fmt: skip

    def test_only_what_changed_is_rewritten(self, connection: sa.Connection, more: int) -> None:
        rows = [*filling(more), ("a", 1, None, None), ("a", 2, "x", 5), ("a", 3, None, 5)]
        bulk_upsert(connection, shelf, COLUMNS, rows)

        assert rewritten(connection, rows) == 0
        assert rewritten(connection, [*rows[:-2], ("a", 2, None, 5), ("a", 3, "x", 5)]) == 2

    def test_of_a_repeated_key_the_last_counts(self, connection: sa.Connection, more: int) -> None:
        repeated = [("a", 1, str(i), None) for i in range(12)]

        bulk_upsert(connection, shelf, COLUMNS, [*repeated[:6], *filling(more), *repeated[6:]])

        assert ("a", 1, "11", None) in rows_of(connection)

    def test_a_repeated_key_may_go_back_to_what_was_stored(
        self, connection: sa.Connection, more: int
    ) -> None:
        bulk_upsert(connection, shelf, COLUMNS, [("a", 1, "first", None)])

        bulk_upsert(
            connection, shelf, COLUMNS, [("a", 1, "other", None), *filling(more), ("a", 1, "first", None)]
        )

        assert ("a", 1, "first", None) in rows_of(connection)

    def test_without_update_what_is_there_stays(self, connection: sa.Connection, more: int) -> None:
        bulk_upsert(connection, shelf, COLUMNS, [("a", 1, "there", None)])
        rows = [("a", 1, "late", None), ("b", 1, "first", None), *filling(more), ("b", 1, "second", None)]

        bulk_upsert(connection, shelf, COLUMNS, rows, update=False)

        assert rows_of(connection) >= {("a", 1, "there", None), ("b", 1, "first", None)}

    def test_kept_columns_are_written_once(self, connection: sa.Connection, more: int) -> None:
        bulk_upsert(connection, shelf, COLUMNS, [("a", 1, "old", 1)], keep=["at"])
        bulk_upsert(connection, shelf, COLUMNS, [*filling(more), ("a", 1, "new", 2)], keep=["at"])

        [at] = [at for room, _, label, at in rows_of(connection) if (room, label) == ("a", "new")]
        assert to_micros(at) == 1

    def test_columns_that_are_not_given_keep_value_and_default(
        self, connection: sa.Connection, more: int
    ) -> None:
        connection.execute(sa.insert(shelf).values(room="a", nr=1, note="by hand"))

        bulk_upsert(connection, shelf, COLUMNS, [*filling(more), ("a", 1, "x", None), ("a", 2, "x", None)])

        notes = sa.select(shelf.c.note).where(shelf.c.room == "a").order_by(shelf.c.nr)
        assert list(connection.scalars(notes)) == ["by hand", "none"]

    @pytest.mark.parametrize(
        "text, stored",
        [
            ("nul\0in it", "nul\N{REPLACEMENT CHARACTER}in it"),
            ("half \ud83d pair", "half \N{REPLACEMENT CHARACTER} pair"),
            ("a\tb\nc\\N\r\n\\.\n", "a\tb\nc\\N\r\n\\.\n"),
            ("\\N", "\\N"),
            ("", ""),
            ("'; drop table shelf; --", "'; drop table shelf; --"),
            ("%s %(x)s {} :a ?", "%s %(x)s {} :a ?"),
            ("\u202eright to left\u2069 \uffff \x01\x7f", "\u202eright to left\u2069 \uffff \x01\x7f"),
        ],
    )
    def test_hostile_text_is_stored_as_it_is_or_marked(
        self, connection: sa.Connection, more: int, text: str, stored: str
    ) -> None:
        bulk_upsert(connection, shelf, COLUMNS, [*filling(more), (text, 1, text, None)])

        assert (stored, 1, stored, None) in rows_of(connection)

    def test_keys_that_clean_to_the_same_text_are_one_key(self, connection: sa.Connection, more: int) -> None:
        rows = [("a\0", 1, "first", None), *filling(more), ("a\ud800", 1, "last", None)]

        bulk_upsert(connection, shelf, COLUMNS, rows)

        assert ("a\N{REPLACEMENT CHARACTER}", 1, "last", None) in rows_of(connection)

    def test_it_works_twice_in_a_transaction_and_in_a_savepoint(
        self, connection: sa.Connection, more: int
    ) -> None:
        for i in range(2):
            bulk_upsert(connection, shelf, COLUMNS, [*filling(more), ("a", i, "x", None)])
        with connection.begin_nested() as savepoint:
            bulk_upsert(connection, shelf, COLUMNS, [*filling(more), ("a", 3, "x", None)])
            savepoint.rollback()
        bulk_upsert(connection, shelf, ("room", "nr"), [*((r, n) for r, n, _, _ in filling(more)), ("a", 4)])

        assert {row[1] for row in rows_of(connection) if row[0] == "a"} == {0, 1, 4}


@pytest.mark.parametrize("n", [0, 3, MANY, bulk.CHUNK + MANY])
def test_staged_rows_are_stored_though_keys_repeat_or_are_there(connection: sa.Connection, n: int) -> None:
    rows = [*filling(n), ("a", 1, "first", None), ("b", 1, "new", to_micros(AT))]
    assert bulk_stage(connection, shelf, COLUMNS, rows) == n + 2
    assert (
        bulk_stage(connection, shelf, COLUMNS, [*filling(n), ("a", 1, "x", None), ("a", 1, "last", 5)])
        == n + 2
    )
    assert bulk_stage(connection, shelf, COLUMNS, (("c", i, "x", None) for i in range(n))) == n

    stored = rows_of(connection)
    assert len(stored) == 2 * n + 2
    assert {row[2] for row in stored if row[0] in "ab"} == {"last", "new"}


def test_no_rows_are_no_statement(connection: sa.Connection) -> None:
    assert bulk_upsert(connection, shelf, COLUMNS, []) == 0
    assert rows_of(connection) == set()


@pytest.mark.parametrize("write", [bulk_upsert, bulk_stage])
def test_rows_of_the_wrong_width_are_refused(connection: sa.Connection, write: Callable[..., int]) -> None:
    with pytest.raises((sa.exc.ProgrammingError, ValueError, IndexError)), connection.begin_nested():
        write(connection, shelf, COLUMNS, [*filling(MANY), ("a", 1)])


# --- rows that are new ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, bulk.STREAMED, 2 * bulk.STREAMED + 1])
def test_new_rows_are_stored_and_counted(connection: sa.Connection, n: int) -> None:
    rows = [("a", number, "x\0\ud800\\N", number) for number in range(n)]

    assert bulk_insert(connection, shelf, COLUMNS, iter(rows)) == n
    stored = connection.execute(
        sa.select(shelf.c.nr, shelf.c.label, sa.type_coerce(shelf.c.at, sa.BigInteger))
    )
    assert {tuple(row) for row in stored} == {
        (number, "x\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\\N", number) for number in range(n)
    }


@pytest.mark.parametrize("rows", [[("a", 1, "x", None)], [("b", 1, "x", None), ("b", 1, "y", None)]])
def test_a_key_that_is_not_new_is_an_error(connection: sa.Connection, rows: list[Row]) -> None:
    bulk_insert(connection, shelf, COLUMNS, [("a", 1, "x", None)])

    with pytest.raises((sa.exc.IntegrityError, psycopg.IntegrityError)), connection.begin_nested():
        bulk_insert(connection, shelf, COLUMNS, rows)
    assert rows_of(connection) == {("a", 1, "x", None)}


def test_values_by_column_are_stored_with_their_instants(connection: sa.Connection) -> None:
    assert bulk_insert_values(connection, shelf, []) == 0
    assert (
        bulk_insert_values(
            connection,
            shelf,
            [
                {"nr": 1, "at": AT, "room": "a", "label": None},
                {"nr": 2, "at": None, "room": "a", "label": "x\0"},
            ],
        )
        == 2
    )

    known = {("a", 1, None, AT), ("a", 2, "x\N{REPLACEMENT CHARACTER}", None)}
    stored = connection.execute(sa.select(*(shelf.c[name] for name in COLUMNS)))
    assert {tuple(row) for row in stored} == known


@pytest.mark.parametrize("rows", [0, MANY], ids=["few", "many"])
def test_rows_are_changed_by_one_column_and_others_stay(connection: sa.Connection, rows: int) -> None:
    bulk_insert(
        connection, shelf, COLUMNS, [("a", nr, "old", to_micros(AT)) for nr in range(1, 4)] + filling(rows)
    )
    changes = [(1, "x\0", None), (2, None, to_micros(AT)), (99_999_999, "nobody's", None)]

    bulk_update(connection, shelf, "nr", ("label", "at"), changes)
    bulk_update(connection, shelf, "nr", ("label",), [])

    assert {row for row in rows_of(connection) if row[0] == "a" and row[1] < 4} == {
        ("a", 1, "x\N{REPLACEMENT CHARACTER}", None), ("a", 2, None, AT), ("a", 3, "old", AT),
    }  # fmt: skip


# --- many rows --------------------------------------------------------------------------------------------------------


VALUES = st.tuples(
    st.sampled_from(["a", "A", "ä", "\0", "\ud800"]),
    st.integers(0, 2),
    st.none() | st.text(st.characters(exclude_categories=()), max_size=5),
    st.none() | st.integers(-(2**50), 2**50),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(batches=st.lists(st.lists(VALUES, max_size=8), max_size=3), arrays_max=st.sampled_from([0, 4]))
def test_it_does_what_a_dictionary_does(
    connection: sa.Connection, batches: list[list[Row]], arrays_max: int
) -> None:
    expected: dict[Row, Row] = {}
    connection.execute(sa.delete(shelf))
    for batch in batches:
        rows = [*batch, *filling(MANY if not arrays_max else 0)]
        bulk_upsert(connection, shelf, COLUMNS, rows)
        for row in batch:
            clean = tuple(v.translate(CLEAN) if isinstance(v, str) else v for v in row)
            expected[clean[:2]] = clean

    columns = [sa.type_coerce(shelf.c[name], shelf.c[name].type) for name in ("room", "nr", "label")]
    stored = connection.execute(
        sa.select(*columns, sa.type_coerce(shelf.c.at, sa.BigInteger)).where(shelf.c.room != "filling")
    )
    assert {tuple(row) for row in stored} == set(expected.values())


CLEAN = dict.fromkeys([0, *range(0xD800, 0xE000)], 0xFFFD)


@pytest.mark.slow
def test_200_000_rows_are_streamed_in_flat_memory(connection: sa.Connection) -> None:
    peaks = [_peak_of(connection, 50_000), _peak_of(connection, 200_000)]

    assert peaks[1] < peaks[0] * 1.2, peaks
    assert connection.scalar(sa.select(sa.func.count()).select_from(shelf)) == 200_000


def _peak_of(connection: sa.Connection, n: int) -> int:
    tracemalloc.start()
    try:
        bulk_upsert(connection, shelf, COLUMNS, ((f"room {i // 50}", i, f"label {i}", i) for i in range(n)))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_two_who_upsert_the_same_rows_in_opposite_order_both_succeed(empty_engine: sa.Engine) -> None:
    schema.create_all(empty_engine)
    rows = [("a", i, "old", None) for i in range(1000)]
    with empty_engine.begin() as connection:
        bulk_upsert(connection, shelf, COLUMNS, rows)
    line = threading.Barrier(2)

    def run(label: str) -> None:
        mine = [("a", i, label, None) for i in range(1000)]
        line.wait()
        for _ in range(5):
            with empty_engine.begin() as connection:
                bulk_upsert(connection, shelf, COLUMNS, mine if label == "up" else reversed(mine))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, ["up", "down"])) == [None, None]


@pytest.mark.postgres
def test_a_long_transaction_takes_no_more_locks_than_a_short_one(postgres_url: str) -> None:
    """A server has room for some thousand, and a million people in one transaction are a thousand calls."""
    engine = open_engine(postgres_url)
    schema.create_all(engine)
    held = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()"
    with engine.begin() as connection:
        locks = []
        for turn in range(5):
            bulk_upsert(connection, shelf, COLUMNS, [(f"room {turn}", n, "x", None) for n in range(MANY)])
            locks.append(connection.scalar(sa.text(held)))
        assert len(set(locks[1:])) == 1, locks
        assert connection.scalar(sa.select(sa.func.count()).select_from(shelf)) == 5 * MANY
    engine.dispose()
