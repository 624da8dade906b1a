"""Find a table's header row, and what each of its columns means.

Only the vocabulary counts, never a guess: a heading that can mean two things is not recognised. Two columns with the
same meaning are an error that names both, except for phone numbers, since a person may have several.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.table import Table, Value, is_blank, text_of
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.words import plain
from connectors.kit.text import listed, quoted
from worker.ports import BadConfig

HEADER_ROWS_MAX = 30  # title rows, logos and instructions end before this
HEADINGS_MIN = 2  # one word that looks like a heading is only a word
HEADING_CHARACTERS_MAX = 80
HEADING_DIGITS_MAX = 2
GROUP = frozenset({Meaning.GROUP_ID, Meaning.GROUP_NAME})
IDENTITY = frozenset({Meaning.MEMBER, Meaning.PHONE, Meaning.EMAIL, Meaning.EMPLOYEE_ID})
ROLES = frozenset({Meaning.ROLE, Meaning.ADMINS, Meaning.CREATOR})

BRACKETED = re.compile(r"[(\[（][^()\[\]（）]*[)\]）]")


@dataclass(frozen=True, slots=True)
class Header:
    """A table's header: its row, the column of each meaning, and the phone columns in the order to try them.

    `headings` are all of the row's texts with their meanings, by column.
    """

    row: int
    columns: Mapping[Meaning, int]
    phones: tuple[int, ...]
    headings: tuple[tuple[int, str, Meaning | None], ...]

    @property
    def has_group(self) -> bool:
        """True if a column says which group a row is about."""
        return not GROUP.isdisjoint(self.columns)

    @property
    def has_members(self) -> bool:
        """True if a column names members of the group, other than its admins."""
        return bool(self.phones) or not IDENTITY.isdisjoint(self.columns)

    @property
    def is_list(self) -> bool:
        """True if a member's cell holds several: its heading is plural, or nothing else names a person."""
        column = self.columns.get(Meaning.MEMBER)
        heading = next((text for at, text, _ in self.headings if at == column), "")
        has_more = self.phones or {Meaning.EMAIL, Meaning.EMPLOYEE_ID} & self.columns.keys()
        return plain(heading) in words.LIST_HEADINGS or not has_more


def find_header(table: Table, told: Mapping[Meaning, str]) -> Header | None:
    """Return the header within the first rows, or None when no row is one.

    `told` is the configuration's `columns`, which wins over the vocabulary. Raises BadConfig, which names both
    places, if two columns of the header mean the same.
    """
    best: tuple[int, int] | None = None
    for number, row in enumerate(table.rows[:HEADER_ROWS_MAX]):
        score = _row_score(row, told)
        if score >= HEADINGS_MIN and (best is None or score > best[0]):
            best = score, number
    return None if best is None else _header(table, best[1], told)


def other_headings(table: Table, header: Header, told: Mapping[Meaning, str]) -> int | None:
    """Return the first row that begins another list in the table, by headings that differ from the header's, or None.

    A row of headings right above the header belongs to it. The column of ours need not be repeated.
    """
    own = header.columns.get(Meaning.VERIFIED_ON)
    head = _texts(table.rows[header.row], own)
    found = [at for at in _heading_rows(table, told) if _texts(table.rows[at], own) != head]
    between = table.rows[found[0] + 1 : header.row] if found else ()
    if any(not is_blank(value) for row in between for value in row):
        return header.row
    return next((at for at in found if at > header.row), None)


def _heading_rows(table: Table, told: Mapping[Meaning, str]) -> Iterator[int]:
    """Yield the rows whose cells are headings, too many to be a group, a name and a role by chance.

    One cell may be a heading that isn't known, where those that are tell a group, who is in it, and more.
    """
    known: dict[str, bool] = {}  # cells of a long list are mostly like one before, or have digits

    def is_heading(text: str) -> bool:
        if text not in known:
            known[text] = _is_name(text) or any(meaning for _, _, meaning in _read([text], told))
        return known[text]

    def may_be_heading(value: Value) -> bool:
        return isinstance(value, str) and sum(map(str.isdigit, value)) <= HEADING_DIGITS_MAX

    for at, row in enumerate(table.rows):
        values = [value for value in row if not is_blank(value)]
        if not all(map(may_be_heading, values)):
            continue
        unknown = list(islice((value for value in values if not is_heading(text_of(value))), 2))
        if len(unknown) > 1:
            continue
        meanings = {meaning for _, _, meaning in _read(row, told)}
        has_both = not meanings.isdisjoint(GROUP) and not meanings.isdisjoint(IDENTITY)
        has_more = _row_score(row, told) > HEADINGS_MIN
        if (has_both and has_more) if None in meanings else (has_both or has_more):
            yield at


def _texts(row: Sequence[Value], without: int | None) -> list[str]:
    texts = ["" if at == without else plain(text_of(value)) for at, value in enumerate(row)]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def header_score(rows: Sequence[Sequence[Value]]) -> int:
    """Return how many meanings the best of the first rows shows; the delimiter of a CSV file is chosen by it."""
    return max((_row_score(row, {}) for row in rows[:HEADER_ROWS_MAX]), default=0)


