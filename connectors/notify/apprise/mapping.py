"""Message -> title and text, and what Apprise says -> an error of ours. Pure.

Apprise says why a service failed in words only. Where they hold a status, that decides; else nobody knows whether the
message was sent, not even after a refused connection.

    | what it says | error |
    |---|---|
    | error=401 | AuthFailed |
    | error=403 | PermissionDenied: perhaps for this recipient alone |
    | error=402 | PermissionDenied: the account has no credit |
    | error=404 | BadConfig: nothing is there, whoever is written to |
    | any other error=4xx, but for 408 and 429 | Rejected |
    | anything else, a time-out too | Transient: unclear |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple

from connectors.kit import fitting
from connectors.kit.markdown import inert
from connectors.kit.text import cut, width
from worker.domain.messages.message import Message, Paragraph
from worker.ports import AuthFailed, BadConfig, ConnectorError, PermissionDenied, Rejected, Transient

TITLE_MAX = 150  # services cut longer ones without a sign
PASSING = frozenset({408, 429})
_STATUS = re.compile(r"\berror=(\d{3})(?:\d\d)?\b")  # ntfy's own codes have two more digits: 40101


class Text(NamedTuple):
    """What is sent; the two together are no longer than a service takes."""

    title: str
    body: str


def takes(message: Message, text_max: int) -> int:
    """How many paragraphs go into one message."""
    return fitting.takes(message, lambda one: _width(one) <= text_max)


def render(message: Message, text_max: int) -> Text:
    """The message as plain text. What does not fit is cut, visibly; a link never is."""
    fitted = fitting.fitted(message, lambda one: _width(one) <= text_max)
    text = _text(fitted)
    if width(text.title) + 1 + width(text.body) <= text_max:
        return text
    links = "\n".join(paragraph.link for paragraph in fitted.paragraphs if paragraph.link)
    title = cut(text.title, text_max // 3)
    room = max(0, text_max - width(title) - width(links) - 2)
    rest = "\n".join(_lines(fitted, has_links=False))
    return Text(title, "\n".join(filter(None, (cut(rest, room) if room else "", links))))


def failure(service: str, said: str) -> ConnectorError:
    """The error for what Apprise logged as a service did not take a message. None of its words are repeated."""
    found = _STATUS.search(said)
    status = int(found[1]) if found else 0
    if status == HTTPStatus.UNAUTHORIZED:
        return AuthFailed(f"{service} answered {status}.", remedy="Check the credential in url.")
    if status == HTTPStatus.FORBIDDEN:
        return PermissionDenied(
            f"{service} answered {status}.", missing="to send there", remedy="Check the credential in url."
        )
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return PermissionDenied(
            f"{service} answered {status}.",
            missing="to send more",
            remedy="Look at the account's credit there.",
        )
    if status == HTTPStatus.NOT_FOUND:
        return BadConfig(f"{service} answered {status}.", remedy="Check url: the service has nothing there.")
    if 400 <= status < 500 and status not in PASSING:  # noqa: PLR2004  a client's error
        return Rejected(f"{service} answered {status}.", remedy="Check url, and what the service takes.")
    answered = f"answered {status}" if status else "did not take the message, or did not answer in time"
    return Transient(f"{service} {answered}.", remedy="It is tried again by itself.")


def _width(message: Message) -> int:
    text = _text(message)
    return width(text.title) + 1 + width(text.body)


def _text(message: Message) -> Text:
    return Text(cut(inert(message.title), TITLE_MAX), "\n".join(_lines(message)) or "–")


def _lines(message: Message, *, has_links: bool = True) -> Iterator[str]:
    if note := fitting.repeat_note(message):
        yield inert(note)
    for paragraph in message.under_title:
        if paragraph.headline:
            yield inert(paragraph.headline)
        yield from _details(paragraph)
        if paragraph.link and has_links:
            yield paragraph.link
    if message.note:
        yield inert(message.note)


def _details(paragraph: Paragraph) -> Iterator[str]:
    if paragraph.text:
        yield inert(paragraph.text)
    for label, value in paragraph.facts:
        if label or value:
            yield inert(f"{label}: {value or '–'}")
    for number, step in enumerate(filter(None, paragraph.steps), 1):
        yield f"{number}. {inert(step)}"
    for label, text in paragraph.pasted:
        yield f"{inert(label)}:\n{text}"
