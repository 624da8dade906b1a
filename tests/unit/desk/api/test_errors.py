"""What goes wrong is said in one shape, and nothing that is sent makes an error of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from structlog.testing import capture_logs

from desk_setup import API, api_client, guarded_api, token_for
from harness import URL
from worker.desk.services import Services
from worker.ops.events import DESK_UNAVAILABLE
from worker.storage.sql.engine import open_engine
from worker.storage.store import SqlStore


def code(answer: Response) -> tuple[int, str]:
    said = answer.json()
    assert said.keys() == {"error"}
    assert said["error"].keys() == {"code", "message", "remedy"}
    assert all(said["error"].values())
    return answer.status_code, said["error"]["code"]


@pytest.mark.parametrize(
    "address",
    [
        "/tickets?limit=0", "/tickets?limit=501", "/tickets?limit=1.0", "/tickets?limit=+1", "/tickets?limit=1_0",
        "/tickets?state=gone", "/tickets?kind=leave", "/tickets?overdue=yes", "/tickets?group=ward-7",
        "/tickets?stat=open", "/tickets?text=%00", "/tickets?after=%C3%A4", "/tickets/T-000001?full=1",
        "/tickets/T-1", "/tickets/1", "/tickets/T-9999999999999999999", "/plans/T-000001",
        "/events?after=-1", "/events?after=9223372036854775808", "/audit?from=1", "/audit?from=2026-02-30",
        "/audit?from=2026-11-24T09:00:00Z", "/sources/corp/days?days=367",
        "/tickets?limit=1&limit=2", "/tickets?state=open&state=done", "/audit?kind=ticket.*&kind=plan.*",
    ],
)  # fmt: skip
def test_what_is_not_as_described_is_refused(client: TestClient, address: str) -> None:
    assert code(client.get(address)) == (422, "invalid")


@pytest.mark.parametrize(
    "address",
    ["/tickets/search?state=verified", "/audit/search?actor=sam", "/audit/export?person=corp/ann",
     "/plans/P-000001/release?cohorts=c1", "/tickets/T-000001/done?by=sam", "/sources/corp/read?full=true"],
)  # fmt: skip
def test_what_is_sent_with_a_call_is_in_its_body_alone(client: TestClient, address: str) -> None:
    assert code(client.post(address, json={"reason": "so"})) == (422, "invalid")
    assert code(client.post(address)) == (422, "invalid")


def test_a_parameter_that_is_not_taken_is_named(client: TestClient) -> None:
    unknown, twice = client.get("/tickets?stat=open"), client.get("/tickets?state=open&state=done")

    assert unknown.json()["error"]["message"] == "query.stat: There is no such parameter"
    assert twice.json()["error"]["message"] == "query.state: Give it once"


@pytest.mark.parametrize(
    "address",
    ["/tickets/T-999999", "/tickets/T-999999999999999999", "/tickets/T-000000/escalation", "/plans/P-000009",
     "/people/corp/nobody", "/people/nowhere/ann", "/groups/wards/none", "/sources/none/days", "/nothing",
     "/tickets/", "/tickets?after=abc", "/people?after=AAAA", "/people/corp/%00", "/groups/wards/a%00"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client: TestClient, address: str) -> None:
    assert code(client.get(address)) == (404, "not_found")


@pytest.mark.parametrize(
    "address",
    ["/tickets/T-999999/done", "/tickets/T-999999/reopen", "/tickets/T-999999/waive", "/tickets/T-999999/assign",
     "/tickets/T-999999/acknowledge", "/tickets/T-999999/link", "/tickets/T-999999/revoke-links",
     "/plans/P-999999/release", "/plans/P-999999/reject", "/people/corp/nobody/erase"],
)  # fmt: skip
def test_nothing_is_done_to_what_is_not_there(client: TestClient, address: str) -> None:
    body = {
        "waive": {"reason": "so"}, "reopen": {"reason": "so"}, "release": {"reason": "so"}, "reject": {"reason": "so"},
        "assign": {"email": "sam@corp.example"},
    }.get(address.rpartition("/")[2])  # fmt: skip
    assert code(client.post(address, json=body)) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"reason": ""}, {"reason": " \n "}, {"reason": "\x1c"}, {"reason": "so", "why": "so"}, {"reason": 7},
        {"reason": "a\0b"}, {"reason": "so", "by": "sam\nkim"}, {"reason": "x" * 1001}, [], "so", None,
        {"reason": "so", "until": "soon"}, {"reason": "so", "until": 20261124}, {"reason": "so", "\ud800": ""},
        {"reason": "\ud800"},
    ],
)  # fmt: skip
def test_a_body_that_is_not_as_described_is_refused(client: TestClient, body: object) -> None:
    sent = json.dumps(body).encode()  # a half of a surrogate pair is sent as an escape
    answer = client.post(
        "/tickets/T-000001/waive", content=sent, headers={"Content-Type": "application/json"}
    )

    assert code(answer) == (422, "invalid")


@pytest.mark.parametrize(
    "sent", [b"{", b"reason=so", b"\xff", b"[" * 50_000, b'{"reason": ' + b"1" * 5000 + b"}"]
)
def test_a_body_that_can_t_be_read_is_said_to_be(client: TestClient, sent: bytes) -> None:
    answer = client.post(
        "/tickets/T-000001/reopen", content=sent, headers={"Content-Type": "application/json"}
    )

    assert code(answer) == (400, "unreadable")


def test_json_is_what_is_said_to_be_json(client: TestClient) -> None:
    assert code(client.post("/tickets/T-000001/reopen", content=b"{")) == (422, "invalid")
    assert code(client.post("/tickets/T-000001/reopen", content=b'{"reason": "so"}')) == (422, "invalid")


def test_a_body_that_is_too_long_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/tickets/T-000001/reopen", json={"reason": "x" * 200_000})

    assert code(answer) == (413, "too_large")


def test_another_site_s_page_can_t_send_anything(client: TestClient) -> None:
    answer = client.post(
        "/tickets/T-000001/done", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    )

    assert code(answer) == (403, "foreign")


def test_an_address_says_which_methods_it_has(client: TestClient) -> None:
    answer = client.delete("/tickets/T-000001")

    assert code(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"
    assert client.options("/people/corp/ann/erase").headers["Allow"] == "POST"


def test_a_database_that_can_t_be_reached_is_said_to_be_without_its_address(
    services: Services, tmp_path: Path
) -> None:
    client = api_client(services)
    engine = open_engine(f"sqlite:///{tmp_path / 'secret-place' / 'gone.db'}")
    gone = replace(services, store=SqlStore(engine))
    with capture_logs() as said:
        answer = TestClient(guarded_api(gone), base_url=URL + API, headers=dict(client.headers)).get(
            "/tickets"
        )

    assert code(answer) == (503, "unavailable")
    assert [(line["event"], line["log_level"]) for line in said] == [(DESK_UNAVAILABLE, "error")]
    assert "unable to open database file" in said[0]["error"]
    assert answer.headers["Retry-After"] == "5"
    assert "secret-place" not in answer.text


def test_an_error_of_ours_says_nothing_of_itself(services: Services) -> None:
    broken = replace(services, explainer=None)  # type: ignore[arg-type]  # the error that nobody thought of
    client = TestClient(
        guarded_api(broken),
        base_url=URL + API,
        headers={"Authorization": f"Bearer {token_for(services)}"},
        raise_server_exceptions=False,
    )

    assert code(client.get("/tickets/T-000001/escalation")) == (500, "failed")
