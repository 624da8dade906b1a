"""make bench-ad: Active Directory read whole and by deltas, against ldapsearch and python-ldap in the same run.

Each thing runs in a process of its own, so that its processor time and its peak memory are its own; the runs take
turns, each is compared with its peer in the same turn, and medians count. `python -m bench ad [SIZE …]` (or
WHOSLEFT_BENCH_SIZES) takes other numbers of people.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.ad_lab import STAFF, Absent, Domain, domain, program
from bench.ad_poll import CHANGED
from bench.ad_where import Where, config_of
from bench.measure import Found, median, whole_program
from bench.peer_python import python_with
from bench.postgres import database
from connectors.directory.active_directory.read.mapping import attributes_of
from connectors.directory.active_directory.read.people import PEOPLE

SIZES = (10_000, 50_000)
RUNS = 5
MODES = ("dirsync", "usn")
SPEED_MIN = 0.75  # of ldapsearch's, into the database
CPU_MAX = 4.0  # times python-ldap's, to the facts of people
LDAPSEARCH, PYTHON_LDAP = "ldapsearch", "python-ldap"
INTO = {"into SQLite": "SQLite", "into PostgreSQL": "PostgreSQL"}
OURS = {"raw pages, plain names": "plain", "raw pages": "raw", "to facts": "facts"}


def main() -> None:
    """One table of full passes a size, then one of polls."""
    sizes = _sizes()
    polls: dict[int, dict[str, dict[str, Found]]] = {}
    try:
        with python_with("python-ldap>=3.4,<4", needs="apt-get install libldap-dev libsasl2-dev") as python:
            for size in sizes:
                with domain(size) as running:
                    passes = _passes(running, size, python)
                    polls[size] = {mode: _polls(running, size, mode) for mode in MODES}
                _print_passes(size, passes)
    except Absent as absent:
        print(f"No benchmark of Active Directory here: {absent}")
        return
    _print_polls(polls)


def _sizes() -> tuple[int, ...]:
    wanted = sys.argv[2:] or os.environ.get("WHOSLEFT_BENCH_SIZES", "").replace(",", " ").split()
    if not all(one.isdecimal() and int(one) >= CHANGED for one in wanted):
        sys.exit(f"{' '.join(wanted)}: give numbers of people, {CHANGED} or more, such as 10000")
    return tuple(sorted(map(int, wanted))) or SIZES


def _where(running: Domain, size: int, url: str = "") -> Where:
    where: Where = {
        "url": running.url, "user": running.service, "password": running.password, "base": STAFF,
        "ca_file": str(running.ca_file), "filter": PEOPLE, "page_size": 1_000, "entries": size,
        "database": url, "folder": str(running.folder),
    }  # fmt: skip
    return {**where, "attributes": attributes_of(config_of(where))}


# --- full passes ----------------------------------------------------------------------------------------------


def _passes(running: Domain, size: int, python: Path | None) -> dict[str, Found]:
    """Medians by reader, peers first."""
    where = _where(running, size)
    script = Path(__file__).with_name("ad_python_ldap.py")
    commands: dict[str, list[str]] = {LDAPSEARCH: []}
    if python:
        commands[PYTHON_LDAP] = [str(python), "-I", str(script)]
    commands |= {name: [sys.executable, "-m", "bench.ad_read", way] for name, way in OURS.items()}
    commands |= {name: [sys.executable, "-m", "bench.ad_read", "into_database"] for name in INTO}
    runs: dict[str, list[Found]] = {name: [] for name in commands}
    for number in range(RUNS):
        print(f"{size:,} people: full passes, run {number + 1} of {RUNS}", flush=True)
        for name, command in commands.items():
            server_s = _server_s(running)
            with _database(INTO.get(name, "")) as url:
                found = _child(command, {**where, "database": url}) if command else _ldapsearch(where)
            assert found["entries"] == size, (name, found)
            runs[name].append({**found, "server_s": _server_s(running) - server_s})
    for found in runs.values():
        for one, peer in zip(found, runs[LDAPSEARCH], strict=True):
            one["speed"] = peer["wall_s"] / one["wall_s"]
        for one, peer in zip(found, runs.get(PYTHON_LDAP, ()), strict=False):
            one["cpu"] = one["cpu_s"] / peer["cpu_s"]
    return {name: median(found) for name, found in runs.items()}


@contextmanager
def _database(kind: str) -> Iterator[str]:
    with ExitStack() as stack:
        if kind == "PostgreSQL":
            yield stack.enter_context(database())
        elif kind == "SQLite":
            yield f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/whosleft.db"
        else:
            yield ""


def _child(command: list[str], where: Where) -> Any:
    done = subprocess.run(command, check=True, input=json.dumps(where), stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _ldapsearch(where: Where) -> Found:
    """The whole program: it has no other way to tell."""
    command = [
        program("ldapsearch", "ldap-utils"), "-LLL", "-x", "-o", "ldif_wrap=no", "-H", where["url"],
        "-D", where["user"], "-w", where["password"], "-b", where["base"],
        "-E", f"pr={where['page_size']}/noprompt", where["filter"], *where["attributes"],
    ]  # fmt: skip
    tls = {"LDAPTLS_CACERT": where["ca_file"], "LDAPTLS_REQCERT": "demand"}
    with tempfile.TemporaryFile() as out:
        _, found = whole_program(command, out, tls)
        out.seek(0)
        return {**found, "entries": sum(line.startswith(b"dn:") for line in out)}


def _server_s(running: Domain) -> float:
    pid = (running.folder / "samba.pid").read_text().strip()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print_passes(size: int, found: dict[str, Found]) -> None:
    print(f"\nA full pass over {size:,} people, LDAPS, medians of {RUNS} runs")
    print(
        f"{'reader':<24}{'people/s':>9}{'x ldapsearch':>14}{'CPU s/10,000':>14}{'x python-ldap':>15}{'server':>8}"
        f"{'peak':>10}"
    )
    for name, one in found.items():
        speed, cpu = one["speed"], one.get("cpu", 0.0)
        is_off = (name in INTO and speed < SPEED_MIN) or (name in OURS and cpu > CPU_MAX)
        aimed = (name in INTO) or (name in OURS and cpu)
        verdict = "" if not aimed else "  ok" if not is_off else "  UNDER" if name in INTO else "  OVER"
        print(
            f"{name:<24}{size / one['wall_s']:>9,.0f}{speed:>14.2f}{one['cpu_s'] / size * 10_000:>14.2f}"
            f"{f'{cpu:.2f}' if cpu else '-':>15}{one['server_s']:>6.1f} s{one['peak_mib']:>6.0f} MiB{verdict}"
        )
    print(
        f"aims: into a database {SPEED_MIN:g} x ldapsearch or more (at 50,000); pages and facts {CPU_MAX:g} x "
        "python-ldap's CPU or less"
    )


# --- polls ----------------------------------------------------------------------------------------------------


def _polls(running: Domain, size: int, mode: str) -> dict[str, Found]:
    print(f"{size:,} people: polls by {mode}", flush=True)
    with _database("SQLite") as url:
        found: dict[str, Found] = _child(
            [sys.executable, "-m", "bench.ad_poll", mode], _where(running, size, url)
        )
    return found


def _print_polls(polls: dict[int, dict[str, dict[str, Found]]]) -> None:
    sizes = list(polls)
    print("\nPolls into SQLite: wall and client CPU; the ratio of walls should be about 1")
    print(f"{'what':<34}" + "".join(f"{f'{size:,} people':>22}" for size in sizes) + f"{'ratio':>9}")
    for mode in MODES:
        for what in polls[sizes[0]][mode]:
            row = [polls[size][mode][what] for size in sizes]
            cells = "".join(f"{one['wall_s'] * 1000:>12.1f}{one['cpu_s'] * 1000:>7.1f} ms" for one in row)
            print(f"{f'{mode}: {what}':<34}{cells}{row[-1]['wall_s'] / row[0]['wall_s']:>9.2f}")


if __name__ == "__main__":
    main()
