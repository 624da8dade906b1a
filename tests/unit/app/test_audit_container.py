"""A pack's zip container: every form that was ever written is read, and no other, so that all programs see one pack."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from packs import PACK, members_of, pack_of, problem_of, verified, zipped
from worker.app.evidence import container
from worker.app.evidence.container import Container, ZippedFile
from worker.app.evidence.zip import REPORT
from worker.domain.evidence.manifest import MANIFEST

FORGED = "<h1>forged</h1>"


# --- forms that were written --------------------------------------------------------------------------------


class Stream(io.RawIOBase):
    """A file that can't be sought, as a download is."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.written += data
        return len(data)


def written(file: Any, *, is_wide: bool = False, is_manifest_apart: bool = False) -> bytes:
    """The pack's members in another form: with zip64's numbers in the list, or as the first releases wrote it."""
    with pytest.MonkeyPatch.context() as patch, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in members_of(PACK).items():
            if is_manifest_apart and name == MANIFEST:
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                pack.writestr(entry, content)
                continue
            with pack.open(name, "w", force_zip64=name != MANIFEST) as member:
                member.write(content)
        if is_wide:
            patch.setattr(zipfile, "ZIP64_LIMIT", 10)
        pack.close()
    return bytes(file.written if isinstance(file, Stream) else file.getvalue())


def test_a_member_is_read_to_its_end_where_its_last_words_fill_more_than_a_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then zlib has taken all that there is, and still holds some of what comes out."""
    monkeypatch.setattr(container, "CHUNK", 1 << 16)
    numbers = random.Random(11)
    begin = b"".join(b"%x\n" % numbers.getrandbits(64) for _ in range(8192))[: (1 << 16) - 20]
    for size in range(20, 300):
        content = begin + b"a" * size
        read = Container(io.BytesIO(zipped({"journal": content}, compresslevel=1)))
        with read.open(read.members[0]) as member:
            assert member.read() == content


@pytest.mark.parametrize("is_wide", [False, True])
@pytest.mark.parametrize("is_manifest_apart", [False, True])
@pytest.mark.parametrize("file", [io.BytesIO, Stream])
def test_every_form_that_was_written_is_whole(
    file: Callable[[], Any], is_manifest_apart: bool, is_wide: bool
) -> None:
    pack = written(file(), is_wide=is_wide, is_manifest_apart=is_manifest_apart)
    assert (b"PK\6\7" in pack) is is_wide
    assert verified(pack).problems == ()


def test_a_list_beyond_four_gigabytes_is_found_by_zip64_s_record_alone() -> None:
    far = 5 << 30
    plain = zipped({})
    assert plain == struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 0, 0, 0, far)
    end += struct.pack("<4sLQL", b"PK\6\7", 0, far, 1)
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, 0, 0xFFFFFFFF, 0)
    assert Container(Far(far, end)).members == []


class Far(io.BytesIO):
    """A file that begins with so many bytes which nobody reads."""

    def __init__(self, before: int, rest: bytes) -> None:
        super().__init__(rest)
        self.before = before

    def seek(self, at: int, whence: int = 0) -> int:
        return self.before + super().seek(at if whence else at - self.before, whence)


# --- forgeries ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A member as a forger may write it: what stands where it is stored, and what in the list of members."""

    name: bytes
    content: bytes
    data: bytes
    flags: int = 0
    before: bytes = b""
    stored_name: bytes = b""
    extra: bytes = b""
    stored_extra: bytes = b""
    comment: bytes = b""
    disk: int = 0
    behind: bytes | None = None
    made: int = 3 << 8 | 20
    time: int = 0
    inner: int = 0
    mode: int = 0o600 << 16

    @property
    def sums(self) -> bytes:
        return struct.pack("<LLL", zlib.crc32(self.content), len(self.data), len(self.content))

    def stored(self) -> bytes:
        name = self.stored_name or self.name
        sums = bytes(12) if self.flags & 8 else self.sums
        header = struct.pack("<4s5H", b"PK\3\4", 20, self.flags, 8, 0, 33) + sums
        header += struct.pack("<2H", len(name), len(self.stored_extra))
        behind = b"PK\7\x08" + self.sums if self.flags & 8 else b""
        return (
            header + name + self.stored_extra + self.data + (behind if self.behind is None else self.behind)
        )

    def listed(self, at: int) -> bytes:
        entry = struct.pack("<4s6H", b"PK\1\2", self.made, 20, self.flags, 8, self.time, 33) + self.sums
        lengths = (len(self.name), len(self.extra), len(self.comment))
        entry += struct.pack("<5H2L", *lengths, self.disk, self.inner, self.mode, at)
        return entry + self.name + self.extra + self.comment


