"""make bench-peers: a script and a synchroniser over two files, beside Whosleft over the same files.

    python -m bench peers [PEOPLE …]         10,000 and 100,000 people, each in two groups of twenty

Three runs each: the first one; one for which both files were written anew with nothing changed; one after 100 people
have left. All are whole programs, from the start to the end. The figures go into docs/performance.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.files import GROUPS, PEOPLE, some_left, write_groups, write_people
from bench.measure import Found, whole_program
from bench.page import PEERS, table_of, write_between

SIZES = (10_000, 100_000)
LEFT = 100
MEMBERSHIPS = 2  # of each person
FEW, TURNS, TURNS_OF_MANY = 20_000, 3, 2
HERE = Path(__file__).parent
SCRIPT, SYNC, OURS = "script", "synchroniser", "Whosleft"
FIRST, SAME, LEAVERS, START = "first", "nothing changed", f"{LEFT} left", "a start alone"
HEAD = ("run", "who", "CPU", "by the clock", "peak memory", "found")
CONFIG = """
organisation: {name: Bench, default_region: GB, timezone: Europe/London}
database: {url: "sqlite:///whosleft.db"}
directories: [{name: corp, kind: file, path: people.csv}]
inventories: [{name: groups, kind: register, path: groups.csv}]
notify: [{name: terminal, kind: console}]
guard: {leavers_max: null, leavers_share_max: null, group_share_max: null}
"""
JOBS = ("poll", "inventory", "reconcile", "deliver")


@dataclass(frozen=True, slots=True)
class Row:
    """One program's run. `found`: memberships of people who left, as it said them; None where it looked for none."""

    run: str
    who: str
    took: Found
    found: int | None = None

    def cells(self) -> tuple[str, ...]:
        took = self.took
        seconds = (f"{took[clock]:.2f} s" for clock in ("cpu_s", "wall_s"))
        return (
            self.run,
            self.who,
            *seconds,
            f"{took['peak_mib']:.0f} MiB",
            "" if self.found is None else f"{self.found:,}",
        )


def main() -> None:
    """Run all and print a table a size. Write the page, unless other sizes are given."""
    sizes = [int(one) for one in sys.argv[2:]] or list(SIZES)
    parts = []
    for size in sizes:
        rows = [row.cells() for row in _rows(size)]
        title = f"{size:,} people, {MEMBERSHIPS * size:,} memberships"
        print(f"\n{title}")
        for row in (HEAD, *rows):
            print("  ".join(cell.rjust(16) for cell in row))
        parts.append(f"### {title}\n\n{table_of([HEAD, *rows], {0, 1})}")
    if sizes == list(SIZES):
        write_between(PEERS, parts)


def _rows(size: int) -> list[Row]:
    """Each run of each program; the least of several turns, in which ours begins with an empty database."""
    turns, many = [], TURNS if size <= FEW else TURNS_OF_MANY
    for number in range(many):
        print(f"{size:,} people: turn {number + 1} of {many}", flush=True)
        with tempfile.TemporaryDirectory() as name:
            turns.append(_turn(Path(name), size))
    return [least(rows) for rows in zip(*turns, strict=True)]


def least(rows: Sequence[Row]) -> Row:
    """The least of each figure, of several turns that found the same."""
    [found] = {row.found for row in rows}
    took = {name: min(row.took[name] for row in rows) for name in rows[0].took}
    return Row(rows[0].run, rows[0].who, took, found)


def _turn(folder: Path, size: int) -> list[Row]:
    (folder / "whosleft.yaml").write_text(CONFIG)
    _whosleft(folder, "migrate")
    rows = []
    for run, left in ((FIRST, frozenset[int]()), (SAME, frozenset[int]()), (LEAVERS, some_left(size, LEFT))):
        write_people(folder, size, left)
        write_groups(folder, size)
        rows += [Row(run, who, *program(folder)) for who, program in PROGRAMS.items()]
        assert {row.found for row in rows[-len(PROGRAMS) :]} == {MEMBERSHIPS * len(left)}, rows
    return [*rows, Row(START, OURS, _timed(folder / "start.txt", _once(folder, "verify")))]


# --- the programs -------------------------------------------------------------------------------------------------


def _script(folder: Path) -> tuple[Found, int]:
    out = folder / "script.txt"
    took = _timed(
        out, [sys.executable, "-I", str(HERE / "script.py"), str(folder / PEOPLE), str(folder / GROUPS)]
    )
    return took, out.read_bytes().count(b"\n")


def _sync(folder: Path) -> tuple[Found, int]:
    commands = folder / "commands.jsonl"
    program = [sys.executable, "-I", str(HERE / "user_sync.py")]
    took = _timed(folder / "sync.txt", [*program, str(folder / PEOPLE), str(folder / GROUPS), str(commands)])
    return took, sum(len(json.loads(line)) for line in commands.read_text().splitlines())


def _ours(folder: Path) -> tuple[Found, int]:
    took = _timed(folder / "ours.txt", _once(folder, *JOBS))
    tickets = json.loads(_whosleft(folder, "tickets", "list", "--json"))
    return took, tickets["total"]


PROGRAMS: dict[str, Callable[[Path], tuple[Found, int]]] = {SCRIPT: _script, SYNC: _sync, OURS: _ours}


def _timed(out: Path, command: Sequence[str]) -> Found:
    with out.open("wb") as file:
        code, took = whole_program(command, file, {})
    assert code == 0, (command, out.read_text()[-2000:])
    return took


def _once(folder: Path, *jobs: str) -> list[str]:
    return [*_command(), "once", *jobs, "-c", str(folder / "whosleft.yaml")]


def _command() -> list[str]:
    return [str(Path(sys.executable).with_name("whosleft"))]


def _whosleft(folder: Path, *arguments: str) -> str:
    command = [*_command(), *arguments, "-c", str(folder / "whosleft.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
