"""An evidence pack's journal: which events belong to it, how a line is written, and whether all lines are whole.

Pure: bytes in, sentences out; `app.evidence.zip` reads and writes the files. Each line of `journal.jsonl` is one
entry of the chain, from the first to the head. Entries that belong to the pack are in full. Of the others it has only

    {"hash":"…","seq":7}

which says nothing about anybody. The last line is the event that records this pack, and names its contents.

The head is a sum of the hashes of all lines, hidden ones too. So the head binds every hash, and each event in full is
bound by its own hash, independent of its neighbours. (The hash of the last entry alone would not do: if a hidden line
follows an event, nothing else in the pack would bind that event's hash.)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.domain.evidence.events import is_kind
from worker.domain.evidence.journal import (
    GENESIS,
    STATED_AT,
    Entry,
    EntryRow,
    Sealed,
    compact,
    stamp,
    stated_at,
)
from worker.domain.evidence.pack_lines import (
    Hidden,
    read_line,
)

JOURNAL = "journal.jsonl"


class What(StrEnum):
    """What a pack can be about. Person and group are also the keys under which entries name them."""

    PERSON = "person"
    GROUP = "group"
    PERIOD = "period"
    SEARCH = "search"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries a search finds: who acted, which event (`ticket.*` is each about tickets), and about what.

    An empty field is any.
    """

    actor: str = ""
    kind: str = ""
    subject: str = ""

    def fits(self, entry: Entry | EntryRow) -> bool:
        """True if the search finds this entry."""
        return (
            self.actor in {"", entry.actor}
            and self.subject in {"", entry.subject}
            and (not self.kind or is_kind(entry.kind, self.kind))
        )

    @property
    def title(self) -> str:
        """The search in words."""
        parts = (("by", self.actor), ("of kind", self.kind), ("about", self.subject))
        return " ".join(["events", *(f"{word} {text}" for word, text in parts if text)])


EVERY_EVENT = Sought()


@dataclass(frozen=True, slots=True)
class Covered:
    """What a pack is about: `ids` (`source/id`) of a person's accounts or a group, or what is `sought`, or all.

    A search and a period have local days, both inclusive; None is open.
    """

    what: What = What.EVERYTHING
    ids: tuple[str, ...] = ()
    from_on: date | None = None
    to_on: date | None = None
    sought: Sought = EVERY_EVENT

    @property
    def title(self) -> str:
        """What the pack is about, in words."""
        if self.what is What.PERIOD:
            return self._days
        if self.what is What.SEARCH:
            return f"{self.sought.title}, {self._days}"
        return f"{self.what.value} {', '.join(self.ids)}" if self.ids else "everything"

    @property
    def _days(self) -> str:
        first = f"from {self.from_on}" if self.from_on else "from the beginning"
        return f"{first} to {self.to_on}" if self.to_on else f"{first} until it was made"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries belong to a pack. `subjects` are those of a person or a group, with their tickets and plans.

    `since` is inclusive, `until` is not; both are of a period or a search, and None where it is open.
    """

    covered: Covered = Covered()
    subjects: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def has(self, entry: Entry) -> bool:
        """True if an entry belongs: by its instant, by its subject, or because it names the person or group.

        An act with two instants, a real one and a stated one, belongs to the periods of both. A search looks at the
        real one alone, as the journal's page does.
        """
        if self.covered.what is What.SEARCH:
            return self.covered.sought.fits(entry) and self._is_within(entry.at)
        if self.covered.what in {What.PERIOD, What.EVERYTHING}:
            return self._is_within(entry.at) or self._is_within(stated_at(entry))
        return entry.subject in self.subjects or entry.data.get(self.covered.what.value) in self.covered.ids

    def test(self) -> Callable[[EntryRow], bool]:
        """What `has` says of an entry as texts, without reading the data of most."""
        what, subjects = self.covered.what, self.subjects
        if what is What.EVERYTHING:
            return lambda _one: True
        since = stamp(self.since) if self.since else ""
        until = stamp(self.until) if self.until else "~"  # after every digit
        if what is What.SEARCH:
            sought = self.covered.sought
            return lambda one: since <= one.at < until and sought.fits(one)
        if what is What.PERIOD:
            return lambda one: (
                since <= one.at < until or (STATED_AT in one.data and self.has(one.sealed.entry))
            )
        names = [compact({what.value: id_})[1:-1] for id_ in self.covered.ids]
        return lambda one: (
            one.subject in subjects
            or (any(name in one.data for name in names) and self.has(one.sealed.entry))
        )

    def _is_within(self, at: datetime) -> bool:
        is_early = self.since is not None and at < self.since
        return not is_early and (self.until is None or at < self.until)


def period(from_on: date | None, to_on: date | None, timezone: str, sought: Sought = EVERY_EVENT) -> Scope:
    """The scope of local days of `timezone` (IANA), both inclusive, and of what is sought; None is open."""
    what = What.PERIOD if sought == EVERY_EVENT else What.SEARCH
    covered = Covered(what, from_on=from_on, to_on=to_on, sought=sought)
    return Scope(covered, since=_midnight(from_on, 0, timezone), until=_midnight(to_on, 1, timezone))


def _midnight(day: date | None, later: int, timezone: str) -> datetime | None:
    if day is None:
        return None
    try:
        start = datetime.combine(day + timedelta(days=later), time(), ZoneInfo(timezone))
        return start.astimezone(UTC)
    except OverflowError:  # the first or the last day that there is: nothing lies beyond
        return None


# --- the chain --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JournalSum:
    """What a manifest states about the journal: the head of the chain, and which entries are in full.

    `hash` is taken of the hashes of all entries. `full_sha256` is taken of the numbers of the entries in full, so it
    shows if one was reduced to a hash-only line.
    """

    count: int
    hash: str
    full: int
    full_sha256: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A chain's head that somebody kept: its hash, and the number of its last event if that was kept, too."""

    hash: str
    seq: int | None = None


