"""Pictures of WhatsApp groups, which a gateway only gives an address of: their hash, and nothing else of them.

address -> on WhatsApp's own servers, or on the gateway itself? -> bytes -> SHA-256

A picture is public to whoever has its address, so no credential goes with the request.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from connectors.kit.http import TOO_MANY, TROUBLE, UNANSWERED, new_client, trusting
from connectors.kit.rest import require_safe
from worker.ports import Incomplete, Rejected

READ_S = 30.0
BYTES_MAX = 16 << 20  # WhatsApp takes 5 MB
OK, ERROR_MIN = 200, 400
WHATSAPP = ".whatsapp.net"
_LATER = "It is asked for again another day."
_WHERE = "WhatsApp, asked for the picture of a group"


class Pictures:
    """Where a gateway's pictures are. `gateway` is the gateway's address. Connects when it is asked first."""

    def __init__(self, gateway: str, ca_file: Path | None) -> None:
        self._gateway = gateway
        self._ca_file = ca_file
        self._client: httpx2.Client | None = None

    def close(self) -> None:
        """End the connections. Idempotent."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def digest(self, address: str) -> str:
        """Return the SHA-256 in hex of the picture at an address.

        Raises Rejected for an address elsewhere, and for a picture that is too large or is not given; Incomplete if it
        can't be had just now, which says nothing of the gateway.
        """
        self._require_known(address)
        if self._client is None:
            self._client = new_client(READ_S, trusting(self._ca_file))
        digest, size = hashlib.sha256(), 0
        try:
            with self._client.stream("GET", address) as response:
                self._require_given(response.status_code)
                for part in response.iter_bytes():
                    digest.update(part)
                    size += len(part)
                    if size > BYTES_MAX:
                        raise Rejected(f"{_WHERE}, answered more than {BYTES_MAX >> 20} MB.")
        except UNANSWERED as error:
            what = type(error).__name__  # the error itself knows the address
            raise Incomplete(f"{_WHERE}, did not answer ({what}).", remedy=_LATER) from None
        return digest.hexdigest()

    def _require_given(self, status: int) -> None:
        if ERROR_MIN <= status < TROUBLE and status != TOO_MANY:
            raise Rejected(f"{_WHERE}, answered {status}.", remedy=_LATER)
        if status != OK:
            raise Incomplete(f"{_WHERE}, answered {status}.", remedy=_LATER)

    def _require_known(self, address: str) -> None:
        try:
            asked, own = urlsplit(address), urlsplit(self._gateway)
            is_own = (asked.scheme, asked.hostname, asked.port) == (own.scheme, own.hostname, own.port)
            is_whatsapps = asked.scheme == "https" and (asked.hostname or "").endswith(WHATSAPP)
        except ValueError:
            is_own = is_whatsapps = False
        if not (is_own or is_whatsapps):
            raise Rejected("The gateway gives the address of a picture that is neither on it nor WhatsApp's.")
        require_safe(address, allows_private=True)


def picture_hash(pictures: Pictures, address: str) -> str:
    """Return the hash of the picture at an address; "" for no address, which is no picture. Raises as `digest`."""
    return pictures.digest(address) if address else ""
