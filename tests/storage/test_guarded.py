"""Who else could read the database: the mode of its files, and whether a server proves who it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from worker.program import app as cli
from worker.storage.sql.engine import open_engine
from worker.storage.sql.guarded import database_warnings
from worker.storage.sql.migrate import migrate
from worker.storage.sql.scratch import scratch_engine


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_the_files_of_a_database_are_their_owner_s_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        url = f"sqlite:///{tmp_path / 'whosleft.db'}"
        engine = open_engine(url)
        migrate(engine)
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
            found = modes(tmp_path)
        with scratch_engine(url) as copy:
            assert copy.url.database is not None
            copies = modes(Path(copy.url.database).parent)
        engine.dispose()
    finally:
        os.umask(before)

    assert found.keys() >= {"whosleft.db", "whosleft.db-wal", "whosleft.db-shm"}
    assert set(found.values()) == {0o600}
    assert set(copies.values()) == {0o600}
    assert database_warnings(url) == ()


def test_files_that_others_may_read_are_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    file = tmp_path / "whosleft.db"
    for name, mode in (("whosleft.db", 0o644), ("whosleft.db-wal", 0o600), ("whosleft.db-shm", 0o660)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)

    first, second = database_warnings(f"sqlite:///{file}")

    assert first.endswith(f"(its mode is 644): chmod 600 {file}")
    assert second.endswith(f"(its mode is 660): chmod 600 {file}-shm")


def test_a_database_that_is_not_there_yet_is_no_warning(tmp_path: Path) -> None:
    assert database_warnings(f"sqlite:///{tmp_path / 'whosleft.db'}") == ()


@pytest.mark.parametrize(
    "rest, mode",
    [
        ("u@db.example.org/w", "prefer"),
        ("u@db.example.org/w?sslmode=require", "require"),
        ("u@db.example.org/w?sslmode=verify-ca", "verify-ca"),
        ("u@10.1.2.3:5432/w?sslmode=disable", "disable"),
        ("u@[2001:db8::1]/w", "prefer"),
        ("/w?host=localhost,db.example.org", "prefer"),
        ("u@localhost/w?hostaddr=10.1.2.3", "prefer"),
    ],
)
def test_a_server_elsewhere_that_need_not_prove_who_it_is_is_a_warning(
    rest: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    (warning,) = database_warnings(f"postgresql+psycopg://{rest}")

    assert f"(sslmode={mode})" in warning
    assert "sslmode=verify-full&sslrootcert=FILE" in warning
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    is_said = "sslmode" in rest
    assert len(database_warnings(f"postgresql+psycopg://{rest}")) == is_said


@pytest.mark.parametrize(
    "rest, variable, is_far",
    [
        ("u@localhost/w", "PGHOSTADDR", True),
        ("u@localhost/w?hostaddr=127.0.0.1", "PGHOSTADDR", False),
        ("/w", "PGHOST", True),
        ("u@localhost/w", "PGHOST", False),
    ],
)
def test_a_server_that_the_environment_names_is_one_elsewhere(
    rest: str, variable: str, is_far: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "10.1.2.3")
    warnings = database_warnings(f"postgresql+psycopg://{rest}")

    assert ["10.1.2.3" in warning for warning in warnings] == [True] * is_far


@pytest.mark.parametrize(
    "rest",
    [
        "u@db.example.org/w?sslmode=verify-full",
        "u@localhost/w",
        "u@127.0.0.1/w",
        "u@[::1]/w",
        "/w?host=/run/postgresql",
        "/w",
    ],
)
def test_a_server_that_proves_itself_or_is_this_machine_is_no_warning(
    rest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    assert database_warnings(f"postgresql+psycopg://{rest}") == ()


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_a_server_that_can_t_be_reached_is_warned_of_all_the_same(tmp_path: Path, how: list[str]) -> None:
    config = tmp_path / "whosleft.yaml"
    url = "postgresql+psycopg://u@db.example/w?hostaddr=127.0.0.1&port=1"
    config.write_text(f"organisation: {{name: X, timezone: Europe/London}}\ndatabase: {{url: '{url}'}}\n")
    done = CliRunner().invoke(cli, ["check", "-c", str(config), *how])

    assert isinstance(done.exception, OperationalError)
    assert "warning: nothing proves that the database at db.example" in done.stderr
    assert done.stdout == ""
