"""Draws Slack's Block Kit for pictures: what stands there is what is sent; fonts and colours are ours, not Slack's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

Block = dict[str, Any]

_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
_BOLD = re.compile(r"\*([^*\n]+)\*")
_STYLE = """
body { margin: 0; padding: 16px; background: #fff; color: #1d1c1d; font: 15px/1.45 "Noto Sans", sans-serif; }
article { max-width: 600px; } h1 { font-size: 18px; margin: 0 0 8px; } p { margin: 0 0 8px; }
.from { font-weight: 700; } .from small { font-weight: 400; color: #616061; background: #eee; padding: 0 4px; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin: 0 0 8px; }
.context { color: #616061; font-size: 13px; } .row { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 12px; }
.button { border: 1px solid #bbb; border-radius: 4px; padding: 4px 12px; font-weight: 700; }
.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
.form { border: 1px solid #bbb; border-radius: 8px; padding: 16px; }
.form .row { justify-content: end; margin: 12px 0 0; }
.blank { border: 1px solid #868686; border-radius: 4px; min-height: 64px; } label { display: block; font-weight: 700; }
"""


def message_page(blocks: Sequence[Block]) -> str:
    """A message of the app."""
    return _page(f'<p class="from">Whosleft <small>APP</small></p>{"".join(map(_drawn, blocks))}')


def view_page(view: Block) -> str:
    """A form, or the app's Home."""
    inside = "".join(map(_drawn, view["blocks"]))
    if view["type"] == "home":
        return _page(inside)
    ends = (_button(view[end]["text"], is_main=end == "submit") for end in ("close", "submit") if end in view)
    title = escape(view["title"]["text"])
    return _page(f'<div class="form"><h1>{title}</h1>{inside}<div class="row">{"".join(ends)}</div></div>')


def _page(inside: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style><article>{inside}</article>'


def _drawn(block: Block) -> str:
    match block["type"]:
        case "header":
            return f"<h1>{escape(block['text']['text'])}</h1>"
        case "section":
            return "".join(_section(block))
        case "context":
            return "".join(f'<p class="context">{_text(one)}</p>' for one in block["elements"])
        case "actions":
            buttons = (_button(one["text"]["text"], is_main="style" in one) for one in block["elements"])
            return f'<div class="row">{"".join(buttons)}</div>'
        case "input":
            return f'<label>{escape(block["label"]["text"])}</label><div class="blank"></div>'
        case other:
            raise NotImplementedError(other)


def _section(block: Block) -> Iterator[str]:
    if "text" in block:
        yield f"<p>{_text(block['text'])}</p>"
    if "fields" in block:
        yield f'<div class="fields">{"".join(f"<div>{_text(one)}</div>" for one in block["fields"])}</div>'


def _text(text: Block) -> str:
    if text["type"] == "plain_text":
        return escape(text["text"])
    # mrkdwn has & < > escaped already, as HTML has; only links are in < >
    linked = _LINK.sub(r'<a href="\1">\2</a>', text["text"])
    return _BOLD.sub(r"<b>\1</b>", linked).replace("\n", "<br>")


def _button(label: str, *, is_main: bool) -> str:
    return f'<span class="button{" primary" if is_main else ""}">{escape(label)}</span>'
