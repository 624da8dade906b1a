"""Seals of files: what is kept of a file, so that it can be told later whether it is still the same. Pure.

bytes as they come -> size, hash, whether it has media, and of a chat's text its records and days -> a seal

Nothing of what is in a file is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Protocol, TypeAlias

from worker.domain.evidence import events
from worker.domain.evidence.explained import ERASED
from worker.domain.evidence.journal import Entry, stated_at
from worker.domain.text.steering import visible

NAME_MAX, LINE_MAX = 200, 300  # letters of a file's name, and of what somebody says of it
BEGINNING = 12  # letters of a hash that are said where all of it is too long
_HEAD = 12  # bytes of a file that show what it is
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_TEXT = ".txt"
# Pictures, films and sounds, by their first bytes: JPEG, PNG, GIF, WebP and WAV, MP4 and HEIC, Ogg, MP3
_MEDIA = re.compile(rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF|....ftyp|OggS|ID3", re.DOTALL)
_UNKNOWN_BYTE = b"\x00"  # no text has it, but UTF-16


@dataclass(frozen=True, slots=True)
class Counted:
    """A chat's text: how many records it has, and the local days of the first and the last.

    The days are None if day and month can't be told apart.
    """

    lines: int
    first_on: date | None
    last_on: date | None


class CountsText(Protocol):
    """Counts the records of a text that comes in pieces."""

    def take(self, data: bytes) -> None:
        """Take the next bytes."""

    def end(self) -> Counted | None:
        """What was counted; None if the text is no chat's, or too large to count."""


NewCount: TypeAlias = Callable[[datetime], CountsText]  # now (aware UTC) -> a counter for one text


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a file. `size` is in bytes, `sha256` in hex.

    `media` says whether it has pictures, films or sounds; None if that can't be told. `counted` is of a
    chat's text; None if that was not counted.
    """

    name: str
    size: int
    sha256: str
    media: bool | None
    counted: Counted | None = None
    is_archive: bool = False

    def looked_into(self, media: bool | None, counted: Counted | None) -> Measured:  # noqa: FBT001  three values
        """The same file with what is in it."""
        return replace(self, media=media, counted=counted)


class Measuring:
    """Measures a file that comes in pieces; keeps nothing of it but its first bytes."""

    def __init__(self, name: str, counter: CountsText) -> None:
        self._name = base_name(name)
        self._counter = counter if self._name.lower().endswith(_TEXT) else None
        self._hash = sha256()
        self._size = 0
        self._head = b""

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(data)
        self._size += len(data)
        self._head += data[: _HEAD - len(self._head)]
        if self._counter is not None:
            self._counter.take(data)

    def end(self) -> Measured:
        """What was measured of all of it."""
        is_archive = self._head.startswith(_ZIP)
        counted = self._counter.end() if self._counter is not None and not is_archive else None
        media = None if is_archive else self._media()
        return Measured(self._name, self._size, self._hash.hexdigest(), media, counted, is_archive)

    def _media(self) -> bool | None:
        if _MEDIA.match(self._head):
            return True
        is_wide = self._head.startswith((b"\xff\xfe", b"\xfe\xff"))
        is_text = self._counter is not None and (is_wide or _UNKNOWN_BYTE not in self._head)
        return False if is_text else None


@dataclass(frozen=True, slots=True)
class CustodyLine:
    """One hand-over of a file: whoever handed it over hashed it again."""

    at: datetime
    giver: str
    taker: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What is kept of a file under a ticket. `how` is in the words of whoever sealed it. See `Measured`."""

    ticket: int
    name: str
    size: int
    sha256: str
    media: bool | None
    lines: int | None
    first_on: date | None
    last_on: date | None
    made_by: str
    made_at: datetime
    how: str = ""
    custody: tuple[CustodyLine, ...] = ()
    id: int = 0

    @property
    def label(self) -> str:
        """The id that people use."""
        return seal_label(self.id)


