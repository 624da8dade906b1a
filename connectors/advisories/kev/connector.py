"""KEV behind the advisories port: always the whole catalogue, and only if it changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.advisories.kev import mapping
from connectors.advisories.kev.config import KevConfig
from connectors.kit.advisories import FeedFile, checked, records_of, rows_of
from connectors.kit.documents import Address, Document, read_file
from worker.domain.watch.products import Product
from worker.ports import CheckResult, ConnectorContext, Incomplete, Passive
from worker.ports.connectors.advisory_feed import AdvisoryRead, unchanged

CALLED = "the KEV catalogue"
READ_S = 60.0


class KevFeed(Passive):
    """The catalogue at its address."""

    def __init__(self, config: KevConfig, context: ConnectorContext) -> None:
        self.name = context.name
        self._context = context
        self._address = Address(CALLED, config.url, READ_S, ca_file=config.tls.path(context.base_dir))

    def close(self) -> None:
        self._address.close()

    def check(self) -> CheckResult:
        return checked(self.read)

    def read(self, cursor: str | None, products: Sequence[Product]) -> AdvisoryRead:
        del products  # there is only the whole catalogue
        now = self._context.now()
        found = self._context.again(lambda: self._address.get(now, tag=cursor))
        return _read(found, CALLED, now)


class KevFile(Passive):
    """The catalogue in a file."""

    def __init__(self, config: FeedFile, context: ConnectorContext) -> None:
        self.name = context.name
        self._context = context
        self._path = context.base_dir / config.path
        self._called = f"{CALLED} {self._path.name}"

    def check(self) -> CheckResult:
        return checked(self.read)

    def read(self, cursor: str | None, products: Sequence[Product]) -> AdvisoryRead:
        del products  # as above
        found = read_file(self._path, self._called, cursor)
        return _read(found, self._called, self._context.now())


def _read(found: Document, called: str, now: datetime) -> AdvisoryRead:
    taken_at = now if found.at is None else min(found.at, now)
    if found.is_unchanged:
        return unchanged(found.tag, taken_at)
    rows = rows_of(found.content, called)
    count = found.content.get("count", len(rows))
    if not rows or count != len(rows):
        raise Incomplete(
            f"{called} says that it has {count} rows, and has {len(rows)}.",
            remedy="Nothing is concluded from it; it is read again by itself.",
            got=len(rows),
        )
    records, malformed = records_of(rows, mapping.record, called)
    return AdvisoryRead(records, is_whole=True, cursor=found.tag, taken_at=taken_at, malformed=malformed)
