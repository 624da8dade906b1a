"""`whosleft run` when Graph calls: what log, metrics and `check` say of it, and an address that can't be had."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import yaml

from contracts.entra_world import options
from fakes.graph import faults
from fakes.graph.lab import FakeEntra
from integration.company import COMMAND, Company
from ports import free_port

SOON_S = 60
URL, STATE = "https://hooks.corp.example/entra", "a-long-random-text-7"
Line = dict[str, Any]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


@pytest.fixture
def entra(tmp_path: Path) -> Iterator[FakeEntra]:
    with FakeEntra(tmp_path / "entra") as fake:
        fake.tenant.add(displayName="Ann Archer")
        yield fake


def configure(company: Company, entra: FakeEntra, listen: str, **sections: Any) -> None:
    """One tenant that is to call."""
    notifications = {"url": URL, "listen": listen, "client_state": STATE}
    tenant = {"name": "tenant", "kind": "entra", **options(entra, notifications=notifications)}
    settings = {
        "allow_literal_secrets": True,
        "organisation": {"default_region": "GB", "timezone": "Europe/London"},
        "database": {"url": company.database},
        "directories": [tenant],
        "tickets": {"accountable": "it-security@example.org"},
        "ops": {"listen": "127.0.0.1:0"},
        "desk": {"listen": "127.0.0.1:0"},
        **sections,
    }
    (company.folder / "whosleft.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


@contextmanager
def running(company: Company) -> Iterator[Iterator[Line]]:
    """The lines of a worker's log, as they come."""
    worker = subprocess.Popen(
        [COMMAND, "run", "-c", "whosleft.yaml"],
        cwd=company.folder,
        env={**os.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stderr is not None
    try:
        yield (json.loads(text) for text in worker.stderr)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=SOON_S)


def until(lines: Iterator[Line], event: str) -> Line:
    end = monotonic() + SOON_S
    for line in lines:
        if line["event"] == event:
            return line
        assert monotonic() < end, line
    raise AssertionError(f"the worker ended before {event}")


def post(listen: str, *notes: Mapping[str, Any]) -> int:
    connection = http.client.HTTPConnection(listen, timeout=SOON_S)
    try:
        connection.request("POST", "/entra", json.dumps({"value": notes}))
        return connection.getresponse().status
    finally:
        connection.close()


def figures(address: str) -> list[str]:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=SOON_S) as answer:
        page: str = answer.read().decode()
    return [line for line in page.splitlines() if line.startswith(("whosleft_graph_sub", "whosleft_graph_c"))]


def test_a_subscription_and_its_calls_are_in_the_log_the_metrics_and_check(
    company: Company, entra: FakeEntra
) -> None:
    listen = f"127.0.0.1:{free_port()}"
    configure(company, entra, listen)
    entra.graph.subscriptions.reach[URL] = f"http://{listen}/entra"

    with running(company) as lines:
        served = until(lines, "metrics.served")
        made = until(lines, "subscription.made")
        (subscription,) = entra.graph.subscriptions.by_id.values()
        entra.tenant.add()
        (delivery,) = entra.graph.subscriptions.deliver()
        accepted = until(lines, "call.accepted")
        forged = entra.graph.subscriptions.note(subscription, "x", "updated") | {"clientState": "\ud800"}
        assert [post(listen, forged), post(listen), post(listen, forged)] == [400] * 3
        refused = [until(lines, "call.refused"), until(lines, "call.refused")]
        found = figures(served["listen"])
        shown = company.json("check")["sources"][0]["notifications"]

    assert delivery.status == 202
    assert (made["source"], made["level"], made["ends_at"]) == (
        "tenant",
        "info",
        entra.graph.subscriptions.shown(subscription)["expirationDateTime"],
    )
    assert (accepted["level"], accepted["notices"]) == ("info", 1)
    assert sorted((line["level"], line["why"], line["calls"]) for line in refused) == [
        ("warning", "clientState", 2),
        ("warning", "no notification", 1),
    ]
    for outcome, count in {"accepted": 1, "refused": 3}.items():
        assert f'whosleft_graph_calls_total{{outcome="{outcome}",source="tenant"}} {count}.0' in found
    for outcome, count in {"made": 1, "renewed": 0, "refused": 0, "ended": 0}.items():
        assert f'whosleft_graph_subscriptions_total{{outcome="{outcome}",source="tenant"}} {count}.0' in found
    assert shown == f"a subscription until {made['ends_at']}"


def test_a_refused_subscription_is_a_warning_with_its_reason(company: Company, entra: FakeEntra) -> None:
    configure(company, entra, f"127.0.0.1:{free_port()}")
    entra.graph.faults.add(faults.denied(), path="*/subscriptions")

    with running(company) as lines:
        refused = until(lines, "subscription.refused")

    assert (refused["level"], refused["source"], refused["what"]) == ("warning", "tenant", "a subscription")
    assert "Authorization_RequestDenied" in refused["error"]
    assert refused["retry_after_s"] == 6 * 3600


def refused_start(company: Company, listen: str, why: str) -> str:
    assert not (company.folder / "whosleft.db").exists()
    said = company.run("run", code=2)
    assert not (company.folder / "whosleft.db").exists(), "no work was begun"
    key = "the configuration: directories.tenant.notifications.listen"
    assert said.startswith(f"{key}: nothing can listen on {listen} for Graph's calls ({why}")
    return said


def test_a_port_that_is_taken_is_named_before_any_work_begins(company: Company, entra: FakeEntra) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        configure(company, entra, listen)
        said = refused_start(company, listen, "Address already in use)")

    assert said == (
        f"the configuration: directories.tenant.notifications.listen: nothing can listen on {listen} for Graph's calls "
        "(Address already in use). Give it a free address of this machine, the one to which your ingress passes the "
        "calls, or stop what listens there.\n"
    )
    assert entra.graph.log == entra.tokens.log == []


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.5", "ü" * 70])
def test_a_host_that_is_none_of_this_machine_is_named_before_any_work_begins(
    company: Company, entra: FakeEntra, host: str
) -> None:
    configure(company, entra, f"{host}:8070")

    refused_start(company, f"{host}:8070", "")


def test_two_directories_can_t_listen_on_one_address(company: Company, entra: FakeEntra) -> None:
    listen = f"127.0.0.1:{free_port()}"
    configure(company, entra, listen)
    settings = yaml.safe_load((company.folder / "whosleft.yaml").read_text())
    settings["directories"].insert(0, settings["directories"][0] | {"name": "other"})
    (company.folder / "whosleft.yaml").write_text(yaml.safe_dump(settings))

    said = company.run("run", code=2)

    assert "directories[1].notifications.listen: other listens on port" in said
    assert not (company.folder / "whosleft.db").exists(), "no work was begun"
