"""Avoid repeats: a trouble that goes on is logged every hour, not at every run."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from threading import Lock

AGAIN_AFTER = timedelta(hours=1)


class Repeats:
    """Remembers texts by topic. May be used from several threads."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], datetime] = {}
        self._lock = Lock()

    def is_news(self, topic: str, text: str, now: datetime) -> bool:
        """True if the text is new, or was last said an hour ago (or after `now`, since a clock may be set)."""
        with self._lock:
            said = self._said.get((topic, text))
            if said is not None and timedelta() <= now - said < AGAIN_AFTER:
                return False
            self._said[topic, text] = now
            return True

    def keep(self, topic: str, texts: Collection[str]) -> None:
        """Forget a topic's other texts: if one comes back, it is new."""
        with self._lock:
            gone = [key for key in self._said if key[0] == topic and key[1] not in texts]
            for key in gone:
                del self._said[key]
