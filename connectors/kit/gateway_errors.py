"""The errors that the gateways to a linked phone have in common."""

from __future__ import annotations

import re

from worker.ports import ConnectorError, Incomplete, Malformed

_DIGITS = re.compile(r"[0-9]{7,}")


def set_aside(gateway: str, record_id: str, error: ValueError) -> Malformed:
    """The error for one row that can't be understood; the rest goes on."""
    return Malformed(
        f"{gateway}: {record_id} can't be understood: {error}.",
        record_id=record_id,
        remedy="Update the gateway; if it stays, look at that group in WhatsApp.",
    )


def unexpected(gateway: str, what: str) -> Incomplete:
    """The error for an answer that is JSON, but of another shape."""
    return Incomplete(
        f"{gateway}, asked for {what}, answered JSON of another shape.",
        remedy="Nothing is changed by it. Check that url is the gateway itself, and that its version is a current one.",
    )


def without_numbers(error: ConnectorError) -> ConnectorError:
    """Return the error with every long number in its message as "…": gateways repeat the ids of people in refusals."""
    error.message = _DIGITS.sub("…", error.message)
    error.args = (error.message,)
    return error
