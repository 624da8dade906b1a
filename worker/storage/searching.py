"""Texts that people search for, in any case.

SQLite knows the case of ASCII alone, so other texts are folded by Python there. PostgreSQL knows that of its database's
locale, in the locale C that of ASCII: there other texts are found in the ways in which people write a name.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from worker.storage.sql.engine import FOLDED


class _Folded(FunctionElement[str]):
    """A text in lower case."""

    inherit_cache = True
    type = sa.String()


@compiles(_Folded)
def _of_postgresql(element: _Folded, compiler: SQLCompiler, **more: Any) -> str:
    return f"lower({compiler.process(element.clauses, **more)})"


@compiles(_Folded, "sqlite")
def _of_sqlite(element: _Folded, compiler: SQLCompiler, **more: Any) -> str:
    return f"{FOLDED}({compiler.process(element.clauses, **more)})"


def holds(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """True if the column contains the text, in any case; % and _ are plain characters, and NUL is none."""
    text = text.replace("\0", "")
    if text.isascii():
        return column.icontains(text, autoescape=True)
    folded = _Folded(column).contains(text.lower(), autoescape=True)
    spellings = dict.fromkeys((text, text.lower(), text.upper(), text.title()))
    return sa.or_(folded, *(column.icontains(one, autoescape=True) for one in spellings))
