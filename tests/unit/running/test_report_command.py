"""`whosleft report controls`, in every format, and into a file."""

from __future__ import annotations

import csv
import json
import os
import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from worker.app.refused import Refused
from worker.cli.report import deliver
from worker.domain.controls import CATALOGUE
from worker.program import app as cli
from worker.running.wiring import load_settings, open_app

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "whosleft.yaml"
    file.write_text(
        'database: {url: "sqlite:///whosleft.db"}\norganisation: {name: "St Mary\'s"}\ncontrols: {admins: {}}\n'
    )
    with open_app(load_settings(file), lambda: NOW):
        pass
    return file


def report(config: Path, *arguments: str) -> Result:
    command = ["report", "controls", "-c", str(config), "--now", f"{NOW:%Y-%m-%dT%H:%M:%SZ}", *arguments]
    return CliRunner().invoke(cli, command, env={"COLUMNS": "200"})


def test_a_person_reads_a_table(config: Path) -> None:
    done = report(config)
    assert done.exit_code == 0
    for control in CATALOGUE:
        assert control in done.stdout
    assert "group.admins_few" in done.stdout


def test_a_person_is_told_that_most_are_off(tmp_path: Path, config: Path) -> None:
    config.write_text('database: {url: "sqlite:///whosleft.db"}\n')
    assert "most of them are off" in report(config).stdout


def test_a_program_gets_the_contract_s_form(config: Path) -> None:
    for arguments in (("--json",), ("--format", "json")):
        answer = json.loads(report(config, *arguments, "--framework", "iso27001").stdout)
        assert answer["at"] == "2026-11-24T09:00:00Z"
        assert [one["id"] for one in answer["controls"]] == list(CATALOGUE)
        [few] = [one for one in answer["controls"] if one["id"] == "group.admins_few"]
        assert few["mode"] == "report"
        assert {one["framework"] for one in few["supports"]} == {"iso27001"}


def test_a_spreadsheet_gets_a_row_for_each(config: Path) -> None:
    rows = list(csv.DictReader(report(config, "--format", "csv").stdout.removeprefix("\ufeff").splitlines()))
    assert [row["id"] for row in rows] == list(CATALOGUE)


def test_a_page_goes_into_a_file(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert report(config, "--format", "html", "-o", str(file)).stdout == ""
    assert "St Mary&#39;s" in file.read_text(encoding="utf-8")
    text = tmp_path / "report.txt"
    report(config, "-o", str(text))
    assert len(text.read_text(encoding="utf-8").splitlines()) == len(CATALOGUE)


def test_a_file_that_cannot_be_written_is_said_with_a_remedy(config: Path, tmp_path: Path) -> None:
    done = report(config, "-o", str(tmp_path / "no" / "report.txt"))
    assert isinstance(done.exception, Refused)
    assert "can't be written" in str(done.exception)


def test_a_report_that_a_full_disk_does_not_take_leaves_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("that of last month")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(
            Refused, match=r"report.html can't be written: File too large\. Name another place"
        ):
            deliver("x" * 5000, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [
        ("report.html", "that of last month")
    ]


def test_a_report_goes_into_a_device(config: Path) -> None:
    assert report(config, "-o", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


def test_an_unknown_framework_is_refused(config: Path) -> None:
    assert report(config, "--framework", "iso9001").exit_code == 2
