"""CSV: the encoding and the delimiter are the ones under which a header row can be recognised.

UTF-8 (with or without mark), UTF-16 and the Windows code pages of Western European and Arabic; comma,
semicolon,
tab and bar; Excel's ``sep=`` line. A file that ends inside a quoted value or a character was cut.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from connectors.inventory.register.formats.table import Kind, Shared, Table, Value
from connectors.inventory.register.meaning.headings import header_score
from worker.ports import BadConfig, Incomplete

DELIMITERS = ",;\t|"
SAMPLE_LINES, SAMPLE_LETTERS = 60, 1 << 20
CELLS_MAX = 5_000_000
# Text that a spreadsheet program would take for a formula gets an apostrophe before it (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_WITHIN = re.compile(r"""[;,|\t\r\n][ "]*'*(?=[=+\-@])""")
_MARKED = re.compile(r"""([;,|\t\r\n][ "]*'*)'(?=[=+\-@])""")


@dataclass(frozen=True, slots=True)
class Script:
    """How a file is written: its text without the mark at its start, the mark, the encoding and the delimiter.

    `is_told`: its first line says the delimiter, and is no row.
    """

    text: str
    mark: bytes
    encoding: str
    delimiter: str
    is_told: bool


def read_csv(name: str, data: bytes) -> Table:
    """Return the file as one table. Raises Incomplete when it was cut, BadConfig when it isn't text."""
    script = script_of(name, data)
    rows, lines = _parsed(name, script.text, script.delimiter)
    if script.is_told:
        rows, lines = rows[1:], lines[1:]
    _whole(name, script.text, rows)
    return Table(name, Kind.LINES, rows, lines=tuple(lines))


def script_of(name: str, data: bytes) -> Script:
    """Find how a file is written. Raises as `read_csv` does."""
    mark, texts = _decoded(name, data)
    told = _told_delimiter(texts[0][1])
    choices = list(product(texts, told or DELIMITERS))
    (encoding, text), delimiter = max(choices, key=lambda choice: _score(choice[0][1], choice[1]))
    return Script(text, mark, encoding, delimiter, is_told=bool(told))


def neutral(text: str) -> str:
    """Return the text so that no spreadsheet program runs it as a formula; `restored` undoes it.

    This also covers programs that split lines at another mark than ours, and so ignore our quotes.
    """
    text = _WITHIN.sub(r"\g<0>'", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def restored(text: str) -> str:
    """Undo `neutral`; any other text is returned as it is."""
    is_marked = text.startswith("'") and text[1:].startswith(FORMULA_STARTS)
    return _MARKED.sub(r"\1", text[1:] if is_marked else text)


def _decoded(name: str, data: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """The mark at the start, and what the rest may say, by encoding."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return mark, [(encoding, _strict(name, data, len(mark), encoding))]
    if b"\0" in data:
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        if data.count(b"\0") < len(data) // 4:
            raise BadConfig(
                f"{name}: this is not a text file.",
                remedy="Set `path` to a register in .xlsx, .xlsm, .ods, .csv or .docx.",
            )
        return b"", [(encoding, _strict(name, data, 0, encoding))]
    try:
        return b"", [("utf-8", data.decode())]
    except UnicodeDecodeError as error:
        if error.end >= len(data) and "unexpected end" in error.reason:
            raise _cut(name, "a character") from error
        return b"", [(page, data.decode(page, errors="replace")) for page in ("cp1252", "cp1256")]


def _strict(name: str, data: bytes, start: int, encoding: str) -> str:
    try:
        return str(memoryview(data)[start:], encoding)
    except UnicodeDecodeError as error:
        if start + error.end >= len(data):
            raise _cut(name, "a character") from error
        raise Incomplete(
            f"{name}: byte {start + error.start + 1} is not {encoding} text.",
            remedy="Save it again as CSV UTF-8.",
        ) from error


def _told_delimiter(text: str) -> str:
    first = text.split("\n", 1)[0].strip().strip('"')
    return first[4] if len(first) == len("sep=;") and first.casefold().startswith("sep=") else ""


def _score(text: str, delimiter: str) -> tuple[int, int]:
    sample = text[:SAMPLE_LETTERS].splitlines(keepends=True)[:SAMPLE_LINES]
    try:
        rows = list(csv.reader(sample, delimiter=delimiter))
    except csv.Error:
        return 0, 0
    values: list[list[Value]] = [list(row) for row in rows]
    return header_score(values), max(map(len, rows), default=0)


def _parsed(name: str, text: str, delimiter: str) -> tuple[list[list[Value]], list[int]]:
    reader = csv.reader(lines_of(text), delimiter=delimiter, strict=True)
    rows: list[list[Value]] = []
    lines = []
    shared = Shared()
    at, cells = 1, 0
    try:
        for row in reader:
            cells += len(row)
            if cells > CELLS_MAX:
                raise BadConfig(
                    f"{name}: it has more than {CELLS_MAX:,} values.",
                    remedy="Copy the rows and columns that are used to a new file.",
                )
            rows.append([shared(restored(cell)) for cell in row])
            lines.append(at)
            at = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            raise Incomplete(
                f"{name}: line {at}: a value is longer than {csv.field_size_limit():,} letters, "
                "or a quote is opened and never closed.",
                remedy="Shorten the value, or close the quote.",
            ) from error
        if "unexpected end" in str(error):
            raise _cut(name, f"the quoted value that begins in line {at}") from error
        raise Incomplete(
            f"{name}: line {at}: {error}.",
            remedy='Put quotes around values that hold quotes, commas or line breaks: "Doe, Jane".',
        ) from error
    return rows, lines


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines with their ends. StringIO would have four bytes of each letter in memory."""
    return (line[0] for line in _LINE.finditer(text) if line[0])


def _whole(name: str, text: str, rows: list[list[Value]]) -> None:
    """Raise Incomplete if the file was cut within a line end, or in a last line with too few values and no end."""
    if text.endswith("\r") and "\r\n" in text:
        raise _cut(name, "the end of a line")
    if text.endswith(("\n", "\r")) or not any(rows[:-1]):
        return
    usual, _count = Counter(len(row) for row in rows[:-1] if row).most_common(1)[0]
    if len(rows[-1]) < usual:
        raise _cut(name, f"its last line: it has {len(rows[-1])} of {usual} values")


def _cut(name: str, where: str) -> Incomplete:
    return Incomplete(
        f"{name}: the file was cut inside {where}.",
        remedy="Export it again, or wait until it is written; nothing of it is kept.",
    )
