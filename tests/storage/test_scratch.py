import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from databases import dump
from worker.storage.leases import SqlLeases
from worker.storage.sql.bulk import ARRAYS_MAX, bulk_upsert
from worker.storage.sql.engine import open_engine, sqlite_path
from worker.storage.sql.errors import SchemaNewer, ScratchLost
from worker.storage.sql.migrate import migrate, require_current
from worker.storage.sql.scratch import scratch_engine
from worker.storage.sql.tables import counter, dirty_group, metadata
from worker.storage.store import SqlStore

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
COLUMNS = ("source", "group_id", "since")


def write(engine: sa.Engine, group: str = "g", n: int = 1) -> None:
    """Do what a pass does: leases, few rows, many rows."""
    SqlLeases(engine).acquire("poll", "me", NOW, timedelta(seconds=30))
    with engine.begin() as connection:
        bulk_upsert(connection, dirty_group, COLUMNS, [("wards", f"{group} {i}", i) for i in range(n)])
        connection.execute(sa.delete(counter))


def empty_and_fail(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(dirty_group))
        raise ZeroDivisionError


def groups(engine: sa.Engine) -> int:
    with engine.begin() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(dirty_group)).scalar_one()


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    write(engine, "before", 5)
    with engine.begin() as connection:
        connection.execute(sa.insert(counter).values(name="ticket", value=7))
    return engine


def test_the_copy_shows_what_is_there(filled: sa.Engine, database_url: str) -> None:
    there = dump(filled)

    with scratch_engine(database_url) as scratch, scratch.begin() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(sa.text(f'SELECT * FROM "{table.name}"'))  # noqa: S608
            assert sorted((tuple(row) for row in rows), key=repr) == there[table.name], table.name


@pytest.mark.parametrize("n", [1, ARRAYS_MAX + 1])
def test_what_is_written_to_the_copy_is_seen_there_and_nowhere_else(
    filled: sa.Engine, database_url: str, n: int
) -> None:
    before = dump(filled)

    with scratch_engine(database_url) as scratch:
        write(scratch, "after", n)
        assert groups(scratch) == 5 + n
        assert groups(filled) == 5
        write(scratch, "after", n)
        assert groups(scratch) == 5 + n

    assert dump(filled) == before


def test_an_error_within_leaves_nothing_behind(filled: sa.Engine, database_url: str) -> None:
    before = dump(filled)

    with pytest.raises(ZeroDivisionError), scratch_engine(database_url) as scratch:
        empty_and_fail(scratch)
    assert dump(filled) == before
    with scratch_engine(database_url) as scratch:
        assert groups(scratch) == 5


def test_a_transaction_of_the_copy_can_be_rolled_back(filled: sa.Engine, database_url: str) -> None:
    with scratch_engine(database_url) as scratch:
        with pytest.raises(ZeroDivisionError):
            empty_and_fail(scratch)

        assert groups(scratch) == 5


def test_it_passes_for_a_current_database(filled: sa.Engine, database_url: str) -> None:
    with scratch_engine(database_url) as scratch:
        require_current(scratch)


def test_a_database_without_tables_gives_an_empty_copy_and_stays_as_it_is(
    empty_engine: sa.Engine, database_url: str
) -> None:
    with scratch_engine(database_url) as scratch:
        require_current(scratch)
        write(scratch)
        assert groups(scratch) == 1

    path = sqlite_path(database_url)
    if path is not None:
        assert list(path.parent.iterdir()) == []
    else:
        assert sa.inspect(empty_engine).get_table_names() == []


def test_a_newer_database_is_refused(filled: sa.Engine, database_url: str) -> None:
    _set_revision(filled, "9999")

    with pytest.raises(SchemaNewer), scratch_engine(database_url):
        pass


def test_a_worker_goes_on_writing_while_the_copy_is_used(filled: sa.Engine, database_url: str) -> None:
    with scratch_engine(database_url) as scratch, ThreadPoolExecutor(1) as pool:
        with scratch.begin() as connection:
            connection.execute(sa.update(dirty_group).values(since=NOW))
            connection.execute(sa.update(counter).values(value=8))
            pool.submit(write, filled, "worker", 3).result(timeout=20)

        assert groups(scratch) == 5, "the copy is of the moment when it was made"
    assert groups(filled) == 8


def test_copies_are_made_while_a_worker_writes_without_a_pause(filled: sa.Engine, database_url: str) -> None:
    stop = threading.Event()

    def work() -> int:
        rounds = 0
        while not stop.is_set():
            write(filled, f"round {rounds}", 20)
            rounds += 1
        return rounds

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        seen = []
        for _ in range(5):
            with scratch_engine(database_url) as scratch:
                seen.append(groups(scratch))
        stop.set()
        rounds = working.result(timeout=60)

    assert seen == sorted(seen)
    assert all((n - 5) % 20 == 0 for n in seen), "a copy holds whole transactions"
    assert rounds >= 5


def test_two_copies_do_not_meet(filled: sa.Engine, database_url: str) -> None:
    with scratch_engine(database_url) as one, scratch_engine(database_url) as two:
        write(one, "one", 2)

        assert (groups(one), groups(two)) == (7, 5)


def test_no_file_is_left_behind(filled: sa.Engine, database_url: str) -> None:
    with scratch_engine(database_url) as scratch:
        copy = sqlite_path(scratch.url)
        assert copy is None or copy.exists()

    assert copy is None or not copy.parent.exists()


@pytest.mark.postgres
def test_a_broken_connection_never_leads_to_the_real_tables(postgres_url: str) -> None:
    with scratch_engine(postgres_url) as scratch:
        with pytest.raises(sa.exc.OperationalError), scratch.begin() as connection:
            connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        with pytest.raises(ScratchLost, match="Start again"):
            write(scratch)


def _set_revision(engine: sa.Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
        connection.execute(sa.text("UPDATE schema_floor SET revision = :r"), {"r": revision})


@pytest.mark.postgres
def test_no_temporary_table_is_left_to_whoever_gets_the_connection_next(
    postgres_url: str,
) -> None:
    """A pooler in transaction mode gives it to others after each transaction."""
    engine = open_engine(postgres_url)
    migrate(engine)
    with scratch_engine(postgres_url) as scratch:
        write(scratch, n=ARRAYS_MAX + 1)
        with pytest.raises(ZeroDivisionError):
            empty_and_fail(scratch)
        seen = [_count(engine, TEMPORARY)]
    seen.append(_count(engine, TEMPORARY))
    engine.dispose()

    assert seen == [0, 0]


@pytest.mark.postgres
def test_the_copy_locks_no_real_table_and_keeps_nobody_waiting(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    migrate(engine)
    with scratch_engine(postgres_url) as scratch, SqlStore(scratch).begin():
        with SqlStore(engine).begin():
            pass
        locks = _count(engine, LOCKED)
    engine.dispose()

    assert locks == 0


TEMPORARY = "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"
LOCKED = (
    "SELECT count(*) FROM pg_locks JOIN pg_class AS c ON c.oid = relation JOIN pg_database AS d ON d.oid = database "
    "WHERE pid <> pg_backend_pid() AND datname = current_database() AND relnamespace = 'public'::regnamespace"
)


def _count(engine: sa.Engine, query: str) -> int:
    with engine.begin() as connection:
        found: int = connection.execute(sa.text(query)).scalar_one()
    return found
