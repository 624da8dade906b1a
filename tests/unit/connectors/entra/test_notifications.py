"""Change notifications: made and kept by watermark(), believed only where they know our secret and our ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.directory.entra.connector import EntraDirectory
from fakes import graph_faults as faults
from fakes.entra_setup import Lab
from fakes.graph_faults import Fault
from fakes.graph_subscriptions import Subscription
from worker.ops.receiver import receiving

URL, STATE = "https://hooks.corp.example/entra", "a-long-random-text-7"
SETTINGS = {"url": URL, "listen": "127.0.0.1:0", "client_state": STATE}


@pytest.fixture
def directory(lab: Lab) -> Iterator[EntraDirectory]:
    lab.tenant.add()
    made = lab.directory(notifications=SETTINGS)
    with receiving([made.notifications]) as addresses:
        lab.entra.graph.subscriptions.reach[URL] = f"http://{addresses[0]}/entra"
        yield made


def only(lab: Lab) -> Subscription:
    (found,) = lab.entra.graph.subscriptions.by_id.values()
    return found


def test_without_notifications_nothing_is_made(lab: Lab) -> None:
    directory = lab.directory()

    assert (directory.watermark(), directory.notifications.listen) == (None, None)
    assert directory.notifications.receive("/", {"validationToken": "x"}, b"") == (404, "")
    assert lab.entra.graph.log == []


def test_a_subscription_is_made_after_the_handshake_and_only_once(
    lab: Lab, directory: EntraDirectory
) -> None:
    assert directory.watermark() == directory.watermark() == "0"

    made = only(lab)
    assert made.body["resource"] == "users"
    assert made.change_types == {"updated", "deleted"}
    assert made.body["lifecycleNotificationUrl"] == f"{URL}/lifecycle"
    assert made.expires_at == lab.tenant.now + timedelta(days=2)
    assert len(lab.entra.graph.seen("/subscriptions", "POST")) == 1


def test_a_change_is_delivered_and_makes_another_mark(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    lab.tenant.add()

    (delivery,) = lab.entra.graph.subscriptions.deliver()

    assert delivery.status == 202
    assert delivery.seconds < 3
    assert directory.watermark() != before


@pytest.mark.parametrize(
    "forged",
    [
        {"clientState": "another"},
        {"clientState": None},
        {"clientState": "ä"},
        {"tenantId": "c0ffee00-7e57-4000-8000-00000000dddd"},
        {"subscriptionId": "c0ffee00-7e57-4000-8000-00000000dddd"},
        {"subscriptionId": ""},
    ],
)
def test_a_forged_notification_is_refused_and_counted(
    lab: Lab, directory: EntraDirectory, forged: dict[str, Any]
) -> None:
    before = directory.watermark()
    note = lab.entra.graph.subscriptions.note(only(lab), "x", "updated") | forged

    assert lab.entra.graph.subscriptions.send(URL, {"value": [note]}).status == 400
    assert directory.watermark() == before
    assert (directory.notifications.counts.accepted, directory.notifications.counts.refused) == (0, 1)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"value":7}', b'{"value":["x"]}', b"\xff", b"[" * 200_000]
)
def test_what_is_no_notification_is_refused_and_counted(directory: EntraDirectory, body: bytes) -> None:
    directory.watermark()

    assert directory.notifications.receive("/entra", {}, body) == (400, "")
    assert directory.notifications.counts.refused == 1


def test_a_genuine_notification_beside_a_forged_one_counts(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    note = lab.entra.graph.subscriptions.note(only(lab), "x", "updated")
    body = json.dumps({"value": [note, note | {"clientState": "another"}]}).encode()

    assert directory.notifications.receive("/entra", {}, body) == (202, "")
    assert (directory.notifications.counts.accepted, directory.notifications.counts.refused) == (1, 1)


def test_a_subscription_is_renewed_before_its_end(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    lab.tenant.advance(timedelta(hours=36))
    directory.watermark()

    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)
    assert len(lab.entra.graph.seen("/subscriptions", "POST")) == 1
    assert len(lab.entra.graph.seen("/subscriptions/", "PATCH")) == 1


def test_a_subscription_that_is_lost_is_made_anew(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    lost = only(lab).id
    lab.tenant.advance(timedelta(days=3))

    directory.watermark()

    assert only(lab).id != lost


def test_a_wish_to_reauthorize_is_followed_at_the_next_look(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    lab.tenant.advance(timedelta(hours=1))

    assert lab.entra.graph.subscriptions.lifecycle(only(lab).id, "reauthorizationRequired").status == 202

    assert directory.watermark() != before
    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)


def test_a_removed_subscription_is_made_anew_and_a_round_is_due(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    removed = only(lab).id

    lab.entra.graph.subscriptions.lifecycle(removed, "subscriptionRemoved")

    assert directory.watermark() != before
    assert only(lab).id != removed


def test_a_missed_notification_makes_a_round_due(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()

    lab.entra.graph.subscriptions.lifecycle(only(lab).id, "missed")

    assert directory.watermark() != before


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=403, code="Forbidden", message="Subscription limit reached."),
        Fault(status=400, code="ValidationError", message="Subscription validation request timed out."),
        faults.throttled(1),
    ],
)
def test_a_subscription_that_is_refused_is_wished_for_again_after_a_quarter_of_an_hour(
    lab: Lab, directory: EntraDirectory, fault: Fault
) -> None:
    lab.entra.graph.faults.add(fault, path="*/subscriptions")

    for _ in range(3):
        assert directory.watermark() == "0"
    assert lab.entra.graph.subscriptions.by_id == {}
    assert len(lab.entra.graph.seen("/subscriptions", "POST")) == 1

    lab.tenant.advance(timedelta(minutes=15))
    directory.watermark()
    assert len(lab.entra.graph.subscriptions.by_id) == 1
