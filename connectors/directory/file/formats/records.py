"""One record as it is in a file, before it gets a meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from worker.ports import Malformed

# For a property with several values, such as otherMobile, PowerShell writes the name of its type.
_POWERSHELL_TYPE = re.compile(
    r"System\.[\w.]+\[\]|System\.Collections\.\S+|Microsoft\.[^\s`]*(?:Collection|\[\])(?:`1\S*)?"
)


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A row or an entry: folded column name -> its values, without empty ones.

    `line` is where it starts, counted from 1. Binary LDIF attributes are base64 text. One that is `spoilt` has no value
    but its id, since all others may stand in the wrong columns. `typed` are the columns in which PowerShell wrote the
    name of a type: nobody knows what stood there.
    """

    line: int
    values: Mapping[str, tuple[str, ...]]
    spoilt: Malformed | None = None
    typed: frozenset[str] = frozenset()

    def hides(self, columns: tuple[str, ...]) -> bool:
        """True if none of these columns has a value, and one has the name of a type."""
        return bool(self.typed) and not self.first(columns) and not self.typed.isdisjoint(columns)

    def first(self, columns: tuple[str, ...]) -> str:
        """The first value of the first of these columns that has one; else empty."""
        for column in columns:
            if values := self.values.get(column):
                return values[0]
        return ""


def clean(cell: str) -> str:
    """A cell without outer spaces, and without the marks that Excel users put around numbers (`="0123"`, `'0123`)."""
    text = cell.strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1].strip()
    return text.removeprefix("'")


def is_powershell_type(text: str) -> bool:
    """True if a cell holds the name of a type instead of values."""
    return text.startswith(("System.", "Microsoft.")) and _POWERSHELL_TYPE.fullmatch(text) is not None
