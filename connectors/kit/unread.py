"""Dates that a directory states and that nobody can read: they are unknown, and named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from worker.domain.model import AccountFacts
from worker.ports import Malformed


class Dates:
    """The dates of one record."""

    def __init__(self) -> None:
        self._malformed: dict[str, Malformed] = {}

    def read(self, fact: str, of: Callable[[], datetime | None]) -> datetime | None:
        """A date; None if there is none, or if it raises Malformed: then it is one of `unread`."""
        try:
            return of()
        except Malformed as malformed:
            self._malformed[fact] = malformed
            return None

    @property
    def unread(self) -> tuple[str, ...]:
        return tuple(self._malformed)

    def malformed_of(self, facts: AccountFacts) -> Malformed | None:
        """The first that can't be read; None if the account is put away, which is enough whatever its dates say."""
        return None if facts.is_put_away else next(iter(self._malformed.values()), None)
