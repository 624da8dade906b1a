"""The lines of a pack's journal: an event in full, or of one that is not shown its number and its hash.

Pure: bytes in, values out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

from worker.domain.evidence.journal import (
    EntryRow,
    Sealed,
    compact,
    stamp,
)
from worker.domain.text.steering import escaped

_HASH = re.compile(r"[0-9a-f]{64}")
_HIDDEN = re.compile(rb'\{"hash":"([0-9a-f]{64})","seq":(0|[1-9][0-9]*)\}\n')


class Hidden(NamedTuple):
    """An entry of which a pack shows only place and hash."""

    seq: int
    hash: str


def line_of(shown: Sealed | EntryRow | Hidden) -> bytes:
    """One line of `journal.jsonl`, with its line end. Characters that could steer a terminal are escaped."""
    if isinstance(shown, Hidden):
        return _hidden(shown).encode()
    return escaped(_in_full(shown if isinstance(shown, EntryRow) else _written(shown))).encode()


def lines_of(page: Sequence[EntryRow], full: Sequence[EntryRow]) -> bytes:
    """The lines of entries of which some are in full; of the others they have only place and hash."""
    shown = {one.seq for one in full}
    lines = [_in_full(one) if one.seq in shown else _hidden(one) for one in page]
    return escaped("".join(lines)).encode()


def _in_full(one: EntryRow) -> str:
    front, back = one.halves
    return f'{front}"hash":"{one.hash}",{back}\n'


def _hidden(one: EntryRow | Hidden) -> str:
    return f'{{"hash":"{one.hash}","seq":{one.seq}}}\n'


def _written(one: Sealed) -> EntryRow:
    entry = one.entry
    return EntryRow(
        one.seq, stamp(entry.at), entry.actor, entry.kind, entry.subject, entry.reason, compact(entry.data),
        one.previous, one.hash,
    )  # fmt: skip


def read_line(line: bytes) -> EntryRow | Hidden:
    """The inverse of `line_of`. Raises ValueError unless `line_of` would write exactly these bytes."""
    try:
        if found := _HIDDEN.fullmatch(line):
            return Hidden(int(found[2]), found[1].decode())
        shown = _entry_in(parse_object(line))
        is_same = line == line_of(shown)
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise ValueError("not an event") from None
    if not is_same:
        raise ValueError("not as an event is written")
    return shown


def parse_object(text: bytes) -> dict[str, Any]:
    """Read one JSON object in UTF-8; raises ValueError, or RecursionError if it is nested too deeply."""
    value = _DECODER.decode(text.decode())
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004  the caller catches one error
    return value


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _entry_in(value: dict[str, Any]) -> EntryRow:
    actor, kind, subject, reason, at = (
        text_in(value, name) for name in ("actor", "kind", "subject", "reason", "at")
    )
    data = value["data"]
    if not isinstance(data, dict):
        raise TypeError("data")
    at = stamp(datetime.fromisoformat(at))
    seals = number_in(value, "seq"), hash_in(value, "previous"), hash_in(value, "hash")
    return EntryRow(seals[0], at, actor, kind, subject, reason, compact(data), *seals[1:])


def text_in(value: dict[str, Any], name: str) -> str:
    """A text of an object; raises TypeError or KeyError."""
    found = value[name]
    if not isinstance(found, str):
        raise TypeError(name)
    return found


def number_in(value: dict[str, Any], name: str) -> int:
    """A count of an object; raises TypeError or KeyError."""
    found = value[name]
    if type(found) is not int or found < 0:  # a truth value is an int, too
        raise TypeError(name)
    return found


def hash_in(value: dict[str, Any], name: str) -> str:
    """A SHA-256 of an object; raises TypeError or KeyError."""
    found = text_in(value, name)
    if not _HASH.fullmatch(found):
        raise TypeError(name)
    return found
