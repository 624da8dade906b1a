"""What comes from Slack, over a connection or a call: stored first, acknowledged after.

payload -> an interaction, or nothing to us -> keep -> the answer with which it is acknowledged
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from connectors.notify.slack.views import Payload, asked_again, clicked, commanded, opened_home, sent_off
from worker.ports.connectors.conversing import Interaction, Keep

NOTHING: dict[str, Any] = {}
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)


class NotListening(Exception):
    """Nobody keeps what comes, so it must not be acknowledged."""


class Incoming:
    """Keeps what comes while somebody listens. Threads share it."""

    def __init__(self, now: Callable[[], datetime], *, has_home: bool) -> None:
        self._now = now
        self._has_home = has_home
        self._keep: Keep | None = None

    def begin(self, keep: Keep) -> None:
        """From now on, keep what comes."""
        self._keep = keep

    def end(self) -> None:
        """From now on, acknowledge nothing."""
        self._keep = None

    def take(self, kind: str, payload: Payload) -> dict[str, Any]:
        """Keep one payload of a kind (interactive, slash_commands, events_api); return the answer, empty for none.

        Raises what `keep` raises, NotListening, and one of MALFORMED for what is not Slack's.
        """
        if self._keep is None:
            raise NotListening
        found = self._read(kind, payload)
        if found is None:
            return NOTHING
        if payload.get("type") == "view_submission" and not found.given:
            return asked_again(payload)
        self._keep(found)
        return NOTHING

    def _read(self, kind: str, payload: Payload) -> Interaction | None:
        if kind == "slash_commands":
            return commanded(payload, self._now())
        if kind == "events_api":
            return opened_home(payload, self._now()) if self._has_home else None
        if payload.get("type") == "block_actions":
            return clicked(payload)
        return sent_off(payload, self._now()) if payload.get("type") == "view_submission" else None
