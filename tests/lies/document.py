"""The part of docs/lies.md that is generated: every lie, as the tests play it."""

from __future__ import annotations

from lies import directories, inventories
from lies.lie import Lie

TABLES = (("Directories", directories.LIES), ("Inventories", inventories.LIES))


def lies_text() -> str:
    """A table for each kind of source, and what is wrong with the worker, if anything is."""
    parts = [f"### {title}\n\n{_table(lies)}\n" for title, lies in TABLES]
    faults = [lie for _title, lies in TABLES for lie in lies if lie.fault]
    rows = [f"* {lie.number}: {lie.fault}." for lie in faults]
    return "\n".join([*parts, "### What Whosleft gets wrong so far\n", *(rows or ["Nothing."]), ""])


def _table(lies: tuple[Lie, ...]) -> str:
    head = "| | the source says | what is true | told by | Whosleft |\n|---|---|---|---|---|"
    return "\n".join([head, *map(_row, lies)])


def _row(lie: Lie) -> str:
    does = f"**is wrong**: {lie.fault}" if lie.fault else lie.does.value
    return f"| {lie.number} | {lie.says} | {lie.truth} | {lie.told_by} | {does} |"
