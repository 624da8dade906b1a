"""What one row says of its group besides the members: messenger, owner, join link, and the register's facts. Pure.

cells -> Row.messenger, owner_email, link_sha256, as_of, said (RegisterFacts)
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.table import Value, is_blank, text_of
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.cells import emails_in, is_nothing, messenger_of, yes_or_no
from connectors.inventory.register.meaning.dates import is_never
from connectors.inventory.register.meaning.row_cells import Cells
from connectors.inventory.register.meaning.words import plain
from connectors.kit.text import cut, one_line, quoted
from connectors.kit.whatsapp import link_hash
from worker.domain.model import NOTHING_SAID, RegisterFacts, RegisterStatus

TEXT_MAX = 500  # letters
SAID = tuple(Meaning(f.name) for f in fields(RegisterFacts))


def about_group(cells: Cells) -> None:
    """Read the row's cells about its group into `cells.row`."""
    row = cells.row
    messenger = cells.value(Meaning.MESSENGER)
    if not is_nothing(messenger):
        row.messenger, is_known = messenger_of(messenger)
        if not is_known:
            row.notes.append(f"the messenger {quoted(text_of(messenger))} is not one that is known")
    row.owner_email = _owner(cells)
    row.link_sha256 = _link(cells)
    row.as_of = cells.day(Meaning.AS_OF)
    row.said = _said(cells)


def both_said(one: RegisterFacts, other: RegisterFacts) -> tuple[RegisterFacts, list[Meaning]]:
    """Return what two rows say together, of each fact the first; and of which the second says something else."""
    said = {m: (getattr(one, m.value), getattr(other, m.value)) for m in SAID}
    new: dict[str, Any] = {m.value: second for m, (first, second) in said.items() if first is None}
    differing = [m for m, (first, second) in said.items() if None not in {first, second} and first != second]
    return replace(one, **new), differing


def _link(cells: Cells) -> str | None:
    """Return the hash of the group's join link; nothing else of it is kept, as it is a key.

    A code that stands alone has small and capital letters within. People write "disabled" there, too, which many
    groups would have in common.
    """
    typed = text_of(cells.value(Meaning.JOIN_LINK)).strip()
    is_link = "/" in typed or (typed[1:].upper() != typed[1:] != typed[1:].lower())
    return link_hash(typed) if is_link else None


def _owner(cells: Cells) -> str | None:
    owner = cells.value(Meaning.OWNER_EMAIL)
    if is_nothing(owner):
        return None
    email = next(iter(emails_in(owner)), None)
    if email is None:
        cells.problem(
            cells.header.columns[Meaning.OWNER_EMAIL],
            "the owner is no e-mail address",
            "Write the e-mail address of the person who answers for the group; the person who made the group "
            "goes into a column 'Creator'.",
        )
    return email


def _said(cells: Cells) -> RegisterFacts:
    if cells.header.columns.keys().isdisjoint(SAID):
        return NOTHING_SAID
    for meaning in SAID:
        if (column := cells.broken(meaning)) is not None:
            cells.problem(column, f"{meaning.words}: {cells.why(column)}", "Write the value itself.")
    return RegisterFacts(
        purpose=_text(cells.value(Meaning.PURPOSE)),
        owner_department=_text(cells.value(Meaning.OWNER_DEPARTMENT)),
        data_class=_text(cells.value(Meaning.DATA_CLASS)),
        sensitive=_flag(cells, Meaning.SENSITIVE),
        externals_allowed=_flag(cells, Meaning.EXTERNALS_ALLOWED),
        description_ok=_flag(cells, Meaning.DESCRIPTION_OK),
        picture_ok=_flag(cells, Meaning.PICTURE_OK),
        approval=_flag(cells, Meaning.APPROVAL),
        created_on=_day(cells, Meaning.CREATED_ON),
        ends_on=_end(cells),
        status=_status(cells),
        review_due=_day(cells, Meaning.REVIEW_DUE),
        move_to=_move_to(cells.value(Meaning.MOVE_TO)),
        closed_on=_day(cells, Meaning.CLOSED_ON),
    )


def _text(value: Value) -> str | None:
    return None if is_nothing(value) else cut(one_line(text_of(value)), TEXT_MAX)


def _flag(cells: Cells, meaning: Meaning) -> bool | None:
    """Yes or no; an empty cell and an empty box are neither."""
    value = cells.value(meaning)
    if is_blank(value) or text_of(value).strip() in words.UNDECIDED_MARKS:
        return None
    said = yes_or_no(value)
    if said is None and not is_nothing(value):
        what = f"{meaning.words}: {quoted(text_of(value))} is neither yes nor no"
        cells.problem(cells.header.columns[meaning], what, "Write yes or no, or leave the cell empty.")
    return said


def _day(cells: Cells, meaning: Meaning) -> date | None:
    said = cells.day(meaning)
    return said.date() if isinstance(said, datetime) else said


def _end(cells: Cells) -> date | None:
    is_endless = is_never(cells.value(Meaning.ENDS_ON), cells.region)
    return None if is_endless else _day(cells, Meaning.ENDS_ON)


def _status(cells: Cells) -> RegisterStatus | None:
    value = cells.value(Meaning.STATUS)
    if is_nothing(value):
        return None
    status = words.STATUSES.get(plain(text_of(value)))
    if status is None:
        # No problem of the cell, since the column may be of something else than the group
        cells.row.notes.append(f"the status {quoted(text_of(value))} is neither active nor closed")
    return status


def _move_to(value: Value) -> str | None:
    text = _text(value)
    key, is_known = messenger_of(text) if text else ("", False)
    return key if is_known else text
