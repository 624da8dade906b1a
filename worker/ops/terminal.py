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


class _Stream(io.FileIO):
    """A standard stream whose reader may go away, as `head` does: nothing more is written, and nothing fails by it."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            _discard(self.fileno())
            return super().write(data) or 0


def prepare_streams() -> None:
    """Let everything be printed: letters that a terminal has not as escapes, and nothing to a stream that is closed.

    What nobody reads any more is discarded, so that a command still ends with its own code: 1 says that a pack was
    changed, and not that `grep -q` had seen enough. SIGPIPE would end the worker at a connection that breaks, too.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  until the process ends
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if isinstance(stream.buffer, io.BufferedWriter | io.FileIO):
                setattr(sys, name, _until_nobody_reads(stream))


def _until_nobody_reads(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    raw = _Stream(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),  # as Python does with PYTHONUNBUFFERED
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def discard_output() -> None:
    """Send nowhere what could not be printed, else Python fails over it once more at its end."""
    _discard(sys.stdout.fileno())


def _discard(number: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def json_text(value: Any, **how: Any) -> str:
    """The value as JSON, readable in any script; characters that could steer a terminal are escaped."""
    return escaped(json.dumps(value, ensure_ascii=False, **how))
