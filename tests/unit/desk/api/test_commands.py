"""`whosleft desk`: links and tokens made on the command line, over a database of their own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from worker.app.acts.access import Access, hashed
from worker.app.refused import Refused
from worker.domain.evidence.actor import logged_in, stated
from worker.domain.evidence.journal import STATED_AT
from worker.ops.whoami import login_and_host, login_name
from worker.ports.state.access import Visitor
from worker.program import app as cli
from worker.running.wiring import load_settings, open_app

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
        visitor = uow.access.use_login_link(hashed(secret), NOW)

    assert visitor == Visitor("Kim Lee", ("auditor", "viewer"), logged_in(login_name())), (
        "its maker was shown it"
    )
    assert journal(config) == [("sam", "desk.login_link_made")]


def test_a_login_link_is_said_to_people_with_how_long_it_works(config: Path) -> None:
    said = run(config, "login-link", "--role", "operator", "--for", "kim").stdout.splitlines()

    assert said[0].startswith("https://whosleft.example.org/login/")
    assert said[1] == "It signs kim in once, within 1 h."


def test_a_name_that_a_command_gives_has_the_account_beside_it_and_is_no_other_person(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER"):
        monkeypatch.setenv(name, "somebody-else")
    run(config, "token", "--scope", "tickets:read")
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        [token] = uow.access.tokens()
        [entry] = [sealed.entry for sealed in uow.journal.chain()]

    assert login_name() != "somebody-else"
    assert (token.created_by, token.maker) == ("sam", logged_in(login_name()))
    assert entry.actor == "sam"
    assert (
        entry.data.items()
        >= {
            "actor_id": logged_in(login_name()),
            "via": "command",
            "login": login_and_host(),
        }.items()
    )


def test_where_people_share_an_account_the_configuration_may_believe_their_names(config: Path) -> None:
    config.write_text(config.read_text().replace("desk: {", "desk: {trust_by: true, "))
    run(config, "token", "--scope", "tickets:read")
    path = run_json(config, "login-link", "--role", "viewer", "--for", "Kim")["path"]
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        [token] = uow.access.tokens()
        visitor = uow.access.use_login_link(hashed(path.removeprefix("/login/")), NOW)
        entry = next(uow.journal.chain()).entry

    assert token.maker == stated("sam")
    assert visitor is not None
    assert visitor.id == stated("Kim")
    assert entry.data["login"] == login_and_host()


def test_a_new_key_is_made_and_what_ended_is_said(config: Path) -> None:
    run(config, "token", "--scope", "tickets:read")
    run(config, "login-link", "--role", "viewer", "--for", "Kim")
    said = run(config, "rotate-key", "--reason", "a backup was stolen")
    ended = run_json(config, "rotate-key", "--tokens")["ended"]

    assert said.exit_code == 0
    assert "of 0 live tickets; the next message about each has a new one" in said.stdout
    assert "--tokens ends them, too" in said.stdout
    assert ended == {"assignees_links": 0, "group_links": 0, "login_links": 0, "sessions": 0, "tokens": 1}
    assert journal(config)[-2:] == [("sam", "desk.key_rotated")] * 2


def test_an_act_at_its_own_time_states_no_other(config: Path) -> None:
    for act in (
        ["token", "--scope", "tickets:read"],
        ["login-link", "--role", "viewer", "--for", "Kim"],
        ["rotate-key"],
    ):
        done = CliRunner().invoke(cli, ["desk", *act, "-c", str(config), "--by", "sam"])
        assert done.exit_code == 0, done.output
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        entries = [sealed.entry for sealed in uow.journal.chain()]

    assert len(entries) == 3
    assert [entry.kind for entry in entries if STATED_AT in entry.data] == []
