"""An evidence pack's manifest: what it covers, who made it when, and the sums that check the other files.

Pure. The last event of the pack's journal records that this pack was taken out. It states which events are in full,
and has one sum of everything else that the manifest says. So the head of the chain alone binds the whole pack.
`digest` seals the manifest itself, and tells one pack from another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from worker.domain.evidence.events import AUDIT_EXPORTED
from worker.domain.evidence.journal import EntryRow, canonical, stamp
from worker.domain.evidence.pack import EVERY_EVENT, JOURNAL, Covered, JournalSum, Sought, Tally, What
from worker.domain.evidence.pack_lines import hash_in, number_in, parse_object, text_in
from worker.domain.text.steering import escaped

MANIFEST = "manifest.json"
FORMAT = "whosleft-audit-pack-2"
EARLIER = "whosleft-audit-pack-1"
TOO_EARLY = (
    f"This pack has the form of earlier releases ({EARLIER}). In one that shows a part of the journal, an event "
    "could be rewritten unseen, so none of this form is evidence. Make it anew: the journal still has the events."
)


@dataclass(frozen=True, slots=True)
class FileSum:
    """Length in bytes and SHA-256 of one file of a pack."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says of itself. `made_at` is aware UTC; `software` has the version; `files` are all others."""

    made_at: datetime
    made_by: str
    software: str
    organisation: str
    timezone: str
    covered: Covered
    journal: JournalSum
    files: Mapping[str, FileSum] = field(default_factory=dict)


def digest_of(manifest: Manifest) -> str:
    """The SHA-256 that seals a manifest."""
    return hashlib.sha256(canonical(_value(manifest))).hexdigest()


def manifest_bytes(manifest: Manifest) -> bytes:
    """Write the manifest's file, which people read, too."""
    value = {**_value(manifest), "digest": digest_of(manifest)}
    return f"{escaped(json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False))}\n".encode()


def stated_event(manifest: Manifest, full: int, full_sha256: str) -> dict[str, Any]:
    """The data of the event that records a pack: what it covers, which earlier events are in full, and its contents.

    The contents are one sum of the manifest without the head and the journal, because this event is part of those.
    """
    value = {name: part for name, part in _value(manifest).items() if name not in {"head", "in_full"}}
    value["files"] = {name: part for name, part in value["files"].items() if name != JOURNAL}
    contents = hashlib.sha256(canonical(value)).hexdigest()
    return {
        "covers": manifest.covered.title,
        "events": full,
        "events_sha256": full_sha256,
        "contents_sha256": contents,
    }


def event_problem(manifest: Manifest, tally: Tally) -> str | None:
    """Say what is wrong with the last event of a journal that was read to its end; None if nothing."""
    last = tally.last
    if isinstance(last, EntryRow) and last.kind == AUDIT_EXPORTED:
        wanted = stated_event(manifest, tally.full - 1, tally.full_sha256_before)
        if wanted.items() <= dict(last.sealed.entry.data).items():
            return None
    return (
        f"{JOURNAL} does not end with the event of taking this very pack out: {MANIFEST} or another file was "
        "changed, or events were hidden."
    )


def recorded_at(manifest: Manifest, tally: Tally) -> datetime | None:
    """The real instant at which a pack was made, if the manifest states another one; else None."""
    last = tally.last
    at = last.sealed.entry.at if isinstance(last, EntryRow) else None
    return None if at == manifest.made_at else at


def read_manifest(text: bytes) -> Manifest:
    """The inverse of `manifest_bytes`. Raises ValueError with a sentence for bytes that it would not write."""
    try:
        value = parse_object(text)
        manifest = _manifest(value)
        is_same = text == manifest_bytes(manifest)
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise ValueError(f"{MANIFEST} is not a manifest that this release knows ({FORMAT}).") from None
    if value["format"] == EARLIER:
        raise ValueError(TOO_EARLY)
    if not is_same:
        raise ValueError(f"{MANIFEST} was changed: its digest is not that of what it says.")
    return manifest


def _value(manifest: Manifest) -> dict[str, Any]:
    covered, journal = manifest.covered, manifest.journal
    return {
        "format": FORMAT,
        "made_at": stamp(manifest.made_at),
        "made_by": manifest.made_by,
        "software": manifest.software,
        "organisation": manifest.organisation,
        "timezone": manifest.timezone,
        "covers": {
            "what": covered.what.value,
            "ids": list(covered.ids),
            "from": None if covered.from_on is None else covered.from_on.isoformat(),
            "to": None if covered.to_on is None else covered.to_on.isoformat(),
            **({"search": asdict(covered.sought)} if covered.what is What.SEARCH else {}),
        },
        "head": {"count": journal.count, "hash": journal.hash},
        "in_full": {"count": journal.full, "sha256": journal.full_sha256},
        "files": {name: {"size": one.size, "sha256": one.sha256} for name, one in manifest.files.items()},
    }


def _manifest(value: dict[str, Any]) -> Manifest:
    covers, head, full = (_object_in(value, name) for name in ("covers", "head", "in_full"))
    files = _object_in(value, "files")
    sums = {name: _object_in(files, name) for name in files}
    first, last = (
        None if covers[name] is None else date.fromisoformat(text_in(covers, name)) for name in ("from", "to")
    )
    what, sought = What(text_in(covers, "what")), EVERY_EVENT
    if what is What.SEARCH:
        search = _object_in(covers, "search")
        sought = Sought(*(text_in(search, name) for name in ("actor", "kind", "subject")))
    return Manifest(
        made_at=datetime.fromisoformat(text_in(value, "made_at")),
        made_by=text_in(value, "made_by"),
        software=text_in(value, "software"),
        organisation=text_in(value, "organisation"),
        timezone=text_in(value, "timezone"),
        covered=Covered(what, tuple(map(str, covers["ids"])), first, last, sought),
        journal=JournalSum(
            number_in(head, "count"), hash_in(head, "hash"), number_in(full, "count"), hash_in(full, "sha256")
        ),
        files={name: FileSum(number_in(one, "size"), hash_in(one, "sha256")) for name, one in sums.items()},
    )


def _object_in(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value[name]
    if not isinstance(found, dict):
        raise TypeError(name)
    return found
