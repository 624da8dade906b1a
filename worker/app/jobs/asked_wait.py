"""The wait that a channel or a source asks for, within bounds."""

from __future__ import annotations

from datetime import timedelta

from worker.ports import ConnectorError, Transient

ASKED_MIN_S, ASKED_MAX_S = 1.0, 86_400.0  # whatever is said
WAIT_MAX = timedelta(seconds=ASKED_MAX_S)


def asked_wait(error: ConnectorError) -> timedelta | None:
    """Return how long a failed one asks to be left alone; None if it does not ask."""
    seconds = error.retry_after_s if isinstance(error, Transient) else None
    return None if seconds is None else timedelta(seconds=min(max(seconds, ASKED_MIN_S), ASKED_MAX_S))
