"""JSON documents that are published for everybody: at an address, or brought as a file.

    address -> answer of a bounded size -> JSON          file of the source's folder -> JSON

A document that did not change since its tag is not read again. No redirect is followed, and no error has a header.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from connectors.kit.files import open_file
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
from worker.ports import BadConfig, Incomplete, Transient

BYTES_MAX = 64 << 20
OK, NOT_MODIFIED, MOVED_MAX = 200, 304, 399
_AGAIN = "Nothing is concluded from it; it is read again by itself."


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read; `tag` tells its next version.

    `at`: when a file was put there; None of an address. `is_unchanged`: it still has the tag, and was not read.
    """

    content: Any
    tag: str | None = None
    at: datetime | None = None
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
            raise Incomplete(f"{self._called} answered more than {BYTES_MAX >> 20} MB.", remedy=_AGAIN)
        return data


def read_file(path: Path, called: str, tag: str | None = None) -> Document:
    """The document in a file, unless it still has the `tag`. Raises ConnectorError."""
    try:
        with open_file(path, BYTES_MAX) as file:
            status = path.stat()
            found = f"{status.st_mtime_ns}-{status.st_size}"
            at = datetime.fromtimestamp(status.st_mtime, UTC)
            if found == tag:
                return Document(None, tag, at, is_unchanged=True)
            return Document(parsed(file.read(), called), found, at)
    except FileNotFoundError:
        raise BadConfig(
            f"{called}: there is no such file.", remedy="Check path, or bring the file."
        ) from None
    except OSError as error:
        raise Transient(
            f"{called} can't be opened ({error.strerror}).", remedy="Check its rights; it is tried again."
        ) from error


def parsed(data: bytes, called: str) -> Any:
    """JSON that is whole. Raises Incomplete."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        what = "a web page" if data.lstrip()[:1] == b"<" else "no whole JSON"
        raise Incomplete(f"{called} is {what}.", remedy=_AGAIN) from error
