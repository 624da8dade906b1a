"""The journal's hash chain: each entry seals the one before it, so that tampering shows.

Pure: entries in, hashes out. The canonical form is JSON with sorted keys and no spaces, in UTF-8.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

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


def seal(entry: Entry, seq: int, previous: str) -> Sealed:
    """Give an entry its place after the entry with hash `previous`."""
    return Sealed(seq, entry, previous, hashlib.sha256(canonical(body_of(entry, seq, previous))).hexdigest())


def body_of(entry: Entry, seq: int, previous: str) -> dict[str, Any]:
    """The value that an entry's hash is taken of; it has everything that the entry says."""
    return {
        "seq": seq,
        "at": stamp(entry.at),
        "actor": entry.actor,
        "kind": entry.kind,
        "subject": entry.subject,
        "reason": entry.reason,
        "data": entry.data,
        "previous": previous,
    }


def canonical(value: Mapping[str, Any]) -> bytes:
    """Write a value in the one form that hashes are taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def first_broken(chain: Iterable[Sealed]) -> int | None:
    """Return the `seq` of the first entry that breaks a chain; None if the chain is whole.

    `chain` is ordered by seq and starts at 1. A changed, missing, added or moved entry is found; a chain cut
    at its end is not (its head's hash has to be known from elsewhere).
    """
    previous, expected = GENESIS, 1
    for sealed in chain:
        if sealed != seal(sealed.entry, expected, previous):
            return expected
        previous, expected = sealed.hash, expected + 1
    return None
