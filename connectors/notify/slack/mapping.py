"""Message -> Block Kit blocks and the plain text beside them. Pure.

Limits: 50 blocks a message, header 150 characters, section 3,000, ten fields of 2,000, button 75, text 4,000
recommended (docs.slack.dev, Block Kit reference and chat.postMessage, read 2026-11). A text that doesn't fit
is cut visibly; a text to paste is whole or left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from typing import Any

from connectors.kit.text import ELLIPSIS, cut, shown, shown_line, web_address, width
from worker.domain.messages.message import Message, Offer, Paragraph, ReaderAct
from worker.domain.text.unlinked import unlinked

Block = dict[str, Any]

TITLE_MAX = 150
SECTION_MAX = 3000
TEXT_MAX = 4000
BLOCKS_MAX = 50
FIELDS_MAX = 10
# Ours, not Slack's: ten fields and a full section then still fit into SIZE_MAX.
FIELD_MAX = 500
HEADLINE_MAX = 300
STEP_MAX = 600
LINE_MAX = 1000
NOTE_MAX = 300
URL_MAX = 2000
LABEL_MAX = 60
BUTTON_MAX = 75
# All blocks together, as JSON. Undocumented: Slack answers msg_blocks_too_long from about 13,170 characters
# (slackapi/bolt-js issues 2509 and 2867). A part is kept for the note that says what was left out.
SIZE_MAX = 12_500
NOTE_BLOCKS = 1
# For a paragraph that is too big for one message. In JSON each character may take two, and even then the
# text, its link and the notes fit into SIZE_MAX.
SHORT_TEXT_MAX = 800
SHORT_FIELD_MAX = 160
SHORT_STEPS_MAX = 1000

REPEAT = "This may be a repeat: an earlier attempt to send it ended without a clear answer."
OPEN = "Open"

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Slack has no way to escape formatting, so formatting characters are replaced by look-alikes.
_ALIKE = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_OPENING_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # inside a word, as in e-mail, it is plain
_EMOJI_COLON = re.compile(
    r":(?=(?:[\d_]|[^\w\s:])*+[^\W\d_][^\s:]*+:)"
)  # a letter somewhere between two colons
_QUOTE = re.compile(r"^[ \t]*>+", re.MULTILINE)  # "&gt;" at the start of a line quotes, too


@dataclass(frozen=True, slots=True)
class Rendered:
    """The arguments of chat.postMessage: `blocks` are shown; `text` is for notices and screen readers."""

    text: str
    blocks: Sequence[Block]


def render(message: Message) -> Rendered:
    """Return the message within Slack's limits. Text from outside can neither format nor notify anybody."""
    return Rendered(text=_plain(message), blocks=list(_blocks(message)))


def mrkdwn(text: str, limit: int) -> str:
    """Text from outside for a mrkdwn object: shown literally, with at most `limit` characters after escaping."""
    text = unlinked(shown(text).strip()).translate(_ALIKE)
    text = _OPENING_UNDERSCORE.sub("ˍ", text)
    text = _EMOJI_COLON.sub("∶", text)
    text = _QUOTE.sub(lambda quoted: quoted.group().replace(">", "›"), text)
    return cut(text, limit, _ESCAPES)


def takes(message: Message) -> int:
    """How many of the first paragraphs one message shows; the very first may be shortened.

    What continues another message is in that one's thread, so it can't be together with anything else.
    """
    thread = message.paragraphs[0].thread if message.paragraphs else ""
    together = tuple(takewhile(lambda one: one.thread == thread, message.paragraphs))
    return max(1, len(_whole(replace(message, paragraphs=together))))


def _blocks(message: Message) -> Iterator[Block]:
    yield _header(message.title)
    if message.may_be_repeat:
        yield _context(_repeat(message))
    whole = _whole(message)
    if message.paragraphs and not whole:
        whole = [list(_shortened(message.under_title[0], message.link_label))]
    yield from chain.from_iterable(whole)
    if left := len(message.paragraphs) - len(whole):
        yield _context(f"{ELLIPSIS} +{left}")
    yield from _closing(message)


def _whole(message: Message) -> list[list[Block]]:
    """The blocks of each of the first paragraphs that fit beside the title, the note and the repeat note."""
    budget = _Budget(blocks=BLOCKS_MAX - NOTE_BLOCKS, size=SIZE_MAX)
    budget.take([_header(message.title), _context(_repeat(message)), *_closing(message)])
    return list(
        takewhile(budget.take, (list(_paragraph(one, message.link_label)) for one in message.under_title))
    )


def _closing(message: Message) -> list[Block]:
    return [_context(_note(message))] if message.note else []


@dataclass(slots=True)
class _Budget:
    blocks: int
    size: int

    def take(self, blocks: Sequence[Block]) -> bool:
        """Count the blocks if all of them fit; return whether they do."""
        size = sum(map(_size, blocks))
        if len(blocks) > self.blocks or size > self.size:
            return False
        self.blocks -= len(blocks)
        self.size -= size
        return True


def _size(block: Block) -> int:
    return width(json.dumps(block, ensure_ascii=False)) + len(", ")


def _paragraph(paragraph: Paragraph, link_label: str) -> Iterator[Block]:
    """Headline, text and the first ten facts; more facts; the steps and the link; then texts to paste."""
    head = _head(paragraph, SECTION_MAX - HEADLINE_MAX - len("**\n"))
    tail = _steps_and_link(paragraph, link_label, SECTION_MAX)
    fields = [_field(label, value, FIELD_MAX) for label, value in paragraph.facts]
    if not fields and tail and width(head) + 1 + width(tail) <= SECTION_MAX:
        head, tail = _lines(head, tail), ""
    if head or fields:
        yield _section(head, fields[:FIELDS_MAX])
    for start in range(FIELDS_MAX, len(fields), FIELDS_MAX):
        yield _section("", fields[start : start + FIELDS_MAX])
    if tail:
        yield _section(tail, [])
    for label, text in paragraph.pasted:
        yield from _pasted(label, shown(text).strip())
    yield from buttons(paragraph)


