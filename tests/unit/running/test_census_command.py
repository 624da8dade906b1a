"""`whosleft census`: from the public form's address to a ticket, from the files on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from worker.cli.common import opened
from worker.domain.controls.census import CensusRow
from worker.program import app as cli

AT = "2026-11-24T09:00:00Z"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PEOPLE = """objectGUID,displayName,mail,mobile,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512
"""
GROUPS = """Group,Member,Phone,Role
Ward 7,Dee Example,+447700900104,admin
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "whosleft.yaml"
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "groups.csv").write_text(GROUPS)
    file.write_text(
        "organisation: {name: X, timezone: Europe/London}\n"
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories: [{name: list, kind: register, path: groups.csv}]\n"
        "controls: {register: {}}\n"
    )
    assert run(file, "once", "all", "--now", AT).exit_code == 0
    return file


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config)])


def census(config: Path, *arguments: str) -> Result:
    return run(config, "census", *arguments, "--now", AT)


def name(config: Path, *rows: CensusRow) -> None:
    token = census(config, "link", "--by", "nia").stdout.strip().rpartition("/c/")[2]
    with opened(config, NOW) as worker:
        worker.census.name(token, rows, NOW)


def test_what_was_named_is_listed_and_decided(config: Path) -> None:
    assert "Nobody has named a group yet" in census(config, "list").stdout
    name(config, CensusRow("Porters", "signal", "Dee Example", 9), CensusRow("ward 7"), CensusRow("Ward. 7"))
    table = census(config, "list").stdout
    assert "Porters" in table
    listed = json.loads(census(config, "list", "--json").stdout)
    assert listed["total"] == 3
    by_name = {one["name"]: one for one in listed["items"]}
    assert by_name["Porters"] | {"named_at": AT} == {
        "id": "C-000001", "name": "Porters", "messenger": "signal", "decision": "open", "known": False,
        "named_by": 0, "anonymous": 1, "named_at": AT, "last_named_at": AT, "admins": ["Dee Example"], "members": 9,
        "same": [], "alike": [], "group": None, "ticket": None, "decided_at": None, "decided_by": None,
    }  # fmt: skip
    assert by_name["ward 7"]["known"]
    assert [one["name"] for one in by_name["ward 7"]["same"]] == ["Ward 7"]
    assert [one["name"] for one in by_name["Ward. 7"]["alike"]] == ["Ward 7"]

    said = census(config, "decide", "C-1", "--ask", "--by", "nia")
    assert "C-000001 Porters: somebody is asked" in said.stdout
    assert census(config, "decide", "C-3", "--group", "Ward 7", "--by", "nia").exit_code == 0
    decided = {one["id"]: one for one in json.loads(census(config, "list", "--json").stdout)["items"]}
    assert (decided["C-000001"]["decision"], decided["C-000001"]["ticket"]) == ("asked", "T-000001")
    assert decided["C-000003"]["group"].startswith("list/")
    shown = json.loads(run(config, "tickets", "show", "T-1", "--json", "--now", AT).stdout)
    assert shown["group"]["source"] == "~census"
    assert "list/" in census(config, "list").stdout.replace("\n", "")


def test_one_decision_is_made_at_a_time_on_what_there_is(config: Path) -> None:
    assert census(config, "decide", "C-1", "--by", "nia").exit_code == 2
    assert census(config, "decide", "C-1", "--ask", "--not-a-group", "--by", "nia").exit_code == 2
    unknown = census(config, "decide", "C-1", "--not-a-group", "--by", "nia")
    assert unknown.exit_code == 1
    assert "Nobody named a group" in str(unknown.exception)


def test_a_new_link_takes_the_place_of_the_old_one(config: Path) -> None:
    first = census(config, "link", "--by", "nia").stdout
    assert census(config, "link", "--by", "nia").stdout == first
    assert census(config, "link", "--new", "--by", "nia").stdout != first
