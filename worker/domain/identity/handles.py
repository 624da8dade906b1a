"""What a member's handle is: a phone number, or whatever else a messenger or a register names people by.

Pure. Handles are `+447700900123`, `email:…`, `employee:…`, `name:…`, or an id of the messenger's own; a joiner
without a number has `person:…`, which is a name of ours.
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
    """A handle as people are shown it."""

    kind: HandleKind
    text: str

    @property
    def is_phone(self) -> bool:
        """Whether it can be rung."""
        return self.kind is HandleKind.PHONE


def shown_handle(handle: str) -> ShownHandle | None:
    """What there is to show of a handle; None where it says no more than the name does."""
    prefix, _, rest = handle.partition(":")
    if not handle or (rest and prefix in {"name", "person"}):
        return None
    if rest and prefix in {"email", "employee"}:
        return ShownHandle(HandleKind(prefix), rest)
    if is_e164(handle):
        return ShownHandle(HandleKind.PHONE, handle)
    return ShownHandle(HandleKind.USERNAME if handle.startswith("@") else HandleKind.NATIVE, handle)
