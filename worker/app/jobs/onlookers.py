"""Logs beside other channels: each gets its copy of what was sent, and of what reached nobody."""

from __future__ import annotations

from collections.abc import Mapping

from worker.app.tell.reaching import Reaching
from worker.domain.messages.message import Message
from worker.ports import ConnectorError, Notifier


class Onlookers:
    """Gives logs their copies. A log is only for onlookers; it reaches no recipient."""

    def __init__(self, notifiers: Mapping[str, Notifier], reaching: Reaching) -> None:
        self._notifiers = notifiers
        self._reaching = reaching

    def write_down(self, over: str, message: Message, troubles: list[str]) -> None:
        """Give each log its copy of a message over a channel, at most once; add what goes wrong to the troubles."""
        for name in self._reaching.onlookers(message.to):
            if name == over:
                continue
            try:
                self._notifiers[name].send(message)
            except ConnectorError as error:
                troubles.append(f"{name}: {error}")
