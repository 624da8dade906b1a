"""Worker processes that share one database, each behind a wire of its own that can be cut.

Each goes through its proxy to the cluster; all of them read the same files and have the same channels.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from fakes.tcp_proxy import TcpProxy
from faults.cluster import CALL_PORTS, PORT, Cluster
from faults.waiting import SOON_S, until
from integration.company import COMMAND
from worker.app.jobs.table import JOBS

LEASE_S = 5  # the shortest that a configuration may ask for
INTERVAL_S = 1
STOP_MAX_S = 10.0
Notifiers = list[dict[str, Any]]  # as in a configuration
OFF = dict.fromkeys(("leavers_max", "leavers_share_max", "group_share_max", "shrink_share_max"))


class Replica:
    """One `whosleft run --role worker`; its log goes to a file, its configuration names its own proxy."""

    def __init__(self, name: str, folder: Path, proxy: TcpProxy, listen: str) -> None:
        self.name = name
        self.proxy = proxy
        self.listen = listen  # for calls
        self._folder = folder
        self._log = folder / f"{name}.log"
        self._read_to = 0
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._child is not None, f"{self.name} was never started"
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the process; `wait_started` waits until its loop turns."""
        self._read_to = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            command = (COMMAND, "run", "-c", f"{self.name}.yaml", "--role", "worker")
            self._child = subprocess.Popen(
                command, cwd=self._folder, env={**os.environ}, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_started(self) -> None:
        until(f"{self.name} started", self._has_started)

    def kill(self) -> None:
        """Kill -9; returns when it is gone."""
        assert self._child is not None
        self._child.kill()
        self._child.wait(SOON_S)

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)
        until(f"{self.name} stands still", lambda: _state(self.pid) == "T")

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> int:
        """SIGTERM; the exit code."""
        assert self._child is not None
        self.wake()
        self._child.terminate()
        return self._child.wait(SOON_S)

    def log(self, event: str) -> list[dict[str, Any]]:
        """What this process, the latest of its name, logged under the event."""
        return [line for line in self._lines() if line["event"] == event]

    def text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _has_started(self) -> bool:
        assert self.is_running, self.text()[-3000:]
        return bool(self.log("worker.started"))

    def _lines(self) -> Iterator[dict[str, Any]]:
        with self._log.open("rb") as log:
            log.seek(self._read_to)
            for text in log:
                if text.endswith(b"}\n"):
                    yield json.loads(text)


def _state(pid: int) -> str:
    """As /proc says it: T is for stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class Fleet:
    """Several replicas."""

    def __init__(self, replicas: list[Replica]) -> None:
        self.replicas = replicas

    def __iter__(self) -> Iterator[Replica]:
        return iter(self.replicas)

    @property
    def pids(self) -> list[str]:
        """Of those that are there, awake or not."""
        return [str(replica.pid) for replica in self if replica.is_running]

    def of(self, holder: str) -> Replica:
        """Whose name a lease has: host:pid:number."""
        pid = int(holder.split(":")[-2])
        return next(replica for replica in self.replicas if replica.pid == pid)

    def others(self, one: Replica) -> list[Replica]:
        return [replica for replica in self.replicas if replica is not one]

    def heal(self) -> None:
        """Every wire whole, every process running and awake."""
        for replica in self:
            replica.proxy.mend()
            if replica.is_running:
                replica.wake()
            else:
                replica.start()
        for replica in self:
            replica.wait_started()


@contextmanager
def running_fleet(
    folder: Path, cluster: Cluster, database: str, notifiers: Callable[[str], Notifiers]
) -> Iterator[Fleet]:
    """Start replicas on one database, one for each of CALL_PORTS; none is left behind."""
    fleet = Fleet([
        Replica(f"w{number}", folder, TcpProxy(cluster.address, PORT), f"{cluster.address}:{port}")
        for number, port in enumerate(CALL_PORTS, start=1)
    ])  # fmt: skip
    try:
        for replica in fleet:
            replica.proxy.__enter__()
            url = url_of(replica.proxy.address, database)
            configure(folder / f"{replica.name}.yaml", url, notifiers(replica.listen))
            replica.start()
        for replica in fleet:
            replica.wait_started()
        yield fleet
    finally:
        for replica in fleet:
            if replica.is_running:
                replica.kill()
            replica.proxy.__exit__(None, None, None)


def url_of(address: tuple[str, int], database: str) -> str:
    host, port = address
    return f"postgresql+psycopg://postgres@{host}:{port}/{database}"


def configure(path: Path, url: str, notifiers: Notifiers) -> None:
    """The busiest schedule there can be, and a guard that is off: what leaves here leaves by the test's hand."""
    schedule = {**dict.fromkeys(JOBS, f"{INTERVAL_S}s"), "lease": f"{LEASE_S}s"}
    policy = {
        "name": "standard",
        "steps": [{"after": "1s", "to": ["channel"]}, {"after": "50%", "to": ["assignee"]}],
    }
    settings = {
        "allow_literal_secrets": True,
        "organisation": {"name": "St Mary's", "default_region": "GB", "timezone": "Europe/London"},
        "database": {"url": url},
        "directories": [{"name": "corp", "kind": "file", "path": "people.csv"}],
        "inventories": [{"name": "wards", "kind": "register", "path": "groups.csv"}],
        "tickets": {"accountable": "it-security@example.org"},
        "guard": OFF,
        "escalation": {
            "digest_window": "0s",
            "daily_max": 10_000,
            "channel_max": 10_000,
            "policies": [policy],
        },
        "notify": notifiers,
        "schedule": schedule,
        "ops": {"listen": "127.0.0.1:0"},
    }
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
