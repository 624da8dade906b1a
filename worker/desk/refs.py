"""Ids of people, members and groups in addresses: encrypted, since addresses end in histories and logs.

The same key always gives the same reference, so pages can be bookmarked. A made-up reference is refused.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha512

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

REFERENCE_MAX = 4000  # characters; the longest name of a list fits


class NoSuchReference(Exception):
    """The reference was not made by this desk."""


def reference(key: str, kind: str, parts: tuple[str, ...]) -> str:
    """The reference to (source, id) in an address. With `kind`, a person's can't be used as a group's."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(_cipher(key).encrypt(text, [kind.encode()])).decode().rstrip("=")


def resolve(key: str, kind: str, text: str) -> tuple[str, str]:
    """The inverse of `reference`. Raises NoSuchReference."""
    try:
        sealed = urlsafe_b64decode(text[:REFERENCE_MAX] + "=" * (-len(text) % 4))
        source, identity = json.loads(_cipher(key).decrypt(sealed, [kind.encode()]))
    except (binascii.Error, ValueError, InvalidTag):
        raise NoSuchReference from None
    return source, identity


def _cipher(key: str) -> AESSIV:
    return AESSIV(sha512(f"references\n{key}".encode()).digest())
