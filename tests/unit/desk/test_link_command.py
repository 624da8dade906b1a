"""`whosleft tickets link`: the assignee's link as the command line gives it out, and takes it back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from builders import ticket
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Ticket
from worker.program import app as cli
from worker.running.app import listening_at
from worker.running.wiring import load_settings, open_app

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BASE = "https://whosleft.example.org"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A database with one ticket of dee's, and one that is nobody's."""
    file = tmp_path / "whosleft.yaml"
    file.write_text(
        'organisation: {name: X, timezone: Europe/London}\ndatabase: {url: "sqlite:///whosleft.db"}\n'
        f'desk: {{url: "{BASE}"}}\n'
    )
    dee = Assignee("dee@example.org", "Dee", why=AssigneeWhy.ADMIN)
    with open_app(load_settings(file), lambda: NOW) as app, app.store.begin() as uow:
        uow.tickets.insert([ticket(handle="a", assignee=dee), ticket(handle="b", assignee=None)])
    return file


def link(config: Path, *arguments: str, at: str = "2026-11-24T09:00:00Z") -> Result:
    command = ["tickets", "link", *arguments, "-c", str(config), "--by", "sam", "--now", at]
    return CliRunner().invoke(cli, command)


def opened(config: Path, url: str) -> Ticket:
    with open_app(load_settings(config), lambda: NOW) as app:
        return app.assigned.look(url.removeprefix(f"{BASE}/t/"), NOW).ticket


def test_it_is_one_line_that_opens_the_ticket(config: Path) -> None:
    done = link(config, "T-000001")

    assert done.exit_code == 0
    assert done.stdout.startswith(f"{BASE}/t/")
    assert opened(config, done.stdout.strip()).label == "T-000001"
    assert json.loads(link(config, "1", "--json").stdout).keys() == {"url"}


def test_what_was_given_out_can_be_made_dead(config: Path) -> None:
    url = link(config, "T-000001").stdout.strip()
    done = link(
        config, "T-000001", "--revoke", "--reason", "sent to the wrong phone", at="2026-11-24T09:05:00Z"
    )

    assert done.exit_code == 0
    assert "open nothing any more" in done.stdout
    with pytest.raises(LinkDead) as dead:
        opened(config, url)
    assert dead.value.why is Dead.REVOKED
    again = link(config, "T-000001", "--revoke", "--json", at="2026-11-24T09:06:00Z")
    assert json.loads(again.stdout) == {"url": None}


@pytest.mark.parametrize(
    "id_, why",
    [
        ("T-000002", "Only a live ticket that is somebody's has a link."),
        ("T-000009", "There is no ticket T-000009"),
    ],
)
def test_a_ticket_that_is_nobody_s_or_is_not_there_has_none(config: Path, id_: str, why: str) -> None:
    done = link(config, id_)

    assert done.exit_code != 0
    assert why in str(done.exception)


def login_link(config: Path, listen: str) -> tuple[str, dict[str, str | None]]:
    """What the command prints, and its JSON, where the desk has no address but what it listens on."""
    text = config.read_text().replace(f'url: "{BASE}"', f'listen: "{listen}"')
    config.write_text(text)
    command = ["desk", "login-link", "--role", "viewer", "--for", "sam", "-c", str(config), "--by", "root"]
    return CliRunner().invoke(cli, command).stdout, json.loads(
        CliRunner().invoke(cli, [*command, "--json"]).stdout
    )


def test_a_link_to_a_desk_whose_port_nobody_knows_is_its_path(config: Path) -> None:
    config.write_text(config.read_text().replace(f'url: "{BASE}"', 'listen: "127.0.0.1:0"'))
    shown = link(config, "T-000001").stdout
    assert shown.startswith("/t/")
    assert "desk.listen has port 0" in shown


def test_a_login_link_starts_with_where_the_desk_listens(config: Path) -> None:
    said, found = login_link(config, "127.0.0.1:8081")

    assert said.startswith("http://127.0.0.1:8081/login/")
    assert found["url"] == f"http://127.0.0.1:8081{found['path']}"


def test_on_any_free_port_a_login_link_says_where_to_find_it_and_never_port_0(config: Path) -> None:
    said, found = login_link(config, "127.0.0.1:0")

    assert said.startswith("/login/")
    assert "its log says which: desk.served" in " ".join(said.split())
    assert ":0" not in said
    assert found["url"] is None


def test_a_desk_on_any_free_port_gives_out_links_to_the_real_one(config: Path) -> None:
    config.write_text(config.read_text().replace(f'url: "{BASE}"', 'listen: "127.0.0.1:0"'))
    with open_app(load_settings(config), lambda: NOW) as app:
        assert (
            listening_at(app, "127.0.0.1:4711")
            .assigned.show_link(1, Actor("sam"), NOW)
            .startswith("http://127.0.0.1:4711/t/")
        )
