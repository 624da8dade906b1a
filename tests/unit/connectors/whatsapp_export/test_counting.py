"""A chat's text is counted as it comes in pieces, as the reader of whole files counts it."""

from __future__ import annotations

import io
import random
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from connectors.kit import chat_exports
from connectors.kit.child import unbounded
from connectors.kit.whatsapp_export.counting import COUNTED_MAX, ChatCount
from connectors.kit.whatsapp_export.packing import ENTRIES_MAX, LINE_MAX
from fakes.chat_exports import NOW, android, ios, read, system, zipped
from worker.domain.controls.seals import Counted, Measured, Measuring
from worker.ports import ConnectorError, Incomplete

CHAT = "WhatsApp Chat with Ward 7.txt"
LINES = (
    "Rita created group “Ward 7”",
    "13/03/2026, 10:15 - Rita: hello",
    "a second line of it",
    "2026 begins a line, and no record",
    "02/11/2026, 23:59 - Rita: bye",
)
TWO_LINES = Counted(3, date(2026, 3, 13), date(2026, 11, 2))


def counted(data: bytes, sizes: int = 1 << 20) -> Counted | None:
    count = ChatCount(NOW, "Europe/London")
    for at in range(0, len(data), sizes):
        count.take(data[at : at + sizes])
    return count.end()


def test_records_and_not_lines_are_counted_with_the_first_and_the_last_day() -> None:
    assert counted(android(LINES[0], "Rita: hello\na second line", LINES[4]).encode()) == TWO_LINES


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        android(LINES[0], "Rita: hello\na second line", LINES[4]),
        ios(system("Ward 7", "Rita created this group"), "Rita: hello\nwithin it", "[02/11/2026, 23:59:00] Rita: é"),
    ],
    ids=["android", "ios"],
)  # fmt: skip
def test_pieces_make_no_difference(text: str, encoding: str, size: int) -> None:
    data = text.encode(encoding)
    assert counted(data, size) == counted(data) == TWO_LINES


def test_it_counts_as_the_reader_of_whole_files_does() -> None:
    lots = random.Random(1)
    for _ in range(30):
        day = lots.randrange(1, 28)
        lines = [
            lots.choice((*LINES[:2], f"{day:02}/04/2026, 10:15 - Rita: x", "Rita: x\r", "Rita: y" * 99))
            for _ in range(20)
        ]
        text = lots.choice((android, ios))(*lines)
        export, found = read(text), counted(text.encode(), lots.randrange(1, 200))
        assert found is not None
        assert found.lines == export.lines
        assert export.first_at is None or found.first_on == export.first_at.date()


def test_days_that_may_be_months_are_not_guessed() -> None:
    assert counted(android("Rita: x", at="03/04/2026, 10:15").encode()) == Counted(1, None, None)


def test_a_day_to_come_is_of_a_wrong_clock() -> None:
    text = android(LINES[0], "Rita: x", "13/03/2099, 10:15 - Rita: y")
    assert counted(text.encode()) == Counted(3, date(2026, 3, 13), date(2026, 3, 13))


def test_the_middle_of_a_long_line_begins_no_record() -> None:
    long = "x" * (LINE_MAX + 5) + "\n"
    text = android("Rita: a", "Rita: " + long + LINES[1], LINES[4])
    assert counted(text.encode(), 1000) == counted(text.encode())
    assert (found := counted(text.encode()))
    assert found.lines == 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"notes\nof a meeting\n",
        android("13/13/1390, 10:15 - Rita: x", "14/14/1390, 10:15 - Rita: x").encode(),
        android("Rita: é").encode("latin-1"),
        b"\xff\xd8\xff" * 999,
    ],
    ids=["empty", "one letter", "notes", "another calendar", "another encoding", "no text"],
)
def test_what_is_no_chat_has_no_count(data: bytes) -> None:
    assert counted(data) is None
    assert counted(data, 1) is None


def test_a_text_in_another_encoding_is_not_read_on() -> None:
    count = ChatCount(NOW, "UTC")
    count.take(android("Rita: é").encode("latin-1"))
    count.take(android("Rita: x").encode())
    assert count.end() is None