def _shortened(paragraph: Paragraph, link_label: str) -> Iterator[Block]:
    """The beginning of all its parts but texts to paste, and its link."""
    fields = [_field(label, value, SHORT_FIELD_MAX) for label, value in paragraph.facts[:FIELDS_MAX]]
    yield _section(_head(paragraph, SHORT_TEXT_MAX), fields)
    if tail := _steps_and_link(paragraph, link_label, SHORT_STEPS_MAX):
        yield _section(tail, [])
    yield from buttons(paragraph)
    yield _context(ELLIPSIS)


def _pasted(label: str, text: str) -> Iterator[Block]:
    """A text in a block of its own and to the letter; "…" for one that is too long."""
    is_whole = 0 < width(text) <= SECTION_MAX
    yield _section(_lines(_bold(label, LABEL_MAX) or "–", "" if is_whole else ELLIPSIS), [])
    if is_whole:
        yield {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def buttons(paragraph: Paragraph) -> Iterator[Block]:
    """A row of buttons for what the reader is offered. Each says which ticket, and as it was at which version."""
    if paragraph.offers:
        yield {"type": "actions", "elements": [_button(offer, paragraph) for offer in paragraph.offers]}


def _button(offer: Offer, paragraph: Paragraph) -> Block:
    button: Block = {
        "type": "button",
        "action_id": offer.act.value,
        "text": {"type": "plain_text", "text": cut(shown_line(offer.label), BUTTON_MAX), "emoji": False},
        "value": f"{paragraph.ticket}.{paragraph.version}",
    }
    return button | ({"style": "primary"} if offer.act is ReaderAct.DONE else {})


def _head(paragraph: Paragraph, text_max: int) -> str:
    return _lines(_bold(paragraph.headline, HEADLINE_MAX), mrkdwn(paragraph.text, text_max))


def _steps_and_link(paragraph: Paragraph, link_label: str, steps_max: int) -> str:
    link = _link(paragraph, link_label)
    room = min(steps_max, SECTION_MAX - width(link) - 1)
    steps = _fitting([f"{n}. {mrkdwn(step, STEP_MAX)}" for n, step in enumerate(paragraph.steps, 1)], room)
    return _lines(*steps, link)


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """The lines that fit into `room`, and one that says how many did not."""
    note = f"{ELLIPSIS} +{len(lines)}"
    kept: list[str] = []
    for line in lines:
        is_last = len(kept) == len(lines) - 1
        if width(line) + 1 + (0 if is_last else width(note) + 1) > room:
            return [*kept, f"{ELLIPSIS} +{len(lines) - len(kept)}"]
        room -= width(line) + 1
        kept.append(line)
    return kept


def _field(label: str, value: str, limit: int) -> Block:
    label_max = limit // 5
    return _text(_lines(_bold(label, label_max), mrkdwn(value, limit - label_max - len("**\n")) or "–"))


def _bold(text: str, limit: int) -> str:
    text = mrkdwn(shown_line(text), limit)
    return f"*{text}*" if text else ""


def _link(paragraph: Paragraph, link_label: str) -> str:
    """The paragraph's link; `link_label` is what links are called in the reader's language."""
    url = web_address(paragraph.link).replace("&", "&amp;")
    said = mrkdwn(shown_line(paragraph.link_label or link_label).replace("|", " "), LABEL_MAX) or OPEN
    return f"<{url}|{said}>" if url and len(url) <= URL_MAX else ""


def _repeat(message: Message) -> str:
    return mrkdwn(message.repeat_note, NOTE_MAX) or REPEAT


def _note(message: Message) -> str:
    return mrkdwn(message.note, NOTE_MAX)


def _plain(message: Message) -> str:
    lines = [
        mrkdwn(shown_line(message.title), TITLE_MAX),
        *([_repeat(message)] if message.may_be_repeat else []),
    ]
    for paragraph in message.under_title:
        lines += _plain_paragraph(paragraph, message.link_label)
    note = _note(message)
    fitting = _fitting([line for line in lines if line], TEXT_MAX - width(note) - 1)
    return _lines(*fitting, note)


def _plain_paragraph(paragraph: Paragraph, link_label: str) -> Iterator[str]:
    yield mrkdwn(shown_line(paragraph.headline), HEADLINE_MAX)
    yield mrkdwn(paragraph.text, LINE_MAX)
    for label, value in paragraph.facts:
        yield mrkdwn(f"{shown_line(label)}: {shown_line(value)}", FIELD_MAX)
    for number, step in enumerate(paragraph.steps, 1):
        yield f"{number}. {mrkdwn(step, STEP_MAX)}"
    yield _link(paragraph, link_label)


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _header(title: str) -> Block:
    text = cut(unlinked(shown_line(title)), TITLE_MAX) or "–"
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_text(text)]}


def _section(text: str, fields: Sequence[Block]) -> Block:
    block: Block = {"type": "section"}
    if text:
        block["text"] = _text(text)
    if fields:
        block["fields"] = list(fields)
    return block


def _text(text: str) -> Block:
    # verbatim: Slack looks for no "@channel", "#general" or address in it of its own accord
    return {"type": "mrkdwn", "text": text, "verbatim": True}
