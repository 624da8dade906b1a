"""The journal's hash chain: each entry seals the one before it, so that tampering shows.

Pure: entries in, hashes out. The canonical form is JSON with sorted keys and no spaces, in UTF-8.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from worker.domain.evidence.events import current
from worker.domain.text.reason import Reason

GENESIS = "0" * 64
STATED_AT = "stated_at"
_WORDS = "words"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act or event: what happened to which subject, by whom, when and why.

    `at` is when it was really done. If somebody set a command's clock, `data["stated_at"]` has the instant that they
    stated. Of a reason that is ours and no person's, `data["words"]` has what it is said from, under the same seal.

    `subject` is `ticket:T-000001`, `person:source/id`, `group:source/id`, `source:name`, `plan:P-000001`,
    `link:source`, `desk:api`, `desk:console` or `audit:pack`.
    """

    at: datetime
    actor: str
    kind: str
    subject: str
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.reason, Reason) and self.reason.words:
            object.__setattr__(self, "data", {**self.data, _WORDS: json.loads(self.reason.words)})
        object.__setattr__(self, "reason", str(self.reason))

    @property
    def why(self) -> Reason:
        """The reason, as it is said in any language; a person's own words stay as they are."""
        words = self.data.get(_WORDS)
        return Reason(self.reason, json.dumps(words) if words else "")

    @property
    def event(self) -> str:
        """Today's name of what happened; `kind` stays as it was sealed."""
        return current(self.kind)


def recorded(entry: Entry, at: datetime) -> Entry:
    """The same act with its real instant `at`; if the act stated another one, that is kept in `data`."""
    if entry.at == at:
        return entry
    return replace(entry, at=at, data={**entry.data, STATED_AT: stamp(entry.at)})


def stated_at(entry: Entry) -> datetime:
    """The instant that an act states: its own, unless somebody set the clock."""
    stated = entry.data.get(STATED_AT)
    return datetime.fromisoformat(stated) if isinstance(stated, str) else entry.at


def stamp(at: datetime) -> str:
    """An instant as the journal writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry with its place in the chain; `seq` counts from 1 without gaps."""

    seq: int
    entry: Entry
    previous: str
    hash: str


class EntryRow(NamedTuple):
    """A sealed entry as texts, which is how long journals are read: `at` as `stamp` writes it, `data` as JSON."""

    seq: int
    at: str
    actor: str
    kind: str
    subject: str
    reason: str
    data: str
    previous: str
    hash: str

    @property
    def sealed(self) -> Sealed:
        """The same as values. Raises ValueError for data that is no JSON, or an instant that is none."""
        at, data = datetime.fromisoformat(self.at), json.loads(self.data)
        entry = Entry(at, self.actor, self.kind, self.subject, self.reason, data)
        return Sealed(self.seq, entry, self.previous, self.hash)

    @property
    def halves(self) -> tuple[str, str]:
        """The text that the hash is taken of, cut where a line of a pack has the hash; `data` has to be canonical."""
        front = f'{{"actor":{_quoted(self.actor)},"at":"{self.at}","data":{self.data},'
        back = (
            f'"kind":{_quoted(self.kind)},"previous":"{self.previous}","reason":{_quoted(self.reason)},'
            f'"seq":{self.seq},"subject":{_quoted(self.subject)}}}'
        )
        return front, back

    @property
    def own_hash(self) -> str:
        """The hash of what it says, which is `hash` unless it was changed."""
        front, back = self.halves
        return hashlib.sha256(f"{front}{back}".encode()).hexdigest()


def write(entry: Entry, seq: int, previous: str) -> EntryRow:
    """Give an entry its place after the entry with hash `previous`, as texts."""
    data = compact(entry.data)
    one = EntryRow(
        seq, stamp(entry.at), entry.actor, entry.kind, entry.subject, entry.reason, data, previous, ""
    )
    return one._replace(hash=one.own_hash)


def seal(entry: Entry, seq: int, previous: str) -> Sealed:
    """Give an entry its place after the entry with hash `previous`."""
    return Sealed(seq, entry, previous, write(entry, seq, previous).hash)


def checked(one: EntryRow, seq: int, previous: str) -> EntryRow | None:
    """A stored entry with its data in canonical form; None unless it is the one that was sealed in this place.

    Earlier releases stored data with spaces, so what does not fit as it stands is read and written anew.
    """
    if one.seq != seq or one.previous != previous:
        return None
    try:
        if one.own_hash == one.hash:
            return one
        anew = one._replace(data=compact(json.loads(one.data)))
        return anew if anew.own_hash == anew.hash else None
    except (
        RecursionError,
        TypeError,
        ValueError,
    ):  # a value that no entry has: SQLite takes any in any column
        return None


def canonical(value: Mapping[str, Any]) -> bytes:
    """Write a value in the one form that hashes are taken of."""
    return compact(value).encode()


def compact(value: Mapping[str, Any]) -> str:
    """The same form as text."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_quoted = json.encoder.encode_basestring  # a text as `compact` writes it
