"""Change notifications of the fake Graph: handshake, limits, life, delivery and lifecycle events."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fakes.graph.http import Reply
from fakes.graph.judge import Judge
from fakes.graph.lab import FakeEntra
from fakes.graph.shapes import instant
from fakes.graph.subscriber import Subscriber

PUBLIC = "https://whosleft.example.org"
STATE = "d0ntTell"


@pytest.fixture
def subscriber(entra: FakeEntra) -> Iterator[Subscriber]:
    with Subscriber() as server:
        entra.graph.subscriptions.reach[PUBLIC] = server.url
        yield server


def order(entra: FakeEntra, **changes: Any) -> dict[str, Any]:
    body = {
        "changeType": "updated,deleted",
        "resource": "users",
        "notificationUrl": f"{PUBLIC}/hooks/graph",
        "lifecycleNotificationUrl": f"{PUBLIC}/hooks/life",
        "expirationDateTime": instant(entra.tenant.now + timedelta(days=2)),
        "clientState": STATE,
        "latestSupportedTlsVersion": "v1_2",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def subscribe(entra: FakeEntra, judge: Judge, **changes: Any) -> str:
    answer = judge.send("POST", "/subscriptions", order(entra, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_subscription_is_made_after_a_handshake_with_both_addresses(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber
) -> None:
    made = subscribe(entra, judge)
    assert subscriber.handshakes == ["/hooks/graph", "/hooks/life"]
    shown = judge.read(f"/subscriptions/{made}")
    assert (shown["clientState"], shown["resource"]) == (STATE, "users")
    assert [(each["id"], each["clientState"]) for each in judge.read_list("/subscriptions")] == [(made, None)]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(200, b"something else", "text/plain"),
        Reply(200, b"", "text/plain"),
        Reply(401, b"", "text/html"),
        Reply(is_dropped=True),
    ],
)
def test_a_failed_handshake_makes_no_subscription(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber, reply: Reply
) -> None:
    subscriber.handshake = reply
    assert judge.error("/subscriptions", "POST", order(entra)) == (400, "ValidationError")
    assert judge.read_list("/subscriptions") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"resource": "groups"},
        {"changeType": "created"},
        {"changeType": None},
        {"notificationUrl": "http://whosleft.example.org/hooks"},
        {"clientState": "x" * 129},
        {"includeResourceData": True},
        {"expirationDateTime": "tomorrow"},
        {"expirationDateTime": "2026-11-24T08:59:59Z"},
        {"shoeSize": 9},
    ],
)
def test_an_order_that_is_wrong_is_refused(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber, changes: dict[str, Any]
) -> None:
    assert judge.error("/subscriptions", "POST", order(entra, **changes)) == (400, "InvalidRequest")


def test_a_life_has_a_least_and_a_most(entra: FakeEntra, judge: Judge, subscriber: Subscriber) -> None:
    late = instant(entra.tenant.now + timedelta(minutes=41_761))
    assert judge.error("/subscriptions", "POST", order(entra, expirationDateTime=late)) == (
        400,
        "ExtensionError",
    )
    soon = instant(entra.tenant.now + timedelta(minutes=5))
    made = subscribe(entra, judge, expirationDateTime=soon)
    assert judge.read(f"/subscriptions/{made}")["expirationDateTime"] == "2026-11-24T09:45:00Z"


def test_an_app_has_a_hundred_subscriptions_at_most(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber
) -> None:
    made = [subscribe(entra, judge, lifecycleNotificationUrl=None) for _ in range(100)]
    assert judge.error("/subscriptions", "POST", order(entra))[0] == 403
    assert judge.send("DELETE", f"/subscriptions/{made[0]}").status_code == 204
    subscribe(entra, judge)


def test_a_subscription_ends_unless_it_is_renewed(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber
) -> None:
    made = subscribe(entra, judge)
    entra.tenant.advance(timedelta(days=1))
    later = instant(entra.tenant.now + timedelta(days=3))
    renewed = judge.send("PATCH", f"/subscriptions/{made}", {"expirationDateTime": later})
    assert (renewed.status_code, renewed.json()["expirationDateTime"]) == (200, later)
    assert judge.error(f"/subscriptions/{made}", "PATCH", {"clientState": "x"})[0] == 400
    entra.tenant.advance(timedelta(days=3))
    assert judge.error(f"/subscriptions/{made}") == (404, "ResourceNotFound")


def test_another_app_sees_nothing(entra: FakeEntra, judge: Judge, subscriber: Subscriber) -> None:
    made = subscribe(entra, judge)
    judge.token = entra.tokens.mint("User.Read.All", client_id="11111111-7e57-4000-8000-00000000bbbb")
    assert judge.error(f"/subscriptions/{made}")[0] == 404
    assert judge.read_list("/subscriptions") == []


def test_changes_are_delivered_once_and_say_what_kind(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber
) -> None:
    before = entra.tenant.add()
    made = subscribe(entra, judge)
    assert entra.graph.subscriptions.deliver() == []
    user = entra.tenant.add()
    entra.tenant.disable(user)
    entra.tenant.delete(before)
    entra.tenant.purge(before)
    (delivery,) = entra.graph.subscriptions.deliver()
    assert delivery.status == 202
    notes = subscriber.received[0]["value"]
    assert [(note["resource"], note["changeType"]) for note in notes] == [
        (f"Users/{user}", "updated"),
        (f"Users/{before}", "updated"),
        (f"Users/{before}", "deleted"),
    ]
    assert {(note["subscriptionId"], note["clientState"], note["tenantId"]) for note in notes} == {
        (made, STATE, entra.tenant.id)
    }
    assert entra.graph.subscriptions.deliver() == []


def test_what_was_not_taken_is_delivered_again(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber
) -> None:
    subscribe(entra, judge)
    user = entra.tenant.add()
    subscriber.status = 500
    assert [each.status for each in entra.graph.subscriptions.deliver()] == [500]
    subscriber.status = 202
    assert [each.status for each in entra.graph.subscriptions.deliver()] == [202]
    assert subscriber.received[1]["value"][0]["resourceData"]["id"] == user


def test_only_the_kinds_asked_for_are_delivered(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber
) -> None:
    subscribe(entra, judge, changeType="deleted")
    entra.tenant.add()
    assert entra.graph.subscriptions.deliver() == []


def test_several_subscriptions_of_one_address_share_a_post(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber
) -> None:
    made = {subscribe(entra, judge), subscribe(entra, judge)}
    entra.tenant.add()
    assert len(entra.graph.subscriptions.deliver()) == 1
    assert {note["subscriptionId"] for note in subscriber.received[0]["value"]} == made


@pytest.mark.parametrize("event", ["reauthorizationRequired", "missed", "subscriptionRemoved"])
def test_lifecycle_events_go_to_their_own_address(
    entra: FakeEntra, judge: Judge, subscriber: Subscriber, event: str
) -> None:
    made = subscribe(entra, judge)
    delivery = entra.graph.subscriptions.lifecycle(made, event)
    assert (delivery.url, delivery.status) == (f"{PUBLIC}/hooks/life", 202)
    (note,) = subscriber.received[0]["value"]
    assert (note["lifecycleEvent"], note["subscriptionId"]) == (event, made)
    assert judge.get(f"/subscriptions/{made}").status_code == (404 if event == "subscriptionRemoved" else 200)


def test_a_subscription_is_reauthorized(entra: FakeEntra, judge: Judge, subscriber: Subscriber) -> None:
    made = subscribe(entra, judge)
    assert judge.send("POST", f"/subscriptions/{made}/reauthorize").status_code == 204
    assert entra.graph.subscriptions.by_id[made].reauthorized == 1


def test_a_test_can_forge_a_notification(entra: FakeEntra, judge: Judge, subscriber: Subscriber) -> None:
    subscription = entra.graph.subscriptions.by_id[subscribe(entra, judge)]
    note = {**entra.graph.subscriptions.note(subscription, "somebody", "updated"), "clientState": "guessed"}
    assert entra.graph.subscriptions.send(f"{PUBLIC}/hooks/graph", {"value": [note]}).status == 202
    assert subscriber.received[0]["value"][0]["clientState"] == "guessed"


def test_nobody_at_the_address_is_status_0(entra: FakeEntra) -> None:
    entra.graph.subscriptions.reach[PUBLIC] = "http://127.0.0.1:1"
    assert entra.graph.subscriptions.send(f"{PUBLIC}/x", {}).status == 0
