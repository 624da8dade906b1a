"""Whatever a command changes has who did it, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from builders import ticket
from wards_commands import configured, run
from worker.domain.evidence import events
from worker.program import app as cli
from worker.running.wiring import load_settings, open_app

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PEOPLE = """objectGUID,displayName,mail,mobile,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512
"""
GROUPS = """Group,Member,Phone
Ward 7,Dee Example,+447700900104
"""
WHY = "agreed with the works council"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    file = configured(folder, PEOPLE, GROUPS)
    with file.open("a") as more:
        more.write("controls: {mode: report, register: {}, training: {course: MSG-101}}\n")
    (folder / "chat.txt").write_text("a chat")
    (folder / "lms.csv").write_text("email,completed_on\ndee@example.org,2026-11-20\n")
    run(file, "once", "poll", "--now", NOW.isoformat())
    with open_app(load_settings(file), lambda: NOW) as app, app.store.begin() as uow:
        uow.tickets.insert([ticket(opened_at=NOW, clock_from=NOW)])
    return file


def _commands(command: object, *path: str) -> Iterator[tuple[str, frozenset[str]]]:
    for name, one in getattr(command, "commands", {}).items():
        yield from _commands(one, *path, name)
    options = {text for each in getattr(command, "params", ()) for text in each.opts}
    yield " ".join(path), frozenset(options)


def test_each_command_that_names_who_did_it_takes_why_and_when() -> None:
    acts = {path: options for path, options in _commands(get_command(cli)) if "--by" in options}
    assert len(acts) > 20, acts
    assert [path for path, options in acts.items() if not {"--reason", "--now"} <= options] == []


@pytest.mark.parametrize(
    "kind, call",
    [
        (events.DESK_TOKEN_MADE, "desk token --scope tickets:read"),
        (events.DESK_LOGIN_LINK_MADE, "desk login-link --role auditor --for kim"),
        (events.CENSUS_LINK_MADE, "census link --new"),
        (events.AUDIT_EXPORTED, "audit export {folder}/pack.zip"),
        (events.EVIDENCE_SEALED, "evidence seal {folder}/chat.txt --ticket T-1 --how exported"),
        (events.EVIDENCE_HANDED_OVER, "evidence seal {folder}/chat.txt --ticket T-1 --to Kim"),
        (events.ATTESTATIONS_IMPORTED, "attest import {folder}/lms.csv --statement training"),
    ],
)
def test_why_is_in_the_journal(config: Path, kind: str, call: str) -> None:
    words = [word.format(folder=config.parent) for word in call.split()]
    before = _unexplained(config)
    run(config, *words, "--by", "kim", "--reason", WHY)
    assert _reasons(config, kind) == [WHY]
    assert _unexplained(config) == before


def test_why_a_token_ends_is_in_the_journal(config: Path) -> None:
    with open_app(load_settings(config), lambda: NOW) as app, app.store.reading() as uow:
        known = {one.id for one in uow.access.tokens()}
    run(config, "desk", "token", "--scope", "plans:read")
    with open_app(load_settings(config), lambda: NOW) as app, app.store.reading() as uow:
        [made] = [one.id for one in uow.access.tokens() if one.id not in known]
    run(config, "desk", "token", "--revoke", made, "--reason", WHY)
    assert _reasons(config, events.DESK_TOKEN_REVOKED) == [WHY]


def _reasons(config: Path, kind: str) -> list[str]:
    with open_app(load_settings(config), lambda: NOW) as app, app.store.reading() as uow:
        rows = uow.journal.written(0, 1000)
    found = [one for one in rows if one.kind == kind]
    return [
        json.loads(one.data).get("why", one.reason) for one in found
    ]  # how a file was made is a seal's reason


def _unexplained(config: Path) -> object:
    """What the journal does not explain: the ticket, which these tests put there without an event."""
    said = CliRunner().invoke(cli, ["audit", "check", "--json", "-c", str(config)])
    return json.loads(said.stdout)["problems"]
