"""Plain text for Redmine, which formats what it shows by CommonMark or by Textile. Pure.

What either would take for markup is written as a character reference, which both show as the character: so a text
reads the same under both, and nothing in it calls people, runs a macro or makes a list. A number after # or a word in
[[ ]] may still be shown as a link to an issue or a page, which changes no word.
"""

from __future__ import annotations

import re

from connectors.kit.text import visible

_MARKUP = re.compile(
    r"""[&<>*_`\#@\[\]{}|~^\\%]    # in either, anywhere
    | !(?=\S) | "(?=:)               # Textile: a picture, a link
    | (?<!\w)[-+](?=\S)             # Textile: struck out, underlined
    | (?<=\w)[-+](?!\w)
    | \?(?=\?) | (?<=\?)\?          # Textile: a citation
    | ^[-+](?=\s)                   # a list
    | ^= | =(?==)                   # CommonMark: a heading; Textile: unformatted
    """,
    re.VERBOSE | re.MULTILINE,
)
_BLOCK = re.compile(
    r"^(\w{1,4})([.)])(?=\s)", re.MULTILINE
)  # "1. ", "h1. ", "bq. " at the beginning of a line
_MENTION = re.compile(
    r"(?<!\w)@(?=\w)"
)  # Redmine also shows a person's name in place of what was decoded to this
_JOINED = "@\N{WORD JOINER}"
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)  # four spaces are code


def plain(text: str) -> str:
    """Return a text of one or more lines, as it is to be written so that people read just that."""
    shown = _MENTION.sub(_JOINED, _INDENT.sub("", visible(text)))
    return _BLOCK.sub(
        lambda found: found[1] + _reference(found[2]), _MARKUP.sub(lambda found: _reference(found[0]), shown)
    )


def _reference(char: str) -> str:
    return f"&#{ord(char)};"
