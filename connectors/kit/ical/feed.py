"""A rota's calendar: fetched or opened, then read in a child process.

    address -> answer of 2 MB at most -> temporary file -> child -> turns

The address may be its only secret, so that no error names it. No redirect is followed.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import httpx2

from connectors.kit.child import Apart, in_child
from connectors.kit.files import open_file
from connectors.kit.http import UNANSWERED, broken, failure, new_client, retry_after_s, trusting
from connectors.kit.ical.work import BOUNDS, BYTES_MAX, WORK, Asked
from connectors.kit.rest import require_safe
from worker.domain.escalation.feeds import BEHIND, REACH, FeedRules
from worker.domain.escalation.spans import Span
from worker.ports import BadConfig, Incomplete, Transient
from worker.ports.connectors.rota_feed import FeedRead

READ_S = 30.0
OK, NOT_MODIFIED, MOVED_MAX = 200, 304, 399
BOUNDED: Apart = partial(in_child, bounds=BOUNDS)


class IcalFeed:
    """One calendar, at an address or in a file. Connects when it is read first."""

    def __init__(
        self,
        name: str,
        place: str | Path,
        rules: FeedRules,
        apart: Apart = BOUNDED,
        read_s: float = READ_S,
    ) -> None:
        self.name = name
        self._place = place
        self._rules = rules
        self._apart = apart
        self._read_s = read_s
        self._client: httpx2.Client | None = None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def read(self, etag: str | None, now: datetime) -> FeedRead | None:
        if isinstance(self._place, Path):
            return self._from_file(self._place, etag, now)
        return self._from_address(self._place, etag, now)

    @property
    def _called(self) -> str:
        return f"the calendar of rota {self.name}"

    # --- A file ---------------------------------------------------------------------------------------------

    def _from_file(self, path: Path, etag: str | None, now: datetime) -> FeedRead | None:
        try:
            with open_file(path, BYTES_MAX) as file:
                status = path.stat()
                tag = f"{status.st_mtime_ns}-{status.st_size}"
                return None if tag == etag else self._parsed(file, tag, now)
        except FileNotFoundError:
            raise BadConfig(f"{self._called}: there is no such file.", remedy="Check path.") from None
        except OSError as error:
            raise Transient(
                f"{self._called} can't be opened ({error.strerror}).",
                remedy="Check its rights; it is tried again.",
            ) from error

    # --- An address ---------------------------------------------------------------------------------------

    def _from_address(self, url: str, etag: str | None, now: datetime) -> FeedRead | None:
        if self._client is None:
            require_safe(url, allows_private=False)
            self._client = new_client(self._read_s, trusting(None))
        headers = {"accept": "text/calendar", **({"if-none-match": etag} if etag else {})}
        try:
            with (
                self._client.stream("GET", url, headers=headers) as response,
                tempfile.TemporaryFile() as file,
            ):
                if response.status_code == NOT_MODIFIED and etag:
                    return None
                self._refuse(response, now)
                self._store(response, file)
                return self._parsed(file, response.headers.get("etag"), now)
        except UNANSWERED as error:
            raise broken(self._called, error) from error

    def _refuse(self, response: httpx2.Response, now: datetime) -> None:
        status = response.status_code
        if status > MOVED_MAX:
            raise failure(self._called, status, "", retry_after_s(response.headers, now))
        if status != OK:
            raise BadConfig(
                f"{self._called} answered {status}.",
                remedy="No redirection is followed: give the address of the calendar itself in url.",
            )

    def _store(self, response: httpx2.Response, file: BinaryIO) -> None:
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > BYTES_MAX:
                raise Incomplete(
                    f"{self._called} is larger than {BYTES_MAX >> 20} MB.",
                    remedy="Publish fewer months of it, or only the rota's own calendar.",
                )
            file.write(part)
        file.seek(0)

    def _parsed(self, file: BinaryIO, etag: str | None, now: datetime) -> FeedRead:
        until = now + REACH
        asked = Asked(self._called, self._rules.timezone, dict(self._rules.aliases), now - BEHIND, until)
        for read in self._apart(WORK, file, self._called, asked):
            turns = tuple(Span(one.from_at, one.until_at, one.person) for one in read.turns)
            return FeedRead(turns, until, read.notes, etag)
        raise Incomplete(f"{self._called}: its reader said nothing.", remedy="It is tried again by itself.")
