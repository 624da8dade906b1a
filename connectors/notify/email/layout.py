"""Message -> what a reader sees: plain text, and HTML with the same words. Pure.

Both parts have at most SIZE_MAX bytes: Gmail cuts longer ones off. What doesn't fit is cut visibly; a text to paste
keeps its lines, and is whole or left out. The HTML loads nothing, and is readable without its style sheet, which only
adds colours for dark screens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from connectors.kit.reading_direction import is_rtl
from connectors.kit.text import ELLIPSIS, cut, shown, shown_line, web_address
from worker.domain.messages.message import Message, Paragraph
from worker.domain.text.direction import FSI, PDI
from worker.domain.text.unlinked import unlinked

SIZE_MAX = 100_000  # bytes; Gmail clips at about 102,000
TITLE_MAX = 300
LABEL_MAX = 100
NOTE_MAX = 1000
URL_MAX = 2000
# For a paragraph that is too big by itself. An escaped character takes five bytes, and even then all of it fits.
SHORT_TEXT_MAX = 2000
SHORT_FACTS_MAX, SHORT_VALUE_MAX = 10, 400
SHORT_STEPS_MAX, SHORT_STEP_MAX = 12, 250
REPEAT = "This may be a repeat: an earlier attempt to send it ended without a clear answer."

_BDI = str.maketrans({
    FSI: "<bdi>",
    "\N{LEFT-TO-RIGHT ISOLATE}": '<bdi dir="ltr">',
    "\N{RIGHT-TO-LEFT ISOLATE}": '<bdi dir="rtl">',
    PDI: "</bdi>",
    "\n": "<br>",
})  # fmt: skip


def marked(text: str) -> Markup:
    """Text as HTML: isolated names stand in `bdi`, which mail programs know better than the characters."""
    return Markup(str(escape(text)).translate(_BDI))  # noqa: S704  escaped here


_PAGES = Environment(
    loader=PackageLoader("connectors.notify.email"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["marked"] = marked
_PAGE = _PAGES.get_template("message.html")


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph as it is shown. `is_cut`: it is shown in part."""

    headline: str
    text: str
    facts: Sequence[tuple[str, str]]
    steps: Sequence[str]
    url: str
    label: str = ""
    pasted: Sequence[tuple[str, str]] = ()
    is_cut: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class Layout:
    """One message in one language (BCP 47), with as many of its paragraphs as fit."""

    title: str
    text: str
    html: str


def laid_out(message: Message, language: str) -> Layout:
    """Return both forms. Text from outside can neither format nor link anything."""
    title = cut(_line(message.title), TITLE_MAX)
    parts = _whole(message) or [_shortened(_part(first)) for first in message.paragraphs[:1]]
    shown_parts = [replace(part, headline="") if part.headline == title else part for part in parts]
    left = len(message.paragraphs) - len(parts)
    repeat = _repeat(message) if message.may_be_repeat else ""
    more = f"{ELLIPSIS} +{left}" if left else ""
    note, label = _note(message), _label(message)
    html = _PAGE.render(
        language=language,
        is_rtl=is_rtl(language),
        title=title,
        repeat=repeat,
        parts=shown_parts,
        label=label,
        more=more,
        note=note,
    )
    blocks = [title, repeat, *(_plain(part, label) for part in shown_parts), more, note]
    return Layout(title, "\n\n".join(filter(None, blocks)) + "\n", html)


def takes(message: Message) -> int:
    """How many of the first paragraphs fit whole beside the title, the note and the repeat note; at least 1."""
    return max(1, len(_whole(message)))


def _whole(message: Message) -> list[_Part]:
    """The first paragraphs that fit whole beside all that may stand around them."""
    room, kept = _room(message), list[_Part]()
    for part in map(_part, message.paragraphs):
        room -= _size(part)
        if room < 0:
            break
        kept.append(part)
    return kept


def _part(paragraph: Paragraph) -> _Part:
    url = web_address(paragraph.link)
    return _Part(
        headline=_line(paragraph.headline),
        text=unlinked(shown(paragraph.text).strip()),
        facts=[(_line(label), _line(value)) for label, value in paragraph.facts if label or value],
        steps=[_line(step) for step in paragraph.steps if step],
        url=url if len(url) <= URL_MAX else "",
        label=cut(_line(paragraph.link_label), LABEL_MAX),
        pasted=[(_line(label), shown(text).strip()) for label, text in paragraph.pasted],
    )


def _line(text: str) -> str:
    return unlinked(shown_line(text))


def _shortened(part: _Part) -> _Part:
    """The beginning of all its parts but texts to paste, and its link."""
    return replace(
        part,
        headline=cut(part.headline, TITLE_MAX),
        text=cut(part.text, SHORT_TEXT_MAX),
        facts=[
            (cut(label, LABEL_MAX), cut(value, SHORT_VALUE_MAX))
            for label, value in part.facts[:SHORT_FACTS_MAX]
        ],
        steps=[cut(step, SHORT_STEP_MAX) for step in part.steps[:SHORT_STEPS_MAX]],
        pasted=(),
        is_cut=True,
    )


_BLANK = {
    "language": "", "is_rtl": True, "title": "", "repeat": "", "parts": (), "label": "", "more": "", "note": "",
}  # fmt: skip
_FRAME = len(_PAGE.render(_BLANK).encode()) + 1000  # the markup of title, notes and what is left out
_MACROS: Any = _PAGE.make_module(_BLANK)


def _size(part: _Part) -> int:
    """Bytes of the part's HTML, with a label of the greatest length."""
    return len(_MACROS.part(part, "").encode()) + LABEL_MAX * 5


def _room(message: Message) -> int:
    said = (cut(_line(message.title), TITLE_MAX), _repeat(message), _note(message))
    return (
        SIZE_MAX - _FRAME - 2 * sum(len(marked(text).encode()) for text in said)
    )  # the title stands there twice


def _repeat(message: Message) -> str:
    return cut(_line(message.repeat_note), NOTE_MAX) or REPEAT


def _note(message: Message) -> str:
    return cut(_line(message.note), NOTE_MAX)


def _label(message: Message) -> str:
    return cut(_line(message.link_label), LABEL_MAX)


def _plain(part: _Part, label: str) -> str:
    return "\n".join(filter(None, _lines(part, label)))


def _lines(part: _Part, label: str) -> Iterator[str]:
    yield part.headline
    yield part.text
    for name, value in part.facts:
        yield f"{name}: {value or '–'}"
    for number, step in enumerate(part.steps, 1):
        yield f"{number}. {step}"
    for name, text in part.pasted:
        yield f"{name}:\n{text}"
    if part.is_cut:
        yield ELLIPSIS
    if part.url:
        name = part.label or label
        yield f"{name}: {part.url}" if name else part.url
