"""The token in every form: it proves that the form came from our own page, for this link or this session.

It is new each time, so that a page's compressed size reveals nothing about it (BREACH).
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

FIELD = "form_token"


def form_token(key: str, of: str) -> str:
    """A token for the forms of one link or session."""
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_sealed(key, of, nonce)}"


def is_form_token(key: str, of: str, token: str) -> bool:
    """True if the token was made for this link or session."""
    nonce, _, seal = token.partition(".")
    return hmac.compare_digest(seal.encode(), _sealed(key, of, nonce).encode())


def _sealed(key: str, of: str, nonce: str) -> str:
    return hmac.new(key.encode(), f"form\n{of}\n{nonce}".encode(), sha256).hexdigest()
