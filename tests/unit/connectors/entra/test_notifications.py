"""Change notifications: made and kept by watermark(), believed only where they know our secret and our ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.connector import EntraDirectory
from connectors.directory.entra.notifications import Notifications
from connectors.kit.graph import notes as entra_notes
from fakes.graph import faults
from fakes.graph.faults import Fault
from fakes.graph.lab import FakeEntra
from fakes.graph.setup import Lab
from fakes.graph.subscriptions import Subscription
from worker.ops.receiver import receiving
from worker.ports import Fact, InboundCall, Noted

URL, STATE = "https://hooks.corp.example/entra", "a-long-random-text-7"
SETTINGS = {"url": URL, "listen": "127.0.0.1:0", "client_state": STATE}
FOREIGN = "c0ffee00-7e57-4000-8000-00000000dddd"
OURS = {entra_notes.SUBSCRIPTION_MADE, entra_notes.SUBSCRIPTION_RENEWED, entra_notes.SUBSCRIPTION_REFUSED,
        entra_notes.SUBSCRIPTION_ENDED, entra_notes.CALL_ACCEPTED, entra_notes.CALL_REFUSED}  # fmt: skip


@contextmanager
def listening(lab: Lab, **changes: Any) -> Iterator[EntraDirectory]:
    made = lab.directory(**({"notifications": SETTINGS} | changes))
    with receiving(made.calls) as addresses:
        lab.entra.graph.subscriptions.reach[URL] = f"http://{addresses[0]}/entra"
        yield made


@pytest.fixture
def directory(lab: Lab) -> Iterator[EntraDirectory]:
    lab.tenant.add()
    with listening(lab) as made:
        yield made


def only(lab: Lab) -> Subscription:
    (found,) = lab.entra.graph.subscriptions.by_id.values()
    return found


def told(lab: Lab) -> list[tuple[Noted, Mapping[str, Fact]]]:
    """What was noted of subscriptions and calls since the last time this was asked."""
    found = [(taken.event, taken.fields) for taken in lab.notes if taken.event in OURS]
    lab.notes.clear()
    return found


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def posts(lab: Lab) -> int:
    return len(lab.entra.graph.seen("/subscriptions", "POST"))


def test_without_notifications_nothing_is_made(lab: Lab) -> None:
    directory = lab.directory()

    assert (directory.watermark(), directory.calls) == (None, ())
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


# --- calls ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forged, why",
    [
        ({"clientState": "another"}, "clientState"),
        ({"clientState": None}, "clientState"),
        ({"clientState": "ä"}, "clientState"),
        ({"clientState": "\ud800"}, "clientState"),
        ({"clientState": [STATE]}, "clientState"),
        ({"tenantId": FOREIGN}, "tenantId"),
        ({"tenantId": None}, "tenantId"),
        ({"tenantId": ""}, "tenantId"),
        ({"tenantId": []}, "tenantId"),
        ({"subscriptionId": FOREIGN}, "subscriptionId"),
        ({"subscriptionId": ""}, "subscriptionId"),
        ({"subscriptionId": None}, "subscriptionId"),
    ],
)
@pytest.mark.parametrize("tenant", ["its id", "its domain"])
def test_a_forged_notification_is_refused_and_noted(
    lab: Lab, forged: dict[str, Any], why: str, tenant: str
) -> None:
    tenant_id = lab.tenant.id.upper() if tenant == "its id" else lab.tenant.domain
    with listening(lab, tenant_id=tenant_id) as directory:
        before = directory.watermark()
        told(lab)
        note = lab.entra.graph.subscriptions.note(only(lab), "x", "updated") | forged

        assert lab.entra.graph.subscriptions.send(URL, {"value": [note]}).status == 400
        assert directory.watermark() == before
        assert told(lab) == [(entra_notes.CALL_REFUSED, {"why": why, "calls": 1})]

        note = lab.entra.graph.subscriptions.note(only(lab), "x", "updated")
        assert lab.entra.graph.subscriptions.send(URL, {"value": [note]}).status == 202
        assert directory.watermark() != before
        assert told(lab) == [(entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": None})]


@pytest.mark.parametrize("token", ["", "opaque", "e30.e30.", "e30.W10.", "e30.eyJ0aWQiOjd9.", "e30.\ud800."])
def test_a_tenant_that_no_token_names_is_believed_by_nobody(
    lab: Lab, directory: EntraDirectory, token: str
) -> None:
    config = EntraConfig.model_validate(lab.whole(notifications=SETTINGS, tenant_id=lab.tenant.domain))
    notifications = Notifications(config, "tenant", lambda: lab.tenant.now, lab.note, lambda: token)
    notifications.mark(directory._connected)
    for tenant in (lab.tenant.id, "", None):
        note = lab.entra.graph.subscriptions.note(only(lab), "x", "updated") | {"tenantId": tenant}
        assert notifications.receive(
            InboundCall("POST", "/entra", body=json.dumps({"value": [note]}).encode())
        ) == (
            400,
            "",
        )


def test_the_tenant_of_a_managed_identity_is_that_of_its_token(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", lab.entra.imds.url)
    identity = {"credential": {"managed_identity": True}, "tenant_id": "", "client_id": ""}
    lab.entra.tokens.graphs.add(lab.entra.graph_url)
    with listening(lab, **identity) as directory:
        directory.watermark()
        note = lab.entra.graph.subscriptions.note(only(lab), "x", "updated")

        assert (
            lab.entra.graph.subscriptions.send(URL, {"value": [note | {"tenantId": FOREIGN}]}).status == 400
        )
        assert lab.entra.graph.subscriptions.send(URL, {"value": [note]}).status == 202


def test_before_there_is_a_subscription_no_call_is_accepted(lab: Lab, directory: EntraDirectory) -> None:
    for subscription in ({}, {"subscriptionId": ""}, {"subscriptionId": None}):
        note = {"clientState": STATE, "tenantId": lab.tenant.id, **subscription}
        assert directory.calls[0].receive(
            InboundCall("POST", "/", body=json.dumps({"value": [note]}).encode())
        ) == (
            400,
            "",
        )


def test_a_get_is_no_notification(directory: EntraDirectory) -> None:
    assert directory.calls[0].receive(InboundCall("GET", "/entra", {"validationToken": "x"})) == (405, "")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"value":7}', b'{"value":["x"]}', b"\xff", b"[" * 200_000]
)
def test_what_is_no_notification_is_refused_and_noted(
    lab: Lab, directory: EntraDirectory, body: bytes
) -> None:
    directory.watermark()
    told(lab)

    assert directory.calls[0].receive(InboundCall("POST", "/entra", body=body)) == (400, "")
    directory.watermark()
    assert told(lab) == [(entra_notes.CALL_REFUSED, {"why": "no notification", "calls": 1})]


def test_a_flood_of_forged_calls_is_one_note_a_look_with_their_number(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    told(lab)

    for body in (b"{", b'{"value":[{}]}') * 100:
        directory.calls[0].receive(InboundCall("POST", "/entra", body=body))
    assert told(lab) == []
    directory.watermark()

    assert told(lab) == [
        (entra_notes.CALL_REFUSED, {"why": "no notification", "calls": 100}),
        (entra_notes.CALL_REFUSED, {"why": "clientState", "calls": 100}),
    ]
    directory.watermark()
    assert told(lab) == []


def test_a_genuine_notification_beside_a_forged_one_counts(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    told(lab)
    note = lab.entra.graph.subscriptions.note(only(lab), "x", "updated")
    forged = [note | {"clientState": "another"}, note | {"tenantId": FOREIGN}]
    body = json.dumps({"value": [note, *forged]}).encode()

    assert directory.calls[0].receive(InboundCall("POST", "/entra", body=body)) == (202, "")
    directory.watermark()
    assert told(lab) == [
        (entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": None}),
        (entra_notes.CALL_REFUSED, {"why": "clientState", "calls": 1}),
    ]


_TEXTS = st.text(st.characters(exclude_categories=())) | st.sampled_from(["users", "missed", FOREIGN])
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
_KEYS = _TEXTS | st.sampled_from(
    ["value", "clientState", "tenantId", "organizationId", "subscriptionId", "lifecycleEvent"]
)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6)
)


@pytest.fixture(scope="module")
def fuzzed(lab_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EntraDirectory]:
    with FakeEntra(lab_folder) as entra:
        lab = Lab(entra, tmp_path_factory.mktemp("fuzzed"))
        with listening(lab) as directory:
            directory.watermark()
            assert len(lab.entra.graph.subscriptions.by_id) == 1
            yield directory
        lab.close()


@given(value=_JSON | st.lists(_JSON).map(lambda value: {"value": value}), path=_TEXTS)
def test_no_json_is_accepted_and_none_makes_it_raise(fuzzed: EntraDirectory, value: Any, path: str) -> None:
    assert fuzzed.calls[0].receive(InboundCall("POST", path, body=json.dumps(value).encode())) == (400, "")


@given(body=st.binary() | st.binary().map(lambda inner: b'{"value":[{"clientState":"' + inner + b'"}]}'))
def test_no_bytes_are_accepted_and_none_make_it_raise(fuzzed: EntraDirectory, body: bytes) -> None:
    assert fuzzed.calls[0].receive(InboundCall("POST", "/entra", body=body)) == (400, "")


@given(
    extra=st.dictionaries(
        _KEYS.filter(lambda key: key not in {"clientState", "tenantId", "subscriptionId"}), _JSON
    )
)
def test_a_genuine_notification_is_accepted_whatever_else_it_says(
    fuzzed: EntraDirectory, extra: dict[str, Any]
) -> None:
    notifications = fuzzed._notifications
    assert notifications._held is not None
    note = {
        "clientState": STATE,
        "tenantId": fuzzed._config.tenant_id,
        "subscriptionId": notifications._held.id,
    }
    body = json.dumps({"value": [extra | note]}).encode()

    assert notifications.receive(InboundCall("POST", "/entra/lifecycle", body=body)) == (202, "")


# --- the subscription's life ----------------------------------------------------------------------------


def test_a_subscription_is_renewed_before_its_end(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    assert told(lab) == [
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(lab.tenant.now + timedelta(days=2))})
    ]
    lab.tenant.advance(timedelta(hours=36))
    directory.watermark()

    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)
    assert posts(lab) == 1
    assert len(lab.entra.graph.seen("/subscriptions/", "PATCH")) == 1
    assert told(lab) == [(entra_notes.SUBSCRIPTION_RENEWED, {"ends_at": instant(only(lab).expires_at)})]


def test_a_subscription_that_is_lost_is_made_anew(lab: Lab, directory: EntraDirectory) -> None:
    directory.watermark()
    lost = only(lab).id
    lab.entra.graph.subscriptions.by_id.clear()
    lab.tenant.advance(timedelta(hours=36))
    told(lab)

    directory.watermark()

    assert only(lab).id != lost
    assert told(lab) == [
        (entra_notes.SUBSCRIPTION_ENDED, {"why": "Graph does not know it any more"}),
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(only(lab).expires_at)}),
    ]


def test_a_subscription_whose_end_has_come_is_made_anew_without_asking_for_it(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    lost = only(lab).id
    lab.tenant.advance(timedelta(days=3))
    told(lab)

    directory.watermark()

    assert only(lab).id != lost
    assert lab.entra.graph.seen("/subscriptions/", "PATCH") == []
    assert told(lab) == [
        (entra_notes.SUBSCRIPTION_ENDED, {"why": "its end came before it was renewed"}),
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(only(lab).expires_at)}),
    ]


@pytest.mark.parametrize(
    "fault, patches",
    [(Fault(400, "ExtensionError", "No."), 48), (faults.server_error(), 48), (faults.denied(), 2)],
)
def test_a_renewal_that_is_refused_until_the_end_is_followed_by_a_new_subscription(
    lab: Lab, directory: EntraDirectory, fault: Fault, patches: int
) -> None:
    directory.watermark()
    first = only(lab).id
    lab.entra.graph.faults.add(fault, path="*/subscriptions/*", method="PATCH", times=None)
    lab.tenant.advance(timedelta(hours=36))
    told(lab)

    for _ in range(12 * 60 + 1):
        directory.watermark()
        lab.tenant.advance(timedelta(minutes=1))

    assert len(lab.entra.graph.seen("/subscriptions/", "PATCH")) == patches
    assert posts(lab) == 2
    assert only(lab).id != first
    notes = told(lab)
    assert [event for event, _ in notes] == [
        *[entra_notes.SUBSCRIPTION_REFUSED] * patches,
        entra_notes.SUBSCRIPTION_ENDED,
        entra_notes.SUBSCRIPTION_MADE,
    ]
    assert {fields["what"] for _, fields in notes[:patches]} == {"its renewal"}


def test_after_its_end_a_new_one_does_not_wait_for_what_its_renewal_was_refused(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    lab.entra.graph.faults.add(faults.denied(), path="*/subscriptions/*", method="PATCH")
    lab.tenant.advance(timedelta(hours=47))
    directory.watermark()
    lab.tenant.advance(timedelta(hours=1))

    directory.watermark()

    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)


def test_a_wish_to_reauthorize_is_followed_at_the_next_look(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    lab.tenant.advance(timedelta(hours=1))
    told(lab)

    assert lab.entra.graph.subscriptions.lifecycle(only(lab).id, "reauthorizationRequired").status == 202

    assert directory.watermark() != before
    assert only(lab).expires_at == lab.tenant.now + timedelta(days=2)
    assert told(lab) == [
        (entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": "reauthorizationRequired"}),
        (entra_notes.SUBSCRIPTION_RENEWED, {"ends_at": instant(only(lab).expires_at)}),
    ]
    directory.watermark()
    assert told(lab) == []


def test_a_wish_to_reauthorize_that_fails_does_not_end_the_subscription(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    held = only(lab).id
    lab.entra.graph.faults.add(faults.server_error(), path="*/subscriptions/*")
    lab.entra.graph.subscriptions.lifecycle(held, "reauthorizationRequired")

    directory.watermark()
    lab.tenant.advance(timedelta(minutes=15))
    directory.watermark()

    assert only(lab).id == held
    assert len(lab.entra.graph.seen("/subscriptions/", "PATCH")) == 2


def test_a_removed_subscription_is_made_anew_and_a_round_is_due(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    removed = only(lab).id
    told(lab)

    lab.entra.graph.subscriptions.lifecycle(removed, "subscriptionRemoved")

    assert directory.watermark() != before
    assert only(lab).id != removed
    assert told(lab) == [
        (entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": "subscriptionRemoved"}),
        (entra_notes.SUBSCRIPTION_ENDED, {"why": "Graph has removed it"}),
        (entra_notes.SUBSCRIPTION_MADE, {"ends_at": instant(only(lab).expires_at)}),
    ]


def test_a_missed_notification_makes_a_round_due(lab: Lab, directory: EntraDirectory) -> None:
    before = directory.watermark()
    told(lab)

    lab.entra.graph.subscriptions.lifecycle(only(lab).id, "missed")

    assert directory.watermark() != before
    assert told(lab) == [(entra_notes.CALL_ACCEPTED, {"notices": 1, "lifecycle": "missed"})]


@pytest.mark.parametrize(
    "fault, wait",
    [
        (Fault(400, "ValidationError", "Subscription validation request timed out."), timedelta(minutes=15)),
        (faults.throttled(1), timedelta(minutes=15)),
        (faults.dropped(), timedelta(minutes=15)),
        (faults.without("id"), timedelta(minutes=15)),
        (Fault(403, "Forbidden", "Subscription limit reached."), timedelta(hours=6)),
    ],
)
def test_a_subscription_that_is_refused_is_noted_and_wished_for_again_after_a_while(
    lab: Lab, directory: EntraDirectory, fault: Fault, wait: timedelta
) -> None:
    lab.entra.graph.faults.add(fault, path="*/subscriptions", method="POST")

    for _ in range(3):
        assert directory.watermark() == "0"
    assert posts(lab) == 1
    ((event, fields),) = told(lab)
    assert event is entra_notes.SUBSCRIPTION_REFUSED
    assert (fields["what"], fields["retry_after_s"]) == ("a subscription", wait.total_seconds())
    assert fault.message in str(fields["error"])

    lab.tenant.advance(wait - timedelta(seconds=1))
    directory.watermark()
    assert posts(lab) == 1
    lab.tenant.advance(timedelta(seconds=1))
    directory.watermark()
    assert posts(lab) == 2
    assert [event for event, _ in told(lab)] == [entra_notes.SUBSCRIPTION_MADE]


def test_a_refusal_that_names_our_secret_is_noted_without_it(lab: Lab, directory: EntraDirectory) -> None:
    lab.entra.graph.faults.add(
        Fault(400, "InvalidRequest", f"clientState '{STATE}' is too long."), path="*/subscriptions"
    )

    directory.watermark()

    ((_, fields),) = told(lab)
    assert "clientState" in str(fields["error"])
    assert STATE not in str(fields)


# --- what check says ------------------------------------------------------------------------------------


def test_check_says_until_when_there_is_a_subscription_and_needs_no_more_rights(
    lab: Lab, directory: EntraDirectory
) -> None:
    lab.entra.tokens.app.roles.intersection_update({"User.Read.All", "User-LifeCycleInfo.Read.All"})
    beside, elsewhere = lab.directory(notifications=SETTINGS), "https://hooks.corp.example/other"
    lab.entra.graph.subscriptions.reach[elsewhere] = lab.entra.graph.subscriptions.reach[URL]
    lab.directory(notifications=SETTINGS | {"url": elsewhere}).watermark()
    assert beside.check().details["notifications"] == "no subscription; whosleft run makes one"
    for _ in range(2):  # one is left of a worker before
        lab.directory(notifications=SETTINGS).watermark()
        lab.tenant.advance(timedelta(hours=1))

    result = beside.check()

    assert result.ok
    ends_at = instant(lab.tenant.now + timedelta(hours=47))
    assert result.details["notifications"] == f"a subscription until {ends_at}"
    assert STATE not in repr(result)


def test_check_goes_on_when_subscriptions_can_t_be_listed(lab: Lab, directory: EntraDirectory) -> None:
    for fault in (faults.denied(), faults.server_error(), faults.without("value"), faults.truncated()):
        lab.entra.graph.faults.add(fault, path="*/subscriptions")
        result = directory.check()
        assert result.ok
        assert result.details["notifications"].startswith("can't be told: Graph")


def test_check_reads_on_where_subscriptions_have_pages_but_not_for_ever(
    lab: Lab, directory: EntraDirectory
) -> None:
    directory.watermark()
    onwards = f"{lab.entra.graph_url}/v1.0/subscriptions?$skiptoken=x"
    empty = Fault(edit=lambda page: {"value": [], "@odata.nextLink": onwards})
    lab.entra.graph.faults.add(empty, path="*/subscriptions", method="GET", times=2)
    assert directory.check().details["notifications"].startswith("a subscription until")

    lab.entra.graph.faults.add(empty, path="*/subscriptions", method="GET", times=None)
    assert directory.check().details["notifications"] == "no subscription; whosleft run makes one"


def test_without_notifications_check_asks_for_no_subscription(lab: Lab) -> None:
    lab.tenant.add()
    lab.entra.graph.faults.add(faults.denied(), path="*/subscriptions*", times=None)

    result = lab.directory().check()

    assert result.ok
    assert "notifications" not in result.details
    assert lab.entra.graph.seen("/subscriptions") == []