def seal_label(number: int) -> str:
    """A seal's id from its number."""
    return f"E-{number:06d}"


def seal_number(label: str) -> int:
    """A seal's number from its id. Raises ValueError."""
    return int(label.removeprefix("E-"))


def sealed_of(ticket: int, measured: Measured, how: str, by: str, now: datetime) -> Seal:
    """The seal of a measured file, without its number."""
    counted = measured.counted
    return Seal(
        ticket,
        measured.name,
        measured.size,
        measured.sha256,
        measured.media,
        counted.lines if counted else None,
        counted.first_on if counted else None,
        counted.last_on if counted else None,
        by,
        now,
        how,
    )


def seal_facts(seal: Seal) -> dict[str, Any]:
    """What the journal keeps of a seal, without what is empty.

    The name of a file may name people, who can be erased. So only a hash of it is there, mixed with the file's.
    """
    facts = {
        "sha256": seal.sha256,
        "size": seal.size,
        "name_sha256": sha256(f"{seal.sha256} {seal.name}".encode()).hexdigest(),
        "media": seal.media,
        "lines": seal.lines,
        "first_on": seal.first_on.isoformat() if seal.first_on else None,
        "last_on": seal.last_on.isoformat() if seal.last_on else None,
    }
    return {"seal": seal.label} | {name: value for name, value in facts.items() if value is not None}


_COMPARED = (
    "sha256", "size", "name_sha256", "media", "lines", "first_on", "last_on", "made_by", "made_at", "how"
)  # fmt: skip


def unexplained(seal: Seal, entries: Sequence[Entry], *, was_erased: bool) -> Iterator[str]:
    """What of a stored seal the events of its ticket don't explain.

    `was_erased`: somebody was erased since, so ERASED may stand for a name.
    """
    mine = [one for one in entries if one.data.get("seal") == seal.label]
    made = next((one for one in mine if one.event == events.EVIDENCE_SEALED), None)
    if made is None:
        yield "no event says that it was made for its ticket"
        return
    now = seal_facts(seal) | {"made_by": seal.made_by, "made_at": seal.made_at, "how": seal.how}
    said = dict(made.data) | {"made_by": made.actor, "made_at": stated_at(made), "how": made.reason}
    if was_erased and seal.name == ERASED:
        now["name_sha256"] = said["name_sha256"]
    for name in _COMPARED:
        if not _is_so(now.get(name), said.get(name), was_erased):
            yield f"its {name} is {now.get(name)}, and by its event {said.get(name)}"
    handed = [one for one in mine if one.event == events.EVIDENCE_HANDED_OVER]
    yield from _unexplained_custody(seal, handed, was_erased)


def _unexplained_custody(seal: Seal, handed: Sequence[Entry], was_erased: bool) -> Iterator[str]:  # noqa: FBT001
    if len(handed) != len(seal.custody):
        yield f"it has {len(seal.custody)} hand-overs, and by the journal {len(handed)}"
        return
    for number, (line, entry) in enumerate(zip(seal.custody, handed, strict=True), 1):
        now = (line.at, line.giver, line.taker, line.sha256)
        said = (stated_at(entry), entry.actor, entry.data["to"], entry.data["sha256"])
        if not all(_is_so(one, other, was_erased) for one, other in zip(now, said, strict=True)):
            yield f"its hand-over {number} is not the one of the journal"


def _is_so(now: Any, said: Any, was_erased: bool) -> bool:  # noqa: FBT001
    return bool(now == said or (was_erased and now == ERASED))


def base_name(path: str) -> str:
    """A file's own name without its folders, safe to show, on one line."""
    own = path.replace("\\", "/").rpartition("/")[2]
    return said_line(own, NAME_MAX) or "-"


def said_line(text: str, longest: int = LINE_MAX) -> str:
    """What somebody typed, on one line, without characters that could steer a terminal."""
    return visible(" ".join(text.split()))[:longest]
