"""Silences, snoozes and messages through the API, as whom, and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from desk_setup import Clients
from harness import Harness
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.ports import Rejected
from worker.ports.state.outbox import OutMessage

WARDS = {"groups": ["Ward*"], "reason": "moving house"}


def act(client: TestClient, address: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
    answer = client.post(address, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def dead(company: Harness) -> Harness:
    """Two messages reached nobody, and others wait."""
    company.deliver()
    for name in ("fay", "gus"):
        company.queue(OutMessage(name, person_at(f"{name}@corp.example"), "News", Paragraph("News")))
        company.soc.fail_next(Rejected("No.", remedy="Look."))
        company.deliver()
    company.queue(*(OutMessage(key, CHANNEL, "News", Paragraph("News")) for key in ("c", "d")))
    return company


def test_a_silence_is_made_listed_and_ended(company: Harness, client: TestClient) -> None:
    made = act(client, "/silences", WARDS | {"kinds": ["remove_member"], "for": "12h", "by": "sam"})

    assert made["until"] == f"{company.now + timedelta(hours=12):%Y-%m-%dT%H:%M:%SZ}"
    assert (made["groups"], made["kinds"], made["ended_at"]) == (["Ward*"], ["remove_member"], None)
    assert made["by"].endswith(":sam")
    assert client.get("/silences").json() == {"items": [made], "total": 1, "next": None}

    ended = act(client, f"/silences/{made['id']}/end")
    assert ended["ended_at"] is not None
    assert act(client, f"/silences/{made['id']}/end", status=409)["error"]["code"] == "refused"
    assert act(client, "/silences/S-000099/end", status=404)["error"]["code"] == "not_found"


def test_a_silence_ends_with_a_day_of_the_organisation(company: Harness, client: TestClient) -> None:
    day = (company.now + timedelta(days=2)).date().isoformat()

    assert act(client, "/silences", WARDS | {"until": day})["until"].startswith(day[:8])


@pytest.mark.parametrize(
    "body, said",
    [
        (WARDS, "for, or until"),
        (WARDS | {"for": "1h", "until": "2027-01-01"}, "for, or until"),
        (WARDS | {"for": "31d"}, "30 days at most"),
        ({"for": "1h", "reason": "r"}, "A silence of everything is none"),
    ],
)
def test_a_silence_that_is_none_is_refused(client: TestClient, body: dict[str, Any], said: str) -> None:
    assert said in act(client, "/silences", body, 409)["error"]["message"]


@pytest.mark.parametrize("span", ["0h", "1", "h", "-1h", "1.5h", "100000d", "1h30m", "", None, 3])
def test_a_span_in_another_form_is_refused(client: TestClient, span: object) -> None:
    said = act(client, "/tickets/T-000006/snooze", {"for": span}, 422)

    assert "90m, 4h or 2d" in said["error"]["message"]


def test_a_ticket_is_snoozed_and_acknowledged_for_so_long(company: Harness, client: TestClient) -> None:
    snoozed = act(client, "/tickets/T-000006/snooze", {"for": "2h", "by": "sam", "reason": "after the round"})
    held = act(client, "/tickets/T-000006/acknowledge", {"for": "90m"})
    by_policy = act(client, "/tickets/T-000006/acknowledge")

    def at(**span: float) -> str:
        return f"{company.now + timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"

    assert snoozed["snoozed_until"] == at(hours=2)
    assert (held["acknowledged_until"], by_policy["acknowledged_until"]) == (at(minutes=90), at(hours=4))
    assert "at most" in act(client, "/tickets/T-000006/snooze", {"for": "90d"}, 409)["error"]["message"]


def test_the_dead_are_listed_sent_once_more_and_given_up(dead: Harness, client: TestClient) -> None:
    listed = client.get("/deliveries", params={"state": "dead"}).json()
    one, other = listed["items"]

    assert (listed["total"], listed["next"], one["state"], one["over"]) == (2, None, "dead", "soc")
    assert act(client, f"/deliveries/{one['id']}/retry")["id"] == one["id"]
    assert act(client, f"/deliveries/{other['id']}/drop", {"reason": "told by phone"})["id"] == other["id"]
    assert client.get("/deliveries", params={"state": "dead"}).json()["items"] == []
    act(client, f"/deliveries/{one['id']}/retry", status=409)
    act(client, f"/deliveries/{one['id']}/drop", {"reason": " "}, 422)
    actors = [entry.entry.actor for entry in dead.journal() if entry.entry.kind.startswith("delivery.")]
    assert [actor.startswith("api:") for actor in actors] == [True, True]


def test_messages_are_listed_page_by_page_each_once(dead: Harness, client: TestClient) -> None:
    every = client.get("/deliveries", params={"limit": 500}).json()
    found, place = [], ""
    while True:
        page = client.get("/deliveries", params={"limit": 2, "after": place}).json()
        found += page["items"]
        if page["next"] is None:
            break
        place = page["next"]

    assert found == every["items"]
    assert len(found) == every["total"] == page["total"] > 5
    assert found[0]["id"].startswith("M-")
    assert {one["state"] for one in found} == {"waiting", "sent", "dead"}
    assert dead.soc.sent


def test_an_address_with_two_methods_names_both(client: TestClient) -> None:
    answer = client.delete("/silences")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_each_call_asks_for_its_scope(calling: Clients) -> None:
    reader = calling("messages:read")

    assert reader.get("/silences").status_code == reader.get("/deliveries").status_code == 200
    assert act(reader, "/silences", WARDS | {"for": "1h"}, 403)["error"]["code"] == "scope_missing"
    assert calling("tickets:write").get("/deliveries").status_code == 403
