"""A Teams channel behind a workflow, on loopback: takes every request with 202, and shows what a workflow would show.

What is no card, or none of version 1.4 without a bot, is taken and lost without a sign, as real workflows do. `loses`
makes it lose every card. More than 28 KB is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from fakes.http_receiver import Fault, HttpReceiver, Taken

SIGNATURE = "s3cr3t-S1gnatur3"
BYTES_MAX = 28_000
# What the published schema of Adaptive Cards 1.4 requires and allows, of the elements that we know
ELEMENTS: dict[str, tuple[set[str], set[str]]] = {
    "RichTextBlock": ({"inlines"}, {"horizontalAlignment", "separator", "spacing"}),
    "Container": ({"items"}, {"separator", "spacing", "style", "rtl"}),  # rtl: 1.5, and ignored before
    "ActionSet": ({"actions"}, {"separator", "spacing"}),
    "TextRun": ({"text"}, {"weight", "size", "italic", "color", "isSubtle"}),
    "Action.OpenUrl": ({"url"}, {"title"}),
}
ENUMS = {"weight": {"Default", "Lighter", "Bolder"}, "size": {"Default", "Small", "Medium", "Large"}}


class Invalid(Exception):
    """The card would not be shown."""


@dataclass(frozen=True)
class Shown:
    """A card as its readers see it."""

    text: str
    links: tuple[str, ...]
    size: int
    card: dict[str, Any]


class TeamsChannel(HttpReceiver):
    """`cards` is what the channel shows."""

    def __init__(self) -> None:
        super().__init__(202, f"/workflows/1/triggers/manual/paths/invoke?api-version=1&sig={SIGNATURE}")
        self.cards: list[Shown] = []
        self.lost: list[str] = []
        self.loses = False

    def answer(self, taken: Taken) -> Fault:
        if len(taken.body) > BYTES_MAX:
            return Fault(413)
        fault = super().answer(taken)
        if fault.is_taken:
            self._show(taken)
        return fault

    def _show(self, taken: Taken) -> None:
        if self.loses:
            self.lost.append("switched off")
            return
        try:
            self.cards.append(shown(taken.body))
        except (Invalid, ValueError, KeyError) as error:
            self.lost.append(str(error))


def shown(body: bytes) -> Shown:
    """The card of a request. Raises Invalid."""
    envelope = json.loads(body)
    [attachment] = envelope["attachments"]
    if (
        envelope["type"] != "message"
        or attachment["contentType"] != "application/vnd.microsoft.card.adaptive"
    ):
        raise Invalid("no card")
    card = attachment["content"]
    if (card["type"], card["version"]) != ("AdaptiveCard", "1.4") or not card["body"]:
        raise Invalid("not of version 1.4, or empty")
    lines: list[str] = []
    links: list[str] = []
    for element in card["body"]:
        _read(element, lines, links)
    return Shown("\n".join(lines), tuple(links), len(body), card)


def _read(element: dict[str, Any], lines: list[str], links: list[str]) -> None:
    _require_known(element)
    kind = element["type"]
    if kind == "RichTextBlock":
        runs = element["inlines"]
        for run in runs:
            _require_known(run)
        lines.append("".join(run["text"] for run in runs))
    elif kind == "Container":
        for item in element["items"]:
            _read(item, lines, links)
    else:
        for action in element["actions"]:
            _require_known(action)
            if not re.fullmatch(r"https?://[^\s]+", action["url"]):
                raise Invalid("no address")
            lines.append(f"[{action['title']}]")
            links.append(action["url"])


def _require_known(element: dict[str, Any]) -> None:
    required, optional = ELEMENTS.get(element["type"], ({"none like it"}, set()))
    given = element.keys() - {"type"}
    if not required <= given <= required | optional:
        raise Invalid(f"{element['type']} with {sorted(given)}")
    for name, values in ENUMS.items():
        if element.get(name, "Default") not in values:
            raise Invalid(f"{name}: {element[name]}")
    if any(not element[name] for name in required):
        raise Invalid(f"{element['type']} with nothing in it")
