"""Remove control characters from texts of strangers, such as the names of groups and people.

An escape sequence could clear a terminal's screen; an override of the reading direction could make a text read
differently.
"""

from __future__ import annotations

import re

# C0 except tabs and line feeds, DEL, C1; separators of lines and paragraphs; embeddings and overrides; and halves of a
# surrogate pair
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff"
_ISOLATES = "\u2066-\u2069"
_STEERING, _CONTROL = re.compile(f"[{_CONTROLS}{_ISOLATES}]"), re.compile(f"[{_CONTROLS}]")
_ISOLATE = re.compile(f"[{_ISOLATES}]")
# Those of them that JSON leaves as they are
_LEFT_BY_JSON = re.compile(f"[\x7f-\x9f\u2028-\u202e\ud800-\udfff{_ISOLATES}]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    """The text with "�" for each character that could steer a terminal."""
    return _STEERING.sub(REPLACEMENT, text)


def without_isolates(text: str) -> str:
    """The text without marks that keep the direction of a part of it apart."""
    return _ISOLATE.sub("", text)


def uncontrolled(text: str) -> str:
    """As `visible`, for our own texts, which hold strangers' texts between isolates."""
    return _CONTROL.sub(REPLACEMENT, text)


def escaped(document: str) -> str:
    """The same JSON document, with escapes for characters that could steer a terminal."""
    if document.isascii() and "\x7f" not in document:
        return document  # nearly all of them
    return _LEFT_BY_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
