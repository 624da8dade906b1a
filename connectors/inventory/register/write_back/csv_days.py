"""Write days into a CSV file, and leave every other character as it is: encoding, delimiter, quotes, line ends.

A new column makes every record from the headings on one value longer, as a last one that is shorter looks cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from connectors.inventory.register.formats.csv import Script, lines_of, script_of
from connectors.inventory.register.write_back.cells import Days
from worker.ports import BadConfig

QUOTE = '"'


def csv_with_days(name: str, data: bytes, days: Days) -> bytes:
    """Return the file's bytes with the days. Raises BadConfig if it has bytes that are no characters."""
    script = script_of(name, data)
    if _encoded(script, script.text) != data:
        raise BadConfig(
            f"{name}: it has bytes that are no {script.encoding} text, so nothing can be written to it.",
            remedy="Save it again as CSV UTF-8.",
        )
    return _encoded(script, "".join(_written(script, days)))


def _encoded(script: Script, text: str) -> bytes:
    return script.mark + text.encode(script.encoding, errors="replace")


def _written(script: Script, days: Days) -> Iterator[str]:
    lines = list(lines_of(script.text))
    starts = [first - 1 for first in days.table.lines]
    yield from lines[: starts[0]]
    head = min(days.cells)
    for at, (begin, end) in enumerate(pairwise([*starts, len(lines)])):
        record = "".join(lines[begin:end])
        is_longer = days.is_new and at >= head and not record.isspace()
        yield (
            _with(record, script.delimiter, days.column, days.cells.get(at, ""))
            if is_longer or at in days.cells
            else record
        )


def _with(record: str, delimiter: str, column: int, value: str) -> str:
    """A record with a value in a column, which is quoted if its first value is."""
    body = record.rstrip("\r\n")
    values = list(_values(body, delimiter))
    values += [""] * (column + 1 - len(values))
    values[column] = f"{QUOTE}{value}{QUOTE}" if value and body.startswith(QUOTE) else value
    return delimiter.join(values) + record[len(body) :]


def _values(body: str, delimiter: str) -> Iterator[str]:
    """A record's values as they are written, with their quotes."""
    at = 0
    while True:
        end = body.find(delimiter, _after_quotes(body, at))
        if end < 0:
            yield body[at:]
            return
        yield body[at:end]
        at = end + 1


def _after_quotes(body: str, at: int) -> int:
    """Where a value's quotes end; its beginning if it has none."""
    if not body.startswith(QUOTE, at):
        return at
    at = body.index(QUOTE, at + 1)
    while body.startswith(QUOTE, at + 1):  # a doubled one belongs to the value
        at = body.index(QUOTE, at + 2)
    return at + 1
