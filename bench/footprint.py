"""make bench-footprint: the memory of a worker and of a desk as processes, and what a worker writes into its log.

The peer is a Python that has the libraries loaded and does nothing: what any worker built on them needs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from bench.files import write_groups, write_people
from bench.postgres import database

SIZES = (10_000, 100_000)
WATCHED_S = 120.0
READY_WITHIN_S = 300.0
PAGES = ("/", "/tickets", "/people", "/groups", "/charts", "/sources")
VISITS = 20
LIBRARIES = (
    "sqlalchemy, psycopg, alembic, pydantic, structlog, apscheduler, phonenumbers, babel, rapidfuzz, holidays, "
    "httpx2, msal, ldap3, slack_sdk, prometheus_client, fastapi, jinja2, uvicorn"
)
CONFIG = """
organisation: {{name: Bench, default_region: GB, timezone: Europe/London}}
database: {{url: "{url}"}}
directories: [{{name: corp, kind: file, path: people.csv}}]
inventories: [{{name: wards, kind: register, path: groups.csv}}]
desk: {{listen: "127.0.0.1:0"}}
ops: {{listen: "127.0.0.1:0"}}
"""
Row: TypeAlias = tuple[str, ...]


def main() -> None:
    """Run all, print one table."""
    sizes = [int(one) for one in sys.argv[2:]] or list(SIZES)
    bare = _bare_mib()
    rows: list[Row] = [
        (
            "people",
            "worker's peak",
            "at rest",
            "x bare",
            "desk at rest",
            "x bare",
            "log a day, idle",
            "lines a day",
        )
    ]
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder, database() as url:
            rows.append(_row(size, Path(folder), url, bare))
    print(f"Python with the libraries loaded: {bare:.0f} MiB")
    for row in rows:
        print("  ".join(f"{cell:>15}" for cell in row))


def _row(size: int, folder: Path, url: str, bare: float) -> Row:
    write_people(folder, size)
    write_groups(folder, size)
    (folder / "whosleft.yaml").write_text(CONFIG.format(url=url))
    _whosleft(folder, "migrate")
    with _running(folder, "worker") as worker:
        _wait(lambda: _is_settled(worker, size))
        peak = worker.memory("VmHWM")
        before = worker.log.stat().st_size, _lines(worker.log)
        time.sleep(WATCHED_S)
        written = worker.log.stat().st_size - before[0], _lines(worker.log) - before[1]
        rest = worker.memory("VmRSS")
    link = _whosleft(
        folder, "desk", "login-link", "--role", "auditor", "--role", "approver", "--for", "bench", "--json"
    )
    with _running(folder, "desk") as desk:
        _visit(desk, json.loads(link)["path"].rpartition("/")[2])
        of_desk = desk.memory("VmRSS")
    day = 86_400 / WATCHED_S
    return (
        f"{size:,}", f"{peak:.0f} MiB", f"{rest:.0f} MiB", f"{rest / bare:.1f}", f"{of_desk:.0f} MiB",
        f"{of_desk / bare:.1f}", f"{written[0] * day / 1e6:.1f} MB", f"{written[1] * day:,.0f}",
    )  # fmt: skip


class _Process:
    """A `whosleft run`, its log in a file."""

    def __init__(self, child: subprocess.Popen[bytes], log: Path) -> None:
        self.child, self.log = child, log

    def memory(self, name: str) -> float:
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0

    def listens(self, event: str) -> str:
        found = re.search(rf'"event": "{event}".*"listen": "([^"]+)"', self.log.read_text())
        return found[1] if found else ""


@contextmanager
def _running(folder: Path, role: str) -> Iterator[_Process]:
    log = folder / f"{role}.log"
    with log.open("wb") as out:
        command = [*_command(), "run", "--role", role, "-c", str(folder / "whosleft.yaml")]
        child = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            yield _Process(child, log)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(60)


def _is_settled(worker: _Process, size: int) -> bool:
    """Whether everything was read and matched, as the worker itself shows it."""
    where = worker.listens("metrics.served")
    if not where:
        return False
    status: dict[str, Any] = json.loads(_get(f"http://{where}/statusz"))
    counts = {source["port"]: source["counts"] for source in status["sources"] if source["last_success_at"]}
    done = {job["name"] for job in status["jobs"] if job["last_ok_at"]}
    people = max(counts.get("directory", {}).values(), default=0)
    is_read = people >= size and "inventory" in counts
    return is_read and {"reconcile", "verify", "escalate"} <= done and _is_calm(worker)


def _is_calm(worker: _Process) -> bool:
    """No CPU to speak of within a second."""
    used = _cpu_s(worker.child.pid)
    time.sleep(1)
    return _cpu_s(worker.child.pid) - used < 0.1


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _visit(desk: _Process, secret: str) -> None:
    _wait(lambda: bool(desk.listens("desk.served")))
    base = f"http://{desk.listens('desk.served')}"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = opener.open(f"{base}/login/{secret}").read().decode()
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    data = f"form_token={token[1] if token else ''}".encode()
    form = urllib.request.Request(f"{base}/login/{secret}", data, {"Origin": base})  # noqa: S310  our own, on loopback
    opener.open(form).read()
    for _ in range(VISITS):
        for path in PAGES:
            opener.open(base + path).read()


def _bare_mib() -> float:
    code = f"import {LIBRARIES}; print(open('/proc/self/status').read())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    found = re.search(r"^VmRSS:\s+(\d+) kB", said, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


def _command() -> list[str]:
    return [str(Path(sys.executable).with_name("whosleft"))]


def _whosleft(folder: Path, *arguments: str) -> str:
    command = [*_command(), *arguments, "-c", str(folder / "whosleft.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  our own, on loopback
        found: bytes = answer.read()
        return found


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _wait(is_true: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_true():
        if time.monotonic() - began > READY_WITHIN_S:
            raise TimeoutError(f"not ready by {datetime.now(UTC):%H:%M}")
        time.sleep(0.5)
