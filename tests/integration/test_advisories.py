"""Advisories on the command line: read from real servers and files, listed, dismissed, in check and in the report."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.advisories.server import KevServer, NvdServer, catalogue, configured, cpe, cve_row, kev_row, scored
from fakes.graph.http import Reply
from integration.company import Company

CVE, OTHER = "CVE-2026-10001", "CVE-2026-10002"
WHATSAPP = "cpe:2.3:a:whatsapp:whatsapp:*:*:*:*:*:android:*:*"
FEEDS = """
controls:
  advisories:
    feeds:
      - {{name: kev, kind: kev, url: "{kev}"}}
      - {{name: nvd, kind: nvd, url: "{nvd}", api_key: "${{env:NVD_KEY}}"}}
    messengers: [whatsapp]
  providers: {{whatsapp: {{contract: none}}}}
"""
BROUGHT = """
controls: {advisories: {feeds: [{name: brought, kind: kev_file, path: kev.json}], messengers: [whatsapp]}}
"""
NOW = ("--now", "2026-11-24T09:00:00Z")


def company_with(folder: Path, text: str) -> Company:
    company = Company(folder)
    company.configure()
    with (company.folder / "whosleft.yaml").open("a") as file:
        file.write(text)
    return company


@pytest.fixture
def kev() -> Iterator[KevServer]:
    with KevServer() as server:
        server.put(kev_row(CVE))
        yield server


@pytest.fixture
def nvd() -> Iterator[NvdServer]:
    with NvdServer() as server:
        found = configured([cpe(WHATSAPP, versionEndExcluding="2.26.1")])
        server.rows = [cve_row(CVE, configurations=found, metrics=scored(5.4))]
        yield server


@pytest.fixture
def company(tmp_path: Path, kev: KevServer, nvd: NvdServer, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("NVD_KEY", "invented-key-of-nvd")
    monkeypatch.setattr("connectors.advisories.nvd.client.PAUSE_S", 0.0)
    return company_with(tmp_path, FEEDS.format(kev=kev.address, nvd=nvd.address))


def test_they_are_read_listed_and_dismissed(company: Company) -> None:
    company.run("once", "watch", *NOW)
    shown = company.json("advisories", "list")

    assert shown == {
        "items": [
            {
                "id": CVE,
                "messenger": "whatsapp",
                "platforms": {"android": {"fixed_in": "2.26.1"}},
                "matched_by": "cpe",
                "exploited": True,
                "cvss": 5.4,
                "status": "fix_known",
                "sources": ["kev", "nvd"],
                "seen_at": "2026-11-24T09:00:00Z",
            }
        ],
        "total": 1,
    }
    table = company.run("advisories", "list")
    assert "5.4 exploited" in table
    assert ">= 2.26.1" in table
    assert "not endorsed or certified by the NVD" in table

    said = company.run("advisories", "dismiss", CVE, "--reason", "every phone is new", "--by", "dee")
    assert f"{CVE} is closed for WhatsApp:" in said
    assert company.json("advisories", "list")["items"][0]["status"] == "closed"


def test_the_report_has_both_controls(company: Company) -> None:
    company.export()
    company.register()
    company.run("once", "poll", "inventory", "watch", *NOW)
    found = {one["id"]: one for one in company.json("report", "controls", *NOW)["controls"]}

    assert (found["watch.advisories"]["fail"], found["watch.advisories"]["mode"]) == (1, "report")
    assert (found["watch.provider"]["fail"], found["watch.provider"]["seed"]) == (1, ["S30"])
    assert found["watch.advisories"]["cannot_prove"]


def test_check_names_a_feed_that_can_t_be_read(company: Company, nvd: NvdServer) -> None:
    company.export()
    company.register()
    company.run("once", "poll", "inventory", "watch", *NOW)
    nvd.answer_with(*[Reply(404, b"")] * 4)

    shown = company.json("check", *NOW, code=1)
    bad = [(one["name"], one["port"]) for one in shown["sources"] if not one["ok"]]
    assert ("nvd", "advisories") in bad
    assert ("kev", "advisories") not in bad


def test_one_feed_that_fails_stops_nothing_and_the_exit_says_so(company: Company, kev: KevServer) -> None:
    kev.answer_with(Reply(200, b"<html>"))

    said = company.run("once", "watch", *NOW, code=1)

    assert "the KEV catalogue is a web page" in said
    assert company.json("advisories", "list")["items"][0]["sources"] == ["nvd"]


def test_on_a_site_without_a_network_a_file_is_enough(tmp_path: Path) -> None:
    company = company_with(tmp_path, BROUGHT)
    (company.folder / "kev.json").write_text(json.dumps(catalogue(kev_row(OTHER))), encoding="utf-8")
    company.run("once", "watch", *NOW)

    shown = company.json("advisories", "list")["items"]
    assert [(one["id"], one["status"], one["platforms"]) for one in shown] == [(OTHER, "notified", {})]


def test_what_is_wrong_is_said(company: Company) -> None:
    assert "no advisory" in company.run("advisories", "dismiss", OTHER, "--reason", "why", code=1)
    assert "say why" in company.run("advisories", "dismiss", OTHER, code=2)
    assert "No advisory is known" in company.run("advisories", "list")
