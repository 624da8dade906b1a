"""Feeds of advisories: who publishes which vulnerabilities are known, or exploited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from worker.domain.watch.matching import AdvisoryRecord
from worker.domain.watch.products import Product
from worker.ports.connectors.base import Connector


@dataclass(frozen=True, slots=True)
class AdvisoryRead:
    """What a feed says.

    `is_whole`: these are all of its records; else only those that may have changed since `cursor` was given.
    `cursor` is opaque; None if the feed can't tell changes. `taken_at` is the instant that it is true for.
    `malformed` counts records that could not be understood, and were left out. `is_unchanged`: nothing was read, since
    nothing changed; then there are no records, and `cursor` stays.
    """

    records: tuple[AdvisoryRecord, ...]
    is_whole: bool
    cursor: str | None
    taken_at: datetime
    malformed: int = 0
    is_unchanged: bool = False


class AdvisoryFeed(Connector, Protocol):
    """One feed."""

    def read(self, cursor: str | None, products: Sequence[Product]) -> AdvisoryRead:
        """Read what there is, or what changed since the read that gave `cursor`.

        Records beyond those on `products` may come too. Raises ConnectorError; Incomplete for what proves nothing: a
        cut answer, or one with too few records.
        """


def unchanged(cursor: str | None, taken_at: datetime) -> AdvisoryRead:
    """Nothing changed since `cursor`."""
    return AdvisoryRead((), is_whole=False, cursor=cursor, taken_at=taken_at, is_unchanged=True)
