"""Texts that people search for, in any case."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def holds(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """True if the column contains the text, in any case; % and _ are plain characters, and NUL is none."""
    return column.icontains(text.replace("\0", ""), autoescape=True)
