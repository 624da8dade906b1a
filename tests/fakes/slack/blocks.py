"""How Slack takes and shows blocks: its published limits, what notifies people, what a reader sees.

Written from Slack's pages, not from our renderer: Block Kit reference, "Formatting message text" and
chat.postMessage (docs.slack.dev, read 2026-11); the limit on all blocks from slackapi/bolt-js#2509.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TEXT_MAX = 40_000
BLOCKS_MAX = 50
BLOCKS_SIZE_MAX = 13_172
METADATA_MAX = 8_000

_SPECIAL = re.compile(r"<(!(?:channel|here|everyone|subteam\^)[^>]*|@[^>]+)>")
_BARE = re.compile(r"@(?:channel|here|everyone)\b")
_LINK = re.compile(r"<(https?://[^|>]+)(?:\|([^>]*))?>")
# Formatting opens after white space or punctuation and closes before it.
_SPAN = re.compile(r"(?<![^\W_])([*_~`])(?=\S)([^\n]*?\S)\1(?![^\W_])")
_EMOJI = re.compile(r":[^\s:]*[^\W\d_][^\s:]*:")
_QUOTE = re.compile(r"^[ \t]*(?:&gt;|>).*$", re.MULTILINE)


class Refused(Exception):
    """`ok: false` with this code."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


def check_message(body: Mapping[str, Any]) -> None:
    """Raise Refused with the code and notes that Slack answers to such a chat.postMessage."""
    text, blocks = body.get("text", ""), body.get("blocks") or []
    if not text and not blocks:
        raise Refused("no_text")
    if width(text) > TEXT_MAX:
        raise Refused("msg_too_long")
    if width(json.dumps(body.get("metadata", {}))) > METADATA_MAX:
        raise Refused("metadata_too_large")
    troubles = (
        []
        if len(blocks) <= BLOCKS_MAX
        else [f"no more than {BLOCKS_MAX} items allowed [json-pointer:/blocks]"]
    )
    for number, block in enumerate(blocks):
        troubles += [f"{trouble} [json-pointer:/blocks/{number}]" for trouble in block_troubles(block)]
    if troubles:
        notes = [f"[ERROR] {trouble}" for trouble in troubles]
        raise Refused("invalid_blocks", errors=troubles, response_metadata={"messages": notes})
    if width(json.dumps(blocks, ensure_ascii=False)) > BLOCKS_SIZE_MAX:
        raise Refused("msg_blocks_too_long")


def shown(body: Mapping[str, Any]) -> str:
    """What a reader sees: the blocks if there are any, else the text."""
    objects = list(_text_objects(body.get("blocks") or []))
    if not objects:
        return _readable(body.get("text", ""))
    return "\n".join(o["text"] if o["type"] == "plain_text" else _readable(o["text"]) for o in objects)


def pinged(body: Mapping[str, Any]) -> list[str]:
    """Whom the message notifies; the text beside the blocks counts, too."""
    found = _SPECIAL.findall(body.get("text", ""))
    if body.get("link_names") or body.get("parse") == "full":
        found += _BARE.findall(body.get("text", ""))
    for text in _mrkdwn(body):
        found += _SPECIAL.findall(text["text"])
        if not text.get("verbatim"):
            found += _BARE.findall(text["text"])
    return found


def links(body: Mapping[str, Any]) -> list[str]:
    """Where a reader gets to by tapping, in order."""
    found = (_LINK.findall(text["text"]) for text in _mrkdwn(body))
    return [html.unescape(url) for urls in found for url, _ in urls]


def formatted(body: Mapping[str, Any]) -> list[str]:
    """What shows in another form than it was written: bold, italic, struck, code, quotes, emoji."""
    found: list[str] = []
    for text in [body.get("text", ""), *(text["text"] for text in _mrkdwn(body))]:
        bare = _LINK.sub("", text)
        found += [span.group(2) for span in _SPAN.finditer(bare)]
        found += _QUOTE.findall(bare) + _EMOJI.findall(bare)
    found += [
        emoji
        for text in _text_objects(body.get("blocks") or [])
        if text["type"] == "plain_text" and text.get("emoji", True)
        for emoji in _EMOJI.findall(text["text"])
    ]
    return found


