"""Message -> lines of plain text for a terminal. Pure. Nothing is cut: a terminal scrolls.

Lines are wrapped, but not those of a text to paste.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from connectors.kit.text import one_line, visible
from worker.domain.messages.message import Message, Paragraph, Recipient, RecipientKind
from worker.domain.text.unlinked import unlinked

REPEAT = "This may be a repeat: an earlier attempt to send it ended without a clear answer."
INDENT = "  "
WIDTH_MIN, WIDTH_MAX = 40, 100  # longer lines are hard to read
LABEL_MAX = 24


def render(message: Message, columns: int) -> str:
    """Return the message as text that ends with an empty line; links are never broken over lines."""
    columns = min(max(columns, WIDTH_MIN), WIDTH_MAX)
    title = _wrap(_line(message.title), columns)
    underline = "=" * max(map(len, title), default=0)
    lines = [f"To: {_to(message.to)}", *title, underline]
    if message.may_be_repeat:
        lines += _wrap(_line(message.repeat_note) or REPEAT, columns, INDENT)
    for paragraph in message.under_title:
        lines += ["", *_paragraph(paragraph, columns)]
    if message.note:
        lines += ["", *_wrap(_line(message.note), columns, INDENT * 2)]
    return "\n".join(lines) + "\n\n"


def _line(text: str) -> str:
    return unlinked(one_line(text))


def _to(to: Recipient) -> str:
    if to.kind is RecipientKind.CHANNEL:
        return "the security channel"
    name, address = _line(to.name), _line(to.address)
    return f"{name} <{address}>" if name and address else name or address


def _paragraph(paragraph: Paragraph, columns: int) -> Iterator[str]:
    yield from _wrap(_line(paragraph.headline), columns, INDENT)
    deeper = INDENT * 2
    for line in unlinked(visible(paragraph.text)).splitlines():
        yield from _wrap(line, columns, deeper)
    yield from _facts(paragraph.facts, columns, deeper)
    for number, step in enumerate(paragraph.steps, 1):
        yield from _wrap(_line(step), columns, deeper, f"{number}. ")
    for label, text in paragraph.pasted:
        yield from _wrap(_line(label) + ":", columns, deeper)
        yield from (f"{deeper}{line}".rstrip() for line in visible(text).splitlines())
    if paragraph.link:
        yield deeper + one_line(paragraph.link)


def _facts(facts: tuple[tuple[str, str], ...], columns: int, indent: str) -> Iterator[str]:
    labels = [_line(label) + ":" for label, _ in facts]
    column = min(max(map(len, labels), default=0), LABEL_MAX)
    for label, (_, value) in zip(labels, facts, strict=True):
        text = _line(value) or "–"
        if len(label) <= column:
            yield from _wrap(text, columns, indent, f"{label:<{column}} ")
        else:
            yield from _wrap(label, columns, indent)
            yield from _wrap(text, columns, indent + " " * (column + 1))


def _wrap(text: str, columns: int, indent: str = "", first: str = "") -> list[str]:
    """The text in lines: the first one begins with `first`, the others are indented to match."""
    return textwrap.wrap(
        text,
        columns,
        initial_indent=indent + first,
        subsequent_indent=indent + " " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
