"""`whosleft groups link`: the link to a group as the command line gives it out, and takes it back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from worker.app.acts.declared import FilledIn
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.model import GroupKey
from worker.program import app as cli
from worker.running.app import listening_at
from worker.running.wiring import freshness_of, load_settings, open_app

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
AT = "2026-11-24T09:00:00Z"
BASE = "https://whosleft.example.org"
PEOPLE = """objectGUID,displayName,mail,mobile,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512
11111111-1111-4111-8111-111111111112,Ann Sample,ann@example.org,+447700900101,512
"""
GROUPS = """Group,Member,Phone,Role
Ward 7,Dee Example,+447700900104,admin
Ward 7,Ann Sample,+447700900101,member
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A register with ward 7, whose admin is dee, and a declared inventory."""
    file = tmp_path / "whosleft.yaml"
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "groups.csv").write_text(GROUPS)
    file.write_text(
        "organisation: {name: X, timezone: Europe/London}\n"
        f'desk: {{url: "{BASE}"}}\n'
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories: [{name: wards, kind: register, path: groups.csv}, {name: said, kind: declared}]\n"
    )
    assert run(file, "once", "all", "--now", AT).exit_code == 0
    return file


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config)])


def link(config: Path, *arguments: str) -> Result:
    return run(config, "groups", "link", *arguments, "--by", "sam", "--now", AT)


def test_it_is_one_line_by_which_the_roster_is_declared(config: Path) -> None:
    done = link(config, "Ward 7")
    assert done.exit_code == 0, done.output
    token = done.stdout.strip().removeprefix(f"{BASE}/g/")
    with open_app(load_settings(config), lambda: NOW) as app:
        known = app.declaring.look(token, NOW)
        filled = FilledIn(known.mark, pasted="You, +44 7700 900188")
        at = NOW + timedelta(hours=1)
        mark = app.declaring.check(token, filled, at).mark
        assert app.declaring.declare(token, filled, mark, at)
        with app.store.reading() as uow:
            members = uow.rosters.members(GroupKey("said", known.group.key.group_id))
    assert [one.member.handle for one in members] == ["+447700900104", "+447700900188"]
    shown = json.loads(run(config, "groups", "show", "Ward 7", "--json").stdout)
    assert shown["source"] == "said"


def test_a_program_gets_the_address_and_nothing_after_it_was_ended(config: Path) -> None:
    url = json.loads(link(config, "ward 7", "--json").stdout)["url"]
    assert url.startswith(f"{BASE}/g/")
    assert json.loads(link(config, "Ward 7", "--revoke", "--json").stdout) == {"url": None}
    assert "Ward 7" in link(config, "Ward 7", "--revoke", "--reason", "lost phone").stdout
    with open_app(load_settings(config), lambda: NOW) as app, pytest.raises(LinkDead) as dead:
        app.declaring.look(url.removeprefix(f"{BASE}/g/"), NOW)
    assert dead.value.why is Dead.REVOKED


def test_a_group_that_is_not_there_is_refused(config: Path) -> None:
    done = link(config, "Ward 99")
    assert done.exit_code != 0
    assert "There is no group" in str(done.exception)


def test_a_source_that_is_never_read_from_is_green_for_months(config: Path) -> None:
    at = "2027-03-24T09:00:00Z"
    run(config, "once", "inventory", "--now", at)
    checked = json.loads(run(config, "check", "--json", "--now", at).stdout)
    [said] = [one for one in checked["sources"] if one["name"] == "said"]
    assert (said["ok"], said["stale"]) == (True, False)


def test_what_was_declared_counts_for_the_time_that_is_configured(config: Path) -> None:
    text = config.read_text()
    assert freshness_of(load_settings(config))[1].limit("said") == timedelta(days=30)
    config.write_text(text.replace("kind: declared", "kind: declared, confirm_every: 2w"))
    assert freshness_of(load_settings(config))[1].limit("said") == timedelta(days=14)
    config.write_text(text.replace("kind: declared", "kind: declared, stale_after: 3d"))
    assert freshness_of(load_settings(config))[1].limit("said") == timedelta(days=3)


def test_links_have_the_address_where_the_desk_listens(config: Path) -> None:
    config.write_text(config.read_text().replace(f'desk: {{url: "{BASE}"}}', 'desk: {listen: "127.0.0.1:0"}'))
    with open_app(load_settings(config), lambda: NOW) as app:
        there = listening_at(app, "127.0.0.1:8123")
    assert there.declaring is not app.declaring
