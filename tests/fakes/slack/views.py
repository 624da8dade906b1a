"""How Slack takes modals and Homes: the published limits of views (docs.slack.dev, read 2026-11)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fakes.slack.blocks import Refused, block_troubles, text_troubles, width

BLOCKS_MAX = 100
SIZE_MAX = 250_000
KEYS = {
    "modal": {"type", "title", "blocks", "close", "submit", "callback_id", "private_metadata"},
    "home": {"type", "blocks", "callback_id", "private_metadata"},
}


def check_view(view: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return a view that Slack takes; raise Refused for another."""
    if troubles := [*_outer_troubles(view, kind), *_inner_troubles(view, kind)]:
        notes = [f"[ERROR] {trouble}" for trouble in troubles]
        raise Refused("invalid_arguments", response_metadata={"messages": notes})
    return view


def _outer_troubles(view: Mapping[str, Any], kind: str) -> Iterator[str]:
    if view.get("type") != kind:
        yield f"not a {kind}"
    for key in view.keys() - KEYS[kind]:
        yield f"unknown key: {key}"
    for key in ("title", "submit", "close"):
        if key in view or (key == "title" and kind == "modal"):
            yield from text_troubles(view.get(key), 24, {"plain_text"})
    if len(view.get("callback_id", "")) > 255 or width(view.get("private_metadata", "")) > 3000:
        yield "too long"
    if width(json.dumps(view)) > SIZE_MAX:
        yield "view_too_large"


def _inner_troubles(view: Mapping[str, Any], kind: str) -> Iterator[str]:
    blocks = view.get("blocks") or []
    if not 0 < len(blocks) <= BLOCKS_MAX:
        yield f"no more than {BLOCKS_MAX} items allowed"
    for block in blocks:
        yield from block_troubles(block)
    has_input = any(block["type"] == "input" for block in blocks)
    if has_input and (kind == "home" or "submit" not in view):
        yield "a form without submit"
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(names) != len(set(names)):
        yield "block_id is there twice"
