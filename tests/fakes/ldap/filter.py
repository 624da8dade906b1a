"""Filters of a search, as they come over the wire: their text, and whether an object fits.

Two-valued: an attribute that is not there is no match, and its negation is one, as AD has it for the
attributes of its schema.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import NamedTuple

from fakes.ldap.wire import Element

Values = Callable[[str], list[bytes]]  # the values of an attribute, whatever the case of its name

BIT_AND, BIT_OR = "1.2.840.113556.1.4.803", "1.2.840.113556.1.4.804"
_AND, _OR, _NOT, _SUBSTRINGS, _PRESENT, _RULE = 0xA0, 0xA1, 0xA2, 0xA4, 0x87, 0xA9
_EQUAL, _NOT_LESS, _NOT_MORE, _LIKE = 0xA3, 0xA5, 0xA6, 0xA8
_COMPARISONS = {_EQUAL: "=", _NOT_LESS: ">=", _NOT_MORE: "<=", _LIKE: "~="}
_INITIAL, _FINAL = 0x80, 0x82
_BINARY = frozenset({"objectguid", "objectsid", "invocationid", "ms-ds-consistencyguid"})
_SPECIAL = re.compile(rb"[\x00()*\\]|[^\x20-\x7e]")


class Inappropriate(Exception):
    """A matching rule that this server does not have."""


def matches(wanted: Element, values: Values) -> bool:
    """Whether an object with these values fits the filter. Raises Inappropriate."""
    if wanted.tag == _AND:
        return all(matches(each, values) for each in wanted.parts)
    if wanted.tag == _OR:
        return any(matches(each, values) for each in wanted.parts)
    if wanted.tag == _NOT:
        return not matches(wanted.parts[0], values)
    if wanted.tag == _PRESENT:
        return bool(values(wanted.text))
    if wanted.tag == _SUBSTRINGS:
        name, pieces = wanted.parts
        pattern = _pattern(pieces)
        return any(pattern.fullmatch(_folded(value)) for value in values(name.text))
    if wanted.tag == _RULE:
        return _fits_rule(_rule(wanted), values)
    name, value = wanted.parts
    return any(_compares(wanted.tag, name.text, each, value.content) for each in values(name.text))


def text_of(wanted: Element) -> str:
    """The filter as RFC 4515 writes it."""
    if wanted.tag in {_AND, _OR}:
        return f"({'&' if wanted.tag == _AND else '|'}{''.join(map(text_of, wanted.parts))})"
    if wanted.tag == _NOT:
        return f"(!{text_of(wanted.parts[0])})"
    if wanted.tag == _PRESENT:
        return f"({wanted.text}=*)"
    if wanted.tag == _SUBSTRINGS:
        name, pieces = wanted.parts
        return f"({name.text}={_stars(pieces.parts)})"
    if wanted.tag == _RULE:
        rule = _rule(wanted)
        oid = f":{rule.oid}" if rule.oid else ""
        return f"({rule.name}{oid}:={_escaped(rule.value)})"
    name, value = wanted.parts
    return f"({name.text}{_COMPARISONS[wanted.tag]}{_escaped(value.content)})"


class _Rule(NamedTuple):
    oid: str
    name: str
    value: bytes


def _rule(wanted: Element) -> _Rule:
    by_tag = {part.tag: part.content for part in wanted.parts}
    return _Rule(by_tag.get(0x81, b"").decode(), by_tag.get(0x82, b"").decode(), by_tag[0x83])


def _compares(tag: int, name: str, stored: bytes, asked: bytes) -> bool:
    if tag in {_EQUAL, _LIKE}:
        if name.lower() in _BINARY:
            return stored == asked
        if name.lower() == "objectcategory" and b"=" not in asked:  # AD takes a class's name for its DN
            stored = stored.partition(b",")[0].partition(b"=")[2]
        return _folded(stored) == _folded(asked)
    ordered = operator.ge if tag == _NOT_LESS else operator.le
    try:
        return bool(ordered(int(stored), int(asked)))
    except ValueError:
        return bool(ordered(_folded(stored), _folded(asked)))


def _fits_rule(rule: _Rule, values: Values) -> bool:
    if rule.oid not in {BIT_AND, BIT_OR}:
        raise Inappropriate(rule.oid)
    mask = int(rule.value)
    held = [int(value) & mask for value in values(rule.name)]
    return any(bits == mask if rule.oid == BIT_AND else bits for bits in held)


def _pattern(pieces: Element) -> re.Pattern[str]:
    pattern = ""
    for piece in pieces.parts:
        literal = re.escape(_folded(piece.content))
        pattern += literal if piece.tag == _INITIAL else f".*{literal}"
    return re.compile(pattern if pieces.parts[-1].tag == _FINAL else f"{pattern}.*", re.DOTALL)


def _stars(pieces: list[Element]) -> str:
    """An initial piece has no star before it, and a final one none behind it."""
    first = "" if pieces[0].tag == _INITIAL else "*"
    last = "" if pieces[-1].tag == _FINAL else "*"
    return first + "*".join(_escaped(piece.content) for piece in pieces) + last


def _folded(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape").casefold()


def _escaped(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "".join(f"\\{byte:02x}" for byte in value)
    if text.isprintable():
        return re.sub(r"[()*\\]", lambda found: f"\\{ord(found[0]):02x}", text)
    return _SPECIAL.sub(lambda found: b"\\%02x" % found[0][0], value).decode()
