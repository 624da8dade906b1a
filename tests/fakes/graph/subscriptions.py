"""Change notifications of the fake Graph: subscriptions with their handshake, limits and life, and what they deliver.

    POST /subscriptions -> handshake -> 201;  a change in the tenant waits;  deliver() -> POST to the subscriber

Nothing is sent by itself: a test says when. Rules: "Set up notifications", "Lifecycle notifications", "Subscription
resource" of Microsoft's documentation (read 2026-11).
"""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fakes.graph.shapes import Refused, bad_request, encode, instant, parse_instant
from fakes.graph.tenant import Change, FakeTenant

Json = dict[str, Any]
LIFE_MAX = timedelta(minutes=41_760)
LIFE_MIN = timedelta(minutes=45)
PER_APP_MAX = 100  # per app and tenant
CLIENT_STATE_MAX = 128
RESOURCES = frozenset({"users", "/users"})
HANDSHAKE_S = 10.0
DELIVERY_S = 10.0
WRITABLE = frozenset(
    {
        "changeType",
        "resource",
        "notificationUrl",
        "lifecycleNotificationUrl",
        "expirationDateTime",
        "clientState",
    }
    | {"latestSupportedTlsVersion", "includeResourceData", "@odata.type"}
)


@dataclass(slots=True, eq=False)
class Subscription:
    """One subscription; `told` is the last line of the tenant's history that was delivered."""

    id: str
    body: Json
    application_id: str
    expires_at: datetime
    told: int
    reauthorized: int = 0

    @property
    def change_types(self) -> set[str]:
        return {each.strip() for each in self.body["changeType"].split(",")}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to a subscriber: status 0 where nobody answered."""

    url: str
    payload: Json
    status: int
    seconds: float


@dataclass
class Subscriptions:
    """The subscriptions of one tenant. `reach` maps the start of a public address to where it is on loopback, as an
    ingress does; `ca_file` is trusted for subscribers with TLS.
    """

    tenant: FakeTenant
    reach: dict[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    by_id: dict[str, Subscription] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)

    # --- requests -------------------------------------------------------------------------------------------

    def create(self, body: Json, application_id: str) -> Json:
        self._expire()
        _check_new(body)
        expires_at = self._expiry(body.get("expirationDateTime"))
        mine = [each for each in self.by_id.values() if each.application_id == application_id]
        if len(mine) >= PER_APP_MAX:
            raise Refused(403, "Forbidden", f"Subscription limit of {PER_APP_MAX} per application reached.")
        for url in dict.fromkeys(
            filter(None, (body["notificationUrl"], body.get("lifecycleNotificationUrl")))
        ):
            self._shake_hands(url)
        made = Subscription(
            str(uuid.uuid4()), dict(body), application_id, expires_at, self.tenant.last_change
        )
        self.by_id[made.id] = made
        return self.shown(made)

    def get(self, subscription_id: str, application_id: str) -> Subscription:
        self._expire()
        found = self.by_id.get(subscription_id)
        if not found or found.application_id != application_id:
            raise Refused(404, "ResourceNotFound", "The object was not found.")
        return found

    def listed(self, application_id: str) -> list[Json]:
        """All of one app, without the secrets."""
        self._expire()
        mine = [each for each in self.by_id.values() if each.application_id == application_id]
        return [{**self.shown(each), "clientState": None} for each in mine]

    def renew(self, subscription: Subscription, body: Json) -> Json:
        unknown = set(body) - {"expirationDateTime", "notificationUrl", "@odata.type"}
        if unknown:
            raise bad_request(f"Property {min(unknown)} can't be changed.", "InvalidRequest")
        if "expirationDateTime" in body:
            subscription.expires_at = self._expiry(body["expirationDateTime"])
        return self.shown(subscription)

    def shown(self, subscription: Subscription) -> Json:
        body = subscription.body
        return {
            "id": subscription.id,
            "resource": body["resource"],
            "applicationId": subscription.application_id,
            "changeType": body["changeType"],
            "clientState": body.get("clientState"),
            "notificationUrl": body["notificationUrl"],
            "lifecycleNotificationUrl": body.get("lifecycleNotificationUrl"),
            "expirationDateTime": instant(subscription.expires_at),
            "creatorId": str(uuid.uuid5(uuid.NAMESPACE_URL, subscription.application_id)),
            "latestSupportedTlsVersion": body.get("latestSupportedTlsVersion", "v1_2"),
            "notificationQueryOptions": None,
            "includeResourceData": None,
            "encryptionCertificate": None,
            "encryptionCertificateId": None,
            "notificationUrlAppId": None,
        }

    # --- orders ---------------------------------------------------------------------------------------------

    def deliver(self) -> list[Delivery]:
        """Send every change that waits, in one POST to each address; what isn't answered with 2xx goes on waiting."""
        self._expire()
        by_url: defaultdict[str, list[Subscription]] = defaultdict(list)
        for each in self.by_id.values():
            by_url[each.body["notificationUrl"]].append(each)
        made = []
        for url, subscriptions in by_url.items():
            newest = self.tenant.last_change
            value = [note for each in subscriptions for note in self._notes(each)]
            if not value:
                continue
            delivery = self.send(url, {"value": value})
            made.append(delivery)
            if 200 <= delivery.status < 300:
                for each in subscriptions:
                    each.told = newest
        return made

    def lifecycle(self, subscription_id: str, event: str) -> Delivery:
        """Send `reauthorizationRequired`, `missed` or `subscriptionRemoved` (which it then is)."""
        subscription = self.by_id[subscription_id]
        note = {**self._address(subscription), "resource": "Users", "lifecycleEvent": event}
        if event == "subscriptionRemoved":
            del self.by_id[subscription_id]
        return self.send(
            subscription.body.get("lifecycleNotificationUrl") or subscription.body["notificationUrl"],
            {"value": [note]},
        )

    def note(self, subscription: Subscription, user_id: str, change_type: str) -> Json:
        """Return one notification as it is delivered; a test may forge it and `send` it."""
        return {
            **self._address(subscription),
            "changeType": change_type,
            "resource": f"Users/{user_id}",
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.User",
                "@odata.id": f"Users/{user_id}",
                "id": user_id,
                "organizationId": self.tenant.id,
                "sequenceNumber": self.tenant.last_change,
            },
        }

    def send(self, url: str, payload: Json) -> Delivery:
        """POST any payload to a subscriber's address."""
        status, _, seconds = self._post(url, encode(payload), "application/json", DELIVERY_S)
        delivery = Delivery(url, payload, status, seconds)
        self.deliveries.append(delivery)
        return delivery

    # --- within ---------------------------------------------------------------------------------------------

    def _notes(self, subscription: Subscription) -> list[Json]:
        waiting = {
            (change.user_id, _change_type(change)): change
            for change in self.tenant.history[subscription.told :]
            if _change_type(change) in subscription.change_types
        }
        return [self.note(subscription, user_id, change_type) for user_id, change_type in waiting]

    def _address(self, subscription: Subscription) -> Json:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": instant(subscription.expires_at),
            "clientState": subscription.body.get("clientState"),
            "tenantId": self.tenant.id,
        }

    def _expire(self) -> None:
        for each in list(self.by_id.values()):
            if each.expires_at <= self.tenant.now:
                del self.by_id[each.id]

    def _expiry(self, text: Any) -> datetime:
        try:
            wanted = parse_instant(text)
        except (TypeError, ValueError):
            raise bad_request("expirationDateTime is not a valid date.", "InvalidRequest") from None
        now = self.tenant.now
        if wanted <= now:
            raise bad_request("Subscription expiration must be in the future.", "InvalidRequest")
        if wanted > now + LIFE_MAX:
            minutes = int(LIFE_MAX.total_seconds()) // 60
            raise bad_request(
                f"Subscription expiration can only be {minutes} minutes in the future.", "ExtensionError"
            )
        return max(wanted, now + LIFE_MIN)

    def _shake_hands(self, url: str) -> None:
        token = f"Validation: Testing client application reachability for subscription {uuid.uuid4()} & more"
        joint = "&" if "?" in url else "?"
        status, (content_type, answer), _ = self._post(
            f"{url}{joint}validationToken={quote(token, safe='')}",
            b"",
            "text/plain; charset=utf-8",
            HANDSHAKE_S,
        )
        if not status:
            raise bad_request("Subscription validation request timed out.", "ValidationError")
        if status != 200 or answer != token.encode() or not content_type.startswith("text/plain"):
            raise bad_request(
                "Subscription validation request failed. Notification endpoint must respond with 200 OK to "
                f"validation request. (It said {status}.)",
                "ValidationError",
            )

    def _post(
        self, url: str, body: bytes, content_type: str, timeout_s: float
    ) -> tuple[int, tuple[str, bytes], float]:
        for public, here in self.reach.items():
            if url.startswith(public):
                url = here + url.removeprefix(public)
                break
        # The scheme is checked on creation, and `reach` is the test's own
        request = urllib.request.Request(url, body, {"Content-Type": content_type}, method="POST")  # noqa: S310
        start = time.monotonic()
        context = ssl.create_default_context(cafile=self.ca_file) if url.startswith("https:") else None
        try:
            with urllib.request.urlopen(request, timeout=timeout_s, context=context) as answer:  # noqa: S310
                found = (answer.status, (answer.headers.get("Content-Type", ""), answer.read(4096)))
        except urllib.error.HTTPError as error:
            with error:
                found = (error.code, (error.headers.get("Content-Type", ""), error.read(4096)))
        except OSError:
            found = (0, ("", b""))
        return *found, time.monotonic() - start


