"""Split keys into lists that fit one IN (…)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from worker.storage.sql.lists import is_one_of

T = TypeVar("T")
CHUNK = 400  # keys of two columns: 800 parameters, below every database's limit


def chunked(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most `size` items, in order."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def in_source(source: Any, identity: Any) -> sa.ColumnElement[bool]:
    """True if two columns are one of the keys in a page of `by_source`; for statements that are built once."""
    return sa.and_(source == sa.bindparam("of"), is_one_of(identity, "ids"))


def by_source(keys: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Parameters for `in_source`, page by page: each page has keys of one source, and each key comes once."""
    for source, those in groupby(sorted(set(keys)), key=itemgetter(0)):
        for page in chunked(identity for _, identity in those):
            yield {"of": source, "ids": page}


def among(source: Any, identity: Any, keys: Iterable[tuple[str, str]]) -> sa.ColumnElement[bool]:
    """True if two columns are one of these keys: `source = … AND id IN (…)` for each source.

    Not a row value IN (VALUES …): SQLite reads whole tables for that, despite any index.
    """
    by_source: dict[str, list[str]] = defaultdict(list)
    for one, other in keys:
        by_source[one].append(other)
    return sa.or_(sa.false(), *(sa.and_(source == one, identity.in_(ids)) for one, ids in by_source.items()))
