"""Change notifications: Graph calls when a user changes, and the next round is due at once.

Facts in a call are not used. A call only counts, and only if it knows our secret, our tenant and our
subscription. Without calls (a lost subscription, a closed network) the poll goes on as usual. Source: Microsoft
Graph, "Receive change notifications through webhooks" and "Lifecycle notifications".
"""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from connectors.directory.entra.config import EntraConfig
from connectors.kit.graph import notes
from connectors.kit.graph.client import Graph, Missing
from connectors.kit.guids import guid
from worker.ports import ConnectorError, InboundCall, Incomplete, Note, PermissionDenied

# Graph allows just under 29 days; a subscription should not outlive its worker for long
LIFE = timedelta(days=2)
RENEW_BEFORE = timedelta(hours=12)
RETRY = timedelta(minutes=15)  # after a subscription failed
RETRY_DENIED = timedelta(hours=6)  # after a subscription was denied: somebody has to permit it first
PAGES_MAX = 10  # of our subscriptions; an app has a hundred at most
LIFECYCLE = "/lifecycle"
REAUTHORIZE, REMOVED, MISSED = "reauthorizationRequired", "subscriptionRemoved", "missed"
NONE_YET = (
    "no subscription; whosleft run makes one, or says in its log why Graph refused it (subscription.refused)"
)
OK, ACCEPTED, REFUSED, WRONG_METHOD = 200, 202, 400, 405


@dataclass(frozen=True, slots=True)
class _Subscription:
    """A subscription that Graph has made for us."""

    id: str
    ends_at: datetime
    renew_at: datetime