def packed(content: bytes) -> bytes:
    return zipped({"x": content})[31 : -22 - 47]


def parts_of(members: Mapping[str, bytes]) -> dict[str, Part]:
    return {name: Part(name.encode(), content, packed(content)) for name, content in members.items()}


def forged(
    part: Part | None = None, *, before_list: bytes = b"", in_list: bytes = b"", end: bytes = b""
) -> bytes:
    """The pack with one member written in another way, or with something beside its members."""
    parts = parts_of(members_of(PACK))
    if part is not None:
        parts[part.name.split(b"\0")[0].decode()] = part
    pack, listed = b"", b""
    for each in parts.values():
        pack += each.before
        listed += each.listed(len(pack))
        pack += each.stored()
    pack += before_list
    listed += in_list
    return (
        pack + listed + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 4, 4, len(listed), len(pack), len(end)) + end
    )


REAL = parts_of(members_of(PACK))[REPORT]
OTHER = Part(REPORT.encode(), FORGED.encode(), packed(FORGED.encode()))


def test_a_pack_that_is_put_together_by_hand_is_whole() -> None:
    assert verified(forged()).problems == ()
    assert verified(forged(replace(REAL, flags=8))).problems == ()


def test_a_pack_that_python_before_3_11_4_wrote_is_whole() -> None:
    """It has zip64's numbers in each header beside the same ones in their own places, or beside nothing in a stream."""
    sizes = struct.pack("<HHQQ", 1, 16, len(REAL.content), len(REAL.data))
    assert verified(forged(replace(REAL, stored_extra=sizes))).problems == ()
    sums = struct.pack("<4sLQQ", b"PK\7\x08", zlib.crc32(REAL.content), len(REAL.data), len(REAL.content))
    nothing = struct.pack("<HHQQ", 1, 16, 0, 0)
    assert verified(forged(replace(REAL, flags=8, stored_extra=nothing, behind=sums))).problems == ()


STORED_OTHERWISE = "report.html is stored otherwise than it is listed"
ATTRIBUTES = "report.html has attributes that no file of a pack has"
EXTRA = struct.pack("<HH", 0x7075, 4) + b"name"


@pytest.mark.parametrize(
    "pack, why",
    [
        (b"MZ" + forged(), "its end does not say where"),
        (forged(replace(REAL, before=OTHER.stored())), "something stands before report.html"),
        (forged(before_list=OTHER.stored()), "something stands between its members and their list"),
        (forged(in_list=OTHER.listed(0)), "its list of members has something beside them"),
        (forged(replace(REAL, comment=b"x")), "its list of members has something beside them"),
        (forged(replace(REAL, disk=1)), "its list of members has something beside them"),
        (forged(replace(REAL, mode=0o120777 << 16)), ATTRIBUTES),  # a symbolic link
        (forged(replace(REAL, made=20, mode=0x10)), ATTRIBUTES),  # a folder
        (forged(replace(REAL, made=20)), ATTRIBUTES),
        (forged(replace(REAL, time=1)), ATTRIBUTES),
        (forged(replace(REAL, inner=1)), ATTRIBUTES),
        (forged(replace(REAL, extra=EXTRA)), "a member has an extra field"),
        (forged(replace(REAL, stored_extra=EXTRA)), "a member has an extra field"),
        (forged(replace(REAL, stored_name=b"tickets.csv")), STORED_OTHERWISE),
        (forged(replace(REAL, flags=8, behind=b"PK\7\x08" + OTHER.sums)), STORED_OTHERWISE),
        (forged(replace(REAL, flags=8, behind=b"")), STORED_OTHERWISE),
        (forged(replace(REAL, name=b"report.html\0x")), "report.html: missing from the pack"),
        (forged(end=b"x"), "added at its end"),
        (forged() + OTHER.stored(), "added at its end"),
    ],
)  # fmt: skip
def test_something_that_other_programs_may_see_is_refused(pack: bytes, why: str) -> None:
    assert why in problem_of(pack)


