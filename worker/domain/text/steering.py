"""Texts of strangers without what steers: names of groups and people are written by them.

An escape sequence in one, or an override of the reading direction, would let it clear the screen of a terminal or say
something else than it is.
"""

from __future__ import annotations

import re

# C0 but for tabs and line feeds, DEL, C1; separators of lines and paragraphs; embeddings and overrides; and halves of a
# surrogate pair
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff"
_ISOLATES = "\u2066-\u2069"
_STEERING, _CONTROL = re.compile(f"[{_CONTROLS}{_ISOLATES}]"), re.compile(f"[{_CONTROLS}]")
# What JSON leaves as it is, of those
_LEFT_BY_JSON = re.compile(f"[\x7f-\x9f\u2028-\u202e\ud800-\udfff{_ISOLATES}]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    """The text with "�" for each character that could steer a terminal."""
    return _STEERING.sub(REPLACEMENT, text)


def uncontrolled(text: str) -> str:
    """As `visible`, for texts of ours in which those of others stand between isolates."""
    return _CONTROL.sub(REPLACEMENT, text)


def escaped(document: str) -> str:
    """A JSON document with escapes for what could steer a terminal; it is the same JSON."""
    return _LEFT_BY_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
