"""Open a database: SQLite with the right transaction mode, or PostgreSQL. On both, one transaction writes at a time.

SQLite: WAL; `BEGIN IMMEDIATE` for every transaction that may write, so that a writer waits for another instead of
failing in the middle; synchronous=FULL, so that a committed ticket survives a power cut. Only connections in use keep
pages in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from worker.storage.sql.errors import FileReplaced, remedy_for
from worker.storage.sql.guarded import make_private

BUSY_TIMEOUT_S = 60
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-8192",  # KiB; with 200,000 people, 64 MiB would save a tenth of the time, and take half of the memory
    "temp_store=FILE",
)
FOLDED = "folded"  # a function of SQLite's, see searching.py; it costs more than lower()
READ_ONLY = "postgresql_readonly"  # the name in PostgreSQL's driver; SQLite then begins without its lock
OPENED = "whosleft_opened"  # an option of an engine on a file: its `_Opened`
ALONE = "whosleft_is_alone"  # an option of an engine on a copy: it waits for nobody, and nobody for it
WRITERS = int.from_bytes(b"writers", "big")  # the number of PostgreSQL's advisory lock
# The longest time for which a sleeping process blocks others, in a transaction without a lease; else see leases.py
IDLE_MAX_S = 20
LEASE_IDLE_MAX_S = 3  # in the transactions of leases, which have no work between their statements
# These detect a cut network, since a lost server says nothing (libpq's parameters)
PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # ms
}


def open_engine(url: str, named: Path | None = None) -> sa.Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`. Creates no file until it is used.

    `named`: the file that errors name, if not that of the address.
    """
    return _opened(sa.make_url(url), BUSY_TIMEOUT_S, {}, named)


def open_impatient_engine(url: str, patience_s: int) -> sa.Engine:
    """An engine for callers that can't wait: a lock or statement that takes longer than `patience_s` is an error.

    On PostgreSQL the limit is for connecting, too, and is two seconds at least. Only the operating system notices a
    server that keeps the connection and says nothing: wait for answers in another thread.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _opened(parsed, patience_s, {})
    engine = _opened(parsed, patience_s, {"connect_timeout": patience_s})
    patience_ms = 1000 * patience_s

    # Not as options of the connection: the URL may have its own, and poolers refuse them
    @event.listens_for(engine, "begin")
    def _limit(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {patience_ms}")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience_ms}")

    return engine


def _opened(
    parsed: sa.URL, busy_timeout_s: int, more: dict[str, Any], named: Path | None = None
) -> sa.Engine:
    if parsed.get_backend_name() != "sqlite":
        patience = {name: value for name, value in PATIENCE.items() if name not in parsed.query}
        # A statement that stays prepared on the server would keep its plan from when the tables were empty
        options = {"client_encoding": "utf8", **patience, **more, "prepare_threshold": None}
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args=options,
            isolation_level="READ COMMITTED",  # whatever the server's default: who waits for its turn reads after it
        )
        event.listen(engine, "connect", _plan_for_small_statements)
        event.listen(engine, "checkout", _as_server_has_it)
        return engine
    if parsed.database in {None, "", ":memory:"}:
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            poolclass=sa.pool.StaticPool,
            connect_args={"check_same_thread": False},
        )
    else:
        file = Path(parsed.database or "")
        opened = _Opened(file)
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            connect_args={"timeout": busy_timeout_s},
            execution_options={OPENED: opened},
        )
        event.listen(engine, "do_connect", opened.begin)
        event.listen(engine, "checkout", opened.use)
        event.listen(engine, "handle_error", _noting(named or file))
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    event.listen(engine, "checkin", _on_checkin)
    return engine


class _Opened:
    """The file that an engine has opened. SQLite goes on in a file that no path leads to any more, and tells nobody."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._identity: tuple[int, int] | None = None

    def begin(self, _dialect: object, _record: object, args: list[str], options: dict[str, Any]) -> None:
        """Before a connection is made."""
        self.require_same()
        if self._identity is None:
            make_private(self._file)
        else:  # it is not made anew if it is removed just now
            args[0] = f"{self._file.absolute().as_uri()}?mode=rw"
            options["uri"] = True

    def use(self, *_: object) -> None:
        """Before a connection is used; the first one has made the file, or opened it for writing."""
        self._identity = self.require_same()

    def require_same(self) -> tuple[int, int] | None:
        """Return which file it is, by device and number; as before, where that can't be seen now."""
        try:
            found = self._file.stat()
        except FileNotFoundError:
            identity = None
        except OSError:  # its disk is away, perhaps: nothing is known of the file
            return self._identity
        else:
            identity = found.st_dev, found.st_ino
        if self._identity is not None and self._identity != identity:
            raise FileReplaced(
                f"{self._file} was replaced or removed while this process had it open: what it wrote there since is "
                "lost. Stop all workers and desks before a backup is put back, and start them after that "
                "(docs/upgrade.md)."
            )
        return identity


