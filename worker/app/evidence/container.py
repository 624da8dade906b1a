"""The zip container of a pack, read without trust: every program must see the files in it that were checked.

A zip file says most things in two or three places, and programs differ in which place they believe. So a container is
read only if nothing is hidden between the places, and all places say the same: members lie end to end from the first
byte, their list follows them, and the end records follow the list. There are no comments, and no extra fields but
those of zip64. `zipfile` writes this form, into a file or a stream, whatever the sizes are.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

DEFLATED = 8  # the method by which all members are compressed
STREAMED = 1 << 3  # a flag: sums and sizes stand behind the data, too, and only there
CHUNK = 1 << 20
MEMBERS_MAX = 100  # more are not even listed
DIRECTORY_MAX = 1 << 16  # bytes of the list of members

_HEADER = struct.Struct("<4s5H3L2H")  # before a member's data
_ENTRY = struct.Struct("<4s6H3L5H2L")  # of the list of members
_END64, _LOCATOR, _END = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL"), struct.Struct("<4s4H2LH")
_TAIL = _END64.size + _LOCATOR.size + _END.size
_TIMES = (0, 1 << 5 | 1)  # time and day of all members: the first that there are, in 1980
_UNIX, _MODE = 3 << 8, 0o600 << 16  # who made a member, and what it is: a file of its owner's, and no link
_VERSION, _VERSION64 = 20, 45  # that a program needs; the second one for zip64
_WIDE = 0xFFFFFFFF  # stands for a number in the extra field of zip64


class Unsound(ValueError):
    """The container is not as a pack's is written; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """A file of the container, as the list of members has it. `packed` and `size` are bytes, `at` is a position.

    `version` is what a program needs; `is_wide`: its numbers in the list are zip64's. `is_plain`: its attributes are
    those of all files of a pack.
    """

    name: str
    flags: int
    method: int
    crc: int
    size: int
    packed: int
    at: int
    version: int
    is_wide: bool
    is_plain: bool


class Container:
    """Reads a seekable file. Making one reads only the list of members.

    All raise Unsound for what no pack has, and struct.error, zlib.error, OSError or OverflowError for what is damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.members, self._list_at = _list(file)

    def check(self) -> None:
        """Raise Unsound unless members lie end to end, up to their list, and are stored as they are listed."""
        at = 0
        for member in self.members:
            if not member.is_plain:
                raise _unsound(f"{member.name} has attributes that no file of a pack has")
            if member.at != at:
                raise _unsound(f"something stands before {member.name}")
            at = self._end_of(member)
        if at != self._list_at:
            raise _unsound("something stands between its members and their list")

    def open(self, member: ZippedFile) -> io.BufferedReader:
        """A checked member's contents, unpacked as they are read. Read one member at a time.

        Reading raises Unsound where the contents don't end as the list says, and EOFError where they were cut.
        """
        self._file.seek(self._header(member)[0])
        return io.BufferedReader(_Contents(self._file, member), CHUNK)

    def _header(self, member: ZippedFile) -> tuple[int, bool]:
        """Where a member's data begins, and whether its sizes are wide. Raises Unsound if the header differs."""
        self._file.seek(member.at)
        fields = _HEADER.unpack(self._file.read(_HEADER.size))
        (kind, version, flags, method, time, day, crc, packed, size, name_size, extra_size) = fields
        name, extra = self._file.read(name_size), self._file.read(extra_size)
        # Python before 3.11.4 gave each header zip64's numbers, and left them where they stand, too
        is_twice = _WIDE not in {size, packed} and extra == struct.pack("<HHQQ", 1, 16, size, packed)
        numbers = (size, packed) if is_twice else _widened((size, packed), extra)
        said = (kind, flags, method, name, crc, *numbers)
        sums = (0, 0, 0) if member.flags & STREAMED else (member.crc, member.size, member.packed)
        is_wide = bool(extra) and not is_twice
        versions = [_VERSION64 if is_64 else _VERSION for is_64 in (is_wide, is_wide or member.is_wide)]
        is_alike = said == (b"PK\3\4", member.flags, member.method, member.name.encode(), *sums)
        if not is_alike or (time, day) != _TIMES or [version, member.version] != versions:
            raise _unsound(f"{member.name} is stored otherwise than it is listed")
        return self._file.tell(), bool(extra)

    def _end_of(self, member: ZippedFile) -> int:
        data_at, is_wide = self._header(member)
        end = data_at + member.packed
        if not member.flags & STREAMED:
            return end
        sums = struct.pack(
            "<4sLQQ" if is_wide else "<4sLLL", b"PK\7\x08", member.crc, member.packed, member.size
        )
        self._file.seek(end)
        if self._file.read(len(sums)) != sums:
            raise _unsound(f"{member.name} is stored otherwise than it is listed")
        return end + len(sums)


