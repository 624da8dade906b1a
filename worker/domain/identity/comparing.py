"""Compare a list that somebody pasted with people: each line names one of them, or nobody, or several.

line -> the line, its columns, the address between < and > -> id | e-mail | user name | employee id | name
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from worker.domain.identity.names import normalise
from worker.domain.model import Account, AccountKey

_COLUMNS = re.compile(r"[;\t<>]")
_ALONE = re.compile(r"[@\d]|\S\s+\S")  # an address, a number, two words: half of `Poe, Alex` is nobody


def columns_of(line: str) -> list[str]:
    """What a line may name somebody by: all of it, then its columns, then what its commas divide."""
    parts = [line, *_COLUMNS.split(line), *filter(_ALONE.search, line.split(","))]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def spellings_of(name: str) -> list[str]:
    """A name as a directory may have it: as it is, with the last name first or last, and with capitals."""
    last, comma, first = (part.strip() for part in name.partition(","))
    others, _, end = name.rpartition(" ")
    turned = f"{first} {last}" if comma else f"{end}, {others}" if others else name
    return list(dict.fromkeys((name, turned, name.title(), turned.title())))


def found_by(lines: Iterable[str], people: Iterable[Account]) -> Mapping[str, frozenset[AccountKey]]:
    """By line, in order, the people whom it names; repeats and empty lines are left out.

    An id, an address or a number counts before a name, which several people may have. Case, accents and the order of
    a name's words don't count.
    """
    by_id: defaultdict[str, set[AccountKey]] = defaultdict(set)
    by_name: defaultdict[str, set[AccountKey]] = defaultdict(set)
    for one in people:
        facts = one.facts
        for mark in (one.key.person_id, facts.email, facts.username, facts.employee_id):
            if mark:
                by_id[mark.casefold()].add(one.key)
        by_name[normalise(facts.display_name)].add(one.key)
    by_name.pop("", None)
    return {line: _named(columns_of(line), by_id, by_name) for line in _written(lines)}


def _written(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def _named(
    columns: list[str], by_id: Mapping[str, set[AccountKey]], by_name: Mapping[str, set[AccountKey]]
) -> frozenset[AccountKey]:
    ids = (by_id.get(column.casefold()) for column in columns)
    names = (by_name.get(normalise(column)) for column in columns)
    return frozenset(next((found for found in (*ids, *names) if found), ()))
