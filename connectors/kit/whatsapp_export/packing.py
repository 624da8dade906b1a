"""From a file's bytes to its lines: the text in an archive, its encoding, and the bounds of both.

Nothing is unpacked to a disk, and only the one text is read, line by line, so memory doesn't grow with the file. A
name in an archive is never used as a path.
"""

from __future__ import annotations

import codecs
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

from connectors.kit.text import cut, one_line
from connectors.kit.whatsapp_export.events import TooLarge
from worker.ports import Incomplete

ENTRIES_MAX = 20_000  # an export has at most 10,000 messages with their pictures
DIRECTORY_MAX = 32 << 20  # bytes of an archive's list of entries
RATIO_MAX = 200  # how much smaller an archive may make a text; chats become a tenth
RATIO_FROM = 1 << 20  # bytes; a tiny text may be of one letter
LINE_MAX = 1 << 16  # letters; the rest of a longer line is the middle of a message
SHOWN_MAX = 60
_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_END, _END_SIZE, _COMMENT_MAX = b"PK\x05\x06", 22, 1 << 16
_ENCRYPTED = 0x1
# What the library raises while it unpacks, and what more for a list of entries that makes no sense
_WRONG_INSIDE = (zipfile.BadZipFile, zlib.error, EOFError)
_WRONG_LIST = (ValueError, RuntimeError, OSError, OverflowError, struct.error)
_AGAIN = "Export the chat again in WhatsApp (the group's name, Export chat), and put that file here as it is."
WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@contextmanager
def opened(file: BinaryIO, name: str, text_max: int) -> Iterator[tuple[IO[bytes], str]]:
    """Open a chat's text, and return it with its own file name. Raises Incomplete."""
    start = file.read(len(_ZIP[0]))
    file.seek(0)
    if start not in _ZIP:
        _check_size(name, file.seek(0, io.SEEK_END), text_max)
        file.seek(0)
        yield file, name
        return
    _check_directory(file, name)
    with _damage_named(name, *_WRONG_INSIDE):
        with _damage_named(name, *_WRONG_LIST):
            archive = zipfile.ZipFile(file)
            entry = _chat_in(archive, name, text_max)
            text = archive.open(entry)
        with archive, text:
            yield text, _own_name(entry.filename, name)


def holds_one_text(file: BinaryIO, name: str) -> bool:
    """Whether an archive holds one text and nothing else. Raises Incomplete for one whose list can't be read."""
    file.seek(0)
    _check_directory(file, name)
    with _damage_named(name, *_WRONG_INSIDE, *_WRONG_LIST), zipfile.ZipFile(file) as archive:
        paths = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    file.seek(0)
    return len(paths) == 1 and paths[0].lower().endswith(".txt")


@contextmanager
def _damage_named(name: str, *errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        raise _refused(name, f"the archive is cut or damaged ({type(error).__name__})") from error


def lines(text: IO[bytes], name: str, text_max: int) -> Iterator[tuple[str, bool]]:
    """Yield pieces of lines with their ends, and whether each is the start of a line.

    A longer line than LINE_MAX comes in several pieces. UTF-8, and UTF-16 with its mark; raises Incomplete for others.
    """
    head = text.read(2)
    encoding = WIDE.get(head, "utf-8")
    reader = io.TextIOWrapper(
        io.BufferedReader(_Bounded(head, text, name, text_max)), encoding=encoding, newline="\n"
    )
    is_start = True
    try:
        while piece := reader.readline(LINE_MAX):
            yield piece, is_start
            is_start = piece.endswith("\n")
    except UnicodeError as error:
        raise Incomplete(
            f"{name}: it is not in UTF-8.",
            remedy="WhatsApp writes UTF-8: another program has saved the file. " + _AGAIN,
        ) from error


class _Bounded(io.RawIOBase):
    """Reads a text after its first bytes, at most `text_max` of it, however small the archive says that it is."""

    def __init__(self, head: bytes, text: IO[bytes], name: str, text_max: int) -> None:
        self._head, self._text, self._name = head, text, name
        self._text_max = self._left = text_max

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._head or self._text.read(len(buffer))
        if self._head:
            data, self._head = data[: len(buffer)], data[len(buffer) :]
        self._left -= len(data)
        if self._left < 0:
            raise _too_large(self._name, self._text_max)
        buffer[: len(data)] = data
        return len(data)


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuse an archive with more entries than any export, before its list of entries is read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _COMMENT_MAX - _END_SIZE))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise _refused(name, "the archive is cut: its list of entries is missing")
    entries, directory = struct.unpack_from("<HL", tail, at + 10)
    if entries > ENTRIES_MAX or directory > DIRECTORY_MAX:
        raise _beyond(name, f"the archive has more than {ENTRIES_MAX:,} entries")


def _chat_in(archive: zipfile.ZipFile, name: str, text_max: int) -> zipfile.ZipInfo:
    """Find the chat's text. Media are never opened, whatever they are."""
    entries = archive.infolist()
    if len(entries) > ENTRIES_MAX:
        raise _beyond(name, f"the archive has more than {ENTRIES_MAX:,} entries")
    if unsafe := next((entry for entry in entries if _leads_out(entry.filename)), None):
        raise _refused(name, f"the archive has an entry {_shown(unsafe.filename)}, which leads out of it")
    texts = [entry for entry in entries if entry.filename.lower().endswith(".txt")]
    chats = [entry for entry in texts if _is_chat(entry.filename)] or texts
    if len(chats) != 1:
        nested = any(entry.filename.lower().endswith(".zip") for entry in entries)
        inside = (
            "another archive and no text" if nested and not texts else f"{len(chats)} texts in place of one"
        )
        raise _refused(name, f"the archive holds {inside}")
    _check_entry(chats[0], name, text_max)
    return chats[0]


def _check_entry(entry: zipfile.ZipInfo, name: str, text_max: int) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise _refused(name, "the archive is protected by a password")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _refused(name, "the archive is packed in a way that WhatsApp doesn't use")
    _check_size(name, entry.file_size, text_max)
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO_MAX * entry.compress_size:
        raise _beyond(name, f"its text is packed to less than a {RATIO_MAX}th, which no chat is")


def _is_chat(path: str) -> bool:
    own = path.rpartition("/")[2]
    return "/" not in path and (own == "_chat.txt" or "whatsapp" in own.casefold() or "واتساب" in own)


def _own_name(path: str, name: str) -> str:
    """Return the text's file name, or the archive's for `_chat.txt`, which names no group."""
    own = path.rpartition("/")[2]
    return name if own == "_chat.txt" else own


def _leads_out(path: str) -> bool:
    return path.startswith(("/", "\\")) or ".." in path.replace("\\", "/").split("/") or path[1:2] == ":"


def _check_size(name: str, size: int, text_max: int) -> None:
    if size > text_max:
        raise _too_large(name, text_max)


def _too_large(name: str, text_max: int) -> TooLarge:
    return _beyond(name, f"its text is larger than {text_max >> 20} MB")


def _beyond(name: str, what: str) -> TooLarge:
    return TooLarge(
        f"{name}: {what}.",
        remedy="WhatsApp exports at most 40,000 messages; look at what the file is.",
    )


def _refused(name: str, what: str) -> Incomplete:
    return Incomplete(f"{name}: {what}.", remedy=_AGAIN)


def _shown(path: str) -> str:
    return f"'{cut(one_line(path), SHOWN_MAX)}'"
