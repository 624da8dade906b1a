"""Sign-in that answers oddly or is busy: what is an error of ours, how long it is left alone, and what never gets into
a log.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import certificates
from contracts.directory_world import read_until_error
from entra_sign_in import failure, through
from fakes.graph import faults
from fakes.graph.faults import HTML, Fault, Faults
from fakes.graph.setup import Lab
from fakes.graph.tokens import CLIENT_ID, SECRET, TokenServer
from fakes.graph.tunnel import Tunnel
from worker.ports import AuthFailed, BadConfig, ConnectorError, Transient

DISCOVERY, TOKEN = "*/openid-configuration", "*/oauth2/v2.0/token"
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
# msal stumbles over it only where it remembers users
A_TOKEN_ALL_THE_SAME = b'{"access_token":"x","expires_in":3600,"id_token":"zz"}'
ODD = [
    b"[]", b'"x"', b"5", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, HTML,
    b'{"access_token":5}', b'{"access_token":{"a":1},"expires_in":1}', b'{"access_token":"x","expires_in":"abc"}',
    b'{"access_token":"x\\ny","expires_in":3600}', b'{"access_token":"x y","expires_in":3600}',
    b'{"access_token":"\\u00e9","expires_in":3600}', b'{"access_token":"x","expires_in":1e999}',
    b'{"access_token":"","expires_in":3600}', A_TOKEN_ALL_THE_SAME,
    b'{"error":5}', b'{"error":{"a":1}}', b'{"error":["x"]}', b'{"error":"x","error_codes":5}',
    b'{"error":"x","error_codes":"abc"}', b'{"error":"x","error_codes":{"a":1}}',
    b'{"error":"x","error_codes":[true]}', b'{"error":"x","error_description":5}', b'{"error":"x","trace_id":[]}',
]  # fmt: skip
UNREADABLE = "http://["
ENDPOINTS = [
    b'{"token_endpoint":"http://attacker.example/","issuer":"x","authorization_endpoint":"y"}',
    b'{"token_endpoint":5,"issuer":"x","authorization_endpoint":"https://y"}', b'{"token_endpoint":null}',
    b'{"issuer":"x","authorization_endpoint":"https://y"}',
]  # fmt: skip

# --- odd answers ----------------------------------------------------------------------------------------


def odd(lab: Lab, served: Faults, path: str, status: int, body: bytes) -> ConnectorError:
    served.clear()
    served.add(Fault(status, body=body), path=path, times=None)
    return failure(lab)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 429, 500])
def test_whatever_the_token_endpoint_says_is_an_error_of_ours(lab: Lab, status: int) -> None:
    for body in ODD:
        error = odd(lab, lab.entra.tokens.faults, TOKEN, status, body)

        assert isinstance(error, Transient | AuthFailed), body[:60]
        assert lab.directory().check().message == error.message
        assert read_until_error(lab.directory(), None)[1] is not None


@pytest.mark.parametrize("status", [200, 302, 400, 403, 429, 500])
def test_whatever_discovery_says_is_an_error_of_ours(lab: Lab, status: int) -> None:
    for body in ODD + ENDPOINTS:
        error = odd(lab, lab.entra.tokens.faults, DISCOVERY, status, body)

        assert isinstance(error, Transient | BadConfig), body[:60]
        assert "private key" not in error.remedy


def test_whatever_a_machine_s_endpoint_says_is_an_error_of_ours(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(lab, monkeypatch)
    for body in ODD:
        if body == A_TOKEN_ALL_THE_SAME:
            continue
        lab.entra.imds.faults.clear()
        lab.entra.imds.faults.add(Fault(200, body=body), times=None)

        assert isinstance(failure(lab, **MACHINE), Transient | AuthFailed), body[:60]


@pytest.mark.parametrize("location", [None, "https://attacker.example/", UNREADABLE, "\\"])
@pytest.mark.parametrize("path", [DISCOVERY, TOKEN])
def test_no_redirect_takes_a_credential_elsewhere(lab: Lab, path: str, location: str | None) -> None:
    headers = {} if location is None else {"Location": location}
    lab.entra.tokens.faults.add(Fault(307, body=b"", headers=headers), path=path, times=None)

    error = failure(lab)

    assert isinstance(error, Transient)
    assert ("answered 307" in error.message) is (location != UNREADABLE)


# --- a refused token ------------------------------------------------------------------------------------

MACHINE: dict[str, Any] = {"credential": {"managed_identity": True}, "client_id": "", "tenant_id": ""}


def machine(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", lab.entra.imds.url)


@pytest.mark.parametrize("claims", [None, CLAIMS])
def test_a_machine_s_refused_token_is_replaced(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, claims: str | None
) -> None:
    machine(lab, monkeypatch)
    tokens = lab.tokens(**MACHINE)
    before = tokens.get()
    assert tokens.get() == before

    if claims is None:
        tokens.forget()

    assert tokens.get(claims) != before
    assert len(lab.entra.imds.log) == 2


@pytest.mark.parametrize("refused", ["claims", "401"])
def test_a_machine_whose_token_graph_refuses_reads_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    machine(lab, monkeypatch)
    lab.tenant.add()
    directory, first = lab.first(**MACHINE)
    fault = faults.claims_challenge(CLAIMS) if refused == "claims" else faults.unauthorized()
    lab.entra.graph.faults.add(fault, path="*/users/delta")

    _, error = read_until_error(directory, first.end.cursor)

    assert error is None
    assert len(lab.entra.imds.log) == 2


def test_a_token_is_forgotten_without_asking_anybody(lab: Lab) -> None:
    tokens = lab.tokens()
    before = tokens.get()
    asked = len(lab.entra.tokens.log)
    lab.entra.tokens.faults.add(Fault(is_dropped=True), times=None)

    tokens.forget()

    assert len(lab.entra.tokens.log) == asked
    lab.entra.tokens.faults.clear()
    assert tokens.get() != before


def test_nobody_is_asked_what_a_sign_in_address_is_called_besides(
    lab: Lab, lab_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # msal would ask Microsoft for the aliases of its own hosts, once it has been refused or told to forget
    authority = certificates.Pair(lab_folder / "ca.pem", lab_folder / "ca.key")
    pair = certificates.issue(authority, tmp_path / "microsoft", "login.microsoftonline.com", "127.0.0.1")
    public = {"authority": None, "graph_url": None}
    with TokenServer(pair) as server, Tunnel(server.port) as tunnel:
        through(tunnel, monkeypatch)
        tokens = lab.tokens(**public)
        tokens.get()
        tokens.forget()
        tokens.get()
        failure(lab, **public, credential={"secret": "another"})

    assert "login.microsoftonline.com:443" in tunnel.asked
    assert server.seen("/discovery/instance") == []


# --- how long sign-in is left alone ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault, wait_s",
    [
        (Fault(400, "temporarily_unavailable"), 61),
        (Fault(400, "temporarily_unavailable", headers={"Retry-After": "40"}), 41),
        (Fault(401, "temporarily_unavailable", headers={"Retry-After": "90"}), 91),
        (Fault(429, "temporarily_unavailable", headers={"Retry-After": "40"}), 41),
        (Fault(429, "temporarily_unavailable"), 6),
        (Fault(429, "a_word_of_next_year"), 6),
        (Fault(429, body=HTML, content_type="text/html"), 6),
        (Fault(503, "temporarily_unavailable", headers={"Retry-After": "20"}), 21),
        (Fault(503, "temporarily_unavailable", headers={"Retry-After": "1"}), 6),
        (Fault(503, "temporarily_unavailable", headers={"Retry-After": "9" * 5000}), 3601),
        (Fault(503, "temporarily_unavailable", headers={"Retry-After": "Tue, 24 Nov 2026 09:00:00 GMT"}), 6),
    ],
)
def test_a_busy_sign_in_is_left_alone_as_long_as_msal_would_answer_from_memory(
    lab: Lab, fault: Fault, wait_s: float
) -> None:
    lab.entra.tokens.faults.add(fault, path=TOKEN, times=None)

    error = failure(lab)

    assert isinstance(error, Transient)
    assert error.retry_after_s == wait_s


def test_a_sign_in_that_was_busy_is_asked_on_the_wire_the_next_time(lab: Lab) -> None:
    busy = Fault(429, "temporarily_unavailable", headers={"Retry-After": "40"})
    lab.entra.tokens.faults.add(busy, path=TOKEN)
    tokens = lab.tokens()
    with pytest.raises(Transient, match=r"answered 429 \(temporarily_unavailable\)"):
        tokens.get()

    assert tokens.get(), "msal has kept nothing of that answer"


@pytest.mark.parametrize(
    "fault", [Fault(429, "slow_down", headers={"Retry-After": "9"}), Fault(503), Fault(400, "timeout")]
)
def test_a_busy_sign_in_does_not_take_away_a_token_that_is_still_good(lab: Lab, fault: Fault) -> None:
    lab.entra.tokens.refresh_in_s = -1
    tokens = lab.tokens()
    before = tokens.get()
    lab.entra.tokens.faults.add(fault, path=TOKEN, times=None)

    assert tokens.get() == before


# --- discovery ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 407, 408, 429, 500, 503])
def test_discovery_that_a_gateway_refuses_is_asked_again_later(lab: Lab, status: int) -> None:
    fault = Fault(status, body=HTML, content_type="text/html", headers={"Retry-After": "30"})
    lab.entra.tokens.faults.add(fault, path=DISCOVERY, times=None)

    error = failure(lab)

    assert isinstance(error, Transient)
    assert error.message == f"tenant: {lab.entra.authority} answered {status} when it was asked for a token."
    assert error.retry_after_s == 31
    assert "private key" not in error.remedy


def test_a_sign_in_address_that_is_none_is_a_matter_of_the_configuration(lab: Lab) -> None:
    lab.entra.tokens.faults.add(Fault(404, body=HTML, content_type="text/html"), path=DISCOVERY, times=None)

    error = failure(lab)

    assert isinstance(error, BadConfig)
    assert error.message == f"tenant: {lab.entra.authority} answered 404 when it was asked for a token."
    assert error.remedy == "Check tenant_id, cloud and authority."


def test_a_tenant_that_is_none_is_named_with_its_code(lab: Lab) -> None:
    error = failure(lab, tenant_id="c0ffee00-7e57-4000-8000-00000000dddd")

    assert isinstance(error, BadConfig)
    assert error.message == f"tenant: no token for {CLIENT_ID}: there is no such tenant (AADSTS90002)."
    assert error.remedy.startswith("Check tenant_id and cloud. For Microsoft's support: trace ")


# --- logs -----------------------------------------------------------------------------------------------


def test_no_command_shows_a_token_that_came_in_half_an_answer(lab: Lab) -> None:
    lab.tenant.add()
    lab.entra.tokens.faults.add(Fault(keep=0.97), path=TOKEN)
    settings = {
        "allow_literal_secrets": True,
        "organisation": {"name": "Ward", "default_region": "GB", "timezone": "Europe/London"},
        "directories": [{"name": "tenant", "kind": "entra", **lab.whole()}],
        "tickets": {"accountable": "it@corp.example"},
        "notify": [{"name": "terminal", "kind": "console"}],
    }
    (lab.folder / "whosleft.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    environment = {**os.environ, "WHOSLEFT_CONFIG": str(lab.folder / "whosleft.yaml")}

    done = subprocess.run(
        [sys.executable, "-m", "worker", "check"],
        cwd=lab.folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    said = done.stdout + done.stderr
    assert lab.entra.tokens.token_requests > 1, said
    assert "eyJ" not in said
    assert "Token response" not in said


def test_nothing_of_msal_s_reaches_a_log(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.entra.tokens.faults.add(Fault(keep=0.97), path=TOKEN, times=None)

    with caplog.at_level(logging.DEBUG):
        failure(lab)

    assert "eyJ" not in caplog.text
    assert [record.name for record in caplog.records if record.name.startswith("msal")] == []
    assert json.dumps(SECRET) not in caplog.text
