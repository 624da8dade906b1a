"""`whosleft plan`: what it says, how it ends, and that it changes nothing but its copy."""

from __future__ import annotations

import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builders import NOW
from wards_commands import configured, run
from worker.ops import guarding
from worker.program import app as cli

HERE, LEFT = "512", "514"
PEOPLE = """objectGUID,displayName,mail,mobile,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512
11111111-1111-4111-8111-111111111112,Ann Sample,ann@example.org,+447700900101,{ann}
"""
HEAD = "Group ID,Group,Member,Phone,Role\n"
DEE = "w7,Ward 7,Dee Example,+447700900104,admin\n"
ANN = "w7,Ward 7,Ann Sample,+447700900101,member\n"


def at(hours: int) -> str:
    return f"{NOW + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def write(config: Path, name: str, text: str, hours: int) -> None:
    """Write a file as it was saved then."""
    path, saved_at = config.parent / name, (NOW + timedelta(hours=hours)).timestamp()
    path.write_text(text)
    os.utime(path, (saved_at, saved_at))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Dee and Ann are in Ward 7, whose register gets days; one pass has seen that."""
    file = configured(tmp_path, PEOPLE.format(ann=HERE), HEAD + DEE + ANN)
    text = file.read_text().replace("path: groups.csv}", "path: groups.csv, write_back: true}")
    file.write_text(f'database: {{url: "sqlite:///whosleft.db"}}\n{text}')
    run(file, "once", "all", "--now", at(0))
    return file


@pytest.fixture
def taken_out(config: Path) -> Path:
    """Ann left, and is not in the register any more; no pass has seen the latter."""
    write(config, "people.csv", PEOPLE.format(ann=LEFT), 1)
    write(config, "groups.csv", HEAD + DEE + ANN, 1)
    run(config, "once", "all", "--now", at(1))
    write(config, "groups.csv", HEAD + DEE, 2)
    return config


def files(config: Path) -> dict[str, tuple[str, int]]:
    """The hash and the time of each file beside the configuration."""
    every = config.parent.iterdir()
    return {one.name: (sha256(one.read_bytes()).hexdigest(), one.stat().st_mtime_ns) for one in every}


def test_it_changes_no_file(taken_out: Path) -> None:
    before = files(taken_out)

    assert "= verify    T-000001" in run(taken_out, "plan", "--now", at(3))

    assert files(taken_out) == before
    run(taken_out, "once", "all", "--now", at(3))
    assert "Verified on (Whosleft)" in (taken_out.parent / "groups.csv").read_text()


def test_connectors_are_only_read(taken_out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()  # of any connector: every call comes through this one
    call = guarding._Guarded._call

    def noted(self: Any, name: str, /, *args: Any, **more: Any) -> Any:
        asked.add(name)
        return call(self, name, *args, **more)

    monkeypatch.setattr("worker.ops.guarding._Guarded._call", noted)

    run(taken_out, "plan", "--now", at(3))

    assert asked == {"changes", "keep_renumbered_by", "close"}


def test_a_ticket_that_would_be_opened_has_no_number(config: Path) -> None:
    write(config, "people.csv", PEOPLE.format(ann=LEFT), 1)
    said = run(config, "plan", "--now", at(2))
    assert "+ open      new      remove_member" in said
    assert "T-0" not in said


@pytest.mark.parametrize("gone, more", [("people.csv", []), ("groups.csv", ["--json"])])
def test_it_ends_with_1_where_a_source_was_not_read_once_it_has_shown_the_rest(
    taken_out: Path, gone: str, more: list[str]
) -> None:
    (taken_out.parent / gone).unlink()
    call = ["plan", *more, "-c", str(taken_out), "--now", at(3)]
    done = CliRunner().invoke(cli, call, env={"COLUMNS": "200"})
    assert done.exit_code == 1
    assert gone in done.stdout.replace("\n", "")  # lines are wrapped
    assert ("T-000001" in done.stdout) is (gone == "people.csv")
