"""The only output to a terminal: no text from outside can steer it."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from worker.domain.text.steering import escaped, visible, without_isolates


class Terminal(Console):
    """A console that shows "�" for characters in texts that could steer it. Its own colours stay.

    Isolates, which our own texts put round names that run the other way, are dropped.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(without_isolates(text)), style)


def prepare_streams() -> None:
    """Let everything be printed: letters that a terminal has not as escapes, and nothing to a stream that is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  until the process ends
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """Send nowhere what could not be printed, else Python fails over it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def json_text(value: Any, **how: Any) -> str:
    """The value as JSON, readable in any script; characters that could steer a terminal are escaped."""
    return escaped(json.dumps(value, ensure_ascii=False, **how))
