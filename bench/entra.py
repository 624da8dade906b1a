"""make bench-entra: Entra ID read whole and by deltas, against msgraph-sdk on the same fake tenant in the same run.

Each thing runs in a process of its own, and so does the tenant; the runs take turns, and medians count. The memory
that an operator needs is that of `whosleft once poll` as a whole, from its start to its end: into an empty database,
and then the nightly pass over everybody.
`python -m bench entra [SIZE …]` (or WHOSLEFT_BENCH_SIZES) takes other numbers of people.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.entra_lab import CHANGED, Lab, tenant
from bench.measure import Found, median, whole_program
from connectors.directory.entra.config import EntraConfig
from connectors.directory.entra.read.mapping import selected

SIZES = (20_000, 200_000)
RUNS, RUNS_OF_MANY = 3, 1
MANY = 50_000
PEER_MAX = 20_000  # people; the SDK takes milliseconds for each. WHOSLEFT_BENCH_PEER_MAX: another number
CPU_MAX = 1.0  # times the SDK's, to the facts of people
PEAK_MAX_MIB = 128
FLAT_MAX = 1.1  # times the peak at the smallest size
DELTA_MAX = 1.5  # times the smallest size's
PEER, ROUND, LIST, INTO = "msgraph-sdk", "full round, to facts", "nightly list, to facts", "into SQLite"
ONCE, NIGHTLY = "whosleft once poll", "whosleft once poll --full"
PROGRAM = (ONCE, NIGHTLY)  # as operators run it
COMMANDS = {PEER: ("entra_sdk",), ROUND: ("entra_read", "round"), LIST: ("entra_read", "list")}
READING = (ROUND, LIST)  # what the aim of processor is about


def main() -> None:
    """One table of full passes a size, then one of memory, then one of deltas."""
    sizes = _sizes()
    passes: dict[int, dict[str, Found]] = {}
    deltas: dict[int, dict[str, Found]] = {}
    for size in sizes:
        passes[size], deltas[size] = _measured(size)
        _print_passes(size, passes[size])
    _print_peaks(passes)
    _print_deltas(deltas)


def _sizes() -> tuple[int, ...]:
    wanted = sys.argv[2:] or os.environ.get("WHOSLEFT_BENCH_SIZES", "").replace(",", " ").split()
    if not all(one.isdecimal() and int(one) >= CHANGED for one in wanted):
        sys.exit(f"{' '.join(wanted)}: give numbers of people, {CHANGED} or more, such as 20000")
    return tuple(sorted(map(int, wanted))) or SIZES


def _measured(size: int) -> tuple[dict[str, Found], dict[str, Found]]:
    """Medians of full passes by reader, the peer first, and of deltas."""
    runs: dict[str, list[Found]] = {name: [] for name in (*COMMANDS, *PROGRAM)}
    polls: list[dict[str, Found]] = []
    times = RUNS if size <= MANY else RUNS_OF_MANY
    with tenant(size) as lab:
        where = _where(lab)
        for number in range(times):
            print(f"{size:,} people: run {number + 1} of {times}", flush=True)
            for name, command in COMMANDS.items():
                if name != PEER or not number:  # once: it takes longer than all the rest
                    runs[name].append(_read(lab, command, where))
            for name, found in _whole(lab).items():
                runs[name].append(found)
            polls.append(_child(("entra_poll",), where))
    by_name = {name: median([one[name] for one in polls]) for name in polls[0]}
    into = by_name.pop(INTO)
    return {**{name: median(found) for name, found in runs.items()}, INTO: into}, by_name


def _where(lab: Lab) -> dict[str, Any]:
    properties = selected(EntraConfig.model_validate(lab.where["options"]))
    peer_max = int(os.environ.get("WHOSLEFT_BENCH_PEER_MAX") or PEER_MAX)
    return {**lab.where, "select": [*properties, "manager"], "peer_max": peer_max}


def _read(lab: Lab, command: tuple[str, ...], where: dict[str, Any]) -> Found:
    before = lab.spent()
    found: Found = _child(command, where)
    after = lab.spent()
    wanted = where["entries"] if command != COMMANDS[PEER] else min(where["entries"], where["peer_max"])
    assert wanted <= found["entries"] < wanted + 1_000, (command, found)
    assert found["entries"] == wanted or command == COMMANDS[PEER], (command, found)
    return {
        **found,
        "requests": after.requests - before.requests,
        "server_s": after.cpu_s - before.cpu_s,
    }


def _whole(lab: Lab) -> dict[str, Found]:
    """The program into an empty database, then everybody once more. JSON is YAML, so the configuration is JSON."""
    with tempfile.TemporaryDirectory() as folder:
        database, configuration = Path(folder) / "whosleft.db", Path(folder) / "whosleft.yaml"
        section = {"name": "tenant", "kind": "entra", **lab.where["options"]}
        configuration.write_text(json.dumps({
            "allow_literal_secrets": True,
            "database": {"url": f"sqlite:///{database}"},
            "directories": [section],
            "tickets": {"accountable": "accountable@corp.example"},
            "notify": [{"name": "terminal", "kind": "console"}],
        }))  # fmt: skip
        return {name: _run(lab, name.split()[1:], configuration, database) for name in PROGRAM}


def _run(lab: Lab, arguments: list[str], configuration: Path, database: Path) -> Found:
    before = lab.spent()
    command = [sys.executable, "-m", "worker", *arguments]
    with tempfile.TemporaryFile() as out:
        code, found = whole_program(command, out, {"WHOSLEFT_CONFIG": str(configuration)})
        out.seek(0)
        assert code == 0, out.read().decode()
    after = lab.spent()
    with closing(sqlite3.connect(database)) as connection:
        (entries,) = connection.execute("SELECT count(*) FROM person").fetchone()
    assert entries == lab.where["entries"], entries
    requests, server_s = after.requests - before.requests, after.cpu_s - before.cpu_s
    return {**found, "entries": entries, "requests": requests, "server_s": server_s}


def _child(command: tuple[str, ...], where: dict[str, Any]) -> Any:
    module, *arguments = command
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *arguments],
        check=True,
        input=json.dumps(where),
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


# --- tables ---------------------------------------------------------------------------------------------------


def _print_passes(size: int, found: dict[str, Found]) -> None:
    print(f"\nEverybody in a tenant of {size:,}")
    print(
        f"{'reader':<26}{'people':>9}{'people/s':>10}{'x SDK':>8}{'CPU s/10,000':>14}{'x SDK':>8}"
        f"{'requests':>10}{'server':>9}{'peak':>10}"
    )
    peer = found[PEER]
    peer_speed, peer_cpu = peer["entries"] / peer["wall_s"], peer["cpu_s"] / peer["entries"]
    for name, one in found.items():
        speed, cpu = one["entries"] / one["wall_s"], one["cpu_s"] / one["entries"]
        verdict = "" if name not in READING else "  ok" if cpu <= CPU_MAX * peer_cpu else "  OVER"
        print(
            f"{name:<26}{one['entries']:>9,.0f}{speed:>10,.0f}{speed / peer_speed:>8.2f}{cpu * 10_000:>14.2f}"
            f"{cpu / peer_cpu:>8.3f}{one['requests']:>10,.0f}{one['server_s']:>7.1f} s{one['peak_mib']:>6.0f} MiB"
            f"{verdict}"
        )
    print(f"aim: to facts {CPU_MAX:g} x the SDK's CPU or less\n", flush=True)


def _print_peaks(passes: dict[int, dict[str, Found]]) -> None:
    sizes = list(passes)
    print(f"{'peak memory':<34}" + "".join(f"{f'{size:,} people':>20}" for size in sizes) + f"{'ratio':>9}")
    for name in (*READING, *PROGRAM):
        row = [passes[size][name]["peak_mib"] for size in sizes]
        is_over = row[-1] > PEAK_MAX_MIB or row[-1] / row[0] > FLAT_MAX
        cells = "".join(f"{one:>16.0f} MiB" for one in row)
        print(f"{name:<34}{cells}{row[-1] / row[0]:>9.2f}{'  OVER' if is_over else '  ok'}")
    print(
        f"aims: the whole program within {PEAK_MAX_MIB} MiB, and {FLAT_MAX:g} x the smallest tenant's or less\n"
    )


def _print_deltas(deltas: dict[int, dict[str, Found]]) -> None:
    sizes = list(deltas)
    print(f"{'wall, client CPU, requests':<34}" + "".join(f"{f'{size:,} people':>27}" for size in sizes)
          + f"{'ratio':>9}{'of CPU':>8}")  # fmt: skip
    for name in deltas[sizes[0]]:
        row = [deltas[size][name] for size in sizes]
        wall, cpu = (row[-1][what] / row[0][what] for what in ("wall_s", "cpu_s"))
        cells = "".join(
            f"{one['wall_s'] * 1000:>11.1f}{one['cpu_s'] * 1000:>7.1f} ms{one['requests']:>6.0f}"
            for one in row
        )
        print(f"{name:<34}{cells}{wall:>9.2f}{cpu:>8.2f}{'  ok' if cpu <= DELTA_MAX else '  OVER'}")
    print(f"aim: a delta costs {DELTA_MAX:g} x the smallest tenant's CPU or less, whatever the tenant's size")


if __name__ == "__main__":
    main()
