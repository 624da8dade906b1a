"""What a member's handle is: a phone number, or another name that a messenger or a register uses for people.

Pure. Handles are `+447700900123`, `email:…`, `employee:…`, `name:…`, or an id of the messenger's own. A joiner
without a number gets `person:…`, which only we use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.domain.identity.phones import is_e164


class HandleKind(StrEnum):
    """What a handle is, for people to read."""

    PHONE = "phone"
    EMAIL = "email"
    EMPLOYEE = "employee"
    USERNAME = "username"
    NATIVE = "native"  # a LID, or another id that only the messenger understands


@dataclass(frozen=True, slots=True)
class ShownHandle:
    """A handle in the form that people see."""

    kind: HandleKind
    text: str

    @property
    def is_phone(self) -> bool:
        """True if it is a number to call."""
        return self.kind is HandleKind.PHONE


def shown_handle(handle: str) -> ShownHandle | None:
    """The form of a handle that people see; None if it says no more than the name does."""
    prefix, _, rest = handle.partition(":")
    if not handle or (rest and prefix in {"name", "person"}):
        return None
    if rest and prefix in {"email", "employee"}:
        return ShownHandle(HandleKind(prefix), rest)
    if is_e164(handle):
        return ShownHandle(HandleKind.PHONE, handle)
    return ShownHandle(HandleKind.USERNAME if handle.startswith("@") else HandleKind.NATIVE, handle)
