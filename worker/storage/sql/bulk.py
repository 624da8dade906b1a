"""Write many rows into one table at once: one function, with a body for each database.

SQLite takes tuples in chunks; PostgreSQL takes COPY into a temporary table (arrays when the rows are few)
and then one INSERT … SELECT. Neither touches a row that would not change; both hold one chunk in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, count
from operator import itemgetter
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from worker.storage.sql.chunks import chunked
from worker.storage.sql.tables import Instant, to_micros

CHUNK = 10_000  # rows in one executemany: more are no faster, and these take a few megabytes
ARRAYS_MAX = 500  # up to here arrays are as quick as a temporary table, and leave nothing in the catalogue
STREAMED = 1_000  # rows made at once: PostgreSQL takes them in while we make the next
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Characters that PostgreSQL refuses in text (NUL), and halves of surrogate pairs, which are no characters
_UNSTORABLE = dict.fromkeys([0, *range(0xD800, 0xE000)], REPLACEMENT)

Row = tuple[Any, ...]


def clearing(stage: sa.Table) -> sa.Delete:
    """The statement that deletes the staged rows of the source `wanted`."""
    return sa.delete(stage).where(stage.c.source == sa.bindparam("wanted"))


def bulk_upsert(
    connection: sa.Connection,
    table: sa.Table,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    update: bool = True,
    keep: Collection[str] = (),
) -> int:
    """Insert rows, or update those with an existing primary key; return how many were given.

    `rows`: tuples in the order of `columns`, with values that drivers take: str, int, None (an instant as
    `tables.to_micros`). They are read once, in chunks. Columns of `keep` are written only on insert. A row that
    would not change is not rewritten. With `update=False`, an existing row stays as it is. Of rows with the same
    key, the last counts (with `update=False` the first). NUL and lone surrogates in text become U+FFFD.
    """
    statement = _Statement.of(table, tuple(columns), tuple(keep), update=update)
    chunks = (_storable(chunk, statement.text_at) for chunk in chunked(rows, CHUNK))
    if connection.dialect.name == "sqlite":
        return _into_sqlite(connection, f"{statement.values()} {statement.on_conflict('IS NOT')}", chunks)
    return _into_postgresql(connection, statement, chunks)


def bulk_insert(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterable[Row]
) -> int:
    """As `bulk_upsert`, but quicker, for rows with new keys that do not repeat; the database checks that."""
    statement = _Statement.of(table, tuple(columns), (), update=False)
    chunks = (_storable(chunk, statement.text_at) for chunk in chunked(rows, STREAMED))
    if connection.dialect.name == "sqlite":
        return _into_sqlite(connection, statement.values(), chunks)
    return _copy(connection, f"{statement.table} ({', '.join(statement.columns)})", chunks)


def bulk_stage(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Iterable[Row]
) -> int:
    """As `bulk_upsert`, but quicker where none of the keys is there yet, as with nearly all that is staged.

    PostgreSQL takes such rows in as they are, with no temporary table and nothing to sort.
    """
    if connection.dialect.name == "sqlite":
        return bulk_upsert(connection, table, columns, rows)
    return sum(_stage(connection, table, columns, chunk) for chunk in chunked(rows, CHUNK))


def bulk_insert_values(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """As `bulk_insert`, for values by column, the same columns in each row; instants may be datetimes (aware)."""
    if not rows:
        return 0
    columns = tuple(rows[0])
    instants = [at for at, name in enumerate(columns) if isinstance(table.c[name].type, Instant)]
    return bulk_insert(connection, table, columns, (_driven(row, instants) for row in rows))


def bulk_update(
    connection: sa.Connection, table: sa.Table, by: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Set the columns of existing rows. `rows`: tuples of the value of column `by`, which is unique, and of the others.

    Values and text as in `bulk_upsert`. Rows that don't exist are left out.
    """
    names = (by, *columns)
    text_at = tuple(at for at, name in enumerate(names) if isinstance(table.c[name].type, sa.String))
    for chunk in chunked(rows, CHUNK):
        values = _storable(chunk, text_at)
        if connection.dialect.name == "sqlite":
            set_ = ", ".join(f'"{name}" = ?{at}' for at, name in enumerate(columns, 2))
            connection.exec_driver_sql(f'UPDATE "{table.name}" SET {set_} WHERE "{by}" = ?1', values)  # noqa: S608
            continue
        arrays = ", ".join(f"%s::{table.c[name].type}[]" for name in names)
        given = ", ".join(f'"{name}"' for name in names)
        set_ = ", ".join(f'"{name}" = given."{name}"' for name in columns)
        source = f"unnest({arrays}) AS given ({given})"
        update = f'UPDATE "{table.name}" SET {set_} FROM {source} WHERE "{table.name}"."{by}" = given."{by}"'  # noqa: S608
        connection.exec_driver_sql(update, tuple(map(list, zip(*values, strict=True))))


def _driven(row: Mapping[str, Any], instants: Iterable[int]) -> Row:
    values = list(row.values())
    for at in instants:
        if isinstance(values[at], datetime):
            values[at] = to_micros(values[at])
    return tuple(values)


