"""One signed POST to a receiver of webhooks: to an address that was checked, without redirects, proxy or repeat.

name -> addresses, all allowed -> the first that takes a connection -> status -> nothing, or an error of ours
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import httpx2
from pydantic import SecretStr

from connectors.kit.addresses import Address, addresses_of
from connectors.kit.http import Posted, failure, new_client, post, retry_after_s, trusting
from connectors.kit.rest import Refusal
from connectors.kit.settings import TlsConfig
from connectors.kit.signing import ID, SIGNATURE, TIMESTAMP, signatures
from worker.ports import BadConfig, ConnectorContext, NotDone, Unsubscribed

OK_MAX, MOVED_MAX = 299, 399
NOWHERE = frozenset({404, 405})
GONE = 410


class Target(Protocol):
    """A receiver's keys."""

    @property
    def url(self) -> str: ...
    @property
    def secrets(self) -> tuple[SecretStr, ...]: ...
    @property
    def allow_private(self) -> bool: ...
    @property
    def timeout(self) -> timedelta: ...
    @property
    def tls(self) -> TlsConfig: ...


class Receiver:
    """Where events go. Raises only ConnectorErrors."""

    def __init__(self, config: Target, context: ConnectorContext) -> None:
        self._config = config
        self._parts = urlsplit(config.url)
        self._base_dir = context.base_dir
        self._now: Callable[[], datetime] = context.now
        self._client: httpx2.Client | None = None

    @property
    def host(self) -> str:
        """The receiver's name, for people; the rest of its address may be secret."""
        return self._parts.hostname or ""

    def close(self) -> None:
        """End the connections. Idempotent; the next POST connects anew."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def addresses(self) -> list[Address]:
        """The receiver's addresses, if events may go there. Sends nothing."""
        is_plain = self._parts.scheme == "http"
        return addresses_of(
            self.host, self._port(), is_plain=is_plain, allows_private=self._config.allow_private
        )

    def post(self, id_: str, body: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
        """Send once, signed now: to the first of the addresses that takes a connection.

        `id_` is the same at each attempt, and has no full stop; `kind` is the content type, `more` are further headers.
        """
        self._judge(self._posted(body, {**(more or {}), "content-type": kind, **self._signed(id_, body)}))

    def _signed(self, id_: str, body: bytes) -> dict[str, str]:
        """Apart from the request, so that no error about one has a secret among its names."""
        at_s = int(self._now().timestamp())
        secrets = [secret.get_secret_value() for secret in self._config.secrets]
        return {ID: id_, TIMESTAMP: str(at_s), SIGNATURE: signatures(secrets, id_, at_s, body)}

    def _posted(self, body: bytes, headers: Mapping[str, str]) -> Posted:
        *others, last = self.addresses()
        for address in others:
            try:
                return self._post_to(address, body, headers)
            except NotDone:  # no connection: the next one may take one
                continue
        return self._post_to(last, body, headers)

    def _post_to(self, address: Address, body: bytes, headers: Mapping[str, str]) -> Posted:
        return post(
            self._connected(),
            self.host,
            SecretStr(self._url_at(address)),
            body,
            {**headers, "Host": self._parts.netloc},
            {"sni_hostname": self.host},  # whose certificate it has to be
        )

    def _url_at(self, address: Address) -> str:
        place = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        netloc = f"{place}:{self._port()}"
        return urlunsplit((self._parts.scheme, netloc, self._parts.path or "/", self._parts.query, ""))

    def _judge(self, posted: Posted) -> None:
        status = posted.status
        if status <= OK_MAX:
            return
        if status <= MOVED_MAX:
            raise BadConfig(
                f"{self.host} answered {status}, a redirection.",
                remedy="It is not followed. Give the receiver's own address in url.",
            )
        if status == GONE:
            raise Unsubscribed(
                f"{self.host} answered 410: it wants no more events.",
                remedy="Nothing more is sent until a test succeeds: whosleft notify test.",
            ) from Refusal(status, None)
        if status in NOWHERE:
            raise BadConfig(
                f"{self.host} answered {status}: it takes no events there.", remedy="Check url."
            ) from Refusal(status, None)
        raise failure(self.host, status, posted.said, retry_after_s(posted.headers, self._now()))

    def _connected(self) -> httpx2.Client:
        if self._client is None:
            tls = trusting(self._config.tls.path(self._base_dir))
            self._client = new_client(self._config.timeout.total_seconds(), tls, is_direct=True)
        return self._client

    def _port(self) -> int:
        return self._parts.port or (80 if self._parts.scheme == "http" else 443)
