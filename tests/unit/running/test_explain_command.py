"""`whosleft escalation explain`: of a ticket, and what the policies of another file would have done."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from builders import ticket
from worker.cli.common import out
from worker.domain.tickets.ticket import Assignee, AssigneeWhy
from worker.program import app as cli
from worker.running.wiring import load_settings, open_app
from worker.settings import SettingsError

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = "2026-11-26T09:00:00Z"
EARLY = "escalation: {policies: [{name: early, steps: [{after: 25%, to: assignee}]}]}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A database with one ticket of dee's, of the built-in policy."""
    file = tmp_path / "whosleft.yaml"
    file.write_text('database: {url: "sqlite:///whosleft.db"}\ntickets: {accountable: it@example.org}\n')
    dee = Assignee("dee@example.org", "Dee", why=AssigneeWhy.ADMIN)
    with open_app(load_settings(file), lambda: NOW) as app, app.store.begin() as uow:
        uow.tickets.insert(
            [ticket(assignee=dee, opened_at=NOW, clock_from=NOW, accountable="it@example.org")]
        )
    return file


def explain(config: Path, *arguments: str) -> Result:
    command = ["escalation", "explain", *arguments, "-c", str(config), "--now", LATER]
    return CliRunner().invoke(cli, command, env={"COLUMNS": "200"})


def changed(config: Path, text: str) -> str:
    file = config.parent / "changed.yaml"
    file.write_text(text)
    return str(file)


def test_one_ticket_s_steps_are_explained(config: Path) -> None:
    done = explain(config, "T-1")

    assert done.exit_code == 0
    assert "policy standard" in done.stdout
    assert "Dee (assignee)" in done.stdout


def test_no_step_is_to_come_of_a_ticket_that_is_over(config: Path) -> None:
    CliRunner().invoke(cli, ["tickets", "waive", "1", "--reason", "r", "-c", str(config), "--now", LATER])

    assert "There are no steps." in explain(config, "T-1").stdout
    assert json.loads(explain(config, "T-1", "--json").stdout)["steps"] == []


def test_a_changed_policy_is_replayed_in_the_contract_s_form(config: Path) -> None:
    answer: dict[str, Any] = json.loads(explain(config, "--policy", changed(config, EARLY), "--json").stdout)
    [found] = answer["items"]

    assert (answer["total"], found["ticket"], found["change"]) == (1, "T-000001", "fewer")
    assert found["would"] == [
        {
            "step": 1,
            "repeat": 0,
            "at": "2026-11-24T15:00:00Z",
            "to": [
                {
                    "address": "dee@example.org",
                    "name": "Dee",
                    "over": "terminal",
                    "held_until": None,
                    "why": "",
                }
            ],
        }
    ]
    assert [(step["step"], step["repeat"]) for step in found["was"]] == [(1, 0), (2, 0), (3, 0)]


def test_the_table_has_both_sides_the_readers_and_the_totals(config: Path) -> None:
    shown = explain(config, "--policy", changed(config, EARLY)).stdout

    assert "1 ticket: more 0, fewer 1, earlier 0, later 0, same 0" in shown
    assert [line.split() for line in shown.splitlines() if line.startswith(("Dee", "T-0"))] == [
        ["T-000001", "fewer", "3", "1", "2026-11-24", "21:00", "2026-11-24", "15:00"],
        ["Dee", "2", "1"],
    ]


def test_a_whole_configuration_is_taken_too_and_the_same_one_changes_nothing(config: Path) -> None:
    answer = json.loads(explain(config, "--policy", str(config), "--json").stdout)

    assert [one["change"] for one in answer["items"]] == ["same"]


def test_tickets_before_the_day_are_left_out_once_they_are_over(config: Path) -> None:
    file = changed(config, EARLY)
    CliRunner().invoke(cli, ["tickets", "waive", "1", "--reason", "r", "-c", str(config), "--now", LATER])

    assert (
        "There were no tickets since 2026-11-25"
        in explain(config, "--policy", file, "--from", "2026-11-25").stdout
    )
    assert "1 ticket:" in explain(config, "--policy", file, "--from", "2026-11-24").stdout


@pytest.mark.parametrize("arguments", [(), ("1", "--policy", "x.yaml"), ("1", "--from", "2026-11-24")])
def test_a_call_that_means_nothing_is_refused(config: Path, arguments: tuple[str, ...]) -> None:
    assert explain(config, *arguments).exit_code == 2


@pytest.mark.parametrize("text, said", [
    ("escalaton: {policies: []}\n", "escalation"),
    (EARLY.replace("assignee", "asignee"), "Did you mean 'assignee'?"),
    (EARLY.replace("25%", "250%"), "share"),
    (EARLY.replace("to: assignee", "to: assignee, via: [pager]"), "'pager' is no notifier"),
    ("- 1\n", "mapping"),
    ("escalation: {policies: [}\n", "changed.yaml:1:"),
])  # fmt: skip
def test_a_file_with_a_mistake_is_refused_with_its_line(config: Path, text: str, said: str) -> None:
    done = explain(config, "--policy", changed(config, text))

    assert isinstance(done.exception, SettingsError)
    problem = str(done.exception)
    assert said in problem
    assert "changed.yaml" in problem


@pytest.mark.parametrize("arguments", [[], ["tickets", "snooze", "1", "--for", "60h"]])
def test_who_passes_it_on_is_said_whether_the_message_waits_or_not(
    config: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(out, "width", 200)
    mail = "{name: mail, kind: email, server: smtp.example.org, from: whosleft@example.org, auth: {method: none}}"
    config.write_text(f"{config.read_text()}notify: [{mail}]\n")
    nurse = Assignee("+447700900003", "Nurse", why=AssigneeWhy.ADMIN)
    with open_app(load_settings(config), lambda: NOW) as app, app.store.begin() as uow:
        known = uow.tickets.get(1)
        assert known is not None
        uow.tickets.update([replace(known, assignee=nurse)])
    if arguments:
        CliRunner().invoke(cli, [*arguments, "-c", str(config), "--now", LATER])

    shown = explain(config, "T-1").stdout
    assert "step 1: Nurse (assignee)" in shown
    assert "mail (it@example.org passes it on to Nurse)" in shown
    assert ("(snoozed)" in shown) is bool(arguments)
