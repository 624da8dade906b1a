"""The token endpoint, judged by MSAL and by recordings of a real tenant; and the managed identity's endpoint."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import msal
import pytest
import requests
from cryptography.hazmat.primitives import hashes

from certificates import Pair
from fakes.graph import faults
from fakes.graph.assertions import App, Federated, client_certificate, federated_token
from fakes.graph.judge import Judge
from fakes.graph.lab import FakeEntra
from fakes.graph.tokens import ASSERTION_TYPE, CLIENT_ID, ROLES, SECRET
from worker.ops.clock import system_now

Json = dict[str, Any]
ISSUER = "https://oidc.cluster.example/"
SUBJECT = "system:serviceaccount:whosleft:worker"


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return client_certificate(tmp_path_factory.mktemp("client"))


@pytest.fixture
def session(entra: FakeEntra) -> Iterator[requests.Session]:
    with requests.Session() as client:
        client.trust_env = False
        client.verify = str(entra.ca_file)
        yield client


def application(entra: FakeEntra, session: requests.Session, credential: Any, **more: Any) -> Any:
    return msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=credential,
        authority=entra.authority,
        instance_discovery=False,
        http_client=session,
        **more,
    )


def acquire(entra: FakeEntra, session: requests.Session, credential: Any, **more: Any) -> Json:
    scopes = [entra.graph_url + "/.default"]
    answer: Json = application(entra, session, credential, **more).acquire_token_for_client(scopes)
    return answer


def post(entra: FakeEntra, session: requests.Session, **fields: str) -> requests.Response:
    form = {
        "client_id": CLIENT_ID,
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
        "client_secret": SECRET,
        **fields,
    }
    return session.post(entra.tokens.endpoint, data=form, timeout=10)


# --- MSAL -------------------------------------------------------------------------------------------------


def test_msal_gets_a_token_by_secret_that_graph_takes(entra: FakeEntra, session: requests.Session) -> None:
    answer = acquire(entra, session, SECRET)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    with Judge(entra.graph_url, answer["access_token"]) as judge:
        assert judge.read("/users")["value"] == []
    (issued,) = entra.tokens.issued
    assert issued.how == "secret"
    claims = entra.tokens.claims_of(answer["access_token"])
    assert claims is not None
    assert (claims["roles"], claims["tid"], claims["appid"]) == (sorted(ROLES), entra.tenant.id, CLIENT_ID)


def test_msal_gets_a_token_by_certificate(entra: FakeEntra, session: requests.Session, pair: Pair) -> None:
    entra.tokens.app.trust(pair.certificate)
    credential = {"private_key": pair.key.read_text(), "public_certificate": pair.certificate.read_text()}
    assert "access_token" in acquire(entra, session, credential)
    assert entra.tokens.issued[-1].how == "certificate"


def test_msal_gets_a_token_with_an_encrypted_key(
    entra: FakeEntra, session: requests.Session, tmp_path: Path
) -> None:
    made = client_certificate(tmp_path, passphrase="open sesame")
    entra.tokens.app.trust(made.certificate)
    credential = {
        "private_key": made.key.read_text(),
        "public_certificate": made.certificate.read_text(),
        "passphrase": "open sesame",
    }
    assert "access_token" in acquire(entra, session, credential)


def test_msal_gets_a_token_by_federated_token(entra: FakeEntra, session: requests.Session) -> None:
    entra.tokens.app.federated.append(Federated(ISSUER, SUBJECT))
    answer = acquire(entra, session, {"client_assertion": lambda: federated_token(system_now())})
    assert "access_token" in answer
    assert entra.tokens.issued[-1].how == "federated"


def test_msal_gets_a_managed_identity_s_token(
    entra: FakeEntra, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", entra.imds.url)
    client = msal.ManagedIdentityClient(
        msal.UserAssignedManagedIdentity(client_id=CLIENT_ID), http_client=session
    )
    answer = client.acquire_token_for_client(resource=entra.graph_url)
    with Judge(entra.graph_url, answer["access_token"]) as judge:
        assert judge.read("/users")["value"] == []
    assert entra.tokens.issued[-1].how == "managed"


def test_msal_passes_the_claims_of_a_challenge_on(entra: FakeEntra, session: requests.Session) -> None:
    app = application(entra, session, SECRET, client_capabilities=["CP1"])
    scopes = [entra.graph_url + "/.default"]
    first = app.acquire_token_for_client(scopes)["access_token"]
    entra.tokens.revoke()
    with Judge(entra.graph_url, first) as judge:
        header = judge.get("/users").headers["WWW-Authenticate"]
        claims = base64.b64decode(header.partition('claims="')[2].partition('"')[0]).decode()
        judge.token = app.acquire_token_for_client(scopes, claims_challenge=claims)["access_token"]
        assert judge.read("/users")["value"] == []
    assert "nbf" in (entra.tokens.issued[-1].claims or {})["access_token"]


def test_msal_keeps_a_token_for_its_life_and_no_longer(entra: FakeEntra, session: requests.Session) -> None:
    entra.tokens.lifetime_s = 200  # less than five minutes: MSAL takes it for expired
    app = application(entra, session, SECRET)
    for _ in range(2):
        assert "access_token" in app.acquire_token_for_client([entra.graph_url + "/.default"])
    assert entra.tokens.token_requests == 2
    entra.tokens.lifetime_s = 3599
    for _ in range(3):
        assert "access_token" in app.acquire_token_for_client([entra.graph_url + "/.default"])
    assert entra.tokens.token_requests == 3


def test_msal_learns_when_to_refresh(entra: FakeEntra, session: requests.Session) -> None:
    entra.tokens.refresh_in_s = 1800
    assert "access_token" in acquire(entra, session, SECRET)
    assert post(entra, session).json()["refresh_in"] == 1800


def test_msal_raises_for_a_server_error_and_repeats_a_429(
    entra: FakeEntra, session: requests.Session
) -> None:
    entra.tokens.faults.add(faults.server_error(503), path="*/token")
    with pytest.raises(msal.exceptions.MsalServiceError):
        acquire(entra, session, SECRET)
    entra.tokens.faults.add(faults.throttled(60), path="*/token")
    app = application(entra, session, SECRET)
    for _ in range(3):
        assert "access_token" not in app.acquire_token_for_client([entra.graph_url + "/.default"])
    assert entra.tokens.token_requests == 2


# --- refusals ---------------------------------------------------------------------------------------------


def code(answer: Json) -> int:
    assert "access_token" not in answer
    return int(answer["error_codes"][0])


def test_secrets_that_are_wrong_or_expired_are_refused(entra: FakeEntra, session: requests.Session) -> None:
    assert code(acquire(entra, session, "wrong")) == 7000215
    entra.tokens.app.secrets["old"] = system_now() - timedelta(days=1)
    answer = acquire(entra, session, "old")
    assert (code(answer), answer["error"]) == (7000222, "invalid_client")


def test_unknown_apps_and_tenants_are_refused(entra: FakeEntra, session: requests.Session) -> None:
    other = "11111111-7e57-4000-8000-00000000bbbb"
    assert code(post(entra, session, client_id=other).json()) == 700016
    url = entra.tokens.endpoint.replace(entra.tenant.id, other)
    answer = session.post(url, data={}, timeout=10)
    assert (answer.status_code, code(answer.json())) == (400, 90002)
    assert session.get(f"{entra.tokens.url}/{other}/v2.0/.well-known/openid-configuration").status_code == 400


def test_the_tenant_s_domain_names_it_too(entra: FakeEntra, session: requests.Session) -> None:
    url = f"{entra.tokens.url}/corp.example/v2.0/.well-known/openid-configuration"
    assert session.get(url, timeout=10).json()["token_endpoint"] == entra.tokens.endpoint


def test_several_apps_have_roles_of_their_own(entra: FakeEntra, session: requests.Session) -> None:
    other = "11111111-7e57-4000-8000-00000000bbbb"
    entra.tokens.apps[other] = App(other, {"User.Read.All"}, {"other": None})
    token = post(entra, session, client_id=other, client_secret="other").json()["access_token"]
    claims = entra.tokens.claims_of(token)
    assert claims is not None
    assert (claims["roles"], claims["appid"]) == (["User.Read.All"], other)


def test_a_certificate_that_is_not_registered_is_refused(
    entra: FakeEntra, session: requests.Session, pair: Pair, tmp_path: Path
) -> None:
    credential = {"private_key": pair.key.read_text(), "public_certificate": pair.certificate.read_text()}
    assert code(acquire(entra, session, credential)) == 700027
    other = client_certificate(tmp_path)
    entra.tokens.app.trust(pair.certificate)
    mixed = {**credential, "private_key": other.key.read_text()}  # signed by another key
    assert code(acquire(entra, session, mixed)) == 700027


@pytest.mark.parametrize(
    "change, number",
    [
        ({}, 0),
        ({"aud": "https://elsewhere.example/token"}, 700023),
        ({"sub": "somebody else"}, 700021),
        ({"exp": 1_700_000_000}, 700024),
        ({"iss": "somebody else"}, 70021),
    ],
)
def test_an_assertion_that_says_something_else_is_refused(
    entra: FakeEntra, session: requests.Session, pair: Pair, change: Json, number: int
) -> None:
    entra.tokens.app.trust(pair.certificate)
    now = int(system_now().timestamp())
    claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": entra.tokens.endpoint, "jti": "1", "exp": now + 600}
    found = entra.tokens.app.certificates[0].fingerprint(hashes.SHA256())
    header = {"x5t#S256": base64.urlsafe_b64encode(found).decode()}
    signed = jwt.encode({**claims, **change}, pair.key.read_text(), "PS256", header)
    fields = {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}
    answer = post(entra, session, **fields).json()
    assert answer.get("error_codes", [0]) == [number]


def test_the_clock_decides_whether_an_assertion_is_in_time(
    entra: FakeEntra, session: requests.Session, pair: Pair
) -> None:
    entra.tokens.app.trust(pair.certificate)
    credential = {"private_key": pair.key.read_text(), "public_certificate": pair.certificate.read_text()}
    entra.tokens.clock = lambda: system_now() + timedelta(hours=1)
    assert code(acquire(entra, session, credential)) == 700024
    entra.tokens.app.federated.append(Federated(ISSUER, SUBJECT))
    stale = federated_token(system_now(), life=timedelta(minutes=10))
    assert code(acquire(entra, session, {"client_assertion": lambda: stale})) == 700024


@pytest.mark.parametrize(
    "known, number",
    [
        ([], 70021),
        ([Federated("https://other.example/", SUBJECT)], 700211),
        ([Federated(ISSUER, SUBJECT.upper())], 700213),
        ([Federated(ISSUER, SUBJECT, "api://other")], 700212),
        ([Federated(ISSUER, "x"), Federated("https://other.example/", SUBJECT)], 70021),
    ],
)
def test_a_federated_token_that_matches_no_record_is_refused(
    entra: FakeEntra, session: requests.Session, known: list[Federated], number: int
) -> None:
    entra.tokens.app.federated = known
    assert (
        code(acquire(entra, session, {"client_assertion": lambda: federated_token(system_now())})) == number
    )


@pytest.mark.parametrize("assertion", ["", "a.b.c", "no token"])
def test_what_is_no_assertion_is_refused(entra: FakeEntra, session: requests.Session, assertion: str) -> None:
    fields = {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    assert code(post(entra, session, **fields).json()) == 50027


def test_a_scope_without_default_is_refused(entra: FakeEntra, session: requests.Session) -> None:
    answer = post(entra, session, scope="https://graph.microsoft.com/User.Read.All").json()
    assert (code(answer), answer["error"]) == (1002012, "invalid_scope")


# --- recordings -------------------------------------------------------------------------------------------

RECORDED = [
    ("token-error-invalid-client", {"client_secret": "wrong"}),
    ("token-error-invalid-scope", {"scope": "api://not-a-registered-resource/.default"}),
    ("token-error-unknown-client", {"client_id": "00000000-0000-0000-0000-000000000000"}),
    ("token-error-unsupported-grant-type", {"grant_type": "no_such_grant"}),
    ("token-client-credentials", {}),
]
PLACES = {
    "{guid}": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "{timestamp}": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ",
    "{daemon-app-id}": CLIENT_ID,
    "{seconds}": r"\d+",
    "{redacted-jwt}": r"[\w-]+\.[\w-]+\.[\w-]+",
}


def is_like(value: Any, recorded: Any, tenant_id: str) -> bool:
    if not isinstance(recorded, str):
        return bool(value == recorded)
    pattern = re.escape(recorded)
    for place, its_pattern in {**PLACES, "{tenant-id}": tenant_id}.items():
        pattern = pattern.replace(re.escape(place), its_pattern)
    pattern = pattern.replace(re.escape("https://login.microsoftonline.com"), r"https://[\w.:]+")
    return re.fullmatch(pattern, str(value)) is not None


@pytest.mark.parametrize("scenario, fields", RECORDED, ids=[each[0] for each in RECORDED])
def test_answers_are_word_for_word_those_of_a_real_tenant(
    entra: FakeEntra, session: requests.Session, contract_data: Path, scenario: str, fields: dict[str, str]
) -> None:
    recordings = json.loads((contract_data / "graph-docs-samples.json").read_text())[
        "tokenEndpointRecordings"
    ]
    recorded = next(each for each in recordings["items"] if each["scenario"] == scenario)["response"]
    answer = post(entra, session, **fields)
    body = answer.json()
    assert answer.status_code == recorded["status"]
    assert list(body) == list(recorded["body"])
    different = {
        name: (body[name], value)
        for name, value in recorded["body"].items()
        if not is_like(body[name], value, entra.tenant.id)
    }
    assert different == {}


# --- managed identity -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers, query, error",
    [
        ({}, {}, "invalid_request"),
        ({"Metadata": "true", "X-Forwarded-For": "127.0.0.1"}, {}, "invalid_request"),
        ({"Metadata": "true"}, {"api-version": ""}, "invalid_request"),
        ({"Metadata": "true"}, {"resource": "https://vault.example"}, "invalid_resource"),
        ({"Metadata": "true"}, {"client_id": "nobody"}, "invalid_request"),
    ],
)
def test_the_machine_s_endpoint_refuses_what_is_not_for_it(
    entra: FakeEntra, session: requests.Session, headers: dict[str, str], query: dict[str, str], error: str
) -> None:
    asked = {"api-version": "2018-02-01", "resource": "https://graph.microsoft.com", **query}
    asked = {name: value for name, value in asked.items() if value}
    answer = session.get(
        f"{entra.imds.url}/metadata/identity/oauth2/token", headers=headers, params=asked, timeout=10
    )
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("status", [404, 410, 429, 500])
def test_the_machine_s_endpoint_may_be_out_of_order(
    entra: FakeEntra, session: requests.Session, status: int
) -> None:
    entra.imds.faults.add(faults.Fault(status))
    url = f"{entra.imds.url}/metadata/identity/oauth2/token"
    assert session.get(url, headers={"Metadata": "true"}, timeout=10).status_code == status