@pytest.mark.parametrize("blank", ["\n", "\r\n"])
def test_blank_lines_change_nothing_wherever_a_piece_ends(blank: str) -> None:
    text = blank.join((android("Rita: hello"), *[""] * 9, "[01/11/2026, 09:00:00] Rita: quoted", *[""] * 9))
    text += android(LINES[4])
    plain = counted(android("Rita: hello", LINES[4]).encode())
    assert [counted(text.encode(), size) for size in (1, 5, 1 << 20)] == [plain] * 3


def test_a_larger_text_than_any_chat_is_not_counted() -> None:
    begin = android("Rita: hello").encode()
    assert counted(begin + b"\n" * (COUNTED_MAX - len(begin))) is not None
    assert counted(begin + b"\n" * (COUNTED_MAX - len(begin) + 1)) is None


def test_a_file_too_large_to_be_counted_is_hashed_to_its_end() -> None:
    data = android("Rita: hello").encode() + b"\n" * COUNTED_MAX
    measuring = Measuring("chat.txt", ChatCount(NOW, "UTC"))
    measuring.take(data)
    measuring.take(b"end")
    found = measuring.end()
    assert (found.size, found.sha256) == (len(data) + 3, sha256(data + b"end").hexdigest())
    assert (found.counted, found.media) == (None, False)


# --- archives ---------------------------------------------------------------------------------------------


def sealed(data: bytes) -> Measured:
    measuring = Measuring("chat.zip", ChatCount(NOW, "Europe/London"))
    measuring.take(data)
    found = measuring.end()
    return chat_exports.looked_into(io.BytesIO(data), found, NOW, timezone="Europe/London", apart=unbounded)


TEXT = android(LINES[0], "Rita: hello", LINES[4])


@pytest.mark.parametrize(
    "entries, media, found",
    [
        ({CHAT: TEXT}, False, TWO_LINES),
        ({"_chat.txt": TEXT, "IMG-1.jpg": b"\xff\xd8"}, True, TWO_LINES),
        ({"notes.txt": "of a meeting"}, False, None),
        ({"a.txt": TEXT, "b.txt": TEXT}, True, None),
        ({"IMG-1.jpg": b"\xff\xd8"}, True, None),
        ({}, True, None),
        ({"../_chat.txt": TEXT}, False, None),
    ],
)
def test_what_an_archive_holds_is_counted(
    entries: dict[str, str | bytes], media: bool, found: Counted | None
) -> None:
    seen = sealed(zipped(entries))
    assert (seen.media, seen.counted) == (media, found)


def test_an_archive_in_pieces_is_sealed_though_nothing_in_it_can_be_told() -> None:
    whole = zipped({CHAT: TEXT})
    seen = sealed(whole[:40])
    assert (seen.size, seen.media, seen.counted) == (40, None, None)


def test_a_bomb_is_refused_and_says_why() -> None:
    with pytest.raises(Incomplete, match="less than a 200th"):
        sealed(zipped({CHAT: "0" * (8 << 20)}))
    many = zipped({f"{number}.jpg": b"" for number in range(ENTRIES_MAX + 1)})
    with pytest.raises(Incomplete, match="more than 20,000 entries"):
        sealed(many)


def test_a_text_larger_than_any_chat_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_exports, "TEXT_MAX", 20)
    with pytest.raises(ConnectorError, match="is larger than"):
        sealed(zipped({CHAT: TEXT}))


def test_another_file_than_an_archive_is_not_opened_again() -> None:
    found = Measuring("chat.txt", ChatCount(NOW, "UTC")).end()
    assert chat_exports.looked_into(io.BytesIO(), found, NOW, timezone="UTC") is found


def test_an_archive_is_read_in_a_process_apart(tmp_path: Path) -> None:
    path = tmp_path / "chat.zip"
    measuring = Measuring(path.name, ChatCount(NOW, "UTC"))
    measuring.take(zipped({CHAT: TEXT}, path))
    with path.open("rb") as file:
        seen = chat_exports.looked_into(file, measuring.end(), NOW, timezone="UTC")
    assert (seen.media, seen.counted) == (False, TWO_LINES)
