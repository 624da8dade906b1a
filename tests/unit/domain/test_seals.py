"""What is kept of a file: size, hash, whether it has media, and the records of a chat's text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW
from worker.domain.controls.seals import (
    NAME_MAX,
    Counted,
    Measured,
    Measuring,
    base_name,
    said_line,
    seal_facts,
    sealed_of,
)

COUNTED = Counted(2, date(2026, 1, 3), date(2026, 2, 4))


class Counting:
    """Takes any text for a chat's."""

    def __init__(self) -> None:
        self.taken = b""

    def take(self, data: bytes) -> None:
        self.taken += data

    def end(self) -> Counted | None:
        return COUNTED if self.taken else None


def measured(name: str, *pieces: bytes) -> Measured:
    measuring = Measuring(name, Counting())
    for piece in pieces:
        measuring.take(piece)
    return measuring.end()


def test_a_lone_text_is_counted_and_has_no_media() -> None:
    text = b"3/1/26, 10:15 - Amina: hello\n"
    assert measured("chat.TXT", text) == Measured(
        "chat.TXT", len(text), sha256(text).hexdigest(), False, COUNTED
    )


@given(st.lists(st.binary(max_size=30)))
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    assert measured("chat.txt", *pieces) == measured("chat.txt", b"".join(pieces))


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"PK\x05\x06"])
def test_an_archive_is_known_by_its_first_bytes_and_not_counted(start: bytes) -> None:
    found = measured("chat.txt", start[:1], start[1:], b"more")
    assert (found.is_archive, found.media, found.counted) == (True, None, None)


@pytest.mark.parametrize(
    "name, start, media",
    [
        ("photo.jpg", b"\xff\xd8\xff\xe0", True),
        ("photo.png", b"\x89PNG\r\n", True),
        ("loop.gif", b"GIF89a", True),
        ("voice.opus", b"OggS", True),
        ("film.mp4", b"\x00\x00\x00\x18ftypmp42", True),
        ("photo.txt", b"\xff\xd8\xff\xe0", True),
        ("notes.txt", b"\xff\xfeh\x00", False),
        ("notes.txt", b"a\x00b", None),
        ("notes.txt", b"", False),
        ("notes.pdf", b"%PDF-1.7", None),
        ("notes", b"hello", None),
    ],
)
def test_media_are_known_by_their_first_bytes_and_else_not_at_all(
    name: str, start: bytes, media: bool | None
) -> None:
    assert measured(name, start).media is media


def test_what_is_in_an_archive_is_added_to_what_was_measured() -> None:
    archive = measured("chat.zip", b"PK\x03\x04")
    assert archive.looked_into(True, COUNTED) == replace(archive, media=True, counted=COUNTED)


@pytest.mark.parametrize(
    "given, kept",
    [
        ("/home/sam/chat.txt", "chat.txt"),
        (r"C:\Users\sam\chat.txt", "chat.txt"),
        ("chat\x1b[2J.txt", "chat�[2J.txt"),
        ("chat\u202etxt.exe", "chat�txt.exe"),
        ("two\nlines.txt", "two lines.txt"),
        ("half\udc80.txt", "half�.txt"),
        ("/", "-"),
        ("x" * 999, "x" * NAME_MAX),
    ],
)
def test_a_name_is_without_folders_and_without_what_steers(given: str, kept: str) -> None:
    assert base_name(given) == kept


def test_what_is_said_of_a_file_is_one_short_line() -> None:
    assert said_line("  by a\n remaining\tmember ") == "by a remaining member"
    assert said_line("a" * 999) == "a" * 300


def test_the_journal_keeps_all_of_a_seal_but_its_name() -> None:
    seal = replace(sealed_of(7, measured("Amina.txt", b"text"), "by a member", "sam", NOW), id=4)
    facts = seal_facts(seal)
    assert facts["name_sha256"] == sha256(f"{seal.sha256} Amina.txt".encode()).hexdigest()
    assert facts | {"name_sha256": ""} == {
        "seal": "E-000004",
        "sha256": sha256(b"text").hexdigest(),
        "size": 4,
        "name_sha256": "",
        "media": False,
        "lines": 2,
        "first_on": "2026-01-03",
        "last_on": "2026-02-04",
    }


def test_what_is_not_known_is_not_in_the_journal() -> None:
    seal = sealed_of(7, measured("film", b"?"), "", "sam", NOW)
    assert (seal.media, seal.lines, seal.first_on, seal.last_on) == (None, None, None, None)
    assert seal_facts(seal).keys() == {"seal", "sha256", "size", "name_sha256"}
