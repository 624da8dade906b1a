"""Change notifications: Graph calls when a user changes, and the next round is due at once.

A call carries no facts that we would believe: it only counts, if it knows our secret, our tenant and our
subscription. Without calls (a lost subscription, a closed network) the poll goes on as ever. Source: Microsoft
Graph, "Receive change notifications through webhooks" and "Lifecycle notifications".
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.graph import Graph, Missing
from worker.ports import ConnectorError

LIFE = timedelta(
    days=2
)  # Graph allows just under 29 days; one of a worker that is gone should not outlive it long
RENEW_BEFORE = timedelta(hours=12)
RETRY = timedelta(minutes=15)  # after a subscription that could not be made
LIFECYCLE = "/lifecycle"
OK, ACCEPTED, REFUSED, UNKNOWN = 200, 202, 400, 404


@dataclass(slots=True)
class Counts:
    """What came in since the process started."""

    accepted: int = 0
    refused: int = 0


class Notifications:
    """One subscription on the tenant's users, and what comes of it. Threads may share it."""

    def __init__(self, config: EntraConfig, name: str, now: Callable[[], datetime]) -> None:
        self._settings = config.notifications
        self._tenant = config.tenant_id
        self._name = name
        self._now = now
        self._subscription = ""
        self._ends_at: datetime | None = None
        self._not_before: datetime | None = None
        self._lock = Lock()
        self.counts = Counts()

    @property
    def listen(self) -> str | None:
        """Where Graph's calls have to be taken, host and port; None when there are none."""
        return self._settings.listen if self._settings else None

    def mark(self, connected: Callable[[], Graph]) -> str | None:
        """Keep the subscription alive; a text that changes with each accepted call, None when there are none."""
        if self._settings is None:
            return None
        now = self._now()
        is_due = self._ends_at is None or now >= self._ends_at - RENEW_BEFORE
        if is_due and (self._not_before is None or now >= self._not_before):
            try:
                self._subscribe(connected(), now)
            except ConnectorError:
                self._not_before = now + RETRY  # polls go on as ever
        return str(self.counts.accepted)

    def _subscribe(self, graph: Graph, now: datetime) -> None:
        ends_at = now + LIFE
        until = ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        if self._subscription and not self._renewed(graph, until):
            self._subscription = ""
        if not self._subscription:
            made = graph.call(
                "POST", graph.url("subscriptions"), what="a subscription", body=self._wish(until)
            )
            self._subscription = str(made.get("id", ""))
        self._ends_at, self._not_before = ends_at, None

    def _renewed(self, graph: Graph, until: str) -> bool:
        url = graph.url(f"subscriptions/{self._subscription}")
        try:
            graph.call("PATCH", url, what="our subscription", body={"expirationDateTime": until})
        except Missing:
            return False
        return True

    def _wish(self, until: str) -> dict[str, str]:
        assert self._settings is not None  # noqa: S101  asked for by `mark` alone
        return {
            "changeType": "updated,deleted",  # of users, "updated" is creation and soft deletion, too
            "resource": "users",
            "notificationUrl": self._settings.url,
            "lifecycleNotificationUrl": self._settings.url + LIFECYCLE,
            "expirationDateTime": until,
            "clientState": self._settings.client_state.get_secret_value(),
            "latestSupportedTlsVersion": "v1_2",
        }

    def receive(self, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Answer one POST of Graph's: (status, plain text). Never raises; does nothing that takes time."""
        if self._settings is None:
            return UNKNOWN, ""
        token = query.get("validationToken")
        if token is not None:
            return OK, token  # the handshake, while a subscription is being made
        notices = _notices(body)
        genuine = [notice for notice in notices if self._is_ours(notice)]
        with self._lock:
            self.counts.refused += len(notices) - len(genuine) or (not notices)
            self.counts.accepted += bool(genuine)
        if not genuine:
            return REFUSED, ""
        if path.endswith(LIFECYCLE):
            self._follow(genuine)
        return ACCEPTED, ""

    def _is_ours(self, notice: Mapping[str, Any]) -> bool:
        assert self._settings is not None  # noqa: S101  see `receive`
        secret = self._settings.client_state.get_secret_value().encode()
        given = str(notice.get("clientState") or "").encode()
        tenant = str(notice.get("tenantId") or notice.get("organizationId") or "")
        return (
            hmac.compare_digest(given, secret)
            and notice.get("subscriptionId") == self._subscription
            and (not tenant or not _is_id(self._tenant) or tenant.casefold() == self._tenant.casefold())
        )

    def _follow(self, notices: list[Mapping[str, Any]]) -> None:
        events = {notice.get("lifecycleEvent") for notice in notices}
        if "subscriptionRemoved" in events:
            self._subscription, self._ends_at = "", None
        elif "reauthorizationRequired" in events:
            self._ends_at = self._now()  # renewed at the next look


def _notices(body: bytes) -> list[Mapping[str, Any]]:
    try:
        value = json.loads(body)["value"]
        return [one for one in value if isinstance(one, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _is_id(tenant: str) -> bool:
    """A tenant may be configured by a domain, which a notification does not name."""
    return tenant.count("-") == 4  # noqa: PLR2004  the dashes of a GUID