def read_kept(text: str) -> Kept:
    """Read `123:HASH` as it is printed, or the hash alone. Raises ValueError for any other text."""
    found = re.fullmatch(r"(?:([0-9]{1,18}):)?([0-9a-f]{64})", text.strip().casefold())
    if found is None:
        raise ValueError(
            f"'{text}' is no head; write 123:HASH as `audit export` printed it, or the 64 digits of HASH."
        )
    return Kept(found[2], None if found[1] is None else int(found[1]))


class Tally:
    """Adds lines up to a JournalSum while they are written or read, and looks for a head that was kept.

    `kept_at` is the number of the event where the head equals the kept hash. `alone_at` is the number of the event
    that has the kept hash as its own: people kept such hashes before heads existed. That one binds the events before
    it only if none of them is hidden.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self.last: Sealed | EntryRow | Hidden | None = None
        self.full = 0
        self.kept_at: int | None = None
        self.alone_at: int | None = None
        self.is_alone_enough = False
        self._kept = kept
        self._hashes = hashlib.sha256()
        self._numbers = hashlib.sha256()  # of those in full but for the last
        self._last_full = ""

    @property
    def count(self) -> int:
        """The number of the last entry."""
        return self.last.seq if self.last else 0

    @property
    def previous(self) -> str:
        """The hash of the last entry."""
        return self.last.hash if self.last else GENESIS

    def add(self, shown: Sealed | EntryRow | Hidden) -> None:
        """Count one more entry."""
        self.last = shown
        self._hashes.update(f"{shown.hash}\n".encode())
        if not isinstance(shown, Hidden):
            self._add_full([shown])
        if self._kept is not None and self._kept.seq in {None, shown.seq}:
            self._look_out(self._kept.hash, shown)

    def add_page(self, page: Sequence[EntryRow | Hidden], full: Sequence[EntryRow]) -> None:
        """As `add` for each of a page (not empty), of which `full` are in full; looks for no kept head."""
        self.last = page[-1]
        self._hashes.update("".join([f"{one.hash}\n" for one in page]).encode())
        self._add_full(full)

    def _add_full(self, shown: Sequence[Sealed | EntryRow]) -> None:
        if shown:
            self.full += len(shown)
            before = "".join([f"{one.seq}\n" for one in shown[:-1]])
            self._numbers.update(f"{self._last_full}{before}".encode())
            self._last_full = f"{shown[-1].seq}\n"

    def _look_out(self, wanted: str, shown: Sealed | EntryRow | Hidden) -> None:
        if self._hashes.hexdigest() == wanted:
            self.kept_at = shown.seq
        elif shown.hash == wanted:
            self.alone_at = shown.seq
            self.is_alone_enough = self.full == shown.seq

    def sum(self) -> JournalSum:
        """The sum of all entries so far."""
        numbers = self._numbers.copy()
        numbers.update(self._last_full.encode())
        return JournalSum(self.count, self._hashes.hexdigest(), self.full, numbers.hexdigest())

    @property
    def full_sha256_before(self) -> str:
        """The `full_sha256` without the last entry in full."""
        return self._numbers.hexdigest()


def journal_problem(lines: Iterable[bytes], stated: JournalSum, tally: Tally | None = None) -> str | None:
    """The first thing wrong with a pack's journal, in a sentence that names the line; None if it is whole.

    Finds an event that was changed, added, taken out, moved or hidden. `tally` (pass a new one) holds the sums of the
    lines afterwards.
    """
    tally = tally or Tally()
    for number, line in enumerate(lines, start=1):
        try:
            shown = read_line(line)
        except ValueError:
            return f"{JOURNAL} line {number} is not an event as Whosleft writes one: it was changed or cut."
        if shown.seq != number:
            return (
                f"{JOURNAL} line {number} holds event {shown.seq}: a line is missing, was added or was moved."
            )
        if isinstance(shown, EntryRow) and not _is_sealed(shown, tally.previous):
            return f"{JOURNAL} line {number} is not the event that was sealed: it or the line before was changed."
        tally.add(shown)
    return _difference(tally.sum(), stated)


def _is_sealed(one: EntryRow, previous: str) -> bool:
    return one.previous == previous and one.own_hash == one.hash


def _difference(found: JournalSum, stated: JournalSum) -> str | None:
    if found.count != stated.count:
        return (
            f"{JOURNAL} ends with line {found.count}, but by manifest.json it has {stated.count}: "
            "events are missing or were added at the end."
        )
    if found.hash != stated.hash:
        return (
            f"{JOURNAL} does not come to the head of the chain that manifest.json names: a line was changed."
        )
    if (found.full, found.full_sha256) != (stated.full, stated.full_sha256):
        return (
            f"{JOURNAL} shows {found.full} events in full, but not the {stated.full} of manifest.json: "
            "events were hidden, or it was changed."
        )
    return None
