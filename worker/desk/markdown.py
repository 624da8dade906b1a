"""Markdown as HTML for pages: headings, paragraphs, lists, emphasis. Nothing else, and no HTML of the text's own."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup

_RULES = ("heading", "lheading", "list", "emphasis", "newline", "escape", "blockquote", "hr")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("zero", {"html": False}).enable(list(_RULES))


def as_html(text: str) -> Markup:
    """The text as HTML, every character of it escaped. Its headings stand below those of the page."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704  the parser escapes it
