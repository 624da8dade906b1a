"""Write a register that reads back as it was: for tests, for the demo, and to hand one to another system.

    rosters -> table of texts (one row per member, or one per group) -> .xlsx or .csv

Texts that a spreadsheet program would run as formulas are neutralised. Not written: LIDs, user names, warnings,
coverage. In the layout of one row per group, an item has only name, role and number or address.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.csv import neutral
from connectors.inventory.register.meaning.about import SAID
from connectors.inventory.register.meaning.cells import one_line
from connectors.inventory.register.meaning.labels import (
    HEADINGS,
    ROLE_WORDS,
    STATUS_WORDS,
    YES_NO_WORDS,
    label,
)
from worker.domain.model import NOTHING_SAID, Group, Member, RegisterStatus, Role, Roster
from worker.ports import BadConfig

Layout = Literal["member", "group"]

_MEMBER_COLUMNS = (
    Meaning.GROUP_NAME,
    Meaning.GROUP_ID,
    Meaning.MESSENGER,
    Meaning.OWNER_EMAIL,
    Meaning.MEMBER,
    Meaning.PHONE,
    Meaning.ROLE,
    Meaning.EMPLOYEE_ID,
    Meaning.EMAIL,
    Meaning.JOINED_ON,
)
_ESCAPED = re.compile(
    r"_(?=x[0-9A-Fa-f]{4}_)"
)  # Excel reads _x0041_ as A, so its underscore is written as one, too


def write_register(
    path: Path, rosters: Iterable[Roster], taken_at: datetime | None = None, layout: Layout = "member"
) -> None:
    """Write the rosters to `path` (.xlsx or .csv), which is replaced in one step so that no reader sees half of it.

    `taken_at` (aware) becomes the date of the register, to the microsecond; without it, the file's own time counts.
    Raises BadConfig for another extension, OSError if it can't be written. Writing again gives the same table.
    """
    writers = {".xlsx": _xlsx, ".csv": _csv}
    write = writers.get(path.suffix.casefold())
    if write is None:
        raise BadConfig(
            f"{path.name}: a register is written as .xlsx or .csv.", remedy="Change the extension."
        )
    beside = path.with_name(f".{path.name}.writing")
    beside.write_bytes(write(table_of(rosters, taken_at, layout)))
    beside.replace(path)


def table_of(
    rosters: Iterable[Roster], taken_at: datetime | None = None, layout: Layout = "member"
) -> list[list[str]]:
    """Return the register's rows as plain texts, with its date, if any, above the header."""
    rows = [] if taken_at is None else [[label("en", Meaning.AS_OF), taken_at.isoformat()], []]
    written = list(rosters)
    return rows + (_by_member(written) if layout == "member" else _by_group(written))


def _by_member(rosters: Sequence[Roster]) -> list[list[str]]:
    columns = _said_columns(rosters)
    rows = [[label("en", meaning) for meaning in (*_MEMBER_COLUMNS, *columns)]]
    for roster in rosters:
        first, *others = [_member(member) for member in roster.members] or [[""] * 6]
        rows.append([*_about(roster.group), *first, *_said(roster, columns)])
        rows += [[*_about(roster.group), *member, *[""] * len(columns)] for member in others]
    return rows


def _about(group: Group) -> list[str]:
    return [_text(group.name), _text(group.group_id), group.messenger, group.owner_email or ""]


def _said_columns(rosters: Sequence[Roster]) -> list[Meaning]:
    """The columns that at least one group has something in."""
    said = [roster.registered for roster in rosters if roster.registered is not None]
    return [m for m in SAID if any(getattr(one, m.value) is not None for one in said)]


def _said(roster: Roster, columns: Sequence[Meaning]) -> list[str]:
    said = roster.registered or NOTHING_SAID
    return [_word(getattr(said, meaning.value)) for meaning in columns]


def _word(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES_NO_WORDS["en"][0 if value else 1]
    return STATUS_WORDS["en"][value] if isinstance(value, RegisterStatus) else _text(str(value))


def _member(member: Member) -> list[str]:
    return [
        _text(member.display_name),
        member.phone or "",
        ROLE_WORDS["en"][member.role],
        member.employee_id or "",
        member.email or "",
        member.joined_at.isoformat() if member.joined_at else "",
    ]


def _by_group(rosters: Sequence[Roster]) -> list[list[str]]:
    columns = _said_columns(rosters)
    heads = [HEADINGS["en"][m] for m in (*_MEMBER_COLUMNS[:4], *columns)]
    rows = [[*heads, "Members", "Admins", "Creator"]]
    for roster in rosters:
        cells = [_list(members) for members in _by_role(roster.members)]
        rows.append([*_about(roster.group), *_said(roster, columns), *cells])
    return rows


def _by_role(members: Sequence[Member]) -> list[list[Member]]:
    """Members by cell: everybody in the first, to keep the order; admins and creators again in their own."""
    return [
        list(members),
        [member for member in members if member.role is Role.ADMIN],
        [member for member in members if member.role is Role.CREATOR],
    ]


def _list(members: Sequence[Member]) -> str:
    """One line for each member. A semicolon after a single one marks it as complete, even with commas in it."""
    lines = "\n".join(map(_item, members))
    return f"{lines};" if len(members) == 1 and "," in lines else lines


def _item(member: Member) -> str:
    name = re.sub(r"[;؛；]", ",", _text(member.display_name))
    identity = member.phone or (f"<{member.email}>" if member.email else "")
    role = f"({ROLE_WORDS['en'][Role.UNKNOWN]})" if member.role is Role.UNKNOWN else ""
    return " ".join(filter(None, (name, role, identity)))


def _text(text: str) -> str:
    return one_line(ILLEGAL_CHARACTERS_RE.sub("", text))


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows([_neutral(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")  # without a BOM, Excel would assume the local code page


def _neutral(text: str) -> str:
    """As `neutral`, but leave phone numbers alone: they are no formulas, and need no apostrophe."""
    return text if re.fullmatch(r"\+\d+", text) else neutral(text)


def _xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Groups")
    for row in rows:
        sheet.append([_cell(sheet, text) for text in row])
    data = io.BytesIO()
    book.save(data)
    book.close()
    return data.getvalue()


def _cell(sheet: WriteOnlyWorksheet, text: str) -> Cell | None:
    """Return a text cell: Excel does not calculate it, nor take it for a number when it is edited."""
    if not text:
        return None
    cell = WriteOnlyCell(sheet, _ESCAPED.sub("_x005F_", text))
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = True
    return cell
