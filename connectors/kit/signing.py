"""Signatures of Standard Webhooks (specification 1.0.0): `v1` by a shared secret, `v1a` by a key of our own.

    whsec_ + base64 of 24 to 64 bytes              HMAC-SHA256; the receiver has the same secret
    whsk_ + base64 of an Ed25519 key (32 or 64)    the receiver has only the public part, whpk_…

The signed text is `id.timestamp.body`. While secrets are rotated, each signs, and one that fits is enough. What is
received is older or newer than now by five minutes at most, else it may be a replay.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SHARED, OWN = "whsec_", "whsk_"
SHARED_MIN, SHARED_MAX = 24, 64  # bytes
SEED, SEED_AND_PUBLIC = 32, 64  # bytes
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TIMESTAMP_MAX = 15  # digits
WINDOW_S = 300  # as the specification's own libraries have it
SIGNATURES_MAX = 10  # of one call; each is computed with each secret


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


def is_genuine(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether one of the shared secrets signed this, within five minutes of now. Names of headers in lower case."""
    id_, at, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    is_a_time = at.isascii() and at.isdecimal() and len(at) <= TIMESTAMP_MAX
    if not id_ or not is_a_time or abs(now_s - int(at)) > WINDOW_S:
        return False
    text = f"{id_}.{at}.".encode("utf-8", "surrogatepass") + body
    wanted = [_signature(secret, text).encode() for secret in secrets]
    offered = [one.encode("utf-8", "surrogatepass") for one in given.split(" ")[:SIGNATURES_MAX]]
    return any(hmac.compare_digest(one, mine) for mine in wanted for one in offered)


def _signature(secret: str, text: bytes) -> str:
    raw = _raw(secret)
    if secret.startswith(SHARED):
        return f"v1,{base64.b64encode(hmac.digest(raw, text, hashlib.sha256)).decode()}"
    own = Ed25519PrivateKey.from_private_bytes(raw[:SEED])
    return f"v1a,{base64.b64encode(own.sign(text)).decode()}"


def _raw(secret: str) -> bytes:
    text = secret.partition("_")[2]
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)  # some write it without padding
