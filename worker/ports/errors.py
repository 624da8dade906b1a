"""The only errors that may leave a connector.

    ConnectorError
      Transient(retry_after_s)     tried again in one place (ops/retry.py), bounded. It may have been done nevertheless
        NotDone                    surely not done: refused with 429, or never sent
        InUse                      somebody has the file open, or has just changed it: nothing was done
      Permanent
        AuthFailed | PermissionDenied(missing) | BadConfig | Unsubscribed | Rejected
          Unreachable              (Rejected) this recipient is not on this channel
      CursorExpired                start a full pass
      Changed                      somebody changed it since it was read: nothing was written; read it again
      Incomplete(expected, got)    the read proves nothing: no status changes, health goes red
      Malformed(record_id)         one record set aside, counted, shown; the rest goes on

Every message says what was tried, what came back and what to do; never a secret.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base class; `message` says what was tried and what came back, `remedy` what to do."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip() if self.remedy else self.message


class Transient(ConnectorError):
    """May work later. `retry_after_s` is the wait that the other side asks for, None if it asks for none.

    The request may have been done although its answer was lost: look before you ask again.
    """

    def __init__(self, message: str, *, remedy: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class NotDone(Transient):
    """Surely not done, so a second try repeats nothing.

    The other side refused for now (429), or the request was never sent: no name, no connection, no TLS.
    """


class InUse(Transient):
    """Somebody has a file open, or has just changed it, so it was left alone: there is nothing to put right."""


class Permanent(ConnectorError):
    """Fails again until somebody changes something."""


class AuthFailed(Permanent):
    """The other side does not accept our credential."""


class PermissionDenied(Permanent):
    """We are known but may not; `missing` names the right."""

    def __init__(self, message: str, *, missing: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.missing = missing


class BadConfig(Permanent):
    """The configuration cannot work: it names a path, a column or something else that doesn't exist."""


class Unsubscribed(Permanent):
    """The other side wants nothing more, ever: stop asking it."""


class Rejected(Permanent):
    """The other side understood this one request and refused it."""


class Unreachable(Rejected):
    """This recipient cannot be reached over this channel; another channel may work."""


class Changed(ConnectorError):
    """Somebody changed the other side's record since it was read, so nothing was written: read, and decide anew."""


class CursorExpired(ConnectorError):
    """The cursor is too old, or comes from elsewhere: start a full pass."""


class Incomplete(ConnectorError):
    """The read gave no proof that it was complete; nothing of it may be kept."""

    def __init__(
        self, message: str, *, remedy: str = "", expected: int | None = None, got: int | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.expected = expected
        self.got = got


class Malformed(ConnectorError):
    """One record cannot be understood. `record_id` is its id, or its place if it shows none."""

    def __init__(self, message: str, *, record_id: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.record_id = record_id
