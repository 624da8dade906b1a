"""The log: one masked line for each event, ours or a library's; JSON, or text on a terminal.

    structlog or logging -> standard logging's handler -> masked -> JSON or text on standard error

Every line has timestamp, level, event and logger; the other keys of each event are in `events.py`.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from worker.ops import events
from worker.ops.masking import mask, mask_text
from worker.ops.terminal import json_text

FRAMES_MAX = 40  # of one traceback, the innermost
CAUSES_MAX = 8
OURS = ("worker", "connectors")  # logged from `level` on; other loggers from WARNING
FIRST = ("timestamp", "level", "event", "logger")
COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}

Render = Callable[[EventDict], str]


def configure(
    stream: TextIO | None = None,
    *,
    json: bool | None = None,
    level: str | int = "INFO",
) -> None:
    """Send all logs to `stream` (by default sys.stderr, looked up for each line). A later call replaces this one.

    `json` None: JSON unless the stream is a terminal. `level` is for this program; libraries log warnings and
    worse. Also takes over Python's warnings and the exceptions that end a thread.
    """
    seen = stream or sys.stderr
    is_json = json if json is not None else not seen.isatty()
    render = to_json if is_json else _text_renderer(has_colour=seen.isatty() and "NO_COLOR" not in os.environ)
    handler = _Handler(stream, render)
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_crashed
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, _hand_over],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


class _Handler(logging.Handler):
    """Writes whole lines. Without a stream of its own it follows sys.stderr, which progress bars replace."""

    def __init__(self, stream: TextIO | None, render: Render) -> None:
        super().__init__()
        self._stream = stream
        self._render = render

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self._render(as_event(record))
            stream = self._stream or sys.stderr
            stream.write(f"{line}\n")
            stream.flush()
        except (BrokenPipeError, ValueError):  # nobody reads it now
            return
        except Exception:  # noqa: BLE001  a log that cannot be written must not stop what is logged
            self.handleError(record)


def _hand_over(_logger: WrappedLogger, method: str, event: EventDict) -> tuple[tuple[str], dict[str, Any]]:
    """Pass an event from structlog to standard logging, with its keys in the record."""
    exc_info = event.pop("exc_info", None)
    if exc_info is None and method == "exception":
        exc_info = True
    return (str(event.pop("event")),), {"exc_info": exc_info, "extra": {"whosleft": dict(event)}}


def as_event(record: logging.LogRecord) -> EventDict:
    """Turn a record into an event, masked, with the fixed keys first. A library's message goes under its own key."""
    keys: Mapping[str, Any] | None = getattr(record, "whosleft", None)
    if keys is None:
        name, keys = events.LIBRARY_LOGGED, {"message": record.getMessage()}
    else:
        name = str(record.msg)
    event: dict[str, Any] = {
        "timestamp": _instant(record.created),
        "level": record.levelname.lower(),
        "event": mask_text(name),
        "logger": record.name,
    }
    event |= {key: mask(value, key) for key, value in keys.items() if key not in event}
    if record.exc_info and record.exc_info[1] is not None:
        event["exception"] = exception_dict(record.exc_info[1])
    return event


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exception_dict(error: BaseException, causes: int = CAUSES_MAX) -> dict[str, Any]:
    """`{"type", "message", "at": ["file:line function", …, innermost], "cause": {…}}`; no locals, masked."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    told: dict[str, Any] = {
        "type": type(error).__name__,
        "message": mask_text(str(error)),
        "at": [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes > 0:
        told["cause"] = exception_dict(cause, causes - 1)
    if isinstance(error, BaseExceptionGroup) and causes > 0:
        told["all"] = [exception_dict(one, causes - 1) for one in error.exceptions[:CAUSES_MAX]]
    return told


def _short(path: str) -> str:
    """The path from the package on: the folder of the installation says nothing, and may name a person."""
    parts = path.replace("\\", "/").split("/")
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    roots = [place for place, part in enumerate(parts) if part in OURS]
    return "/".join(parts[roots[-1] :]) if roots else parts[-1]


def to_json(event: EventDict) -> str:
    """One line of JSON, readable in any script."""
    return json_text(event, default=str)


def _text_renderer(*, has_colour: bool) -> Render:
    def render(event: EventDict) -> str:
        rest = {key: value for key, value in event.items() if key not in {*FIRST, "exception"}}
        level = event["level"]
        shown = f"\x1b[{COLOURS.get(level, '0')}m{level:<8}\x1b[0m" if has_colour else f"{level:<8}"
        pairs = "  ".join(f"{key}={_plain(value)}" for key, value in rest.items())
        lines = [f"{event['timestamp'][11:19]} {shown} {_plain(event['event']):<16}  {pairs}".rstrip()]
        if "exception" in event:
            lines += _exception_lines(event["exception"])
        return "\n".join(lines)

    return render


def _plain(value: Any) -> str:
    """A value on one line, without characters that could steer a terminal."""
    text = value if isinstance(value, str) else to_json(value)
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _exception_lines(told: Mapping[str, Any], why: str = "") -> list[str]:
    lines = [f"    {why}{told['type']}: {_plain(told['message'])}"]
    lines += [f"      at {place}" for place in told["at"]]
    if "cause" in told:
        lines += _exception_lines(told["cause"], "because of ")
    for one in told.get("all", ()):
        lines += _exception_lines(one, "among them ")
    return lines


def _thread_crashed(args: threading.ExceptHookArgs) -> None:
    error: BaseException | None = args.exc_value
    if error is None or isinstance(error, SystemExit):
        return
    trace: TracebackType | None = args.exc_traceback
    name = args.thread.name if args.thread else None
    structlog.stdlib.get_logger(__name__).error(
        events.THREAD_CRASHED, thread=name, exc_info=(type(error), error, trace)
    )
