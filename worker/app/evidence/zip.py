"""Evidence packs as zip files: written as a stream, and read without trusting their contents.

The decisions are in `domain.pack` and `domain.manifest`; no member is ever unpacked to a file.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from worker.app.evidence.container import CHUNK, DEFLATED, STREAMED, Container, Unsound, ZippedFile
from worker.domain.evidence.manifest import (
    MANIFEST,
    FileSum,
    Manifest,
    digest_of,
    event_problem,
    manifest_bytes,
    read_manifest,
    recorded_at,
)
from worker.domain.evidence.pack import JOURNAL, Kept, Tally, What, journal_problem, read_kept

REPORT, TICKETS = "report.html", "tickets.csv"
FILES = (JOURNAL, REPORT, TICKETS)
MANIFEST_MAX = 1 << 20  # bytes
LINE_MAX = 1 << 20  # bytes of one event
FILE_MAX = 1 << 35  # bytes of one member, unpacked: some seventy million events in full
# Hashes hardly get smaller: level 6 of the compression takes three times as long for a tenth less
LEVEL = 1
FLAGS = STREAMED | 1 << 11  # of members; the second one says that a name is UTF-8
# The errors of a damaged or forged file
UNREADABLE = (zlib.error, struct.error, EOFError, OSError, OverflowError, ValueError)


# --- writing ----------------------------------------------------------------------------------------------


class PackWriter:
    """Writes members one after the other; `sums` has those that are written. The manifest comes last.

    Close it: that writes the zip's end, and leaves the file open. The manifest says when it was made: a zip's own
    times have no zone, so members have none but the first that there is, of 1980.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self.close = self._zip.close
        self.sums: dict[str, FileSum] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Write a member: what is given takes its parts, and keeps the last one at most.

        A part is compressed while the caller makes the next, which takes a seventh off a long pack.
        """
        digest, size = hashlib.sha256(), 0

        def put(part: bytes) -> None:
            nonlocal size
            digest.update(part)
            size += len(part)
            buffer.write(part)

        with (
            self._zip.open(name, "w", force_zip64=True) as member,
            io.BufferedWriter(member, CHUNK) as buffer,
            ThreadPoolExecutor(1) as compressing,
        ):
            before = compressing.submit(put, b"")

            def write(part: bytes) -> None:
                nonlocal before
                before.result()
                before = compressing.submit(put, part)

            yield write
            before.result()
        self.sums[name] = FileSum(size, digest.hexdigest())

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a member from its parts, without keeping them."""
        with self.member(name) as write:
            for part in parts:
                write(part)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest."""
        with self._zip.open(MANIFEST, "w") as member:
            member.write(manifest_bytes(manifest))


def sum_of(file: tempfile.SpooledTemporaryFile[bytes]) -> FileSum:
    """The sum of a file that was just written."""
    size = file.tell()
    file.seek(0)
    return FileSum(size, hashlib.file_digest(file, "sha256").hexdigest())


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file's contents from its beginning, piece by piece."""
    file.seek(0)
    return iter(partial(file.read, CHUNK), b"")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, readable only by its owner. It replaces `path` at a normal end, and is deleted after an error.

    Raises OSError if it can't be written, and for a `path` that is there and is no file: it would be replaced, too.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise FileExistsError(errno.EEXIST, "a link, a device or a pipe is there")
    number, name = tempfile.mkstemp(prefix=".whosleft-audit-", dir=path.parent)
    try:
        with open(number, "w+b") as file:  # noqa: PTH123  a descriptor, not a path
            yield file
            file.flush()
            os.fsync(number)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


# --- checking ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackVerdict:
    """The result of checking a pack: `problems` are whole sentences. `manifest` is None if none can be trusted.

    `kept_at` is the number of the event whose head is the given one. `recorded_at` is the real instant at which the
    pack was made, if the manifest states another one.
    """

    problems: tuple[str, ...]
    manifest: Manifest | None = None
    kept_at: int | None = None
    recorded_at: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """True if nothing is wrong."""
        return not self.problems

    @property
    def digest(self) -> str:
        """The pack's seal, empty without a manifest."""
        return digest_of(self.manifest) if self.manifest else ""


def verify_pack(file: BinaryIO, head: str | None = None, digest: str | None = None) -> PackVerdict:
    """Check a pack (a seekable file) by itself, and against a head's hash and a digest known from elsewhere.

    The file's contents never raise an error. A pack alone cannot show that it was forged as a whole: that takes
    `head` (`123:HASH`, or the hash alone). The pack's own head proves all of it; an earlier head proves the events
    up to it. Raises ValueError if `head` is none.
    """
    kept = None if head is None else read_kept(head)
    try:
        return _verified(Container(file), kept, digest)
    except Unsound as error:
        return PackVerdict((str(error),))
    except UNREADABLE as error:
        return PackVerdict((f"This is not a zip file that can be read: {_words(error)}.",))


