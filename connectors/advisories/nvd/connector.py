"""NVD behind the advisories port: what was modified since the last read, by CPE and by words.

Since April 2026 most records have no CPE, so that those of a messenger are searched by its name, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.advisories.nvd import mapping
from connectors.advisories.nvd.client import CALLED, WINDOW_MAX, NvdClient
from connectors.advisories.nvd.config import NvdConfig
from connectors.advisories.nvd.reading import WORK
from connectors.kit.advisories import FeedFile, checked, read_feed_file, records_of
from connectors.kit.child import Apart, apart_for
from worker.domain.watch.products import Product
from worker.ports import CheckResult, ConnectorContext, ConnectorError, Passive
from worker.ports.connectors.advisory_feed import AdvisoryRead

OVERLAP = timedelta(hours=1)  # a record may appear some time after the instant that it bears
BEHIND_MAX = timedelta(days=720)  # a cursor that is older is none


class NvdFeed(Passive):
    """The database's API."""

    def __init__(self, config: NvdConfig, context: ConnectorContext) -> None:
        self.name = context.name
        self._context = context
        self._client = NvdClient(config, context)

    def close(self) -> None:
        self._client.close()

    def check(self) -> CheckResult:
        now = self._context.now()
        try:
            count = self._client.first(now - timedelta(days=1), now)
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "Try again.")
        return CheckResult(ok=True, message=f"{count} records in a day", counts={"records": count})

    def read(self, cursor: str | None, products: Sequence[Product]) -> AdvisoryRead:
        now = self._context.now()
        since = _since(cursor, now)
        found: dict[str, Any] = {}
        unnamed: list[Any] = []
        for what in questions(products):
            for row in self._client.rows(what, since, now):
                id_ = row.get("cve", {}).get("id") if isinstance(row, dict) else None
                if isinstance(id_, str):
                    found[id_] = row
                else:
                    unnamed.append(row)
        records, malformed = records_of([*found.values(), *unnamed], mapping.record, CALLED)
        return AdvisoryRead(
            records, is_whole=False, cursor=now.isoformat(), taken_at=now, malformed=malformed
        )


class NvdFile(Passive):
    """Answers of the API, or a feed of the same form, in a file: what is in it is all that there is."""

    def __init__(self, config: FeedFile, context: ConnectorContext) -> None:
        self.name = context.name
        self._apart: Apart = apart_for(context)
        self._context = context
        self._path = context.base_dir / config.path
        self._called = f"NVD's file {self._path.name}"

    def check(self) -> CheckResult:
        return checked(self.read)

    def read(self, cursor: str | None, products: Sequence[Product]) -> AdvisoryRead:
        del products  # a file is read as a whole
        return read_feed_file(self._path, self._called, WORK, self._apart, cursor, self._context.now())


def questions(products: Sequence[Product]) -> Iterator[dict[str, str]]:
    """What to ask for: each vendor's name in CPE, and each product's words. Of systems, only what is exploited."""
    asked: set[str] = set()
    for product in products:
        flags = {} if product.known_for is None else {"hasKev": ""}
        for name in product.cpes:
            # A vendor of one app is asked for as a whole, a larger one by its product
            is_own = name.vendor == product.key
            match = f"cpe:2.3:{name.part}:{name.vendor}:{'*' if is_own else name.product}"
            if match not in asked:
                asked.add(match)
                yield {"virtualMatchString": match, **flags}
        for words in product.searched:
            yield {"keywordSearch": words, **({"keywordExactMatch": ""} if " " in words else {})}


def _since(cursor: str | None, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(cursor or "").astimezone(UTC)
    except ValueError:
        return now - WINDOW_MAX
    return at - OVERLAP if now - BEHIND_MAX <= at <= now else now - WINDOW_MAX
