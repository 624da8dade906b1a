"""Read one cell: numbers, addresses, roles, days, and several members in one cell. Pure.

A function returns what the cell says for certain, or None; it never picks one of two readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from connectors.inventory.register.formats.table import Unreadable, Value, text_of
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.words import plain
from worker.domain.identity.names import are_unlike
from worker.domain.identity.phones import to_e164, unread_digits
from worker.domain.model import Role
from worker.domain.text.mail_domains import foldable

EXACT_NUMBER_MAX = 10**15  # Excel keeps fifteen digits; a longer number loses its last ones
PHONE_DIGITS_MIN = 7
NOTHING_MAX = 20  # "no phone" and the like are shorter
LIST_NAMES_MIN = 3  # "García López, María José" is one person, three such parts are three

_HIDDEN = frozenset({"Cf", "Cc"})
_RANK = (None, Role.UNKNOWN, Role.MEMBER, Role.ADMIN, Role.CREATOR)
# A match begins where a word does; else each of its letters would be tried
_EMAIL = re.compile(
    r"(?<![^\s<>()\[\],;:\"@])[^\s<>()\[\],;:\"@]++@[^\s<>()\[\],;:\"@]+\.[^\s<>()\[\],;:\"@.]{2,}"
)
_PHONE = re.compile(
    r"(?:\(\+?\d{1,5}\)\s*|\+)?\d[\d\s().\-–/\u200e\u200f\u202a-\u202e\u2066-\u2069\u00a0]{5,}\d"
)
_BRACKETED = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")
_LINES = re.compile(r"[\n\r\v\f\u2028\u2029;؛；]+")
_COMMAS = re.compile(r"[,،，、]")
_BULLET = re.compile(r"^(?:[•·▪◦‣*\-–—]\s*|\d{1,3}[.)]\s+)")
_NUMBERS = re.compile(r"/|\||\n|\r|;|,|،|\bor\b|\bأو\b|\boder\b|\bou\b|\bo\b")
_DASHES = re.compile(r"[-–—:|]")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d{2,}")
_EDGE = ' \t\n\r,;:|<>"-–—'


@dataclass(frozen=True, slots=True)
class Seen:
    """A member as one row or one item of a cell shows them. `role` None: no role is stated."""

    name: str = ""
    phone: str | None = None
    email: str | None = None
    employee_id: str | None = None
    role: Role | None = None
    is_phone_unread: bool = False
    is_shared: bool = False  # several people have the number, so it says nothing of who it is

    @property
    def handle(self) -> str | None:
        """The handle within the register, by the order in `worker.domain.model.Member`; None without any."""
        if self.phone:
            return self.phone
        if self.email:
            return f"email:{self.email}"
        if self.employee_id:
            return f"employee:{self.employee_id}"
        return f"name:{name_key(self.name)}" if is_name(self.name) else None


class Ambiguous(ValueError):
    """A cell can be read in two ways; the text says which."""


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def name_key(name: str) -> str:
    """Return a form for comparing names: without case, invisible marks and extra spaces."""
    return _name_key(name) if len(name) <= words.CACHED_MAX else _name_key.__wrapped__(name)


@lru_cache(maxsize=1 << 16)
def _name_key(name: str) -> str:
    if name.isascii() and name.isprintable():
        return one_line(name.casefold())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = (
        " " if c.isspace() else c for c in folded if c.isspace() or unicodedata.category(c) not in _HIDDEN
    )
    return one_line("".join(kept))


def is_name(name: str) -> bool:
    """True if a text can name somebody: it has a letter or a picture. Digits alone are a broken number."""
    return any(c.isalpha() or unicodedata.category(c) == "So" for c in name)


def number_lost_digits(value: Value) -> bool:
    """True if a spreadsheet has rounded this number, or the number that it wrote as this text (1.20363E+17)."""
    if isinstance(value, str):
        return bool(_ROUNDED.fullmatch(value.strip()))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= EXACT_NUMBER_MAX


def is_nothing(value: Value) -> bool:
    """True if the cell is empty or says in words that there is nothing ("n/a", "-", "keine")."""
    if not isinstance(value, str):
        return isinstance(value, Unreadable)
    text = value.strip()
    if len(text) > NOTHING_MAX or text[-1:].isdigit() or "@" in text:
        return False
    return not text or _says_nothing(text)


@lru_cache(maxsize=1 << 12)
def _says_nothing(text: str) -> bool:
    return set(text) <= words.NO_MARKS or plain(text) in words.NOTHING


def phones_in(value: Value, region: str) -> tuple[list[str], bool]:
    """Return the numbers in a phone cell as E.164, in order, and whether the cell holds something else, too.

    "a / b" is two numbers of one person. A number that Excel turned into one (447700900123.0), or that lost
    its + or leading zero, is read by the default region's rules.
    """
    if is_nothing(value):
        return [], False
    text = text_of(value).strip().removeprefix("'")
    if whole := to_e164(text, region):
        return [whole], False
    pieces = [piece.strip() for piece in _NUMBERS.split(text) if piece.strip()]
    numbers = [to_e164(piece, region) for piece in pieces] if len(pieces) > 1 else [None]
    return list(dict.fromkeys(filter(None, numbers))), None in numbers


def emails_in(value: Value) -> list[str]:
    """Return the e-mail addresses in a cell, lower case, in order."""
    return list(dict.fromkeys(filter(None, map(_folded, _EMAIL.findall(text_of(value))))))


def max_role(one: Role | None, *others: Role | None) -> Role | None:
    """Return the highest of the roles; None is the lowest."""
    return max((one, *others), key=_RANK.index)


def role_of(value: Value) -> Role | None:
    """Return the role that a cell names, of several the highest; None for an unknown word."""
    text = text_of(value)
    if whole := words.ROLES.get(plain(text)):
        return whole
    parts = [
        words.ROLES.get(plain(part))
        for part in re.split(r"[/,;&+\n]|\band\b|\bund\b|\bet\b|\by\b|\be\b", text)
    ]
    return None if None in parts else max_role(*parts)


def yes_or_no(value: Value) -> bool | None:
    """Return what a tick-box cell says ("x", "yes", "نعم", True, "no"…); None if it is neither."""
    if isinstance(value, bool):
        return value
    text = text_of(value).strip()
    if plain(text) in words.YES or text in words.YES_MARKS:
        return True
    return False if not text or plain(text) in words.NO or text in words.NO_MARKS else None


def lines_of(value: Value) -> list[str]:
    """Return the items of a cell that are divided by line breaks or semicolons, without bullets."""
    parts = (_BULLET.sub("", part.strip()).strip() for part in _LINES.split(text_of(value)))
    return [part for part in parts if part]


def items_of(value: Value) -> list[str]:
    """Return the members in a cell that may hold several. Raises Ambiguous where a comma may or may
    not divide.

    ===========================================  =================================
    line breaks, semicolons                      always divide (``Doe, Jane;`` is one)
    ``Jane +44…, Ali <ali@…>``                   every part has an identity: two
    ``Jane Doe, Ali Hassan, Omar Said``          three or more full names: three
    ``Doe, Jane``, ``Doe, Jane +44…``            ambiguous
    ===========================================  =================================
    """
    lines = lines_of(value)
    if len(lines) != 1 or _LINES.search(text_of(value)):
        return lines
    parts = [part.strip() for part in _COMMAS.split(lines[0]) if part.strip()]
    if len(parts) == 1:
        return parts
    if all(map(_has_identity, parts)):
        return parts
    are_names = not any(map(_has_identity, parts)) and all(" " in part for part in parts)
    if are_names and len(parts) >= LIST_NAMES_MIN:
        return parts
    raise Ambiguous("its commas may divide members, or last names from first names")


def count_of(value: Value) -> int:
    """How many members a cell surely holds; 1 where a comma may or may not divide."""
    try:
        return len(items_of(value))
    except Ambiguous:
        return 1


def item(text: str, region: str, *, may_have_role: bool = True) -> Seen:
    """Read one item of a cell: ``Name (admin) +44…``, ``Name <mail>``, a bare number, or a name.

    A text without number, address or role is the name exactly as it stands.
    """
    rest, email = _without_email(text)
    rest, phone, is_unread = _without_phone(rest, region)
    role = None
    if may_have_role:
        rest, role = _without_role(rest)
    is_bare = not (email or phone or role or is_unread)
    name = one_line(text) if is_bare else _unquoted(one_line(_empty_brackets(rest)).strip(_EDGE))
    return Seen(name=name, phone=phone, email=email, role=role, is_phone_unread=is_unread)


def merged(one: Seen, other: Seen) -> Seen:
    """Merge two showings of a handle: for each field the first value, and the higher role.

    Of two people who share a number there is no address or employee id: whose would it be?
    """
    role = max_role(one.role, other.role)
    if one.is_shared or other.is_shared or _are_two(one, other):
        names = dict.fromkeys(name for name in (*one.name.split(", "), other.name) if name)
        return Seen(", ".join(names), one.phone, role=role, is_shared=True)
    return replace(
        one,
        name=one.name or other.name,
        phone=one.phone or other.phone,
        email=one.email or other.email,
        employee_id=one.employee_id or other.employee_id,
        role=role,
    )


def _are_two(one: Seen, other: Seen) -> bool:
    """True if what both have says that they are two people: their employee ids, else addresses and names, else names.

    Names alone do so only if they are full ones without a common word. A nickname, or another last name, does not.
    """
    if one.employee_id and other.employee_id:
        return one.employee_id.casefold() != other.employee_id.casefold()
    if one.email and other.email:
        is_named_alike = bool(one.name) and name_key(one.name) == name_key(other.name)
        return one.email != other.email and not is_named_alike
    return are_unlike({one.name}, {other.name})


def messenger_of(value: Value) -> tuple[str, bool]:
    """Return a messenger's key, and whether it is a known one ("Whats App" is whatsapp)."""
    name = plain(text_of(value))
    key = words.MESSENGERS.get(name)
    return (key, True) if key else (name.replace(" ", "-"), False)


