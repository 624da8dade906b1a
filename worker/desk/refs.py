"""Names of people, members and groups in addresses: encrypted, since addresses end in histories and logs.

The same key always gives the same reference, so pages can be bookmarked; a reference that was made up is refused.
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
    """Nothing that this desk ever referred to."""


def reference(key: str, kind: str, parts: tuple[str, ...]) -> str:
    """What stands for (source, id) in an address. `kind` keeps a person's from passing as a group's."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(_cipher(key).encrypt(text, [kind.encode()])).decode().rstrip("=")


def resolve(key: str, kind: str, text: str) -> tuple[str, str]:
    """The inverse. Raises NoSuchReference."""
    try:
        sealed = urlsafe_b64decode(text[:REFERENCE_MAX] + "=" * (-len(text) % 4))
        source, identity = json.loads(_cipher(key).decrypt(sealed, [kind.encode()]))
    except (binascii.Error, ValueError, InvalidTag):
        raise NoSuchReference from None
    return source, identity


def _cipher(key: str) -> AESSIV:
    return AESSIV(sha512(f"references\n{key}".encode()).digest())
