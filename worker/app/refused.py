"""The error for the person who asked for an act that was refused, such as one without a reason."""

from __future__ import annotations


class Refused(Exception):
    """The act cannot be done. The text says why, and what can be done instead."""


def require_reason(reason: str, what: str) -> None:
    """Refuse to do `what` without a word of why."""
    if not reason.strip():
        raise Refused(f"Say why: a reason is required to {what}.")
