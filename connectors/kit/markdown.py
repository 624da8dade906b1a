"""Plain text as Markdown that shows it as it is, for forges: nothing in it is bold, a link, a mention or a command.

    visible characters -> addresses apart -> what Markdown reads is escaped -> what the forge reads is broken up

A forge looks for mentions and references (@name, #12, !12, ~label, :emoji:) in what Markdown has made, where an escape
is gone already; so an invisible word joiner goes between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.kit.text import visible, web_address
from worker.domain.text.unlinked import JOINER, unlinked

_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}']")
_HTML = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_MARKUP = re.compile(r"[\\`*_\[\]|~$^]")
_AT_START = re.compile(
    r"^(?:[#+=/-]|\d+(?=[.)]))", re.MULTILINE
)  # heading, list, underline; `/` is GitLab's command
_NUMBERED = re.compile(r"([#!$&]|\bGH-)(?=\d)")
_NAMED = re.compile(r"(?<!\w)([@~%^])(?=[\w\"])")
_CALLED = re.compile(
    r"<(?=[!@#])|(?<!\w)@(?=[^\s\w])|@(?=everyone\b|here\b)"
)  # <!channel>, @**all**; Discord takes its two words from anywhere
_LINKED = re.compile(r"\](?=[(:\[])")
_EMOJI = re.compile(r"(?<!\d):(?=[\w+-]{0,64}[a-z1][\w+-]{0,64}:)")  # a name is shorter


def unreferenced(text: str) -> str:
    """Break up mentions and references, in a text that is no Markdown: a title."""
    for pattern in (_NUMBERED, _NAMED, _EMOJI):
        text = pattern.sub(_joined, text)
    return text


def inert(text: str) -> str:
    """Break up mentions and links for a service of which nobody knows what it reads in plain text."""
    for pattern in (_CALLED, _LINKED):
        text = pattern.sub(_joined, text)
    return unlinked(unreferenced(text))


def plain(text: str) -> str:
    """Return Markdown that shows a text as it is; web addresses in it are links."""
    text = "\n".join(line.strip() for line in visible(text).strip().split("\n"))
    parts: list[str] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        parts += [_escaped(text[end : found.start()], is_start=end == 0), f"<{web_address(found[0])}>"]
        end = found.end()
    return "".join([*parts, _escaped(text[end:], is_start=end == 0)])


def _joined(found: re.Match[str]) -> str:
    return found[0] + JOINER


def _escaped(text: str, *, is_start: bool) -> str:
    text = unreferenced(text)
    head, feed, rest = ("", "", text) if is_start else text.partition("\n")
    if not is_start and not feed:
        head, rest = text, ""
    return _inline(head) + feed + _AT_START.sub(_mark, _inline(rest))


def _inline(text: str) -> str:
    text = _MARKUP.sub(lambda found: "\\" + found[0], text)
    return "".join(_HTML.get(char, char) for char in text)


def _mark(found: re.Match[str]) -> str:
    """A number keeps its digits, and its full stop is escaped by a joiner that is no white space."""
    return found[0] + JOINER if found[0].isdigit() else "\\" + found[0]


def paragraphs(texts: Iterable[str]) -> str:
    """Return each text as a paragraph."""
    return "\n\n".join(plain(text) for text in texts if text.strip())


def fenced(text: str) -> str:
    """Return a block that shows a text as it is, in a fence that is longer than any in it."""
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * max([3, *(run + 1 for run in runs)])
    return f"{fence}\n{text}\n{fence}"