def _change_type(change: Change) -> str:
    """`updated` is a creation, a change, a soft deletion and a restore; `deleted` is for good."""
    return "deleted" if change.kind == "purged" else "updated"


def _check_new(body: Json) -> None:
    unknown = set(body) - WRITABLE
    if unknown:
        raise bad_request(f"The property '{min(unknown)}' can't be set.", "InvalidRequest")
    for name in ("changeType", "resource", "notificationUrl", "expirationDateTime"):
        if not body.get(name):
            raise bad_request(f"'{name}' is required.", "InvalidRequest")
    if str(body["resource"]).lower() not in RESOURCES:
        raise bad_request(f"Resource '{body['resource']}' is not supported.", "InvalidRequest")
    types = {each.strip() for each in body["changeType"].split(",")}
    if not types <= {"updated", "deleted"}:
        raise bad_request("users support the changeType updated and deleted only.", "InvalidRequest")
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        if body.get(name) and not body[name].startswith("https://"):
            raise bad_request(f"'{name}' must be an https address.", "InvalidRequest")
    if len(body.get("clientState") or "") > CLIENT_STATE_MAX:
        raise bad_request(f"clientState has at most {CLIENT_STATE_MAX} characters.", "InvalidRequest")
    if body.get("includeResourceData"):
        raise bad_request("Users have no notifications with resource data.", "InvalidRequest")
