"""`whosleft run` while its configuration changes: taken over whole, or refused whole, without leaving the process."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from integration.company import COMMAND, CONFIG, Company, company
from worker.storage.sql.single_worker import sole_worker

__all__ = ["company"]

SOON_S = 60


class Worker:
    """A process, whose log is read as it comes."""

    def __init__(self, company: Company, *program: str) -> None:
        command = [*(program or [str(COMMAND)]), "run", "-c", "whosleft.yaml"]
        pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        self.child = subprocess.Popen(command, cwd=company.folder, env={**os.environ}, **pipes)
        self.said: list[dict[str, Any]] = []

    def wait(self, event: str) -> dict[str, Any]:
        """Read the log until an event comes."""
        assert self.child.stderr is not None
        end = monotonic() + SOON_S
        for line in self.child.stderr:
            assert monotonic() < end, line
            if line.startswith("{"):  # else it is a message to people
                self.said.append(json.loads(line))
                if self.said[-1]["event"] == event:
                    return self.said[-1]
        raise AssertionError(f"it ended before {event}: {self.said[-3:]}")

    def end(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        self.child.communicate(timeout=SOON_S)
        return self.child.returncode


@pytest.fixture
def worker(company: Company) -> Iterator[Worker]:
    running = Worker(company)
    running.wait("worker.started")
    yield running
    running.child.kill()
    running.child.communicate(timeout=SOON_S)


def rewrite(company: Company, more: str = "", *, ops: str = "127.0.0.1:0") -> None:
    """The configuration with more at its end, at once, as Kubernetes exchanges a ConfigMap's folder."""
    part = company.folder / "part.yaml"
    file = company.folder / "whosleft.yaml"
    text = (CONFIG % company.database).replace('ops: {listen: "127.0.0.1:0"}', f'ops: {{listen: "{ops}"}}')
    part.write_text(text + more)
    part.replace(file)


def test_a_change_is_taken_over_without_leaving_the_process(company: Company, worker: Worker) -> None:
    rewrite(company, "schedule: {poll: 17s}\n")

    changed = worker.wait("config.changed")
    started = worker.wait("worker.started")

    assert changed["changes"] == ["schedule.poll: 1 min -> 17 s"]
    assert started["jobs"]["poll"] == 17
    assert any(line["event"] == "worker.stopped" for line in worker.said)
    assert worker.child.poll() is None
    worker.wait("job.finished")
    assert worker.end() == 0


def test_what_can_t_be_used_is_refused_and_the_work_goes_on(company: Company, worker: Worker) -> None:
    rewrite(company, "guard: {leavers_max: many}\n")

    refused = worker.wait("config.refused")

    assert "guard.leavers_max" in refused["error"]
    company.export(disabled={15, 16})
    worker.wait("job.finished")
    assert not any(line["event"] == "worker.stopped" for line in worker.said)
    assert worker.end() == 0


def test_what_can_be_read_and_not_be_served_is_taken_back(company: Company, worker: Worker) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        rewrite(company, ops=f"127.0.0.1:{port}")

        worker.wait("config.changed")
        refused = worker.wait("config.refused")

        assert f"127.0.0.1:{port}" in refused["error"]
        worker.wait("worker.started")
    assert worker.end() == 0


def move(company: Company, url: str) -> None:
    """The same configuration with another database."""
    file, part = company.folder / "whosleft.yaml", company.folder / "part.yaml"
    part.write_text(file.read_text().replace(company.database, url))
    part.replace(file)


def test_a_database_whose_folder_is_not_there_is_refused_and_the_work_goes_on(
    company: Company, worker: Worker
) -> None:
    move(company, "sqlite:///nowhere/whosleft.db")

    refused = worker.wait("config.refused")

    assert "nowhere/whosleft.db does not exist" in refused["error"]
    worker.wait("worker.started")
    assert worker.end() == 0


def test_a_database_that_another_worker_has_is_refused_and_the_work_goes_on(
    company: Company, worker: Worker, tmp_path: Path
) -> None:
    folder = tmp_path / "another"
    folder.mkdir()
    with sole_worker(f"sqlite:///{folder}/whosleft.db"):
        move(company, f"sqlite:///{folder}/whosleft.db")

        refused = worker.wait("config.refused")

    assert "Another worker" in refused["error"]
    worker.wait("worker.started")
    assert worker.end() == 0


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes calls and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(SOON_S)
        yield server


@pytest.fixture
def waiting(company: Company, silent: socket.socket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker of which one job waits for a source that does not answer."""
    port = silent.getsockname()[1]
    monkeypatch.setenv("TOKEN", "of-nobody")
    file = company.folder / "whosleft.yaml"
    rooms = f'  - {{name: rooms, kind: matrix, url: "http://127.0.0.1:{port}", token: "${{env:TOKEN}}"}}\n'
    file.write_text(file.read_text().replace("inventories:\n", "inventories:\n" + rooms))
    worker = Worker(company)
    worker.wait("worker.started")
    with silent.accept()[0]:
        yield worker
    worker.child.kill()
    worker.child.communicate(timeout=SOON_S)


def test_a_source_that_does_not_answer_holds_up_neither_the_new_settings_nor_the_end(
    company: Company, waiting: Worker
) -> None:
    rewrite(company, "schedule: {poll: 17s}\n")

    assert waiting.wait("worker.stopped")["abandoned"] == ["inventory"], "else nothing is shown here"
    assert waiting.wait("worker.started")["jobs"]["poll"] == 17
    waiting.wait("job.finished")
    began_s = monotonic()
    assert waiting.end() == 0
    assert monotonic() - began_s < 10, "the job of before still waits for its source"


def test_a_source_that_does_not_answer_holds_up_no_end_by_an_error_either(
    company: Company, waiting: Worker
) -> None:
    with sqlite3.connect(company.folder / "whosleft.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.execute("UPDATE schema_floor SET revision = '9999'")
    database.close()

    assert waiting.wait("worker.stopped")["abandoned"] == ["inventory"], "else nothing is shown here"
    _, said = waiting.child.communicate(timeout=8)  # the source would let it go after half a minute
    assert waiting.child.returncode == 1
    assert "later release" in said
