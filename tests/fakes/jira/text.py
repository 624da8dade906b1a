"""Documents (ADF) and wiki text as a person reads them: markup has its effect, and is not read as it stands."""

from __future__ import annotations

import html
import re
from typing import Any

BLOCKS = {"paragraph", "hardBreak"}
# Of Jira's notation for wiki text; what is escaped was taken out before
_EFFECTS = (
    (re.compile(r"^\s*(?:h[1-6]|bq)\.\s+(.*)$", re.MULTILINE), r"‹block›\1"),
    (re.compile(r"^\s*(?:[*#]+|-)\s+", re.MULTILINE), "‹item›"),
    (re.compile(r"\[~([^\]]+)\]"), "‹mention›"),
    (re.compile(r"\[([^\]]*)\]"), "‹link›"),
    (re.compile(r"!\S[^!\n]*!"), "‹image›"),
    (re.compile(r"\{\{(.*?)\}\}"), r"‹mono›\1"),
    (re.compile(r"\{[^}\n]*\}"), "‹macro›"),
    (re.compile(r"(?<!\w)([*_+^~]|\?\?)(\S(?:[^\n]*?\S)?)\1(?!\w)"), r"‹style›\2"),
    (re.compile(r"(?<!\w)-(\S(?:[^-\n]*\S)?)-(?!\w)"), r"‹struck›\1"),
    (re.compile(r"---?"), "–"),
    (re.compile(r"[:;](?:-?[)(DP])|\((?:[yni!x/?+*-]|on|off|flag)\)"), "‹icon›"),
    (re.compile(r"\|"), "‹cell›"),
    (re.compile(r"\\\\"), "\n"),
)  # fmt: skip
_ESCAPED = re.compile(r"\\([!\[\]^~+?%{}()*_\-|@])")
_ENTITY = re.compile(r"&#\d+;|&\w+;")


def as_read(body: Any) -> str:
    """Return a text of either kind."""
    return read_wiki(body) if isinstance(body, str) else read_document(body)


def read_wiki(text: str) -> str:
    kept: list[str] = []

    def keep(char: str) -> str:
        kept.append(char)
        return f"\0{len(kept) - 1}\0"

    text = _ESCAPED.sub(lambda found: keep(found[1]), text)
    text = _ENTITY.sub(lambda found: keep(html.unescape(found[0])), text)
    for pattern, effect in _EFFECTS:
        text = pattern.sub(effect, text)
    return re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], text)


def read_document(node: Any) -> str:
    """Raises AssertionError for a document that Jira would refuse."""
    if node["type"] == "text":
        assert node["text"], "a text without characters"
        return str(node["text"])
    if node["type"] == "hardBreak":
        return "\n"
    assert node["type"] in {"doc", "paragraph"}, node["type"]
    inner = "".join(read_document(each) for each in node["content"])
    return f"{inner}\n\n" if node["type"] == "paragraph" else inner.removesuffix("\n\n")
