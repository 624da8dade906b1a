"""What every throw-away server of the tests needs: an address and a folder of its own, and an end.

    loopback_address -> 127.x.y.z that no other test process has; guarded_folder -> gone when the process is

Both hold across pytest-xdist workers and runs side by side. `missing` is the rule for a server that can't run here.
"""

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
ADDRESSES_TRIED = 20
START_S_MAX = 30.0
STOP_S_MAX = 10.0
POLL_S = 0.01
SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))

# Waits for the end of its input, which comes when the test process ends, however it ends; then it cleans up.
GUARD = """
read -r _
for file in "$0"/*.pid; do [ -e "$file" ] && kill -9 "$(cat "$file")" 2>/dev/null; done
sleep 0.2
rm -rf -- "$0"
"""


class Absent(Exception):
    """A server that a test needs can't be started on this machine; the text says why, and what to do."""


def missing(reason: object) -> NoReturn:
    """Fail where everything must run, skip with the reason elsewhere."""
    if IN_CI:
        pytest.fail(f"{reason}, and CI runs every test")
    pytest.skip(str(reason))


def program(name: str, package: str) -> str:
    """Return the path of a program, that of administrators included; raise Absent where there is none."""
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise Absent(f"no program {name!r} (Debian: apt-get install {package}, or .ci/samba as root)")
    return found


def run(*command: str | Path, text: str = "", env: Mapping[str, str] | None = None) -> str:
    """Run a command that ends by itself with `text` as its input; return what it printed.

    Raises RuntimeError with the command's own words when it returns anything but 0.
    """
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env={**os.environ, **(env or {})},
    )
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(map(str, command))} returned {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return done.stdout


@contextmanager
def loopback_address(*ports: int) -> Iterator[str]:
    """Yield a 127.x.y.z where nobody listens on `ports`, which no other test process gets meanwhile.

    Raises Absent where this account may not listen on one of the ports, or somebody holds it on every address.
    """
    if sys.platform != "linux":
        raise Absent("only Linux answers on every address of 127.0.0.0/8 (run the tests in a container)")
    trouble: OSError | None = None
    for _ in range(ADDRESSES_TRIED):
        address = "127.{}.{}.{}".format(*(1 + byte % 254 for byte in os.urandom(3)))
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                # An abstract name: one per network namespace, as addresses are, and it goes with the process
                claim.bind(f"\0whosleft-tests/{address}")
                _probe(address, ports)
            except OSError as error:
                trouble = error
                continue
            yield address
            return
    raise Absent(f"found no loopback address with the ports {ports} free: {trouble}")


def _probe(address: str, ports: tuple[int, ...]) -> None:
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except PermissionError:
                raise Absent(
                    f"this account may not listen on port {port} "
                    "(run as root, or sysctl net.ipv4.ip_unprivileged_port_start=0)"
                ) from None
            except OSError as error:
                raise OSError(error.errno, f"port {port}: {os.strerror(error.errno or errno.EIO)}") from None


@contextmanager
def guarded_folder(prefix: str) -> Iterator[Path]:
    """Yield an empty folder, deleted at the end.

    If the test process is killed first, a guard kills the servers whose `*.pid` files stand in the folder
    and deletes it.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    guard = subprocess.Popen(("/bin/sh", "-c", GUARD, folder), stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield folder
    finally:
        # First: a pid file that a killed server left may name somebody else by now
        with guard:
            guard.kill()
        shutil.rmtree(folder, ignore_errors=True)


class Process:
    """A server in its folder: started, stopped, killed and started again on the same address."""

    def __init__(
        self, command: tuple[str | Path, ...], address: str, ports: tuple[int, ...], log: Path
    ) -> None:
        self._command = command
        self._address = address
        self._ports = ports
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server isn't running"
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it listens on every port; one that is running is left alone."""
        if self.is_running:
            return
        self.stop()
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C is pytest's, which stops it in order. stdin stays open as long as we live.
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
            )
        waits = int(START_S_MAX / POLL_S)
        if not any(self._is_listening() or self._has_ended() for _ in range(waits)) or not self.is_running:
            self.kill()
            raise RuntimeError(f"{self._command[0]} did not start:\n{self.log()[-3000:]}")

    def stop(self) -> None:
        """Ask the server to end and wait; it is killed if it takes too long."""
        self._end(kill=False)

    def kill(self) -> None:
        """End the server as a power cut does."""
        self._end(kill=True)

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        with self._process as process:  # closes its input, and waits
            (process.kill if kill else process.terminate)()
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
        self._process = None

    def _has_ended(self) -> bool:
        assert self._process is not None
        try:
            self._process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _is_listening(self) -> bool:
        return all(_answers(self._address, port) for port in self._ports)


def _answers(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0
