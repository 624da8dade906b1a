"""Message -> an Adaptive Card of version 1.4, in the envelope that a workflow takes. Pure.

A TextBlock and a FactSet read Markdown, so every text is a TextRun, which shows it as it is. A card through a workflow
can have no buttons but links: others need a bot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from connectors.kit import fitting
from connectors.kit.reading_direction import is_rtl
from worker.domain.messages.message import Message, Paragraph

CARD_MAX = 20_000  # bytes of the whole request: 28 KB is documented, refusals were seen from 21 KB on
VERSION = "1.4"
OPEN = "Open"

Element = dict[str, Any]


def takes(message: Message, language: str) -> int:
    """How many paragraphs go into one card; `language` (BCP 47) is the message's."""
    return fitting.takes(message, partial(_fits, language=language))


def render(message: Message, language: str) -> bytes:
    """The request's body; what does not fit is cut, visibly. `language` (BCP 47) is the message's."""
    return _body(fitting.fitted(message, partial(_fits, language=language)), language)


def _fits(message: Message, language: str) -> bool:
    return len(_body(message, language)) <= CARD_MAX


def _body(message: Message, language: str) -> bytes:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": list(_elements(message, language)),
        "msteams": {"width": "Full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    envelope = {"type": "message", "attachments": [attachment]}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def _elements(message: Message, language: str) -> Iterator[Element]:
    direction = {"rtl": True} if is_rtl(language) else {}
    yield _text(_run(message.title or "–", size="Large", weight="Bolder"))
    if note := fitting.repeat_note(message):
        yield _text(_run(note, italic=True))
    for paragraph in message.under_title:
        if items := list(_items(paragraph, message.link_label)):
            yield {"type": "Container", "separator": True, **direction, "items": items}
    if message.note:
        yield _text(_run(message.note, italic=True))


def _items(paragraph: Paragraph, link_label: str) -> Iterator[Element]:
    if paragraph.headline:
        yield _text(_run(paragraph.headline, weight="Bolder"))
    for line in paragraph.text.splitlines():
        if line.strip():
            yield _text(_run(line))
    for label, value in paragraph.facts:
        if label or value:
            yield _text(_run(f"{label}: ", weight="Bolder"), _run(value or "–"))
    for number, step in enumerate(filter(None, paragraph.steps), 1):
        yield _text(_run(f"{number}. {step}"))
    for label, text in paragraph.pasted:
        yield _text(_run(f"{label}:", weight="Bolder"))
        yield from (_text(_run(line if line.strip() else "\N{NO-BREAK SPACE}")) for line in text.splitlines())
    if paragraph.link:
        action = {
            "type": "Action.OpenUrl",
            "title": paragraph.link_label or paragraph.ticket or link_label or OPEN,
            "url": paragraph.link,
        }
        yield {"type": "ActionSet", "actions": [action]}


def _text(*runs: Element) -> Element:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: Any) -> Element:
    return {"type": "TextRun", "text": text, **style}
