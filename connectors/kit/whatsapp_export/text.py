"""Make texts of an export comparable: marks of direction, odd spaces, quotes, digits of any script."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

NAME_MAX = 100  # letters; a longer text is no name of a person or a group
LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"
# Marks that only direct: around numbers, before bodies, at the start of lines. Joiners stay, since names need them.
MARKS = frozenset("\u200e\u200f\u061c\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPACES = frozenset("\u00a0\u202f\u2007\u2009\u200a\u3000\t\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")
_QUOTES = frozenset("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033")
_APOSTROPHES = frozenset("\u2018\u2019\u02bc")
_END = ".\u3002\u0964 "


class _Plain(dict[int, str]):
    """The characters of heads: ASCII digits, commas and spaces in place of their many forms."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        digit = unicodedata.decimal(character, None)
        plain = str(digit) if digit is not None else _tidied(character)
        self[code] = {"\u060c": ",", "\uff0c": ",", "\u3001": ","}.get(plain, plain)
        return self[code]


class _Tidy(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = _tidied(chr(code))
        return self[code]


def _tidied(character: str) -> str:
    if character in MARKS:
        return ""
    if character in _SPACES:
        return " "
    if character in _QUOTES:
        return '"'
    return "'" if character in _APOSTROPHES else character


_PLAIN, _TIDY = _Plain(), _Tidy()


def plain(text: str) -> str:
    """Return a head's text without marks, with ASCII digits and spaces."""
    return text.translate(_PLAIN)


def tidy(text: str) -> str:
    """Return a sentence without marks, with single spaces and straight quotes, and without its full stop."""
    return " ".join(text.translate(_TIDY).split()).rstrip(_END)


@lru_cache(maxsize=8192)
def shown(name: str) -> str:
    """Return a name for comparing as the export shows it: without case, marks and width.

    Before a name that somebody chose for themself it has a tilde: a group of that name is somebody else.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name[: NAME_MAX * 2]).casefold())
    return " ".join(text.translate(_TIDY).split())


def folded(name: str) -> str:
    """Return a person's name for comparing: as shown, without the tilde before a name that somebody chose."""
    return shown(name).removeprefix("~").strip()
