"""The one edge at which texts reach a terminal: nothing that comes from outside steers it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from worker.domain.text.steering import escaped, visible


class Terminal(Console):
    """Shows "�" for what could steer it. Its own colours are no text, and stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)


def json_text(value: Any, **how: Any) -> str:
    """JSON, readable in any script; what could steer a terminal is escaped, which is the same JSON."""
    return escaped(json.dumps(value, ensure_ascii=False, **how))
