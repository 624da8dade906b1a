"""`whosleft report exposure|readiness` and `people show`: text, JSON, CSV and HTML, on standard output and in files."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from worker.program import app as cli

FIRST, THEN = "2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z"
PEOPLE = """objectGUID,displayName,mail,mobile,department,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,Surgery,512
11111111-1111-4111-8111-111111111112,Ann Sample,ann@example.org,+447700900101,Surgery,{ann}
"""
GROUPS = """Group,Member,Phone,Role
Ward 7,Dee Example,+447700900104,admin
Ward 7,Ann Sample,+447700900101,member
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company: a register with ward 7, which ann is still in though she left on 23 November."""
    folder = tmp_path_factory.mktemp("ward")
    file = folder / "whosleft.yaml"
    (folder / "people.csv").write_text(PEOPLE.format(ann=514))
    (folder / "groups.csv").write_text(GROUPS)
    for name in ("people.csv", "groups.csv"):
        os.utime(folder / name, (at := datetime.fromisoformat(FIRST).timestamp(), at))
    file.write_text(
        "organisation: {name: X, timezone: Europe/London}\n"
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories: [{name: wards, kind: register, path: groups.csv}]\n"
        "controls: {report_min: 1}\n"
    )
    assert run(file, "once", "all", "--now", FIRST).exit_code == 0
    return folder


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config)])


def exposure(config: Path, *arguments: str) -> Result:
    return run(config, "report", "exposure", "--now", THEN, *arguments)


def test_exposure_as_json(config: Path) -> None:
    done = exposure(config, "--format", "json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    [row] = found["rows"]
    assert found["month"] == "2026-11"
    assert (row["department"], row["member_hours"], row["open"]) == ("Surgery", 24.0, 1)
    assert json.loads(exposure(config, "--json").stdout) == found


def test_exposure_as_text(config: Path) -> None:
    done = exposure(config)
    assert done.exit_code == 0, done.output
    assert "Exposed member-hours in 2026-11" in done.stdout
    assert "24.0" in done.stdout
    october = exposure(config, "--month", "2026-10")
    assert "Nothing is recorded of 2026-10: the journal begins later, or is empty." in october.stdout


def test_exposure_in_files(config: Path, tmp_path: Path) -> None:
    for name in ("text", "csv", "html", "json"):
        file = tmp_path / f"report.{name}"
        done = exposure(config, "--format", name, "-o", str(file))
        assert (done.exit_code, done.stdout) == (0, ""), done.output
        assert "Surgery" in file.read_text(encoding="utf-8")


def test_a_wrong_month_says_how_to_write_it(config: Path) -> None:
    done = exposure(config, "--month", "nov")
    assert done.exit_code == 2, "the call is wrong"
    assert "write it like 2026-11" in " ".join(done.output.split())


# --- readiness -----------------------------------------------------------------------------------------


def readiness(config: Path, *arguments: str) -> Result:
    return run(config, "report", "readiness", "--now", THEN, *arguments)


def test_readiness_as_text_says_what_stays_behind(config: Path) -> None:
    done = readiness(config, "--target", "Telegram")
    assert done.exit_code == 0, done.output
    assert "needs accounts" in done.stdout
    assert "What does not come along:" in done.stdout


def test_readiness_as_json(config: Path) -> None:
    found = json.loads(readiness(config, "--target", "teams", "--json").stdout)
    assert found["target"] == "teams"
    assert [one["group"]["name"] for one in found["groups"]] == ["Ward 7"]


def test_readiness_in_files(config: Path, tmp_path: Path) -> None:
    for name in ("text", "csv", "html", "json"):
        file = tmp_path / f"report.{name}"
        done = readiness(config, "--target", "teams", "--format", name, "-o", str(file))
        assert (done.exit_code, done.stdout) == (0, ""), done.output
        assert "Ward 7" in file.read_text(encoding="utf-8")


def test_readiness_wants_a_target(config: Path) -> None:
    for arguments in ((), ("--target", "pigeons")):
        done = readiness(config, *arguments)
        assert done.exit_code == 2, "the call is wrong"
        assert "--target" in done.output


# --- what a leaver keeps -------------------------------------------------------------------------------


def test_a_persons_case_says_what_they_keep(config: Path) -> None:
    done = run(config, "people", "show", "ann@example.org", "--json", "--now", THEN)
    [kept] = json.loads(done.stdout)["keeps"]
    assert (kept["group"]["name"], kept["class"], kept["from"], kept["until"]) == ("Ward 7", "", None, None)
    assert "Could read" in run(config, "people", "show", "ann@example.org", "--now", THEN).stdout
    assert "Could read" not in run(config, "people", "show", "dee@example.org", "--now", THEN).stdout
