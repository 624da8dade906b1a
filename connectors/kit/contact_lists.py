"""Find contact cards (vCard) and tables in a pasted list. Pure.

A card is given back as not understood. So is a table's heading, by which each row below it is one member: a name, and a
number after a tab. A row that has several numbers, neither, or more cells than the heading is given back, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEGIN, _END = "begin:vcard", "end:vcard"
_BETWEEN = re.compile(r"[\s\d_:./()*+-]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.casefold().split())


_WHOLE_NAMES = _words(
    "name names full display contact nom complet nombre completo nome completo cognome naam volledige imię nazwisko "
    "isim adı soyadı الاسم اسم नाम имя ονομα όνομα"
)
_NAMES = _WHOLE_NAMES | _words(
    "first middle last given family surname forename vorname nachname prénom famille apellido apellidos sobrenome "
    "voornaam achternaam"
)
_NUMBERS = _words(
    "phone phones mobile telephone tel cell number whatsapp telefon telefonnummer handy handynummer mobil mobilnummer "
    "mobiltelefon rufnummer nummer téléphone portable numéro teléfono móvil celular número telefone telemóvel "
    "telefono cellulare numero telefoon telefoonnummer mobiel numer komórka telefonu هاتف الهاتف رقم फ़ोन फोन "
    "मोबाइल नंबर телефон номер τηλέφωνο κινητό"
)
_ABOUT_NUMBERS = _words("label type")


def without_contacts(rows: Sequence[list[str]]) -> tuple[list[list[str]], list[str]]:
    """Return the rows without contact cards and with one part for each row of a table, and what was not understood."""
    rest, odd = _without_cards(rows)
    table = _table(rest)
    if table is None:
        return rest, odd
    members, of_table = table
    return members, [*odd, *of_table]


def _without_cards(rows: Sequence[list[str]]) -> tuple[list[list[str]], list[str]]:
    rest, odd = list[list[str]](), list[str]()
    card: list[str] | None = None
    for row in rows:
        line = " ".join(part for part in row if part)
        if card is None and line.casefold() == _BEGIN:
            card = []
        if card is None:
            rest.append(row)
            continue
        card.append(line.replace(":", ": "))  # so that a name in it stands by itself
        if line.casefold() == _END:
            odd.append(" ".join(card))
            card = None
    return rest, odd if card is None else [*odd, " ".join(card)]


def _table(rows: Sequence[list[str]]) -> tuple[list[list[str]], list[str]] | None:
    """Return the members of a table, and what of it was not understood; None if the first row is no heading."""
    filled = [cells for row in rows if any(cells := _cells(row))]
    if not filled:
        return None
    heading = filled[0]
    names, numbers = _columns(heading)
    is_heading = all(frozenset() < _in(cell) <= _NAMES | _NUMBERS for cell in heading if cell)
    if not (names and numbers) and not is_heading:
        return None
    members, odd = list[list[str]](), [_shown(heading)]
    for cells in filled[1:]:
        name = " ".join(cells[at] for at in names if at < len(cells) and cells[at])
        found = [cells[at] for at in numbers if at < len(cells) and cells[at]]
        if len(cells) > len(heading) or len(found) > 1 or not (name or found):
            odd.append(_shown(cells))
        else:
            members.append(["\t".join(part for part in (name, *found) if part)])
    return members, odd


def _cells(row: list[str]) -> list[str]:
    """Return a row's cells, which a tab divides, or the list's dividers, without blank ones at its end."""
    cells = [cell.strip() for part in row for cell in part.split("\t")]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _columns(heading: list[str]) -> tuple[list[int], list[int]]:
    """Return the columns of names, only the first one of whole names if there is one, and those of numbers."""
    words = [_in(cell) for cell in heading]
    names = [at for at, cell in enumerate(words) if cell and cell <= _NAMES]
    whole = [at for at in names if words[at] <= _WHOLE_NAMES]
    numbers = [at for at, cell in enumerate(words) if cell & _NUMBERS and not cell & _ABOUT_NUMBERS]
    return whole[:1] or names, [at for at in numbers if at not in names]


def _in(cell: str) -> frozenset[str]:
    return frozenset(_BETWEEN.split(cell.casefold())) - {""}


def _shown(cells: list[str]) -> str:
    return ", ".join(cell for cell in cells if cell)
