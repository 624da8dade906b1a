"""Markdown as a person reads it, by an independent renderer, and what a forge would make of it."""

from __future__ import annotations

import re
from html import unescape

from markdown_it import MarkdownIt

_RENDERER = MarkdownIt("gfm-like", {"linkify": False, "breaks": True})
_TAG = re.compile(r"<[^>]*>")
JOINER = "\u2060"
REFERENCE = re.compile(r"(?<![\w/])@\w|[#!&$]\d|(?<!\w)[~%^][\w\"]|:[a-z0-9_+-]*[a-z1][a-z0-9_+-]*:|\bGH-\d")
COMMAND = re.compile(r"^/[a-z]", re.MULTILINE)


def as_read(markdown: str) -> str:
    """Return the text that is shown; a word joiner is not seen."""
    return unescape(_TAG.sub("", _RENDERER.render(markdown))).replace(JOINER, "")


def tags(markdown: str) -> list[str]:
    """Return the names of the tags that it makes, besides paragraphs, breaks and links."""
    found = re.findall(r"<([a-z0-9]+)", _RENDERER.render(markdown))
    return sorted({tag for tag in found if tag not in {"p", "br", "a"}})


def calls_somebody(markdown: str) -> list[str]:
    """Return what a forge would take for mentions, references, emoji and commands."""
    apart = re.sub(
        r"<a [^>]*>.*?</a>", " ", _RENDERER.render(markdown)
    )  # within a link nothing is looked for
    shown = unescape(_TAG.sub("", apart))
    return [*REFERENCE.findall(shown), *COMMAND.findall(markdown)]
