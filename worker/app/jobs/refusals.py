"""Channels that refused our password: each is asked again after an hour, since tries that go on lock an account.

It is kept in memory, so a start or a reload asks at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from worker.domain.instants import has_come
from worker.ports import AuthFailed

REFUSED_REST = timedelta(hours=1)  # longer than the time in which refusals are counted


class Refusals:
    """By channel, the last refusal, until it is asked again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[AuthFailed, datetime]] = {}

    @contextmanager
    def heeded(self, channel: str, now: datetime) -> Iterator[None]:
        """Ask a channel. Raises its last refusal instead, while that holds; keeps one that comes."""
        error, until = self._known.get(channel, (None, now))
        if error is not None and not has_come(until, now, REFUSED_REST):
            raise error.with_traceback(None)
        try:
            yield
        except AuthFailed as refused:
            self._known[channel] = (refused, now + REFUSED_REST)
            raise
