"""Evidence packs of chains that a test makes up, and what is in a pack, to be changed and put together again."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from builders import NOW
from worker.app.evidence.zip import REPORT, TICKETS, PackVerdict, PackWriter, verify_pack
from worker.domain.evidence import events
from worker.domain.evidence.journal import GENESIS, Entry, Sealed, seal
from worker.domain.evidence.manifest import (
    MANIFEST,
    FileSum,
    Manifest,
    manifest_bytes,
    read_manifest,
    stated_event,
)
from worker.domain.evidence.pack import JOURNAL, Covered, JournalSum, Tally, What
from worker.domain.evidence.pack_lines import Hidden, line_of, read_line

PERSON = Covered(What.PERSON, ("corp/ann",))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ENTRIES = st.builds(
    Entry,
    st.datetimes(timezones=st.just(NOW.tzinfo)),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.dictionaries(TEXTS, st.none() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2), max_size=2),
)


def chained(entries: Iterable[Entry]) -> list[Sealed]:
    chain: list[Sealed] = []
    for entry in entries:
        chain.append(seal(entry, len(chain) + 1, chain[-1].hash if chain else GENESIS))
    return chain


CHAINS = st.lists(ENTRIES, min_size=1, max_size=6).map(chained)
EVENT = Entry(NOW, "sam", "ticket.done", "ticket:T-000001", "left", {"b": 1, "a": "é"})
CHAIN = chained(replace(EVENT, reason=str(number)) for number in range(5))


def lines_of(chain: Sequence[Sealed], shown: Collection[int]) -> list[bytes]:
    """The journal of a pack that shows these in full."""
    return [line_of(one if one.seq in shown else Hidden(one.seq, one.hash)) for one in chain]


def shown_in(line: bytes) -> Sealed | Hidden:
    """What a line of a pack's journal shows, with an event's values."""
    shown = read_line(line)
    return shown if isinstance(shown, Hidden) else shown.sealed


def sum_of(chain: Sequence[Sealed | Hidden], shown: Collection[int]) -> JournalSum:
    tally = Tally()
    for one in chain:
        tally.add(one if one.seq in shown else Hidden(one.seq, one.hash))
    return tally.sum()


def manifest_of(chain: Sequence[Sealed] = (), shown: Collection[int] = (), **changes: Any) -> Manifest:
    known = Manifest(
        NOW, "sam", "whosleft 1.2.3", "St Mary's", "Europe/London", PERSON, sum_of(chain, shown), {}
    )
    return replace(known, **changes)


def pack_of(
    chain: Sequence[Sealed] = tuple(CHAIN), shown: Collection[int] = (2, 3, 5), **changes: Any
) -> bytes:
    """A whole pack of a chain and the event of taking it out; or one whose manifest says something else."""
    file = io.BytesIO()
    pack = PackWriter(file)
    pack.write(REPORT, [b"<html>", b"</html>"])
    pack.write(TICKETS, [b"id\r\n"])
    before = manifest_of(chain, shown, **({"files": pack.sums} | changes))
    event = export_event(before, chain, shown)
    whole = [*chain, event]
    pack.write(JOURNAL, lines_of(whole, {*shown, event.seq}))
    after: dict[str, Any] = {"files": pack.sums, "journal": sum_of(whole, {*shown, event.seq})}
    pack.finish(replace(before, **(after | changes)))
    pack.close()
    return file.getvalue()


def export_event(manifest: Manifest, chain: Sequence[Sealed | Hidden], shown: Collection[int]) -> Sealed:
    """The event with which the journal of a pack of this chain ends."""
    tally = sum_of(chain, shown)
    data = stated_event(manifest, tally.full, tally.full_sha256)
    entry = Entry(manifest.made_at, manifest.made_by, events.AUDIT_EXPORTED, "audit:pack", data=data)
    return seal(entry, len(chain) + 1, chain[-1].hash if chain else GENESIS)


def head_of(chain: Sequence[Sealed]) -> str:
    """The head that a pack of this chain has."""
    return sum_of(chain, ()).hash


def members_of(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(members: Mapping[str, bytes] | Iterable[tuple[str, bytes]], **options: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **options) as pack:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            with pack.open(name, "w") as member:  # as packs are written; `writestr` gives it a time
                member.write(content)
    return file.getvalue()


def changed(pack: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same pack with one member changed."""
    members = members_of(pack)
    return zipped(members | {name: change(members[name])})


def forged(
    pack: bytes,
    change: Callable[[list[Sealed | Hidden]], list[Sealed | Hidden]] = lambda lines: lines,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """The pack as a forger makes it who knows all rules: what they changed is sealed anew wherever that can be done.

    They can't know what stands in a hidden line, so its hash stays. Every sum, and the last event, is made to fit.
    """
    members = members_of(pack) | dict(files or {})
    manifest = read_manifest(members.pop(MANIFEST))
    lines = [shown_in(line) for line in members.pop(JOURNAL).splitlines(keepends=True)]
    chain = _sealed_anew(change(lines[:-1]))
    sums = {name: FileSum(len(text), hashlib.sha256(text).hexdigest()) for name, text in members.items()}
    manifest = replace(manifest, files=sums)
    event = export_event(manifest, chain, {one.seq for one in chain if isinstance(one, Sealed)})
    journal = b"".join(map(line_of, [*chain, event]))
    tally = Tally()
    for one in (*chain, event):
        tally.add(one)
    sums = sums | {JOURNAL: FileSum(len(journal), hashlib.sha256(journal).hexdigest())}
    manifest = replace(manifest, files=sums, journal=tally.sum())
    return zipped({**members, JOURNAL: journal, MANIFEST: manifest_bytes(manifest)})


def _sealed_anew(lines: Iterable[Sealed | Hidden]) -> list[Sealed | Hidden]:
    chain: list[Sealed | Hidden] = []
    for number, one in enumerate(lines, start=1):
        previous = chain[-1].hash if chain else GENESIS
        chain.append(
            Hidden(number, one.hash) if isinstance(one, Hidden) else seal(one.entry, number, previous)
        )
    return chain


PACK = pack_of()


def verified(pack: bytes, head: str | None = None, digest: str | None = None) -> PackVerdict:
    return verify_pack(io.BytesIO(pack), head, digest)


def problem_of(pack: bytes) -> str:
    verdict = verified(pack)
    assert not verdict.is_whole
    return verdict.problems[0]
