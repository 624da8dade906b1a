"""An export that somebody gave on a page: what it says, or a code for why it can't be read; no message is in either."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest

from connectors.kit import chat_exports
from connectors.kit.child import Asked, Bounds, Item, Work, in_child
from fakes.chat_exports import NOW, android, ios, system, zipped
from fakes.in_process import in_process
from worker.domain.groups.exported import ChatExport, ExportFault, NewNumber, UnreadableExport
from worker.ports import Incomplete

AT = datetime(2026, 3, 13, 10, 15, tzinfo=UTC)
CHAT = android(
    "Amina added Bob",
    "+44 7700 900101 left",
    "Amina: a secret",
    "Cem changed to +44 7700 900188",
    "You're now an admin",
)
IOS = ios(
    system("Ward 7", "Amina added Bob"),
    system("Ward 7", "\u202a+44 7700 900101\u202c left"),
    "Amina: a secret",
    at="[13/03/2026, 10:15:00]",
)


def read(data: bytes, name: str = "WhatsApp Chat with Ward 7.txt", group: str = "Ward 7") -> ChatExport:
    return chat_exports.read_given(
        io.BytesIO(data), name, group, NOW, timezone="Europe/London", apart=in_process
    )


def fault(data: bytes, name: str = "chat.txt") -> ExportFault:
    with pytest.raises(UnreadableExport) as error:
        read(data, name)
    return error.value.fault


def test_it_says_who_came_and_went_with_dates_and_no_message() -> None:
    export = read(CHAT.encode())
    assert [one.display_name for one in export.came] == ["Bob"]
    assert [(one.phone, one.at) for one in export.gone] == [("+447700900101", AT)]
    assert export.numbers == (NewNumber("Cem", None, "+447700900188", AT),)
    assert (export.is_admin, export.first_at, export.last_at, export.is_whole) == (True, AT, AT, True)
    assert "secret" not in repr(export)


def test_an_archive_of_ios_names_its_group() -> None:
    export = read(zipped({"_chat.txt": IOS}), "WhatsApp Chat - Ward 7.zip")
    assert (export.group_name, len(export.came), len(export.gone), export.is_admin) == ("Ward 7", 1, 1, None)


@pytest.mark.parametrize("name", ["", "chat.zip", "_chat.txt"])
def test_a_phone_may_give_the_file_a_name_without_the_group(name: str) -> None:
    assert read(CHAT.encode(), name).group_name == "Ward 7"


def test_without_sure_dates_there_are_none() -> None:
    export = read(android("Amina added Bob", at="03/04/2026, 10:15").encode())
    assert (export.first_at, export.last_at, export.came[0].joined_at) == (None, None, None)


def test_who_is_only_counted_is_said() -> None:
    assert not read(android("Amina: hello", "Amina, Bob, and 3 others left").encode()).is_whole


@pytest.mark.parametrize(
    "data, code",
    [
        (b"", ExportFault.NO_EXPORT),
        (b"\xff\xd8\xff\xe0 a picture", ExportFault.NO_EXPORT),
        (b"PK\x03\x04 cut", ExportFault.NO_EXPORT),
        (zipped({"a.txt": CHAT, "b.txt": CHAT}), ExportFault.NO_EXPORT),
        (android("Amina: hello", "Bob: hello").encode(), ExportFault.TWO_PEOPLE),
        (android("Amina left", at="13/13/1448, 10:15").encode(), ExportFault.CALENDAR),
    ],
)
def test_a_file_that_is_no_export_of_a_group_has_a_code(data: bytes, code: ExportFault) -> None:
    assert fault(data) is code


def test_more_than_any_chat_is_too_large() -> None:
    bomb = zipped({"_chat.txt": CHAT + "x" * chat_exports.TEXT_MAX})
    assert (len(bomb) < 1 << 20, fault(bomb)) == (True, ExportFault.TOO_LARGE)
    assert fault(android(*["Amina left"] * (chat_exports.EVENTS_MAX + 1)).encode()) is ExportFault.TOO_LARGE


def test_it_is_read_in_a_process_of_its_own_and_its_death_is_a_code(tmp_path: Path) -> None:
    path = tmp_path / "chat.zip"
    zipped({"_chat.txt": IOS}, path)
    with path.open("rb") as file:
        assert (
            len(chat_exports.read_given(file, path.name, "Ward 7", NOW, timezone="Europe/London").gone) == 1
        )
    small = partial(in_child, bounds=Bounds(memory_bytes=16 << 20))
    with path.open("rb") as file, pytest.raises(UnreadableExport) as error:
        chat_exports.read_given(file, path.name, "Ward 7", NOW, timezone="Europe/London", apart=small)
    assert error.value.fault is ExportFault.NO_EXPORT


def test_an_error_of_its_reader_is_a_code() -> None:
    def dead(_work: Work[Asked, Item], _file: BinaryIO, _name: str, _asked: Asked, /) -> Iterator[Item]:
        raise Incomplete("dead")

    with pytest.raises(UnreadableExport):
        chat_exports.read_given(io.BytesIO(), "", "Ward 7", NOW, timezone="UTC", apart=dead)
