"""Read a list of a group's members that somebody pasted. Pure.

    "Amina Yusuf, +44 7700 900123, ~ Bob, You, and 12 others"  ->  entries, what was not understood, is it whole?

WhatsApp Web and Desktop show such a list under a group's name; phones show one member on each line; others paste a list
of contacts. Commas, semicolons and line breaks of any script divide members, quotes keep a name together. A number and
a name are one member where they stand in one part, divided by a tab, as lines that alternate, or where "~ Name"
follows a number on the next line; else they are two. Nothing is guessed: a part that is neither is given back.
A contact card and a table's heading are nobody, and a table's row is one member.
Names that are known are read before all of that, so they may have commas, an "@", or a word such as "admin".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from connectors.kit.contact_lists import without_contacts
from connectors.kit.member_words import LAST_TWO, YOU, YOU_AT_AN_END, before_count, is_count, is_noise
from connectors.kit.text import REPLACEMENT, cut, one_line
from worker.domain.groups.declaring import folded
from worker.domain.identity.phones import TEXT_MAX, to_e164, unread_digits

ENTRIES_MAX = 2_000
LETTERS_MAX = 200_000
NAME_MAX = 100  # letters
TWO_MAX = 1_000  # letters of two names
SHOWN_MAX = 40  # letters of a part that was not understood
DIGITS_MIN = 7  # fewer are part of a name ("Ward 7"), or nothing
PARTS_MAX = 6  # of a known name with dividers
ALTERNATING_MIN = 2  # pairs of lines; one pair may be two members
_DIVIDERS = frozenset(",;\u060c\u061b\u3001\uff0c\uff1b\uff64")
_CUT = ("...", "\u2026")
_DIVIDED = ", "  # between the parts of a name that a divider divides
_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_QUOTES = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "\u300c": "\u300d"}
_BEFORE = " \t:-\u2013\u2014|~*\u2022\u00b7@>)]}"
_AFTER = " \t:-\u2013\u2014|~\u2022\u00b7@<([{"
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", '"': '"', "'": "'", "*": "*"}
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_EMPTY = re.compile(r"\(\s*\)|\[\s*\]|\{\s*\}|<\s*>")  # what is left around a number
_NUMBER = re.compile(r"\+?[ (]{0,3}[0-9][0-9 ().\-/]{5,40}")
_CHAT_ID = re.compile(r"\+?([0-9]{7,15})(?::[0-9]+)?@(?:c\.us|s\.whatsapp\.net)(?![\w.])", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[0-9]E\+[0-9]", re.IGNORECASE)  # a number whose digits a spreadsheet dropped
_ADDRESS = re.compile(r"[0-9]@\w")  # another id, such as a LID's: its digits are no number


class TooLong(ValueError):
    """The text is longer, or has more members, than any group; the message says which bound."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. `phone` is E.164. `is_me`: the list says "You", in any language, maybe with the number.

    `name` is there beside `is_me` only with a number, if it may be somebody's name ("Anda"): the number decides.
    """

    name: str = ""
    phone: str | None = None
    is_me: bool = False


@dataclass(frozen=True, slots=True)
class MemberList:
    """What a text says. `not_understood` are its other parts, safe to show; `repeated` counts what came twice.

    `is_cut`: the text says that there are more: "and 12 others", "View all (12 more)", "…". `is_whole` is false if it
    is cut, if a part was not understood, or without anybody.
    """

    entries: tuple[Entry, ...]
    not_understood: tuple[str, ...]
    is_whole: bool
    repeated: int = 0
    is_cut: bool = False


def read_members(text: str, known: Iterable[str], numbers: Iterable[str], *, region: str) -> MemberList:
    """Read a pasted list; `region` (ISO 3166 alpha-2) is of numbers without a country code.

    `known` and `numbers` (E.164) are those of members who are known: an entry has such a name to the letter. One that
    stands in a part that was not understood is an entry, too, since that member may be meant.

    Raises TooLong above LETTERS_MAX letters or ENTRIES_MAX members, and ValueError for an unknown region.
    """
    to_e164("", region)
    if len(text) > LETTERS_MAX:
        raise TooLong(f"The list has {len(text):,} letters; {LETTERS_MAX:,} are read at most.")
    rows, odd = without_contacts([[_clean(part) for part in line] for line in _lines(text)])
    return _Reader(known, numbers, region, odd).read(_filled(rows))


# --- Parts ------------------------------------------------------------------------------------------------


def _filled(rows: Iterable[list[str]]) -> list[list[str]]:
    """Return the rows that have parts, without blank ones."""
    return [filled for row in rows if (filled := [part for part in row if part])]


def _lines(text: str) -> Iterator[list[str]]:
    """Yield the parts of each line. A quote that is not closed within its line is a letter."""
    line: list[str] = []
    part: list[str] = []
    closing, is_blank = "", True
    for character in [*text, "\n"]:
        if character in _BREAKS:
            if closing:  # never closed: its dividers count after all
                line += _divided("".join(part))
            else:
                line.append("".join(part))
            yield line
            line, part, closing, is_blank = [], [], "", True
        elif closing and character == closing:
            closing = ""
        elif is_blank and character in _QUOTES:
            closing, is_blank = _QUOTES[character], False
        elif not closing and character in _DIVIDERS:
            line.append("".join(part))
            part, is_blank = [], True
        else:
            part.append(character)
            is_blank = is_blank and character.isspace()


def _divided(text: str) -> list[str]:
    return "".join("," if character in _DIVIDERS else character for character in text).split(",")


def _clean(piece: str) -> str:
    """Return a part on one line, with ASCII digits and without marks that only direct; a tab stays.

    A WhatsApp id that is made of a number is the number.
    """
    text = "\t".join(one_line("".join(map(_plain, field))) for field in piece.split("\t")).strip()
    return _CHAT_ID.sub(r"+\1", text)


def _plain(character: str) -> str:
    digit = unicodedata.decimal(character, None) if not character.isascii() else None
    if digit is not None:
        return str(digit)
    return "" if character in "\u200e\u200f\u061c\ufeff\u200b\u00ad" else character


# --- Members ----------------------------------------------------------------------------------------------


class _Reader:
    """Puts the members of all lines together."""

    def __init__(self, known: Iterable[str], numbers: Iterable[str], region: str, odd: Iterable[str]) -> None:
        self._region = region
        self._numbers = numbers
        self._known, self._parts_max = _by_parts(known)
        self._entries: dict[tuple[str, str | None, bool], Entry] = {}
        self._odd = dict.fromkeys(odd)
        self._repeated = 0
        self._is_cut = False

    def read(self, lines: list[list[str]]) -> MemberList:
        for piece in self._pieces([self._joined(line) for line in lines]):
            self._take(piece)
        self._take_known_of_odd()
        entries = tuple(self._entries.values())
        is_whole = bool(entries) and not self._is_cut and not self._odd
        odd = tuple(dict.fromkeys(f"'{cut(one_line(piece), SHOWN_MAX)}'" for piece in self._odd))
        return MemberList(self._with_me(entries), odd, is_whole, self._repeated, self._is_cut)

    def _pieces(self, lines: list[list[str]]) -> Iterator[str]:
        """Yield the text of one member after another."""
        if all(len(line) == 1 for line in lines):
            yield from self._of_lines([line[0] for line in lines])
            return
        for line in lines:
            yield from line[:-1]
            yield from self._last_two(line[-1]) if len(line) > 1 else line

    def _joined(self, line: list[str]) -> list[str]:
        """Put together the parts that are one known name ("Smith, Bob"); one that is known by itself is there, too."""
        if self._parts_max < 2:  # noqa: PLR2004  no known name has a divider
            return line
        words = [folded(part).lstrip("~ ") for part in line]
        last = [folded(_bare(_NUMBER.sub(" ", part))) for part in line]  # a number may follow the name
        pieces, joined_to = list[str](), 0
        for at, part in enumerate(line):
            for end in range(at + 2, min(at + self._parts_max, len(line)) + 1):
                before = words[at : end - 1]
                if any(_DIVIDED.join([*before, one[end - 1]]) in self._known for one in (words, last)):
                    pieces.append(_DIVIDED.join(line[at:end]))
                    joined_to = max(joined_to, end)
            if at >= joined_to or self._is_known(part):
                pieces.append(part)
        return pieces

    def _known_name(self, text: str) -> str | None:
        """Return the known name that a text is, with or without the "~" that WhatsApp puts before some."""
        return self._known.get(folded(text)) or self._known.get(folded(text.lstrip("~ ")))

    def _is_known(self, text: str) -> bool:
        return self._known_name(text) is not None

    def _last_two(self, piece: str) -> list[str]:
        """Divide the last part of a list, "Bob and Carol", at a known name if there is one. Alone it may be one."""
        if self._is_known(piece) or len(piece) > TWO_MAX:
            return [piece]
        words = piece.split()
        halves = [
            (" ".join(words[:at]), " ".join(words[at + 1 :]))
            for at, word in enumerate(words[1:-1], 1)
            if word.casefold() in LAST_TWO and not is_count(words[at:])
        ]
        named = (two for two in halves if any(map(self._is_known, two)))
        return list(next(named, halves[0])) if halves else [piece]

    def _of_lines(self, lines: list[str]) -> Iterator[str]:
        """Yield lines; a name with the number that stands below it, where all lines alternate so."""
        lines = [line for line in lines if self._is_known(line) or not is_noise(line)]
        numbers = [self._phone(line) is not None for line in lines]
        pairs = len(lines) // 2
        if pairs >= ALTERNATING_MIN and numbers in ([False, True] * pairs, [True, False] * pairs):
            yield from (f"{one}\t{other}" for one, other in zip(lines[::2], lines[1::2], strict=True))
            return
        at = 0
        while at < len(lines):
            is_named = numbers[at] and lines[at + 1 : at + 2] and lines[at + 1].startswith("~")
            yield f"{lines[at]}\t{lines[at + 1]}" if is_named else lines[at]
            at += 2 if is_named else 1

    def _take(self, piece: str) -> None:
        if not self._is_known(piece):
            piece = self._without_others(piece)
            if not piece or is_noise(piece):
                return
        if (entry := self._entry(piece)) is not None:
            self._add(entry)
        else:
            self._odd[piece] = None

    def _take_known_of_odd(self) -> None:
        """Take the known who stand in parts that were not understood, by name or by the end of their number.

        Nobody is gone by such a part.
        """
        odd = _spaced(folded(" | ".join(self._odd)))
        for key, name in self._known.items():
            if _spaced(key) in odd:
                self._add(Entry(name))
        digits = "|".join(re.sub(r"[^0-9]", "", piece) for piece in self._odd)
        for number in self._numbers:
            if number[-DIGITS_MIN:] in digits and ("", number, False) not in self._entries:
                self._add(Entry("", number))

    def _add(self, entry: Entry) -> None:
        key = ("" if entry.phone else folded(entry.name), entry.phone, entry.is_me)
        if key in self._entries:
            self._repeated += 1
            return
        self._entries[key] = entry
        if len(self._entries) > ENTRIES_MAX:
            raise TooLong(f"The list has more than {ENTRIES_MAX:,} members; no group has so many.")

    def _without_others(self, piece: str) -> str:
        """Drop "and 12 others", "View all (12 more)", "+12" and "…" from the end of a part: then there are more."""
        if not piece.endswith(_CUT):
            before = before_count(piece.rstrip(" ."))
            if before is None:
                return piece
            self._is_cut = True
            piece = before
        if piece.endswith(_CUT):
            self._is_cut = True
            if piece.rstrip(" .\u2026"):  # the name itself may be cut
                self._odd[piece] = None
            return ""
        return piece

    def _entry(self, piece: str) -> Entry | None:
        """Return the member of a part; None if it is none."""
        if known := self._known_name(piece):
            return Entry(known, self._phone(piece))
        if _ADDRESS.search(piece) or _SCIENTIFIC.search(piece):
            return None
        fields = [field for field in piece.split("\t") if field.strip()]
        phone = next((found for field in fields if (found := self._phone(field))), None)
        if phone is not None:
            return self._named([field for field in fields if self._phone(field) is None], phone)
        text = " ".join(fields)
        match = _NUMBER.search(text)
        if match is None or _digits(match[0]) < DIGITS_MIN:
            return self._named([text], None)
        if unread_digits(text[match.end() :]):
            return None
        phone = self._phone(match[0].strip(" -/.(") + (")" if match[0].rstrip().endswith("(") else ""))
        rest = f"{text[: match.start()]} {text[match.end() :]}"
        return self._named([rest], phone) if phone and _digits(rest) < DIGITS_MIN else None

    def _named(self, texts: Iterable[str], phone: str | None) -> Entry | None:
        name = one_line(" ".join(texts))
        if known := self._known_name(name) or self._known_name(_bare(name)):
            return Entry(known, phone)
        name = _bare(name)
        is_name = any(c.isalpha() or unicodedata.category(c) == "So" for c in name)
        if len(name) > NAME_MAX or REPLACEMENT in name or "@" in name or (name and not is_name):
            return None
        if name.casefold().rstrip(".") in YOU:
            return Entry("", phone, is_me=True)
        return Entry(name, phone) if name or phone else None

    def _phone(self, text: str) -> str | None:
        if len(text) > TEXT_MAX or _digits(text) < DIGITS_MIN or any(map(str.isalpha, text)):
            return None
        return to_e164(text.strip(" -:~"), self._region)

    def _with_me(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Take a word that may be "you" for it at the end, or at the start, of a list that has no other."""
        if any(entry.is_me for entry in entries):
            return entries
        for at in (len(entries) - 1, 0) if entries else ():
            if len(entries) > 1 and entries[at].name.casefold().rstrip(".") in YOU_AT_AN_END:
                if self._is_known(entries[at].name):
                    return (*entries, Entry("", None, is_me=True))  # both may be meant
                name = entries[at].name if entries[at].phone else ""
                me = Entry(name, entries[at].phone, is_me=True)
                return (*entries[:at], me, *entries[at + 1 :])
        return entries


