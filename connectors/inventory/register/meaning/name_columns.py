"""Which columns may hold members' names, although nothing is read from them.

A row without a number that has a text in one is about somebody. Nobody knows whom, so the group's list is not whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.table import Value, text_of
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.cells import is_name, is_nothing
from connectors.inventory.register.meaning.headings import BRACKETED, IDENTITY, Header
from connectors.inventory.register.meaning.words import plain

FILLED_MIN = 0.5  # of the rows that show a member
DISTINCT_MIN = 0.8  # of the texts there: a ward, a shift or a remark comes again and again


def maybe_names(header: Header, rows: Sequence[Sequence[Value]]) -> tuple[int, ...]:
    """Return the columns without a known heading, or without any, that may be of names or parts of them.

    Either their heading says so, or most members have a text of their own there, and no column is known to be of names.
    `rows` are those below the header.
    """
    headed = {at for at, text, meaning in header.headings if meaning is None and _may_be_a_name(text)}
    if Meaning.MEMBER in header.columns:
        return tuple(sorted(headed))
    used = {at for at, _, meaning in header.headings if meaning is not None}
    return tuple(sorted(headed | set(_named_by_rows(header, rows, used))))


def _may_be_a_name(text: str) -> bool:
    parts = {part for part in plain(BRACKETED.sub(" ", text)).split() if not part.isdecimal()}  # "Name 2"
    return bool(parts) and parts <= words.NAME_WORDS


def _named_by_rows(header: Header, rows: Sequence[Sequence[Value]], used: set[int]) -> Iterator[int]:
    own = [*header.phones, *(at for meaning, at in header.columns.items() if meaning in IDENTITY)]
    members = [row for row in rows if any(at < len(row) and not is_nothing(row[at]) for at in own)]
    for at in range(max(map(len, members), default=0)):
        if at in used:
            continue
        cells = (row[at] for row in members if at < len(row) and not is_nothing(row[at]))
        texts = [plain(text) for text in map(text_of, cells) if is_name(text)]
        is_filled = len(texts) >= FILLED_MIN * len(members)
        if texts and is_filled and len(set(texts)) >= DISTINCT_MIN * len(texts):
            yield at