class Notifications:
    """One subscription to the tenant's users, and its calls.

    Any thread may call `receive`; only one at a time may call `mark`. Only `mark` changes the subscription.
    """

    caller = "Graph"
    key = "notifications.listen"

    def __init__(
        self,
        config: EntraConfig,
        name: str,
        now: Callable[[], datetime],
        note: Note,
        token: Callable[[], str],
    ) -> None:
        settings = config.notifications
        self.name = name
        self.listen = settings.listen if settings else ""  # empty: no calls wanted
        self._url = settings.url if settings else ""
        self._secret = settings.client_state.get_secret_value() if settings else ""
        self._tenant = guid(config.tenant_id)  # with a domain, None until a token names the id
        self._now = now
        self._note = note
        self._token = token
        self._held: _Subscription | None = None
        self._not_before: datetime | None = None
        self._lock = Lock()
        self._accepted = 0
        # Since the last mark: refused calls by their fault, and lifecycle events with their subscription
        self._refused: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()

    # --- the subscription ----------------------------------------------------------------------------------

    def mark(self, connected: Callable[[], Graph]) -> str | None:
        """Keep the subscription alive; return a marker that changes with each accepted call, None without calls."""
        if not self.listen:
            return None
        now = self._now()
        self._heed(now)
        held = self._held
        is_due = held is None or now >= held.renew_at
        if is_due and (self._not_before is None or now >= self._not_before):
            try:
                self._subscribe(connected(), now)
            except ConnectorError as error:  # polls go on as usual
                self._put_off(error, now)
        return str(self._accepted)

    def _heed(self, now: datetime) -> None:
        """Act on lifecycle events since the last time, and on the subscription's end.

        Refused calls are noted here, each kind once, since anybody can make any number of them.
        """
        with self._lock:
            refused, self._refused = self._refused, Counter()
            told, self._told = self._told, set()
        for why, calls in refused.items():
            self._note(notes.CALL_REFUSED, why=why, calls=calls)
        held = self._held
        if held is None:
            return
        if (held.id, REMOVED) in told:
            self._end("Graph has removed it")
        elif now >= held.ends_at:
            self._end("its end came before it was renewed")
        elif (held.id, REAUTHORIZE) in told:
            self._held = replace(held, renew_at=now)

    def _end(self, why: str) -> None:
        self._held = self._not_before = None  # the wait was only for its renewal
        self._note(notes.SUBSCRIPTION_ENDED, why=why)

    def _subscribe(self, graph: Graph, now: datetime) -> None:
        ends_at = now + LIFE
        until = ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._tenant = self._tenant or _tenant_in(self._token())
        if self._held is not None and not self._renewed(graph, self._held.id, until):
            self._end("Graph does not know it any more")
        if self._held is not None:
            subscription_id, event = self._held.id, notes.SUBSCRIPTION_RENEWED
        else:
            subscription_id, event = self._made(graph, until), notes.SUBSCRIPTION_MADE
        self._held = _Subscription(subscription_id, ends_at, ends_at - RENEW_BEFORE)
        self._not_before = None
        self._note(event, ends_at=until)

    def _renewed(self, graph: Graph, subscription_id: str, until: str) -> bool:
        url = graph.url(f"subscriptions/{subscription_id}")
        try:
            graph.call("PATCH", url, what="our subscription", body={"expirationDateTime": until})
        except Missing:
            return False
        return True

    def _made(self, graph: Graph, until: str) -> str:
        made = graph.call(
            "POST", graph.url("subscriptions"), what="a subscription", body=self._wish(until)
        ).get("id")
        if not isinstance(made, str) or not made:
            raise Incomplete("Graph made a subscription and did not say which.")
        return made

    def _wish(self, until: str) -> dict[str, str]:
        return {
            "changeType": "updated,deleted",  # of users, "updated" is creation and soft deletion, too
            "resource": "users",
            "notificationUrl": self._url,
            "lifecycleNotificationUrl": self._url + LIFECYCLE,
            "expirationDateTime": until,
            "clientState": self._secret,
            "latestSupportedTlsVersion": "v1_2",
        }

    def _put_off(self, error: ConnectorError, now: datetime) -> None:
        wait = RETRY_DENIED if isinstance(error, PermissionDenied) else RETRY
        self._not_before = now + wait
        self._note(
            notes.SUBSCRIPTION_REFUSED,
            what="a subscription" if self._held is None else "its renewal",
            error=str(error).replace(self._secret, "…"),
            retry_after_s=wait.total_seconds(),
        )

    def found(self, graph: Graph) -> Mapping[str, str]:
        """Say for `check` whether Graph has our subscription, which another process keeps.

        Never raises a ConnectorError. Asks nothing if no calls are wanted. An app may list its own subscriptions
        without further rights.
        """
        if not self.listen:
            return {}
        try:
            ours = (one for one in _listed(graph) if one.get("notificationUrl") == self._url)
            ends = [str(one.get("expirationDateTime")) for one in ours]
            told = f"a subscription until {max(ends)}" if ends else NONE_YET
        except ConnectorError as error:
            told = f"can't be told: {error.message}"
        return {"notifications": told}

    # --- calls ---------------------------------------------------------------------------------------------

    def receive(self, call: InboundCall) -> tuple[int, str]:
        """Answer one POST of Graph's: (status, plain text). Never raises; does nothing that takes time."""
        if call.method != "POST":
            return WRONG_METHOD, ""
        token = call.query.get("validationToken")
        if token is not None:
            return OK, token  # the handshake, while a subscription is being made
        notices = _notices(call.body)
        faults = [self._fault_of(notice) for notice in notices] or ["no notification"]
        genuine = [notice for notice, fault in zip(notices, faults, strict=False) if not fault]
        told = {(notice["subscriptionId"], event) for notice in genuine for event in _lifecycle(notice)}
        with self._lock:
            self._refused.update([fault for fault in faults if fault][:1])  # a call is counted once
            self._accepted += bool(genuine)
            self._told |= told
        if not genuine:
            return REFUSED, ""
        lifecycle = ", ".join(sorted(event for _, event in told)) or None
        self._note(notes.CALL_ACCEPTED, notices=len(genuine), lifecycle=lifecycle)
        return ACCEPTED, ""

    def _fault_of(self, notice: Mapping[str, Any]) -> str:
        """What is wrong with a notice; "" if it is genuine."""
        held = self._held
        given, tenant = notice.get("clientState"), notice.get("tenantId")
        if not isinstance(given, str) or not hmac.compare_digest(_bytes(given), _bytes(self._secret)):
            return "clientState"
        if not isinstance(tenant, str) or self._tenant is None or tenant.casefold() != self._tenant:
            return "tenantId"
        if held is None or notice.get("subscriptionId") != held.id:
            return "subscriptionId"
        return ""


def _notices(body: bytes) -> list[Mapping[str, Any]]:
    try:
        value = json.loads(body)["value"]
        return [one for one in value if isinstance(one, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _lifecycle(notice: Mapping[str, Any]) -> list[str]:
    return [event for event in (REAUTHORIZE, REMOVED, MISSED) if notice.get("lifecycleEvent") == event]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # JSON may hold half of a character


def _listed(graph: Graph) -> Iterator[Mapping[str, Any]]:
    url = graph.url("subscriptions")
    for _ in range(PAGES_MAX):
        page = graph.get(url, what="our subscriptions")
        value = page.get("value")
        if not isinstance(value, list):
            raise Incomplete("Graph's answer for our subscriptions has no list.")
        yield from (one for one in value if isinstance(one, dict))
        url = str(page.get("@odata.nextLink") or "")
        if not url:
            return


def _tenant_in(token: str) -> str | None:
    """The tenant of a token, only for comparing. None if unreadable: Microsoft promises no format to apps."""
    try:
        body = token.split(".")[1]
        return guid(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["tid"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
