"""Packs as files: a whole one is whole, a changed one is not, and a hostile one is refused in a sentence."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import tracemalloc
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW
from packs import (
    CHAIN,
    CHAINS,
    PACK,
    changed,
    lines_of,
    manifest_of,
    members_of,
    pack_of,
    problem_of,
    shown_in,
    sum_of,
    verified,
    zipped,
)
from worker.app.evidence import zip as audit_zip
from worker.app.evidence.zip import FILES, PackWriter, replacing
from worker.domain.evidence.journal import Sealed, recorded, seal
from worker.domain.evidence.manifest import MANIFEST, FileSum, manifest_bytes, read_manifest
from worker.domain.evidence.pack import JOURNAL, Covered

NAMES = (MANIFEST, *FILES)


@given(CHAINS, st.sets(st.integers(1, 6)))
def test_a_pack_as_written_is_whole(chain: list[Sealed], shown: set[int]) -> None:
    verdict = verified(pack_of(chain, shown))

    assert verdict.problems == ()
    assert verdict.manifest is not None
    assert verdict.manifest.journal.count == len(chain) + 1


def test_an_empty_journal_s_pack_is_whole() -> None:
    assert verified(pack_of([], (), covered=Covered())).is_whole


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_every_changed_byte_of_every_file_is_found(name: str, data: st.DataObject) -> None:
    def change(content: bytes) -> bytes:
        at = data.draw(st.integers(0, len(content) - 1))
        new = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
        return content[:at] + bytes([new]) + content[at + 1 :]

    assert not verified(changed(PACK, name, change)).is_whole


@given(st.data())
def test_every_changed_order_of_lines_is_found(data: st.DataObject) -> None:
    lines = members_of(PACK)[JOURNAL].splitlines(keepends=True)
    others = st.permutations(lines).filter(lambda new: new != lines)
    forged = data.draw(others | st.lists(st.sampled_from(lines), max_size=7).filter(lambda new: new != lines))

    assert "journal.jsonl" in problem_of(changed(PACK, JOURNAL, lambda _: b"".join(forged)))


@given(st.data())
def test_a_file_with_any_changed_byte_is_whole_or_refused_and_never_an_error(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(PACK) - 1))
    forged = PACK[:at] + bytes([data.draw(st.integers(0, 255))]) + PACK[at + 1 :]
    verdict = verified(forged)
    if verdict.is_whole:  # a time, an attribute or a version in the zip's own lists: nothing that is evidence
        assert members_of(forged) == members_of(PACK)


@given(st.integers(0, len(PACK) - 1))
def test_a_file_that_was_cut_is_refused(length: int) -> None:
    assert problem_of(PACK[:length])


@given(st.binary(max_size=200))
def test_what_is_no_zip_file_is_refused(content: bytes) -> None:
    assert problem_of(content).startswith("This is not an evidence pack")


def test_something_after_the_end_is_refused() -> None:
    assert "added at its end" in problem_of(PACK + b"x")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(name: str) -> None:
    members = members_of(PACK)
    del members[name]
    assert verified(zipped(members)).problems == (f"{name}: missing from the pack.",)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_named(name: str) -> None:
    members = members_of(PACK)
    assert verified(zipped([*members.items(), (name, b"x")])).problems == (f"{name}: in the pack 2 times.",)


@pytest.mark.parametrize(
    "name", ["../journal.jsonl", "/etc/passwd", "sub/journal.jsonl", "Journal.jsonl", "\u202ex"]
)
def test_a_further_file_is_named_and_nothing_is_unpacked(name: str) -> None:
    assert problem_of(zipped(members_of(PACK) | {name: b"x"})) == (
        f"{name!a}: this file does not belong in a pack."
    )


def test_more_members_than_any_pack_has_are_not_even_listed() -> None:
    many = zipped({f"{number}": b"" for number in range(200)})
    assert "lists more members than a pack has" in problem_of(many)


def zip64_end(count: int, length: int) -> bytes:
    """A zip file's end that says in its second, longer list how much there is."""
    record = b"PK\6\6" + bytes(20) + count.to_bytes(8, "little") * 2 + length.to_bytes(8, "little") + bytes(8)
    return record + b"PK\6\7" + bytes(16) + b"PK\5\6" + bytes(18)


def test_a_zip64_end_can_not_promise_more_either() -> None:
    assert "lists more members" in problem_of(zip64_end(2**40, 100))
    assert "lists more members" in problem_of(zip64_end(4, 2**40))
    assert "its end does not say where" in problem_of(zip64_end(4, 100))


def test_a_bomb_is_refused_by_what_it_says_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_zip, "FILE_MAX", 1 << 20)
    bomb = zipped(members_of(PACK) | {JOURNAL: bytes(1 << 21)})
    assert problem_of(bomb) == "journal.jsonl: 2097152 bytes are more than a pack can have."
    assert "manifest.json: 2097152 bytes" in problem_of(zipped(members_of(PACK) | {MANIFEST: bytes(1 << 21)}))


