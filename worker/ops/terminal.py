"""The one edge at which texts reach a terminal: nothing that comes from outside steers it.

Names of groups and people are written by strangers. An escape sequence in one, or an override of the reading
direction, would let it clear the screen or say something else than it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

# C0 but for tabs and line feeds, DEL, C1; separators of lines and paragraphs; embeddings, overrides and isolates; and
# halves of a surrogate pair
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# What JSON leaves as it is, of those
_LEFT_BY_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Terminal(Console):
    """Shows "�" for what could steer it. Its own colours are no text, and stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)


def visible(text: str) -> str:
    """The text with "�" for each character that could steer a terminal."""
    return _STEERING.sub(REPLACEMENT, text)


def json_text(value: Any, **how: Any) -> str:
    """JSON, readable in any script; what could steer a terminal is escaped, which is the same JSON."""
    return escaped(json.dumps(value, ensure_ascii=False, **how))


def escaped(document: str) -> str:
    """A JSON document with escapes for what could steer a terminal."""
    return _LEFT_BY_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
