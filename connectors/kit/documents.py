"""JSON documents that are published for everybody, at an address. `connectors.kit.brought` has them as files.

    address -> answer of a bounded size -> JSON

A document that did not change since its tag is not read again. No redirect is followed, and no error has a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from connectors.kit.brought import AGAIN, BYTES_MAX, parsed
from connectors.kit.http import (
    UNANSWERED,
    broken,
    failure,
    new_client,
    read_within,
    retry_after_s,
    trusting,
)
from connectors.kit.rest import require_safe
from worker.ports import BadConfig, Incomplete

OK, NOT_MODIFIED, MOVED_MAX = 200, 304, 399


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read; `tag` tells its next version.

    `is_unchanged`: it still has the tag, and was not read.
    """

    content: Any
    tag: str | None = None
    is_unchanged: bool = False


class Address:
    """Documents of one server; connects when it is asked first. `called` is what errors call it: "the KEV catalogue".

    `read_s` is how long an answer may take, in seconds.
    """

    def __init__(
        self,
        called: str,
        url: str,
        read_s: float,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._called = called
        self._url = url
        self._read_s = read_s
        self._headers = dict(headers or {})
        self._ca_file = ca_file
        self._client: httpx2.Client | None = None

    def close(self) -> None:
        """End the connections. Idempotent; the next read connects anew."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(self, now: datetime, query: str = "", tag: str | None = None) -> Document:
        """The document, `query` (encoded) added to its address, unless it still has the `tag`.

        Raises ConnectorError, for a status as in `connectors.kit.http`.
        """
        url = f"{self._url}?{query}" if query else self._url
        headers = {"accept": "application/json", **self._headers, **({"if-none-match": tag} if tag else {})}
        try:
            with self._connected().stream("GET", url, headers=headers) as response:
                if response.status_code == NOT_MODIFIED and tag:
                    return Document(None, tag, is_unchanged=True)
                self._refuse(response, now)
                data = self._read(response)
        except UNANSWERED as error:
            raise broken(self._called, error) from error
        return Document(parsed(data, self._called), response.headers.get("etag"))

    def _connected(self) -> httpx2.Client:
        if self._client is None:
            require_safe(self._url, allows_private=False)
            self._client = new_client(self._read_s, trusting(self._ca_file))
        return self._client

    def _refuse(self, response: httpx2.Response, now: datetime) -> None:
        status = response.status_code
        if status > MOVED_MAX:
            raise failure(self._called, status, "", retry_after_s(response.headers, now))
        if status != OK:
            raise BadConfig(
                f"{self._called} answered {status}.",
                remedy="No redirection is followed: give the address of the document itself in url.",
            )

    def _read(self, response: httpx2.Response) -> bytes:
        data = read_within(response, BYTES_MAX)
        if data is None:
            raise Incomplete(f"{self._called} answered more than {BYTES_MAX >> 20} MB.", remedy=AGAIN)
        return data
