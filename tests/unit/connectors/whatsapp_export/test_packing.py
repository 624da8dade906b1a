from __future__ import annotations

import io
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from connectors.inventory.whatsapp_export.config import WhatsappExportConfig
from connectors.inventory.whatsapp_export.connector import WhatsappExportInventory
from connectors.kit.child import Bounds, in_child
from connectors.kit.whatsapp_export import packing
from contracts.inventory import context
from fakes.chat_exports import android, brief, ios, read, system, zipped
from worker.ports import Incomplete

TEXT = android("Amina added Bob")
MEMORY = 64 << 20  # of address space, of which the interpreter and its libraries map most
CHAT = "WhatsApp Chat with Ward 7.txt"


def test_the_text_of_an_archive_is_read_and_the_media_are_not() -> None:
    export = read(zipped({"IMG-1.jpg": b"\xff\xd8", "a.zip": b"PK", CHAT: TEXT, "notes.txt": "x"}), "x.zip")
    assert export.group_name == "Ward 7"
    assert brief(export.events) == ["added Amina: Bob"]


def test_an_archive_of_ios_names_its_group_itself() -> None:
    text = ios(system("Ward 7", "Amina added Bob"))
    assert read(zipped({"_chat.txt": text}), "WhatsApp Chat - Ward 7 (2).zip").group_name == "Ward 7"


def encrypted() -> bytes:
    data = bytearray(zipped({CHAT: TEXT}))
    data[data.find(b"PK\x03\x04") + 6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def bomb() -> bytes:
    return zipped({CHAT: b"a" * (200 << 20)})


def many() -> bytes:
    return zipped({CHAT: TEXT} | {f"{number}.jpg": b"" for number in range(packing.ENTRIES_MAX)})


def lying() -> bytes:
    """The list of entries says less than there is: the text goes on for ever."""
    data = bytearray(zipped({CHAT: TEXT * 100}))
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


def hole() -> bytes:
    data = bytearray(zipped({CHAT: TEXT * 50}))
    data[80:90] = bytes(10)
    return bytes(data)


# What takes a second to make is made by its test
HOSTILE: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "a bomb": (bomb, "200th"),
    "many entries": (many, "20,000 entries"),
    "an archive in an archive": (zipped({"inner.zip": zipped({CHAT: TEXT})}), "another archive"),
    "a password": (encrypted(), "password"),
    "a way out": (zipped({"../../etc/x.txt": TEXT}), "leads out"),
    "a way out in Windows' way": (zipped({"..\\..\\x.txt": TEXT}), "leads out"),
    "an absolute way": (zipped({"/etc/x.txt": TEXT}), "leads out"),
    "a drive": (zipped({"C:x.txt": TEXT}), "leads out"),
    "no text": (zipped({"IMG.jpg": b"x"}), "0 texts"),
    "two texts": (zipped({"a.txt": TEXT, "b.txt": TEXT}), "2 texts"),
    "two chats": (zipped({"_chat.txt": TEXT, CHAT: TEXT}), "2 texts"),
    "a cut archive": (zipped({CHAT: TEXT})[:-30], "cut"),
    "a hole": (hole(), "damaged"),
    "a lie about the size": (lying(), "cut or damaged"),
    "another encoding": (android("Amina removed Zoë").encode("latin-1"), "UTF-8"),
    "UTF-16 without its mark": (TEXT.encode("utf-16-le"), "no line is one"),
    "half of UTF-16": (TEXT.encode("utf-16") + b"\xd8", "UTF-8"),
    "no export": (b"hello\nworld\n", "no line is one"),
    "an empty file": (b"", "no line is one"),
    "zeros": (bytes(1 << 20), "no line is one"),
    "a calendar that is not read": (android("x left", at="1404/12/22, 10:15").encode(), "calendar"),
    "no name": (TEXT.encode(), "names the group"),
}


@pytest.mark.parametrize("data, said", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_export_is_refused_by_name(data: bytes | Callable[[], bytes], said: str) -> None:
    with pytest.raises(Incomplete, match=said) as raised:
        read(data() if callable(data) else data, "_chat.txt")
    assert raised.value.message.startswith("_chat.txt: ")
    assert raised.value.remedy
    assert "Zo" not in str(raised.value)


def test_a_text_that_is_larger_than_its_bound_is_refused_however_small_it_says_that_it_is() -> None:
    with pytest.raises(Incomplete, match="larger than 1 MB"):
        list(packing.lines(io.BytesIO(b"x" * (2 << 20)), "x.txt", 1 << 20))
    with pytest.raises(Incomplete, match="larger than 1 MB"):
        read(TEXT * 50_000, text_max=1 << 20)
    with pytest.raises(Incomplete, match="larger than 1 MB"):
        read(zipped({CHAT: "".join(TEXT + str(number) for number in range(50_000))}), text_max=1 << 20)


def test_a_line_of_two_hundred_thousand_letters_comes_in_pieces() -> None:
    pieces = list(packing.lines(io.BytesIO(b"x" * 200_000 + b"\ny\n"), "x.txt", 1 << 20))
    assert [is_start for _piece, is_start in pieces] == [True, False, False, False, True]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path


def big(path: Path, megabytes: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(TEXT)
        piece = android(*["Carol: a message of the usual length, as people write them all day long"] * 10_000)
        for _ in range((megabytes << 20) // len(piece)):
            file.write(piece)
        file.write(android("Amina removed Bob"))


def test_memory_does_not_grow_with_the_file(folder: Path) -> None:
    big(folder / "exports" / CHAT, 96)
    bounds = Bounds(memory_bytes=MEMORY)

    inventory = WhatsappExportInventory(
        WhatsappExportConfig(path=Path("exports")), context(folder), partial(in_child, bounds=bounds)
    )
    result = inventory.check()

    assert result.ok, result.message
    assert result.counts["departed"] == 1


def test_an_archive_with_a_bomb_in_it_is_refused_and_the_others_are_read(folder: Path) -> None:
    zipped({CHAT: b"a" * (100 << 20)}, folder / "exports" / "bomb.zip")
    (folder / "exports" / CHAT).write_text(TEXT)
    inventory = WhatsappExportInventory(WhatsappExportConfig(path=Path("exports")), context(folder))

    _roster, end = inventory.changes(None)

    assert [problem.record_id for problem in end.malformed] == ["bomb.zip"]  # type: ignore[union-attr]
    result = inventory.check()
    assert not result.ok
    assert "bomb.zip" in result.message
    assert result.counts["groups"] == 1


def test_more_events_than_a_group_can_have_are_refused_by_name() -> None:
    with pytest.raises(Incomplete, match="1,000 changes"):
        read(android(*[f"Amina added N{number}" for number in range(1_001)]), events_max=1_000)


@pytest.mark.parametrize("seed", range(40))
def test_a_file_with_wrong_bytes_is_read_or_refused_and_nothing_else(seed: int) -> None:
    rng = random.Random(seed)
    whole = [
        zipped({CHAT: TEXT}),
        TEXT.encode(),
        TEXT.encode("utf-16"),
        ios(system("W", "Bob left")).encode(),
    ]
    for data in map(bytearray, whole * 8):
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        with suppress(Incomplete):
            read(bytes(data[: rng.choice([len(data), rng.randrange(len(data))])]))