def _mrkdwn(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (text for text in _text_objects(body.get("blocks") or []) if text["type"] == "mrkdwn")


def _text_objects(blocks: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        if "text" in block:
            yield block["text"]
        yield from block.get("fields", ())
        for element in block.get("elements", ()):
            yield element if element["type"] in {"plain_text", "mrkdwn"} else element["text"]
        if "label" in block:
            yield block["label"]


def _readable(text: str) -> str:
    text = _LINK.sub(lambda link: link.group(2) or link.group(1), text)
    return html.unescape(_SPAN.sub(lambda span: span.group(2), text))


def block_troubles(block: Mapping[str, Any]) -> Iterator[str]:
    """What Slack would say against a block; nothing for one that it takes."""
    kind = str(block.get("type"))
    if kind not in _BLOCKS:
        yield f"unsupported type: {kind}"
        return
    keys, troubles = _BLOCKS[kind]
    for key in block.keys() - keys - {"type", "block_id"}:
        yield f"unknown key: {key}"
    yield from troubles(block)


def _header_troubles(block: Mapping[str, Any]) -> Iterator[str]:
    yield from text_troubles(block.get("text"), 150, {"plain_text"})


def _section_troubles(block: Mapping[str, Any]) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "missing required field: text"
    if "text" in block:
        yield from text_troubles(block["text"], 3000)
    yield from _list_troubles(block.get("fields", []), 10, 2000)


def _context_troubles(block: Mapping[str, Any]) -> Iterator[str]:
    if not block.get("elements"):
        yield "missing required field: elements"
    yield from _list_troubles(block.get("elements", []), 10, 3000)


def _actions_troubles(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block.get("elements", [])
    if not 0 < len(elements) <= 25:
        yield "between 1 and 25 elements"
    names = [element.get("action_id") for element in elements]
    if len(names) != len(set(names)):
        yield "action_id is there twice"
    for element in elements:
        yield from _button_troubles(element)


def _button_troubles(element: Mapping[str, Any]) -> Iterator[str]:
    if element.get("type") != "button":
        yield f"unsupported type: {element.get('type')}"
    for key in element.keys() - {"type", "action_id", "text", "value", "style"}:
        yield f"unknown key: {key}"
    yield from text_troubles(element.get("text"), 75, {"plain_text"})
    if len(element.get("value", "")) > 2000 or not 0 < len(element.get("action_id", "")) <= 255:
        yield "too long"
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield "unknown style"


def _input_troubles(block: Mapping[str, Any]) -> Iterator[str]:
    yield from text_troubles(block.get("label"), 2000, {"plain_text"})
    element = block.get("element", {})
    allowed = {
        "users_select": {"placeholder", "initial_user"},
        "static_select": {"placeholder", "options"},
        "plain_text_input": {"multiline", "min_length", "max_length", "placeholder", "initial_value"},
    }
    kind = element.get("type", "")
    if kind not in allowed:
        yield f"unsupported type: {kind}"
        return
    for key in element.keys() - allowed[kind] - {"type", "action_id"}:
        yield f"unknown key: {key}"
    options = element.get("options", [])
    if kind == "static_select" and not 0 < len(options) <= 100:
        yield "between 1 and 100 options"
    for option in options:
        yield from text_troubles(option.get("text"), 75, {"plain_text"})
        if not 0 < len(option.get("value", "")) <= 75:
            yield "too long"
    if not 0 < element.get("max_length", 1) <= 3000 or not 0 <= element.get("min_length", 0) <= 3000:
        yield "must be between 1 and 3000"


_BLOCKS: dict[str, tuple[set[str], Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    "header": ({"text"}, _header_troubles),
    "section": ({"text", "fields"}, _section_troubles),
    "context": ({"elements"}, _context_troubles),
    "actions": ({"elements"}, _actions_troubles),
    "input": ({"label", "element", "hint", "optional"}, _input_troubles),
}


def _list_troubles(texts: list[Any], count: int, length: int) -> Iterator[str]:
    if len(texts) > count:
        yield f"no more than {count} items allowed"
    for text in texts:
        yield from text_troubles(text, length)


def text_troubles(
    text: Any, length: int, kinds: frozenset[str] | set[str] = frozenset({"plain_text", "mrkdwn"})
) -> Iterator[str]:
    if (
        not isinstance(text, Mapping)
        or text.get("type") not in kinds
        or not isinstance(text.get("text"), str)
    ):
        yield "failed to match all allowed schemas"
        return
    if "verbatim" in text and text["type"] != "mrkdwn":
        yield "verbatim is for mrkdwn only"
    if "emoji" in text and text["type"] != "plain_text":
        yield "emoji is for plain_text only"
    if not text["text"]:
        yield "must be more than 0 characters"
    if width(text["text"]) > length:
        yield f"must be less than {length + 1} characters"


def width(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
