"""Make text from outside (names of groups and people) safe to show.

Strangers write names: a line break, an escape sequence or an override of the reading direction must not change how
the lines around them read. Our own sentences put isolates around names that run the other way; `shown` keeps these,
for apps that understand them. A text that is cut ends in "…".
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from worker.domain.text.direction import ISOLATES, OVERRIDES, PDI, contained

ELLIPSIS = "…"
QUOTED_MAX, LISTED_MAX, NAME_MAX = 40, 20, 100
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Embeddings, overrides and isolates. Messengers wrap phone numbers in them, so they are dropped without a
# trace. The two marks (U+200E, U+200F) stay: they affect only themselves.
_ISOLATING = ISOLATES | {PDI}
_DIRECTION = OVERRIDES | _ISOLATING
_BREAKS = frozenset("\t\v\f\r\x1c\x1d\x1e\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}")
_UNPRINTABLE = frozenset({"Cc", "Cs"})  # control characters; halves of a surrogate pair
_LAST_BMP = 0xFFFF


def visible(text: str) -> str:
    """Keep readable characters and line feeds; put spaces for other breaks, and "�" for control characters."""
    return "".join(map(_visible, text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """As `visible`, with each run of white space as one space."""
    return " ".join(visible(text).split())


def shown(text: str) -> str:
    """As `visible`, but isolates that are closed within their line stay: they affect only their own text."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("".join(map(_shown, contained(line))) for line in lines)


def shown_line(text: str) -> str:
    """As `shown`, with each run of white space as one space."""
    return " ".join(shown(text).split())


def quoted(text: str) -> str:
    """Return a stranger's text, such as a cell, as a quotation in a message: short, on one line, in quotes."""
    return f"'{cut(one_line(text), QUOTED_MAX)}'"


def listed(texts: Sequence[str]) -> str:
    """Return a stranger's texts, such as headings, as a list in a message: only the first ones, each shortened."""
    shown = [cut(one_line(text), QUOTED_MAX) for text in texts[:LISTED_MAX]]
    return ", ".join(shown if len(texts) <= LISTED_MAX else [*shown, ELLIPSIS])


def named(path: Path) -> str:
    """Return a file's name for a message, safe for any bytes in it."""
    return cut(one_line(os.fsencode(path.name).decode(errors="replace")), NAME_MAX)


def width(text: str) -> int:
    """Length in UTF-16 units, the strictest of the vendors' ways to count characters."""
    return len(text) + sum(ord(char) > _LAST_BMP for char in text)


def cut(text: str, limit: int, escapes: Mapping[str, str] | None = None) -> str:
    """Return `text` with `escapes` applied, of at most `limit` UTF-16 units; a cut text ends in "…".

    An escape (a character's replacement) is kept whole or left out.
    """
    pieces = [escapes.get(char, char) for char in text] if escapes else list(text)
    whole = "".join(pieces)
    if width(whole) <= limit:
        return whole
    room = limit - width(ELLIPSIS)
    kept: list[str] = []
    for piece in pieces:
        room -= width(piece)
        if room < 0:
            break
        kept.append(piece)
    return contained("".join(kept).rstrip() + ELLIPSIS)  # an isolate may have lost its end


def web_address(url: str | None) -> str:
    """The URL without characters that could end it in a text; empty if it isn't a web address."""
    try:
        is_web = bool(url) and urlsplit(url).scheme in {"http", "https"}
    except ValueError:  # brackets that are no IPv6 address
        is_web = False
    return quote(url, safe="%/:?#[]@!$&'()*+,;=-._~") if url and is_web else ""


def _shown(char: str) -> str:
    return char if char in _ISOLATING else _visible(char)


def _visible(char: str) -> str:
    if char == "\n":
        return char
    if char in _DIRECTION:
        return ""
    if char in _BREAKS:
        return " "
    return REPLACEMENT if unicodedata.category(char) in _UNPRINTABLE else char
