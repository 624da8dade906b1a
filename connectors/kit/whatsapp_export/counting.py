"""Which lines of a text begin a record, how many there are, and of which days: of a whole file, or of pieces.

A record only begins at a true start of a line, in the file's own shape. See `reading`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

from connectors.kit.dates import DateOrder
from connectors.kit.whatsapp_export.dates import Orders, is_possible, written_at
from connectors.kit.whatsapp_export.events import Asked, Platform, TooLarge, ZipSeen
from connectors.kit.whatsapp_export.heads import Head, split
from connectors.kit.whatsapp_export.packing import LINE_MAX, WIDE, holds_one_text, opened
from worker.domain.controls.seals import Counted
from worker.ports import Incomplete

_CRLF = "\r\n"
_BOM_SIZE = 2
_CHUNK = 1 << 20
# Bytes: forty thousand messages, the most that is exported, are less. A desk counts within its own process, and takes
# half a second for a megabyte.
COUNTED_MAX = 8 << 20
_BLANK_LINES = re.compile(r"(\r?\n)\1{2,}")  # of many, the last two say how a line ends


@dataclass(slots=True)
class Records:
    """The records of a file as far as it was read."""

    orders: Orders
    ending: str = ""  # of the first line
    tail: str = ""  # how the line before ended
    first: Head | None = None
    last: Head | None = None
    newest: Head | None = None  # the last one that is not in the future
    count: int = 0
    impossible: int = 0  # heads of no day, or of another calendar

    @property
    def is_of_other_calendar(self) -> bool:
        """Whether most of its lines have dates of no calendar that is read."""
        return self.impossible > self.count

    def begun_by(self, line: str) -> tuple[Head, str] | None:
        """Return the head of the record that a line begins, and the rest of the line; None if it begins none."""
        if self.ending == _CRLF != self.tail:
            return None  # within a message
        found = split(line)
        if found is None:
            return None
        head, rest = found
        if not is_possible(head):
            self.impossible += 1
            return None
        if self.first is None:
            self.first = head
        elif head.shape != self.first.shape:
            return None
        if not self.ending or head.shape.platform is Platform.IOS:
            self.ending = _CRLF if line.endswith(_CRLF) else self.ending or "\n"
        self.orders.add(head)
        return head, rest

    def add(self, head: Head) -> None:
        """Count a record that a line has begun."""
        self.last = head
        self.newest = head if self.orders.is_past(head) else self.newest
        self.count += 1

    def ends_with(self, line: str) -> None:
        """Note how a line, or a piece of one, ends."""
        self.tail = (self.tail + line)[-2:]


class ChatCount:
    """Counts the records of a text that comes in pieces; holds no more than one line of it.

    A text of more than COUNTED_MAX bytes is not counted, and from there on not looked at.
    `now` is aware UTC, `timezone` (IANA) that of its times.
    """

    def __init__(self, now: datetime, timezone: str) -> None:
        self._records = Records(Orders(now.astimezone(ZoneInfo(timezone))))
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._line = ""
        self._taken = 0
        self._is_countable = True

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        self._taken += len(data)
        if self._taken > COUNTED_MAX:
            self._give_up()
        if not self._is_countable:
            return
        if self._decoder is None:
            data, self._head = self._head + data, self._head + data[:_BOM_SIZE]
            if len(data) < _BOM_SIZE:
                return
            self._decoder = codecs.getincrementaldecoder(WIDE.get(data[:_BOM_SIZE], "utf-8"))()
        self._decode(data)

    def end(self) -> Counted | None:
        """What was counted; None if the text is no export of a chat, or too large."""
        self._decode(b"", is_last=True)
        if self._line:
            self._take_line(self._line)
        records = self._records
        if not self._is_countable or records.first is None or records.is_of_other_calendar:
            return None
        order, last = records.orders.decided(), records.newest or records.last or records.first
        return Counted(records.count, _day(records.first, order), _day(last, order))

    def _decode(self, data: bytes, *, is_last: bool = False) -> None:
        if self._decoder is None or not self._is_countable:
            return
        try:
            text = self._decoder.decode(data, is_last)
        except UnicodeError:  # another program has saved the file, or it is none of text
            self._give_up()
            return
        *whole, line = _BLANK_LINES.sub(r"\1\1", self._line + text).split("\n")
        for one in whole:
            self._take_line(f"{one}\n")
        # The rest of a long line is the middle of a message; only its end matters
        self._line = line if len(line) <= LINE_MAX else line[:LINE_MAX] + line[-1]

    def _give_up(self) -> None:
        self._is_countable, self._line = False, ""

    def _take_line(self, line: str) -> None:
        found = self._records.begun_by(line)
        if found is not None:
            self._records.add(found[0])
        self._records.ends_with(line)


def _day(head: Head, order: DateOrder | None) -> date | None:
    at = written_at(head, order) if order is not None else None
    return at.date() if at else None


def look_into(file: BinaryIO, asked: Asked) -> Iterator[ZipSeen]:
    """Yield what an archive holds, without unpacking it anywhere. Raises TooLarge for one that is larger than any chat.

    Of an archive that is damaged, protected, or no chat's export, what can't be told is None.
    """
    try:
        media = not holds_one_text(file, asked.name)
    except TooLarge:
        raise
    except Incomplete:
        yield ZipSeen(None, None)
        return
    try:
        counted = _counted(file, asked)
    except TooLarge:
        raise
    except Incomplete:
        counted = None
    yield ZipSeen(media, counted)


def _counted(file: BinaryIO, asked: Asked) -> Counted | None:
    count = ChatCount(asked.now, asked.timezone)
    with opened(file, asked.name, asked.text_max) as (text, _):
        while data := text.read(_CHUNK):
            count.take(data)
    return count.end()
