"""`whosleft run` as a probe and a scraper see it when its database is away, without tables, or of another release."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fakes.tcp_proxy import TcpProxy
from integration.company import Company
from integration.processes import (
    busy_company,
    configure,
    running,
    until,
)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return busy_company(tmp_path)


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


@pytest.mark.parametrize("role", ["worker", "desk"])
@pytest.mark.parametrize("is_put_back", [True, False])
def test_a_file_that_is_replaced_or_removed_under_it_ends_it(
    company: Company, role: str, *, is_put_back: bool
) -> None:
    """What it opened and told since would be in a file that nobody finds any more."""
    company.run("migrate")
    file = company.folder / "whosleft.db"
    with running(company, role) as process:
        process.ready()
        if is_put_back:
            shutil.copy(file, company.folder / "backup.db")
            (company.folder / "backup.db").replace(file)
        else:
            file.unlink()
        company.export(disabled={15})

        until("it ends", lambda: process.child.poll() is not None)
    assert process.child.returncode == 1
    assert "whosleft.db was replaced or removed" in (company.folder / f"{role}.log").read_text()
    assert file.exists() is is_put_back
    if is_put_back:
        assert json.loads(company.run("tickets", "list", "--json"))["total"] == 0


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