@pytest.mark.parametrize("is_wide", [False, True])
@pytest.mark.parametrize("file", [io.BytesIO, Stream])
def test_no_byte_beside_the_contents_can_be_another(file: Callable[[], Any], is_wide: bool) -> None:
    pack = written(file(), is_wide=is_wide)
    contents = {at for one in Container(io.BytesIO(pack)).members for at in _contents(pack, one)}
    whole = [
        (at, mask)
        for at in sorted(set(range(len(pack))) - contents)
        for mask in (0x01, 0x20, 0x39, 0xFF)  # 0x39 makes one version the other
        if verified(pack[:at] + bytes([pack[at] ^ mask]) + pack[at + 1 :]).is_whole
    ]
    assert whole == []


def _contents(pack: bytes, member: ZippedFile) -> range:
    name_size, extra_size = struct.unpack_from("<2H", pack, member.at + 26)
    begins_at = member.at + 30 + name_size + extra_size
    return range(begins_at, begins_at + member.packed)


def test_a_member_that_is_stored_with_other_sums_is_refused() -> None:
    pack = forged()
    at = pack.index(REAL.sums)
    assert STORED_OTHERWISE in problem_of(pack[:at] + bytes(4) + pack[at + 4 :])


@pytest.mark.parametrize(
    "data, why",
    [
        (REAL.data + b"x", "its data is not what"),  # a program that reads a stream goes on with it
        (REAL.data + bytes(1 << 20), "its data is not what"),
        (packed(REAL.content + b"x"), "its data is not what"),
        (packed(REAL.content[:-1]), "its data is not what"),
        (packed(REAL.content.swapcase()), "its data is not what"),
        (REAL.data[:-1], "its data was cut"),
    ],
    ids=["followed", "followed-far", "longer", "shorter", "other", "cut"],
)
def test_data_that_ends_elsewhere_is_refused(data: bytes, why: str) -> None:
    assert problem_of(forged(replace(REAL, data=data, flags=8))).startswith(
        f"report.html can't be read: {why}"
    )


def wide_end(length: int, at: int, ends_at: int) -> bytes:
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 4, 4, length, at)
    return end + struct.pack("<4sLQL", b"PK\6\7", 0, ends_at, 1)


def two_packs() -> tuple[bytes, list[bytes], bytes]:
    """The members of a forged pack behind those of a whole one, the list of the forged, and that of the whole."""
    pack, listed = b"", []
    for members in (members_of(PACK), members_of(PACK) | {REPORT: FORGED.encode()}):
        entries = []
        for part in parts_of(members).values():
            entries.append(part.listed(len(pack)))
            pack += part.stored()
        listed.append(entries)
    return pack, listed[1], b"".join(listed[0])


def test_a_second_list_beside_the_first_is_refused() -> None:
    pack, other, real = two_packs()
    at = len(pack)
    lists = b"".join(other) + real
    end = wide_end(len(real), at + len(lists) - len(real), at + len(lists))
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 4, 4, len(lists) - len(real), at, 0)

    assert "its end does not say where its list of members is, or says it twice" in problem_of(
        pack + lists + end
    )


def test_a_second_list_in_the_comment_of_the_last_entry_is_refused() -> None:
    pack, other, real = two_packs()
    at = len(pack)
    real_at = at + sum(map(len, other))
    comment = real + wide_end(len(real), real_at, real_at + len(real))
    last = other[-1][:32] + struct.pack("<H", len(comment)) + other[-1][34:]
    listed = b"".join(other[:-1]) + last + comment
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 4, 4, len(listed), at, 0)
    shown = zipfile.ZipFile(io.BytesIO(pack + listed + end)).read(REPORT)

    assert shown == members_of(PACK)[REPORT]  # and other programs show the other one
    assert "its end does not say where its list of members is, or says it twice" in problem_of(
        pack + listed + end
    )


def test_a_list_that_ends_too_early_is_refused() -> None:
    pack = pack_of()
    assert "not a zip file that can be read" in problem_of(
        pack[:-22] + struct.pack("<4s4H", b"PK\5\6", 0, 0, 5, 5) + pack[-10:]
    )
