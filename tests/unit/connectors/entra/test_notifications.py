"""Change notifications are believed only where they know our secret and our ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.connector import EntraDirectory
from connectors.directory.entra.notifications import Notifications
from connectors.kit.graph import notes as entra_notes
from fakes.graph.lab import FakeEntra
from fakes.graph.setup import Lab
from listened import SETTINGS, STATE, URL, heard_directory, listening, only, told
from worker.ports import InboundCall

FOREIGN = "c0ffee00-7e57-4000-8000-00000000dddd"


@pytest.fixture
def directory(lab: Lab) -> Iterator[EntraDirectory]:
    yield from heard_directory(lab)


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
