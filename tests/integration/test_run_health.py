"""`whosleft run` as a probe and a scraper see it: alive, ready, what it shows, and what it shows when things break."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from prometheus_client.parser import text_string_to_metric_families

from fakes.otlp.collector import collecting
from fakes.tcp_proxy import TcpProxy
from integration.company import COMMAND, Company

CHECKOUT = Path(__file__).parents[2]
SOON_S = 30.0
PROBE_MAX_S = 3.0  # a probe's time-out in the chart
QUICK = dict.fromkeys(("poll", "inventory", "reconcile", "deliver", "escalate", "verify"), "1s")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    company.configure()
    configure(company)
    company.export()
    company.register()
    return company


def configure(company: Company, **sections: Any) -> None:
    path = company.folder / "whosleft.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings |= {"schedule": QUICK, "notify": [{"name": "terminal", "kind": "console"}], **sections}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")


def until(what: str, find: Callable[[], Any]) -> Any:
    """What is found, once it is something true."""
    end = monotonic() + SOON_S
    while not (found := find()):
        assert monotonic() < end, what
        sleep(0.05)
    return found


class Process:
    """One `whosleft run`; its log goes to a file."""

    def __init__(self, company: Company, role: str = "all") -> None:
        self._log = company.folder / f"{role}.log"
        with self._log.open("w") as log:
            self.child = subprocess.Popen(
                [COMMAND, "run", "-c", "whosleft.yaml", "--role", role],
                cwd=company.folder, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        self.listen: str = until("metrics.served", self._served)

    def log(self, event: str) -> list[dict[str, Any]]:
        whole = [text for text in self._log.read_text().splitlines(keepends=True) if text.endswith("}\n")]
        return [line for text in whole if (line := _parsed(text)).get("event") == event]

    def _served(self) -> str | None:
        assert self.child.poll() is None, self._log.read_text()
        return next((line["listen"] for line in self.log("metrics.served")), None)

    def get(self, page: str) -> tuple[int, str]:
        began_s = monotonic()
        try:
            with urllib.request.urlopen(f"http://{self.listen}{page}", timeout=SOON_S) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        assert monotonic() - began_s < PROBE_MAX_S, page
        return status, text

    def figures(self) -> dict[str, float]:
        """Every sample under its name and the values of its labels, in the order of the labels' names."""
        return {
            " ".join((sample.name.removeprefix("whosleft_"), *sorted_values(sample.labels))): sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
        }

    def ready(self) -> None:
        until("ready", lambda: self.get("/readyz")[0] == 200)

    def seen(self) -> None:
        """Wait until every source was read."""

        def all_ok() -> bool:
            status, text = self.get("/statusz")
            return status == 200 and all(source["ok"] for source in json.loads(text)["sources"])

        until("sources are read", all_ok)

    def shows(self, value: float, figure: str) -> None:
        until(f"{figure} = {value}", lambda: self.figures().get(figure) == value)


def sorted_values(labels: dict[str, str]) -> list[str]:
    return [value for _, value in sorted(labels.items())]


