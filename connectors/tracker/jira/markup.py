"""Our texts as Jira shows them: documents (ADF) for Cloud, wiki text for Data Center. Pure.

Plain text stays plain text: nothing in it becomes a heading, a mention of a person, an image or a link. A text that is
too long is cut, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from connectors.kit.text import cut, one_line, shown, web_address, width

TEXT_MAX = 20_000  # Jira takes 32,767 characters, and does not say how it counts those of a document
SUMMARY_MAX = 255
CUT_SHORT = "(The text was too long for Jira, so it was cut here.)"
Body = dict[str, Any] | str

# What a backslash keeps from being markup, as Jira's notation says; its other signs are written by their numbers
_BACKSLASHED = frozenset("![]^~+?{}*_|")
_NUMBERED = re.compile(
    r"""
    [\\&\#%@]                                        # escapes, entities, lists, mentions
    | (?<!\w)- | -(?!\w)                             # -struck out-, --, ----, lists; T-000123 is left alone
    | (?<=^h[1-6])\. | (?<=^bq)\.                    # headings, quotations
    | [:;](?=[-)(DPp|])                              # faces
    | \((?=(?:[yniN!x/?+*-]|\*[rgby]|on|off|flag|flagoff)\))  # icons
    """,
    re.VERBOSE | re.MULTILINE,
)


def summary(text: str) -> str:
    """Return a title: one line, not longer than Jira takes."""
    return cut(one_line(text), SUMMARY_MAX)


def document(paragraphs: Sequence[str], url: str = "") -> dict[str, Any]:
    """Return paragraphs, and an address as a link, as a document (ADF)."""
    content: list[dict[str, Any]] = [
        {"type": "paragraph", "content": list(_lines(text))} for text in fitting(paragraphs)
    ]
    if address := web_address(url):
        link = {
            "type": "text",
            "text": address,
            "marks": [{"type": "link", "attrs": {"href": address}}],
        }
        content.append({"type": "paragraph", "content": [link]})
    return {"type": "doc", "version": 1, "content": content}


def wiki(paragraphs: Sequence[str], url: str = "") -> str:
    """Return the same as wiki text."""
    return "\n\n".join([*map(_escaped, fitting(paragraphs)), *filter(None, [web_address(url)])])


def fitting(paragraphs: Sequence[str]) -> list[str]:
    """Return the paragraphs that have text, as far as Jira takes them; what is cut is said."""
    kept: list[str] = []
    room = TEXT_MAX
    for text in filter(str.strip, map(shown, paragraphs)):
        if width(text) > room:
            return [*kept, *([cut(text, room)] if room > 1 else []), CUT_SHORT]
        kept.append(text)
        room -= width(text)
    return kept


def plain(body: Any) -> str:
    """Return the text of a document without its form, or wiki text as it is: to compare what is there with ours."""
    if isinstance(body, str):
        return "".join(body.split())
    return "".join("".join(_texts(body)).split())


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield {"type": "hardBreak"}
        if line:
            yield {"type": "text", "text": line}


def _escaped(text: str) -> str:
    numbered = _NUMBERED.sub(lambda found: f"\0{ord(found[0])};", text)
    slashed = "".join(f"\\{char}" if char in _BACKSLASHED else char for char in numbered)
    return slashed.replace("\0", "&#")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        node = node.get("content")
    if isinstance(node, list):
        for each in node:
            yield from _texts(each)