@dataclass(frozen=True, slots=True)
class _Statement:
    """The parts of an upsert's SQL that both databases share. Names come from the metadata, never from data."""

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    set_: tuple[str, ...]
    text_at: tuple[int, ...]
    update: bool

    @staticmethod
    @cache
    def of(table: sa.Table, columns: tuple[str, ...], keep: tuple[str, ...], *, update: bool) -> _Statement:
        key = tuple(column.name for column in table.primary_key)
        kinds = [table.c[name].type for name in columns]
        return _Statement(
            table=f'"{table.name}"',
            columns=tuple(f'"{name}"' for name in columns),
            types=tuple(str(kind) for kind in kinds),
            key=tuple(f'"{name}"' for name in key),
            set_=tuple(f'"{name}"' for name in columns if name not in key and name not in keep),
            text_at=tuple(at for at, kind in enumerate(kinds) if isinstance(kind, sa.String)),
            update=update,
        )

    def head(self) -> str:
        return f"INSERT INTO {self.table} AS t ({', '.join(self.columns)})"

    def values(self) -> str:
        return f"{self.head()} VALUES ({', '.join('?' * len(self.columns))})"

    def on_conflict(self, is_not: str) -> str:
        """The ON CONFLICT part; `is_not` is the database's operator for comparing values that may be NULL."""
        if not (self.update and self.set_):
            return f"ON CONFLICT ({', '.join(self.key)}) DO NOTHING"
        set_ = ", ".join(f"{name} = excluded.{name}" for name in self.set_)
        changed = " OR ".join(f"t.{name} {is_not} excluded.{name}" for name in self.set_)
        return f"ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {set_} WHERE {changed}"


# --- SQLite -------------------------------------------------------------------------------------------


def _into_sqlite(connection: sa.Connection, sql: str, chunks: Iterator[list[Row]]) -> int:
    given = 0
    for chunk in chunks:
        connection.exec_driver_sql(sql, chunk)
        given += len(chunk)
    return given


# --- PostgreSQL ---------------------------------------------------------------------------------------


def _into_postgresql(connection: sa.Connection, statement: _Statement, chunks: Iterator[list[Row]]) -> int:
    first = next(chunks, [])
    if len(first) <= ARRAYS_MAX:
        if first:
            _from_arrays(connection, statement, first)
        return len(first)
    columns = ", ".join(map(" ".join, zip(statement.columns, statement.types, strict=True)))
    # One for all calls of a transaction with these columns: each table that it makes, dropped or not, is locked until
    # its end, and the server has room for some thousand locks
    bulk = f"whosleft_bulk_{crc32(columns.encode()):08x}"
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {bulk} ({columns}, ordinal BIGINT) ON COMMIT DROP"
    )
    ordinal = count(1)
    numbered = ([(*row, next(ordinal)) for row in chunk] for chunk in chain([first], chunks))
    given = _copy(connection, bulk, numbered)
    connection.exec_driver_sql(_insert_from(statement, bulk))
    connection.exec_driver_sql(f"TRUNCATE {bulk}")
    return given


def _from_arrays(connection: sa.Connection, statement: _Statement, rows: list[Row]) -> None:
    arrays = ", ".join(f"%s::{kind}[]" for kind in statement.types)
    names = ", ".join((*statement.columns, "ordinal"))
    source = f"unnest({arrays}) WITH ORDINALITY AS given ({names})"
    values = tuple(map(list, zip(*rows, strict=True)))
    connection.exec_driver_sql(_insert_from(statement, source), values)


def _stage(connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: list[Row]) -> int:
    if len(rows) > ARRAYS_MAX:
        not_all_new = suppress(
            connection.dialect.loaded_dbapi.IntegrityError
        )  # a key is there, or comes twice
        with not_all_new, connection.begin_nested():
            return bulk_insert(connection, table, columns, rows)
    return bulk_upsert(connection, table, columns, rows)


def _copy(connection: sa.Connection, into: str, chunks: Iterable[list[Row]]) -> int:
    given = 0
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for chunk in chunks:
            for row in chunk:
                copy.write_row(row)
            given += len(chunk)
    return given


def _insert_from(statement: _Statement, source: str) -> str:
    """Insert one row of `source` for each key: ON CONFLICT can't touch a row twice, and order avoids deadlocks."""
    key = ", ".join(statement.key)
    order = "DESC" if statement.update else "ASC"
    select = f"SELECT DISTINCT ON ({key}) {', '.join(statement.columns)} FROM {source}"  # noqa: S608
    return (
        f"{statement.head()} {select} ORDER BY {key}, ordinal {order} "
        f"{statement.on_conflict('IS DISTINCT FROM')}"
    )


# --- Text ---------------------------------------------------------------------------------------------


def _storable(rows: list[Row], text_at: tuple[int, ...]) -> list[Row]:
    """The rows with clean text. Checks a chunk's text as a whole, and cleans each value only if that fails."""
    if all(_is_storable("".join(filter(None, map(itemgetter(at), rows)))) for at in text_at):
        return rows
    return [tuple(storable(v) if isinstance(v, str) else v for v in row) for row in rows]


def storable(text: str) -> str:
    """Return the text with U+FFFD for what PostgreSQL refuses: NUL, and halves of surrogate pairs."""
    return text.translate(_UNSTORABLE)


def _is_storable(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
