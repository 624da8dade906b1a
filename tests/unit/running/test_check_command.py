"""What `check` and `config validate` say of texts that changed, and of an accountable person who has left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from typer.testing import CliRunner, Result

from builders import NOW
from worker.program import app as cli
from worker.running.wiring import load_settings
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import configuration, revision

AT = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
HERE, LEFT = "512", "514"
PEOPLE = """objectGUID,displayName,mail,mobile,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,{dee}
11111111-1111-4111-8111-111111111112,Ann Sample,ann@example.org,+447700900101,512
"""
GROUPS = "Group,Member,Phone,Role\nWard 7,Dee Example,+447700900104,admin\nWard 7,Ann Sample,+447700900101,member\n"
TEXT = "# Messaging\n\nNo pictures of patients.\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A policy that people are asked to accept; dee is accountable. Nothing was done yet."""
    file = tmp_path / "whosleft.yaml"
    write(file, dee=HERE)
    (tmp_path / "groups.csv").write_text(GROUPS)
    (tmp_path / "policy.md").write_text(TEXT)
    file.write_text(
        'database: {url: "sqlite:///whosleft.db"}\n'
        "organisation: {name: X, timezone: Europe/London}\n"
        "tickets: {accountable: dee@example.org}\n"
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories: [{name: wards, kind: register, path: groups.csv}]\n"
        'controls: {policies: [{id: messaging, version: "3", texts: {en: policy.md}, mode: ticket}]}\n'
    )
    return file


def write(config: Path, *, dee: str) -> None:
    (config.parent / "people.csv").write_text(PEOPLE.format(dee=dee))


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config), "--now", AT], env={"COLUMNS": "200"})


def change_text(config: Path) -> str:
    (config.parent / "policy.md").write_text(f"{TEXT}\nNor of screens.\n")
    return "its version is still 3"


def let_dee_leave(config: Path) -> str:
    write(config, dee=LEFT)
    run(config, "once", "poll")
    return "tickets.accountable is dee@example.org, who has left"


@pytest.mark.parametrize("go_wrong", [change_text, let_dee_leave])
def test_what_is_wrong_beside_the_sources_is_red_for_programs_and_people(
    config: Path, go_wrong: Callable[[Path], str]
) -> None:
    assert run(config, "once", "all").exit_code == 0
    assert json.loads(run(config, "check", "--json").stdout)["ok"] is True
    why = go_wrong(config)

    done = run(config, "check", "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["ok"]) == (1, False)
    assert all(one["ok"] for one in said["sources"])
    assert [one for one in said["warnings"] if why in one]

    shown = run(config, "check")
    assert shown.exit_code == 1
    [line] = [one for one in shown.stdout.splitlines() if why in one]
    assert line.startswith("RED  ")


def validate(config: Path) -> Result:
    return CliRunner().invoke(cli, ["config", "validate", str(config)])


def test_a_hole_in_a_rota_is_warned_of(config: Path) -> None:
    layer = "{people: [a@example.org], turn: 1w, handover: 'mon 09:00', from: 2026-11-02, days: mon-sat}"
    with config.open("a") as file:
        file.write(f"rotas: [{{name: site, layers: [{layer}]}}]\n")
    done = validate(config)
    assert done.exit_code == 0
    assert "warning: " in done.stderr
    assert "rotas[0].layers: nobody is on call from sun 09:00 until mon 09:00. Add a layer" in done.stderr


def test_where_nobody_is_told_both_commands_warn(config: Path) -> None:
    mail = "{name: mail, kind: email, server: 127.0.0.1, port: 1, tls: none, from: w@example.org}"
    config.write_text(
        config.read_text().replace("tickets: {accountable: dee@example.org}", f"notify: [{mail}]")
    )
    said = ":3:1: notify: tickets.accountable is not set, nor a channel of any notifier: "
    assert [said in done for done in (validate(config).stderr, run(config, "check").stdout)] == [True, True]
    assert [one for one in json.loads(run(config, "check", "--json").stdout)["warnings"] if said in one]


def test_a_text_that_changed_makes_a_file_invalid(config: Path) -> None:
    assert validate(config).exit_code == 0, "there is no database yet"
    assert not (config.parent / "whosleft.db").exists()
    run(config, "once", "all")
    assert validate(config).exit_code == 0
    change_text(config)

    done = validate(config)
    assert (done.exit_code, "its version is still 3" in done.stderr) == (2, True)


def test_a_record_that_is_set_aside_is_counted_and_named_to_people(config: Path) -> None:
    write(config, dee=HERE)
    with (config.parent / "people.csv").open("a") as people:
        people.write(",Nobody,,,514\n")

    said = run(config, "check").stdout

    assert "     counts: 2 people, 2 enabled, 1 malformed\n" in said
    assert "     first record set aside: people.csv line 4" in said


def test_whoever_only_checks_a_file_changes_no_tables(config: Path) -> None:
    engine = open_engine(load_settings(config).database.url)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "0058")

    assert validate(config).exit_code == 0

    with engine.begin() as connection:
        assert revision(connection) == "0058"
    engine.dispose()
