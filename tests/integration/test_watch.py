"""The installed command and a dead man's switch on loopback: what is pinged, and what a process that runs does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from fakes.checks.server import KNOWN, UNKNOWN, Checks, checking
from integration.company import COMMAND, Company
from worker.app.jobs.table import OF_ALL

SOON_S = 60.0


@pytest.fixture
def checks() -> Iterator[Checks]:
    with checking() as found:
        yield found


@pytest.fixture
def company(tmp_path: Path, checks: Checks, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("PING_URL", f"{checks.address}{KNOWN}")
    company = Company(tmp_path)
    company.configure()
    with (company.folder / "whosleft.yaml").open("a") as file:
        file.write(
            'watch: {ping: {url: "${env:PING_URL}", every: 5s}, canary: {to: sam@example.org, at: "00:00"}}\n'
        )
    company.export()
    company.register()
    return company


def until(is_so: Callable[[], bool]) -> None:
    end = monotonic() + SOON_S
    while not is_so():
        assert monotonic() < end
        sleep(0.1)


def test_the_switch_hears_only_after_a_good_round_and_then_why_there_is_none(
    company: Company, checks: Checks
) -> None:
    said = company.run("once", "watch")
    assert "pinged" not in said
    assert checks.heard == []

    company.run("once", "all")
    assert "1 pinged" in company.run("once", "watch")
    assert checks.heard == [("POST", "success", "")]

    export = company.folder / "people.csv"
    export.write_text("\r\n".join(export.read_text(encoding="utf-8-sig").splitlines()[:2]) + "\r\n")
    company.run("once", "all", code=1)
    company.run("once", "watch")
    assert checks.heard[1:] == [("POST", "fail", "not well: source corp")]


def test_one_command_does_the_jobs_then_looks_and_tells_of_it_in_the_same_run(
    company: Company, checks: Checks
) -> None:
    everything = ("once", "all", "watch", "deliver")
    said = company.run(*everything)
    assert [line.split()[0] for line in said.splitlines() if line[0].islower()] == [
        *OF_ALL,
        "watch",
        "deliver",
    ]
    assert checks.heard == [("POST", "success", "")]
    assert re.search(r"^watch .*[12] sent\ndeliver +(\d) folded, \1 sent$", said, re.MULTILINE), (
        "the daily test message, and on Mondays the report"
    )

    (company.folder / "people.csv").write_text("nothing of it\r\n")
    said = company.run(*everything, code=1)
    assert checks.heard[1:] == [("POST", "fail", "not well: source corp")]
    assert "Can't see: corp" in said


def test_an_unknown_check_is_the_command_s_failure_and_its_address_is_not_shown(
    company: Company, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PING_URL", f"{checks.address}{UNKNOWN}")
    company.run("once", "all")

    said = company.run("once", "watch", code=1)

    assert checks.heard == []
    assert UNKNOWN not in said


def test_a_worker_that_runs_pings_at_the_switch_s_own_pace(company: Company, checks: Checks) -> None:
    worker = subprocess.Popen(
        [COMMAND, "run", "--role", "worker", "-c", "whosleft.yaml"],
        cwd=company.folder,
        env={**os.environ},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: len(checks.heard) >= 2)
    finally:
        worker.send_signal(signal.SIGTERM)
        _, log = worker.communicate(timeout=SOON_S)

    assert {state for _, state, _ in checks.heard} == {"success"}
    assert worker.returncode == 0
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] == "error"]
    assert checks.address not in log
