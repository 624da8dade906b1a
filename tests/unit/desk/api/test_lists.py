"""Lists in pages, and what each of them can be asked for."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from desk_setup import STAFF, TEMPS
from harness import Harness


def everything(client: TestClient, address: str, limit: int) -> list[dict[str, Any]]:
    """A list to its end, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = client.get(address, params={"limit": limit, "after": after}).json()
        assert len(page["items"]) <= limit
        found += page["items"]
        if page["next"] is None:
            return found
        assert len(page["items"]) == limit
        after = page["next"]


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


@pytest.mark.parametrize(
    "address, limit",
    [("/tickets?state=all", 3), ("/people", 7), ("/groups", 1), ("/links?state=nobody&state=unmatched", 1),
     ("/plans", 1), ("/people", 72), ("/people", 36)],
)  # fmt: skip
def test_a_list_is_read_to_its_end_page_by_page(client: TestClient, address: str, limit: int) -> None:
    whole = client.get(address, params={"limit": 500}).json()

    assert whole["next"] is None
    assert len(whole["items"]) > 0
    assert everything(client, address, limit) == whole["items"]


def test_a_page_is_not_moved_by_what_is_new(company: Harness, client: TestClient) -> None:
    first = client.get("/people", params={"limit": 10}).json()
    company.hire("aaron")
    company.poll()
    second = client.get("/people", params={"limit": 10, "after": first["next"]}).json()

    assert not set(ids(first["items"])) & set(ids(second["items"]))
    assert "aaron" in ids(client.get("/people").json()["items"])


def test_a_place_says_nothing_and_belongs_to_one_list(client: TestClient) -> None:
    place = client.get("/people", params={"limit": 1}).json()["next"]

    assert "ann" not in place.casefold()
    assert client.get("/groups", params={"after": place}).status_code == 404
    assert client.get("/people", params={"after": place[:-2]}).status_code == 404


def test_tickets_are_counted_and_live_ones_unless_told_otherwise(client: TestClient) -> None:
    client.post("/tickets/T-000001/waive", json={"reason": "so"})
    live, every = client.get("/tickets").json(), client.get("/tickets?state=all").json()

    assert live["total"] == len(live["items"]) == every["total"] - 1
    assert {one["state"] for one in live["items"]} <= {"open", "blocked", "done"}
    assert ids(client.get("/tickets?state=waived").json()["items"]) == ["T-000001"]
    assert sorted(ids(every["items"]), reverse=True) == ids(every["items"])


@pytest.mark.parametrize(
    "query",
    ["kind=reassign_admin", "group=wards/sole&kind=reassign_admin", "overdue=true&kind=reassign_admin"],
)
def test_tickets_are_listed_by_what_they_are_about(client: TestClient, query: str) -> None:
    found = client.get(f"/tickets?{query}").json()["items"]

    assert found
    assert {one["group"]["id"] for one in found} == {"sole"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": ["reassign_admin"]},
        {"text": "sole"},
        {"group": "wards/sole", "kind": ["reassign_admin"]},
        {"overdue": True, "kind": ["reassign_admin"], "state": "live", "limit": 500},
    ],
)
def test_tickets_are_found_by_what_they_are_about(client: TestClient, wanted: dict[str, Any]) -> None:
    found = client.post("/tickets/search", json=wanted).json()["items"]

    assert found
    assert {one["group"]["id"] for one in found} == {"sole"}


def test_tickets_are_found_by_assignee_and_dispute(client: TestClient) -> None:
    client.post("/tickets/T-000001/assign", json={"email": "Gus@corp.example"})
    assert ids(client.post("/tickets/search", json={"text": "T-1", "state": "all"}).json()["items"]) == [
        "T-000001"
    ]
    mine = client.post("/tickets/search", json={"assignee": "gus@corp.example"}).json()["items"]

    assert ids(mine) == ["T-000001"]
    assert client.get("/tickets?disputed=true").json()["items"] == []


def test_people_and_groups_are_found_by_name_or_id(client: TestClient) -> None:
    assert ids(client.post("/people/search", json={"text": "ann@corp"}).json()["items"]) == ["ann"]
    assert ids(client.post("/people/search", json={"text": "TEMP-59"}).json()["items"]) == ["temp-59"]
    assert ids(client.post("/groups/search", json={"text": "ward"}).json()["items"]) == ["ward-7", "ward-8"]
    assert ids(client.post("/groups/search", json={"text": "%"}).json()["items"]) == []
    assert len(client.get("/people?limit=500").json()["items"]) == len(STAFF) + len(TEMPS)


def test_links_are_questions_unless_told_otherwise(client: TestClient) -> None:
    questions = client.get("/links").json()["items"]
    nobody = client.get("/links?state=nobody").json()["items"]

    assert ids(questions) == ["wards/+447700900900", "wards/+447700900901"]
    assert ids(nobody) == ["wards/+447700900902"]
    assert {one["state"] for one in questions} == {"unmatched"}


@pytest.mark.parametrize("address", ["tickets", "people", "groups", "audit"])
def test_a_search_goes_on_page_by_page_and_takes_nothing_for_the_list(
    client: TestClient, address: str
) -> None:
    first = client.post(f"/{address}/search", json={"limit": 1}).json()
    goes_on = "before" if address == "audit" else "after"
    second = client.post(f"/{address}/search", json={"limit": 1, goes_on: first["next"]}).json()
    both = client.post(f"/{address}/search").json()["items"][:2]

    assert first["items"] + second["items"] == both


@pytest.mark.parametrize(
    "address",
    ["/tickets?text=ann", "/tickets?assignee=ann@corp.example", "/people?text=ann", "/groups?text=ward",
     "/audit?actor=ann", "/audit?subject=person:corp/ann"],
)  # fmt: skip
def test_no_address_takes_a_text_of_somebody(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 422
