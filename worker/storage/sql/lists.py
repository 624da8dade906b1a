"""A list of texts as one parameter: the statement is the same for a list of any length.

So it is neither made, nor sent, nor read anew by the database with some hundred parameters.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def is_one_of(column: Any, name: str) -> sa.ColumnElement[bool]:
    """True if a column has one of the texts in the list that is given as the parameter `name`."""
    return _IsOneOf(column, sa.bindparam(name, type_=_Texts))


class _Texts(sa.types.TypeDecorator[Sequence[str]]):
    """An array in PostgreSQL, JSON in SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(sa.Text) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else json.dumps(value)


class _IsOneOf(FunctionElement[bool]):
    """`column IN (…)`, of a column and its list."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Self:
        """Not `(…) = 1`, for which SQLite would use no index."""
        del against
        return self


@compiles(_IsOneOf, "postgresql")
def _in_postgresql(element: _IsOneOf, compiler: SQLCompiler, **given: Any) -> str:
    column, texts = element.clauses
    return compiler.process(column == sa.any_(texts), **given)


@compiles(_IsOneOf, "sqlite")
def _in_sqlite(element: _IsOneOf, compiler: SQLCompiler, **given: Any) -> str:
    column, texts = element.clauses
    listed = sa.func.json_each(texts).table_valued("value")
    return compiler.process(column.in_(sa.select(listed.c.value)), **given)
