"""`whosleft run` as a platform team sees it: /metrics over HTTP, Graph's ids in the log, and a port that is taken."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from contracts.entra_world import options
from fakes.graph import faults
from fakes.graph.lab import FakeEntra
from integration.company import COMMAND, Company

SOON_S = 60
Line = dict[str, Any]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.furnish()
    return company


@contextmanager
def running(company: Company) -> Iterator[subprocess.Popen[str]]:
    worker = subprocess.Popen(
        [COMMAND, "run", "-c", "whosleft.yaml"],
        cwd=company.folder,
        env={**os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=SOON_S)


def read_until(worker: subprocess.Popen[str], event: str, job: str | None = None) -> list[Line]:
    """The log up to the first line of this event (of this job)."""
    assert worker.stderr is not None
    end = monotonic() + SOON_S
    lines: list[Line] = []
    for text in worker.stderr:
        lines.append(json.loads(text))
        if lines[-1]["event"] == event and job in {None, lines[-1].get("job")}:
            return lines
        assert monotonic() < end, text
    raise AssertionError(f"the worker ended before {event}: {lines}")


def figures(address: str) -> dict[tuple[str, ...], float]:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=SOON_S) as answer:
        page = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def configure(company: Company, entra: FakeEntra, **sections: Any) -> None:
    """One tenant as the only directory."""
    settings = {
        "allow_literal_secrets": True,
        "organisation": {"default_region": "GB", "timezone": "Europe/London"},
        "database": {"url": company.database},
        "directories": [{"name": "tenant", "kind": "entra", **options(entra)}],
        "tickets": {"accountable": "it-security@example.org"},
        "ops": {"listen": "127.0.0.1:0"},
        "desk": {"listen": "127.0.0.1:0"},
        **sections,
    }
    (company.folder / "whosleft.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def test_a_round_is_counted_and_its_requests_are_in_the_log_with_their_ids(
    company: Company, tmp_path: Path
) -> None:
    with FakeEntra(tmp_path / "entra") as entra:
        entra.tenant.add(displayName="Ann Archer")
        entra.graph.limit_share = 0.9
        entra.graph.faults.add(faults.throttled(1), path="*/users/delta")
        configure(company, entra)

        with running(company) as worker:
            lines = read_until(worker, "job.finished", "poll")
            served = next(line for line in lines if line["event"] == "metrics.served")
            found = figures(served["listen"])
        asked = entra.graph.log

    noted = [line for line in lines if line["event"] in {"graph.answered", "graph.throttled"}]
    assert len(noted) == len(asked)
    assert [line["client_request_id"] for line in noted] == [
        one.headers["client-request-id"] for one in asked
    ]
    assert all(len(line["request_id"]) == 36 and line["source"] == "tenant" for line in noted)
    (throttled,) = (line for line in noted if line["event"] == "graph.throttled")
    assert (throttled["level"], throttled["retry_after_s"]) == ("warning", 1)
    assert "Ann" not in json.dumps(noted)

    statuses = [one.status for one in asked]
    assert found["whosleft_graph_requests_total", "tenant", "200"] == statuses.count(200)
    assert found["whosleft_graph_requests_total", "tenant", "429"] == statuses.count(429) == 1
    assert found["whosleft_graph_resource_units_total", "tenant"] == sum(line["units"] for line in noted)
    assert found["whosleft_graph_throttled_total", "tenant"] == 1
    assert found["whosleft_graph_held_back_total", "tenant"] == 0
    assert found["whosleft_graph_throttle_limit_ratio", "tenant"] == 0.9
    assert found["process_resident_memory_bytes",] > 0


def test_a_port_that_is_taken_is_named_before_any_work_begins(company: Company) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        text = (company.folder / "whosleft.yaml").read_text().replace("127.0.0.1:0", listen)
        (company.folder / "whosleft.yaml").write_text(text)

        said = company.run("run", code=2)

    assert said == (
        f"the configuration: ops.listen: nothing can listen on {listen} for /metrics (Address already in use). "
        "Give this worker an address of its own (port 0: any that is free), or stop what listens there.\n"
    )
    assert not (company.folder / "whosleft.db").exists()


def test_two_workers_side_by_side_have_a_page_each(company: Company, tmp_path: Path) -> None:
    other = Company(tmp_path / "other")
    other.folder.mkdir()
    other.configure()
    other.export()
    other.register()

    with running(company) as first, running(other) as second:
        addresses = {read_until(worker, "metrics.served")[-1]["listen"] for worker in (first, second)}
        assert len(addresses) == 2
        assert all(figures(address) for address in addresses)


def test_once_and_check_log_no_requests(company: Company, tmp_path: Path) -> None:
    with FakeEntra(tmp_path / "entra") as entra:
        entra.tenant.add()
        configure(company, entra)

        report = company.json("check")
        polled = company.run("once", "poll")

    assert report["ok"]
    assert "graph." not in polled
