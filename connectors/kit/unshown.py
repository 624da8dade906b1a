"""One group or account that a server fails to show ends no read: it is set aside by its id, and proves nothing.

Where most are, or more than FAILED_MAX, the server or our rights are at fault, and the read ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from worker.ports import (
    ConnectorError,
    Incomplete,
    Malformed,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)

FAILED_MAX = 10  # each may take a minute of tries
T = TypeVar("T")


def is_of_one(error: ConnectorError) -> bool:
    """Whether an answer may be about one alone: no refusal of the credential, and none that asks to wait."""
    may_be = isinstance(error, Transient | Incomplete | Rejected | PermissionDenied)
    return may_be and not isinstance(error, NotDone)


class Unshown:
    """What a server fails to show of one kind in one read; each is in `malformed`.

    `what`: "group", "account" or "user". Half of `total` are spared at most; without a `total`, which nobody knows of
    accounts beforehand, `require_most` looks at the end. `require_server` raises where the server shows nothing at all.
    """

    def __init__(
        self,
        what: str,
        total: int | None,
        require_server: Callable[[], object],
        may_be_of_one: Callable[[ConnectorError], bool] = is_of_one,
    ) -> None:
        self.malformed: list[Malformed] = []
        self._what = what
        self._spare = FAILED_MAX if total is None else min(FAILED_MAX, total // 2)
        self._require_server = require_server
        self._may_be_of_one = may_be_of_one
        self._first: ConnectorError | None = None

    def ask(self, record_id: str, call: Callable[[], T]) -> T | None:
        """Return what is shown of one; None if that fails. Raises as `set_aside`."""
        try:
            return call()
        except ConnectorError as error:
            self.set_aside(error, record_id)
            return None

    def set_aside(self, error: ConnectorError, record_id: str) -> Malformed:
        """Return the error about one as a record that is set aside.

        Raises the error itself, with the id, where it is about the server or one too many.
        """
        error.message += f" The {self._what} is {record_id}."
        error.args = (error.message,)
        if len(self.malformed) >= self._spare or not self._may_be_of_one(error):
            raise error
        self._require_server()
        self._first = self._first or error
        self.malformed.append(Malformed(error.message, record_id=record_id, remedy=error.remedy))
        return self.malformed[-1]

    def require_most(self, total: int) -> None:
        """Raise the first error if more than half of `total` were not shown."""
        if self._first is not None and 2 * len(self.malformed) > total:
            raise self._first