def missing_columns(told: Mapping[Meaning, str], tables: Sequence[tuple[Table, Header | None]]) -> None:
    """Raise BadConfig if a heading of the configuration's `columns` is in no table; it lists the existing ones.

    Of a table without a header it lists the row that has a known heading: other cells may be people.
    """
    found = {plain(text) for _, header in tables if header for _, text, _ in header.headings}
    for meaning, heading in told.items():
        if plain(heading) in found:
            continue
        shown = list(dict.fromkeys(_shown(tables, told)))
        near = difflib.get_close_matches(heading, shown, n=1, cutoff=0.5)
        raise BadConfig(
            f"columns.{meaning.value}: no column is headed '{heading}'; there are: "
            f"{listed(shown) or 'none that is known'}.",
            remedy=f"Did you mean {quoted(near[0])}?"
            if near
            else "Write the heading as it stands in the register.",
        )


def label_before(text: str, labels: frozenset[str]) -> str | None:
    """Return the text after a label at its start ("Stand: 24.11.2026"), "" if nothing follows, None without label."""
    pieces = text.split()
    for count in range(min(4, len(pieces)), 0, -1):
        if plain(" ".join(pieces[:count])) in labels:
            return " ".join(pieces[count:]).lstrip(":：- ")
    return None


def nearest(table: Table, told: Mapping[Meaning, str]) -> list[str]:
    """Return the texts of the row that is most like a header, [] if no heading is known: a cell may be a person's."""
    best = max(table.rows[:HEADER_ROWS_MAX], key=lambda row: _row_score(row, told), default=())
    return [text for _, text, _ in _read(best, told)] if _row_score(best, told) else []


def _shown(tables: Sequence[tuple[Table, Header | None]], told: Mapping[Meaning, str]) -> Iterator[str]:
    for table, header in tables:
        yield from (text for _, text, _ in header.headings) if header else nearest(table, told)


def _row_score(row: Sequence[Value], told: Mapping[Meaning, str]) -> int:
    meanings = {meaning for _, _, meaning in _read(row, told)}
    meanings.discard(None)
    return len(meanings) if meanings & (GROUP | IDENTITY) else 0


def _read(row: Sequence[Value], told: Mapping[Meaning, str]) -> list[tuple[int, str, Meaning | None]]:
    """Return the row's texts with their meanings; "Name" alone takes its meaning from the others."""
    cells = [
        (at, " ".join(value.split()))
        for at, value in enumerate(row)
        if isinstance(value, str) and value.strip()
    ]
    by_heading = {plain(heading): meaning for meaning, heading in told.items()}
    headings = [(at, text, by_heading.get(plain(text)) or _meaning(text, told)) for at, text in cells]
    known = {meaning for _, _, meaning in headings}
    name = _name_meaning(known)
    return [
        (at, text, name if meaning is None and _is_name(text) else meaning) for at, text, meaning in headings
    ]


def _name_meaning(known: set[Meaning | None]) -> Meaning | None:
    if known & GROUP:
        return None if Meaning.MEMBER in known else Meaning.MEMBER
    return Meaning.GROUP_NAME if Meaning.MEMBER in known else None


def _is_name(text: str) -> bool:
    parts = set(filter(None, map(plain, re.split(r"[/|()]", text))))
    return bool(parts) and parts <= words.NAME_HEADINGS


def _meaning(text: str, told: Mapping[Meaning, str]) -> Meaning | None:
    """Return a heading's meaning: as a whole, without its brackets, or in several languages that agree."""
    if len(text) > HEADING_CHARACTERS_MAX:
        return None
    found = {meaning for part in _readings(text) if (meaning := _VOCABULARY.get(plain(part)))}
    return found.pop() if len(found) == 1 and not found & told.keys() else None


def _readings(text: str) -> Iterator[str]:
    if plain(text) in _VOCABULARY:
        yield text
        return
    yield BRACKETED.sub(" ", text)
    yield from re.split(r"[/|()\[\]]", text)


def _header(table: Table, row: int, told: Mapping[Meaning, str]) -> Header:
    headings = _read(table.rows[row], told)
    columns: dict[Meaning, int] = {}
    phones: list[tuple[int, int]] = []
    for at, text, meaning in headings:
        if meaning is None:
            continue
        if meaning is Meaning.PHONE:
            phones.append((_phone_rank(text), at))
        elif meaning in columns:
            raise _twice(table, row, columns[meaning], at, meaning)
        columns.setdefault(meaning, at)
    return Header(row, columns, tuple(at for _, at in sorted(phones)), tuple(headings))


def _phone_rank(heading: str) -> int:
    name = plain(heading)
    return 0 if name in words.PHONE_FIRST else 1 if name in words.PHONE_SECOND else 2


def _twice(table: Table, row: int, one: int, other: int, meaning: Meaning) -> BadConfig:
    first, second = (text_of(table.rows[row][at]).strip() for at in (one, other))
    by_name = f", or say which it is: columns: {{{meaning.value}: {quoted(first)}}}"
    return BadConfig(
        f"{table.place(row, one)} {quoted(first)} and {table.place(row, other)} {quoted(second)} are both headings for "
        f"{meaning.words}.",
        remedy=f"Rename one of them{by_name if plain(first) != plain(second) else ''}.",
    )


_VOCABULARY = {word: meaning for meaning, names in words.HEADINGS.items() for word in names}
