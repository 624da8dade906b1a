"""Make a message fit a channel: how many of its paragraphs go into it, and how much is shown of each.

    whole, else cut, else cut shorter … until it fits; each cut is visible ("…")

The links, the first fact of each paragraph and the notes always stay. A text to paste is whole or left out. Whether
a message fits is the channel's to say.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from connectors.kit.text import ELLIPSIS, cut, shown, shown_line
from worker.domain.messages.message import Message, Paragraph
from worker.domain.text.unlinked import unlinked

REPEAT = "This may be a repeat: an earlier attempt to send it ended without a clear answer."
URL_MAX = 2000

Fits = Callable[[Message], bool]


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest texts, in UTF-16 units, and the greatest numbers, of one paragraph; `title` is the message's.

    `has_pasted`: whether texts to paste stay, whole.
    """

    title: int
    headline: int
    text: int
    label: int
    value: int
    facts: int
    step: int
    steps: int
    has_pasted: bool = False


GENEROUS = Limits(
    title=150, headline=200, text=600, label=60, value=200, facts=8, step=200, steps=8, has_pasted=True
)
SHORT = Limits(title=100, headline=100, text=200, label=40, value=80, facts=3, step=0, steps=0)
SHORTEST = Limits(title=50, headline=50, text=0, label=20, value=40, facts=1, step=0, steps=0)


def repeat_note(message: Message) -> str:
    """The line of a message that may be a repeat; empty for any other."""
    return (shown_line(message.repeat_note) or REPEAT) if message.may_be_repeat else ""


def takes(message: Message, fits: Fits) -> int:
    """How many of the first paragraphs fit, each shown generously, with the notes; at least 1."""
    whole = replace(_without_long_texts(message, fits), may_be_repeat=True)

    def is_too_many(count: int) -> bool:
        return not fits(_cut(replace(whole, paragraphs=whole.paragraphs[:count]), GENEROUS))

    counts = range(2, len(message.paragraphs) + 1)
    return 1 + bisect_right(counts, False, key=is_too_many)  # noqa: FBT003  the first that is too many


def fitted(message: Message, fits: Fits) -> Message:
    """The message as much of it as fits, made safe to show; at worst, the shortest that there is."""
    message = _without_long_texts(message, fits)
    whole = _clean(message)
    if fits(whole):
        return whole
    for limits in (GENEROUS, SHORT):
        shorter = _cut(message, limits)
        if fits(shorter):
            return shorter
    return _cut(message, SHORTEST)


def _without_long_texts(message: Message, fits: Fits) -> Message:
    """The same with "…" for each text to paste that would not fit, even if its paragraph were the only one."""

    def kept(paragraph: Paragraph) -> Paragraph:
        alone = replace(message, paragraphs=(paragraph,), may_be_repeat=True)
        if not paragraph.pasted or fits(_cut(alone, GENEROUS)):
            return paragraph
        left_out = tuple((label, ELLIPSIS) for label, _ in paragraph.pasted)
        return replace(paragraph, facts=paragraph.facts + left_out, pasted=())

    return replace(message, paragraphs=tuple(map(kept, message.paragraphs)))


def _clean(message: Message) -> Message:
    return replace(
        message,
        title=_line(message.title),
        note=_line(message.note),
        paragraphs=tuple(_cleaned(paragraph) for paragraph in message.paragraphs),
    )


def _cleaned(paragraph: Paragraph) -> Paragraph:
    link = paragraph.link or ""
    is_web = link.startswith(("https://", "http://")) and len(link) <= URL_MAX
    return replace(
        paragraph,
        headline=_line(paragraph.headline),
        text=unlinked(shown(paragraph.text).strip()),
        facts=tuple((_line(label), _line(value)) for label, value in paragraph.facts),
        steps=tuple(map(_line, paragraph.steps)),
        link="".join(link.split()) if is_web else None,
        pasted=tuple((_line(label), shown(text).strip()) for label, text in paragraph.pasted),
    )


def _line(text: str) -> str:
    return unlinked(shown_line(text))


def _cut(message: Message, limits: Limits) -> Message:
    clean = _clean(message)
    return replace(
        clean,
        title=cut(clean.title, limits.title),
        paragraphs=tuple(_shorter(paragraph, limits) for paragraph in clean.paragraphs),
    )


def _shorter(paragraph: Paragraph, limits: Limits) -> Paragraph:
    facts, steps = paragraph.facts[: limits.facts], paragraph.steps[: limits.steps]
    text = cut(paragraph.text, limits.text) if limits.text else ""
    pasted = paragraph.pasted if limits.has_pasted else ()
    kept, all_ = (facts, steps, pasted), (paragraph.facts, paragraph.steps, paragraph.pasted)
    is_less = kept != all_ or bool(paragraph.text) > bool(text)
    rest = ELLIPSIS if is_less and not text.endswith(ELLIPSIS) else ""
    return replace(
        paragraph,
        headline=cut(paragraph.headline, limits.headline),
        text="\n".join(filter(None, (text, rest))),
        facts=tuple((cut(label, limits.label), cut(value, limits.value)) for label, value in facts),
        steps=tuple(cut(step, limits.step) for step in steps),
        pasted=tuple((cut(label, limits.label), text) for label, text in pasted),
    )
