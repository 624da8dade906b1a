"""An HTML mail as its reader sees it: the words, steps with their numbers, and where the links lead."""

from __future__ import annotations

import re
from typing import Any

from lxml import html

from worker.domain.text.direction import FSI, PDI

BLOCKS = ("p", "h1", "h2", "tr", "li", "br")


def parsed(page: str) -> Any:
    """The root element."""
    return html.document_fromstring(page)


def as_shown(page: str) -> str:
    """The text, one line a block; style and title are not shown."""
    body = parsed(page).body
    for bdi in body.iter("bdi"):
        _isolated(bdi)
    for ordered in body.iter("ol"):
        for number, item in enumerate(ordered.iter("li"), 1):
            item.text = f"{number}. {item.text or ''}"
    for element in body.iter(*BLOCKS):
        element.tail = "\n" + (element.tail or "")
    lines = (" ".join(line.split()) for line in body.text_content().split("\n"))
    return re.sub(r"\n+", "\n", "\n".join(lines)).strip()


def _isolated(bdi: Any) -> None:
    """Put the characters around the text that do in a text what bdi does on a page."""
    bdi.text = f"{FSI}{bdi.text or ''}"
    if len(bdi):
        bdi[-1].tail = f"{bdi[-1].tail or ''}{PDI}"
    else:
        bdi.text += PDI


def links_in(page: str) -> list[str]:
    return [str(link) for link in parsed(page).xpath("//a/@href")]
