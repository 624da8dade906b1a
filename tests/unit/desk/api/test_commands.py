"""`whosleft desk`: links and tokens made on the command line, over a database of their own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from worker.__main__ import app as cli
from worker.app.access import Access, hashed
from worker.app.approvals import Refused
from worker.bootstrap import load_settings, open_app
from worker.ports.desk import Visitor

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "whosleft.yaml"
    file.write_text(
        'organisation: {name: X, timezone: Europe/London}\ndatabase: {url: "sqlite:///whosleft.db"}\n'
        'desk: {url: "https://whosleft.example.org"}\n'
    )
    return file


def run(config: Path, *arguments: str, at: str = "2026-11-24T09:00:00Z") -> Result:
    return CliRunner().invoke(cli, ["desk", *arguments, "-c", str(config), "--by", "sam", "--now", at])


def run_json(config: Path, *arguments: str) -> Any:
    done = run(config, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def journal(config: Path) -> list[tuple[str, str]]:
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        return [(sealed.entry.actor, sealed.entry.kind) for sealed in uow.journal.chain()]


def test_a_token_is_made_with_its_scopes_and_ended(config: Path) -> None:
    made = run_json(
        config, "token", "--scope", "tickets:write", "--scope", "events:read", "--expires", "1d12h"
    )
    with open_app(load_settings(config), lambda: NOW) as app:
        found = Access(app.store).token(made["token"])
    ended = run_json(config, "token", "--revoke", made["id"])
    with open_app(load_settings(config), lambda: NOW) as app:
        after = Access(app.store).token(made["token"])

    assert made.keys() == {"id", "token", "scopes", "expires_at"}
    assert made["scopes"] == ["tickets:write", "events:read"]
    assert made["expires_at"] == "2026-11-25T21:00:00Z"
    assert found is not None
    assert found.is_good(NOW)
    assert after is not None
    assert not after.is_good(NOW)
    assert ended == {"id": made["id"], "revoked": True}
    assert journal(config) == [("sam", "desk.token_made"), ("sam", "desk.token_revoked")]


def test_a_token_works_for_ninety_days_unless_told_otherwise(config: Path) -> None:
    assert run_json(config, "token", "--scope", "events:read")["expires_at"] == "2027-02-22T09:00:00Z"


def test_a_token_is_said_to_people_with_how_it_ends(config: Path) -> None:
    made = run(config, "token", "--scope", "events:read")
    id_ = made.stdout.split("_")[1]
    ended = run(config, "token", "--revoke", id_)

    assert made.stdout.startswith("wl_")
    assert "expires  2027-02-22 09:00" in made.stdout
    assert f"--revoke {id_}" in " ".join(made.stdout.split())
    assert ended.stdout == f"The token {id_} opens nothing any more.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["token"], ["token", "--scope", "tickets"], ["token", "--scope", "events:read", "--revoke", "abc"],
        ["token", "--scope", "events:read", "--expires", "0s"],
        ["token", "--scope", "events:read", "--expires", "soon"],
        ["login-link", "--role", "viewer"], ["login-link", "--for", "sam"],
        ["login-link", "--role", "root", "--for", "sam"], ["login-link", "--role", "viewer", "--for", " "],
    ],
)  # fmt: skip
def test_a_wrong_call_is_said_to_be_one(config: Path, arguments: list[str]) -> None:
    assert run(config, *arguments).exit_code == 2


def test_a_token_that_there_is_not_can_t_be_ended(config: Path) -> None:
    assert isinstance(run(config, "token", "--revoke", "abc").exception, Refused)


def test_a_login_link_starts_with_the_desk_s_address_and_works_once(config: Path) -> None:
    url = run_json(config, "login-link", "--role", "viewer", "--role", "auditor", "--for", "Kim  Lee")["url"]
    secret = url.removeprefix("https://whosleft.example.org/login/")
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        visitor = uow.desk.use_login_link(hashed(secret), NOW)

    assert visitor == Visitor("Kim Lee", ("auditor", "viewer"))
    assert journal(config) == [("sam", "desk.login_link_made")]


def test_a_login_link_is_said_to_people_with_how_long_it_works(config: Path) -> None:
    said = run(config, "login-link", "--role", "operator", "--for", "kim").stdout.splitlines()

    assert said[0].startswith("https://whosleft.example.org/login/")
    assert said[1] == "It signs kim in once, within 1 h."
