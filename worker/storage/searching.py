"""Texts that people search for, in any case: SQLite knows upper and lower case of ASCII letters alone, and PostgreSQL
those of its locale. So a text with other letters is searched in each way in which people write names.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def holds(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """True if the column contains the text, in any case; % and _ are plain characters, and NUL is none."""
    text = text.replace("\0", "")
    spellings = [text] if text.isascii() else [text, text.lower(), text.upper(), text.title()]
    return sa.or_(*(column.icontains(one, autoescape=True) for one in dict.fromkeys(spellings)))
