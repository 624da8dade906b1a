"""Real servers of other people's that take messages: ntfy, and Alertmanager (both from .ci/channels), on loopback.

running_ntfy() -> Ntfy: publish with its token, and `shown` is what subscribers see
running_alertmanager(receiver_url) -> Alertmanager: its API, and what it sends to a receiver
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from ports import free_port
from throwaway import Absent, Process, guarded_folder

__all__ = ["Absent", "Alertmanager", "Ntfy", "running_alertmanager", "running_ntfy"]

ROOT = Path(__file__).parents[2]
USER, PASSWORD = "whosleft", "Kettle-0range-Drama"
WAIT_S, POLL_S = 20.0, 0.1


@dataclass(frozen=True)
class Ntfy:
    """A server that lets only its user publish and read."""

    port: int

    def shown(self, topic: str) -> list[dict[str, Any]]:
        """Every message of a topic, as a subscriber gets it."""
        answer = httpx2.get(f"http://127.0.0.1:{self.port}/{topic}/json?poll=1", auth=(USER, PASSWORD))
        return [json.loads(line) for line in answer.text.splitlines()]


@dataclass(frozen=True)
class Alertmanager:
    """A server that sends everything on to one receiver, at once."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that are active now."""
        found: list[dict[str, Any]] = httpx2.get(f"{self.url}/api/v2/alerts").json()
        return found


def _program(name: str) -> str:
    ours = ROOT / ".cache" / "channels" / "usr" / "bin" / name
    found = str(ours) if ours.is_file() else shutil.which(name)
    if found is None:
        raise Absent(f"no program {name!r} (.ci/channels fetches it)")
    return found


@contextmanager
def running_ntfy() -> Iterator[Ntfy]:
    """Yield a server. Raises Absent."""
    program, port = _program("ntfy"), free_port()
    with guarded_folder("whosleft-ntfy-") as folder:
        config = folder / "server.yml"
        written = {
            "base-url": f"http://127.0.0.1:{port}",
            "listen-http": f"127.0.0.1:{port}",
            "cache-file": str(folder / "cache.db"),
            "auth-file": str(folder / "auth.db"),
            "auth-default-access": "deny-all",
        }
        config.write_text(json.dumps(written))  # JSON is YAML
        process = Process((program, "serve", "-c", config), "127.0.0.1", (port,), folder / "ntfy.out")
        process.start()
        (folder / "ntfy.pid").write_text(str(process.pid))
        try:
            subprocess.run(
                (program, "user", "-c", config, "add", "--role=admin", USER),
                env={"NTFY_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin"},
                check=True,
                capture_output=True,
            )
            yield Ntfy(port)
        finally:
            process.kill()


@contextmanager
def running_alertmanager(receiver_url: str) -> Iterator[Alertmanager]:
    """Yield a server that sends each alert to a webhook. Raises Absent."""
    program, port = _program("prometheus-alertmanager"), free_port()
    with guarded_folder("whosleft-alertmanager-") as folder:
        config = folder / "alertmanager.yml"
        route = {
            "receiver": "collector", "group_by": ["ticket"], "group_wait": "100ms", "group_interval": "1s",
        }  # fmt: skip
        receivers = [{"name": "collector", "webhook_configs": [{"url": receiver_url, "send_resolved": True}]}]
        config.write_text(json.dumps({"route": route, "receivers": receivers}))
        process = Process(
            (
                program,
                f"--config.file={config}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ),
            "127.0.0.1",
            (port,),
            folder / "alertmanager.out",
        )
        process.start()
        (folder / "alertmanager.pid").write_text(str(process.pid))
        try:
            wait_for(lambda: httpx2.get(f"http://127.0.0.1:{port}/-/ready").is_success)
            yield Alertmanager(port)
        finally:
            process.kill()


def wait_for(is_so: Any) -> None:
    """Wait until a real server has got so far."""
    for _ in range(int(WAIT_S / POLL_S)):
        if is_so():
            return
        time.sleep(POLL_S)  # noqa: TID251  a real server's own time
    raise AssertionError("it did not come to that")