class _Contents(io.RawIOBase):
    def __init__(self, file: BinaryIO, member: ZippedFile) -> None:
        self._file, self._member = file, member
        self._packed_left, self._size, self._crc = member.packed, 0, 0
        self._packed = b""
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader gives no other
        part = b""
        while not part and not self._inflate.eof:
            if not self._packed:
                self._packed = self._file.read(min(CHUNK, self._packed_left))
                self._packed_left -= len(self._packed)
            given = self._packed
            part = self._inflate.decompress(given, len(buffer))  # it may hold more, without more data
            self._packed = self._inflate.unconsumed_tail
            if not given and not part and not self._inflate.eof:
                raise EOFError("its data was cut")
        self._size += len(part)
        self._crc = zlib.crc32(part, self._crc)
        if self._size > self._member.size or (not part and not self._is_sound_at_its_end()):
            raise Unsound("its data is not what the list of members says")
        buffer[: len(part)] = part
        return len(part)

    def _is_sound_at_its_end(self) -> bool:
        is_all = not self._packed_left and not self._inflate.unused_data
        return is_all and (self._size, self._crc) == (self._member.size, self._member.crc)


def _list(file: BinaryIO) -> tuple[list[ZippedFile], int]:
    """The members as they are listed, and where the list begins."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL).rjust(_TAIL, b"\0")
    kind, *_, count, length, at, _ = _END.unpack(tail[-_END.size :])
    if kind != b"PK\5\6":
        raise Unsound(
            "This is not an evidence pack: it is no zip file, was cut, or something was added at its end."
        )
    is_wide = tail[_END64.size :].startswith(b"PK\6\7")
    if is_wide:
        *_, count, length, at = _END64.unpack(tail[: _END64.size])
    if count > MEMBERS_MAX or length > DIRECTORY_MAX:
        raise Unsound("This is not an evidence pack: it lists more members than a pack has.")
    end = _END.pack(kind, 0, 0, count, count, length, min(at, _WIDE), 0)
    if is_wide:
        rest = _END64.size - 12  # the record's length by its own count
        wide = _END64.pack(b"PK\6\6", rest, _VERSION64, _VERSION64, 0, 0, count, count, length, at)
        end = wide + _LOCATOR.pack(b"PK\6\7", 0, size - _TAIL, 1) + end
    if not tail.endswith(end) or at + length != size - len(end):
        raise _unsound("its end does not say where its list of members is, or says it twice")
    file.seek(at)
    return _members(file.read(length), count), at


def _members(listed: bytes, count: int) -> list[ZippedFile]:
    members, at = [], 0
    for _ in range(count):
        fields = _ENTRY.unpack_from(listed, at)
        kind, made, version, flags, method, *times, crc, packed, size, n, x, c, disk, inner, mode, start = (
            fields
        )
        lengths = (n, x, c)
        at += _ENTRY.size
        name, extra, comment = (listed[at + sum(lengths[:n]) : at + sum(lengths[: n + 1])] for n in range(3))
        at += sum(lengths)
        if kind != b"PK\1\2" or disk or comment:
            raise _unsound("its list of members has something beside them")
        is_plain = (made, *times, inner, mode) == (_UNIX | version, *_TIMES, 0, _MODE)
        size, packed, start = _widened((size, packed, start), extra)
        text = name.decode("utf-8", "backslashreplace")
        member = ZippedFile(text, flags, method, crc, size, packed, start, version, bool(extra), is_plain)
        members.append(member)
    if at != len(listed):
        raise _unsound("its list of members has something beside them")
    return members


def _widened(numbers: Sequence[int], extra: bytes) -> tuple[int, ...]:
    """The numbers of a header or an entry; those that need more than 32 bits stand in the extra field of zip64."""
    count = numbers.count(_WIDE)
    wide = extra[4:]
    if extra[:4] != (struct.pack("<HH", 1, 8 * count) if count else b"") or len(wide) != 8 * count:
        raise _unsound("a member has an extra field")
    given = iter(struct.unpack(f"<{count}Q", wide))
    return tuple(next(given) if number == _WIDE else number for number in numbers)


def _unsound(what: str) -> Unsound:
    return Unsound(
        f"This zip file is not as a pack is written, and other programs may show other files in it: {what}."
    )
