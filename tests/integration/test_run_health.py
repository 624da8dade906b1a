"""`whosleft run` as a probe and a scraper see it: alive, ready, what it shows, and what it shows when things break."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from fakes.otlp.collector import collecting
from integration.company import Company
from integration.processes import (
    CHECKOUT,
    QUICK,
    SOON_S,
    busy_company,
    configure,
    running,
    until,
)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return busy_company(tmp_path)


def test_from_a_leaver_to_the_proof_every_figure_moves(company: Company) -> None:
    with running(company) as process:
        process.seen()

        company.export(disabled={15})
        process.shows(1, "exposed_memberships asked")
        process.shows(1, "tickets remove_member open")
        process.shows(1, "deliveries_total terminal sent")
        found = process.figures()
        assert found["leaver_to_ticket_seconds_count"] == 1
        assert found["leaver_to_ticket_seconds_sum"] < SOON_S
        assert found["oldest_ticket_age_seconds remove_member open"] < SOON_S
        assert found["job_duration_seconds_count poll"] > 1
        assert (found["held_plans"], found["overdue_tickets"], found["database_up"]) == (0, 0, 1)

        company.register(gone={15})
        process.shows(1, "ticket_to_verified_seconds_count")
        process.shows(0, "exposed_memberships asked")
        process.shows(0, "outbox_waiting")
        page = process.get("/metrics")[1]

    assert "Person" not in page
    assert "900015" not in page
    listed = set(
        re.findall(r"^\| `(whosleft_\w+)`", (CHECKOUT / "docs/metrics.md").read_text(), re.MULTILINE)
    )
    shown = set(re.findall(r"^# TYPE (whosleft_\w+)", page, re.MULTILINE))
    of_others = re.compile(r"whosleft_(graph|slack)_")  # connectors that this company does not have
    assert shown == {one for one in listed if not of_others.match(one)}


def test_a_mass_leaving_shows_as_a_held_plan(company: Company) -> None:
    with running(company) as process:
        process.seen()
        company.export(disabled=range(100, 150))

        process.shows(1, "held_plans")
        assert process.figures()["exposed_memberships asked"] == 0


def test_a_directory_that_is_gone_is_an_alarm_and_ends_nothing(company: Company) -> None:
    with running(company) as process:
        process.seen()
        (company.folder / "people.csv").unlink()

        process.shows(0, "source_up directory corp")
        assert process.get("/readyz") == (200, "ready\n")
        assert process.get("/healthz") == (200, "alive\n")
        until("its age grows", lambda: process.figures()["job_age_seconds poll"] > 3)
        assert process.figures()["job_age_seconds deliver"] < SOON_S
        _, text = process.get("/statusz")
        corp = next(source for source in json.loads(text)["sources"] if source["name"] == "corp")
        assert (corp["ok"], corp["stale"], "malformed" in corp["counts"]) == (False, False, True)
        assert "people.csv" in corp["message"]

        company.export()
        process.shows(1, "source_up directory corp")


def test_the_status_agrees_with_check_and_says_who_does_what_when(company: Company) -> None:
    with running(company) as process:
        process.ready()
        until(
            "all jobs ran",
            lambda: all(job["last_ok_at"] for job in json.loads(process.get("/statusz")[1])["jobs"]),
        )
        status = json.loads(process.get("/statusz")[1])
        checked = company.json("check")

    [started] = process.log("worker.started")
    assert status["process"] == started["holder"]
    assert all(lease["holder"] == started["holder"] for lease in status["leases"])
    assert all(job["next_run_at"] for job in status["jobs"] if "." not in job["name"])
    same = ("name", "port", "kind", "ok", "stale")
    assert [[one[key] for key in same] for one in status["sources"]] == [
        [one[key] for key in same] for one in checked["sources"] if one["port"] != "notify"
    ]
    assert status["sources"][1]["counts"] == {"groups": 2, "members": 22, "malformed": 0}


@pytest.mark.parametrize("role", ["all", "worker", "desk"])
def test_each_role_is_alive_and_ready_and_the_desk_alone_has_no_jobs(company: Company, role: str) -> None:
    with running(company, role) as process:
        process.ready()

        assert process.get("/healthz") == (200, "alive\n")
        assert ("lease_held poll" in process.figures()) == (role != "desk")
        assert process.figures()["database_up"] == 1


# --- Traces ---------------------------------------------------------------------------------------------------


def test_a_leaver_can_be_followed_from_the_poll_to_the_delivery(company: Company) -> None:
    with collecting() as collector:
        # Only what is read makes a reconciliation due, so that none is under way when the poll ends
        schedule = {**QUICK, "reconcile": "1h"}
        configure(company, ops={"listen": "127.0.0.1:0", "otlp": collector.address}, schedule=schedule)
        with running(company) as process:
            process.seen()
            company.export(disabled={15})
            until("it is told", lambda: process.figures()["deliveries_total terminal sent"])

    [of_ticket] = collector.named("ticket")
    [reconcile] = [span for span in collector.named("reconcile") if span.id in of_ticket.links]
    [poll] = [span for span in collector.named("poll") if span.id in reconcile.links]
    [delivery] = [span for span in collector.named("delivery") if span.trace == of_ticket.trace]
    assert poll.facts["whosleft.left"] == 1
    assert reconcile.facts["whosleft.open"] == 1
    assert of_ticket.facts["whosleft.ticket"] == "T-000001"
    assert delivery.facts["whosleft.outcome"] == "sent"
    assert delivery.parent == of_ticket.id
    assert of_ticket.process["service.instance.id"] == process.log("worker.started")[0]["holder"]
    assert "Person" not in repr(collector.spans)


def test_without_a_collector_the_work_goes_on_and_ends_in_time(company: Company) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        configure(company, ops={"listen": "127.0.0.1:0", "otlp": address})
        with running(company) as process:
            process.seen()
            company.export(disabled={15})
            process.shows(1, "exposed_memberships asked")
            began_s = monotonic()

        assert monotonic() - began_s < 10
    assert process.child.returncode == 0
    assert process.log("job.failed") == []


def test_traces_without_their_packages_are_a_wrong_configuration(company: Company) -> None:
    configure(company, ops={"listen": "127.0.0.1:0", "otlp": "http://127.0.0.1:4318"})
    hidden = (
        "import sys; sys.modules['opentelemetry.exporter'] = None; from worker.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden, "run", "-c", "whosleft.yaml"],
        cwd=company.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "ops.otlp: traces need packages that are not installed" in done.stderr
    assert "pip install 'whosleft[opentelemetry]'" in done.stderr
