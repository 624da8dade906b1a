"""An evidence pack's journal: which events belong, how a line is written, and whether all lines are whole.

Pure: bytes in, sentences out; `app.audit_zip` reads and writes the files. Each line of `journal.jsonl` is one
entry of the chain, from the first to the head. What belongs to the pack is there in full, of all else only

    {"hash":"…","seq":7}

which says nothing of anybody, and lets the next line's hash be checked.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from worker.domain.journal import GENESIS, Entry, Sealed, body_of, canonical, seal

JOURNAL = "journal.jsonl"
_HASH = re.compile(r"[0-9a-f]{64}")
_HIDDEN_KEYS = {"hash", "seq"}


class What(StrEnum):
    """What a pack can be about. Person and group are also the keys under which entries name them."""

    PERSON = "person"
    GROUP = "group"
    PERIOD = "period"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Covered:
    """What a pack is about: `ids` (`source/id`) of a person's accounts or a group, or local days, both inclusive."""

    what: What = What.EVERYTHING
    ids: tuple[str, ...] = ()
    from_on: date | None = None
    to_on: date | None = None

    @property
    def title(self) -> str:
        """It in words."""
        if self.what is What.PERIOD:
            first = f"from {self.from_on}" if self.from_on else "from the beginning"
            return f"{first} to {self.to_on}" if self.to_on else f"{first} until it was made"
        return f"{self.what.value} {', '.join(self.ids)}" if self.ids else "everything"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries belong to a pack. `subjects` are those of a person or a group, with their tickets and plans.

    `since` is inclusive, `until` is not; both are of a period, and None where it is open.
    """

    covered: Covered = Covered()
    subjects: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def has(self, entry: Entry) -> bool:
        """Whether an entry belongs: by its instant, by its subject, or as it names the person or group."""
        if self.covered.what in {What.PERIOD, What.EVERYTHING}:
            is_early = self.since is not None and entry.at < self.since
            return not is_early and (self.until is None or entry.at < self.until)
        return entry.subject in self.subjects or entry.data.get(self.covered.what.value) in self.covered.ids


def period(from_on: date | None, to_on: date | None, timezone: str) -> Scope:
    """The scope of local days of `timezone` (IANA), both inclusive; None is open."""
    covered = Covered(What.PERIOD, from_on=from_on, to_on=to_on)
    return Scope(covered, since=_midnight(from_on, 0, timezone), until=_midnight(to_on, 1, timezone))


def _midnight(day: date | None, later: int, timezone: str) -> datetime | None:
    if day is None:
        return None
    try:
        start = datetime.combine(day + timedelta(days=later), time(), ZoneInfo(timezone))
        return start.astimezone(UTC)
    except OverflowError:  # the first or the last day that there is: nothing lies beyond
        return None


# --- lines ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hidden:
    """An entry of which a pack shows only its place and its hash."""

    seq: int
    hash: str


def line_of(shown: Sealed | Hidden) -> bytes:
    """One line of `journal.jsonl`, its line end included."""
    if isinstance(shown, Hidden):
        return canonical({"seq": shown.seq, "hash": shown.hash}) + b"\n"
    body = body_of(shown.entry, shown.seq, shown.previous)
    return canonical({**body, "hash": shown.hash}) + b"\n"


def read_line(line: bytes) -> Sealed | Hidden:
    """The inverse of `line_of`; raises ValueError for whatever it does not write, to the byte."""
    try:
        value = parse_object(line)
        shown = _hidden(value) if value.keys() == _HIDDEN_KEYS else _sealed(value)
        is_same = line == line_of(shown)
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise ValueError("not an event") from None
    if not is_same:
        raise ValueError("not as an event is written")
    return shown


def parse_object(text: bytes) -> dict[str, Any]:
    """One JSON object in UTF-8; raises ValueError, or RecursionError where it is nested without end."""
    value = json.loads(text.decode(), parse_constant=_no_constant)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004  whoever calls is told by one error
    return value


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _hidden(value: dict[str, Any]) -> Hidden:
    return Hidden(number_in(value, "seq"), hash_in(value, "hash"))


def _sealed(value: dict[str, Any]) -> Sealed:
    actor, kind, subject, reason = (text_in(value, name) for name in ("actor", "kind", "subject", "reason"))
    data = value["data"]
    if not isinstance(data, dict):
        raise TypeError("data")
    entry = Entry(datetime.fromisoformat(text_in(value, "at")), actor, kind, subject, reason, data)
    return Sealed(number_in(value, "seq"), entry, hash_in(value, "previous"), hash_in(value, "hash"))


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


# --- the chain --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JournalSum:
    """What a manifest states of the journal: the head of the chain, and which entries are there in full.

    `full_sha256` is taken of their numbers, so that one that was made a hash-only line shows.
    """

    count: int
    hash: str
    full: int
    full_sha256: str


class Tally:
    """Adds lines up to a JournalSum, for whoever writes or reads them."""

    def __init__(self) -> None:
        self.count = 0
        self.hash = GENESIS
        self.full = 0
        self._numbers = hashlib.sha256()

    def add(self, shown: Sealed | Hidden) -> None:
        """Count one more entry, which is the head now."""
        self.count, self.hash = shown.seq, shown.hash
        if isinstance(shown, Sealed):
            self.full += 1
            self._numbers.update(f"{shown.seq}\n".encode())

    def sum(self) -> JournalSum:
        """All of it so far."""
        return JournalSum(self.count, self.hash, self.full, self._numbers.hexdigest())


def journal_problem(lines: Iterable[bytes], stated: JournalSum) -> str | None:
    """The first thing wrong with a pack's journal, in a sentence that names the line; None when it is whole.

    Finds each event that was changed, added, taken out, moved or hidden. What is hidden is bound by its place
    and, where an event in full follows, by its hash; the rest of it by the file's own checksum.
    """
    tally = Tally()
    for number, line in enumerate(lines, start=1):
        try:
            shown = read_line(line)
        except ValueError:
            return f"{JOURNAL} line {number} is not an event as Whosleft writes one: it was changed or cut."
        if shown.seq != number:
            return (
                f"{JOURNAL} line {number} holds event {shown.seq}: a line is missing, was added or was moved."
            )
        if isinstance(shown, Sealed) and shown != seal(shown.entry, number, tally.hash):
            return f"{JOURNAL} line {number} is not the event that was sealed: it or the line before was changed."
        tally.add(shown)
    return _difference(tally.sum(), stated)


def _difference(found: JournalSum, stated: JournalSum) -> str | None:
    if found.count != stated.count:
        return (
            f"{JOURNAL} ends with line {found.count}, but by manifest.json it has {stated.count}: "
            "events are missing or were added at the end."
        )
    if found.hash != stated.hash:
        return f"{JOURNAL} line {found.count} is not the head of the chain that manifest.json names: one was changed."
    if (found.full, found.full_sha256) != (stated.full, stated.full_sha256):
        return (
            f"{JOURNAL} shows {found.full} events in full, but not the {stated.full} of manifest.json: "
            "events were hidden, or it was changed."
        )
    return None
