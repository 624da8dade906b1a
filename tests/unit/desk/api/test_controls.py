"""Controls for programs: the last run's counts, and what fails, page by page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from desk_setup import api_client, services_of
from harness import Harness, company_fixture
from worker.domain.controls import CATALOGUE
from worker.domain.controls.policy import AdminsRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode


@company_fixture
def wards() -> Harness:
    """Two groups with one admin only, the second of which is sensitive."""
    harness = Harness(
        controls=ControlPolicy(admins=(AdminsRule(ControlSwitch(Mode.TICKET)),)), sensitive=("Ward 2",)
    )
    harness.hire("ann", "ben", "dee")
    for name in ("ward-1", "ward-2"):
        harness.group(name, "ann", "ben", admins=["dee"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.later()
    harness.control()
    return harness


@pytest.fixture
def client(wards: Harness) -> Iterator[TestClient]:
    with api_client(services_of(wards), ["controls:read"]) as made:
        yield made


def test_the_counts_are_those_of_the_last_run(client: TestClient, wards: Harness) -> None:
    ran_at = wards.now
    wards.later()
    answer = client.get("/controls").json()
    assert answer["at"] == f"{ran_at:%Y-%m-%dT%H:%M:%SZ}"
    assert [one["id"] for one in answer["controls"]] == list(CATALOGUE)
    [few] = [one for one in answer["controls"] if one["id"] == "group.admins_few"]
    assert (few["mode"], few["subjects"], few["pass"], few["fail"]) == ("ticket", 2, 0, 2)
    assert few["tickets"] == {"live": 2, "overdue": 0}
    [off] = [one for one in answer["controls"] if one["id"] == "group.dormant"]
    assert (off["mode"], off["subjects"]) == (None, 0)


def test_what_fails_goes_on_page_by_page_the_sensitive_first(client: TestClient, wards: Harness) -> None:
    path = "/controls/group.admins_few/failures"
    first = client.get(path, params={"limit": 1}).json()
    second = client.get(path, params={"limit": 1, "after": first["next"]}).json()
    assert [one["items"][0]["name"] for one in (first, second)] == ["Ward 2", "Ward 1"]
    assert second["next"] is None
    one = first["items"][0]
    labels = {ticket.group_name: ticket.label for ticket in wards.tickets()}
    assert (one["value"], one["found"], one["wanted"], one["sensitive"]) == ("fail", "1", "2", True)
    assert one["ticket"] == labels["Ward 2"]


def test_a_control_that_there_is_not_is_not_found(client: TestClient) -> None:
    assert client.get("/controls/profile.smell/failures").status_code == 404
    assert client.get("/controls/X/failures").status_code in {400, 422}


def test_without_the_scope_nothing_is_told(wards: Harness) -> None:
    with api_client(services_of(wards), ["groups:read"]) as other:
        assert other.get("/controls").status_code == 403
