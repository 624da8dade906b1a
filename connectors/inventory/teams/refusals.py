"""What Graph does not tell of one group, one account or its chats ends no read.

If all that takes a permission is refused, the permission is missing; if most is not answered, it is Graph's fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connectors.kit.graph.client import Missing
from worker.ports import ConnectorError, Incomplete, Malformed, NotDone, PermissionDenied, Rejected, Transient

T = TypeVar("T")


class Refusals:
    """What Graph refused or did not know in one read, which goes on without it; each is in `malformed`."""

    def __init__(self) -> None:
        self.malformed: list[Malformed] = []
        self._refused: dict[str, PermissionDenied] = {}  # by the permission that it takes
        self._unanswered: list[tuple[str, Rejected]] = []  # with that permission
        self._shown: set[str] = set()
        self._answers = 0

    def ask(self, about: str, needs: str, call: Callable[[], T], *, may_be_missing: bool = False) -> T | None:
        """Return what is told about one; None if it isn't. `needs`: the permission that it takes.

        Raises Missing if it `may_be_missing`: nobody said that it is there. Errors name what they are about.
        """
        try:
            found = call()
        except PermissionDenied as error:
            self._refused[needs] = error
            self._set_aside(about, error)
            return None
        except Rejected as error:
            if may_be_missing and isinstance(error, Missing):
                raise
            _name(error, about)
            self._unanswered.append((needs, error))
            self._set_aside(about, error)
            return None
        except (Transient, Incomplete) as error:
            if not isinstance(error, NotDone):
                _name(error, about)
            raise
        self._answers += 1
        self.shows(needs)
        return found

    def shows(self, needs: str) -> None:
        """Keep in mind that something that takes this permission was shown."""
        self._shown.add(needs)

    def has(self, needs: str) -> bool:
        """Whether something that takes this permission was not told."""
        return needs in self._refused or any(needs == one for one, _ in self._unanswered)

    def require_some(self) -> None:
        """Raise the refusal if all that takes its permission was refused, and an error if it came more than not."""
        for needs, error in self._refused.items():
            if needs not in self._shown:
                raise error
        if len(self._unanswered) > self._answers:
            raise self._unanswered[0][1]

    def _set_aside(self, about: str, error: ConnectorError) -> None:
        self.malformed.append(Malformed(error.message, record_id=about, remedy=error.remedy))


def _name(error: ConnectorError, about: str) -> None:
    error.message += f" It was asked about {about}."
    error.args = (error.message,)
