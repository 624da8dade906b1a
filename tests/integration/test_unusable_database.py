"""Commands and jobs whose database can't be used: each says so, with its remedy, and not as a fault of the program."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from integration.company import Company, company
from integration.processes import running, until

__all__ = ["company"]

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "another file": lambda _: b"not a database" * 500,
    "cut off": lambda whole: whole[: len(whole) // 3],
}


@pytest.fixture
def served(tmp_path: Path, postgres_url: str) -> Company:
    """The company with its tables on a server."""
    company = Company(tmp_path, postgres_url)
    company.furnish(disabled={15})
    company.run("migrate")
    return company


def connected(url: str) -> psycopg.Connection:
    parsed = sa.make_url(url)
    found = psycopg.connect(
        host=str(parsed.query["host"]), user=parsed.username, dbname=parsed.database, autocommit=True
    )
    found.execute("SET default_transaction_read_only = off")
    return found


def make_read_only(url: str, *, on: bool) -> None:
    """As a standby before and after its promotion: all connections that there are end."""
    with connected(url) as server:
        name = sql.Identifier(sa.make_url(url).database or "")
        value = sql.SQL("on" if on else "off")
        server.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(name, value)
        )
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def silenced(company: Company) -> str:
    """What an act says that can't be written."""
    return company.run("silence", "add", "--for", "2d", "--group", "W*", "--reason", "Moving house", code=1)


@pytest.mark.parametrize("command", ["tickets list", "plan", "check", "once poll"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_named_with_its_remedy(
    company: Company, command: str, damage: Callable[[bytes], bytes]
) -> None:
    company.run("once", "all")
    file = company.folder / "whosleft.db"
    file.write_bytes(damage(file.read_bytes()))
    for part in ("wal", "shm"):
        file.with_name(f"{file.name}-{part}").unlink(missing_ok=True)

    said = company.run(*command.split(), code=1)

    assert "Traceback" not in said
    assert "put a backup in its place" in " ".join(said.split())
    assert "whosleft.db is damaged" in " ".join(said.split())


def test_commands_that_only_read_wait_for_no_long_transaction(company: Company) -> None:
    company.run("once", "all")
    with closing(sqlite3.connect(company.folder / "whosleft.db", isolation_level=None)) as worker:
        worker.execute("BEGIN IMMEDIATE")

        assert "P-000001" in company.run("plans", "list")
        assert "corp" in company.run("check")


@pytest.mark.postgres
def test_a_command_on_a_server_that_takes_no_writes_says_what_to_do(
    served: Company, postgres_url: str
) -> None:
    make_read_only(postgres_url, on=True)

    said = " ".join(silenced(served).split())

    assert "read-only" in said
    assert "let database.url name the primary" in said
    assert "Traceback" not in said
    assert "[SQL:" not in said


@pytest.mark.postgres
def test_a_command_of_a_role_without_rights_says_what_to_do(served: Company, postgres_url: str) -> None:
    with connected(postgres_url) as server:
        role = f"reader_{sa.make_url(postgres_url).database}"
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        try:
            name = sql.Identifier(role)
            server.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(name))
            file = served.folder / "whosleft.yaml"
            file.write_text(file.read_text().replace("//postgres@", f"//{role}@"))

            said = silenced(served)
        finally:
            server.execute(sql.SQL("DROP OWNED BY {}").format(name))
            server.execute(sql.SQL("DROP ROLE {}").format(name))

    assert "permission denied" in said
    assert "Give the role in database.url all rights" in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.postgres
def test_a_job_on_a_server_that_takes_no_writes_says_what_to_do(served: Company, postgres_url: str) -> None:
    make_read_only(postgres_url, on=True)

    said = served.run("once", "poll", code=1)

    assert "read-only" in said
    assert "let database.url name the primary" in said
    assert "[SQL:" not in said


@pytest.mark.postgres
@pytest.mark.parametrize("role", ["worker", "desk"])
def test_a_process_that_starts_before_its_server_is_promoted_waits_for_it(
    served: Company, postgres_url: str, role: str
) -> None:
    make_read_only(postgres_url, on=True)
    with running(served, role) as process:
        [line] = until("it waits", lambda: process.log("tables.awaited"))
        assert "read-only" in line["why"]
        assert process.get("/readyz") == (503, f"not ready: {line['why']}\n")

        make_read_only(postgres_url, on=False)
        process.ready()
