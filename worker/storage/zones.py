"""What channels said of people's time zones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.chunks import CHUNK, chunked
from worker.storage.sql.tables import said_zone, to_micros

_COLUMNS = ("address", "timezone", "asked_at")


class SqlZones:
    """The port `Zones` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def of(self, address: str) -> str | None:
        z = said_zone.c
        return self._c.execute(sa.select(z.timezone).where(z.address == address.casefold())).scalar() or None

    def asked(self, addresses: Collection[str], since: datetime, until: datetime) -> frozenset[str]:
        z = said_zone.c
        then = sa.select(z.address).where(z.asked_at >= since, z.asked_at <= until)
        found = frozenset[str]()
        for chunk in chunked(sorted({one.casefold() for one in addresses}), CHUNK):
            found |= set(self._c.execute(then.where(z.address.in_(chunk))).scalars())
        return found

    def put(self, zones: Mapping[str, str | None], at: datetime) -> None:
        rows = [(address.casefold(), zone or "", to_micros(at)) for address, zone in sorted(zones.items())]
        bulk_upsert(self._c, said_zone, _COLUMNS, rows)

    def forget(self, before: datetime) -> None:
        self._c.execute(sa.delete(said_zone).where(said_zone.c.asked_at < before))