def test_a_bomb_within_the_limits_is_read_in_little_memory() -> None:
    manifest = read_manifest(members_of(PACK)[MANIFEST])
    huge = PackOfZeros(64 << 20).pack(manifest.made_by)
    tracemalloc.start()
    try:
        problem = problem_of(huge)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert problem.startswith("journal.jsonl line 1 is not an event")
    assert peak < 10_000_000


class PackOfZeros:
    """A pack whose journal is one line of zeros, and whose manifest agrees with it."""

    def __init__(self, size: int) -> None:
        self.size = size

    def pack(self, made_by: str) -> bytes:
        file = io.BytesIO()
        pack = PackWriter(file)
        pack.write(JOURNAL, (bytes(1 << 20) for _ in range(self.size >> 20)))
        for name in FILES[1:]:
            pack.write(name, [b""])
        pack.finish(manifest_of(CHAIN, (1,), files=pack.sums, made_by=made_by))
        pack.close()
        return file.getvalue()


def test_a_strange_compression_and_encryption_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as pack:
        for name, content in members_of(PACK).items():
            pack.writestr(name, content)
    assert "compressed in a way that no pack is" in problem_of(file.getvalue())

    central = bytearray(PACK)
    central[PACK.index(b"PK\1\2") + 8] |= 1
    assert "encrypted" in problem_of(bytes(central))


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_member_is_named(name: str) -> None:
    stored = zipped(members_of(PACK), compresslevel=0)
    content = members_of(PACK)[name]
    damaged = stored.replace(content, content[:-2] + b"\x00" + content[-1:])
    assert problem_of(damaged).startswith(name)


def test_a_changed_report_is_named_beside_a_changed_journal() -> None:
    both = changed(
        changed(PACK, "report.html", lambda text: text.swapcase()), JOURNAL, lambda text: text[:-1] + b" "
    )
    journal, report = verified(both).problems
    assert journal.startswith("journal.jsonl line 6 ")
    assert report.startswith("report.html is not the file that manifest.json lists")


def test_a_file_of_another_length_is_told_by_it() -> None:
    assert problem_of(changed(PACK, "tickets.csv", lambda text: text + b"x")) == (
        "tickets.csv has 5 bytes, but by manifest.json 4: it was changed."
    )


def test_a_manifest_that_lists_other_files_is_refused() -> None:
    sums = manifest_of().files
    assert problem_of(pack_of(files=sums)).startswith("manifest.json does not list journal.jsonl")


def test_a_pack_of_everything_hides_nothing() -> None:
    assert verified(pack_of(CHAIN, range(1, 6), covered=Covered())).is_whole
    assert "covers everything, and shows 4 of 6 events" in problem_of(pack_of(covered=Covered()))


def test_another_digest_is_another_pack() -> None:
    assert "it is another pack" in verified(PACK, digest="0" * 64).problems[0]


def test_the_instant_at_which_a_pack_was_in_fact_made_is_said_beside_the_one_that_was_stated() -> None:
    assert verified(PACK).recorded_at is None
    real = NOW + timedelta(days=3)
    entry = recorded(shown_in(members_of(PACK)[JOURNAL].splitlines(keepends=True)[-1]).entry, real)  # type: ignore[union-attr]
    chain = [*CHAIN, seal(entry, 6, CHAIN[-1].hash)]
    journal = b"".join(lines_of(chain, (2, 3, 5, 6)))
    manifest = read_manifest(members_of(PACK)[MANIFEST])
    sums = {**manifest.files, JOURNAL: FileSum(len(journal), hashlib.sha256(journal).hexdigest())}
    manifest = replace(manifest, files=sums, journal=sum_of(chain, (2, 3, 5, 6)))
    pack = zipped(members_of(PACK) | {JOURNAL: journal, MANIFEST: manifest_bytes(manifest)})

    assert (verified(pack).problems, verified(pack).recorded_at) == ((), real)


def test_without_a_manifest_there_is_no_digest() -> None:
    assert verified(b"").digest == ""


def test_an_error_without_words_is_named() -> None:
    assert audit_zip._unreadable("x", EOFError()) == "x can't be read: EOFError."


# --- writing ------------------------------------------------------------------------------------------------


def test_a_pack_is_written_in_place_of_another_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(PACK)
        assert path.read_bytes() == b"old"

    assert path.read_bytes() == PACK
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_pack_that_failed_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(b"old")
    with contextlib.suppress(ZeroDivisionError), replacing(path) as file:
        file.write(PACK)
        raise ZeroDivisionError

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pack_takes_the_place_of_nothing_but_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "lost").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    for name in ("link", "lost", "pipe"):
        with (
            pytest.raises(FileExistsError, match="a link, a device or a pipe is there"),
            replacing(tmp_path / name),
        ):
            pass

    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()


def test_the_same_content_is_the_same_file() -> None:
    assert pack_of() == PACK
