"""Check whether something was written to a person since the last look; it takes a millisecond.

    highestCommittedUSN of the controller's root -> moved? -> was it a user, rather than a sign-in or a printer?

Polled, not pushed: change notification (control 528) needs ldap3's reader thread, which outlives its connection and
then reads from the next one.
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.directory.active_directory.read.deltas import has_changes
from connectors.directory.active_directory.wire.client import Client
from worker.ports import ConnectorError


class News:
    """Keeps one connection, and the USN up to which it has looked."""

    def __init__(self, open_client: Callable[[], tuple[Client, str, int]]) -> None:
        """`open_client` returns a signed-in connection, the naming context to look at, and its USN (-1 if none)."""
        self._open = open_client
        self._client: Client | None = None
        self._context = ""
        self._looked_at = self._mark = -1

    def look(self) -> str | None:
        """A marker that changes with every change to a user; None if unknown now."""
        try:
            return self._look()
        except ConnectorError:
            self.close()
            return None

    def close(self) -> None:
        """Idempotent."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _look(self) -> str | None:
        if self._client is None:
            self._client, self._context, usn = self._open()
            self._looked_at = self._mark = usn
        else:
            usn = _usn(self._client)
        if usn != self._looked_at:
            if usn < self._looked_at or has_changes(self._client, self._context, self._looked_at):
                self._mark = usn
            self._looked_at = usn
        return f"{self._client.url} {self._mark}" if usn >= 0 else None


def _usn(client: Client) -> int:
    return int(client.root("highestCommittedUSN").get("highestcommittedusn", ("-1",))[0])
