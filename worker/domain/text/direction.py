"""Keep texts that run right to left and left to right apart within one line.

A text from outside (name, number, address) is put between Unicode isolates (U+2068 … U+2069), so that it moves
nothing around it. Control characters in it that would reach further are dropped.
"""

from __future__ import annotations

import unicodedata

FSI, PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
ISOLATES = frozenset("\N{LEFT-TO-RIGHT ISOLATE}\N{RIGHT-TO-LEFT ISOLATE}" + FSI)
OVERRIDES = frozenset(map(chr, range(0x202A, 0x202F)))  # embeddings and overrides: never needed
_ALL = OVERRIDES | ISOLATES | {PDI}
_RTL = frozenset({"R", "AL", "AN"})
_AT_HOME_IN_RTL = frozenset({"R", "AL", "NSM", "WS"})


def contained(text: str) -> str:
    """The text without anything that can change the direction of its surroundings.

    Closed isolates stay, since they affect only their own text; anything else that sets a direction is dropped.
    """
    if _ALL.isdisjoint(text):
        return text
    dropped = OVERRIDES if _is_closed(text) else _ALL
    return "".join(char for char in text if char not in dropped)


def isolated(text: str, *, is_rtl: bool) -> str:
    """A value for a sentence: isolated if it may run against the sentence's direction."""
    if text.isascii() and not is_rtl:
        return text  # nearly all values: nothing in it runs from right to left
    text = contained(text)
    kinds = {unicodedata.bidirectional(char) for char in text}
    is_foreign = not kinds <= _AT_HOME_IN_RTL if is_rtl else bool(kinds & _RTL)
    return f"{FSI}{text}{PDI}" if is_foreign else text


def _is_closed(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in ISOLATES) - (char == PDI)
        if depth < 0:
            return False
    return depth == 0
