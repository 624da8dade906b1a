"""Rotas on the command line: who is on call, from the configuration and from a real calendar over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.calendars.server import CalendarServer, ics
from fakes.graph.http import Reply
from integration.company import Company

NOW = ("--now", "2026-12-23T12:00:00Z")
ROTAS = """
rotas:
  - name: security
    timezone: Europe/London
    layers:
      - {people: [a@example.org, b@example.org], turn: 1w, handover: "mon 09:00", from: 2026-11-02}
      - {people: [n@example.org], turn: 1d, handover: "18:00", hours: "18:00-09:00", days: "sat,sun"}
    overrides: [{person: c@example.org, from: "2026-12-24 09:00", until: "2026-12-26 09:00", reason: leave}]
    fallback: it-security@example.org
"""
SITE = """
  - {name: site, timezone: Europe/London, fallback: f@example.org,
     ical: {url: "%s", aliases: {"Ann O.": a@example.org}}}
"""
TURNS = ics(
    "SUMMARY:Ann O.\nDTSTART;TZID=Europe/London:20261223T090000\nDTEND;TZID=Europe/London:20261228T090000",
    "SUMMARY:b@example.org\nDTSTART:20261228T090000Z\nDTEND:20270123T090000Z",
)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.configure()
    add(company, ROTAS)
    return company


def add(company: Company, text: str) -> None:
    with (company.folder / "whosleft.yaml").open("a") as file:
        file.write(text)


def who(shown: Any) -> list[tuple[str, str | None, str]]:
    return [(one["from_at"], one["person"], one["why"]) for one in shown["items"]]


def test_a_rota_shows_its_turns(company: Company) -> None:
    shown = company.json("rota", "show", "security", "--from", "2026-12-24", "--until", "2026-12-27")

    assert who(shown) == [
        ("2026-12-24T00:00:00Z", "b@example.org", "layer 1"),
        ("2026-12-24T09:00:00Z", "c@example.org", "override"),
        ("2026-12-26T09:00:00Z", "b@example.org", "layer 1"),
        ("2026-12-26T18:00:00Z", "n@example.org", "layer 2"),
        ("2026-12-27T09:00:00Z", "b@example.org", "layer 1"),
        ("2026-12-27T18:00:00Z", "n@example.org", "layer 2"),
    ]
    assert shown["items"][-1]["until_at"] == "2026-12-28T00:00:00Z"
    assert shown["total"] == 6


def test_a_rota_is_shown_for_two_weeks_from_today(company: Company) -> None:
    shown = company.json("rota", "show", "security", *NOW)
    table = company.run("rota", "show", "security", *NOW)

    assert shown["items"][0]["from_at"] == "2026-12-23T00:00:00Z"
    assert shown["items"][-1]["until_at"] == "2027-01-06T00:00:00Z"
    assert "Thu 2026-12-24 09:00 +0000  Sat 2026-12-26 09:00 +0000  c@example.org  override" in table


def test_what_can_t_be_shown_is_refused(company: Company) -> None:
    assert "The configuration has: security" in company.run("rota", "show", "secruity", code=1)
    assert "not a day" in company.run("rota", "show", "security", "--from", "soon", code=2)
    backwards = ("--from", "2026-12-24", "--until", "2026-12-20")
    assert "--until" in company.run("rota", "show", "security", *backwards, code=2)


def test_a_rota_that_always_has_somebody_has_no_gaps(company: Company) -> None:
    assert company.json("rota", "gaps", *NOW) == {"items": [], "total": 0}
    assert "always" in company.run("rota", "gaps", *NOW)


def test_a_calendar_is_read_and_its_gaps_are_found(company: Company) -> None:
    with CalendarServer(TURNS) as server:
        add(company, SITE % server.address)
        before = company.run("rota", "gaps", *NOW, code=1)
        read = company.run("once", "watch", *NOW)
        again = company.run("once", "watch", *NOW)
        shown = company.json("rota", "show", "site", *NOW)
        server.reply = Reply(200, b"<html>Sign in</html>", "text/html")
        failed = company.run("once", "watch", "--now", "2026-12-24T13:00:00Z", code=1)
        later = company.run("rota", "show", "site", "--now", "2026-12-24T13:00:00Z")
        statuses = [line.status for line in server.log]

    assert "nobody" in before
    assert "not read for too long" in before
    assert "1 calendars, 1 calendars changed" in read
    assert "1 calendars" in again
    assert statuses == [200, 304, 200]
    assert who(shown)[:3] == [
        ("2026-12-23T00:00:00Z", "f@example.org", "fallback"),
        ("2026-12-23T09:00:00Z", "a@example.org", "layer 1"),
        ("2026-12-28T09:00:00Z", "b@example.org", "layer 1"),
    ]
    assert "it is a web page and no calendar" in failed
    assert "the fallback is asked" in failed
    assert "private" not in failed
    assert "f@example.org" in later
    assert "a@example.org" not in later


def test_all_jobs_together_read_no_calendar(company: Company) -> None:
    company.export()
    company.register()

    assert "watch" not in company.run("once", "all", *NOW)


def test_gaps_are_told_by_an_exit_code(company: Company) -> None:
    add(company, '  - {name: nights, layers: [{people: [n@example.org], turn: 1d, hours: "18:00-09:00"}]}\n')

    found = json.loads(company.run("rota", "gaps", "--json", *NOW, code=1))

    assert {(one["rota"], one["why"], one["person"]) for one in found["items"]} == {
        ("nights", "nobody", None)
    }
    assert found["items"][0]["from_at"] == "2026-12-23T12:00:00Z"
