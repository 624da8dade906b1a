"""`whosleft evidence seal|list`: where the file lies, with constant memory, and nothing of it anywhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fakes.chat_exports import android, zipped
from worker.app.refused import Refused
from worker.cli import evidence
from worker.ports import Incomplete
from worker.program import app as cli

FIRST, THEN = "2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z"
PEOPLE = """objectGUID,displayName,mail,mobile,department,userAccountControl
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,Surgery,512
11111111-1111-4111-8111-111111111112,Ann Sample,ann@example.org,+447700900101,Surgery,514
"""
GROUPS = """Group,Member,Phone,Role
Ward 7,Dee Example,+447700900104,admin
Ward 7,Ann Sample,+447700900101,member
"""
CHAT = android("Rita: secret", "Rita: more").encode()
BIG = 200 << 20
# What a process needs for a file of 200 MB beyond what it needs for one of a letter, and what it leaves in its folder
MEASURED = """
import json, os, resource, sys
from typer.testing import CliRunner
from worker.program import app
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
def seal(name):
    done = CliRunner().invoke(app, ["evidence", "seal", name, "--ticket", "T-000001", "-c", "whosleft.yaml", "--json"])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)["sha256"]
seal("small.bin")
before = peak()
print(json.dumps({"sha256": seal("big.bin"), "more_kb": peak() - before, "left": os.listdir(os.environ["TMPDIR"])}))
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company: ward 7, which ann is still in though she left: T-000001."""
    folder = tmp_path_factory.mktemp("ward")
    file = folder / "whosleft.yaml"
    (folder / "people.csv").write_text(PEOPLE)
    (folder / "groups.csv").write_text(GROUPS)
    for name in ("people.csv", "groups.csv"):
        os.utime(folder / name, (at := datetime.fromisoformat(FIRST).timestamp(), at))
    file.write_text(
        "organisation: {name: X, timezone: Europe/London}\n"
        "directories: [{name: corp, kind: file, format: ad_csv, path: people.csv}]\n"
        "inventories: [{name: wards, kind: register, path: groups.csv}]\n"
    )
    run(file, "once", "all", "--now", FIRST)
    plan = ("plans", "release", "P-000001", "--reason", "true", "--now", FIRST)
    assert run(file, *plan).exit_code == 0
    assert run(file, "once", "all", "--now", FIRST).exit_code == 0
    (folder / "chat.txt").write_bytes(CHAT)
    return folder


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-c", str(config)], env={"COLUMNS": "200"})


def seal(config: Path, name: str = "chat.txt", *arguments: str) -> Result:
    file = str(config.with_name(name))
    return run(config, "evidence", "seal", file, "--ticket", "T-000001", "--now", THEN, *arguments)


def test_a_program_gets_the_contract_s_form(config: Path) -> None:
    done = seal(config, "chat.txt", "--how", "by a member", "--to", "Legal", "--by", "kim", "--json")
    assert done.exit_code == 0, done.output
    digest = sha256(CHAT).hexdigest()
    whole = {
        "id": "E-000001",
        "ticket": "T-000001",
        "name": "chat.txt",
        "size": len(CHAT),
        "sha256": digest,
        "media": False,
        "lines": 2,
        "first_on": "2026-03-13",
        "last_on": "2026-03-13",
        "made_by": "kim",
        "made_at": THEN,
        "how": "by a member",
        "custody": [{"at": THEN, "from": "kim", "to": "Legal", "sha256": digest}],
    }
    assert json.loads(done.stdout) == whole
    for more in ((), ("--ticket", "1")):
        assert json.loads(run(config, "evidence", "list", "--json", *more).stdout) == {
            "items": [whole],
            "total": 1,
        }
    assert json.loads(run(config, "evidence", "list", "--json", "--ticket", "2").stdout)["total"] == 0
    assert json.loads(run(config, "tickets", "show", "T-000001", "--json").stdout)["seals"] == [whole]


def test_a_person_reads_what_was_sealed_and_that_it_is_the_same(config: Path) -> None:
    first = seal(config).stdout
    for part in ("E-000001 of T-000001", sha256(CHAT).hexdigest(), "2026-03-13 to 2026-03-13", "records  2"):
        assert " ".join(part.split()) in " ".join(first.split())
    again = seal(config, "chat.txt", "--to", "Legal").stdout
    assert "The file is as it was sealed." in again
    assert "to Legal" in again
    assert "chat.txt" in run(config, "evidence", "list").stdout
    assert config.with_name("chat.txt").read_bytes() == CHAT


def test_nobody_has_sealed_anything_yet(config: Path) -> None:
    assert "No file was sealed yet." in run(config, "evidence", "list").stdout


def test_an_archive_is_looked_into_and_a_bomb_is_refused(config: Path) -> None:
    zipped({"_chat.txt": CHAT, "IMG-1.jpg": b"x"}, config.with_name("chat.zip"))
    found = json.loads(seal(config, "chat.zip", "--json").stdout)
    assert (found["media"], found["lines"]) == (True, 2)
    zipped({"_chat.txt": b"0" * (8 << 20)}, config.with_name("bomb.zip"))
    refused = seal(config, "bomb.zip").exception
    assert isinstance(refused, Incomplete)
    assert "less than a 200th" in str(refused)


@pytest.mark.parametrize("name, why", [("missing.txt", "can't be read"), ("pipe", "is no file")])
def test_what_is_no_file_is_refused(config: Path, name: str, why: str) -> None:
    os.mkfifo(config.with_name("pipe"))
    refused = seal(config, name).exception
    assert isinstance(refused, Refused)
    assert why in str(refused)


def test_a_ticket_that_is_unknown_is_refused_before_the_file_is_read(config: Path) -> None:
    refused = run(config, "evidence", "seal", "missing.txt", "--ticket", "T-000099").exception
    assert isinstance(refused, Refused)
    assert "no ticket T-000099" in str(refused)


def test_a_file_that_grows_meanwhile_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def growing(*given: object) -> object:
        with config.with_name("chat.txt").open("ab") as file:
            file.write(b"more")
        return given[1]

    monkeypatch.setattr(evidence, "look_into_archive", growing)
    refused = seal(config).exception
    assert isinstance(refused, Refused)
    assert "was written to while it was hashed" in str(refused)


def test_two_hundred_megabytes_take_no_more_memory_and_no_temporary_file(config: Path) -> None:
    folder = config.with_name("temporary")
    folder.mkdir()
    config.with_name("small.bin").write_bytes(b"x")
    with config.with_name("big.bin").open("wb") as file:
        file.truncate(BIG)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        cwd=config.parent,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["sha256"] == sha256(bytes(BIG)).hexdigest()
    assert found["more_kb"] < 16 << 10
    assert found["left"] == []
