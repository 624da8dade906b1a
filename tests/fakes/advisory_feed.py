"""A feed of advisories that says what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from worker.domain.watch.matching import AdvisoryRecord
from worker.domain.watch.products import Product
from worker.ports import CheckResult, ConnectorError, Passive
from worker.ports.connectors.advisory_feed import AdvisoryRead, unchanged


class FakeAdvisoryFeed(Passive):
    """Obeys `worker.ports.connectors.advisory_feed.AdvisoryFeed`. `asked` are the cursors and products of all reads.

    One that without `tells_changes` gives no cursor.
    """

    def __init__(self, name: str = "kev", *, now: Callable[[], datetime], is_whole: bool = True) -> None:
        self._name = name
        self._now = now
        self._is_whole = is_whole
        self.records: tuple[AdvisoryRecord, ...] = ()
        self.error: ConnectorError | None = None
        self.version = 1
        self.tells_changes = True
        self.asked: list[tuple[str | None, tuple[str, ...]]] = []

    @property
    def name(self) -> str:
        return self._name

    def put(self, *records: AdvisoryRecord) -> None:
        self.records, self.version, self.error = records, self.version + 1, None

    def check(self) -> CheckResult:
        if self.error:
            return CheckResult(ok=False, message=self.error.message, remedy=self.error.remedy)
        return CheckResult(ok=True, message=f"{len(self.records)} records")

    def read(self, cursor: str | None, products: Sequence[Product]) -> AdvisoryRead:
        self.asked.append((cursor, tuple(one.key for one in products)))
        if self.error:
            raise self.error
        if cursor == str(self.version):
            return unchanged(cursor, self._now())
        given = str(self.version) if self.tells_changes else None
        return AdvisoryRead(self.records, self._is_whole, given, self._now())
