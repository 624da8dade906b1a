"""The only errors that may leave a connector.

    ConnectorError
      Transient(retry_after_s)     tried again in one place (ops/retry.py), bounded. It may have been done all the same
        NotDone                    surely not done: refused with 429, or never sent
      Permanent
        AuthFailed | PermissionDenied(missing) | BadConfig | Rejected
          Unreachable              (Rejected) this recipient is not on this channel
      CursorExpired                start a full pass
      Incomplete(expected, got)    the read proves nothing: no status changes, health goes red
      Malformed(record_id)         one record set aside, counted, shown; the rest goes on

Every message says what was tried, what came back and what to do; never a secret.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of all; `message` says what was tried and what came back, `remedy` what to do."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip() if self.remedy else self.message


class Transient(ConnectorError):
    """May work later. `retry_after_s` is the other side's wish, None if it has none.

    What was asked may have been done all the same, and only the answer be lost: look before you ask again.
    """

    def __init__(self, message: str, *, remedy: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class NotDone(Transient):
    """Surely not done, so a second try repeats nothing.

    The other side refused for now (429), or the request was never sent: no name, no connection, no TLS.
    """


class Permanent(ConnectorError):
    """Will fail again until somebody changes something."""


class AuthFailed(Permanent):
    """The other side does not accept our credential."""


class PermissionDenied(Permanent):
    """We are known but may not; `missing` names the right."""

    def __init__(self, message: str, *, missing: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.missing = missing


class BadConfig(Permanent):
    """The configuration cannot work: a path, a column, a name that is not there."""


class Rejected(Permanent):
    """The other side understood this one request and refuses it."""


class Unreachable(Rejected):
    """This recipient cannot be reached over this channel; another one may."""


class CursorExpired(ConnectorError):
    """The cursor is too old or is not ours: start a full pass."""


class Incomplete(ConnectorError):
    """The read did not prove itself complete; nothing it said may be kept."""

    def __init__(
        self, message: str, *, remedy: str = "", expected: int | None = None, got: int | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.expected = expected
        self.got = got


class Malformed(ConnectorError):
    """One record cannot be understood. `record_id` is its id or its place."""

    def __init__(self, message: str, *, record_id: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.record_id = record_id