def _by_parts(names: Iterable[str]) -> tuple[dict[str, str], int]:
    """Return known names by how they are compared with a list's parts, and how many parts one has at most.

    A name without the marks around it is there, too, unless another is it. "You" is nobody's name.
    """
    cleaned = {
        name: [cleaned for line in _lines(name) for part in line if (cleaned := _clean(part))]
        for name in names
    }
    exact = {folded(_DIVIDED.join(parts)): name for name, parts in cleaned.items()}
    bare = {folded(_bare(key)): name for key, name in exact.items()}
    known = {key: name for key, name in (bare | exact).items() if key and key not in YOU}
    return known, min(max(map(len, cleaned.values()), default=0), PARTS_MAX)


@lru_cache(maxsize=8)  # asked several times of each part
def _bare(name: str) -> str:
    """Drop the marks around a name. Of brackets and quotes only a pair around all of it, or a half: "Bob (Ward 7)"."""
    name, before = _EMPTY.sub(" ", name), None
    while name != before and len(name) <= 2 * NAME_MAX:
        before, name = name, name.strip()
        if len(name) > 1 and name[-1] == _PAIRS.get(name[0]) and not {name[0], name[-1]} & set(name[1:-1]):
            name = name[1:-1]
            continue
        name = name.lstrip(_BEFORE).rstrip(_AFTER)
        if name and _PAIRS.get(name[0], name[0]) not in name:
            name = name[1:]
        if name and _BRACKETS.get(name[-1], name[-1]) not in name:
            name = name[:-1]
    return one_line(name)


def _spaced(text: str) -> str:
    return f" {' '.join(text.replace(',', ' ').split())} "


def _digits(text: str) -> int:
    return sum(character.isdecimal() for character in text)
