"""The programs that Whosleft is measured against find what there is to find in the same two files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook

from bench.files import GROUPS, PEOPLE, phone, some_left, write_groups, write_people
from bench.peers import script, user_sync
from bench.peers.compare import HERE, LEFT, MEMBERSHIPS, OURS, Row, least

SIZE = 400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_people(tmp_path, SIZE, some_left(SIZE, LEFT))
    write_groups(tmp_path, SIZE)
    return tmp_path


def run(folder: Path, name: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(HERE / name), str(folder / PEOPLE), str(folder / GROUPS), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_names_every_membership_of_who_left(folder: Path) -> None:
    lines = run(folder, "script.py").stdout.splitlines()

    assert len(set(lines)) == MEMBERSHIPS * LEFT
    one = min(some_left(SIZE, LEFT))
    assert (
        f"p{one // 20}@corp.example: please remove Person {one} (+4477{one:08d}) from Group {one // 20}"
        in lines
    )


def test_the_script_reads_a_workbook_too(tmp_path: Path) -> None:
    book = Workbook()
    for row in (
        ("Group name", "Owner e-mail", "Phone"),
        ("Porters", "sam@corp.example", "07700 900123"),
        ("X", None, 1),
    ):
        book.worksheets[0].append(row)
    book.save(tmp_path / "groups.xlsx")

    assert [row["Phone"] for row in script.rows(tmp_path / "groups.xlsx")] == ["07700 900123", "1"]


def test_the_synchroniser_removes_who_left_in_requests_of_ten(folder: Path) -> None:
    out = folder / "commands.jsonl"

    assert run(folder, "user_sync.py", str(out), "--max", "1").stdout == f"{MEMBERSHIPS * LEFT} removed\n"
    batches = [json.loads(line) for line in out.read_text().splitlines()]
    assert {len(batch) for batch in batches} == {user_sync.IN_A_REQUEST}
    removed = {command["user"] for batch in batches for command in batch}
    assert removed == {phone(number, 0).removeprefix("+") for number in some_left(SIZE, LEFT)}


def test_the_synchroniser_refuses_what_is_too_much(folder: Path) -> None:
    done = run(folder, "user_sync.py", str(folder / "out"))

    assert (done.returncode, (folder / "out").exists()) == (1, False)
    assert "too many" in done.stderr


@pytest.mark.parametrize("way", range(4))
def test_a_number_is_the_same_however_it_is_written(way: int) -> None:
    wanted = "447700000123"
    assert script.number(phone(123, way), "44") == user_sync.number(phone(123, way)) == wanted
    assert script.number("00" + wanted, "44") == wanted


def test_a_number_that_somebody_else_has_who_is_still_here_is_nobody_s(tmp_path: Path) -> None:
    people = ("False,Ann,07700 900123", "True,Ben,+44 7700 900123", "False,Cem,07700 900124", "False,Dee,")
    (tmp_path / PEOPLE).write_text("\n".join(["Enabled,DisplayName,mobile", *people]))

    assert script.leavers(tmp_path / PEOPLE, "44") == {"447700900124": "Cem"}
    assert user_sync.directory(tmp_path / PEOPLE) == {"447700900123": True, "447700900124": False, "": False}


def test_of_several_turns_the_least_of_each_figure_counts() -> None:
    turns = [Row("first", OURS, {"cpu_s": cpu, "wall_s": 9 - cpu, "peak_mib": 3.0}, 7) for cpu in (1.0, 2.0)]

    assert least(turns) == Row("first", OURS, {"cpu_s": 1.0, "wall_s": 7.0, "peak_mib": 3.0}, 7)
    assert least(turns).cells() == ("first", OURS, "1.00 s", "7.00 s", "3 MiB", "7")
    assert Row("a start alone", OURS, turns[0].took).cells()[-1] == ""
