"""Signatures of Standard Webhooks (specification 1.0.0): `v1` by a shared secret, `v1a` by a key of our own.

    whsec_ + base64 of 24 to 64 bytes              HMAC-SHA256; the receiver has the same secret
    whsk_ + base64 of an Ed25519 key (32 or 64)    the receiver has only the public part, whpk_…

The signed text is `id.timestamp.body`. While secrets are rotated, each signs, and one that fits is enough.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SHARED, OWN = "whsec_", "whsk_"
SHARED_MIN, SHARED_MAX = 24, 64  # bytes
SEED, SEED_AND_PUBLIC = 32, 64  # bytes


def problem_with(secret: str) -> str:
    """Say what is wrong with a secret, without repeating it; empty if nothing is."""
    try:
        size = len(_raw(secret))
    except binascii.Error:
        return f"has something after {SHARED} or {OWN} that is no base64"
    if secret.startswith(SHARED):
        fits = SHARED_MIN <= size <= SHARED_MAX
        return "" if fits else f"has {size} bytes; a shared secret has {SHARED_MIN} to {SHARED_MAX}"
    if secret.startswith(OWN):
        return "" if size in {SEED, SEED_AND_PUBLIC} else f"has {size} bytes; an Ed25519 key has {SEED}"
    return f"starts with neither {SHARED} (a shared secret) nor {OWN} (an Ed25519 key)"


def signatures(secrets: Sequence[str], id_: str, timestamp_s: int, body: bytes) -> str:
    """The value of the header `webhook-signature`: one signature for each secret.

    `id_` must hold no full stop. `body` are the very bytes that are sent.
    """
    text = f"{id_}.{timestamp_s}.".encode() + body
    return " ".join(_signature(secret, text) for secret in secrets)


def _signature(secret: str, text: bytes) -> str:
    raw = _raw(secret)
    if secret.startswith(SHARED):
        return f"v1,{base64.b64encode(hmac.digest(raw, text, hashlib.sha256)).decode()}"
    own = Ed25519PrivateKey.from_private_bytes(raw[:SEED])
    return f"v1a,{base64.b64encode(own.sign(text)).decode()}"


def _raw(secret: str) -> bytes:
    text = secret.partition("_")[2]
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)  # some write it without padding
