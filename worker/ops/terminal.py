"""The only output to a terminal: no text from outside can steer it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from worker.domain.text.steering import escaped, visible


class Terminal(Console):
    """A console that shows "�" for characters in texts that could steer it. Its own colours stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text), style)


def json_text(value: Any, **how: Any) -> str:
    """The value as JSON, readable in any script; characters that could steer a terminal are escaped."""
    return escaped(json.dumps(value, ensure_ascii=False, **how))
