"""The part of docs/lies.md that is generated: every lie, as the tests play it."""

from __future__ import annotations

from lies import directories, inventories
from lies.lie import Lie

TABLES = (("Directories", directories.LIES), ("Inventories", inventories.LIES))


def lies_text() -> str:
    """A table for each kind of source."""
    return "\n".join(f"### {title}\n\n{_table(lies)}\n" for title, lies in TABLES)


def _table(lies: tuple[Lie, ...]) -> str:
    head = "| | the source says | what is true | told by | Whosleft |\n|---|---|---|---|---|"
    return "\n".join([head, *map(_row, lies)])


def _row(lie: Lie) -> str:
    return f"| {lie.number} | {lie.says} | {lie.truth} | {lie.told_by} | {lie.does.value} |"
