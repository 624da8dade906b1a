"""`ConsoleNotifier`: writes each message to a text stream, standard error unless told otherwise.

Standard output stays clean: `--json` prints its one document there.
"""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from connectors.notify.console.config import ConsoleConfig
from connectors.notify.console.mapping import render
from worker.domain.messages.message import Message
from worker.ports import Abilities, CheckResult, ConnectorContext, Passive, Reach, Receipt, Transient

OPEN_IT = "Start the worker with standard error open, or use another notifier."


class ConsoleNotifier(Passive):
    """Shows every message on the terminal. Alone it is the only channel; beside another notifier it is a log."""

    can = Abilities(frozenset({Reach.EMAIL, Reach.CHANNEL}), is_log=True)

    def __init__(self, context: ConnectorContext, stream: TextIO | None = None) -> None:
        self._context = context
        self._stream = stream

    @property
    def name(self) -> str:
        return self._context.name

    def takes(self, message: Message) -> int:
        """Return all paragraphs, since a terminal scrolls."""
        return max(1, len(message.paragraphs))

    def send(self, message: Message) -> Receipt:
        """Write the whole message at once. Raises Transient if the stream is closed or its reader gone."""
        stream = self._open_stream()
        if stream is None:
            raise Transient("The console cannot be written to: it is closed.", remedy=OPEN_IT)
        text = render(message, shutil.get_terminal_size().columns)
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except OSError as error:
            raise Transient(f"The console cannot be written to: {error}.", remedy=OPEN_IT) from error
        return Receipt("terminal")

    def find(self, message: Message) -> Receipt | None:
        """Always None: a terminal cannot be asked what it showed."""
        return None

    def check(self) -> CheckResult:
        """Check that the stream is open."""
        if self._open_stream() is None:
            return CheckResult(ok=False, message="standard error is closed", remedy=OPEN_IT)
        return CheckResult(ok=True, message="writes to the terminal (standard error)")

    def _open_stream(self) -> TextIO | None:
        # Looked up each time, since it may be replaced. Python sets it to None if it was closed at the start.
        stream: TextIO | None = self._stream or sys.stderr
        return None if stream is None or stream.closed else stream


def build(_config: ConsoleConfig, context: ConnectorContext) -> ConsoleNotifier:
    """Make the notifier; no I/O."""
    return ConsoleNotifier(context)
