"""Find the cells that get a day: the member's row, or the first row of the group. Pure.

tables with headers + what was verified -> for each table: its column of ours, and the days by row
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.reading import all_rows, take_verified_on
from connectors.inventory.register.formats.table import Table
from connectors.inventory.register.formats.work import Asked
from connectors.inventory.register.meaning.groups import group_ids_of, ids_by_name
from connectors.inventory.register.meaning.headings import Header
from connectors.inventory.register.meaning.rows import Row
from worker.ports.connectors.kept_list import ProvenRow

HEADING = "Verified on (Whosleft)"


@dataclass(frozen=True, slots=True)
class Days:
    """What is written into one table: texts by row, all in one column. Rows and columns count from 0.

    `is_new`: the table has no such column yet, and `cells` has its heading, too; it is the first beyond all others.
    """

    table: Table
    column: int
    cells: Mapping[int, str]
    is_new: bool

    @property
    def rows(self) -> int:
        """How many rows get a day."""
        return len(self.cells) - self.is_new


def days_of(tables: Sequence[tuple[Table, Header]], proven: Sequence[ProvenRow], asked: Asked) -> list[Days]:
    """Return what is to be written; nothing for a table whose rows have their days already.

    A day that is there is never replaced by an earlier one.
    """
    before = [take_verified_on(table, header) for table, header in tables]
    wanted: list[dict[int, date]] = [{} for _ in tables]
    for (number, at), day in _places(all_rows(tables, asked.region), proven, asked.config.messenger):
        if before[number].get(at, date.min) < day:
            wanted[number][at] = max(day, wanted[number].get(at, day))
    return [_days(table, header, days) for (table, header), days in zip(tables, wanted, strict=True) if days]


def _days(table: Table, header: Header, days: Mapping[int, date]) -> Days:
    cells = {at: day.isoformat() for at, day in sorted(days.items())}
    column = header.columns.get(Meaning.VERIFIED_ON)
    if column is not None:
        return Days(table, column, cells, is_new=False)
    widths = (*map(len, table.rows), *(right + 1 for _top, _left, _bottom, right in table.merged))
    return Days(table, max(widths), {header.row: HEADING, **cells}, is_new=True)


def _places(
    rows: Sequence[Row], proven: Sequence[ProvenRow], messenger: str
) -> Iterator[tuple[tuple[int, int], date]]:
    """Yield the place (table, row) and the day of each row that was verified."""
    ids = ids_by_name(rows)
    by_group: dict[str, list[ProvenRow]] = {}
    for one in proven:
        by_group.setdefault(one.group_id, []).append(one)
    first: dict[str, tuple[int, int]] = {}
    shown: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in rows:
        group_id, *others = group_ids_of(row, ids, messenger) if row.has_group else [""]
        if group_id in by_group and not others:
            place = row.table, row.at
            first.setdefault(group_id, place)
            for showing in row.members:
                shown.setdefault((group_id, showing.seen.handle or ""), []).append(place)
    for group_id, place in first.items():
        for one in by_group[group_id]:
            found = [at for handle in one.handles for at in shown.get((group_id, handle), ())]
            yield from ((at, one.day) for at in found or [place])
