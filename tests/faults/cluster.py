"""A PostgreSQL cluster that may be killed, restarted, and run out of disk: nobody else's, on a small disk.

It listens on a loopback address of its own, as a server across a network does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

import postgres
from throwaway import Absent, guarded_folder, loopback_address, program

PORT = 5432
CALL_PORTS = (5501, 5502, 5503)  # where replicas listen, at the same address; no other program is given these
DISK_SIZE = "300m"
# Durable, since it is killed; small, since its disk is
OPTIONS = {
    "max_connections": "80",
    "shared_buffers": "32MB",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "wal_recycle": "off",  # else it goes on for long in the segments it has, however full the disk is
    "timezone": "Pacific/Chatham",
}


class Cluster:
    """A running server; `address` is its host."""

    def __init__(self, folder: Path, address: str) -> None:
        self.address = address
        self.disk = folder / "disk"
        self.lacks_disk = ""  # why it has none of its own to be filled; empty: it has
        self._pid = folder / "server.pid"  # the folder's guard ends it if the test process is killed
        self._log = folder / "log"
        self._prefix = postgres._as_account()
        self._programs = postgres._programs()

    def make(self) -> None:
        data = self.disk / "data"
        self._log.touch()
        if self._prefix:
            self._log.parent.chmod(0o755)
            for path in (self.disk, self._log):
                shutil.chown(path, postgres.ACCOUNT)
        postgres._run(*self._prefix, self._programs / "initdb", "--pgdata", data, *postgres.INITDB)
        with (data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {self.address}/32 trust\nhost all all 127.0.0.0/8 trust\n")

    def start(self) -> None:
        settings = {**OPTIONS, "listen_addresses": f"'{self.address}'", "port": str(PORT)}
        options = f"-k {self.disk} " + " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._pg_ctl("--log", self._log, "--options", options, "start")
        self._pid.write_text((self.disk / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self, mode: str) -> None:
        """`fast` ends every session in order, `immediate` is a power cut."""
        if (self.disk / "data" / "postmaster.pid").exists():
            self._pg_ctl("--mode", mode, "stop")

    def restart(self, mode: str) -> None:
        self.stop(mode)
        self.start()

    def fill(self) -> None:
        """Leave no block free on its disk, so that no table can grow."""
        assert not self.lacks_disk, self.lacks_disk
        with (self.disk / "ballast").open("wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(1 << 16)):
                    pass
            except OSError:  # no space left
                return

    def free(self) -> None:
        """Give the room back. A server that the full disk has ended is started again, as its machine would do it."""
        (self.disk / "ballast").unlink(missing_ok=True)
        if not self.is_up():
            self.stop("immediate")
            self.start()

    def is_up(self) -> bool:
        try:
            with self.connect("postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def connect(self, database: str) -> psycopg.Connection:
        """A session of the test's own, which no fault of a replica touches."""
        return psycopg.connect(
            host=self.address, port=PORT, user=postgres.ACCOUNT, dbname=database, autocommit=True
        )

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _pg_ctl(self, *arguments: str | Path) -> None:
        data = ("--pgdata", self.disk / "data")
        command = (*self._prefix, self._programs / "pg_ctl", *data, "--wait", *postgres.START_MAX, *arguments)
        try:
            postgres._run(*command)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{self.log()[-3000:]}") from error


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Make a cluster, start it, and leave nothing of it behind; Absent where that can't be."""
    try:
        postgres._programs()
    except postgres.Absent as absent:
        raise Absent(str(absent)) from absent
    with loopback_address(PORT, *CALL_PORTS) as address, guarded_folder("whosleft-faults-") as folder:
        cluster = Cluster(folder, address)
        with _disk(cluster.disk) as cluster.lacks_disk:
            cluster.make()
            cluster.start()
            try:
                yield cluster
            finally:
                cluster.stop("immediate")


@contextmanager
def _disk(folder: Path) -> Iterator[str]:
    """A disk in memory; or why the folder is one of a disk that is not to be filled."""
    folder.mkdir()
    if os.geteuid() != 0:
        yield "only root can mount a small disk that a database may fill (run as root, or in a container)"
        return
    options = ("-t", "tmpfs", "-o", f"size={DISK_SIZE},mode=0700", "whosleft-faults")
    command = (program("mount", "mount"), *options, folder)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        yield done.stderr.strip() if done.returncode else ""
    finally:
        if not done.returncode:
            subprocess.run((program("umount", "mount"), "--lazy", folder), check=True)