def require_same_file(engine: sa.Engine) -> None:
    """Raise FileReplaced if the path of an SQLite database leads to another file than the engine has opened."""
    opened: _Opened | None = engine.get_execution_options().get(OPENED)
    if opened is not None:
        opened.require_same()


def _noting(file: Path) -> Callable[[sa.engine.ExceptionContext], None]:
    """What adds to SQLite's errors what to do about them, with the file's name."""

    def note(failed: sa.engine.ExceptionContext) -> None:
        if remedy := remedy_for(failed.original_exception, file):
            failed.original_exception.add_note(remedy)

    return note


def _plan_for_small_statements(connection: Any, _record: Any) -> None:
    """Have PostgreSQL plan for many small statements on a disk that does not turn.

    Compiling them (JIT) costs more than it saves: 17 of 38 ms. By its default price of a random page, of a disk that
    turns, it reads all links to find the members of a page of groups. A price that somebody has set stays.
    """
    connection.execute("SET jit = off")
    connection.execute(
        "SELECT set_config('random_page_cost', '1.1', false) FROM pg_settings "
        "WHERE name = 'random_page_cost' AND source = 'default'"
    )
    connection.commit()


def _as_server_has_it(connection: Any, _record: Any, _fairy: Any) -> None:
    """Let the server say whether transactions may write: SQLAlchemy asks it to let them, after one that only read.

    A standby takes that for an error of another kind than a write.
    """
    if connection.read_only is not None:
        connection.read_only = None


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.create_function(FOLDED, 1, _folded, deterministic=True)
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _folded(text: Any) -> Any:
    """The text in lower case: SQLite's own function knows ASCII only."""
    return text.lower() if isinstance(text, str) else text


def _on_checkin(connection: Any, _record: Any) -> None:
    if connection is not None:  # None: the connection broke
        connection.execute("pragma shrink_memory")  # otherwise each connection keeps pages of its own


def _on_begin(connection: sa.Connection) -> None:
    only_reads = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def reading_options(engine: sa.Engine) -> dict[str, Any]:
    """The options of a connection that only reads, from one moment's state."""
    if blocks_others(engine):
        return {READ_ONLY: True, "isolation_level": "REPEATABLE READ"}
    return {READ_ONLY: True} if engine.dialect.name == "sqlite" else {}


def blocks_others(bind: sa.Engine | sa.Connection) -> bool:
    """Whether transactions here can hold up those of other processes, and PostgreSQL has to end them in time."""
    return bind.dialect.name == "postgresql" and not bind.get_execution_options().get(ALONE, False)


# Built once: they run in each transaction that may write
_IDLE = f"set_config('idle_in_transaction_session_timeout', '{IDLE_MAX_S}s', true)"
_LOCK = f"pg_advisory_xact_lock({WRITERS})"
_TURN = sa.text(f"SELECT {_IDLE}, {_LOCK}")
# A limit that an administrator set would end the wait, and what a job did outside would not be recorded. The limit of
# statements counts from the next one; all are one request, which can have no parameters
_UNLIMITED = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"


def wait_for_turn(connection: sa.Connection, name: str = "") -> None:
    """Make a transaction the only one that writes, until it ends; call it before anything is read.

    So nobody else can change the data between a read and a decision based on it. SQLite ensures this by BEGIN
    IMMEDIATE. `name`: the PostgreSQL session's name meanwhile, if it is a job's: then nothing limits how long it
    waits, nor its statements.
    """
    if not blocks_others(connection):
        return
    if name:
        literal = name.replace("'", "''").replace("%", "%%")
        named = f"set_config('application_name', '{literal}', true)"
        connection.exec_driver_sql(f"{_UNLIMITED}; SELECT {_IDLE}, {named}, {_LOCK}")
    else:
        connection.execute(_TURN)


def limit_idleness(connection: sa.Connection, limit_s: int) -> None:
    """Make the server end this transaction if it is idle for longer than `limit_s` between two statements."""
    if blocks_others(connection):
        name = "idle_in_transaction_session_timeout"
        connection.execute(sa.select(sa.func.set_config(name, f"{limit_s}s", sa.true())))


def sqlite_path(url: str | sa.URL) -> Path | None:
    """The file of an SQLite database, None for anything else."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)
