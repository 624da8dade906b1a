"""Addresses that a configuration gives: checked as text, before anything is resolved or sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from connectors.kit.addresses import names_this_machine


def web_address(url: str, example: str) -> str:
    """Return an https address, or an http one of this machine. Raises ValueError, which repeats nothing of it."""
    try:
        parts = urlsplit(url.strip())
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or brackets that are no IPv6 address
        is_whole = False
    if not is_whole or parts.scheme not in {"http", "https"} or parts.username or parts.fragment:
        raise ValueError(f"is no web address; it looks like {example}")
    if parts.scheme == "http" and not names_this_machine(parts.hostname or ""):
        raise ValueError("is plain http, which is only for this machine; write https:")
    return url.strip()
