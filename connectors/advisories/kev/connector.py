"""KEV behind the advisories port: always the whole catalogue, and only if it changed."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.advisories.kev.config import KevConfig
from connectors.advisories.kev.reading import WORK, read_document
from connectors.kit.advisories import FeedFile, checked, read_feed_file
from connectors.kit.child import Apart, apart_for
from connectors.kit.documents import Address
from worker.domain.watch.products import Product
from worker.ports import CheckResult, ConnectorContext, Passive
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
        if found.is_unchanged:
            return unchanged(found.tag, now)
        records, malformed = read_document(found.content, CALLED)
        return AdvisoryRead(records, is_whole=True, cursor=found.tag, taken_at=now, malformed=malformed)


class KevFile(Passive):
    """The catalogue in a file."""

    def __init__(self, config: FeedFile, context: ConnectorContext) -> None:
        self.name = context.name
        self._apart: Apart = apart_for(context)
        self._context = context
        self._path = context.base_dir / config.path
        self._called = f"{CALLED} {self._path.name}"

    def check(self) -> CheckResult:
        return checked(self.read)

    def read(self, cursor: str | None, products: Sequence[Product]) -> AdvisoryRead:
        del products  # as above
        return read_feed_file(self._path, self._called, WORK, self._apart, cursor, self._context.now())
