"""Turn the entries of an LDIF file (RFC 2849), as ldifde and ldapsearch write it, into raw records.

    text lines -> unfolded lines -> blocks between blank lines -> RawRecord | Malformed

Comments, folding, base64, several values, `changetype: add` and ldapsearch's closing `result:` are read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.directory.file.columns import fold
from connectors.directory.file.formats.csv import EXPORT_AGAIN
from connectors.directory.file.formats.records import RawRecord
from connectors.kit.guids import guid
from connectors.kit.text import quoted
from worker.ports import BadConfig, Incomplete, Malformed

# Attributes that are bytes: they stay base64. Others that are not UTF-8 (photos, certificates) are left out.
_BINARY = frozenset({"objectguid", "msdsconsistencyguid", "objectsid"})
# Every account has them: if the others have one and the last entry lacks it, the entry was cut, whatever follows.
_ALWAYS = frozenset({"objectguid", "objectclass", "samaccountname", "useraccountcontrol"})
_MANY = 10  # entries show how a tool writes them; of fewer, the last one may just be another
_PEOPLE = frozenset({"user", "inetorgperson"})
_ID = "objectguid"


@dataclass(slots=True)
class _Block:
    """The unfolded lines of one entry; `is_closed` when a blank line followed."""

    begun: list[tuple[int, list[str]]] = field(
        default_factory=list
    )  # its first line's number, and its pieces
    is_closed: bool = False
    has_line_end: bool = True

    @property
    def lines(self) -> list[tuple[int, str]]:
        return [(number, "".join(pieces)) for number, pieces in self.begun]


class LdifReader:
    """Reads the entries by `records`, which can be called only once. LDIF has no header."""

    header: tuple[str, ...] | None = None
    delimiter = ""

    def __init__(self, place: str, lines: Iterator[str]) -> None:
        self.place = place
        self.collections: set[str] = set()
        self._lines = lines
        self._always: dict[str, None] | None = None  # what each person before has, as ordered in the first
        self._is_ordered = True  # these come in one order in all of them
        self._people = 0

    def records(self) -> Iterator[RawRecord | Malformed]:
        """Every entry in file order. Raises Incomplete for a cut file, BadConfig for a change file."""
        pending: tuple[_Block, RawRecord | Malformed] | None = None
        for block in self._blocks():
            record = self._record(block)
            if pending is not None:
                self._learn(pending[1])
                yield pending[1]
                pending = None
            if record is not None:
                pending = (block, record)
            elif not block.has_line_end:
                raise self._cut(block)
        if pending is not None:
            self._refuse_cut(*pending)
            yield pending[1]

    def _blocks(self) -> Iterator[_Block]:
        block = _Block()
        in_comment = False
        number = 0
        for raw in self._lines:
            number += 1
            text = raw.rstrip("\r\n")
            block.has_line_end = text != raw
            if text.startswith(" ") and (block.begun or in_comment):
                if not in_comment:
                    block.begun[-1][1].append(text[1:])
                continue
            in_comment = text.startswith("#")
            if text.strip() and not in_comment:
                block.begun.append((number, [text]))
            elif not text.strip() and block.begun:
                block.is_closed = True
                yield block
                block = _Block()
        if block.begun:
            yield block

    def _record(self, block: _Block) -> RawRecord | Malformed | None:
        """The entry; None for the version line and for ldapsearch's own remarks."""
        lines = [item for item in block.lines if not item[1].lower().startswith("version:")]
        if not lines:
            return None
        line, first = lines[0]
        name = first.partition(":")[0].strip().lower()
        if name in {"search", "ref", "result"}:
            self._refuse_failed_search(lines)
            return None
        place = f"{self.place} line {line}"
        if name != "dn":
            return Malformed(
                f"{place}: the entry does not start with dn:, but with {quoted(name)}.",
                record_id=place,
                remedy="Separate entries by one blank line, as ldifde does.",
            )
        self._refuse_changes(lines)
        values: dict[str, list[str]] = {}
        faults: list[str] = []
        for number, text in lines:
            try:
                _add(values, text)
            except ValueError as error:
                faults.append(f"{self.place} line {number}: {error}.")
        if not faults:
            return RawRecord(line, {column: tuple(found) for column, found in values.items()})
        own_id = guid(next(iter(values.get(_ID, ())), ""))
        spoilt = Malformed(faults[0], record_id=own_id or place, remedy=EXPORT_AGAIN)
        who = {column: tuple(values[column]) for column in (_ID, "objectclass") if column in values}
        return RawRecord(line, who, spoilt) if own_id else spoilt

    def _refuse_changes(self, lines: list[tuple[int, str]]) -> None:
        for number, text in lines:
            name, _, rest = text.partition(":")
            if name.lower() == "changetype" and rest.strip().lower() != "add":
                raise BadConfig(
                    f"{self.place} line {number}: changetype {quoted(rest)} makes it a list of changes, "
                    "not of people.",
                    remedy="Export with ldifde -f people.ldf -r (objectCategory=person).",
                )

    def _refuse_failed_search(self, lines: list[tuple[int, str]]) -> None:
        for number, text in lines:
            name, _, rest = text.partition(":")
            if name.lower() == "result" and rest.split()[:1] != ["0"]:
                raise Incomplete(
                    f"{self.place} line {number}: the search that wrote it ended with {quoted(rest)}.",
                    remedy="Export again with paging: ldapsearch -E pr=1000/noprompt.",
                )

    def _learn(self, record: RawRecord | Malformed) -> None:
        if not isinstance(record, RawRecord) or record.spoilt or not _may_be_person(record):
            return
        self._people += 1
        names = record.values
        always = names if self._always is None else self._always
        self._always = dict.fromkeys(name for name in always if name in names)
        self._is_ordered &= list(self._always) == [name for name in names if name in self._always]

    def _refuse_cut(self, block: _Block, record: RawRecord | Malformed) -> None:
        """Raise Incomplete if the last entry was cut.

        That no blank line closes it is no proof: many tools write none.
        """
        if not block.has_line_end:
            raise self._cut(block)
        if block.is_closed or (isinstance(record, RawRecord) and not _may_be_person(record)):
            return
        if isinstance(record, Malformed) or self._lacks_its_end(record):
            raise self._cut(block)

    def _lacks_its_end(self, record: RawRecord) -> bool:
        """True if a person's entry lacks what every account has, or the attribute that ends all of many before it."""
        always = list(self._always or ())
        ends = always[-1:] if self._is_ordered and self._people >= _MANY else ()
        return any(name in always and name not in record.values for name in (*_ALWAYS, *ends))

    def _cut(self, block: _Block) -> Incomplete:
        line = block.begun[0][0]
        return Incomplete(
            f"{self.place} line {line}: the last entry is not whole, as if the file was cut.",
            remedy=EXPORT_AGAIN,
        )


def _decoded(column: str, text: str) -> str | None:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        msg = f"the base64 of {quoted(column)} cannot be decoded"
        raise ValueError(msg) from error
    if column in _BINARY:
        return text
    try:
        return data.decode().strip("\0")
    except UnicodeDecodeError:
        return None


def _add(values: dict[str, list[str]], text: str) -> None:
    name, mark, rest = text.partition(":")
    if not mark:
        msg = f"{quoted(text)} is not an attribute with a value"
        raise ValueError(msg)
    column = fold(name.partition(";")[0])  # options such as ;binary or ;lang-de
    value: str | None = rest.strip()
    if rest.startswith(":"):
        value = _decoded(column, rest[1:].strip())
    elif rest.startswith("<"):
        value = None  # a link to a file, which is never opened
    if value:
        values.setdefault(column, []).append(value)


def _may_be_person(record: RawRecord) -> bool:
    classes = {value.lower() for value in record.values.get("objectclass", ())}
    return not classes or bool(classes & _PEOPLE)
