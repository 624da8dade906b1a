"""NVD's API 2.0: one call is one page. Says what was answered, not what it means.

As of nvd.nist.gov/developers/vulnerabilities, read 2026-11. Both ends of a window are given, at most 120 days apart.
The key goes into a header; in the query it would be a 404. A client that asks too often gets 403 without a wait; 503
and answers after most of a minute are common.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.advisories.nvd.config import NvdConfig
from connectors.kit.advisories import rows_of
from connectors.kit.documents import Address
from worker.ports import ConnectorContext, Incomplete, PermissionDenied, Transient

CALLED = "NVD"
READ_S, PAUSE_S = 90.0, 6.0
WINDOW_MAX = timedelta(days=120)
PAGE_MAX, PAGES_MAX = 2_000, 100
_AGAIN = "Nothing is concluded from it; it is read again by itself."


class NvdClient:
    """Asks page by page, with the pause between two requests that NVD wants."""

    def __init__(self, config: NvdConfig, context: ConnectorContext) -> None:
        key = config.api_key
        headers = {} if key is None else {"apiKey": key.get_secret_value().strip()}
        self._address = Address(CALLED, config.url, READ_S, headers, config.tls.path(context.base_dir))
        self._context = context
        self._has_asked = False

    def close(self) -> None:
        self._address.close()

    def rows(self, what: Mapping[str, str], since: datetime, until: datetime) -> Iterator[Any]:
        """The rows of all pages of one question, of what was modified from `since` to `until` (aware UTC).

        `what` are the question's parameters; one without a value is a flag.
        """
        for from_at, until_at in windows(since, until):
            window = {"lastModStartDate": _instant(from_at), "lastModEndDate": _instant(until_at)}
            yield from self._pages({**what, **window})

    def first(self, since: datetime, until: datetime) -> int:
        """How many records were modified in a window; asks for one of them."""
        window = {"lastModStartDate": _instant(since), "lastModEndDate": _instant(until)}
        return _total(self._page({**window, "resultsPerPage": "1"}))

    def _pages(self, what: Mapping[str, str]) -> Iterator[Any]:
        start = 0
        for _ in range(PAGES_MAX):
            page = self._page({**what, "resultsPerPage": str(PAGE_MAX), "startIndex": str(start)})
            rows, total = rows_of(page, CALLED), _total(page)
            yield from rows
            start += len(rows)
            if start >= total:
                return
            if not rows:
                raise Incomplete(
                    f"{CALLED} has {total} records, and sent {start}.",
                    remedy=_AGAIN,
                    expected=total,
                    got=start,
                )
        raise Incomplete(f"{CALLED} has more than {PAGES_MAX} pages for one question.", remedy=_AGAIN)

    def _page(self, query: Mapping[str, str]) -> Any:
        encoded = "&".join(urlencode({name: value}) if value else name for name, value in query.items())
        return self._context.again(lambda: self._asked(encoded))

    def _asked(self, query: str) -> Any:
        if self._has_asked:
            self._context.sleep(PAUSE_S)
        self._has_asked = True
        try:
            return self._address.get(self._context.now(), query).content
        except PermissionDenied as error:
            raise Transient(
                "NVD answered 403: it is asked too often, or refuses the key.",
                remedy="It is tried again by itself. If it stays, check api_key, and who else asks from here.",
            ) from error


def windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time from `since` to `until` in parts that NVD takes."""
    while since < until:
        end = min(since + WINDOW_MAX, until)
        yield since, end
        since = end


def _total(page: Any) -> int:
    total = page.get("totalResults") if isinstance(page, dict) else None
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise Incomplete(f"{CALLED} does not say how many records there are.", remedy=_AGAIN)
    return total


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
