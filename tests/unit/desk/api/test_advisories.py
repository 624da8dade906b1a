"""Advisories through the API: listed page by page, dismissed with a reason."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from desk_setup import Clients
from harness import Harness
from worker.domain.evidence import events
from worker.domain.watch.advisories import Advisory, AdvisoryKey, FeedWord
from worker.domain.watch.matching import MatchedBy
from worker.domain.watch.versions import Fix

CVE, OTHER = "CVE-2026-10001", "CVE-2026-10002"
WORD = FeedWord(MatchedBy.CPE, {"ios": Fix("2.26.1"), "android": Fix("2.26.2", is_newer=True)}, True, 9.8)


@pytest.fixture(autouse=True)
def _known(company: Harness) -> None:
    keys = [AdvisoryKey(CVE, "signal"), AdvisoryKey(CVE, "whatsapp"), AdvisoryKey(OTHER, "whatsapp")]
    with company.store.begin() as uow:
        uow.advisories.put([Advisory(key, company.now, {"kev": WORD}) for key in keys])


def test_they_are_listed_page_by_page(client: TestClient) -> None:
    first = client.get("/advisories?limit=2").json()
    rest = client.get("/advisories", params={"limit": 2, "after": first["next"]}).json()

    assert [(one["id"], one["messenger"]) for one in first["items"] + rest["items"]] == [
        (CVE, "signal"),
        (CVE, "whatsapp"),
        (OTHER, "whatsapp"),
    ]
    assert (first["total"], rest["next"]) == (3, None)
    assert first["items"][0]["platforms"] == {
        "ios": {"fixed_in": "2.26.1"},
        "android": {"newer_than": "2.26.2"},
    }


def test_one_is_dismissed_in_every_messenger(company: Harness, client: TestClient) -> None:
    answer = client.post(f"/advisories/{CVE}/dismiss", json={"reason": "none is affected", "by": "sam"})

    assert answer.status_code == 200, answer.text
    assert [(one["messenger"], one["status"]) for one in answer.json()["items"]] == [
        ("signal", "closed"),
        ("whatsapp", "closed"),
    ]
    with company.store.reading() as uow:
        [entry] = [one.entry for one in uow.journal.of(f"advisory:{CVE}")]
    assert (entry.event, entry.reason) == (events.ADVISORY_DISMISSED, "none is affected")
    assert entry.actor.endswith(":sam")


@pytest.mark.parametrize(
    "address, body, status",
    [
        ("/advisories/CVE-1999-0001/dismiss", {"reason": "why"}, 404),
        ("/advisories/7/dismiss", {"reason": "why"}, 422),
        (f"/advisories/{CVE}/dismiss", {"reason": ""}, 422),
        (f"/advisories/{CVE}/dismiss", {}, 422),
    ],
)
def test_what_is_refused(client: TestClient, address: str, body: dict[str, str], status: int) -> None:
    assert client.post(address, json=body).status_code == status


def test_twice_is_refused(client: TestClient) -> None:
    client.post(f"/advisories/{CVE}/dismiss", json={"reason": "why"})

    assert client.post(f"/advisories/{CVE}/dismiss", json={"reason": "why"}).status_code == 409


def test_each_asks_for_its_scope(calling: Clients) -> None:
    reader = calling("advisories:read")

    assert reader.get("/advisories").status_code == 200
    assert reader.post(f"/advisories/{CVE}/dismiss", json={"reason": "why"}).status_code == 403
    assert calling("messages:write").get("/advisories").status_code == 403