def _verified(pack: Container, kept: Kept | None, digest: str | None) -> PackVerdict:
    members = pack.members
    problems = [*_name_problems(member.name for member in members), *filter(None, map(_odd, members))]
    if problems:
        return PackVerdict(tuple(problems))
    pack.check()
    by_name = {member.name: member for member in members}
    try:
        with pack.open(by_name[MANIFEST]) as text:
            manifest = read_manifest(text.read(MANIFEST_MAX + 1))  # the file's end, too
    except UNREADABLE as error:
        return PackVerdict((_unreadable(MANIFEST, error),))
    if set(manifest.files) != set(FILES):
        return PackVerdict((f"{MANIFEST} does not list {', '.join(FILES)}, and only these.",))
    tally = Tally(kept)
    found = [_file_problem(pack, by_name[name], manifest, tally) for name in FILES]
    if not any(found):
        found = [event_problem(manifest, tally), _claim_problem(manifest), _head_problem(kept, tally)]
    found.append(_digest_problem(manifest, digest))
    return PackVerdict(tuple(filter(None, found)), manifest, _kept_at(tally), recorded_at(manifest, tally))


def _name_problems(names: Iterable[str]) -> Iterator[str]:
    counts = Counter(names)
    wanted = {MANIFEST, *FILES}
    if missing := sorted(wanted - counts.keys()):
        yield f"{', '.join(missing)}: missing from the pack."
    for name in sorted(counts.keys() - wanted):
        yield f"{ascii(name)[:100]}: this file does not belong in a pack."
    for name in sorted(name for name in wanted if counts[name] > 1):
        yield f"{name}: in the pack {counts[name]} times."


def _odd(member: ZippedFile) -> str | None:
    if member.flags & ~FLAGS or member.method != DEFLATED:
        return f"{ascii(member.name)[1:-1][:100]}: encrypted, or compressed in a way that no pack is."
    if member.size > (MANIFEST_MAX if member.name == MANIFEST else FILE_MAX):
        return f"{ascii(member.name)[1:-1][:100]}: {member.size} bytes are more than a pack can have."
    return None


def _file_problem(pack: Container, member: ZippedFile, manifest: Manifest, tally: Tally) -> str | None:
    name, stated = member.name, manifest.files[member.name]
    if member.size != stated.size:
        return f"{name} has {member.size} bytes, but by {MANIFEST} {stated.size}: it was changed."
    digest = hashlib.sha256()
    try:
        with pack.open(member) as file:
            parts = _measured(file, digest, LINE_MAX if name == JOURNAL else None)
            problem = journal_problem(parts, manifest.journal, tally) if name == JOURNAL else None
            for _ in parts:  # the rest of it
                pass
    except UNREADABLE as error:
        return _unreadable(name, error)
    if problem is None and digest.hexdigest() != stated.sha256:
        return f"{name} is not the file that {MANIFEST} lists: its SHA-256 differs, so it was changed."
    return problem


def _measured(file: BinaryIO, digest: hashlib._Hash, line_max: int | None) -> Iterator[bytes]:
    """A file's lines, with long ones cut at `line_max`, or its chunks; each goes into the digest."""
    while part := file.read(CHUNK) if line_max is None else file.readline(line_max):
        digest.update(part)
        yield part


def _claim_problem(manifest: Manifest) -> str | None:
    journal = manifest.journal
    if manifest.covered.what is What.EVERYTHING and journal.full != journal.count:
        return (
            f"{MANIFEST} says that it covers everything, and shows {journal.full} of {journal.count} events."
        )
    return None


def _kept_at(tally: Tally) -> int | None:
    return tally.alone_at if tally.kept_at is None and tally.is_alone_enough else tally.kept_at


def _head_problem(kept: Kept | None, tally: Tally) -> str | None:
    if kept is None or _kept_at(tally) is not None:
        return None
    if tally.alone_at is not None:
        return (
            f"The hash that was given is that of event {tally.alone_at} alone, which says nothing of the events "
            "before hidden ones. Give a head that `audit export` printed, or check a pack of everything."
        )
    if kept.seq is not None and kept.seq > tally.count:
        return (
            f"The head that was given is that of event {kept.seq}, and this pack ends with event {tally.count}: "
            "either it was made before, or the journal has lost its end since, by an older backup or by somebody's "
            "hand. Compare when both were made, and check a newer pack by it."
        )
    return (
        "The head that was given is not in this pack's chain: the events that it stands for were rewritten, "
        "or it is another chain."
    )


def _digest_problem(manifest: Manifest, digest: str | None) -> str | None:
    if digest is None or digest.strip().casefold() == digest_of(manifest):
        return None
    return (
        f"The digest of this pack is {digest_of(manifest)}, not the one that was given: it is another pack."
    )


def _unreadable(name: str, error: Exception) -> str:
    if name == MANIFEST and type(error) is ValueError:
        return str(error)  # read_manifest's own sentence
    return f"{name} can't be read: {_words(error)}."


def _words(error: Exception) -> str:
    return ascii(str(error))[1:-1][:200].rstrip(".") or type(error).__name__
