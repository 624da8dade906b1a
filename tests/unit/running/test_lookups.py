"""`whosleft people show` and `links list`, as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fakes.github.server import REPOSITORY, TOKEN, GithubServer, description
from wards_commands import configured, run
from worker.program import app as cli

AT = "2026-11-24T10:00:00Z"
ANN = "11111111-1111-4111-8111-111111111112"
PEOPLE = f"""objectGUID,displayName,mail,mobile,userAccountControl,accountExpires
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512,
{ANN},Ann Sample,ann@example.org,+447700900101,512,2026-12-01
"""
GROUPS = """Group ID,Group,Member,Phone,Role
w7,Ward 7,Dee Example,+447700900104,admin
w7,Ward 7,Ann Sample,+447700900101,member
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = configured(tmp_path, PEOPLE, GROUPS)
    run(file, "once", "all", "--now", AT)
    return file


def test_who_is_about_to_leave_is_shown_with_their_last_day(config: Path) -> None:
    assert "expired, last day 2026-11-30" in run(config, "people", "show", "ann@example.org", "--now", AT)


def test_who_is_missing_from_the_latest_list_is_shown_since_when(config: Path) -> None:
    listed = run(config, "people", "show", ANN, "--now", AT)
    (config.parent / "people.csv").write_text(PEOPLE.replace(f"{ANN},Ann Sample", f"{ANN[:-1]}7,Cem Sample"))
    run(config, "once", "poll", "--now", "2026-11-25T10:00:00Z")

    missed = run(config, "people", "show", ANN, "--now", AT)

    assert "not listed since" not in listed
    assert "not listed since" in missed


def test_who_left_beside_an_account_that_never_was_in_scope_has_left_whatever_the_rule(
    tmp_path: Path,
) -> None:
    people = (
        "objectGUID,displayName,sAMAccountName,employeeID,userAccountControl\n"
        f"{ANN},Ann Sample,ann,E1,514\n"
        "11111111-1111-4111-8111-111111111113,Ann Sample,adm-ann,E1,512\n"
    )
    file = configured(tmp_path, people, GROUPS)
    scoped = file.read_text().replace("path: people.csv", 'path: people.csv, scope: {exclude: ["adm-*"]}')
    file.write_text(scoped)
    run(file, "once", "poll", "--now", AT)

    shown = run(file, "people", "show", ANN, "--now", AT).splitlines()

    assert [" ".join(line.split()) for line in shown if line.startswith("counts as")] == [
        "counts as left, by corp"
    ]


def test_an_answered_link_is_listed_with_its_person(config: Path) -> None:
    assert f"corp/{ANN[:8]}" in run(config, "links", "list", "--all", "--now", AT)  # the column may be broken


def test_an_instant_that_is_too_far_is_refused(config: Path) -> None:
    wrong = ["plan", "--now", "9999-12-31T23:00:00-05:00", "-c", str(config)]
    done = CliRunner().invoke(cli, wrong, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "is not between 1970-01-01 and 2999-12-31" in done.output


def test_a_long_value_is_shown_in_one_piece(config: Path) -> None:
    narrow = ["people", "show", "ann@example.org", "--now", AT, "-c", str(config)]
    assert f"corp/{ANN}" in CliRunner().invoke(cli, narrow, env={"COLUMNS": "30"}).stdout


def test_what_is_no_day_is_refused_with_an_example(config: Path) -> None:
    wrong = ["tickets", "waive", "T-1", "--until", "24.12.2026", "--reason", "agreed", "-c", str(config)]
    done = CliRunner().invoke(cli, wrong, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "'24.12.2026' is not a day; write for example 2026-11-24." in done.output


def test_who_erases_somebody_is_told_what_stays(config: Path) -> None:
    later = "2026-11-24T11:00:00Z"
    with GithubServer(description()) as server:
        tracker = (
            f"{{name: hub, kind: github, url: '{server.url}', token: {TOKEN}, repository: {REPOSITORY}}}"
        )
        keys = f"allow_literal_secrets: true\ntrackers: [{tracker}]\nguard: {{leavers_share_max: 1.0}}\n"
        config.write_text(config.read_text() + keys)
        (config.parent / "people.csv").write_text(PEOPLE.replace("0101,512", "0101,514"))
        run(config, "once", "all", "--now", later)
        (config.parent / "groups.csv").write_text("\n".join(GROUPS.splitlines()[:2]))
        run(config, "once", "all", "--now", "2026-11-24T12:00:00Z")

    said = run(
        config, "people", "erase", "ann@example.org", "--reason", "asked", "--now", "2026-11-24T13:00:00Z"
    )

    assert " ".join(said.split()) == (  # however wide the terminal is
        f"corp/{ANN} is erased. The journal keeps the id, what was typed after --reason and --by, "
        "and the names under which they acted. "
        "Copies in trackers stay as they are. Delete there those that name the person, or give them away: "
        f"hub T-000001 org/desk#1 https://github.example.org/{REPOSITORY}/issues/1"
    )
