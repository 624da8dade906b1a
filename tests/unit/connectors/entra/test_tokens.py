"""Tokens, by msal against a fake sign-in service: each way to prove who we are, and everything that goes wrong."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.directory.entra.config import EntraConfig
from connectors.kit.graph.tokens import certificate_ends_at, roles_in
from fakes.graph.assertions import Federated, client_certificate, federated_token
from fakes.graph.faults import HTML, Fault
from fakes.graph.setup import Lab
from fakes.graph.tokens import CLIENT_ID, ROLES, SECRET
from worker.ops.clock import system_now
from worker.ports import AuthFailed, BadConfig, ConnectorError, Transient

CLUSTER = Federated("https://oidc.cluster.example/", "system:serviceaccount:whosleft:worker")
PASSPHRASE = "kettle-drama-0range"
FILE = {"federated_token_file": "token"}


def failure(ask: Callable[[], Any]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        ask()
    text = "".join(traceback.format_exception(caught.value))
    for secret in (SECRET, PASSPHRASE, "BEGIN PRIVATE KEY", "eyJ"):
        assert secret not in text, "no error, and nothing behind it, holds a credential"
    return caught.value


def put_token(lab: Lab, **claims: Any) -> str:
    token = federated_token(system_now(), **claims)
    (lab.folder / "token").write_text(token + "\n", encoding="utf-8")
    return token


# --- a secret -------------------------------------------------------------------------------------------


def test_a_secret_gives_a_token_with_the_app_s_permissions(lab: Lab) -> None:
    assert roles_in(lab.tokens().get()) == ROLES
    assert lab.entra.tokens.issued[-1].how == "secret"


def test_a_token_is_kept_as_long_as_it_is_good(lab: Lab) -> None:
    tokens = lab.tokens()

    assert tokens.get() == tokens.get()
    assert lab.entra.tokens.token_requests == 1


def test_a_token_with_less_than_five_minutes_left_is_renewed(lab: Lab) -> None:
    lab.entra.tokens.lifetime_s = 299
    tokens = lab.tokens()

    assert tokens.get() != tokens.get()


def test_nothing_is_asked_before_the_first_token_is_wanted(lab: Lab) -> None:
    lab.tokens()
    lab.directory()

    assert lab.entra.tokens.log == []


def test_a_forgotten_token_is_not_given_again(lab: Lab) -> None:
    tokens = lab.tokens()
    before = tokens.get()

    tokens.forget()

    assert tokens.get() != before


def test_claims_are_passed_on_and_not_answered_from_memory(lab: Lab) -> None:
    tokens = lab.tokens()
    before = tokens.get()

    assert tokens.get('{"access_token":{"nbf":{"essential":true,"value":"1"}}}') != before
    asked = lab.entra.tokens.issued[-1].claims
    assert asked is not None
    assert asked["access_token"]["nbf"] == {"essential": True, "value": "1"}
    assert asked["access_token"]["xms_cc"] == {"values": ["CP1"]}


def test_a_wrong_secret_is_named_with_its_code_and_its_remedy(lab: Lab) -> None:
    error = failure(lab.tokens(credential={"secret": "another"}).get)

    assert isinstance(error, AuthFailed)
    assert error.message == f"tenant: no token for {CLIENT_ID}: the client secret is wrong (AADSTS7000215)."
    assert error.remedy.startswith(
        "Put the secret's value, not its id, into the credential. For Microsoft's support: trace "
    )


def test_an_expired_secret_is_another_thing_than_a_wrong_one(lab: Lab) -> None:
    lab.entra.tokens.app.secrets[SECRET] = system_now() - timedelta(days=1)

    error = failure(lab.tokens().get)

    assert "the client secret has expired (AADSTS7000222" in error.message


def test_a_wrong_secret_that_was_put_right_is_taken_at_the_next_try(lab: Lab) -> None:
    secrets = lab.entra.tokens.app.secrets
    del secrets[SECRET]
    tokens = lab.tokens()
    assert isinstance(failure(tokens.get), AuthFailed)

    secrets[SECRET] = None

    assert tokens.get()


def test_an_unknown_client_and_an_unknown_tenant_are_told_apart(lab: Lab) -> None:
    client = failure(lab.tokens(client_id="c0ffee00-7e57-4000-8000-00000000dddd").get)
    tenant = failure(lab.tokens(tenant_id="c0ffee00-7e57-4000-8000-00000000dddd").get)

    assert "the app is not known in this tenant (AADSTS700016" in client.message
    assert isinstance(tenant, BadConfig)
    assert "there is no such tenant (AADSTS90002" in tenant.message


def test_a_graph_of_another_cloud_is_a_matter_of_the_configuration(lab: Lab) -> None:
    error = failure(lab.tokens(graph_url="https://graph.corp.example").get)

    assert isinstance(error, BadConfig)
    assert "what the token is for is not known in this tenant (AADSTS500011" in error.message


# --- a certificate --------------------------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_a_certificate_signs_for_the_app_with_ps256(lab: Lab, passphrase: str) -> None:
    pair = client_certificate(lab.folder, passphrase=passphrase)
    lab.entra.tokens.app.trust(pair.certificate)
    credential = {"certificate_file": pair.certificate.name, "private_key_file": pair.key.name}
    if passphrase:
        credential["passphrase"] = passphrase

    lab.tokens(credential=credential).get()

    assert lab.entra.tokens.issued[-1].how == "certificate", "the fake takes PS256 and x5t#S256 alone"


def test_a_certificate_that_was_not_uploaded_is_named(lab: Lab) -> None:
    pair = client_certificate(lab.folder)
    credential = {"certificate_file": pair.certificate.name, "private_key_file": pair.key.name}

    error = failure(lab.tokens(credential=credential).get)

    assert isinstance(error, AuthFailed)
    assert "the certificate is not one of the app's, or has ended (AADSTS700027" in error.message


@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_a_key_whose_passphrase_is_wrong_or_not_given_is_a_matter_of_the_configuration(
    lab: Lab, passphrase: str | None
) -> None:
    pair = client_certificate(lab.folder, passphrase=PASSPHRASE)
    credential = {"certificate_file": pair.certificate.name, "private_key_file": pair.key.name}
    if passphrase:
        credential["passphrase"] = passphrase

    assert isinstance(failure(lab.tokens(credential=credential).get), BadConfig)


def test_the_end_of_a_certificate_is_known_and_that_of_a_secret_is_not(lab: Lab) -> None:
    pair = client_certificate(lab.folder)
    credential = {"certificate_file": pair.certificate.name, "private_key_file": pair.key.name}
    has_one = EntraConfig.model_validate(lab.whole(credential=credential))
    lost = EntraConfig.model_validate(lab.whole(credential=credential | {"certificate_file": "lost.pem"}))

    assert certificate_ends_at(has_one, lab.folder) == datetime(2040, 1, 1, tzinfo=UTC)
    assert certificate_ends_at(lost, lab.folder) is None
    assert certificate_ends_at(EntraConfig.model_validate(lab.whole()), lab.folder) is None


# --- a federated token ----------------------------------------------------------------------------------


def test_a_federated_token_is_read_anew_for_each_token(lab: Lab) -> None:
    lab.entra.tokens.app.federated.append(CLUSTER)
    lab.entra.tokens.lifetime_s = 299  # renewed at once
    tokens = lab.tokens(credential=FILE)
    sent = []
    for life in (timedelta(hours=1), timedelta(hours=2)):
        sent.append(put_token(lab, life=life))
        tokens.get()

    bodies = [line.request.body.decode() for line in lab.entra.tokens.seen("/oauth2/v2.0/token")]
    assert [token in body for token, body in zip(sent, bodies, strict=True)] == [True, True]
    assert lab.entra.tokens.issued[-1].how == "federated"


@pytest.mark.parametrize(
    "text, words", [(None, "token can't be read: No such file"), (" \n", "token is empty.")]
)
def test_a_federated_token_file_that_is_missing_or_empty_is_named(
    lab: Lab, text: str | None, words: str
) -> None:
    if text is not None:
        (lab.folder / "token").write_text(text, encoding="utf-8")

    error = failure(lab.tokens(credential=FILE).get)

    assert isinstance(error, BadConfig)
    assert f"tenant: {words}" in error.message


def test_a_token_file_that_comes_later_is_found_without_a_new_start(lab: Lab) -> None:
    lab.entra.tokens.app.federated.append(CLUSTER)
    tokens = lab.tokens(credential=FILE)
    failure(tokens.get)

    put_token(lab)

    assert tokens.get()


@pytest.mark.parametrize(
    "claims, words",
    [
        ({"subject": "system:serviceaccount:default:worker"}, "the token's subject (AADSTS700213"),
        ({"issuer": "https://oidc.other.example/"}, "the token's issuer (AADSTS700211"),
        ({"audience": "api://other"}, "the token's audience (AADSTS700212"),
    ],
)
def test_what_of_a_federated_token_does_not_fit_is_named(
    lab: Lab, claims: dict[str, str], words: str
) -> None:
    lab.entra.tokens.app.federated.append(CLUSTER)
    put_token(lab, **claims)

    error = failure(lab.tokens(credential=FILE).get)

    assert isinstance(error, AuthFailed)
    assert words in error.message


def test_a_token_that_nobody_renewed_or_a_wrong_clock_is_named(lab: Lab) -> None:
    lab.entra.tokens.app.federated.append(CLUSTER)
    put_token(lab, life=timedelta(hours=-2))

    error = failure(lab.tokens(credential=FILE).get)

    assert "the assertion is not valid at this time (AADSTS700024" in error.message
    assert error.remedy.startswith("Check this computer's clock, and what renews the token file. For ")


# --- a managed identity ---------------------------------------------------------------------------------


@pytest.fixture
def _imds(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", lab.entra.imds.url)


def machine(lab: Lab, client_id: str = "") -> dict[str, Any]:
    # A machine's identity has no authority: the lab's would not be asked
    return {"credential": {"managed_identity": True}, "client_id": client_id, "tenant_id": ""}


@pytest.mark.usefixtures("_imds")
@pytest.mark.parametrize("client_id", ["", CLIENT_ID])
def test_a_machine_s_identity_gives_tokens_for_graph(lab: Lab, client_id: str) -> None:
    assert roles_in(lab.tokens(**machine(lab, client_id)).get()) == ROLES
    asked = lab.entra.imds.log[-1].query
    assert (asked["resource"], asked.get("client_id", "")) == (lab.entra.graph_url, client_id)


@pytest.mark.usefixtures("_imds")
def test_a_machine_without_that_identity_is_refused(lab: Lab) -> None:
    lab.entra.imds.identities.clear()

    error = failure(lab.tokens(**machine(lab)).get)

    assert isinstance(error, AuthFailed)
    assert "no token for the managed identity" in error.message


@pytest.mark.usefixtures("_imds")
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=410, code="gone"),
        Fault(status=429, code="too_many_requests"),
        Fault(status=500, code="unknown"),
        Fault(status=503, body=HTML, content_type="text/html"),
        Fault(cut_at=0.5),
        Fault(is_dropped=True),
    ],
)
def test_a_machine_s_endpoint_that_fails_is_asked_again_later(lab: Lab, fault: Fault) -> None:
    lab.entra.imds.faults.add(fault)

    error = failure(lab.tokens(**machine(lab)).get)

    assert isinstance(error, Transient)
    assert error.retry_after_s == 6, "msal repeats the outage from memory for five seconds"
    assert "the managed identity's endpoint" in error.message
    assert lab.tokens(**machine(lab)).get()


# --- outages --------------------------------------------------------------------------------------------

DISCOVERY, TOKEN = "*/openid-configuration", "*/oauth2/v2.0/token"


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, body=HTML, content_type="text/html"),
        Fault(status=500, code="server_error"),
        Fault(is_dropped=True),
        Fault(cut_at=0.5),
        Fault(keep=0.5),
    ],
)
def test_a_sign_in_that_fails_is_asked_again_later(lab: Lab, path: str, fault: Fault) -> None:
    rule = lab.entra.tokens.faults.add(fault, path=path, times=None)
    tokens = lab.tokens()

    error = failure(tokens.get)

    assert rule.hits
    assert isinstance(error, Transient)
    assert error.retry_after_s == 6
    assert error.remedy == "Check the network, the proxy and its certificates; it is tried again by itself."


@pytest.mark.parametrize("retry_after", ["1", None])
def test_a_sign_in_that_is_busy_is_asked_again_later(lab: Lab, retry_after: str | None) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    busy = Fault(status=429, code="temporarily_unavailable", headers=headers)
    lab.entra.tokens.faults.add(busy, path=TOKEN)

    assert isinstance(failure(lab.tokens().get), Transient)


def test_a_sign_in_behind_a_certificate_that_nobody_trusts_is_not_spoken_to(lab: Lab) -> None:
    error = failure(lab.tokens(tls={}).get)

    assert isinstance(error, Transient)
    assert "(SSLError)" in error.message
    assert lab.entra.tokens.log == []


@pytest.mark.parametrize("fault", [Fault(status=503, code="server_error"), Fault(is_dropped=True)])
def test_an_outage_does_not_take_away_a_token_that_is_still_good(lab: Lab, fault: Fault) -> None:
    lab.entra.tokens.refresh_in_s = -1  # to be renewed already
    tokens = lab.tokens()
    before = tokens.get()
    lab.entra.tokens.faults.add(fault, path=TOKEN, times=None)

    assert tokens.get() == before


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.e30.c"])
def test_permissions_of_a_token_that_tells_none_are_unknown(token: str) -> None:
    assert not roles_in(token)


@pytest.mark.parametrize(
    "body, roles",
    [
        (b"[]", None),
        (b"null", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        (b'{"roles":null}', None),
        (b'{"roles":5}', None),
        (b'{"roles":{"a":1}}', None),
        (b'{"roles":[{}]}', set()),
        (b'{"roles":[1,"a"]}', {"a"}),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_permissions_are_texts_or_unknown(body: bytes, roles: set[str] | None) -> None:
    assert roles_in(f"a.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.c") == roles


def test_a_file_of_certificates_that_is_none_is_named(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")

    error = failure(lab.tokens(tls={"ca_file": "ca.pem"}).get)

    assert isinstance(error, BadConfig)
    assert "ca.pem can't be read" in error.message
