"""Bytes that are no text: a spoilt UTF-8 file is refused with the line, and a Windows-1252 file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.directory.file.formats import export
from contracts.directory import drain, read_until_error
from fakes.export_files import HEADER, directory, guid, rows, write
from worker.ports import DirectoryPage, Incomplete

AGAIN = "Export again with -Encoding UTF8."
CHUNKS = pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 20])


def spoilt(row: int, encoding: str = "utf-8", people: int = 20) -> bytes:
    """An export with one byte that is no UTF-8, in the row of that person."""
    return rows(*range(1, people + 1)).encode(encoding).replace(f"ë {row},".encode(), b"\xeb %d," % row)


def refused(folder: Path, content: bytes, name: str = "people.csv") -> Incomplete:
    """The error of a file of which no person may be read."""
    write(folder / name, content)
    items, error = read_until_error(directory(folder, name), None)
    assert not any(isinstance(item, DirectoryPage) for item in items)
    assert isinstance(error, Incomplete)
    return error


@CHUNKS
def test_one_bad_byte_does_not_make_a_utf_8_file_windows_1252(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_CHUNK", chunk)

    error = refused(tmp_path, spoilt(7))

    assert (error.message, error.remedy) == ("people.csv line 8: bytes that are no UTF-8 text.", AGAIN)
    result = directory(tmp_path).check()
    assert (result.ok, result.message, result.remedy) == (False, error.message, AGAIN)


@pytest.mark.parametrize(
    "end, told",
    [
        (b"\xeb", "ends in the middle of a character"),  # the first of three bytes
        (b"\xff", "people.csv line 5: bytes that are no UTF-8 text."),
        (b"\xff\xc3", "people.csv line 5: bytes that are no UTF-8 text."),
        ("ë".encode() + b"\xff,,True\r\n", "people.csv line 5: bytes that are no UTF-8 text."),
    ],
)
@pytest.mark.parametrize("name", ["Zoë", "عائشة"])
def test_the_only_bad_byte_may_be_the_last_one(name: str, end: bytes, told: str, tmp_path: Path) -> None:
    content = rows(1, 2, 3, name=name).encode() + f"{guid(4)},Zo".encode() + end

    assert told in refused(tmp_path, content).message


def test_a_bad_byte_in_an_ldif_file_is_named_too(tmp_path: Path) -> None:
    entry = "dn: CN=Zoë\nobjectClass: user\nobjectGUID: {}\ncn: Zoë\n\n"
    content = "".join(entry.format(guid(n)) for n in (1, 2)).encode()

    error = refused(tmp_path, content + b"dn: CN=Zo\xeb\n\n", "people.ldf")

    assert error.message == "people.ldf line 11: bytes that are no UTF-8 text."


@CHUNKS
@pytest.mark.parametrize("accidents", [1, 2])
def test_a_windows_1252_file_is_read_though_two_of_its_letters_look_like_one_of_utf_8(
    accidents: int, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_CHUNK", chunk)
    odd = "".join(f"{guid(n)},Ã¤,,True\r\n" for n in range(8, 8 + accidents))
    write(tmp_path / "people.csv", (rows(1, 2) + odd).encode("cp1252"))

    people = drain(directory(tmp_path)).people

    assert [people[guid(n)].display_name for n in (1, 2, 8)] == ["Zoë 1", "Zoë 2", "Ã¤"]


@pytest.mark.parametrize("row", [1, 7, 3000])
def test_a_bad_byte_in_a_file_with_a_mark_is_placed_in_its_line(row: int, tmp_path: Path) -> None:
    error = refused(tmp_path, spoilt(row, "utf-8-sig", people=3000))

    assert (error.message, error.remedy) == (
        f"people.csv line {row + 1}: bytes that are no UTF-8 text.",
        AGAIN,
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_half_a_pair_in_a_file_of_two_bytes_is_placed_in_its_line(encoding: str, tmp_path: Path) -> None:
    content = rows(*range(1, 200)).replace("ë 150,", "\ud800 150,").encode(encoding, "surrogatepass")

    assert refused(tmp_path, content).message.startswith("people.csv line 151: bytes that are no UTF-16")


def test_a_bad_byte_in_the_header_is_in_line_1(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + rows(1).replace("mobile", "Büro").encode().replace("ü".encode(), b"\xfc")

    assert refused(tmp_path, content).message == "people.csv line 1: bytes that are no UTF-8 text."


@pytest.mark.parametrize("nuls", [64, 512, 1024])
def test_a_file_that_begins_with_nuls_is_not_taken_for_utf_32(nuls: int, tmp_path: Path) -> None:
    error = refused(tmp_path, bytes(nuls) + HEADER.encode().ljust(64))

    assert "NUL characters, as in a half-written file" in error.message
