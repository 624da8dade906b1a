"""What channels said of people's time zones, by e-mail address in whatever case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol


class Zones(Protocol):
    """One answer for each address; None: nobody knew a zone. All instants are aware UTC."""

    def of(self, address: str) -> str | None:
        """The zone (IANA) that was said last, however long ago; None if none was."""

    def asked(self, addresses: Collection[str], since: datetime, until: datetime) -> frozenset[str]:
        """Which of the addresses, casefolded, were asked about from `since` to `until`, both included."""

    def put(self, zones: Mapping[str, str | None], at: datetime) -> None:
        """Insert what was said at an instant, or replace what was said before."""

    def forget(self, before: datetime) -> None:
        """Delete answers that are older."""
