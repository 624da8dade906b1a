"""What happened: as a feed, searched, as a pack; and how the sources are."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from fastapi.testclient import TestClient

from desk_setup import api_client
from harness import Harness
from journals import use_earlier_names
from worker.app.evidence.zip import verify_pack
from worker.desk.services import Services
from worker.ports import Port
from worker.ports.errors import Transient


def test_the_feed_goes_on_where_it_was(company: Harness, client: TestClient) -> None:
    seen: list[int] = []
    after = 0
    while items := (page := client.get("/events", params={"after": after, "limit": 7}).json())["items"]:
        seen += [one["seq"] for one in items]
        after = page["next"]
    client.post("/tickets/T-000001/acknowledge")
    new = client.get("/events", params={"after": after}).json()

    assert seen == list(range(1, after + 1))
    assert [(one["seq"], one["kind"]) for one in new["items"]] == [(after + 1, "ticket.acknowledged")]
    assert new["next"] == after + 1
    assert new["items"][0]["hash"] == company.journal()[-1].hash


def test_the_feed_says_where_to_go_on_when_nothing_is_new(company: Harness, client: TestClient) -> None:
    last = company.journal()[-1].seq

    assert client.get("/events", params={"after": last}).json() == {"items": [], "total": None, "next": last}
    # A database that was put back from a backup has less: the feed goes on from what there is
    assert client.get("/events", params={"after": last + 1000}).json()["next"] == last


def test_the_journal_is_searched_newest_first(client: TestClient) -> None:
    client.post("/tickets/T-000001/acknowledge", json={"by": "sam"})
    client.post("/tickets/T-000001/assign", json={"email": "gus@corp.example"})
    subject = client.post("/audit/search", json={"subject": "ticket:T-000001"}).json()["items"]
    opened = client.get("/audit?kind=ticket.open").json()["items"]
    first = client.get("/audit?kind=ticket.*&limit=1").json()
    second = client.get(f"/audit?kind=ticket.*&limit=1&before={first['next']}").json()
    actor = client.post("/audit/search", json={"actor": subject[1]["actor"]}).json()["items"]

    assert [one["kind"] for one in subject][:2] == ["ticket.assigned", "ticket.acknowledged"]
    assert {one["kind"] for one in opened} == {"ticket.opened"}
    assert first["items"] == subject[:1]
    assert second["items"] == subject[1:2]
    assert [one["seq"] for one in actor] == [subject[1]["seq"]]
    assert client.get("/audit?limit=500").json()["next"] is None


@pytest.mark.parametrize("kind", ["ticket.open", "ticket.opened"])
def test_an_event_is_found_and_shown_by_its_name_of_today_whenever_it_was_sealed(
    company: Harness, client: TestClient, kind: str
) -> None:
    now = client.get("/audit", params={"kind": kind}).json()["items"]
    use_earlier_names(company)
    before = client.get("/audit", params={"kind": kind}).json()["items"]
    feed = client.get("/events?limit=500").json()["items"]

    assert [(one["seq"], one["kind"]) for one in before] == [(one["seq"], "ticket.opened") for one in now]
    assert {one["kind"] for one in feed} >= {"ticket.opened"}
    assert "ticket.open" not in {one["kind"] for one in feed}
    assert client.get("/tickets/T-000001").json()["history"][0]["what"] == "ticket.opened"


def test_the_journal_is_searched_by_local_days_both_of_which_count(client: TestClient) -> None:
    def count(**days: str) -> int:
        return len(client.get("/audit", params={"limit": "500", **days}).json()["items"])

    every = count()
    assert count(**{"from": "2026-11-24", "to": "2026-11-25"}) == every
    assert 0 < count(to="2026-11-24") < every
    assert count(**{"from": "2026-11-26"}) == 0
    assert count(**{"from": "0001-01-01", "to": "9999-12-31"}) == every
    assert count(**{"from": "2026-11-24", "before": "999999"}) == every


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"person": "ann"},
        {"group": "ward-7"},
        {"from": "2026-11-24"},
        {"kind": "ticket.*", "from": "2026-11-24"},
    ],
)
def test_a_pack_is_a_download_that_can_be_checked(
    company: Harness, client: TestClient, body: dict[str, str] | None
) -> None:
    answer = client.post("/audit/export", json=body)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].endswith('.zip"')
    assert verify_pack(BytesIO(answer.content)).is_whole
    assert company.journal()[-1].entry.kind == "audit.exported"
    assert company.journal()[-1].entry.actor.startswith("api:")
    assert company.journal()[-1].entry.data["via"] == "api"


@pytest.mark.parametrize(
    "body, status",
    [({"person": "zoe"}, 404), ({"group": "ward-9"}, 404), ({"person": "ann", "group": "ward-9"}, 409),
     ({"from": "2026-11-25", "to": "2026-11-24"}, 409), ({"person": "ann", "actor": "sam"}, 409),
     ({"actor": "zoe"}, 409)],
)  # fmt: skip
def test_a_pack_is_about_what_there_is(client: TestClient, body: dict[str, str], status: int) -> None:
    assert client.post("/audit/export", json=body).status_code == status


@pytest.mark.parametrize("value", ["", " ", "\u3000", None])
@pytest.mark.parametrize("field", ["person", "group", "actor", "kind", "subject"])
def test_a_field_that_is_blank_makes_no_pack_of_everything(
    company: Harness, client: TestClient, field: str, value: str | None
) -> None:
    refused = client.post("/audit/export", json={field: value})

    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid")
    assert field in refused.json()["error"]["message"]
    assert company.journal()[-1].entry.kind != "audit.exported"


def test_a_group_s_name_that_several_have_makes_no_pack(company: Harness, client: TestClient) -> None:
    company.group("ward-7-b", "ben", name="Ward 7")
    company.settle()
    refused = client.post("/audit/export", json={"group": "ward 7"})

    assert refused.status_code == 409
    assert "several groups" in refused.json()["error"]["message"]


def test_a_read_of_a_source_can_be_asked_for(company: Harness, client: TestClient) -> None:
    first = client.post("/sources/wards/read")
    company.later()
    again = client.post("/sources/wards/read")

    assert (first.status_code, first.json()) == (202, again.json())
    assert first.json()["source"] == "wards"
    assert client.post("/sources/none/read").status_code == 404
    assert company.taker.is_due(company.now)


def test_sources_are_as_their_last_read_left_them(company: Harness, client: TestClient) -> None:
    fresh = {one["name"]: one for one in client.get("/sources").json()["items"]}
    company.corp.fail(Transient("the server is busy"))
    company.poll()
    failing = {one["name"]: one for one in client.get("/sources").json()["items"]}

    assert {name: one["port"] for name, one in fresh.items()} == {"corp": "directory", "wards": "inventory"}
    assert (fresh["corp"]["ok"], fresh["corp"]["stale"]) == (False, True)  # thirty hours have passed
    assert fresh["wards"]["ok"] is True
    assert failing["corp"]["failures"] == 1
    assert "the server is busy" in failing["corp"]["message"]
    assert failing["corp"]["remedy"]


def test_a_source_whose_last_word_is_too_old_is_red(company: Harness, client: TestClient) -> None:
    company.later(days=8)
    stale = client.get("/sources").json()["items"][1]

    assert (stale["name"], stale["ok"], stale["stale"]) == ("wards", False, True)
    assert "too old" in stale["message"]


def test_a_source_that_was_never_read_is_red(services: Services) -> None:
    more = replace(services, sources=(*services.sources, ("theatre", Port.INVENTORY, "register")))
    never = api_client(more).get("/sources").json()["items"][-1]

    assert (never["name"], never["kind"], never["ok"], never["stale"]) == (
        "theatre",
        "register",
        False,
        False,
    )
    assert never["message"] == "it was never read"


def test_a_source_has_its_days_and_each_job_its_last_run(company: Harness, client: TestClient) -> None:
    with company.store.begin() as uow:
        uow.jobs.record("poll", company.now, is_ok=True, report={"changed": 3})
    days = client.get("/sources/corp/days?days=7").json()
    jobs = client.get("/jobs").json()["items"]

    assert days["items"][0]["day"] == "2026-11-24"
    assert days["total"] == len(days["items"])
    assert jobs == [{"name": "poll", "last_run_at": "2026-11-25T20:00:00Z", "last_ok_at": "2026-11-25T20:00:00Z",
                     "report": {"changed": 3}}]  # fmt: skip
