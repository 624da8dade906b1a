"""Reports of bad messages for programs: each without its text, page by page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from desk_setup import api_client, services_of
from harness import Harness, company_fixture
from worker.app.acts.reporting import ReportSaid
from worker.domain.controls.policy import ControlPolicy, ReportsRule
from worker.domain.controls.reports import ReportOutcome, Tier
from worker.domain.model import GroupKey

WARD = GroupKey("wards", "ward-7")


@company_fixture
def ward() -> Harness:
    """Ward 7 with two reports, the first of which has an outcome."""
    harness = Harness(controls=ControlPolicy(reports=(ReportsRule(),)))
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()
    token = (harness.app.reporting.url(WARD, harness.now) or "").rpartition("/r/")[2]
    for tier, about_admin in ((Tier.OTHER, False), (Tier.HARM, True)):
        said = ReportSaid(tier, about_admin=about_admin, words="SECRET-WORDS")
        harness.app.reporting.report(token, said, harness.now)
    link = harness.link(1).rpartition("/")[2]
    harness.app.reporting.settle(link, ReportOutcome.TOO_LATE, "", 1, harness.now)
    return harness


@pytest.fixture
def client(ward: Harness) -> Iterator[TestClient]:
    with api_client(services_of(ward), ["reports:read"]) as made:
        yield made


def test_a_report_has_these_fields_and_not_its_text(client: TestClient, ward: Harness) -> None:
    answer = client.get("/reports")
    assert "SECRET-WORDS" not in answer.text
    first, second = answer.json()["items"]
    assert first == {
        "id": "R-000001",
        "group": {"source": "wards", "id": "ward-7", "name": "Ward 7"},
        "tier": "other",
        "about_admin": False,
        "at": f"{ward.now:%Y-%m-%dT%H:%M:%SZ}",
        "anonymous": True,
        "outcome": "too_late",
        "ticket": "T-000001",
    }
    assert (second["tier"], second["about_admin"], second["outcome"]) == ("harm", True, None)


def test_they_come_page_by_page(client: TestClient) -> None:
    first = client.get("/reports", params={"limit": 1}).json()
    rest = client.get("/reports", params={"limit": 1, "after": first["next"]}).json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == ["R-000001", "R-000002"]
    assert rest["next"] is None


def test_another_scope_reads_none(ward: Harness) -> None:
    with api_client(services_of(ward), ["controls:read", "tickets:read"]) as made:
        assert made.get("/reports").status_code == 403


def test_a_group_has_the_address_of_its_form(ward: Harness) -> None:
    with api_client(services_of(ward), ["groups:read"]) as made:
        url = made.get("/groups/wards/ward-7").json()["report_url"]
    assert url == ward.app.reporting.url(WARD, ward.now)
    off = Harness()
    off.hire("ann")
    off.group("ward-7", "ann")
    off.settle()
    with api_client(services_of(off), ["groups:read"]) as made:
        assert made.get("/groups/wards/ward-7").json()["report_url"] is None
    off.close()