def _parsed(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:  # what the console's channel writes is no line of the log
        return {}
    return found


@contextmanager
def running(company: Company, role: str = "all") -> Iterator[Process]:
    process = Process(company, role)
    try:
        yield process
    finally:
        process.child.send_signal(signal.SIGTERM)
        process.child.wait(SOON_S)


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


# --- PostgreSQL -----------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[TcpProxy]:
    folder = sa.make_url(postgres_url).query["host"]
    assert isinstance(folder, str)
    with TcpProxy(folder, 5432) as proxy:
        yield proxy
        proxy.mend()


@pytest.fixture
def far(company: Company, postgres_url: str, proxy: TcpProxy) -> Company:
    """The company with its database behind a wire that can break."""
    url = sa.make_url(postgres_url)
    far = f"postgresql+psycopg://{url.username}@127.0.0.1:{proxy.port}/{url.database}"
    configure(company, database={"url": far})
    return company


def is_refused(proxy: TcpProxy) -> None:
    proxy.refuse()
    proxy.cut_after(0)


BREAKS: dict[str, Callable[[TcpProxy], None]] = {"it is gone": is_refused, "it says nothing": TcpProxy.freeze}


@pytest.mark.postgres
@pytest.mark.parametrize("role", ["worker", "desk"])
@pytest.mark.parametrize("break_", BREAKS.values(), ids=BREAKS.keys())
def test_without_its_database_it_is_alive_and_not_ready_until_that_is_back(
    far: Company, proxy: TcpProxy, role: str, break_: Callable[[TcpProxy], None]
) -> None:
    far.run("migrate")
    with running(far, role) as process:
        process.ready()
        until("a job runs" if role == "worker" else "", lambda: role == "desk" or process.log("job.finished"))
        break_(proxy)

        status, why = until("not ready", lambda: (found := process.get("/readyz"))[0] == 503 and found)
        assert (status, why[:11]) == (503, "not ready: ")
        assert process.get("/healthz") == (200, "alive\n")
        process.shows(0, "database_up")
        assert "process_cpu_seconds_total" in process.get("/metrics")[1]
        assert until("no status", lambda: process.get("/statusz")[0] == 503)

        proxy.mend()
        process.ready()
        process.shows(1, "database_up")
        assert process.get("/statusz")[0] == 200


@pytest.mark.postgres
@pytest.mark.parametrize("role", ["worker", "desk"])
def test_a_process_without_tables_waits_for_them_and_says_so(far: Company, role: str) -> None:
    with running(far, role) as process:
        _, why = process.get("/readyz")
        assert why == (
            "not ready: The database has no tables yet. Set it up with: whosleft migrate -c FILE\n"
        )
        assert process.get("/healthz")[0] == 200
        [line] = until("it is in the log", lambda: process.log("tables.awaited"))
        assert "no tables yet" in line["why"]

        far.run("migrate")
        process.ready()


@pytest.mark.postgres
def test_a_process_that_waits_for_tables_ends_when_it_is_asked_to(far: Company) -> None:
    with running(far, "worker") as process:
        until("it waits", lambda: process.log("tables.awaited"))

    assert process.child.returncode == 0


@pytest.mark.postgres
def test_tables_of_a_later_release_end_it_at_once(far: Company, postgres_url: str) -> None:
    far.run("migrate")
    become_newer(postgres_url)

    assert "later release" in far.run("run", code=1)


def become_newer(url: str) -> None:
    """As after the migration of a release that changed what something means."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("UPDATE schema_floor SET revision = '9999'"))
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("role", ["worker", "desk"])
def test_tables_that_become_those_of_a_later_release_end_it_and_get_no_more_tickets(
    company: Company, postgres_url: str, role: str
) -> None:
    configure(company, database={"url": postgres_url})
    company.run("migrate")
    with running(company, role) as process:
        process.ready()
        if role == "worker":
            process.seen()
        become_newer(postgres_url)
        company.export(disabled={15})

        until("it ends", lambda: process.child.poll() is not None)
    assert process.child.returncode == 1
    assert "later release" in (company.folder / f"{role}.log").read_text()
    engine = sa.create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM ticket")).scalar_one() == 0
    engine.dispose()


@pytest.mark.postgres
def test_two_processes_on_one_database_show_the_same_state(far: Company) -> None:
    far.run("migrate")
    with running(far, "worker") as worker, running(far, "desk") as desk:
        worker.seen()
        far.export(disabled={15})
        for process in (worker, desk):
            process.shows(1, "exposed_memberships asked")
            process.shows(22, "source_count inventory wards members")
        assert worker.figures()["leaver_to_ticket_seconds_count"] == 1
        assert desk.figures()["leaver_to_ticket_seconds_count"] == 0