def slug(name: str) -> str:
    """Return the id of a group that has none: its name without case, invisible marks and spaces."""
    return name_key(name).replace(" ", "-")


def _has_identity(text: str) -> bool:
    return bool(_EMAIL.search(text) or any(True for _ in _phone_texts(text)))


def _phone_texts(text: str) -> Iterator[re.Match[str]]:
    return (found for found in _PHONE.finditer(text) if sum(map(str.isdigit, found[0])) >= PHONE_DIGITS_MIN)


def _without_email(text: str) -> tuple[str, str | None]:
    found = _EMAIL.search(text)
    if found is None:
        return text, None
    rest = text[: found.start()].rstrip("<([ ") + " " + text[found.end() :].lstrip(">)] ")
    return re.sub(r"mailto:\s*", "", rest), _folded(found[0]) or None


def _folded(email: str) -> str:
    return foldable(email).casefold()


def _without_phone(text: str, region: str) -> tuple[str, str | None, bool]:
    candidates = list(_phone_texts(text))
    phone = None
    for found in reversed(candidates):
        unread = unread_digits(text[found.end() :])
        phone = (None if unread else to_e164(found[0], region)) or phone
        text = text[: found.start()] + " " + text[found.end() + unread :]
    return text, phone, bool(candidates) and phone is None


def _without_role(text: str) -> tuple[str, Role | None]:
    for found in _BRACKETED.finditer(text):
        if role := role_of(found[1]):
            return text[: found.start()] + " " + text[found.end() :], role
    dashed = text.strip().rstrip(_EDGE)
    before, last = _divided(dashed)
    if before and (role := words.ROLES.get(plain(last))):
        return before, role
    return text, None


def _divided(text: str) -> tuple[str, str]:
    """Return the parts before and after the last dash or colon."""
    at = max((found.start() for found in _DASHES.finditer(text)), default=0)
    return text[:at].rstrip(), text[at + 1 :]


def _unquoted(name: str) -> str:
    is_quoted = len(name) > 1 and name[0] == name[-1] == '"'
    return name[1:-1].strip() if is_quoted else name


def _empty_brackets(text: str) -> str:
    return re.sub(r"[(\[<]\s*[)\]>]", " ", text)
