"""A refusal of one group, one account or its chats ends no read; if all are refused, a permission is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from worker.ports import Malformed, PermissionDenied

T = TypeVar("T")


class Refusals:
    """What Graph refused in one read, which goes on without it; each is in `malformed`."""

    def __init__(self) -> None:
        self.malformed: list[Malformed] = []
        self._refused: dict[str, PermissionDenied] = {}  # by the permission that it takes
        self._shown: set[str] = set()

    def ask(self, about: str, needs: str, call: Callable[[], T]) -> T | None:
        """Return what is told about one; None if it is refused. `needs`: the permission that it takes."""
        try:
            found = call()
        except PermissionDenied as error:
            self._refused[needs] = error
            self.malformed.append(Malformed(error.message, record_id=about, remedy=error.remedy))
            return None
        self.shows(needs)
        return found

    def shows(self, needs: str) -> None:
        """Keep in mind that something that takes this permission was shown."""
        self._shown.add(needs)

    def has(self, needs: str) -> bool:
        """Whether something that takes this permission was refused."""
        return needs in self._refused

    def require_some(self) -> None:
        """Raise the refusal if all that takes its permission was refused."""
        for needs, error in self._refused.items():
            if needs not in self._shown:
                raise error
