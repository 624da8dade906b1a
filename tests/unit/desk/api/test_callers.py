"""Who may call what, by their token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from desk_setup import API, WRONG_MAX, Clients, desk_client, guarded_api, token_for
from harness import URL, Harness
from one_loop import in_one_loop
from worker.app.acts.access import SCOPES, Access, grants
from worker.desk.services import Services
from worker.domain.evidence.actor import Actor

ADDRESSES = {"{id}": "T-000001", "{source}": "corp", "{name}": "corp"}


def operations(client: TestClient) -> Iterator[tuple[str, str, str]]:
    """Method, address and scope of everything that the API describes."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            ((scope,),) = [each["token"] for each in operation["security"]]
            address = path
            for name, value in ADDRESSES.items():
                address = address.replace(name, value)
            yield method.upper(), address.replace("/plans/T-", "/plans/P-"), scope


def test_every_address_names_the_scope_that_it_asks_for(client: TestClient, calling: Clients) -> None:
    found = list(operations(client))
    assert len(found) == 47
    for method, address, scope in found:
        without = calling(*(other for other in SCOPES if not grants((other,), scope)))
        refused = without.request(method, address)

        assert refused.status_code == 403, (method, address)
        assert refused.json()["error"]["code"] == "scope_missing"
        assert scope in refused.json()["error"]["message"]
        assert refused.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
        assert calling(scope).request(method, address).status_code not in {401, 403}, (method, address)


def test_who_may_read_may_not_write(client: TestClient, calling: Clients) -> None:
    reading = calling(*(scope for scope in SCOPES if scope.endswith(":read")))
    writing = calling(*(scope for scope in SCOPES if scope.endswith(":write")))
    for method, address, scope in operations(client):
        assert (reading.request(method, address).status_code == 403) is scope.endswith(":write"), address
        assert writing.request(method, address).status_code != 403


def anybody(services: Services) -> TestClient:
    return in_one_loop(TestClient(guarded_api(services), base_url=URL + API))


def bearing(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "wl_a_b"}, {"Authorization": "Basic c2FtOnNhbQ=="}]
)
def test_a_call_without_a_token_is_told_how_to_get_one(services: Services, headers: dict[str, str]) -> None:
    answer = anybody(services).get("/tickets", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "whosleft desk token" in answer.json()["error"]["remedy"]


def test_a_cookie_of_the_console_opens_nothing(services: Services) -> None:
    answer = anybody(services).get("/tickets", headers={"Cookie": f"__Host-whosleft={token_for(services)}"})

    assert answer.status_code == 401


@pytest.mark.parametrize("text", ["x", "wl_", "wl_abc_def", "wl_ä_ö", "wl_" + "a" * 5000])
def test_a_wrong_token_opens_nothing(services: Services, text: str) -> None:
    answer = anybody(services).get("/tickets", headers={b"Authorization": f"Bearer {text}".encode()})

    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": "unauthenticated",
        "message": "There is no such token.",
        "remedy": "Make one with: whosleft desk token --scope SCOPE.",
    }


def test_a_token_opens_nothing_after_its_last_day(company: Harness, services: Services) -> None:
    text = token_for(services)
    company.later(days=89)
    assert anybody(services).get("/tickets", headers=bearing(text)).status_code == 200
    company.later(days=1)
    answer = anybody(services).get("/tickets", headers=bearing(text))

    assert answer.status_code == 401
    assert "has expired" in answer.json()["error"]["message"]


def test_a_revoked_token_opens_nothing(company: Harness, services: Services) -> None:
    access = Access(services.store)
    made = access.make_token(SCOPES, Actor("root"), company.now)
    access.revoke_token(made.token.id, Actor("root"), company.now)
    answer = anybody(services).get("/tickets", headers=bearing(made.text))

    assert answer.status_code == 401
    assert "is revoked" in answer.json()["error"]["message"]


def test_a_token_of_somebody_who_has_left_opens_nothing(company: Harness, services: Services) -> None:
    company.hire("zoe", email="zoe@corp.example")
    company.settle()
    made = Access(services.store).make_token(SCOPES, Actor("zoe@corp.example", "os:zoe"), company.now)
    assert anybody(services).get("/tickets", headers=bearing(made.text)).status_code == 200
    company.leave("zoe")
    company.settle()
    answer = anybody(services).get("/tickets", headers=bearing(made.text))

    assert answer.status_code == 401
    assert "has left" in answer.json()["error"]["message"]


def test_too_many_wrong_tokens_have_to_wait_and_a_good_one_is_never_refused(
    company: Harness, services: Services
) -> None:
    client, good, wrong = anybody(services), bearing(token_for(services)), bearing("wl_a_b")
    for _ in range(WRONG_MAX):
        assert client.get("/tickets", headers=wrong).status_code == 401
    refused = client.get("/tickets", headers=wrong)

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert refused.json()["error"]["code"] == "too_many_attempts"
    assert client.get("/tickets", headers=good).status_code == 200
    company.later(seconds=61)
    assert client.get("/tickets", headers=wrong).status_code == 401


def test_a_token_that_was_good_once_shuts_nobody_out(company: Harness, services: Services) -> None:
    client = anybody(services)
    old = bearing(
        Access(services.store).make_token(SCOPES, Actor("root"), company.now, timedelta(hours=1)).text
    )
    company.later(hours=2)
    for _ in range(WRONG_MAX + 1):
        assert client.get("/tickets", headers=old).status_code == 401
    assert client.get("/tickets", headers=bearing(token_for(services))).status_code == 200


def test_the_whole_desk_has_the_api_beside_its_pages(services: Services) -> None:
    client = desk_client(services)
    good = bearing(token_for(services))

    assert client.get(f"{API}/tickets", headers=good).json()["total"] == 7
    assert client.get(f"{API}/tickets").json()["error"]["code"] == "unauthenticated"
    assert client.get(f"{API}/nothing", headers=good).json()["error"]["code"] == "not_found"
    assert client.get(f"{API}/openapi.json").json()["servers"] == [{"url": API}]
    assert client.get(f"{API}/tickets", headers=good).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", [API, "/api/v2/tickets", "/api/"])
def test_an_address_beside_those_of_the_api_is_said_to_be_none_in_its_own_shape(
    services: Services, address: str
) -> None:
    answer = desk_client(services).get(address)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_description_is_there_for_everybody_and_no_page_with_foreign_scripts(services: Services) -> None:
    client = anybody(services)
    described: dict[str, Any] = client.get("/openapi.json").json()

    assert described["openapi"].startswith("3.1")
    assert described["servers"] == [{"url": API}]
    assert [client.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]
    for methods in described["paths"].values():
        for operation in methods.values():
            assert {"400", "401", "403", "404", "409", "413", "422", "429", "503"} < set(
                operation["responses"]
            )
